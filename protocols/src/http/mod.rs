//! HTTP without I/O: the relay form between gateway and agent, a strict HTTP/1.1 reader, and the rules about which
//! header fields and paths may pass. RFC 9110 (semantics), RFC 9112 (HTTP/1.1).
//!
//! A lane carries one exchange at a time; both directions run at once:
//!
//! ```text
//!  gateway                                   agent
//!     | --- Request  Data*  End|Abort -------> |
//!     | <-- Response Data*  End|Abort -------- |
//! ```
//!
//! The agent ends every exchange with exactly one `End` or `Abort`; `Abort` without a `Response` says why it was refused.
//! The gateway ends its direction with `End` or `Abort`, and may still send `Abort` after its `End` to cancel what runs.
//! When both directions have ended, the gateway may begin the next exchange; an `Abort` between exchanges is ignored, because
//! it crossed the answer's end. After a `Response` of 101 the `Data` of both directions are the raw bytes of the protocol
//! that was switched to.

mod decode;
mod encode;
mod frame;
pub mod h1;
mod names;
mod target;

pub use self::{
    decode::{Decoder, RelayError},
    encode::{Oversize, data_header, put_abort, put_data, put_end, put_request, put_response},
    frame::{Abort, Fields, Frame, MAX_DATA, MAX_FIELDS, MAX_HEAD, RequestHead, ResponseHead, Version},
    names::{claims_identity, is_hop_by_hop, is_method, is_token, is_trailer_forbidden, is_value},
    target::{TargetError, check_target},
};

#[cfg(test)]
mod tests;
