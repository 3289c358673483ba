//! What a PostgreSQL statement gave back, read from the recorded backend messages
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use std::io::{self, Write};

use bytes::Buf as _;
use proto::event::Stream;

use super::{
    Detail,
    text::{block, column, visible, visible_bytes},
};
use crate::sessions::recording::Call;

/// Cells longer than this are cut unless everything is asked for.
const CELL: usize = 60;

/// Prints tables, copied lines, notices and errors in the order they came.
pub(super) fn body(call: &Call<'_>, detail: Detail, out: &mut impl Write) -> io::Result<()> {
    let parameters = call.request.into_iter().flat_map(|request| &request.fields);
    parameters
        .into_iter()
        .try_for_each(|field| writeln!(out, "   {} = {}", visible(&field.name), visible(&field.value)))?;
    block("   > ", call.bytes(Stream::In), detail.lines(), out)?;
    let mut bytes = call.bytes(Stream::Out);
    let mut table = Table::default();
    let mut copied = Vec::new();
    while let Some((kind, body, rest)) = message(bytes) {
        bytes = rest;
        match kind {
            b'T' => {
                table.print(detail, out)?;
                table = Table { columns: columns(body).unwrap_or_default(), ..Table::default() };
            }
            b'D' => table.take(body, detail),
            b'd' => copied.extend_from_slice(body),
            b'C' | b's' | b'I' => {
                std::mem::take(&mut table).print(detail, out)?;
                block("   ", &std::mem::take(&mut copied), detail.lines(), out)?;
            }
            b'E' | b'N' => notice(body, out)?,
            _ => {}
        }
    }
    table.print(detail, out)?;
    block("   ", &copied, detail.lines(), out)
}

/// The first message, its kind and what follows; `None` if there is no whole one.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, mut rest) = bytes.split_first()?;
    let length = rest.try_get_u32().ok()? as usize;
    let (body, rest) = rest.split_at_checked(length.checked_sub(4)?)?;
    Some((*kind, body, rest))
}

#[derive(Default)]
struct Table {
    /// Names and formats.
    columns: Vec<(String, i16)>,
    rows: Vec<Vec<String>>,
    count: usize,
}

impl Table {
    fn take(&mut self, body: &[u8], detail: Detail) {
        self.count += 1;
        if self.rows.len() < detail.lines() {
            self.rows.extend(cells(body, &self.columns, detail));
        }
    }

    fn print(self, detail: Detail, out: &mut impl Write) -> io::Result<()> {
        if self.columns.is_empty() && self.rows.is_empty() {
            return Ok(());
        }
        let mut widths: Vec<_> = self.columns.iter().map(|(name, _)| name.chars().count()).collect();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
        }
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<_> = cells.zip(&widths).map(|(cell, width)| column(cell, *width)).collect();
            format!("    {}", cells.join(" | ")).trim_end().to_owned()
        };
        if !self.columns.is_empty() {
            writeln!(out, "{}", line(&mut self.columns.iter().map(|(name, _)| name.as_str())))?;
            let rule: Vec<_> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            writeln!(out, "   {}", rule.join("+"))?;
        }
        for row in &self.rows {
            writeln!(out, "{}", line(&mut row.iter().map(String::as_str)))?;
        }
        match self.count - self.rows.len() {
            0 => Ok(()),
            more if detail == Detail::First => writeln!(out, "   ... {more} more rows (--full)"),
            more => writeln!(out, "   ... {more} rows cannot be read"),
        }
    }
}

/// RowDescription: column names and their formats.
fn columns(mut body: &[u8]) -> Option<Vec<(String, i16)>> {
    let count = body.try_get_u16().ok()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = string(&mut body)?;
        let mut rest = body.split_off(..18)?;
        rest.advance(16);
        columns.push((visible_bytes(name), rest.get_i16()));
    }
    Some(columns)
}

/// DataRow: its values, made printable.
fn cells(mut body: &[u8], columns: &[(String, i16)], detail: Detail) -> Option<Vec<String>> {
    let count = body.try_get_u16().ok()?;
    let mut cells = Vec::new();
    for index in 0..usize::from(count) {
        let Ok(length) = usize::try_from(body.try_get_i32().ok()?) else {
            cells.push(String::new());
            continue;
        };
        let value = body.split_off(..length)?;
        let binary = columns.get(index).is_some_and(|(_, format)| *format == 1);
        let mut shown = match std::str::from_utf8(value) {
            Ok(text) if !binary || text.chars().all(|char| !char.is_control()) => visible(text),
            _ => format!("\\x{}", hex::encode(value)),
        };
        if detail == Detail::First
            && let Some((cut, _)) = shown.char_indices().nth(CELL)
        {
            shown.truncate(cut);
            shown.push_str("...");
        }
        cells.push(shown);
    }
    Some(cells)
}

/// ErrorResponse and NoticeResponse: `ERROR 42P01: relation ...`.
fn notice(mut body: &[u8], out: &mut impl Write) -> io::Result<()> {
    let (mut severity, mut code, mut text) = (String::new(), String::new(), String::new());
    while let Some((field, rest)) = body.split_first() {
        body = rest;
        let Some(value) = string(&mut body) else { break };
        match field {
            b'S' => severity = visible_bytes(value),
            b'C' => code = visible_bytes(value),
            b'M' => text = visible_bytes(value),
            _ => {}
        }
    }
    writeln!(out, "   {severity} {code}: {text}")
}

/// A string up to its NUL.
fn string<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = body.iter().position(|byte| *byte == 0)?;
    let text = body.split_off(..end)?;
    body.split_off_first()?;
    Some(text)
}
