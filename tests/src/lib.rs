//! End-to-end tests: real psql, ssh, scp, sftp, rsync, git, curl and drivers against a real gateway and agent.
//!
//! ```text
//!  scenario -> World -> { the demo's site: targets, identity provider, gateway, agent }
//!           -> Command -> real client -> Output
//! ```
//!
//! A scenario reads like a transcript. Most share one world ([`World::shared`]); those that stop, kill or break
//! something start their own ([`World::start`]).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::missing_panics_doc)]

pub mod api;
pub mod browser;
pub mod cable;
pub mod clients;
pub mod declare;
pub mod dialogue;
pub mod forms;
pub mod frames;
pub mod host;
pub mod middleman;
pub mod pki;
pub mod raw;
pub mod run;
pub mod told;
pub mod wait;
pub mod world;

pub use self::{
    dialogue::Dialogue,
    run::{Output, Run},
    told::Told,
    wait::{eventually, eventually_async},
    world::World,
};
