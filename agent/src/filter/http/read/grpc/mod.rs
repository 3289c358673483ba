//! gRPC messages by their descriptors: every text, number and byte string of a message is looked at under its field's name, and
//! fields that are marked are masked whole. What is not touched comes out byte for byte.
//!
//! ```text
//!  frames ── a message ── wire: fields ── message: texts, numbers, messages within ──> masked message, framed anew
//! ```

mod frames;
mod mark;
mod message;
mod scalar;
mod wire;

pub use self::{frames::Format, mark::Fields};
pub(in crate::filter::http) use self::{
    frames::{Frames, Unframed, is_grpc},
    message::Pass,
};

#[cfg(test)]
mod tests;
