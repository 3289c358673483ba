//! Codecs and state machines of the proxied protocols, without I/O: no tokio, no clock, no random source (they are
//! arguments). `pg`, `ssh` and `http` never import each other.

pub mod http;
pub mod pg;
pub mod ssh;
