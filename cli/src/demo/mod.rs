//! The demo: real targets, a development identity provider, a gateway and an agent, from one command.
//!
//! Everything here is also what the end-to-end tests start, so that what they prove is what the demo shows.

pub mod control;
mod files;
pub mod idp;
pub mod manifest;
mod parts;
mod paste;
pub mod people;
pub mod ports;
pub mod process;
mod run;
pub mod server;
pub mod shop;
pub mod site;
pub mod targets;

pub use self::{
    run::{Options, run},
    site::{Plan, Site},
};

/// A new secret: 256 random bits in hex.
#[must_use]
pub fn token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}
