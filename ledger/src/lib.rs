//! What makes the record of a session tamper-evident. Pure: bytes in, a verdict out.
//!
//! ```text
//!  record 1      record 2          record 3
//!  prev = 0  <-- prev = link(1) <-- prev = link(2)      head = link(3), kept elsewhere
//! ```
//!
//! Rules: hashes are taken over the very bytes that are stored, never over a re-encoding; every hash has a domain label and
//! a length, so that no two kinds of input can be taken for one another.

pub mod chain;
