//! A terminal recording as asciicast: <https://docs.asciinema.org/manual/asciicast/v3/> and v2.

use std::{collections::HashMap, io::Write as _};

use proto::event::{Event, Field, Kind, Request, Stream};
use serde_json::json;

/// Writes one terminal's output.
pub struct Cast {
    /// v3: intervals and exit codes; v2: times since the start.
    v3: bool,
    only: Option<u64>,
    started: Option<i64>,
    last: i64,
    /// Bytes of a character whose end is in the next event, by request and stream.
    cut: HashMap<(u64, i32), Vec<u8>>,
}

impl Cast {
    pub(super) fn new(v3: bool, only: Option<u64>) -> Self {
        Self { v3, only, started: None, last: 0, cut: HashMap::new() }
    }

    pub(super) fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match &event.kind {
            Some(Kind::Request(request)) => self.request(event, request, out),
            Some(Kind::Data(data)) if self.shows(event.exchange) && data.stream() != Stream::In => {
                let key = (event.exchange, data.stream);
                let mut bytes = self.cut.remove(&key).unwrap_or_default();
                bytes.extend_from_slice(&data.bytes);
                let rest = bytes.split_off(whole(&bytes));
                if !rest.is_empty() {
                    self.cut.insert(key, rest);
                }
                self.line(event.at_unix_ns, "o", &String::from_utf8_lossy(&bytes), out);
            }
            Some(Kind::Resized(size)) if self.shows(event.exchange) => {
                self.line(event.at_unix_ns, "r", &format!("{}x{}", size.columns, size.rows), out);
            }
            Some(Kind::Completed(completed)) if self.v3 && self.only == Some(event.exchange) => {
                let code = completed.status.rsplit(' ').next().unwrap_or_default();
                self.line(event.at_unix_ns, "x", code, out);
            }
            Some(Kind::Closed(_)) if self.started.is_none() => self.header(event.at_unix_ns, &[], "", out),
            _ => {}
        }
    }

    fn shows(&self, exchange: u64) -> bool {
        self.started.is_some() && self.only.is_none_or(|only| only == exchange)
    }

    fn request(&mut self, event: &Event, request: &Request, out: &mut Vec<u8>) {
        if self.started.is_some() || self.only.is_some_and(|only| only != event.exchange) {
            return;
        }
        if number(&request.fields, "columns").is_some() {
            self.only = Some(event.exchange);
        }
        self.header(event.at_unix_ns, &request.fields, &request.text, out);
    }

    fn header(&mut self, at: i64, fields: &[Field], command: &str, out: &mut Vec<u8>) {
        let columns = number(fields, "columns").unwrap_or(80);
        let rows = number(fields, "rows").unwrap_or(24);
        let term = field(fields, "term").unwrap_or("xterm-256color");
        let timestamp = at / 1_000_000_000;
        let mut header = if self.v3 {
            json!({"version": 3, "term": {"cols": columns, "rows": rows, "type": term}, "timestamp": timestamp})
        } else {
            json!({"version": 2, "width": columns, "height": rows, "timestamp": timestamp, "env": {"TERM": term}})
        };
        if let (false, Some(header)) = (command.is_empty(), header.as_object_mut()) {
            header.insert("command".into(), command.into());
        }
        let _infallible = writeln!(out, "{header}");
        self.started = Some(at);
        self.last = at;
    }

    fn line(&mut self, at: i64, code: &str, text: &str, out: &mut Vec<u8>) {
        let Some(started) = self.started else { return };
        if text.is_empty() {
            return;
        }
        let since = if self.v3 { at - self.last } else { at - started };
        self.last = at;
        // Whole microseconds: floating point would print noise.
        let micros = since.max(0) / 1000;
        let text = serde_json::Value::from(text);
        let _infallible = writeln!(out, "[{}.{:06},\"{code}\",{text}]", micros / 1_000_000, micros % 1_000_000);
    }
}

/// How many bytes at the start end with a whole character (or with bytes that can never become one).
fn whole(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for at in (tail..bytes.len()).rev() {
        let needs = match bytes.get(at) {
            Some(0xC2..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF4) => 4,
            Some(0x80..=0xBF) => continue,
            _ => break,
        };
        return if at + needs > bytes.len() { at } else { bytes.len() };
    }
    bytes.len()
}

fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

fn number(fields: &[Field], name: &str) -> Option<u32> {
    field(fields, name)?.parse().ok()
}
