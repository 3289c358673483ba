//! A candidate bundle over what was recorded: what it would newly refuse, hold, mask or open.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use policy::{Engine, Facts, Outcome};
use serde_json::Value;

use super::{
    call::{Around, Who, decide_with},
    recorded::{Call, Calls},
    shown::Shown,
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

/// What came of all calls.
#[derive(Default)]
struct Found {
    decided: u64,
    kinds: BTreeMap<String, Kind>,
    /// Why some were not decided, and how many.
    open: BTreeMap<&'static str, u64>,
}

/// Replays.
///
/// # Errors
/// If the policies are not valid; what the gateway says.
pub(super) fn run(args: &Args) -> Result<()> {
    let engine = Engine::compile(args.source.bundle()?)?;
    let client = args.source.connect().signed_in()?;
    let Found { decided, kinds, open } = block_on(over(&engine, &client, args))?;
    if args.format == Format::Json {
        let rows = kinds.iter().map(|(kind, found)| {
            serde_json::json!({ "kind": kind, "count": found.count, "subjects": found.subjects, "samples": found.samples })
        });
        let rows: Vec<_> = rows.collect();
        return output::json(&serde_json::json!({ "decided": decided, "differences": rows, "not_decided": open }));
    }
    for (kind, found) in &kinds {
        let subjects: Vec<_> = found.subjects.iter().map(|(name, count)| format!("{name} {count}")).collect();
        output::line(&format!("{kind}: {} ({})", found.count, subjects.join(", ")));
        for sample in &found.samples {
            let text = |name: &str| sample.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            output::line(&format!("    {} {}: {} [{}]", text("at"), text("connection"), text("text"), text("rule")));
        }
    }
    for (why, count) in &open {
        output::line(&format!("not decided: {count}, because {why}"));
    }
    output::line(&format!("{decided} recorded calls decided; {} kinds of difference", kinds.len()));
    Ok(())
}

async fn over(engine: &Engine, client: &Client, args: &Args) -> Result<Found> {
    let mut found = Found::default();
    let oldest = time::OffsetDateTime::now_utc() - args.since;
    let mut query = format!("/api/v1/sessions?limit={PAGE}");
    if let Some(connection) = &args.connection {
        query.push_str(&format!("&connection={}", crate::client::segment(connection)));
    }
    let mut before = String::new();
    loop {
        let sessions = client.get(&format!("{query}{before}")).await?;
        let sessions = sessions.as_array().map(Vec::as_slice).unwrap_or_default();
        for session in sessions {
            let opened = session.get("opened").and_then(Value::as_str).unwrap_or_default();
            let opened = time::OffsetDateTime::parse(opened, &time::format_description::well_known::Rfc3339);
            // Newest first.
            if opened.is_ok_and(|opened| opened < oldest) {
                return Ok(found);
            }
            let id = session.get("id").and_then(Value::as_str).context("a session without an id")?;
            let events = client.get_raw(&format!("/api/v1/sessions/{id}/events?format=ndjson"), "*/*").await?;
            one(engine, &String::from_utf8_lossy(&events), &mut found);
            before = format!("&before={id}");
        }
        if sessions.len() < PAGE {
            return Ok(found);
        }
    }
}

/// Decides about every request of one session again.
fn one(engine: &Engine, events: &str, found: &mut Found) {
    let events: Vec<Value> = events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut shown = Shown::default();
    events.iter().for_each(|event| shown.note(event));
    let mut calls = Calls::read(&events);
    let mut session = Session::default();
    for event in &events {
        match event.get("kind").and_then(Value::as_str) {
            Some("opened") => session = Session::read(event),
            Some("request") => {
                let call = calls.take(exchange(event));
                match session.decide(engine, event, (&call, &shown), &mut found.kinds) {
                    Some(Ok(())) => found.decided += 1,
                    Some(Err(why)) => *found.open.entry(why).or_default() += 1,
                    None => {}
                }
            }
            _ => {}
        }
    }
}

/// Who called from where, as the record says.
#[derive(Default)]
struct Session {
    who: Who,
    around: Around,
    /// Unix milliseconds; `None` where the record does not say.
    authenticated: Option<time::OffsetDateTime>,
    connection: String,
}

impl Session {
    fn read(opened: &Value) -> Self {
        let some = |name: &str| Some(text(opened, name)).filter(|text| !text.is_empty());
        let who = Who {
            subject: text(opened, "subject"),
            groups: list(opened, "groups"),
            actor: some("actor"),
            actor_groups: list(opened, "actor_groups"),
        };
        // The port is no part of a network.
        let source =
            some("source").and_then(|source| source.parse().ok().map(|at: std::net::SocketAddr| at.ip().to_string()));
        let around = Around {
            source,
            mfa: opened.get("mfa").and_then(Value::as_bool).unwrap_or_default(),
            reason: some("reason"),
            method: some("method"),
            client: text(opened, "client"),
            ..Around::default()
        };
        Self {
            who,
            around,
            authenticated: moment(&text(opened, "authenticated")),
            connection: text(opened, "connection"),
        }
    }

    /// Decides about a request again and notes what differs, or gives why that cannot be told. `None` if the record does not say
    /// what it did.
    fn decide(
        &self,
        engine: &Engine,
        request: &Value,
        (call, shown): (&Call, &Shown),
        kinds: &mut BTreeMap<String, Kind>,
    ) -> Option<Result<(), &'static str>> {
        let facts = Facts::from_record(&request.get("facts")?.to_string()).ok()?;
        let facts = call.with_what_it_sent(facts);
        let at = text(request, "at");
        let age = moment(&at)? - self.authenticated.unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let around = Around { now: Some(at.clone()), auth_age: age.whole_seconds(), ..self.around.clone() };
        let revealed = list(request, "revealed");
        let labels: Vec<String> = revealed.iter().chain(&call.masked).cloned().collect();
        let decide = |facts: &Facts| decide_with(engine, &self.who, &around, (&self.connection, &labels), facts).ok();
        let (verdict, by_arguments) = decide(&facts)?;
        let before = match call.outcome {
            Ok(before) => before,
            Err(why) => return Some(Err(why)),
        };
        if by_arguments {
            return Some(Err("a policy looks at arguments, which are not recorded"));
        }
        let often = Facts { recent_calls: 1 << 40, ..facts.clone() };
        if engine.looks_at("recent_calls") && decide(&often)?.0.outcome != verdict.outcome {
            return Some(Err("a policy looks at how many calls came before, which is not recorded"));
        }
        let mut differs = |kind: &str, rule: &str| {
            let found = kinds.entry(kind.to_owned()).or_default();
            found.count += 1;
            *found.subjects.entry(self.who.subject.clone()).or_default() += 1;
            if found.samples.len() < SAMPLES {
                found.samples.push(serde_json::json!({
                    "at": at, "connection": self.connection, "text": text(request, "text"), "rule": rule,
                }));
            }
        };
        match verdict.outcome {
            outcome if outcome == before => {}
            Outcome::Forward => differs("newly open", verdict.rule()),
            Outcome::Hold => differs("newly held", verdict.rule()),
            Outcome::Refuse => differs("newly refused", verdict.rule()),
        }
        if verdict.outcome == Outcome::Forward {
            let number = exchange(request);
            let gone = revealed.iter().filter(|label| !verdict.revealed.contains(label));
            gone.filter(|label| shown.has(number, label)).for_each(|label| differs("newly masked", label));
            let open: BTreeSet<&String> = call.masked.iter().filter(|label| verdict.revealed.contains(label)).collect();
            open.into_iter().for_each(|label| differs("newly shown", label));
        }
        Some(Ok(()))
    }
}

pub(super) fn text(event: &Value, name: &str) -> String {
    event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list(event: &Value, name: &str) -> Vec<String> {
    let values = event.get(name).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn exchange(event: &Value) -> u64 {
    event.get("exchange").and_then(Value::as_u64).unwrap_or_default()
}

fn moment(text: &str) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
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
