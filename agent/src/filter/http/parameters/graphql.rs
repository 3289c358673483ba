//! Marked values in GraphQL documents: literals of arguments and input fields with a marked name, and the variables that are given
//! to such arguments, whatever they are called. GraphQL specification (October 2021) section 2.

use std::collections::BTreeMap;

use masking::{Label, Masker};
use serde_json::Value;

use super::Told;
use crate::filter::http::{
    mark::replace,
    read::{Markings, Notes as _, decode, encode},
};

/// The document in a request's members, and its variables, with what is marked masked. Gives whether anything was.
pub(super) fn mask_members(marks: &Markings, masker: &Masker, members: &mut Value, told: &mut Told) -> bool {
    let Some(Value::String(text)) = members.get("query") else { return false };
    let given = given(marks, text);
    let mut changed = false;
    if let Some(masked) = mask(marks, masker, text, told) {
        if let Some(query) = members.get_mut("query") {
            *query = Value::String(masked);
        }
        changed = true;
    }
    for (name, label) in given {
        if let Some(value) = members.get_mut("variables").and_then(|variables| variables.get_mut(&name)) {
            changed |= mask_value(masker, &name, label, value, told);
        }
    }
    changed
}

/// The same of a request that is in the query of its address; `None` if nothing is marked in it.
pub(super) fn mask_query(marks: &Markings, masker: &Masker, query: &[u8], told: &mut Told) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(query);
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut pairs: Vec<(String, String)> =
        text.split('&').map(|part| pair(part).unwrap_or((part.into(), String::new()))).collect();
    let plain = |pairs: &[(String, String)], wanted: &str| {
        let found = pairs.iter().find(|(name, _)| decode(name.as_bytes(), true) == wanted.as_bytes());
        found.and_then(|(_, value)| String::from_utf8(decode(value.as_bytes(), true)).ok())
    };
    let variables = plain(&pairs, "variables").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let mut members = serde_json::json!({ "query": plain(&pairs, "query")?, "variables": variables });
    if !mask_members(marks, masker, &mut members, told) {
        return None;
    }
    for (name, value) in &mut pairs {
        let made = match &*decode(name.as_bytes(), true) {
            b"query" => members.get("query")?.as_str()?.to_owned(),
            b"variables" => members.get("variables")?.to_string(),
            _ => continue,
        };
        *value = String::from_utf8_lossy(&encode(made.as_bytes())).into_owned();
    }
    Some(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&").into_bytes())
}

/// A document with marked literals masked; `None` if there are none.
pub(super) fn mask(marks: &Markings, masker: &Masker, text: &str, told: &mut Told) -> Option<String> {
    let given = given(marks, text);
    let (mut walk, mut out, mut written) = (Walk::new(text), String::with_capacity(text.len()), 0);
    while let Some(token) = walk.next() {
        let Kind::Literal(literal) = token.kind else { continue };
        let Some((name, label)) = walk.marked(|name| marks.key(name).or_else(|| given.get(name).copied())) else {
            continue;
        };
        let made = literal.masked(masker, &name, label, told);
        out.push_str(text.get(written..token.start).unwrap_or_default());
        out.push_str(&made);
        written = token.end;
    }
    (written > 0).then(|| out + text.get(written..).unwrap_or_default())
}

/// Variables that are given to marked arguments.
fn given(marks: &Markings, text: &str) -> BTreeMap<String, Label> {
    let (mut walk, mut given) = (Walk::new(text), BTreeMap::new());
    while let Some(token) = walk.next() {
        if let (Kind::Variable(name), Some((_, label))) = (token.kind, walk.marked(|name| marks.key(name))) {
            given.insert(name.to_owned(), label);
        }
    }
    given
}

fn mask_value(masker: &Masker, name: &str, label: Label, value: &mut Value, told: &mut Told) -> bool {
    match value {
        Value::String(text) => {
            let mut bytes = text.clone().into_bytes();
            let transform = replace(masker.transforms(), label, &mut bytes);
            told.of("graphql").note(name, label, transform);
            *text = String::from_utf8_lossy(&bytes).into_owned();
            true
        }
        Value::Number(number) => {
            let (transform, made) = masker.transforms().whole_number(label, number.to_string().as_bytes());
            told.of("graphql").note(name, label, transform);
            *value = made.and_then(|made| serde_json::from_slice(&made).ok()).unwrap_or_else(|| Value::from(0));
            true
        }
        Value::Array(items) => {
            items.iter_mut().fold(false, |any, item| mask_value(masker, name, label, item, told) | any)
        }
        Value::Object(members) => {
            members.values_mut().fold(false, |any, member| mask_value(masker, name, label, member, told) | any)
        }
        Value::Null | Value::Bool(_) => false,
    }
}

