//! The content of a request: so many bytes, or chunks (RFC 9112 section 7.1). Chunk extensions are read and dropped.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{
    Rejection,
    fields::{field, line},
    head::Length,
};
use crate::http::{Fields, is_trailer_forbidden, is_value};

/// Longest line of a chunk's size and extensions.
const MAX_SIZE_LINE: usize = 256;
/// Longest trailer section.
const MAX_TRAILERS: usize = 16 * 1024;
/// Most trailer fields.
const MAX_TRAILER_FIELDS: usize = 64;
/// Smallest mean size of chunks once there are many: a body of one-byte chunks costs more than it brings.
const MANY_CHUNKS: u64 = 100_000;

/// Takes the content of one request out of a buffer.
#[derive(Debug)]
pub struct BodyReader {
    state: State,
    chunks: u64,
    bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Exact(u64),
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    Done,
}

/// A piece of content.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of the content.
    Data(Bytes),
    /// The content is complete; these are its trailers. Fields that must not be trailers are left out.
    End(Fields),
}

impl BodyReader {
    /// A reader of content of this length.
    #[must_use]
    pub fn new(length: Length) -> Self {
        let state = match length {
            Length::Exact(length) => State::Exact(length),
            Length::Chunked => State::Size,
        };
        Self { state, chunks: 0, bytes: 0 }
    }

    /// Whether all content was taken, end included.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The next piece; `None` when more bytes are needed, and after the end.
    ///
    /// # Errors
    /// If the chunks are malformed.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, Rejection> {
        loop {
            match self.state {
                State::Done => return Ok(None),
                State::Exact(0) => return Ok(Some(self.end(Fields::new()))),
                State::Exact(left) => {
                    let Some(data) = take(buffer, left) else { return Ok(None) };
                    self.state = State::Exact(left - data.len() as u64);
                    return Ok(Some(Piece::Data(data)));
                }
                State::Size => {
                    let Some(size) = self.size(buffer)? else { return Ok(None) };
                    self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
                }
                State::Chunk(left) => {
                    let Some(data) = take(buffer, left) else { return Ok(None) };
                    let left = left - data.len() as u64;
                    self.bytes += data.len() as u64;
                    self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                    return Ok(Some(Piece::Data(data)));
                }
                State::ChunkEnd => match **buffer {
                    [b'\r', b'\n', ..] => {
                        buffer.advance(2);
                        self.state = State::Size;
                    }
                    [] | [b'\r'] => return Ok(None),
                    _ => return Err(Rejection::Malformed("chunk")),
                },
                State::Trailers => {
                    let Some(trailers) = trailers(buffer)? else { return Ok(None) };
                    return Ok(Some(self.end(trailers)));
                }
            }
        }
    }

    fn end(&mut self, trailers: Fields) -> Piece {
        self.state = State::Done;
        Piece::End(trailers)
    }

    fn size(&mut self, buffer: &mut BytesMut) -> Result<Option<u64>, Rejection> {
        // A wrong first byte is told at once, not when its line ends.
        if buffer.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
            return Err(Rejection::Malformed("chunk size"));
        }
        let shown = buffer.get(..MAX_SIZE_LINE.min(buffer.len())).unwrap_or_default();
        let Some((text, next)) = line(shown, 0)? else {
            return if buffer.len() >= MAX_SIZE_LINE { Err(Rejection::TooLarge("chunk size")) } else { Ok(None) };
        };
        let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (number, extension) = text.split_at_checked(digits).unwrap_or_default();
        let extension_fits = extension.is_empty() || (extension.starts_with(b";") && is_value(extension));
        if number.is_empty() || number.len() > 15 || !extension_fits {
            return Err(Rejection::Malformed("chunk size"));
        }
        let size =
            number.iter().fold(0, |sum, digit| sum * 16 + u64::from(char::from(*digit).to_digit(16).unwrap_or(0)));
        buffer.advance(next);
        self.chunks += 1;
        if self.chunks > MANY_CHUNKS && self.bytes / self.chunks < 4 {
            return Err(Rejection::TooLarge("number of chunks"));
        }
        Ok(Some(size))
    }
}

fn take(buffer: &mut BytesMut, left: u64) -> Option<Bytes> {
    if buffer.is_empty() {
        return None;
    }
    let len = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
    Some(buffer.split_to(len).freeze())
}

fn trailers(buffer: &mut BytesMut) -> Result<Option<Fields>, Rejection> {
    let mut fields = Fields::new();
    let mut at = 0;
    while let Some((text, next)) = line(buffer, at)? {
        at = next;
        if text.is_empty() {
            buffer.advance(at);
            return Ok(Some(fields));
        }
        if fields.len() == MAX_TRAILER_FIELDS || at > MAX_TRAILERS {
            return Err(Rejection::TooLarge("trailers"));
        }
        let (name, value) = field(text)?;
        let name = name.to_ascii_lowercase();
        if !is_trailer_forbidden(&name) {
            fields.push((name.into(), Bytes::copy_from_slice(value)));
        }
    }
    if buffer.len() > MAX_TRAILERS { Err(Rejection::TooLarge("trailers")) } else { Ok(None) }
}
