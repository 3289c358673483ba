//! The agent: faces targets. It dials out to the gateway, holds the targets' credentials, enforces the decision on every
//! message and records. It has no listener and never decides who may do what.
//!
//! ```text
//!  tunnel  >  session  >  { target, filter, record }  >  { vault, config }
//!    dial       one          speak pg/ssh/http, inspect,      credentials, settings
//!    enrol     session       spool
//! ```
//!
//! Rules: `filter` is pure (no async, no I/O). A credential never leaves this process except to its target. A request
//! is in the spool before the target sees it. Whatever cannot be decided, masked or recorded ends the session.

pub mod config;
pub mod filter;
pub mod record;
pub mod session;
pub mod target;
pub mod tunnel;
pub mod vault;
