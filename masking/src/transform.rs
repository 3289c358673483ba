//! Transforms: what stands in place of a value. Which one is a matter of the label; what a value's form cannot bear becomes
//! [`Transform::Full`]. In place of a hit stand as many bytes as it has.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::label::Label;
use crate::token::TokenKey;

/// How many characters a partial mask shows.
const SHOWN: usize = 4;
/// Of shorter values nothing is shown.
const SHORTEST_PARTIAL: usize = 8;

/// What stands in place of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transform {
    /// Stars.
    #[default]
    Full,
    /// The last four letters and digits of a value of eight or more, and stars before them.
    Partial,
    /// Zeros in place of digits and `x` in place of letters.
    Constant,
    /// Nothing. Only whole values can be nothing; a part of a text becomes stars.
    Null,
    /// The first day of a date's year.
    Year,
    /// A keyed token of the same form: equal values of a label have equal tokens.
    Token,
}

/// What hits of each label become. Labels that are not named become stars.
#[derive(Clone, Default)]
pub struct Transforms(Arc<Inner>);

#[derive(Default)]
struct Inner {
    by_label: BTreeMap<String, Transform>,
    key: Option<TokenKey>,
}

/// How a value stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// Without quotes, so it must stay a number.
    Number,
}

impl Transform {
    /// The name in configuration and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Constant => "constant",
            Self::Null => "null",
            Self::Year => "year",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Transforms {
    /// Transforms by the names of labels. Without a key tokens become stars.
    #[must_use]
    pub fn new(by_label: impl IntoIterator<Item = (String, Transform)>, key: Option<TokenKey>) -> Self {
        let by_label = by_label.into_iter().filter(|(_, transform)| *transform != Transform::Full).collect();
        Self(Arc::new(Inner { by_label, key }))
    }

    /// Whether every label becomes stars.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.by_label.is_empty()
    }

    /// What stands in place of values of a label.
    #[must_use]
    pub fn of(&self, label: &str) -> Transform {
        match self.0.by_label.get(label) {
            Some(Transform::Token) if self.0.key.is_none() => Transform::Full,
            Some(transform) => *transform,
            None => Transform::Full,
        }
    }

    /// The key of tokens, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<&TokenKey> {
        self.0.key.as_ref()
    }

    /// The same key, but values of every label of this crate become tokens.
    #[must_use]
    pub fn tokens(&self) -> Self {
        Self::new(Label::ALL.map(|label| (label.to_string(), Transform::Token)), self.0.key.clone())
    }

    /// What stands in place of a whole text that is marked, in as many bytes, and what was done to it. `None`: stars, or
    /// nothing at all if that is what was done.
    #[must_use]
    pub fn whole(&self, label: Label, value: &[u8]) -> (Transform, Option<Vec<u8>>) {
        match self.of(label.as_str()) {
            Transform::Null => (Transform::Null, None),
            transform => self.made(transform, label, value, Form::Text),
        }
    }

    /// The same for a number that is marked.
    #[must_use]
    pub fn whole_number(&self, label: Label, value: &[u8]) -> (Transform, Option<Vec<u8>>) {
        self.made(self.of(label.as_str()), label, value, Form::Number)
    }

    /// What stands in place of a hit, in as many bytes; `None`: stars.
    pub(crate) fn hit(&self, label: Label, found: &[u8], form: Form) -> (Transform, Option<Vec<u8>>) {
        if self.is_full() {
            return (Transform::Full, None);
        }
        self.made(self.of(label.as_str()), label, found, form)
    }

    fn made(&self, transform: Transform, label: Label, found: &[u8], form: Form) -> (Transform, Option<Vec<u8>>) {
        // What would have to be escaped, or is written with several bytes, keeps no form.
        let plain = found.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        let digits = form == Form::Text || found.iter().all(u8::is_ascii_digit);
        if !plain || !digits {
            return (Transform::Full, None);
        }
        let made = match (transform, form) {
            (Transform::Full | Transform::Null, _) | (Transform::Constant | Transform::Year, Form::Number) => None,
            (Transform::Partial, form) => partial(found, form),
            (Transform::Constant, Form::Text) => Some(constant(found)),
            (Transform::Year, Form::Text) => year(found),
            (Transform::Token, form) => self.0.key.as_ref().and_then(|key| {
                if key.is_own(label.as_str(), found) {
                    return Some(found.to_vec());
                }
                let token = key.shaped(label.as_str(), found);
                // A number does not begin with a zero.
                (form == Form::Text || token.first() != Some(&b'0')).then_some(token)
            }),
        };
        if made.is_some() { (transform, made) } else { (Transform::Full, None) }
    }
}

fn partial(found: &[u8], form: Form) -> Option<Vec<u8>> {
    let shown = |byte: &u8| byte.is_ascii_alphanumeric();
    let count = found.iter().filter(|byte| shown(byte)).count();
    let mut hidden = count.checked_sub(SHOWN).filter(|_| count >= SHORTEST_PARTIAL)?;
    let mut out = found.to_vec();
    for (place, byte) in out.iter_mut().enumerate() {
        let counts = shown(byte);
        if hidden == 0 {
            break;
        }
        match form {
            Form::Number => *byte = if place == 0 { b'1' } else { b'0' },
            Form::Text => crate::stars::mask_text(std::slice::from_mut(byte)),
        }
        hidden -= usize::from(counts);
    }
    Some(out)
}

fn constant(found: &[u8]) -> Vec<u8> {
    let constant = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' => b'x',
        b'A'..=b'Z' => b'X',
        other => *other,
    };
    found.iter().map(constant).collect()
}

/// `1984-05-17` and what may follow becomes `1984-01-01`; `17.05.1984` and `05/17/1984` likewise.
fn year(found: &[u8]) -> Option<Vec<u8>> {
    let (date, time) = found.split_first_chunk::<10>()?;
    let digits = |places: [usize; 8]| places.iter().all(|place| date.get(*place).is_some_and(u8::is_ascii_digit));
    let separator = |place: usize| date.get(place).is_some_and(|byte| b"-/.".contains(byte));
    let mut out = date.to_vec();
    let (day, month) = if digits([0, 1, 2, 3, 5, 6, 8, 9]) && separator(4) && separator(7) {
        (8, 5)
    } else if digits([0, 1, 3, 4, 6, 7, 8, 9]) && separator(2) && separator(5) {
        (3, 0)
    } else {
        return None;
    };
    for start in [day, month] {
        out.get_mut(start..start + 2)?.copy_from_slice(b"01");
    }
    out.extend(time.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte }));
    Some(out)
}

impl fmt::Debug for Transforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transforms").field(&self.0.by_label).finish()
    }
}
