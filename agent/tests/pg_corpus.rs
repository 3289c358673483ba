//! Statements against the policies of a fresh install, as the agent decides them: nothing dangerous runs at once, and nothing of
//! everyday work waits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use agent::filter::pg::facts_of;
use policy::{
    ActorKind, Bundle, Caller, Circumstances, Connection, Document, Engine, Outcome, Principal, Scope, Verdict,
};

/// Statements of a corpus: what lies between lines of dashes alone.
fn statements(text: &str) -> Vec<&str> {
    let bodies = text.split("\n--\n").map(str::trim).filter(|statement| !statement.is_empty());
    bodies.collect()
}

fn engine() -> Engine {
    let connection = Connection { protocol: "postgres".into(), access: ["dev".into()].into(), ..Connection::default() };
    let documents = vec![Document { name: "default".into(), text: policy::DEFAULT.into() }];
    let connections = [("shop-db".to_owned(), connection)].into();
    Engine::compile(Bundle { version: 1, documents, connections, help: String::new() }).unwrap()
}

fn scope(engine: &Engine) -> Scope {
    let subject = Principal { kind: ActorKind::Person, name: "alice".into(), groups: vec!["dev".into()] };
    engine.scope(Caller { subject, actor: None }, "shop-db", &[]).unwrap()
}

fn verdict(engine: &Engine, scope: &Scope, statement: &str) -> Verdict {
    let around = Circumstances { now: 1_795_651_200, authenticated_at: 1_795_651_000, ..Circumstances::default() };
    engine.decide(scope, &facts_of(statement), &around)
}

fn misjudged(text: &str, wrong: impl Fn(Outcome) -> bool) -> Vec<String> {
    let engine = engine();
    let scope = scope(&engine);
    let judged = statements(text).into_iter().map(|statement| (statement, verdict(&engine, &scope, statement)));
    judged
        .filter(|(_, verdict)| wrong(verdict.outcome))
        .map(|(statement, verdict)| format!("{statement}\n    {:?} {}", verdict.outcome, verdict.rules.join(", ")))
        .collect()
}

#[test]
fn no_dangerous_statement_runs_at_once() {
    let through = misjudged(include_str!("corpus/pg_dangerous.sql"), |outcome| outcome == Outcome::Forward);
    assert!(through.is_empty(), "{} run at once:\n{}", through.len(), through.join("\n"));
}

#[test]
fn no_everyday_statement_waits() {
    let held = misjudged(include_str!("corpus/pg_benign.sql"), |outcome| outcome != Outcome::Forward);
    assert!(held.is_empty(), "{} wait:\n{}", held.len(), held.join("\n"));
}

#[test]
fn a_dangerous_statement_behind_an_everyday_one_never_runs_at_once() {
    let engine = engine();
    let scope = scope(&engine);
    for statement in statements(include_str!("corpus/pg_benign.sql")) {
        for glue in ["\n;", "\n ; /* ; */ ", "\n;\n--x\n"] {
            let joined = format!("{}{glue}DROP TABLE customers", statement.trim_end().trim_end_matches(';'));
            assert_ne!(verdict(&engine, &scope, &joined).outcome, Outcome::Forward, "{joined}");
        }
    }
}
