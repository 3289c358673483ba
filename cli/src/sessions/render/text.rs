//! Text that cannot do anything to the reader's terminal.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use time::{OffsetDateTime, macros::format_description};

/// The text with its control characters made visible (`\n`, `\x1b`, `\u{202e}`).
pub(in crate::sessions) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        let _infallible = match char {
            '\t' => shown.write_str("\\t"),
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            char if char.is_ascii_control() => write!(shown, "\\x{:02x}", u32::from(char)),
            char if char.is_control() || hides(char) => write!(shown, "\\u{{{:x}}}", u32::from(char)),
            char => shown.write_char(char),
        };
    }
    shown
}

/// What changes the direction of text, or cannot be seen.
fn hides(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Bytes as text where they are text; what is not is shown as `\xNN`.
pub(in crate::sessions) fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            let _infallible = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// The lines of a stream, each behind `mark`; at most `most` of them.
pub(super) fn block(mark: &str, bytes: &[u8], most: usize, out: &mut impl Write) -> io::Result<()> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(());
    }
    let mut lines = bytes.split(|byte| *byte == b'\n');
    for line in lines.by_ref().take(most) {
        writeln!(out, "{mark}{}", visible_bytes(line.strip_suffix(b"\r").unwrap_or(line)))?;
    }
    match lines.count() {
        0 => Ok(()),
        more => writeln!(out, "{mark}... {more} more lines (--full)"),
    }
}

/// The text and spaces up to `width`.
pub(in crate::sessions) fn column(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// `14:13:20.123`, UTC.
pub(super) fn time_of_day(unix_ns: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(unix_ns.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format_description!("[hour]:[minute]:[second].[subsecond digits:3]")).unwrap_or_default()
}

/// `1.234 ms` or `12.345 s`.
pub(super) fn duration(ns: u64) -> String {
    let micros = ns / 1000;
    if micros < 1_000_000 {
        format!("{}.{:03} ms", micros / 1000, micros % 1000)
    } else {
        format!("{}.{:03} s", micros / 1_000_000, micros / 1000 % 1000)
    }
}
