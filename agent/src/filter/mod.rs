//! What happens to each message: inspected, masked, refused or forwarded. Pure: no async, no I/O, no clock.

pub(in crate::filter) mod content;
#[cfg(test)]
pub(crate) mod fault;
pub mod guard;
pub mod http;
mod known;
pub mod masked;
pub mod pg;
pub mod ssh;
