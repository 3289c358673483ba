//! Why a call would be forwarded, held or refused.

use anyhow::Result;
use policy::Engine;

use super::{
    call::{Around, Tried, What, Who, connects},
    source::Source,
};
use crate::output::{self, Format};

/// Arguments of `policy explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// Who calls.
    #[arg(long = "as", value_name = "SUBJECT")]
    subject: String,
    /// Their groups.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Who acts for them: `ai:NAME` or `workload:NAME`.
    #[arg(long)]
    actor: Option<String>,
    /// The actor's groups.
    #[arg(long = "actor-group", value_name = "GROUP")]
    actor_groups: Vec<String>,
    /// On which connection.
    #[arg(long)]
    connection: String,
    #[command(flatten)]
    what: What,
    /// When, RFC 3339.
    #[arg(long)]
    now: Option<String>,
    /// From which address.
    #[arg(long)]
    source_address: Option<String>,
    /// Seconds since the sign-in.
    #[arg(long, default_value_t = 0)]
    auth_age: i64,
    /// A second factor was used.
    #[arg(long)]
    mfa: bool,
    /// The reason that was given.
    #[arg(long)]
    reason: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Explains.
///
/// # Errors
/// If the policies are not valid or the call cannot be read.
pub(super) fn run(args: &Args) -> Result<()> {
    let engine = Engine::compile(args.source.bundle()?)?;
    let who = Who {
        subject: args.subject.clone(),
        groups: args.groups.clone(),
        actor: args.actor.clone(),
        actor_groups: args.actor_groups.clone(),
    };
    let around = Around {
        now: args.now.clone(),
        source: args.source_address.clone(),
        auth_age: args.auth_age,
        mfa: args.mfa,
        reason: args.reason.clone(),
        ..Around::default()
    };
    let tried = args.what.try_out(&engine, &who, &around, &args.source, &args.connection)?;
    let connects = connects(&engine, &who, &around, &args.connection)?;
    let known: serde_json::Value = serde_json::from_str(&tried.facts.to_record())?;
    if args.format == Format::Json {
        let (verdict, sends) = (tried.verdict, tried.sends);
        let told = serde_json::json!({ "connects": connects, "verdict": verdict, "sends": sends, "facts": known });
        return output::json(&told);
    }
    print(&engine, &tried, connects);
    output::line(&format!("facts: {known}"));
    Ok(())
}

fn print(engine: &Engine, tried: &Tried, connects: bool) {
    let verdict = &tried.verdict;
    if !connects {
        output::line("may not even connect");
    }
    output::line(&format!("{}: {}", verdict.outcome.as_str(), verdict.message()));
    if !verdict.fix.is_empty() {
        output::line(&format!("fix: {}", verdict.fix));
    }
    let sentences = engine.sentences();
    for rule in &verdict.rules {
        let text = sentences.iter().find(|sentence| sentence.rule == *rule).map_or("", |sentence| &sentence.text);
        output::line(&format!("by {rule}: {text}"));
    }
    if verdict.rules.is_empty() {
        output::line("by no rule: nothing permits it");
    }
    if verdict.revealed.is_empty() {
        output::line("masked: every label that the connection looks for");
    } else {
        output::line(&format!("in clear: {}", verdict.revealed.join(", ")));
    }
    if !tried.sends.is_empty() {
        output::line(&format!("sent to the target as it is, where it is marked: {}", tried.sends.join(", ")));
    }
    if let Some(shadow) = &verdict.shadow {
        output::line(&format!("in shadow: {shadow}"));
    }
}
