//! Bounds what one request puts into its record. The exact request stays recognisable: `Request.bytes` and `digest` are over
//! all of it, and what is cut off here is counted and hashed.

use proto::event::{Field, Request, Stream, Truncated};
use sha2::{Digest as _, Sha256};

/// Bytes of text that are kept.
const MAX_TEXT: usize = 1 << 20;
/// Bytes of names and values that are kept, and how many of them.
const MAX_FIELDS: usize = 256 << 10;
const MAX_FIELD_COUNT: usize = 4096;

/// The request cut to size, and what was cut off, told as a truncation of no stream.
pub(super) fn bounded(mut request: Request) -> (Request, Option<Truncated>) {
    let mut bytes = 0;
    let mut hash = Sha256::new();
    let rest = cut(&mut request.text, MAX_TEXT);
    bytes += rest.len();
    hash.update(rest);
    cut(&mut request.operation, 256);
    for field in bound_fields(&mut request.fields) {
        bytes += field.name.len() + field.value.len();
        hash.update(&field.name);
        hash.update(&field.value);
    }
    let truncated = (bytes > 0).then(|| Truncated {
        stream: Stream::Unspecified.into(),
        omitted_bytes: bytes as u64,
        omitted_sha256: hash.finalize().to_vec().into(),
    });
    (request, truncated)
}

/// Cuts a list of fields to size and returns what was cut off.
pub(super) fn bound_fields(fields: &mut Vec<Field>) -> Vec<Field> {
    let mut room = MAX_FIELDS;
    let mut kept = 0;
    for field in fields.iter().take(MAX_FIELD_COUNT) {
        let Some(left) = room.checked_sub(field.name.len() + field.value.len()) else { break };
        room = left;
        kept += 1;
    }
    fields.split_off(kept)
}

/// Cuts a text at a character and returns the rest.
fn cut(text: &mut String, most: usize) -> String {
    let at = text.floor_char_boundary(most);
    text.split_off(at)
}
