//! What a change of policy changes: which rules come, go and differ, and what each group may newly do or no longer.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use policy::{Effect, Engine, Facts, Function, bundle::builtin};

use super::{
    call::{Around, Who, decide},
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
    let rules = rules(&present, &next);
    let calls = calls(&present, &next)?;
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

/// Rules that differ, and how.
fn rules(present: &Engine, next: &Engine) -> BTreeMap<String, &'static str> {
    let texts = |engine: &Engine| -> BTreeMap<String, String> {
        engine.sentences().into_iter().map(|sentence| (sentence.rule, sentence.source)).collect()
    };
    let (old, new) = (texts(present), texts(next));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changes = names.into_iter().filter_map(|name| match (old.get(name), new.get(name)) {
        (None, Some(_)) => Some((name.clone(), "added")),
        (Some(_), None) => Some((name.clone(), "removed")),
        (Some(before), Some(after)) if before != after => Some((name.clone(), "changed")),
        _ => None,
    });
    changes.collect()
}

/// Every group on every connection that names it, with each function in its plainest and its most dangerous form.
fn calls(present: &Engine, next: &Engine) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for (name, connection) in &next.bundle().connections {
        if !present.bundle().connections.contains_key(name) {
            continue;
        }
        let described = connection.functions.iter().map(|function| function.name.as_str());
        let functions: BTreeSet<&str> = described.chain(builtin(&connection.protocol).iter().copied()).collect();
        for group in &connection.access {
            let who = Who { subject: "somebody".into(), groups: vec![group.clone()], ..Who::default() };
            for function in &functions {
                for (form, facts) in forms(function) {
                    let around = Around::default();
                    let before = decide(present, &who, &around, name, &facts)?;
                    let after = decide(next, &who, &around, name, &facts)?;
                    if before.outcome != after.outcome || before.revealed != after.revealed {
                        let (old, new) = (before.outcome.as_str(), after.outcome.as_str());
                        changed.push(format!("{group}: {name}/{function} {form}: {old} -> {new} [{}]", after.rule()));
                    }
                }
            }
        }
    }
    Ok(changed)
}

fn forms(function: &str) -> [(&'static str, Facts); 3] {
    let facts = |effect, filtered| Facts {
        functions: BTreeSet::from([Function { name: function.to_owned(), effect }]),
        verbs: BTreeSet::from([function.to_owned()]),
        filtered,
        bounded: filtered,
        statements: 1,
        ..Facts::default()
    };
    [
        ("reading", facts(Effect::Read, true)),
        ("writing", facts(Effect::Write, true)),
        ("without condition", facts(Effect::Write, false)),
    ]
}
