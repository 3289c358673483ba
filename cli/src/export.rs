//! `sallyport export`: the document that describes what the gateway has; `sallyport apply` of it changes nothing.

use std::io::Write as _;

use anyhow::Result;

use crate::{
    client::{Connect, block_on},
    output::Screen,
};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    /// How to write it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How to write the document.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Yaml,
    Json,
}

/// Prints the document.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let accept = match args.format {
        Format::Yaml => "application/yaml",
        Format::Json => "application/json",
    };
    let client = args.connect.signed_in()?;
    let text = block_on(client.get_raw("/api/v1/export", accept))?;
    let mut screen = Screen::new();
    let printed = screen.write_all(&text).and_then(|()| screen.flush());
    screen.forgive(printed.map_err(Into::into))
}
