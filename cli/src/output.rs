//! What commands print: a table for people or JSON for programs.

use std::io::Write as _;

use anyhow::Result;
use serde_json::Value;

/// For whom to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Standard output that knows whether its reader left, as `head` does when it has seen enough.
#[derive(Debug)]
pub struct Screen {
    out: std::io::Stdout,
    left: bool,
}

impl Screen {
    /// Standard output.
    #[must_use]
    pub fn new() -> Self {
        Self { out: std::io::stdout(), left: false }
    }

    /// What came out of printing here: a reader that left is no error.
    ///
    /// # Errors
    /// Every other one.
    pub fn forgive<T>(&self, printed: Result<T>) -> Result<()> {
        match printed {
            Err(_) if self.left => Ok(()),
            printed => printed.map(drop),
        }
    }

    fn note<T>(&mut self, written: std::io::Result<T>) -> std::io::Result<T> {
        self.left |= written.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
        written
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl std::io::Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.out.flush();
        self.note(flushed)
    }
}

/// Prints a line. A reader that left is no error.
pub fn line(text: &str) {
    let _left = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a value as JSON.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn json(value: &Value) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a list: as it is, or the `columns` of its rows.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn list(format: Format, rows: &Value, columns: &[&str]) -> Result<()> {
    if format == Format::Json {
        return json(rows);
    }
    let cells = |row: &Value| columns.iter().map(|column| cell(row.get(column))).collect::<Vec<_>>();
    let mut lines = vec![columns.iter().map(|column| column.replace('_', " ").to_uppercase()).collect::<Vec<_>>()];
    lines.extend(rows.as_array().into_iter().flatten().map(cells));
    let mut widths = vec![0; columns.len()];
    for row in &lines {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    for row in &lines {
        let padded = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect::<Vec<_>>();
        line(padded.join("  ").trim_end());
    }
    Ok(())
}

/// Text of a cell; a terminal must not obey what others wrote.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(","),
        Some(Value::Object(fields)) => {
            fields.iter().map(|(key, item)| format!("{key}={}", cell(Some(item)))).collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    };
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_commanded_by_a_cell() {
        let value = serde_json::json!("a\u{1b}[2Jb");
        assert_eq!(cell(Some(&value)), "a\u{fffd}[2Jb");
        assert_eq!(cell(Some(&serde_json::json!(["x", "y"]))), "x,y");
        assert_eq!(cell(None), "-");
    }
}
