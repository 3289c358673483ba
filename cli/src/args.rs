//! The command line.

use clap::{Parser, Subcommand};

use crate::serve;

/// An access gateway: one enforcement point in front of databases, hosts and APIs.
#[derive(Debug, Parser)]
#[command(name = "sallyport", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway.
    Gateway(serve::Args),
    /// Run an agent.
    Agent(serve::Args),
}
