//! Frames: a tag byte, a length word that counts itself, a body (message formats, section 55.7 of the PostgreSQL 18
//! documentation). A header is checked against the limit of its tag before a byte of the body is kept.

use super::Malformed;

/// Bytes of tag and length word.
pub const HEADER: usize = 5;

/// The longest body that PostgreSQL itself takes or sends (its allocation limit, less one).
pub const LARGE: usize = 0x3fff_fffe;

/// The longest body of a message that carries no data (`PQ_SMALL_MESSAGE_LIMIT`).
pub const SMALL: usize = 10_000;

/// Tags that clients send.
#[allow(missing_docs)]
pub mod front {
    pub const BIND: u8 = b'B';
    pub const CLOSE: u8 = b'C';
    pub const COPY_DATA: u8 = b'd';
    pub const COPY_DONE: u8 = b'c';
    pub const COPY_FAIL: u8 = b'f';
    pub const DESCRIBE: u8 = b'D';
    pub const EXECUTE: u8 = b'E';
    pub const FLUSH: u8 = b'H';
    pub const FUNCTION_CALL: u8 = b'F';
    pub const PARSE: u8 = b'P';
    pub const PASSWORD: u8 = b'p';
    pub const QUERY: u8 = b'Q';
    pub const SYNC: u8 = b'S';
    pub const TERMINATE: u8 = b'X';
}

/// Tags that servers send.
#[allow(missing_docs)]
pub mod back {
    pub const AUTHENTICATION: u8 = b'R';
    pub const BACKEND_KEY: u8 = b'K';
    pub const BIND_COMPLETE: u8 = b'2';
    pub const CLOSE_COMPLETE: u8 = b'3';
    pub const COMMAND_COMPLETE: u8 = b'C';
    pub const COPY_BOTH: u8 = b'W';
    pub const COPY_DATA: u8 = b'd';
    pub const COPY_DONE: u8 = b'c';
    pub const COPY_IN: u8 = b'G';
    pub const COPY_OUT: u8 = b'H';
    pub const DATA_ROW: u8 = b'D';
    pub const EMPTY_QUERY: u8 = b'I';
    pub const ERROR: u8 = b'E';
    pub const FUNCTION_RESULT: u8 = b'V';
    pub const NEGOTIATE: u8 = b'v';
    pub const NOTICE: u8 = b'N';
    pub const NOTIFICATION: u8 = b'A';
    pub const NO_DATA: u8 = b'n';
    pub const PARAMETERS: u8 = b't';
    pub const PARAMETER_STATUS: u8 = b'S';
    pub const PARSE_COMPLETE: u8 = b'1';
    pub const READY: u8 = b'Z';
    pub const ROW_DESCRIPTION: u8 = b'T';
    pub const SUSPENDED: u8 = b's';
}

/// Who sends the frames; each side has its own tags and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Frames from a client.
    Front,
    /// Frames from a server.
    Back,
}

/// A frame's tag and the length of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The message type.
    pub tag: u8,
    /// Bytes after the length word.
    pub body: usize,
}

impl Header {
    /// Bytes of the whole frame.
    #[must_use]
    pub fn frame(self) -> usize {
        HEADER + self.body
    }
}

/// The header at the front of `bytes`; `None` while it is incomplete. A wrong tag is told from its first byte.
///
/// # Errors
/// If the tag does not exist on that side or the length is out of its range.
#[inline]
pub fn peek(bytes: &[u8], side: Side) -> Result<Option<Header>, Malformed> {
    let Some((&tag, rest)) = bytes.split_first() else { return Ok(None) };
    let limit = limit(tag, side).ok_or(Malformed("message type"))?;
    let Some(length) = rest.first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| Malformed("message length"))?;
    let body = length.checked_sub(4).ok_or(Malformed("message length"))?;
    if body > limit {
        return Err(Malformed("message length"));
    }
    Ok(Some(Header { tag, body }))
}

#[inline]
fn limit(tag: u8, side: Side) -> Option<usize> {
    match (side, tag) {
        (Side::Back, b'D' | b'd' | b'T' | b'E' | b'N' | b'A' | b'V' | b'C' | b't' | b'S') => Some(LARGE),
        (Side::Back, b'Z') => Some(1),
        (Side::Back, b'1' | b'2' | b'3' | b'I' | b'n' | b's' | b'c') => Some(0),
        (Side::Back, b'G' | b'H' | b'W' | b'R' | b'K' | b'v') => Some(SMALL),
        (Side::Front, b'Q' | b'P' | b'B' | b'F' | b'd') => Some(LARGE),
        (Side::Front, b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f') => Some(SMALL),
        (Side::Front, b'p') => Some(65_535),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_header_is_known_only_when_it_is_whole() {
        let frame = [b'Q', 0, 0, 0, 6, b'x', 0];
        for cut in 0..HEADER {
            assert_eq!(peek(frame.get(..cut).unwrap(), Side::Front), Ok(None));
        }
        assert_eq!(peek(&frame, Side::Front), Ok(Some(Header { tag: b'Q', body: 2 })));
    }

    #[test]
    fn lengths_out_of_range_are_refused_before_anything_is_kept() {
        for length in [[0, 0, 0, 3], [0xff; 4], [0x80, 0, 0, 0], [0x40, 0, 0, 4]] {
            let frame = [b'Q', length[0], length[1], length[2], length[3]];
            assert_eq!(peek(&frame, Side::Front), Err(Malformed("message length")));
        }
        assert!(peek(&[b'S', 0, 0, 0x40, 0], Side::Front).is_err(), "a Sync carries no data");
        assert!(peek(&[b'Z', 0, 0, 0, 6], Side::Back).is_err(), "a status is one byte");
    }

    #[test]
    fn a_tag_that_does_not_exist_is_refused_at_its_first_byte() {
        assert_eq!(peek(b"G", Side::Front), Err(Malformed("message type")));
        assert_eq!(peek(b"!", Side::Back), Err(Malformed("message type")));
    }
}
