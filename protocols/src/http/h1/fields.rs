//! Lines and header fields (RFC 9112 section 5): every line ends with CR LF, a name touches its colon, nothing is folded.

use super::Rejection;
use crate::http::{is_token, is_value};

/// The line at `from` without its CR LF, and where the next one begins; `None` while its end has not arrived.
pub(super) fn line(bytes: &[u8], from: usize) -> Result<Option<(&[u8], usize)>, Rejection> {
    let rest = bytes.get(from..).unwrap_or_default();
    let Some(at) = memchr::memchr(b'\n', rest) else { return Ok(None) };
    match rest.get(..at).and_then(|line| line.split_last()) {
        Some((b'\r', line)) if !line.contains(&b'\r') => Ok(Some((line, from + at + 1))),
        _ => Err(Rejection::Malformed("line ending")),
    }
}

/// Name and value of a field line.
pub(super) fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Rejection> {
    let colon = memchr::memchr(b':', line).ok_or(Rejection::Malformed("header field"))?;
    let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
    if !is_token(name) {
        return Err(Rejection::Malformed("header name"));
    }
    let value = trim(value);
    if !is_value(value) {
        return Err(Rejection::Malformed("header value"));
    }
    Ok((name, value))
}

/// Without blanks and tabs around it.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list.
pub(super) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim).filter(|member| !member.is_empty())
}
