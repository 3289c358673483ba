//! What is written down of values that belong to marked columns: that there was one.

use proto::event::{Field, Masked};
use sql::rewrite::{Bound, Given};

use super::{Filter, carry, journal::Journal, requests::LONGEST_TEXT, strict::Rewrite};

const HIDDEN: &str = "***";
/// What can stand before the content of a literal: `E'`.
const PREFIX: usize = 3;

impl Filter {
    /// A text as it is written down. `short` is what was judged of it.
    pub(super) fn shown(&self, raw: &[u8], short: &[u8], rewrite: Option<&Rewrite>) -> String {
        match rewrite.map(Rewrite::bound).filter(|bound| !bound.literals.is_empty()) {
            None => self.masked(raw, LONGEST_TEXT),
            Some(bound) => {
                let mut hidden = short.to_vec();
                for (start, end) in bound.literals.keys() {
                    hidden.get_mut(*start..*end).unwrap_or_default().fill(b'*');
                }
                self.masked(&hidden, LONGEST_TEXT)
            }
        }
    }

    /// What is written down of a rewrite of this text.
    pub(super) fn rewritten(&self, short: &[u8], rewrite: Option<&Rewrite>) -> Vec<Field> {
        let text = rewrite.and_then(|rewrite| Some((rewrite.text()?, rewrite.bound())));
        let field = |(text, bound): (&str, &Bound)| {
            let mut text = text.to_owned();
            for (start, end) in bound.literals.keys() {
                let value = short.get(*start..*end).and_then(|value| std::str::from_utf8(value).ok());
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    text = replaced(&text, value);
                }
            }
            Field { name: "rewritten".into(), value: self.masked(text.as_bytes(), LONGEST_TEXT) }
        };
        text.map(field).into_iter().collect()
    }

    /// Hides the parameters that belong to marked columns, and all of a statement that was not judged where columns are marked.
    pub(super) fn hide(&self, fields: &mut [Field], rewrite: Option<&Rewrite>, shortened: bool) {
        let hide = |field: &mut Field| {
            if field.value != "<null>" {
                field.value = HIDDEN.into();
            }
        };
        match rewrite {
            None if self.strict.is_some() => fields.iter_mut().for_each(hide),
            None => {}
            // What the rows that were left out bind to which column is not known.
            Some(rewrite) if shortened && !rewrite.bound().is_empty() => fields.iter_mut().for_each(hide),
            Some(rewrite) => {
                let places = rewrite.bound().parameters.keys().map(|number| number.wrapping_sub(1));
                places.for_each(|place| fields.get_mut(place).into_iter().for_each(hide));
            }
        }
    }
}

/// A literal stands in a rewritten text as it stood before, in quotes or between what is no part of a word.
fn replaced(text: &str, value: &str) -> String {
    let word = |character: Option<char>| character.is_some_and(|it| it.is_alphanumeric() || it == '_' || it == '$');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, found) = rest.split_at(at);
        let behind = found.get(value.len()..).unwrap_or_default();
        out.push_str(before);
        let part = word(out.chars().next_back()) || word(behind.chars().next());
        if part {
            out.push_str(value);
        } else {
            out.extend(std::iter::repeat_n('*', value.len()));
        }
        rest = behind;
    }
    out + rest
}

/// The events of literals that were hidden.
pub(super) fn literals(rewrite: Option<&Rewrite>, exchange: u64, journal: &dyn Journal) {
    let Some(rewrite) = rewrite else { return };
    for ((start, _), label) in &rewrite.bound().literals {
        let ours = |given: &Given| matches!(given, Given::Literal { at, .. } if at <= start && start - at < PREFIX);
        journal.masked(exchange, hidden("literal".into(), label, rewrite, ours));
    }
}

/// The events of parameters that were hidden.
pub(super) fn parameters(rewrite: Option<&Rewrite>, exchange: u64, journal: &dyn Journal) {
    let Some(rewrite) = rewrite else { return };
    for (number, label) in &rewrite.bound().parameters {
        let ours = |given: &Given| *given == Given::Parameter(*number);
        journal.masked(exchange, hidden(format!("parameter ${number}"), label, rewrite, ours));
    }
}

fn hidden(field: String, label: &str, rewrite: &Rewrite, ours: impl Fn(&Given) -> bool) -> Masked {
    let carried = rewrite.carried().iter().find(|carried| ours(&carried.given));
    let (detector, transform) = match carried {
        Some(carried) => ("marking in-flight", carry::word(&carried.instead)),
        None => ("marking", "full"),
    };
    Masked { field, label: label.to_owned(), detector: detector.into(), transform: transform.into(), count: 1 }
}
