//! `sallyport apply -f FILE`: declares connections, access and detectors.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    client::{Connect, block_on},
    inline::inline,
    output::{self, Format},
};

/// Arguments of `apply`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    /// YAML or JSON; `-` reads standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Remove connections that the file does not name.
    #[arg(long)]
    prune: bool,
    /// How to print what changed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Applies a document.
///
/// # Errors
/// If the file cannot be read; what the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let client = args.connect.signed_in()?;
    let folder = args.file.parent().unwrap_or(Path::new("."));
    let text = inline(read(&args.file)?, folder)?;
    let path = format!("/api/v1/apply?dry_run={}&prune={}", args.dry_run, args.prune);
    let name = args.file.display().to_string();
    let applied = block_on(client.post_text(&path, "application/yaml", text)).context(name)?;
    if args.format == Format::Json {
        return output::json(&applied);
    }
    print(&applied, args.dry_run);
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn print(applied: &Value, dry_run: bool) {
    let changes: Vec<_> = applied.get("changes").and_then(Value::as_array).into_iter().flatten().collect();
    for change in &changes {
        let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
        let fields: Vec<_> =
            change.get("fields").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        output::line(format!("{:<7} {}  {}", text("action"), text("connection"), fields.join(", ")).trim_end());
    }
    let unchanged = applied.get("unchanged").and_then(Value::as_u64).unwrap_or_default();
    let would = if dry_run { "would change" } else { "changed" };
    output::line(&format!("{} {would}, {unchanged} as they were", changes.len()));
}
