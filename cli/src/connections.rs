//! `sallyport connections`: what is open to you.

use anyhow::Result;

use crate::{
    client::{Connect, block_on},
    output::{self, Format},
};

/// Arguments of `connections`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Lists the connections that are open to the caller.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let client = args.connect.signed_in()?;
    output::list(args.format, &block_on(client.get("/api/v1/connections"))?, &["name", "protocol", "labels", "line"])
}
