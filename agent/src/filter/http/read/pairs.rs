//! `name=value` pairs of queries and forms (WHATWG URL section 5): values of marked names are masked whole, and JSON that stands
//! in other values is read as such. Streams; pairs that nothing is marked in stay byte for byte.

use masking::{Label, Masker, Tally, Transform};

use super::{looks_like_json, marked::Markings};
use crate::filter::http::mark::replace;

/// Longest pair of a stream that is looked at whole, in bytes.
const MAX_PAIR: usize = 64 * 1024;

/// Marked names with their labels.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(String, Label)>);

/// What is marked in pairs, and what stands in place of it.
pub(in crate::filter::http) struct Marks<'a> {
    pub(in crate::filter::http) names: &'a Names,
    pub(in crate::filter::http) json: &'a Markings,
    pub(in crate::filter::http) masker: &'a Masker,
}

/// Hears of each value that is masked: under which name, with which label, and what it became.
pub(in crate::filter::http) trait Notes {
    fn note(&mut self, name: &str, label: Label, transform: Transform);

    /// The same of JSON in a value.
    fn merge(&mut self, tally: &Tally);
}

impl Notes for Tally {
    fn note(&mut self, _: &str, label: Label, transform: Transform) {
        self.add(label, "marking", transform);
    }

    fn merge(&mut self, tally: &Tally) {
        Self::merge(self, tally);
    }
}

impl Names {
    /// Names are compared without regard to case, to `[]` and `[0]` behind them, and to `_` in place of `-`.
    #[must_use]
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, Label)>) -> Self {
        Self(names.into_iter().map(|(name, label)| (normal(name), label)).collect())
    }

    /// Whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name and label by which something of this name is marked.
    pub(in crate::filter::http) fn find(&self, name: &[u8]) -> Option<(&str, Label)> {
        if self.0.is_empty() {
            return None;
        }
        let name = normal(&String::from_utf8_lossy(name));
        self.0.iter().find(|(marked, _)| *marked == name).map(|(marked, label)| (marked.as_str(), *label))
    }
}

/// Follows pairs.
pub(in crate::filter::http) struct Pairs {
    /// The pair so far.
    kept: Vec<u8>,
    rest: Rest,
}

/// What becomes of the rest of a pair that is too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is not too long.
    Kept,
    Stars,
    Passes,
}

impl Pairs {
    pub(in crate::filter::http) fn new() -> Self {
        Self { kept: Vec::new(), rest: Rest::Kept }
    }

    /// Takes the next text; appends what may pass.
    pub(in crate::filter::http) fn push(
        &mut self,
        marks: &Marks<'_>,
        text: &[u8],
        out: &mut Vec<u8>,
        notes: &mut dyn Notes,
    ) {
        for piece in text.split_inclusive(|byte| *byte == b'&') {
            let (content, ended) = piece.strip_suffix(b"&").map_or((piece, false), |content| (content, true));
            self.more(marks, content, out, notes);
            if ended {
                self.finish(marks, out, notes);
                out.push(b'&');
            }
        }
    }

    fn more(&mut self, marks: &Marks<'_>, content: &[u8], out: &mut Vec<u8>, notes: &mut dyn Notes) {
        for byte in content {
            match self.rest {
                Rest::Kept if self.kept.len() < MAX_PAIR => self.kept.push(*byte),
                Rest::Kept => {
                    self.rest = marks.begin_long(&self.kept, out, notes);
                    out.push(if self.rest == Rest::Stars { b'*' } else { *byte });
                    self.kept.clear();
                }
                Rest::Stars => out.push(b'*'),
                Rest::Passes => out.push(*byte),
            }
        }
    }

    /// The pair is complete.
    pub(in crate::filter::http) fn finish(&mut self, marks: &Marks<'_>, out: &mut Vec<u8>, notes: &mut dyn Notes) {
        let pair = std::mem::take(&mut self.kept);
        if std::mem::replace(&mut self.rest, Rest::Kept) == Rest::Kept {
            marks.piece(&pair, out, notes);
        }
    }
}

