//! Test cases beside policies: `shop.test.yaml` says who does what where, and what must come of it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use policy::Engine;
use serde::Deserialize;

use super::{
    call::{Around, What, Who, connects},
    http::Unjudged,
    read,
    source::Source,
};
use crate::output;

/// Arguments of `policy test`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// YAML files with cases.
    #[arg(required = true, value_name = "CASES")]
    cases: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    caller: Who,
    #[serde(default)]
    around: Around,
    connection: String,
    #[serde(flatten)]
    what: What,
    expect: Expect,
    /// The policy that must be among those that determine it.
    #[serde(default)]
    rule: Option<String>,
    /// Labels that must be revealed; all others must not.
    #[serde(default)]
    reveals: Option<Vec<String>>,
    /// Labels whose values the target must get as they are in marked parameters; and no others.
    #[serde(default)]
    sends: Option<Vec<String>>,
}

/// What must come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Forward,
    Hold,
    Refuse,
    /// The caller may connect.
    Connect,
    /// The caller may not connect.
    Reject,
}

/// Runs the cases.
///
/// # Errors
/// If any case fails.
pub(super) fn run(args: &Args) -> Result<()> {
    let engine = Engine::compile(args.source.bundle()?)?;
    let (mut passed, mut failed) = (0, 0);
    for file in &args.cases {
        let name = file.display().to_string();
        let cases: File = serde_yaml_ng::from_str(&read(file)?).with_context(|| name.clone())?;
        for case in cases.cases {
            match case.run(&engine, &args.source).with_context(|| format!("{name}: {}", case.name))? {
                None => passed += 1,
                Some(why) => {
                    failed += 1;
                    output::line(&format!("FAILED  {}: {why}", case.name));
                }
            }
        }
    }
    output::line(&format!("{passed} passed, {failed} failed"));
    if failed > 0 {
        bail!("{failed} cases failed");
    }
    Ok(())
}

impl Case {
    /// What is wrong, if something is.
    fn run(&self, engine: &Engine, source: &Source) -> Result<Option<String>> {
        if matches!(self.expect, Expect::Connect | Expect::Reject) {
            let may = connects(engine, &self.caller, &self.around, &self.connection)?;
            let wrong = may != (self.expect == Expect::Connect);
            return Ok(wrong.then(|| format!("the caller may{} connect", if may { "" } else { " not" })));
        }
        let tried = match self.what.try_out(engine, &self.caller, &self.around, source, &self.connection) {
            Err(why) if why.is::<Unjudged>() => {
                let wrong = self.expect != Expect::Refuse || self.rule.is_some();
                return Ok(wrong.then(|| why.to_string()));
            }
            tried => tried?,
        };
        let verdict = tried.verdict;
        let expected = match self.expect {
            Expect::Hold => policy::Outcome::Hold,
            Expect::Refuse => policy::Outcome::Refuse,
            _ => policy::Outcome::Forward,
        };
        if verdict.outcome != expected {
            let rules = verdict.rules.join(", ");
            let message = verdict.message();
            return Ok(Some(format!("expected {}, got: {message} [{rules}]", expected.as_str())));
        }
        if let Some(rule) = self.rule.as_ref().filter(|rule| !verdict.rules.contains(rule)) {
            return Ok(Some(format!("not by {rule}, but by {}", verdict.rules.join(", "))));
        }
        if self.reveals.as_ref().is_some_and(|labels| *labels != verdict.revealed) {
            return Ok(Some(format!("reveals {:?}", verdict.revealed)));
        }
        let sends = self.sends.as_ref().filter(|labels| **labels != tried.sends);
        Ok(sends.map(|_| format!("sends {:?}", tried.sends)))
    }
}
