//! Writes the relay form. A frame is a tag byte, a length of four bytes (big endian) and that many bytes.

use bytes::{BufMut as _, BytesMut};

use super::frame::{MAX_DATA, MAX_FIELDS, MAX_HEAD, Version, tag};

/// The head does not fit a frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many or too long header fields")]
pub struct Oversize;

/// Appends the head of a request. Field names are written in lower case.
///
/// # Errors
/// If it does not fit a frame; `out` is then as it was.
pub fn put_request<'a>(
    out: &mut BytesMut,
    method: &[u8],
    target: &[u8],
    version: Version,
    upgrade: bool,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<(), Oversize> {
    framed(out, tag::REQUEST, |out| {
        out.put_u8(u8::try_from(method.len()).map_err(|_| Oversize)?);
        out.put_slice(method);
        out.put_u8(version.to_wire());
        out.put_u8(u8::from(upgrade));
        put_short(out, target)?;
        put_fields(out, fields)
    })
}

/// Appends the head of a response. Field names are written in lower case.
///
/// # Errors
/// If it does not fit a frame; `out` is then as it was.
pub fn put_response<'a>(
    out: &mut BytesMut,
    status: u16,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<(), Oversize> {
    framed(out, tag::RESPONSE, |out| {
        out.put_u16(status);
        put_fields(out, fields)
    })
}

/// Appends content; nothing for no bytes.
pub fn put_data(out: &mut BytesMut, content: &[u8]) {
    for piece in content.chunks(MAX_DATA) {
        out.reserve(5 + piece.len());
        out.put_slice(&data_header(piece.len()));
        out.put_slice(piece);
    }
}

/// What stands before `len` bytes of content (at most [`MAX_DATA`]), for callers that place the content themselves.
#[must_use]
pub fn data_header(len: usize) -> [u8; 5] {
    let [a, b, c, d] = u32::try_from(len.min(MAX_DATA)).unwrap_or(0).to_be_bytes();
    [tag::DATA, a, b, c, d]
}

/// Appends the good end of a direction.
///
/// # Errors
/// If the trailers do not fit a frame; `out` is then as it was.
pub fn put_end<'a>(out: &mut BytesMut, trailers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<(), Oversize> {
    framed(out, tag::END, |out| put_fields(out, trailers))
}

/// Appends the early end of a direction. A long message is cut.
pub fn put_abort(out: &mut BytesMut, code: &str, message: &str) {
    let cut = |text: &str, most: usize| -> usize {
        (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let (code_len, message_len) = (cut(code, 64), cut(message, 1024));
    out.put_u8(tag::ABORT);
    out.put_u32(u32::try_from(4 + code_len + message_len).unwrap_or(0));
    for (text, len) in [(code, code_len), (message, message_len)] {
        out.put_u16(u16::try_from(len).unwrap_or(0));
        out.put_slice(text.as_bytes().get(..len).unwrap_or_default());
    }
}

fn framed(
    out: &mut BytesMut,
    tag: u8,
    write: impl FnOnce(&mut BytesMut) -> Result<(), Oversize>,
) -> Result<(), Oversize> {
    let start = out.len();
    out.put_u8(tag);
    out.put_u32(0);
    let body = out.len();
    let written = write(out).and_then(|()| {
        let len = out.len() - body;
        if len > MAX_HEAD { Err(Oversize) } else { u32::try_from(len).map_err(|_| Oversize) }
    });
    match (written, out.get_mut(start + 1..body)) {
        (Ok(len), Some(place)) => {
            place.copy_from_slice(&len.to_be_bytes());
            Ok(())
        }
        _ => {
            out.truncate(start);
            Err(Oversize)
        }
    }
}

fn put_fields<'a>(out: &mut BytesMut, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<(), Oversize> {
    let at = out.len();
    out.put_u16(0);
    let mut count: u16 = 0;
    for (name, value) in fields {
        count += 1;
        if usize::from(count) > MAX_FIELDS {
            return Err(Oversize);
        }
        put_short(out, name)?;
        let end = out.len();
        if let Some(written) = out.get_mut(end - name.len()..) {
            written.make_ascii_lowercase();
        }
        put_short(out, value)?;
    }
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&count.to_be_bytes());
    }
    Ok(())
}

fn put_short(out: &mut BytesMut, bytes: &[u8]) -> Result<(), Oversize> {
    out.reserve(2 + bytes.len());
    out.put_u16(u16::try_from(bytes.len()).map_err(|_| Oversize)?);
    out.put_slice(bytes);
    Ok(())
}