impl Marks<'_> {
    /// A whole query or form.
    pub(in crate::filter::http) fn all(&self, text: &[u8], notes: &mut dyn Notes) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for piece in text.split_inclusive(|byte| *byte == b'&') {
            let content = piece.strip_suffix(b"&").unwrap_or(piece);
            self.piece(content, &mut out, notes);
            out.extend_from_slice(piece.get(content.len()..).unwrap_or_default());
        }
        out
    }

    /// One pair, or several for servers that take `;` for a separator.
    fn piece(&self, pair: &[u8], out: &mut Vec<u8>, notes: &mut dyn Notes) {
        if let Some(masked) = self.pair(pair, notes) {
            return out.extend(masked);
        }
        for (number, part) in pair.split(|byte| *byte == b';').enumerate() {
            if number > 0 {
                out.push(b';');
            }
            match self.pair(part, notes).filter(|_| number > 0) {
                Some(masked) => out.extend(masked),
                None => out.extend_from_slice(part),
            }
        }
    }

    /// The pair with its value masked; `None` if nothing is marked in it.
    fn pair(&self, pair: &[u8], notes: &mut dyn Notes) -> Option<Vec<u8>> {
        let (name, value) = split(pair)?;
        let mut plain = decode(value, true);
        if let Some((marked, label)) = self.names.find(&decode(name, true)).filter(|_| !value.is_empty()) {
            let transform = replace(self.masker.transforms(), label, &mut plain);
            notes.note(marked, label, transform);
            return Some([name, b"=", &encode(&plain)].concat());
        }
        if self.json.is_empty() || !looks_like_json(&plain) {
            return None;
        }
        let mut tally = Tally::default();
        let masked = self.json.mask(self.masker, &plain, &mut tally);
        notes.merge(&tally);
        (masked != plain).then(|| [name, b"=", &encode(&masked)].concat())
    }

    /// The beginning of a pair that is too long to be looked at whole.
    fn begin_long(&self, begun: &[u8], out: &mut Vec<u8>, notes: &mut dyn Notes) -> Rest {
        let Some((name, value)) = split(begun) else {
            out.extend_from_slice(begun);
            return Rest::Passes;
        };
        let marked = self.names.find(&decode(name, true));
        if marked.is_none() && (self.json.is_empty() || !looks_like_json(&decode(value, true))) {
            out.extend_from_slice(begun);
            return Rest::Passes;
        }
        if let Some((name, label)) = marked {
            notes.note(name, label, Transform::Full);
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend(std::iter::repeat_n(b'*', value.len()));
        Rest::Stars
    }
}

fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = pair.split_at_checked(memchr::memchr(b'=', pair)?)?;
    Some((name, value.get(1..)?))
}

/// A name as it is compared.
fn normal(name: &str) -> String {
    let mut name = name.trim();
    while let Some((before, inside)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('['))
        && !before.is_empty()
        && inside.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = before;
    }
    name.to_lowercase().replace('_', "-")
}

/// Percent-encoded text, as leniently as any server reads it.
pub(in crate::filter::http) fn decode(raw: &[u8], plus: bool) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, digit(rest.first()), digit(rest.get(1))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = rest.get(2..).unwrap_or_default();
            }
            (b'+', ..) if plus => out.push(b' '),
            (byte, ..) => out.push(*byte),
        }
    }
    out
}

/// Text as it may stand in a pair.
pub(in crate::filter::http) fn encode(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len());
    for byte in plain {
        if byte.is_ascii_alphanumeric() || b"*-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn mask(text: &str, step: usize) -> String {
        let names = Names::new([("ssn", Label::Ssn), ("who", Label::Email)]);
        let json = Markings::new([("pin", Some(Label::Secret))]).unwrap();
        let masker = Masker::new(&[]);
        let marks = Marks { names: &names, json: &json, masker: &masker };
        let (mut pairs, mut out, mut tally) = (Pairs::new(), Vec::new(), Tally::default());
        for piece in text.as_bytes().chunks(step.max(1)) {
            pairs.push(&marks, piece, &mut out, &mut tally);
        }
        pairs.finish(&marks, &mut out, &mut tally);
        let whole = marks.all(text.as_bytes(), &mut tally);
        if text.len() < MAX_PAIR {
            assert_eq!(out, whole);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_of_marked_names_are_masked_however_the_pair_is_written() {
        for (text, masked) in [
            ("a=1&ssn=123-45-6789&b=2", "a=1&ssn=***********&b=2"),
            ("ssn=1&SSN=2&ssn=3", "ssn=*&SSN=*&ssn=*"),
            ("%73sn=%31%32&x=%31", "%73sn=**&x=%31"),
            ("ssn[]=12&ssn[7]=34&ssnx=56&x[ssn]=7", "ssn[]=**&ssn[7]=**&ssnx=56&x[ssn]=7"),
            ("+ssn+=1+2", "+ssn+=***"),
            ("who=a%40b.c%zz", "who=********"),
            ("a=1;ssn=2;b=3", "a=1;ssn=*;b=3"),
            ("ssn=1;b=2&c", "ssn=*****&c"),
            ("ssn=&ssn&=ssn&&", "ssn=&ssn&=ssn&&"),
            ("ssn=a=b", "ssn=***"),
            ("v=%7B%22pin%22%3A%22ab%22%7D&w={%22x%22:1}", "v=%7B%22pin%22%3A%22**%22%7D&w={%22x%22:1}"),
            ("range=[1+TO+5]&t={id}", "range=[1+TO+5]&t={id}"),
        ] {
            for step in 1..=text.len() {
                assert_eq!(mask(text, step), masked, "{step}");
            }
        }
    }

    #[test]
    fn a_pair_that_is_too_long_shows_nothing_of_a_marked_value() {
        let long = "9".repeat(MAX_PAIR);
        assert_eq!(mask(&format!("ssn={long}&a=1"), 1000), format!("ssn={}&a=1", "*".repeat(MAX_PAIR)));
        assert_eq!(mask(&format!("b={long}&ssn=1"), 1000), format!("b={long}&ssn=*"));
        assert!(!mask(&format!("v={{\"x\":\"{long}\",\"pin\":\"secret\"}}"), 1000).contains("secret"));
    }

    proptest! {
        #[test]
        fn how_a_form_is_cut_changes_nothing(text in "([a-c=&;%+\\[\\]]|ssn|who|%41|\\{\"pin\":\"x\"\\}){0,40}", step in 1usize..20) {
            prop_assert_eq!(mask(&text, step), mask(&text, text.len()));
        }
    }
}
