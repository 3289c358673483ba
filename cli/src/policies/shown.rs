//! What a recorded answer showed: whether a value of a label stands in it. The record has answers as their caller saw them.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use masking::{Label, Masker, Syntax, Tally};
use serde_json::Value;

/// The answers of one session, by the number of their exchange.
#[derive(Default)]
pub(super) struct Shown {
    answers: BTreeMap<u64, Vec<u8>>,
    /// Labels whose values can be told by what they look like.
    looked_for: Vec<String>,
    /// Answers are messages of PostgreSQL.
    messages: bool,
}

impl Shown {
    /// Takes an event of the record.
    pub(super) fn note(&mut self, event: &Value) {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        match text("kind") {
            Some("opened") => {
                let labels = event.get("detectors").and_then(Value::as_array).into_iter().flatten();
                self.messages = text("protocol") == Some("postgres");
                self.looked_for = labels.filter_map(Value::as_str).map(str::to_owned).collect();
            }
            Some("data") if matches!(text("stream"), Some("out" | "err")) => {
                let exchange = event.get("exchange").and_then(Value::as_u64).unwrap_or_default();
                let bytes = match (text("text"), text("base64")) {
                    (Some(text), _) => text.as_bytes().to_vec(),
                    (None, Some(coded)) => BASE64_STANDARD.decode(coded).unwrap_or_default(),
                    (None, None) => return,
                };
                self.answers.entry(exchange).or_default().extend(bytes);
            }
            _ => {}
        }
    }

    /// Whether a value of this label stood in an answer. A label that only marks give is told by nothing in the answer, so it counts.
    pub(super) fn has(&self, exchange: u64, label: &str) -> bool {
        let Ok(label) = label.parse::<Label>() else { return true };
        if !self.looked_for.iter().any(|known| known == label.as_str()) {
            return true;
        }
        let Some(answer) = self.answers.get(&exchange) else { return false };
        let mut seen = if self.messages { values(answer) } else { answer.clone() };
        Masker::new(&[label]).mask(&mut seen, Syntax::Text, &mut Tally::default())
    }
}

/// What messages of PostgreSQL say, each value on a line of its own.
fn values(mut bytes: &[u8]) -> Vec<u8> {
    let mut seen = Vec::with_capacity(bytes.len());
    while let Some((kind, body, rest)) = message(bytes) {
        bytes = rest;
        let mut fields =
            if kind == b'D' { body.split_at_checked(2).map_or(&[][..], |(_, fields)| fields) } else { &[] };
        if kind != b'D' {
            seen.extend_from_slice(body);
            seen.push(b'\n');
        }
        while let Some((length, rest)) = fields.split_first_chunk::<4>() {
            // NULL has the length -1.
            let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
            let Some((value, rest)) = rest.split_at_checked(length) else { break };
            seen.extend_from_slice(value);
            seen.push(b'\n');
            fields = rest;
        }
    }
    seen
}

/// The first message: its kind, what it says and what follows.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_sub(4)?;
    let (body, rest) = rest.split_at_checked(length)?;
    Some((*kind, body, rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_counts_where_a_value_of_it_was_seen_or_nothing_can_tell() {
        let mut shown = Shown::default();
        shown.note(&json!({ "kind": "opened", "detectors": ["card", "email"] }));
        shown.note(&json!({ "kind": "data", "exchange": 1, "stream": "out", "text": "Anna\t4111 1111" }));
        shown.note(&json!({ "kind": "data", "exchange": 1, "stream": "out", "base64": "IDExMTEgMTExMQo=" }));
        shown.note(&json!({ "kind": "data", "exchange": 2, "stream": "in", "text": "4111111111111111" }));
        assert!(shown.has(1, "card") && !shown.has(1, "email") && !shown.has(2, "card") && !shown.has(3, "card"));
        shown.note(&json!({ "kind": "opened", "protocol": "postgres", "detectors": ["card"] }));
        let row =
            "VAAAAB0AAWNhcmQAAABAAwAFAAAEE///AAAAFwAARAAAABoAAQAAABA0MTg1MzAwNzA0MjY5NTE2QwAAAA1TRUxFQ1QgMQBaAAAABUk=";
        shown.note(&json!({ "kind": "data", "exchange": 4, "stream": "out", "base64": row }));
        assert!(shown.has(4, "card"));
        assert!(shown.has(1, "ssn") && shown.has(3, "diagnosis"), "only marks give these");
    }
}
