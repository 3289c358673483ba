//! The command line.

use clap::{Parser, Subcommand};

use crate::{demo, serve};

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
    /// Run a whole deployment with a small shop behind it, to try things out.
    Demo(demo::Options),
}
