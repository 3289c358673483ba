//! The agent's corpora of command lines against what holds them on a fresh install: an effect that is `admin`, or what is only known
//! while it runs.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use functions::shell::{Effect, read};

fn lines(text: &str) -> Vec<String> {
    toml::from_str::<BTreeMap<String, Vec<String>>>(text).unwrap().into_values().flatten().collect()
}

fn held(line: &str) -> bool {
    let reading = read(line);
    reading.effect == Effect::Admin || !reading.dynamic.is_empty() || reading.unknown.is_some()
}

#[test]
fn no_dangerous_line_passes() {
    let all = lines(include_str!("../../agent/tests/corpus/ssh_dangerous.toml"));
    let through: Vec<String> = all.into_iter().filter(|line| !held(line)).collect();
    assert!(through.is_empty(), "{} pass:\n{}", through.len(), through.join("\n"));
}

#[test]
fn no_everyday_line_is_held() {
    let all = lines(include_str!("../../agent/tests/corpus/ssh_benign.toml"));
    let stopped: Vec<String> = all
        .into_iter()
        .filter(|line| held(line))
        .map(|line| format!("{line}\n    {:?} {:?}", read(&line).dangers, read(&line).dynamic))
        .collect();
    assert!(stopped.is_empty(), "{} are held:\n{}", stopped.len(), stopped.join("\n"));
}
