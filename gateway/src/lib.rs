//! The gateway: faces people. It authenticates callers, decides who may connect, relays the protocol's messages to the
//! agent that serves the target, and keeps the evidence. It never sees a target's credential and parses no SQL.
//!
//! ```text
//!  { listen, api }  >  { auth, session, evidence }  >  tunnel  >  store  >  config
//!    pg ssh http         identity permit recordings      agents     SQL
//! ```
//!
//! Rules: a session exists only through [`session::Sessions::open`], which consumes a [`policy::Permit`]. Every refusal
//! reaches the client in its own protocol and the audit log.

pub mod api;
pub mod auth;
pub mod config;
pub mod evidence;
pub mod listen;
mod run;
pub mod session;
pub mod store;
pub mod tunnel;

pub use run::{RunError, run};
