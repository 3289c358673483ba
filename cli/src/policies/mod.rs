//! `sallyport policy`: validate policies, try them, explain a decision, see what a change would change.

mod call;
mod cases;
mod diff;
mod explain;
mod http;
mod recorded;
mod replay;
mod shown;
mod source;

use std::path::Path;

use anyhow::{Result, bail};
use clap::Subcommand;
use policy::{CompileError, Engine};

use self::source::Source;
use crate::output::{self, Format};

/// `sallyport policy ...`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validate policy files: `.cedar` files, or the YAML that `apply` takes.
    Check(Check),
    /// Run the test cases that stand beside policies.
    Test(cases::Args),
    /// Say why a call would be forwarded, held or refused, and what is masked.
    Explain(Box<explain::Args>),
    /// Show what a change of policy changes: rules, and what callers may do.
    Diff(diff::Args),
    /// Run policies over what was recorded: what would be newly refused, held, masked or open.
    Replay(replay::Args),
    /// Print policies as plain sentences.
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    source: Source,
    /// How to print problems.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    source: Source,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a subcommand.
///
/// # Errors
/// What is wrong with the policies or cases; what the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.command {
        Command::Check(args) => check(&args),
        Command::Test(args) => cases::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Show(args) => show(&args),
    }
}

fn check(args: &Check) -> Result<()> {
    let bundle = args.source.bundle()?;
    let documents = bundle.documents.len();
    let problems = match Engine::compile(bundle) {
        Ok(engine) => {
            if args.format == Format::Json {
                return output::json(&serde_json::json!([]));
            }
            let rules = engine.sentences().len();
            output::line(&format!("{rules} policies in {documents} documents are valid"));
            return Ok(());
        }
        Err(CompileError::Documents(problems)) => problems,
        Err(error) => bail!(error),
    };
    if args.format == Format::Json {
        output::json(&serde_json::to_value(&problems)?)?;
    } else {
        problems.iter().for_each(|problem| output::line(&problem.to_string()));
    }
    bail!("{} problems", problems.len())
}

fn show(args: &Show) -> Result<()> {
    let engine = Engine::compile(args.source.bundle()?)?;
    let sentences = engine.sentences();
    if args.format == Format::Json {
        let rows = sentences.iter().map(|sentence| {
            serde_json::json!({ "document": sentence.document, "rule": sentence.rule, "text": sentence.text })
        });
        return output::json(&serde_json::Value::Array(rows.collect()));
    }
    for sentence in sentences {
        output::line(&format!("{}: {}", sentence.rule, sentence.text));
    }
    Ok(())
}

/// Reads a file, with its name in the error.
fn read(file: &Path) -> Result<String> {
    use anyhow::Context as _;
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
