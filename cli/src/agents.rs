//! `sallyport agents`: for administrators.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    client::{Connect, block_on, segment},
    output::{self, Format},
};

/// Arguments of `agents`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List agents.
    List {
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print a token with which an agent of that name may join within 15 minutes, once.
    Join {
        /// The agent's name.
        name: String,
    },
    /// Remove an agent: it is cut off at once.
    Remove {
        /// The agent's name.
        name: String,
    },
}

/// Lists agents, lets one join, or removes one.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let client = args.connect.signed_in()?;
    match args.action {
        Action::List { format } => {
            let agents = block_on(client.get("/api/v1/agents"))?;
            output::list(format, &agents, &["name", "connected", "locked", "last_seen", "certificate_expires"])
        }
        Action::Join { name } => {
            let token = block_on(client.post(&format!("/api/v1/agents/{}/join-tokens", segment(&name)), &json!({})))?;
            output::line(token.get("token").and_then(Value::as_str).context("the gateway sent no token")?);
            Ok(())
        }
        Action::Remove { name } => block_on(client.delete(&format!("/api/v1/agents/{}", segment(&name)))),
    }
}
