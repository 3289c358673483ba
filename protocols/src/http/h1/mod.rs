//! HTTP/1.1 as a server speaks it, strictly: what two readers could understand differently is refused (RFC 9112
//! section 11.2). One parse finds the head, decides how long the request is, and is what gets forwarded.

mod body;
mod fields;
mod head;
mod response;

pub use self::{
    body::{BodyReader, Piece},
    head::{HeadReader, Length, MAX_HEAD_BYTES, RequestHead},
    response::{Framing, LAST_CHUNK, chunk_header, put_response_head, put_trailers},
};

/// Why a request is refused. The connection must close after the answer: nothing after this can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The bytes are not a request line or header fields as RFC 9112 has them.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// Two statements about one thing: lengths, hosts, credentials.
    #[error("conflicting {0}")]
    Conflict(&'static str),
    /// A part above its limit.
    #[error("{0} too large")]
    TooLarge(&'static str),
    /// A method, coding or expectation that is not served.
    #[error("unsupported {0}")]
    Unsupported(&'static str),
}

#[cfg(test)]
mod tests;
