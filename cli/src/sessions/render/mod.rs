//! Recordings as people read them. Pure: events in, text out; only [`terminal`] waits.

mod sql;
pub(super) mod terminal;
pub(super) mod text;

use std::io::{self, Write};

use proto::event::{Completed, Stream};

use self::text::{block, duration, time_of_day, visible};
use super::{
    recording::{Call, Recording},
    row::Row,
};

/// How much of what was kept is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The first rows and lines.
    First,
    /// Everything.
    Full,
}

impl Detail {
    fn lines(self) -> usize {
        match self {
            Self::First => 20,
            Self::Full => usize::MAX,
        }
    }
}

/// The session's facts, and one line or two per request.
pub(super) fn show(row: &Row, recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    facts(row, recording, out)?;
    for call in recording.calls() {
        writeln!(out)?;
        title(&call, out)?;
        footer(&call, out)?;
    }
    Ok(())
}

/// The session's requests with what came back.
pub(super) fn requests(
    row: &Row,
    recording: &Recording,
    only: Option<u64>,
    detail: Detail,
    out: &mut impl Write,
) -> io::Result<()> {
    facts(row, recording, out)?;
    for call in recording.calls().iter().filter(|call| only.is_none_or(|only| only == call.number)) {
        writeln!(out)?;
        title(call, out)?;
        match row.protocol.as_str() {
            "postgres" => sql::body(call, detail, out)?,
            "http" => http(call, detail, out)?,
            _ => streams(call, detail, out)?,
        }
        footer(call, out)?;
    }
    Ok(())
}

fn facts(row: &Row, recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "session     {}", row.id)?;
    writeln!(out, "connection  {} ({})", visible(&row.connection), row.protocol)?;
    if let Some(opened) = recording.opened() {
        let login = if opened.target_login.is_empty() { String::new() } else { format!(" as {}", opened.target_login) };
        writeln!(out, "target      {}{}", visible(&opened.address), visible(&login))?;
        writeln!(
            out,
            "masks       {}",
            if opened.detectors.is_empty() { "-".into() } else { opened.detectors.join(", ") }
        )?;
    }
    writeln!(out, "subject     {} by {} from {}", visible(&row.subject), visible(&row.method), visible(&row.source))?;
    writeln!(out, "opened      {}", row.opened)?;
    writeln!(out, "ended       {}", row.ended.as_deref().unwrap_or("-"))?;
    let message = row.message.as_deref().filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {}", visible(message))).unwrap_or_default();
    writeln!(out, "status      {}{message}", row.code.as_deref().unwrap_or(&row.status))?;
    if let Some(hold) = &row.hold {
        writeln!(out, "on hold     since {} by {}: {}", hold.since, hold.rules.join(", "), visible(&hold.reason))?;
    }
    for released in recording.released() {
        writeln!(out, "released    by {}: {}", visible(&released.by), visible(&released.reason))?;
    }
    writeln!(out, "events      {}, chain verified", recording.events.len())
}

fn title(call: &Call<'_>, out: &mut impl Write) -> io::Result<()> {
    let (operation, text) = call.request.map_or(("-", ""), |request| (&request.operation, &request.text));
    write!(out, "#{} {} {}", call.number, time_of_day(call.at), visible(operation))?;
    match visible(text.trim_end()).as_str() {
        "" => writeln!(out),
        line if !text.trim_end().contains('\n') => writeln!(out, "  {line}"),
        _ => {
            writeln!(out)?;
            text.trim_end().lines().try_for_each(|line| writeln!(out, "    {}", visible(line)))
        }
    }
}

fn footer(call: &Call<'_>, out: &mut impl Write) -> io::Result<()> {
    if let Some(shadow) = call.request.map(|request| request.shadow.as_str()).filter(|shadow| !shadow.is_empty()) {
        writeln!(out, "   tried out: {} (not enforced)", visible(shadow))?;
    }
    let fields = call.request.into_iter().flat_map(|request| &request.fields);
    for field in fields.filter(|field| field.name == "look-up") {
        writeln!(out, "   looked up {}", visible(&field.value))?;
    }
    for refused in &call.refused {
        writeln!(out, "   refused {}: {}", refused.code, visible(&refused.reason))?;
    }
    for masked in &call.masked {
        let (label, field) = (visible(&masked.label), visible(&masked.field));
        writeln!(out, "   masked {} x {label} in {field} ({})", masked.count, visible(&masked.transform))?;
    }
    for truncated in &call.truncated {
        writeln!(
            out,
            "   {} bytes were not kept; their SHA-256 is {}",
            truncated.omitted_bytes,
            hex::encode(&truncated.omitted_sha256)
        )?;
    }
    match call.completed {
        Some(completed) => writeln!(out, "   {}", outcome(completed)),
        None if call.request.is_some() => writeln!(out, "   its end is not recorded"),
        None => Ok(()),
    }
}

/// `ok, SELECT 2, 2 rows, 1.2 ms, 340 B out`
fn outcome(completed: &Completed) -> String {
    let mut parts = vec![visible(&completed.outcome)];
    parts.extend(
        [&completed.status, &completed.code].into_iter().filter(|part| !part.is_empty()).map(|part| visible(part)),
    );
    match completed.rows {
        0 => {}
        1 => parts.push("1 row".into()),
        rows => parts.push(format!("{rows} rows")),
    }
    parts.push(duration(completed.duration_ns));
    parts.push(format!("{} B out", completed.bytes_out));
    if completed.bytes_in > 0 {
        parts.push(format!("{} B in", completed.bytes_in));
    }
    parts.join(", ")
}

fn http(call: &Call<'_>, detail: Detail, out: &mut impl Write) -> io::Result<()> {
    let fields = call.request.into_iter().flat_map(|request| &request.fields);
    fields
        .into_iter()
        .try_for_each(|field| writeln!(out, "   > {}: {}", visible(&field.name), visible(&field.value)))?;
    block("   > ", call.bytes(Stream::In), detail.lines(), out)?;
    let fields = call.completed.into_iter().flat_map(|completed| &completed.fields);
    fields
        .into_iter()
        .try_for_each(|field| writeln!(out, "   < {}: {}", visible(&field.name), visible(&field.value)))?;
    block("   < ", call.bytes(Stream::Out), detail.lines(), out)
}

fn streams(call: &Call<'_>, detail: Detail, out: &mut impl Write) -> io::Result<()> {
    block("   > ", call.bytes(Stream::In), detail.lines(), out)?;
    block("   | ", call.bytes(Stream::Out), detail.lines(), out)?;
    block("   ! ", call.bytes(Stream::Err), detail.lines(), out)
}
