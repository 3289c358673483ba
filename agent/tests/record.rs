//! Facts are recorded as the plainest way of writing them down would: over every statement, command and request of the corpora.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use agent::filter::http::{Trial, facts_of};
use policy::{Argument, Facts, Inspected};
use proto::HttpSettings;
use serde_json::Value;

/// By way of a tree, from which what says nothing is taken out.
fn by_a_tree(facts: &Facts) -> String {
    let kept = Facts { arguments: BTreeMap::new(), ..facts.clone() };
    let Value::Object(mut fields) = serde_json::to_value(&kept).unwrap() else { panic!("facts are an object") };
    fields.retain(|name, value| match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
        Value::String(text) => !(name == "inspected" && text == "yes"),
    });
    Value::Object(fields).to_string()
}

fn check(facts: &Facts) {
    let text = facts.to_record();
    assert_eq!(text, by_a_tree(facts));
    assert_eq!(Facts::from_record(&text).unwrap(), Facts { arguments: BTreeMap::new(), ..facts.clone() });
}

#[test]
fn the_facts_of_the_corpora_are_written_as_by_a_tree() {
    for text in [include_str!("corpus/pg_dangerous.sql"), include_str!("corpus/pg_benign.sql")] {
        text.split("\n--\n").for_each(|statement| check(&agent::filter::pg::facts_of(statement)));
    }
    for text in [include_str!("corpus/ssh_dangerous.toml"), include_str!("corpus/ssh_benign.toml")] {
        let lines: BTreeMap<String, Vec<String>> = toml::from_str(text).unwrap();
        lines.into_values().flatten().for_each(|line| check(&agent::filter::ssh::facts_of(&line)));
    }
    let settings: HttpSettings = serde_json::from_str("{}").unwrap();
    let mut read = 0;
    for text in [include_str!("corpus/http_plain_dangerous.json"), include_str!("corpus/http_plain_benign.json")] {
        for mut lines in serde_json::from_str::<Vec<Vec<String>>>(text).unwrap() {
            let content = lines.pop().unwrap();
            let (method, target) = lines[0].split_once(' ').unwrap();
            let fields = lines[1..].iter().map(|line| line.split_once(": ").unwrap());
            let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
            let content = content.into_bytes();
            let trial = Trial { method: method.into(), target: target.into(), fields, content };
            if let Ok(facts) = facts_of(&settings, &trial, &[]) {
                check(&facts);
                read += 1;
            }
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn every_field_of_facts_is_written() {
    let names = || BTreeSet::from(["a \"quoted\" name".to_owned(), "\u{7}\u{e9}\u{1f600}".to_owned()]);
    let whole = Facts {
        functions: [policy::Function { name: "f".into(), effect: policy::Effect::Admin }].into(),
        verbs: names(),
        reads: names(),
        writes: names(),
        columns: names(),
        calls: names(),
        opaque: names(),
        ddl: names(),
        cascade: true,
        commands: names(),
        paths: names(),
        hosts: names(),
        external: names(),
        settings: names(),
        arguments: [("secret".to_owned(), Argument::Text("x".into()))].into(),
        filtered: true,
        bounded: true,
        packed: true,
        money: true,
        temporary: true,
        dynamic: true,
        unknown: Some("why".into()),
        statements: 3,
        inspected: Inspected::Partial,
        uninspected: Some("too long".into()),
        rows: u64::MAX,
        bytes: 1,
        session_rows: 2,
        session_bytes: 3,
        recent_calls: 4,
    };
    check(&whole);
    check(&Facts::default());
    assert!(!whole.to_record().contains("secret"));
}
