//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    agents, apply, connections, demo, export, guarantee, keys, login, mask, policies, serve, sessions, ticket,
};

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
    /// Sign in with a browser, on this host or another.
    Login(login::Args),
    /// List, show and replay sessions.
    Sessions(sessions::Args),
    /// Sign out.
    Logout(login::Args),
    /// List the connections that are open to you.
    Connections(connections::Args),
    /// Mint a ticket: a short-lived password for native clients.
    Ticket(ticket::Args),
    /// List and revoke your tickets.
    Tickets(ticket::ManyArgs),
    /// List, add and remove your SSH public keys.
    Keys(keys::Args),
    /// List agents, let one join, or remove one.
    Agents(agents::Args),
    /// Declare connections, access and detectors.
    Apply(apply::Args),
    /// Print the document that describes what the gateway has.
    Export(export::Args),
    /// Validate, test, explain and compare policies.
    Policy(Box<policies::Args>),
    /// Make a database keep marked columns from a connection's login, and prove it.
    Guarantee(guarantee::Args),
    /// Mask a stream, or say what would be masked and why.
    Mask(mask::Args),
}
