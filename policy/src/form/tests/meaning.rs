//! What rules decide.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::{Bundle, Caller, Circumstances, Connection, Document, Effect, Engine, Facts, Function, Outcome, Principal};

fn engine(rules: &[serde_json::Value]) -> Engine {
    let rules: Vec<Rule> = rules.iter().cloned().map(rule).collect();
    rules.iter().for_each(|rule| rule.check().unwrap());
    let connection = Connection {
        protocol: "postgres".into(),
        labels: [("zone".to_owned(), "prod".to_owned())].into(),
        ..Connection::default()
    };
    let bundle = Bundle {
        version: 1,
        documents: vec![Document { name: "shop".into(), text: text(&rules) }],
        connections: [("shop-db".to_owned(), connection)].into(),
        help: String::new(),
    };
    Engine::compile(bundle).unwrap_or_else(|error| panic!("{error}"))
}

fn alice() -> Caller {
    let groups = vec!["support".to_owned()];
    Caller { subject: Principal { name: "alice".into(), groups, ..Principal::default() }, actor: None }
}

fn writes(table: &str) -> Facts {
    Facts {
        functions: BTreeSet::from([Function { name: "update".into(), effect: Effect::Write }]),
        writes: BTreeSet::from([table.to_owned()]),
        ..Facts::default()
    }
}

fn outcome(engine: &Engine, facts: &Facts, around: &Circumstances) -> Outcome {
    let scope = engine.scope(alice(), "shop-db", &["card".to_owned()]).unwrap();
    engine.decide(&scope, facts, around).outcome
}

fn at(now: i64) -> Circumstances {
    Circumstances { now, authenticated_at: now, source: "10.1.2.3".parse().ok(), ..Circumstances::default() }
}

/// 2026-12-01T18:00:00Z, a Tuesday.
const END: i64 = 1_796_148_000;

#[test]
fn a_right_that_ends_by_itself_ends_to_the_second_for_sessions_and_calls() {
    let engine = engine(&[
        json!({ "id": "jit", "who": "person:alice", "kind": "may-connect-and-use", "on": "connection:shop-db", "until": "2026-12-01T18:00Z" }),
    ]);
    let scope = engine.scope(alice(), "shop-db", &[]).unwrap();
    for (now, connects, expected) in [(END - 1, true, Outcome::Forward), (END, false, Outcome::Refuse)] {
        assert_eq!(engine.connect(&scope, &at(now)).is_ok(), connects, "{now}");
        assert_eq!(outcome(&engine, &writes("public.orders"), &at(now)), expected, "{now}");
    }
    assert!(engine.depends().moment && engine.connect_depends_on_time());
}

#[test]
fn a_list_names_all_that_may_occur_where_it_lets_and_one_is_enough_where_it_stops() {
    let may = json!({ "id": "may", "who": "group:support", "kind": "may-use", "on": "connection:shop-db" });
    let mut only = may.clone();
    only["when"] = json!({ "writes": ["public.orders"], "functions": ["update"] });
    let both = Facts { writes: ["public.orders".into(), "public.pay".into()].into(), ..writes("public.orders") };
    let lets = engine(&[only]);
    assert_eq!(outcome(&lets, &writes("public.orders"), &at(0)), Outcome::Forward);
    assert_eq!(outcome(&lets, &both, &at(0)), Outcome::Refuse);
    let stops = engine(&[
        may.clone(),
        json!({ "id": "no", "who": "everybody", "kind": "is-refused", "on": "zone:prod", "when": { "writes": ["public.pay"] } }),
    ]);
    assert_eq!(outcome(&stops, &writes("public.orders"), &at(0)), Outcome::Forward);
    assert_eq!(outcome(&stops, &both, &at(0)), Outcome::Refuse);
    let except = engine(&[
        may,
        json!({ "id": "no", "who": "everybody", "kind": "needs-approval", "on": "connection:shop-db", "approvers": ["leads"], "unless": { "writes": ["public.orders"], "hours": "17-18", "weekdays": ["tue"] } }),
    ]);
    assert_eq!(outcome(&except, &writes("public.orders"), &at(END - 1)), Outcome::Forward);
    assert_eq!(outcome(&except, &writes("public.orders"), &at(END)), Outcome::Hold);
    assert_eq!(outcome(&except, &both, &at(END - 1)), Outcome::Hold);
}

#[test]
fn who_comes_from_nobody_knows_where_is_stopped_and_not_let_in() {
    let may = |when: serde_json::Value| json!({ "id": "may", "who": "everybody", "kind": "may-use", "on": "everything", "when": when });
    let nowhere = Circumstances { source: None, ..at(0) };
    let lets = engine(&[may(json!({ "networks": ["0.0.0.0/0"] }))]);
    assert_eq!(outcome(&lets, &writes("a.b"), &at(0)), Outcome::Forward);
    assert_eq!(outcome(&lets, &writes("a.b"), &nowhere), Outcome::Refuse);
    let stops = engine(&[
        may(json!({ "signed_in_within": 60 })),
        json!({ "id": "no", "who": "everybody", "kind": "is-refused", "on": "everything", "when": { "networks": ["192.0.2.0/24"] } }),
    ]);
    assert_eq!(outcome(&stops, &writes("a.b"), &at(0)), Outcome::Forward);
    assert_eq!(outcome(&stops, &writes("a.b"), &nowhere), Outcome::Refuse);
}

#[test]
fn a_label_is_seen_by_those_who_may_under_the_conditions() {
    let engine = engine(&[
        json!({ "id": "may", "who": "everybody", "kind": "may-use", "on": "everything" }),
        json!({ "id": "see", "who": "group:support", "kind": "may-see", "on": "label:card", "when": { "connection": "shop-db", "mfa": true, "given_reason": "INC-*" } }),
        json!({ "id": "never", "who": "everybody", "kind": "stays-masked", "on": "label:card", "when": { "writes": ["a.b"] } }),
    ]);
    let scope = engine.scope(alice(), "shop-db", &["card".to_owned()]).unwrap();
    let seen = |facts: &Facts, around: &Circumstances| engine.decide(&scope, facts, around).revealed;
    let proven = Circumstances { mfa: true, reason: Some("INC-7".into()), ..at(0) };
    assert_eq!(seen(&writes("a.c"), &proven), ["card"]);
    assert!(seen(&writes("a.b"), &proven).is_empty());
    assert!(seen(&writes("a.c"), &Circumstances { reason: None, ..proven.clone() }).is_empty());
    assert!(seen(&writes("a.c"), &Circumstances { mfa: false, ..proven }).is_empty());
}
