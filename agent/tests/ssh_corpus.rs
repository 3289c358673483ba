//! Command lines against the policies of a fresh install, as the agent decides them: nothing dangerous runs at once, and nothing
//! of everyday work waits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use agent::filter::ssh::facts_of;
use policy::{
    ActorKind, Bundle, Caller, Circumstances, Connection, Document, Engine, Outcome, Principal, Scope, Verdict,
};

fn lines(text: &str) -> Vec<String> {
    toml::from_str::<BTreeMap<String, Vec<String>>>(text).unwrap().into_values().flatten().collect()
}

fn engine() -> Engine {
    let connection = Connection { protocol: "ssh".into(), access: ["dev".into()].into(), ..Connection::default() };
    let documents = vec![Document { name: "default".into(), text: policy::DEFAULT.into() }];
    let connections = [("web-1".to_owned(), connection)].into();
    Engine::compile(Bundle { version: 1, documents, connections, help: String::new() }).unwrap()
}

fn scope(engine: &Engine) -> Scope {
    let subject = Principal { kind: ActorKind::Person, name: "alice".into(), groups: vec!["dev".into()] };
    engine.scope(Caller { subject, actor: None }, "web-1", &[]).unwrap()
}

fn verdict(engine: &Engine, scope: &Scope, line: &str) -> Verdict {
    let around = Circumstances { now: 1_795_651_200, authenticated_at: 1_795_651_000, ..Circumstances::default() };
    engine.decide(scope, &facts_of(line), &around)
}

fn misjudged(text: &str, wrong: impl Fn(Outcome) -> bool) -> Vec<String> {
    let engine = engine();
    let scope = scope(&engine);
    let all = lines(text);
    let judged = all.iter().map(|line| (line, verdict(&engine, &scope, line)));
    let why = |line: &str| facts_of(line).arguments.remove("why");
    judged
        .filter(|(_, verdict)| wrong(verdict.outcome))
        .map(|(line, verdict)| format!("{line}\n    {} {:?}", verdict.rules.join(", "), why(line)))
        .collect()
}

#[test]
fn nothing_dangerous_runs_at_once() {
    let through = misjudged(include_str!("corpus/ssh_dangerous.toml"), |outcome| outcome == Outcome::Forward);
    assert!(through.is_empty(), "{} run at once:\n{}", through.len(), through.join("\n"));
}

#[test]
fn nothing_of_everyday_work_waits() {
    let held = misjudged(include_str!("corpus/ssh_benign.toml"), |outcome| outcome != Outcome::Forward);
    assert!(held.is_empty(), "{} wait:\n{}", held.len(), held.join("\n"));
}

#[test]
fn a_dangerous_line_behind_an_everyday_one_never_runs_at_once() {
    let (engine, dangerous) = (engine(), "rm -rf /srv/x");
    let scope = scope(&engine);
    for line in lines(include_str!("corpus/ssh_benign.toml")).iter().filter(|line| !line.contains("<<")) {
        for glue in ["; ", " && ", " || ", " | ", "\n", " & "] {
            let joined = format!("{}{glue}{dangerous}", line.trim_end().trim_end_matches('&'));
            assert_ne!(verdict(&engine, &scope, &joined).outcome, Outcome::Forward, "{joined}");
        }
    }
}
