//! Parameters on whose values it depends whether a statement is limited: `LIKE $1`, `LIMIT $1`, `id = $1 OR $2`. Such a statement is
//! taken for limited until a Bind gives their values; if one of these says otherwise, it is judged with them written out.

use std::collections::BTreeMap;

use protocols::pg::ask::{Bind, Parameter};
use sql::doubt::{Value, written_in};

use super::{
    Filter,
    arguments::text,
    names::{Portal, Statement},
    reading::{self, Read},
};

/// Longer values, and values in longer statements, are not looked at.
const LONGEST_VALUE: usize = 8 * 1024;
const LONGEST_TEXT: usize = 1024 * 1024;

/// What a statement is judged by once its values are known.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Known {
    /// Itself: no value changes anything.
    #[default]
    Itself,
    /// This text, in which the values are written.
    Written(Box<str>),
    /// A value that matters cannot be read: nothing limits it.
    Unreadable,
}

impl Known {
    pub(super) fn weight(&self) -> usize {
        if let Self::Written(text) = self { text.len() } else { 0 }
    }
}

/// What a Bind makes of a statement. `types` are those of its parameters as far as they are known, 0 where not.
pub(super) fn known(statement: &Statement, bind: &Bind<'_>, types: &[u32]) -> Known {
    let Some(read) = &statement.read else { return Known::Itself };
    let mut values = BTreeMap::new();
    let mut settled = true;
    for doubt in &read.reading.facts.doubts {
        let Some(place) = doubt.parameter.checked_sub(1) else { continue };
        let Some(parameter) = bind.parameters.get(place) else {
            // Only the head of a large Bind is here; otherwise the server refuses it.
            if bind.result_formats.is_none() {
                return Known::Unreadable;
            }
            continue;
        };
        let Some(value) = value(parameter, types.get(place).copied().unwrap_or(0)) else { return Known::Unreadable };
        settled &= doubt.is_settled_by(value.text());
        values.insert(doubt.parameter, value);
    }
    if settled {
        return Known::Itself;
    }
    let text = Some(&statement.raw).filter(|raw| !raw.is_empty() && raw.len() <= LONGEST_TEXT);
    match text.and_then(|text| written_in(text, &values)) {
        Some(text) => Known::Written(text.into()),
        None => Known::Unreadable,
    }
}

/// `None` if it cannot be read.
fn value(parameter: &Parameter<'_>, type_oid: u32) -> Option<Value> {
    let Some(bytes) = parameter.value else { return Some(Value::Null) };
    if parameter.length > LONGEST_VALUE {
        return None;
    }
    let text = text(parameter, type_oid).or_else(|| printable(bytes, parameter.length))?;
    Some(match (type_oid, text.as_str()) {
        (16, "true" | "false") => Value::Bool(text == "true"),
        (20 | 21 | 23 | 26 | 700 | 701 | 1700, _) => Value::Number(text),
        _ => Value::Text(text),
    })
}

/// Types that are text in either format are not all known: enums, citext, domains.
fn printable(bytes: &[u8], length: usize) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() == length)?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

impl Filter {
    /// The statement of a portal, with the values that matter.
    pub(super) fn read_known(&self, portal: &Portal, read: Read) -> Read {
        match &portal.known {
            Known::Itself => read,
            Known::Unreadable => reading::with_values(&read, None),
            Known::Written(text) => {
                let written = self.session.read(text, self.catalog().as_deref());
                reading::with_values(&read, Some(&written.facts))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn said(type_oid: u32, bytes: &[u8]) -> Option<Value> {
        value(&Parameter { binary: true, value: Some(bytes), length: bytes.len() }, type_oid)
    }

    #[test]
    fn values_are_read_in_both_formats_and_by_their_types() {
        assert_eq!(said(16, &[1]), Some(Value::Bool(true)));
        assert_eq!(said(20, &7_i64.to_be_bytes()), Some(Value::Number("7".into())));
        assert_eq!(said(25, b"%"), Some(Value::Text("%".into())));
        assert_eq!(said(90_001, b"citext"), Some(Value::Text("citext".into())));
        assert_eq!(said(90_001, &[0, 0, 0, 7]), None);
        assert_eq!(said(25, &vec![b'x'; LONGEST_VALUE + 1]), None);
        let null = Parameter { binary: false, value: None, length: 0 };
        assert_eq!(value(&null, 25), Some(Value::Null));
        let cut = Parameter { binary: false, value: Some(b"ab"), length: 7 };
        assert_eq!(value(&cut, 25), None);
    }
}
