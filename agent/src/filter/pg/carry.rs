//! Values of marked columns that the database does not get (R34): what stands in their place is put into texts and into Binds, in the
//! text form of the column's type, which every type reads. A value that cannot be read where its mask depends on it becomes NULL, and
//! what is bound to it never runs.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use masking::TokenKey;
use protocols::pg::{
    ask::{Bind, Parameter},
    encode,
    frame::front,
};
use sql::rewrite::{Carried, Given, Instead, Judged, TokenType};

use super::arguments;

/// Of shorter texts a partial mask shows nothing.
const SHORTEST_PARTIAL: usize = 8;
const STARS: &str = "***";

/// The text with masks in place of literals; `None` where nothing of it is another one.
///
/// # Errors
/// Why a value has no mask.
pub(super) fn text(judged: &Judged, key: Option<&TokenKey>) -> Result<Option<Arc<str>>, String> {
    let Some(text) = judged.text.as_deref() else { return Ok(None) };
    let mut literals: Vec<_> = judged.carried.iter().filter_map(literal).collect();
    literals.sort_by_key(|(span, ..)| span.start);
    let (mut filled, mut done) = (String::with_capacity(text.len()), 0);
    for (span, value, carried) in literals {
        filled.push_str(text.get(done..span.start).unwrap_or_default());
        match made(carried, Some(value), key)? {
            Some(made) => filled.push_str(&quoted(&made).ok_or_else(|| unmaskable(carried))?),
            None => filled.push_str("NULL"),
        }
        done = span.end;
    }
    filled.push_str(text.get(done..).unwrap_or_default());
    Ok(Some(filled.into()))
}

fn literal(carried: &Carried) -> Option<(&std::ops::Range<usize>, &str, &Carried)> {
    match &carried.given {
        Given::Literal { span, value, .. } => Some((span, value.as_str(), carried)),
        Given::Parameter(_) => None,
    }
}

/// A constant of SQL; `None` if sessions may read it in different ways.
fn quoted(value: &str) -> Option<String> {
    (!value.contains(['\\', '\0'])).then(|| format!("'{}'", value.replace('\'', "''")))
}

/// The Bind with masks in place of values, and why it must not run, if so.
pub(super) fn bind(
    bind: &Bind<'_>,
    types: &[u32],
    carried: &[Carried],
    key: Option<&TokenKey>,
) -> (Bytes, Option<String>) {
    let mut why = None;
    let of = |number: usize| carried.iter().find(|value| value.given == Given::Parameter(number + 1));
    let values = bind.parameters.iter().enumerate().map(|(number, parameter)| {
        let Some(carried) = of(number).filter(|_| parameter.value.is_some()) else {
            return (parameter.binary, parameter.value.map(Vec::from));
        };
        let known = arguments::text(parameter, type_of(parameter, carried, types.get(number).copied().unwrap_or(0)));
        match made(carried, known.as_deref(), key) {
            Ok(made) => (false, made.map(String::into_bytes)),
            Err(reason) => {
                why.get_or_insert(reason);
                (false, None)
            }
        }
    });
    let values: Vec<_> = values.collect();
    (frame(bind, &values), why)
}

/// What is bound, without these parameters.
pub(super) fn without(bind: &Bind<'_>, carried: impl Fn(usize) -> bool) -> Bytes {
    let value = |(number, parameter): (usize, &Parameter<'_>)| {
        (parameter.binary, parameter.value.filter(|_| !carried(number + 1)).map(Vec::from))
    };
    frame(bind, &bind.parameters.iter().enumerate().map(value).collect::<Vec<_>>())
}

/// The type of a parameter: as declared, or else, where it is binary, its column's.
fn type_of(parameter: &Parameter<'_>, carried: &Carried, known: u32) -> u32 {
    let of = match &carried.instead {
        Instead::Token(of) => Some(*of),
        _ => None,
    };
    match of {
        _ if known != 0 || !parameter.binary => known,
        Some(TokenType::Integer { bytes: 4 }) => 23,
        Some(TokenType::Integer { .. }) => 20,
        Some(TokenType::Uuid) => 2950,
        Some(TokenType::Text { .. }) | None => 25,
    }
}

