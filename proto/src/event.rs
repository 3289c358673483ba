//! The session's events and their encoding.
//!
//! A *record* is one encoded [`Event`]. Records are chained by `ledger::chain` over their very bytes, so nobody ever
//! re-encodes a record: it is written, shipped, stored and exported as it is.

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod generated {
    tonic::include_proto!("sallyport.event.v1");
}

pub use generated::{
    Closed, Completed, Data, Event, Field, Incident, Masked, Opened, Refused, Released, Request, Resized, Stream,
    Truncated, event::Kind,
};
use prost::Message as _;

/// The bytes of one record.
#[must_use]
pub fn encode(event: &Event) -> Vec<u8> {
    event.encode_to_vec()
}

/// Reads one record.
///
/// # Errors
/// If the bytes are no event.
pub fn decode(record: &[u8]) -> Result<Event, prost::DecodeError> {
    Event::decode(record)
}
