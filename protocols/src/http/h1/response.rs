//! Writes responses: the head, and content with a length, in chunks, or until the connection closes.

use bytes::{BufMut as _, BytesMut};
use http::StatusCode;

/// How the end of a response's content is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none: HEAD, 204, 304, 101.
    None,
    /// A `Content-Length` of so many bytes stands among the fields.
    Length(u64),
    /// Chunks.
    Chunked,
    /// The connection closes; HTTP/1.0 clients know nothing else.
    Close,
}

/// What ends chunked content that has no trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends a response head. `fields` must be checked names and values without framing fields other than `content-length`.
/// The reason phrase is ours: a target's own never passes.
pub fn put_response_head<'a>(
    out: &mut BytesMut,
    status: u16,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    framing: Framing,
    keep_alive: bool,
) {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    out.reserve(512);
    out.put_slice(b"HTTP/1.1 ");
    put_decimal(out, u64::from(status));
    out.put_u8(b' ');
    out.put_slice(reason.as_bytes());
    out.put_slice(b"\r\n");
    for (name, value) in fields {
        put_field(out, name, value);
    }
    match framing {
        Framing::Chunked => out.put_slice(b"transfer-encoding: chunked\r\n"),
        Framing::None | Framing::Length(_) | Framing::Close => {}
    }
    if status == 101 {
        out.put_slice(b"connection: upgrade\r\n");
    } else if !keep_alive {
        out.put_slice(b"connection: close\r\n");
    }
    out.put_slice(b"\r\n");
}

/// Appends what stands before a chunk of `len` bytes. After it comes CR LF.
pub fn chunk_header(out: &mut BytesMut, len: usize) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.put_u8(HEX.get((len >> (digit * 4)) & 15).copied().unwrap_or(b'0'));
    }
    out.put_slice(b"\r\n");
}

/// Appends the last chunk with trailers.
pub fn put_trailers<'a>(out: &mut BytesMut, trailers: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
    out.put_slice(b"0\r\n");
    for (name, value) in trailers {
        put_field(out, name, value);
    }
    out.put_slice(b"\r\n");
}

fn put_field(out: &mut BytesMut, name: &[u8], value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.put_slice(name);
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_slice(b"\r\n");
}

fn put_decimal(out: &mut BytesMut, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.put_slice(digits.get(digits.len() - used..).unwrap_or_default());
}
