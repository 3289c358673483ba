//! How connections are read and written: an idle one holds no buffer, a busy one moves large pieces.
//!
//! ```text
//!  socket -> Scoop -> whoever takes bytes as they come (PostgreSQL and HTTP clients, PostgreSQL targets)
//!  socket -> Ahead -> a library that asks for a few bytes at a time (TLS, SSH)
//!  HTTP/2 -> Gathered -> TLS    a frame's head and its content in one record
//! ```

mod ahead;
mod gathered;
mod scoop;

pub use self::{ahead::Ahead, gathered::Gathered, scoop::Scoop};
