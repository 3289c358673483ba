//! `sallyport mask`: the agent's masking at the command line, to filter a stream and to see why something is masked.

mod apply;
mod explain;
mod propose;

use std::io::Read as _;

use anyhow::Context as _;
use clap::{Args as ClapArgs, Subcommand};
use masking::{Detector, Label, Masker, Options};

use crate::output::{self, Format};

/// `sallyport mask`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Filter standard input to standard output, line by line: what any detector finds becomes stars.
    Apply(Detectors),
    /// Say what is found in a text, or in standard input, and why.
    Test(Test),
    /// Look at a database's tables and propose which columns to mark. Runs on the agent's machine, with the agent's configuration.
    Propose(propose::Args),
}

/// What is looked for.
#[derive(Debug, ClapArgs)]
struct Detectors {
    /// A label, or a detector as JSON such as `{"name": "employee-id", "pattern": "EMP-\\d{6}"}`; repeatable. All labels when absent.
    #[arg(long = "detector", value_name = "LABEL|JSON")]
    detectors: Vec<Detector>,
}

impl Detectors {
    fn masker(&self) -> anyhow::Result<Masker> {
        let all = || Label::ALL.map(Detector::Label).to_vec();
        let detectors = if self.detectors.is_empty() { all() } else { self.detectors.clone() };
        Ok(Masker::compile(&detectors, Options::default())?)
    }
}

#[derive(Debug, ClapArgs)]
struct Test {
    /// The text; standard input when absent.
    text: Option<String>,
    #[command(flatten)]
    detectors: Detectors,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// A detector that cannot be used, or a pipe that broke.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let stdin = std::io::stdin();
    match &args.command {
        Command::Apply(detectors) => {
            let mut screen = output::Screen::new();
            let filtered = apply::filter(&detectors.masker()?, stdin.lock(), &mut screen).context("cannot filter");
            screen.forgive(filtered)
        }
        Command::Test(test) => {
            let text = match &test.text {
                Some(text) => text.clone().into_bytes(),
                None => {
                    let mut text = Vec::new();
                    stdin.lock().read_to_end(&mut text).context("cannot read standard input")?;
                    text
                }
            };
            let found = serde_json::to_value(explain::explain(&test.detectors.masker()?, &text))?;
            output::list(test.format, &found, &["label", "detector", "start", "end", "why", "value"])
        }
        Command::Propose(args) => propose::run(args),
    }
}
