//! Marked parameters in the content of a request: members of JSON, fields of forms of both kinds. Codings are undone, characters made UTF-8.
//! Whatever could not be JSON or a form in the way that every server reads it does not pass, for a marked value could hide in
//! it. Content in which nothing is marked stays byte for byte, coding and all.

use bytes::Bytes;
use functions::http::{Api, Converter, Decoder, charset_of};
use masking::{Masker, Tally};
use proto::Code;
use protocols::http::{Fields, RequestHead};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Places, Told, graphql, multipart};
use crate::filter::content::{Class, sniff};
use crate::filter::http::{
    answer::relabel,
    read::{Marks, Notes as _, Rules, looks_like_json},
    refuse::Denied,
};

/// Why content does not pass where parameters are masked before the target gets them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmaskable {
    /// It is longer than is read.
    #[error(
        "parameters of requests are masked here before the target gets them, and this content is too long to be read for that"
    )]
    TooLong,
    /// A marked value could hide in it.
    #[error("parameters of requests are masked here before the target gets them, and this content {0}")]
    Unreadable(String),
    /// Nobody reads messages of other protocols for parameters.
    #[error("parameters of requests are masked here before the target gets them, and a websocket's messages cannot be")]
    Switch,
    /// Each message would have to wait for the last.
    #[error(
        "parameters of requests are masked here before the target gets them, and a stream of gRPC messages cannot be"
    )]
    Stream,
}

impl From<Unmaskable> for Denied {
    fn from(error: Unmaskable) -> Self {
        let (code, status) = match error {
            Unmaskable::TooLong => (Code::TooLarge, 413),
            Unmaskable::Unreadable(_) | Unmaskable::Switch | Unmaskable::Stream => (Code::Unmaskable, 415),
        };
        Self::new(code, status, error.to_string())
    }
}

/// Most content after decoding, in bytes.
const MAX_DECODED: usize = 8 * 1024 * 1024;
/// Of what has come, so much says what it is.
const JUDGED: usize = 4096;

/// Masks what is marked in whole content.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn mask(
    rules: &[(&Places, Masker)],
    (reading, api): (&Rules, &Api),
    head: &mut RequestHead,
    content: &Bytes,
    told: &mut Told,
) -> Result<Bytes, Unmaskable> {
    let label = label(&head.fields)?;
    let plain = decoded(&head.fields, content)?;
    if plain.is_empty() {
        return Ok(content.clone());
    }
    if label.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        let masked = multipart::mask(rules, &label, &plain, told)?;
        // Without a change in it, it goes as it came; what is read alike by all needs no writing anew.
        return Ok(settled(head, content, &plain, masked));
    }
    let kind = match sniff(plain.get(..JUDGED).unwrap_or(&plain), &label) {
        Class::Form if looks_like_json(&plain) => Class::Json,
        kind => kind,
    };
    let (text, masked) = match kind {
        Class::Json | Class::Lines => {
            let (text, masked) = json(rules, &label, &plain, told)?;
            let masked = if api.speaks_graphql() { documents(rules, masked, told) } else { masked };
            (text, masked)
        }
        Class::Text if api.speaks_graphql() && label.trim_start().starts_with("application/graphql") => {
            let text = String::from_utf8(plain.clone()).map_err(|_| unreadable("is not UTF-8"))?;
            let masked = rules
                .iter()
                .fold(text, |text, (places, masker)| graphql::mask(&places.json, masker, &text, told).unwrap_or(text));
            (plain.clone(), masked.into_bytes())
        }
        Class::Form => {
            let masked = rules.iter().fold(plain.clone(), |text, (places, masker)| {
                let marks = Marks { names: &places.form, json: &places.json, masker };
                marks.all(&text, told.of("form"))
            });
            (plain.clone(), masked)
        }
        _ if reading.allows(&label) && !looks_like_json(&plain) => return Ok(content.clone()),
        _ => return Err(unreadable("is neither JSON nor a form")),
    };
    if masked == text {
        return Ok(content.clone());
    }
    correct(&mut head.fields, &masked, text != plain);
    Ok(masked.into())
}