fn frame(bind: &Bind<'_>, values: &[(bool, Option<Vec<u8>>)]) -> Bytes {
    let mut out = BytesMut::new();
    let count = |count: usize| u16::try_from(count).unwrap_or_default().to_be_bytes();
    encode::frame(&mut out, front::BIND, |out| {
        out.extend_from_slice(&[bind.portal, &[0], bind.statement, &[0]].concat());
        out.extend_from_slice(&count(values.len()));
        values.iter().for_each(|(binary, _)| out.extend_from_slice(&u16::from(*binary).to_be_bytes()));
        out.extend_from_slice(&count(values.len()));
        for (_, value) in values {
            let length = value.as_ref().map_or(-1, |value| i32::try_from(value.len()).unwrap_or(-1));
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(value.as_deref().unwrap_or_default());
        }
        let formats = bind.result_formats.as_deref().unwrap_or_default();
        out.extend_from_slice(&count(formats.len()));
        formats.iter().for_each(|format| out.extend_from_slice(&format.to_be_bytes()));
    });
    out.freeze()
}

/// What the database gets in place of a value, as a text; `None`: NULL.
fn made(carried: &Carried, value: Option<&str>, key: Option<&TokenKey>) -> Result<Option<String>, String> {
    let known = || value.ok_or_else(|| unmaskable(carried));
    let made = match &carried.instead {
        Instead::Nothing => return Ok(None),
        Instead::Text(text) => Some(text.clone()),
        Instead::Partial(most) => Some(partial(known()?, *most)),
        Instead::Year => year(known()?),
        Instead::Token(of) => token(key, &carried.mark.label, *of, known()?),
    };
    made.map(Some).ok_or_else(|| unmaskable(carried))
}

fn unmaskable(carried: &Carried) -> String {
    format!("a value for {} cannot be masked on its way to the database", carried.column)
}

fn partial(value: &str, most: Option<usize>) -> String {
    let length = value.chars().count();
    let shown: String = value.chars().skip(length.saturating_sub(4)).collect();
    let made = if length < SHORTEST_PARTIAL { STARS.to_owned() } else { format!("{STARS}{shown}") };
    made.chars().take(most.unwrap_or(usize::MAX)).collect()
}

/// `1984-05-17 12:00` becomes `1984-01-01`.
fn year(value: &str) -> Option<String> {
    let (year, rest) = value.split_once('-')?;
    let plain = year.len() >= 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && rest.len() >= 5;
    plain.then(|| format!("{year}-01-01"))
}

/// The token of a value, as its column would have it where it is read.
fn token(key: Option<&TokenKey>, label: &str, of: TokenType, value: &str) -> Option<String> {
    let key = key?;
    match of {
        TokenType::Text { most, padded } => {
            let kept = if padded { value.trim_ascii_end() } else { value };
            let token = String::from_utf8(key.text(label, kept.as_bytes())).ok()?;
            Some(token.chars().take(most.unwrap_or(usize::MAX)).collect())
        }
        TokenType::Integer { bytes } => {
            let number: i64 = value.trim().parse().ok()?;
            let largest = if bytes == 4 { u64::from(i32::MAX.unsigned_abs()) } else { u64::MAX };
            Some(key.number(label, number.to_string().as_bytes(), largest).to_string())
        }
        TokenType::Uuid => {
            let text = uuid::Uuid::try_parse(value.trim()).ok()?.to_string();
            Some(uuid::Uuid::from_bytes(key.uuid(label, text.as_bytes())).to_string())
        }
    }
}

/// What was done, as events say it.
pub(super) fn word(instead: &Instead) -> &'static str {
    match instead {
        Instead::Nothing => "null",
        Instead::Text(_) => "constant",
        Instead::Partial(_) => "partial",
        Instead::Year => "year",
        Instead::Token(_) => "token",
    }
}
