//! A permanent corpus: dangerous and benign statements, plain and obfuscated, each with the facts it must have.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, path::Path};

use sql::{Facts, Session};

/// The corpus's cases: expectation, SQL.
fn cases(file: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let mut cases = Vec::new();
    for block in text.split("\n--= ").skip(1) {
        let (expected, statement) = block.split_once('\n').unwrap();
        cases.push((expected.to_owned(), statement.trim().to_owned()));
    }
    cases
}

fn words<T: serde::Serialize>(set: &BTreeSet<T>) -> BTreeSet<String> {
    set.iter().map(|item| serde_json::to_value(item).unwrap().as_str().unwrap().to_owned()).collect()
}

fn listed(text: &str) -> BTreeSet<String> {
    text.split(',').filter(|item| !item.is_empty()).map(|item| item.replace('~', " ")).collect()
}

/// What differs from `expected`: `verbs effect [flag | key=a,b]...`.
fn differs(facts: &Facts, expected: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: BTreeSet<String>, wanted: BTreeSet<String>| {
        if found != wanted {
            wrong.push(format!("{what}: {found:?}"));
        }
    };
    let tokens: Vec<&str> = expected.split_whitespace().collect();
    let flag = |name: &str| tokens.contains(&name);
    let value = |key: &str| tokens.iter().find_map(|token| token.strip_prefix(key)?.strip_prefix('='));
    check("verbs", words(&facts.verbs), listed(tokens[0]));
    check("external", words(&facts.external), listed(value("ext").unwrap_or_default()));
    let names = |set: &BTreeSet<sql::Name>| set.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    for (key, found) in [
        ("reads", names(&facts.reads)),
        ("writes", names(&facts.writes)),
        ("fn", facts.functions.clone()),
        ("columns", facts.columns.clone()),
        ("set", facts.settings.clone()),
        ("ddl", facts.ddl.clone()),
    ] {
        if let Some(wanted) = value(key) {
            check(key, found, listed(wanted));
        }
    }
    let effect = serde_json::to_value(facts.effect()).unwrap();
    let mut truth = |what: &str, found: bool, wanted: bool| {
        if found != wanted {
            wrong.push(format!("{what}: {found}"));
        }
    };
    truth(&format!("effect is {effect}, not that"), effect == tokens[1], true);
    truth("unfiltered", !facts.filtered, flag("unfiltered") || flag("unknown"));
    truth("dynamic", facts.dynamic, flag("dynamic"));
    truth("opaque", !facts.opaque.is_empty(), flag("opaque"));
    truth("cascade", facts.cascade, flag("cascade"));
    truth("unknown", facts.unknown.is_some(), flag("unknown"));
    if flag("bounded") || flag("unbounded") {
        truth("bounded", facts.bounded, flag("bounded"));
    }
    if let Some(limit) = value("limit") {
        truth("limit", facts.limit.map(|n| n.to_string()).as_deref() == Some(limit), true);
    }
    wrong
}

fn check(file: &str, at_least: usize) {
    let session = Session::new("alice");
    let cases = cases(file);
    let mut failures = Vec::new();
    for (expected, statement) in &cases {
        let reading = session.read(statement, None);
        let wrong = differs(&reading.facts, expected);
        if !wrong.is_empty() {
            failures.push(format!("{statement}\n   wanted {expected}\n   {}", wrong.join("\n   ")));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert!(cases.len() >= at_least, "only {} cases", cases.len());
}

#[test]
fn dangerous_statements_show_what_they_do() {
    check("dangerous.sql", 110);
}

#[test]
fn benign_statements_are_understood() {
    check("benign.sql", 130);
}

#[test]
fn a_condition_counts_only_if_it_limits() {
    let session = Session::new("alice");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/conditions.sql");
    let text = std::fs::read_to_string(path).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let limits = match line.split_at_checked(2) {
            Some(("+ ", _)) => true,
            Some(("- ", _)) => false,
            _ => continue,
        };
        let condition = &line[2..];
        count += 1;
        for statement in [format!("DELETE FROM t WHERE {condition}"), format!("UPDATE t SET a = 1 WHERE {condition}")] {
            let facts = &session.read(&statement, None).facts;
            if facts.filtered != limits || facts.unknown.is_some() {
                failures.push(format!("{statement}: filtered {}, {:?}", facts.filtered, facts.unknown));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 150, "only {count}");
}