/// What goes on: the content as it came if nothing in it was masked.
fn settled(head: &mut RequestHead, content: &Bytes, plain: &[u8], masked: Vec<u8>) -> Bytes {
    if masked.trim_ascii_end() == plain.trim_ascii_end() {
        return content.clone();
    }
    correct(&mut head.fields, &masked, false);
    masked.into()
}

/// JSON with the GraphQL document in it masked; written anew only if something was.
fn documents(rules: &[(&Places, Masker)], text: Vec<u8>, told: &mut Told) -> Vec<u8> {
    let Ok(mut members) = serde_json::from_slice::<Value>(&text) else { return text };
    let mask = |changed: bool, (places, masker): &(&Places, Masker)| {
        graphql::mask_members(&places.json, masker, &mut members, told) | changed
    };
    if rules.iter().fold(false, mask) { members.to_string().into_bytes() } else { text }
}

/// JSON as UTF-8, and the same with what is marked masked.
fn json(
    rules: &[(&Places, Masker)],
    label: &str,
    plain: &[u8],
    told: &mut Told,
) -> Result<(Vec<u8>, Vec<u8>), Unmaskable> {
    let foreign = |_| unreadable("has a character set that cannot be read");
    let first = plain.get(..4.min(plain.len())).unwrap_or_default();
    let mut converter = Converter::new(charset_of(label), first).map_err(foreign)?;
    let mut text = Vec::with_capacity(plain.len());
    converter.push(plain, true, &mut text).map_err(foreign)?;
    if std::str::from_utf8(&text).is_err() {
        return Err(unreadable("is not UTF-8"));
    }
    let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut documents = serde_json::Deserializer::from_slice(bare).into_iter::<IgnoredAny>();
    if !documents.all(|document| document.is_ok()) {
        return Err(unreadable("is not the JSON that it begins like"));
    }
    let masked = rules.iter().fold(text.clone(), |text, (places, masker)| {
        let mut tally = Tally::default();
        let masked = places.json.mask(masker, &text, &mut tally);
        told.of("content").merge(&tally);
        masked
    });
    Ok((text, masked))
}

pub(super) fn label(fields: &Fields) -> Result<String, Unmaskable> {
    let mut labels = fields.iter().filter(|(name, _)| &name[..] == b"content-type").map(|(_, value)| value);
    match (labels.next(), labels.next()) {
        (None, _) => Ok(String::new()),
        (Some(label), None) => Ok(String::from_utf8_lossy(label).into_owned()),
        (Some(_), Some(_)) => Err(unreadable("has two labels")),
    }
}

pub(super) fn decoded(fields: &Fields, content: &[u8]) -> Result<Vec<u8>, Unmaskable> {
    let coded = |error: functions::http::CodingError| unreadable(format!("cannot be decoded ({error})"));
    let codings = fields.iter().filter(|(name, _)| &name[..] == b"content-encoding").map(|(_, value)| &value[..]);
    let mut decoder = Decoder::new(codings).map_err(coded)?;
    let mut plain = Vec::with_capacity(content.len());
    for piece in content.chunks(16 * 1024) {
        decoder.push(piece, &mut plain).map_err(coded)?;
        if plain.len() > MAX_DECODED {
            return Err(Unmaskable::TooLong);
        }
    }
    decoder.finish(&mut plain).map_err(coded)?;
    if plain.len() > MAX_DECODED { Err(Unmaskable::TooLong) } else { Ok(plain) }
}

/// Makes the head fit changed content.
pub(super) fn correct(fields: &mut Fields, content: &[u8], converted: bool) {
    // Content goes on as it was read: without its coding. What vouches for the old content would be wrong, and tell of it.
    let stale = |name: &[u8]| {
        matches!(name, b"content-encoding" | b"content-md5" | b"digest" | b"content-digest" | b"repr-digest")
    };
    fields.retain(|(name, _)| !stale(name));
    for (name, value) in fields {
        match &name[..] {
            b"content-length" => *value = content.len().to_string().into(),
            b"content-type" if converted => *value = relabel(value),
            _ => {}
        }
    }
}

pub(super) fn unreadable(why: impl Into<String>) -> Unmaskable {
    Unmaskable::Unreadable(why.into())
}
