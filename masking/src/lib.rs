//! Finds sensitive values in bytes and masks them in place: labels, detectors, transforms, streams. Pure: no I/O, no clock.
//!
//! ```text
//!  bytes ── trigger scan ──> candidate ──> detector (card ssn email phone iban secret) ──> hit ──> mask
//!            one pass         bounded        checksum, shape, context                       same length
//! ```
//!
//! Rules that hold everywhere in this crate:
//!
//! - A mask has the length of what it replaces, so frames, lengths, columns and containers stay valid.
//! - Whether a byte is masked depends on a bounded neighbourhood of the raw text, so any split of a stream gives the same output.
//! - Work is linear in the input; what is held back is bounded; a clean value costs no allocation.
//! - A mask matches no detector, unless a label's transform is a token or a constant that keeps its form.

mod beads;
mod brief;
mod custom;
mod detect;
mod dump;
mod folded;
mod glance;
mod hit;
mod items;
mod label;
mod lanes;
mod layer;
mod likeness;
mod mask;
mod masked;
mod more;
mod open;
mod packed;
mod plain;
mod propose;
mod runs;
mod scan;
mod sieve;
mod spelt;
mod stars;
mod stream;
mod surface;
mod syntax;
mod tally;
mod token;
mod transform;
mod unit;
mod window;
mod wrapped;
mod zip;

pub use custom::{Custom, Detector, DetectorError, Validator};
pub use hit::Hit;
pub use label::{Label, UnknownLabel};
pub use mask::{Masker, Options};
pub use masked::{Masked, Uninspected};
pub use propose::{Evidence, Kind, Proposal, propose};
pub use runs::TextRuns;
pub use stream::StreamMasker;
pub use syntax::Syntax;
pub use tally::{Count, Tally};
pub use token::TokenKey;
pub use transform::{Transform, Transforms};
pub use zip::{UnreadZip, Unzip, ZipPart};
