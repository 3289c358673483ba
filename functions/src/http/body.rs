//! The content of a request, made readable: codings undone, character set converted, class told by label and first bytes.

use serde_json::Value;

use super::{
    Fault,
    charset::{Converter, charset_of},
    coding::Decoder,
    json::{self, JsonError},
    target,
};

/// Most content that is decoded for reading, in bytes.
const MAX_DECODED: usize = 8 * 1024 * 1024;

/// What arrived of a request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// More than is collected here; its beginning.
    Begun(&'a [u8]),
    /// It was not waited for.
    Unread,
}

/// Content that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// There is none.
    Empty,
    /// JSON.
    Json(Value),
    /// A form: names and values.
    Form(Vec<(String, String)>),
    /// Other text.
    Text(String),
    /// Several JSON documents, one a line.
    Lines(Vec<Value>),
    /// Something else; the reason why it is not read.
    Opaque(&'static str),
}

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Form,
    Multipart,
    Text,
    Other,
    Unlabelled,
}

impl Kind {
    pub(crate) fn of(content_type: Option<&str>) -> Self {
        let Some(label) = content_type else { return Self::Unlabelled };
        let media = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "" => Self::Unlabelled,
            "application/json" | "text/json" | "application/x-json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            media if media.ends_with("+json") => Self::Json,
            media if media.starts_with("multipart/") => Self::Multipart,
            media if media.starts_with("text/") => Self::Text,
            _ => Self::Other,
        }
    }
}

/// Undoes codings of whole content.
pub(crate) fn decoded(content: &[u8], encodings: &[&[u8]]) -> Result<Vec<u8>, Fault> {
    let unreadable = |error: &dyn std::error::Error| Fault::malformed(error.to_string());
    let mut decoder = Decoder::new(encodings.iter().copied()).map_err(|error| unreadable(&error))?;
    let mut decoded = Vec::new();
    for piece in content.chunks(16 * 1024) {
        decoder.push(piece, &mut decoded).map_err(|error| unreadable(&error))?;
        if decoded.len() > MAX_DECODED {
            return Err(Fault::TooLarge("the content is too large when decoded".into()));
        }
    }
    decoder.finish(&mut decoded).map_err(|error| unreadable(&error))?;
    Ok(decoded)
}

/// Undoes codings and character set of whole content.
pub(crate) fn readable(content: &[u8], encodings: &[&[u8]], content_type: Option<&str>) -> Result<Vec<u8>, Fault> {
    let unreadable = |error: &dyn std::error::Error| Fault::malformed(error.to_string());
    let decoded = decoded(content, encodings)?;
    let first = decoded.get(..4.min(decoded.len())).unwrap_or_default();
    let mut converter = Converter::new(content_type.and_then(charset_of), first).map_err(|error| unreadable(&error))?;
    let mut text = Vec::with_capacity(decoded.len());
    converter.push(&decoded, true, &mut text).map_err(|error| unreadable(&error))?;
    if let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf") {
        text = rest.to_vec();
    }
    Ok(text)
}

impl Body {
    /// Reads whole content.
    pub(crate) fn read(content: &[u8], encodings: &[&[u8]], content_type: Option<&str>) -> Result<Self, Fault> {
        if content.is_empty() {
            return Ok(Self::Empty);
        }
        let kind = Kind::of(content_type);
        if matches!(kind, Kind::Multipart | Kind::Other) {
            return Ok(Self::Opaque("content that is not read for arguments"));
        }
        let text = readable(content, encodings, content_type)?;
        let looks_like_json =
            text.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
        match kind {
            Kind::Form => form(text),
            // Many servers read JSON whatever its label says.
            Kind::Json => json_or_lines(&text),
            _ if looks_like_json => json_or_lines(&text),
            _ => match String::from_utf8(text) {
                Ok(text) => Ok(Self::Text(text)),
                Err(_) => Ok(Self::Opaque("binary content")),
            },
        }
    }
}

fn json_or_lines(text: &[u8]) -> Result<Body, Fault> {
    match json::read(text) {
        Ok(value) => return Ok(Body::Json(value)),
        Err(error @ JsonError::Ambiguous(_)) => return Err(Fault::malformed(error.to_string())),
        Err(JsonError::Syntax(_)) => {}
    }
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut values = Vec::new();
    for line in lines {
        match json::read(line) {
            Ok(value) => values.push(value),
            Err(error @ JsonError::Ambiguous(_)) => return Err(Fault::malformed(error.to_string())),
            Err(JsonError::Syntax(_)) => return Ok(Body::Opaque("content that says it is JSON and is not")),
        }
    }
    Ok(Body::Lines(values))
}

fn form(text: Vec<u8>) -> Result<Body, Fault> {
    let text = String::from_utf8(text).map_err(|_| Fault::malformed("the form is not text"))?;
    // `curl -d '{"a":1}'` labels JSON as a form; servers that do not look at labels read it as JSON.
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = json::parse(text.as_bytes())
    {
        return Ok(Body::Json(value));
    }
    target::form(text.trim_end_matches(['\r', '\n'])).map(Body::Form)
}
