//! The PostgreSQL frontend/backend protocol, version 3.0 and 3.2 (PostgreSQL documentation, chapter "Frontend/Backend
//! Protocol"), as machines without I/O.
//!
//! ```text
//!  client --startup, accept--> [ gateway ] ==== frames ==== [ agent ] --login--> target
//!                                 boundary                   exchange, row, walk
//! ```
//!
//! Rules: a length is checked before anything is kept; a frame larger than a buffer is walked in pieces; a nonce, a
//! certificate and a key are arguments; `Debug` shows tags and lengths, never content.

pub mod accept;
pub mod ask;
pub mod boundary;
pub mod encode;
pub mod exchange;
pub mod frame;
pub mod login;
pub mod report;
pub mod row;
pub mod scram;
pub mod startup;
pub mod walk;

/// The bytes are not the protocol. The text names the part, never its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {0}")]
pub struct Malformed(pub &'static str);

/// Takes a NUL-terminated string off the front.
pub(crate) fn cstring(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}