/// One token that matters.
struct Token<'a> {
    kind: Kind<'a>,
    start: usize,
    end: usize,
}

enum Kind<'a> {
    Literal(Literal<'a>),
    Variable(&'a str),
    Other,
}

#[derive(Clone, Copy)]
enum Literal<'a> {
    /// Between its quotes, with its escapes.
    Text(&'a str),
    /// Between three quotes.
    Block(&'a str),
    Number(&'a str),
}

impl Literal<'_> {
    fn masked(self, masker: &Masker, name: &str, label: Label, told: &mut Told) -> String {
        let plain = match self {
            Self::Number(text) => {
                let (transform, made) = masker.transforms().whole_number(label, text.as_bytes());
                told.of("graphql").note(name, label, transform);
                return made.and_then(|made| String::from_utf8(made).ok()).unwrap_or_else(|| "0".into());
            }
            Self::Text(text) => serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned()),
            Self::Block(text) => text.replace("\\\"\"\"", "\"\"\""),
        };
        let mut bytes = plain.into_bytes();
        let transform = replace(masker.transforms(), label, &mut bytes);
        told.of("graphql").note(name, label, transform);
        serde_json::to_string(&String::from_utf8_lossy(&bytes)).unwrap_or_default()
    }
}

/// Goes through a document, and knows under which names it is.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// One for each bracket that is open: whether it holds values of the name before it, and the last name in it.
    open: Vec<(bool, Option<&'a str>)>,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: vec![(false, None)] }
    }

    /// The name and label by which the value here is marked: its own name, or that of a value it is part of.
    fn marked(&self, label: impl Fn(&str) -> Option<Label>) -> Option<(String, Label)> {
        for (within, name) in self.open.iter().rev() {
            if let Some(found) = name.and_then(|name| Some((name.to_owned(), label(name)?))) {
                return Some(found);
            }
            if !within {
                return None;
            }
        }
        None
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..)?;
            let first = rest.chars().next()?;
            let kind = match first {
                '#' => {
                    self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                    continue;
                }
                '"' => Kind::Literal(self.string(rest)),
                '$' => {
                    let name = name(rest.get(1..).unwrap_or_default());
                    self.at += 1 + name.len();
                    if self.is_named() {
                        // A definition: what follows is its type, and perhaps a value.
                        self.rename(name);
                        continue;
                    }
                    Kind::Variable(name)
                }
                '-' | '0'..='9' => {
                    let number = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '-' | '+' | '.');
                    let length = rest.find(|byte| !number(byte)).unwrap_or(rest.len());
                    self.at += length;
                    Kind::Literal(Literal::Number(rest.get(..length).unwrap_or_default()))
                }
                'a'..='z' | 'A'..='Z' | '_' => {
                    let name = name(rest);
                    self.at += name.len();
                    if self.is_named() {
                        self.rename(name);
                    }
                    continue;
                }
                bracket => {
                    self.at += bracket.len_utf8();
                    self.bracket(bracket);
                    Kind::Other
                }
            };
            return Some(Token { kind, start, end: self.at });
        }
    }

    fn bracket(&mut self, bracket: char) {
        match bracket {
            '(' => self.open.push((false, None)),
            '{' | '[' => self.open.push((true, None)),
            ')' | '}' | ']' if self.open.len() > 1 => {
                self.open.pop();
            }
            _ => {}
        }
    }

    fn rename(&mut self, name: &'a str) {
        if let Some((_, last)) = self.open.last_mut() {
            *last = Some(name);
        }
    }

    /// Whether a colon follows.
    fn is_named(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']).starts_with(':')
    }

    fn string(&mut self, rest: &'a str) -> Literal<'a> {
        let block = rest.starts_with("\"\"\"");
        let (mark, begins) = if block { ("\"\"\"", 3) } else { ("\"", 1) };
        let mut end = begins;
        loop {
            let more = rest.get(end..).unwrap_or_default();
            if more.is_empty() || more.starts_with(mark) {
                break;
            }
            let escaped = more.starts_with('\\') && (!block || more.starts_with("\\\"\"\""));
            let skip = if escaped { if block { 4 } else { 2 } } else { more.chars().next().map_or(1, char::len_utf8) };
            end = (end + skip).min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
        }
        let inside = rest.get(begins..end).unwrap_or_default();
        self.at += (end + mark.len()).min(rest.len());
        if block { Literal::Block(inside) } else { Literal::Text(inside) }
    }
}

