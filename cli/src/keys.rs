//! `sallyport keys`: your SSH public keys.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::{
    client::{Connect, block_on, segment},
    output::{self, Format},
};

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List your keys.
    List {
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Register a key.
    Add {
        /// The public key: a `.pub` file.
        file: PathBuf,
        /// What to call it; the key's comment when absent.
        #[arg(long)]
        name: Option<String>,
    },
    /// Delete a key; sessions that it opened end.
    Remove {
        /// Its id.
        id: String,
    },
}

/// Lists, registers or deletes keys.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let client = args.connect.signed_in()?;
    match args.action {
        Action::List { format } => {
            let keys = block_on(client.get("/api/v1/ssh-keys"))?;
            output::list(format, &keys, &["id", "name", "fingerprint", "created"])
        }
        Action::Add { file, name } => {
            let line = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            anyhow::ensure!(!line.contains("PRIVATE KEY"), "{} is a private key; give the .pub file", file.display());
            let key = block_on(client.post("/api/v1/ssh-keys", &json!({ "public_key": line.trim(), "name": name })))?;
            output::list(Format::Text, &json!([key]), &["id", "name", "fingerprint"])
        }
        Action::Remove { id } => block_on(client.delete(&format!("/api/v1/ssh-keys/{}", segment(&id)))),
    }
}
