//! What a change of policy changes: which rules come, go and differ, and what each group may newly do or no longer.

use anyhow::Result;
use policy::{Difference, Engine, Looked};

use super::{
    call::{Around, labels},
    source::Source,
};
use crate::output::{self, Format};

/// Arguments of `policy diff`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Compares the files with what the gateway has.
///
/// # Errors
/// If the policies are not valid; what the gateway says.
pub(super) fn run(args: &Args) -> Result<()> {
    let (present, next) = (args.source.gateway()?, args.source.bundle()?);
    let (present, next) = (Engine::compile(present)?, Engine::compile(next)?);
    let around = Around::default().circumstances()?;
    let looked = Looked { around: &around, labels: &labels(&[]), connection: &|_, _| true };
    let Difference { rules, calls } = Difference::between(&present, &next, &looked)?;
    if args.format == Format::Json {
        return output::json(&serde_json::json!({ "rules": rules, "calls": calls }));
    }
    for (rule, change) in &rules {
        output::line(&format!("{change:<8} {rule}"));
    }
    for call in &calls {
        output::line(call);
    }
    output::line(&format!("{} rules differ, {} kinds of call are decided differently", rules.len(), calls.len()));
    Ok(())
}