fn name(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn marks() -> Markings {
        Markings::new([("ssn", Some(Label::Ssn)), ("$.pin", Some(Label::Secret))]).unwrap()
    }

    fn masked(text: &str) -> String {
        let masker = Masker::new(&[]);
        mask(&marks(), &masker, text, &mut Told::new("x")).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn literals_of_marked_arguments_are_masked_and_everything_else_stays() {
        for (came, goes) in [
            (r#"{ person(ssn: "12-34") { name } }"#, r#"{ person(ssn: "*****") { name } }"#),
            (r#"{ person(SSN : "a\"b", id: "7") }"#, r#"{ person(SSN : "***", id: "7") }"#),
            (
                r#"{ p(in: {a: 1, ssn: {x: "ab", y: [7, "c"]}, b: "d"}) }"#,
                r#"{ p(in: {a: 1, ssn: {x: "**", y: [0, "*"]}, b: "d"}) }"#,
            ),
            (r#"{ p(ssn: 123, n: 4) }"#, r#"{ p(ssn: 0, n: 4) }"#),
            ("{ p(ssn: \"\"\"a\nb \\\"\"\" c\"\"\", x: \"y\") }", "{ p(ssn: \"*********\", x: \"y\") }"),
            ("{ p(ssn # (\n : \"ab\") }", "{ p(ssn # (\n : \"ab\") }"),
            (r#"{ ssn: person(id: "7") { name(format: "x") } }"#, r#"{ ssn: person(id: "7") { name(format: "x") } }"#),
            (r#"query($ssn: String = "ab") { p }"#, r#"query($ssn: String = "**") { p }"#),
            (
                r#"query($v: String = "ab", $w: Int = 3) { p(ssn: $v, n: $w) }"#,
                r#"query($v: String = "**", $w: Int = 3) { p(ssn: $v, n: $w) }"#,
            ),
            (r#"{ p(ssn: NAMED, pin: "12") }"#, r#"{ p(ssn: NAMED, pin: "12") }"#),
            ("{ p(ssn: \"ab", "{ p(ssn: \"**\""),
        ] {
            assert_eq!(masked(came), goes);
        }
    }

    #[test]
    fn variables_are_masked_by_what_they_are_given_to() {
        let mut members = serde_json::json!({
            "query": "query($a: String, $b: [In]) { p(ssn: $a, id: $b) q(in: {ssn: [$b]}) }",
            "variables": { "a": "12-34", "b": [{ "x": "y" }, 5], "c": "stays" },
        });
        assert!(mask_members(&marks(), &Masker::new(&[]), &mut members, &mut Told::new("x")));
        assert_eq!(members["variables"], serde_json::json!({ "a": "*****", "b": [{ "x": "*" }, 0], "c": "stays" }));
    }

    #[test]
    fn a_request_in_an_address_is_masked_as_well() {
        let sent = |query: &str| {
            let masked = mask_query(&marks(), &Masker::new(&[]), query.as_bytes(), &mut Told::new("x"));
            masked.map(|masked| String::from_utf8(masked).unwrap())
        };
        let query = "a=1&query=%7Bp(ssn%3A%22ab%22%2Cid%3A%24v)%7D&variables=%7B%22v%22%3A%22x%22%7D";
        assert_eq!(sent(query).unwrap(), query.replace("(", "%28").replace(")", "%29").replace("22ab%", "22**%"));
        assert_eq!(sent("query=%7Bp%7D"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_gone_through(text in "([a-z{}()\\[\\]:$\"#\\\\ ,\n0-9é-]|ssn|\"\"\"){0,40}") {
            let _masked = masked(&text);
        }
    }
}
