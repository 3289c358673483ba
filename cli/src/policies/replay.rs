//! A candidate bundle over what was recorded: what it would newly refuse, hold, mask or open.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use policy::{Engine, Facts, Outcome};
use serde_json::Value;

use super::{
    call::{Around, Who, decide},
    source::Source,
};
use crate::{
    client::{Client, block_on},
    output::{self, Format},
};

/// Sessions that are asked for at once.
const PAGE: usize = 500;
/// Samples that are shown of one kind.
const SAMPLES: usize = 3;

/// Arguments of `policy replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// How far back: `90m`, `12h`, `7d`.
    #[arg(long, default_value = "7d", value_parser = duration)]
    since: Duration,
    /// Only this connection.
    #[arg(long)]
    connection: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One kind of difference.
#[derive(Default)]
struct Kind {
    count: u64,
    subjects: BTreeMap<String, u64>,
    samples: Vec<Value>,
}

/// Replays.
///
/// # Errors
/// If the policies are not valid; what the gateway says.
pub(super) fn run(args: &Args) -> Result<()> {
    let engine = Engine::compile(args.source.bundle()?)?;
    let client = args.source.connect().signed_in()?;
    let (kinds, decided) = block_on(over(&engine, &client, args))?;
    if args.format == Format::Json {
        let rows = kinds.iter().map(|(kind, found)| {
            serde_json::json!({ "kind": kind, "count": found.count, "subjects": found.subjects, "samples": found.samples })
        });
        let rows: Vec<_> = rows.collect();
        return output::json(&serde_json::json!({ "decided": decided, "differences": rows }));
    }
    for (kind, found) in &kinds {
        let subjects: Vec<_> = found.subjects.iter().map(|(name, count)| format!("{name} {count}")).collect();
        output::line(&format!("{kind}: {} ({})", found.count, subjects.join(", ")));
        for sample in &found.samples {
            let text = |name: &str| sample.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            output::line(&format!("    {} {}: {} [{}]", text("at"), text("connection"), text("text"), text("rule")));
        }
    }
    output::line(&format!("{decided} recorded calls decided; {} kinds of difference", kinds.len()));
    Ok(())
}

async fn over(engine: &Engine, client: &Client, args: &Args) -> Result<(BTreeMap<String, Kind>, u64)> {
    let (mut kinds, mut decided) = (BTreeMap::new(), 0);
    let oldest = time::OffsetDateTime::now_utc() - args.since;
    let mut query = format!("/api/v1/sessions?limit={PAGE}");
    if let Some(connection) = &args.connection {
        query.push_str(&format!("&connection={}", crate::client::segment(connection)));
    }
    let sessions = client.get(&query).await?;
    for session in sessions.as_array().into_iter().flatten() {
        let opened = session.get("opened").and_then(Value::as_str).unwrap_or_default();
        let opened = time::OffsetDateTime::parse(opened, &time::format_description::well_known::Rfc3339);
        if opened.is_ok_and(|opened| opened < oldest) {
            continue;
        }
        let id = session.get("id").and_then(Value::as_str).context("a session without an id")?;
        let events = client.get_raw(&format!("/api/v1/sessions/{id}/events?format=ndjson"), "*/*").await?;
        decided += one(engine, &String::from_utf8_lossy(&events), &mut kinds);
    }
    Ok((kinds, decided))
}

/// Decides about every request of one session again.
fn one(engine: &Engine, events: &str, kinds: &mut BTreeMap<String, Kind>) -> u64 {
    let (mut who, mut connection, mut decided) = (Who::default(), String::new(), 0);
    let events: Vec<Value> = events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let refused: BTreeMap<u64, Outcome> = events.iter().filter_map(outcome).collect();
    for event in &events {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match event.get("kind").and_then(Value::as_str) {
            Some("opened") => {
                (who.subject, connection) = (text("subject"), text("connection"));
                let groups = event.get("groups").and_then(Value::as_array).into_iter().flatten();
                who.groups = groups.filter_map(Value::as_str).map(str::to_owned).collect();
            }
            Some("request") => {
                let Some(facts) = event.get("facts").and_then(|facts| Facts::from_record(&facts.to_string()).ok())
                else {
                    continue;
                };
                let around = Around { now: Some(text("at")), ..Around::default() };
                let Ok(verdict) = decide(engine, &who, &around, &connection, &facts) else { continue };
                decided += 1;
                let number = event.get("exchange").and_then(Value::as_u64).unwrap_or_default();
                let before = refused.get(&number).copied().unwrap_or(Outcome::Forward);
                if before == verdict.outcome {
                    continue;
                }
                let kind = match verdict.outcome {
                    Outcome::Forward => "newly open",
                    Outcome::Hold => "newly held",
                    Outcome::Refuse => "newly refused",
                };
                let found = kinds.entry(kind.to_owned()).or_default();
                found.count += 1;
                *found.subjects.entry(who.subject.clone()).or_default() += 1;
                if found.samples.len() < SAMPLES {
                    found.samples.push(serde_json::json!({
                        "at": text("at"), "connection": connection, "text": text("text"), "rule": verdict.rule(),
                    }));
                }
            }
            _ => {}
        }
    }
    decided
}

fn outcome(event: &Value) -> Option<(u64, Outcome)> {
    if event.get("kind")?.as_str()? != "refused" {
        return None;
    }
    let outcome = match event.get("code")?.as_str()? {
        "SP-NEEDS-APPROVAL" => Outcome::Hold,
        _ => Outcome::Refuse,
    };
    Some((event.get("exchange")?.as_u64()?, outcome))
}

fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number: u64 = number.parse().context("write a number and a unit: 90m, 12h, 7d")?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => bail!("write a number and a unit: 90m, 12h, 7d"),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}
