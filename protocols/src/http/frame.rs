//! The frames of the relay form.

use std::fmt;

use bytes::Bytes;

/// Longest encoded head, trailer section or abort, in bytes.
pub const MAX_HEAD: usize = 128 * 1024;
/// Most header fields in one head or trailer section.
pub const MAX_FIELDS: usize = 256;
/// Longest data frame, in bytes. Data is handed on as it arrives, so this bounds no buffer.
pub const MAX_DATA: usize = 16 * 1024 * 1024;

/// Header fields in their order; names in lower case.
pub type Fields = Vec<(Bytes, Bytes)>;

/// One step of an exchange.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// An exchange begins.
    Request(RequestHead),
    /// The target answers.
    Response(ResponseHead),
    /// Content. One encoded frame may be handed on in pieces.
    Data(Bytes),
    /// This direction ends well, with these trailers.
    End(Fields),
    /// This direction ends early.
    Abort(Abort),
}

/// The head of a request. The agent decides on `Host`, credentials and framing, so those are not in it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// A token in upper case.
    pub method: Bytes,
    /// Path and query, checked by [`super::check_target`].
    pub target: Bytes,
    /// What the client spoke.
    pub version: Version,
    /// Whether the client asks to switch to the protocol in the `upgrade` field.
    pub upgrade: bool,
    /// Header fields.
    pub fields: Fields,
}

/// The head of a response.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// 101 or 200 to 999.
    pub status: u16,
    /// Header fields.
    pub fields: Fields,
}

/// Why a direction ended early.
#[derive(Clone, PartialEq, Eq)]
pub struct Abort {
    /// A stable code.
    pub code: String,
    /// One sentence for the client.
    pub message: String,
}

/// The HTTP version that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    pub(super) fn to_wire(self) -> u8 {
        match self {
            Self::Http10 => 10,
            Self::Http11 => 11,
            Self::Http2 => 20,
        }
    }

    pub(super) fn from_wire(byte: u8) -> Option<Self> {
        match byte {
            10 => Some(Self::Http10),
            11 => Some(Self::Http11),
            20 => Some(Self::Http2),
            _ => None,
        }
    }
}

pub(super) mod tag {
    pub(crate) const REQUEST: u8 = 1;
    pub(crate) const RESPONSE: u8 = 2;
    pub(crate) const DATA: u8 = 3;
    pub(crate) const END: u8 = 4;
    pub(crate) const ABORT: u8 = 5;
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(head) => write!(f, "Request({} fields)", head.fields.len()),
            Self::Response(head) => write!(f, "Response({}, {} fields)", head.status, head.fields.len()),
            Self::Data(bytes) => write!(f, "Data({} bytes)", bytes.len()),
            Self::End(trailers) => write!(f, "End({} trailers)", trailers.len()),
            Self::Abort(abort) => write!(f, "Abort({})", abort.code),
        }
    }
}
