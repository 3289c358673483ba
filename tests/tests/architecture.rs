//! Checks the picture in docs/architecture.md against the sources: who may import whom, how long a file may be, and which
//! parts stay free of input, output and clocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// Each crate of ours and the crates of ours it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    (
        "cli",
        &["gateway", "agent", "proto", "protocols", "policy", "masking", "sql", "functions", "ledger", "migrations"],
    ),
    ("gateway", &["proto", "protocols", "policy", "masking", "functions", "ledger", "migrations", "sockets"]),
    ("agent", &["proto", "protocols", "policy", "masking", "sql", "functions", "ledger", "sockets"]),
    ("proto", &[]),
    ("protocols", &[]),
    ("policy", &[]),
    ("masking", &[]),
    ("sql", &[]),
    ("functions", &["sql"]),
    ("ledger", &[]),
    ("migrations", &[]),
    ("sockets", &[]),
];

/// Modules from the top down: each level may import the levels below it, never its own siblings.
const GATEWAY: &[&[&str]] = &[
    &["run"],
    &["listen", "api"],
    &["session", "approval", "evidence"],
    &["auth"],
    &["tunnel"],
    &["store"],
    &["config"],
];
const AGENT: &[&[&str]] =
    &[&["run"], &["tunnel"], &["session"], &["target"], &["rights"], &["filter"], &["record"], &["config"], &["vault"]];

/// Protocols never know each other.
const PROTOCOLS: &[&str] = &["pg", "ssh", "http"];

const MAX_LINES: usize = 600;

#[test]
fn crates_depend_only_on_what_the_table_allows() {
    let ours: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in CRATES {
        let Ok(manifest) = fs::read_to_string(root().join(name).join("Cargo.toml")) else { continue };
        let manifest: toml::Table = manifest.parse().unwrap();
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else { continue };
        for dependency in dependencies.keys().filter(|key| ours.contains(&key.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn every_crate_of_the_workspace_is_in_the_table() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        assert!(member == "tests" || CRATES.iter().any(|(name, _)| *name == member), "{member} is not in the table");
    }
}

#[test]
fn modules_of_the_gateway_import_downwards_only() {
    check_levels("gateway", GATEWAY);
}

#[test]
fn modules_of_the_agent_import_downwards_only() {
    check_levels("agent", AGENT);
}

#[test]
fn protocols_do_not_know_each_other() {
    for folder in ["protocols/src", "gateway/src/listen", "agent/src/target", "agent/src/filter"] {
        for file in sources(&root().join(folder)) {
            let place = file.strip_prefix(root().join(folder)).unwrap().to_owned();
            let Some(own) = PROTOCOLS.iter().find(|name| module_of(&place) == **name) else { continue };
            let code = code_of(&file);
            for other in PROTOCOLS.iter().filter(|other| *other != own) {
                let path = Regex::new(&format!(r"\b(crate|super|listen|target|filter|protocols)::{other}::")).unwrap();
                assert!(!path.is_match(&code), "{} imports {other}", file.display());
            }
        }
    }
}

#[test]
fn filters_and_codecs_touch_no_socket_no_clock_and_no_dice() {
    let forbidden = Regex::new(
        r"\basync\b|\.await\b|\btokio::|std::(net|fs|io::(Read|Write|stdin|stdout)|process|thread)\b|(SystemTime|Instant)::now|\brand::",
    )
    .unwrap();
    for folder in
        ["agent/src/filter", "protocols/src", "policy/src", "masking/src", "ledger/src", "sql/src", "functions/src"]
    {
        for file in sources(&root().join(folder)).into_iter().filter(|file| !is_test(file)) {
            let code = code_of(&file);
            let code = code.split("#[cfg(test)]").next().unwrap();
            if let Some(found) = forbidden.find(code) {
                panic!("{} uses `{}`", file.display(), found.as_str());
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_the_budget() {
    let mut too_long = vec![];
    for (name, _) in CRATES.iter().chain([&("tests", &[] as &[&str])]) {
        for file in sources(&root().join(name)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > MAX_LINES {
                too_long.push(format!("{} ({lines})", file.display()));
            }
        }
    }
    assert!(too_long.is_empty(), "longer than {MAX_LINES} lines: {}", too_long.join(", "));
}

#[test]
fn imports_are_found_in_every_way_of_writing_them() {
    let code = "use crate::{auth::{Identity, Auth}, store};\nfn f() { crate::tunnel::go() }";
    assert_eq!(imports(code, 0), BTreeSet::from(["auth".into(), "store".into(), "tunnel".into()]));
    assert_eq!(imports("use super::{config, Thing};", 1), BTreeSet::from(["config".into(), "Thing".into()]));
    assert_eq!(imports("use super::super::config::X;", 2), BTreeSet::from(["config".into()]));
}

fn check_levels(name: &str, levels: &[&[&str]]) {
    let level = |module: &str| levels.iter().position(|level| level.contains(&module));
    let src = root().join(name).join("src");
    let mut wrong = vec![];
    for file in sources(&src) {
        let place = file.strip_prefix(&src).unwrap();
        let own = module_of(place);
        if own == "lib" {
            continue;
        }
        let Some(own_level) = level(&own) else {
            wrong.push(format!("{name}::{own} has no place in the picture"));
            continue;
        };
        for used in imports(&code_of(&file), depth_of(place)) {
            if used != own && level(&used).is_some_and(|used_level| used_level <= own_level) {
                wrong.push(format!("{} imports {used}, which is not below {own}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first path segments below the crate's root that `code` names, from a module `depth` levels deep.
fn imports(code: &str, depth: usize) -> BTreeSet<String> {
    let mut starts = vec!["crate::".to_owned()];
    if depth > 0 {
        starts.push("super::".repeat(depth));
    }
    let mut found = BTreeSet::new();
    for start in starts {
        for (at, _) in code.match_indices(&start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
                continue;
            }
            found.extend(first_segments(&code[at + start.len()..]));
        }
    }
    found
}

/// `a::b` gives `a`; `{a::b, c::{d, e}}` gives `a` and `c`.
fn first_segments(rest: &str) -> Vec<String> {
    let word =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut segments, mut item) = (0, vec![], String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => segments.push(std::mem::take(&mut item)),
            _ => {}
        }
        if !(c == ',' && depth == 0) {
            item.push(c);
        }
    }
    segments.push(item);
    segments.iter().map(|item| word(item)).filter(|item| !item.is_empty()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut files = vec![];
    for entry in entries.flatten().map(|entry| entry.path()) {
        let hidden =
            entry.file_name().is_some_and(|name| name == "target" || name == "node_modules" || name == ".venv");
        if entry.is_dir() && !hidden {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|end| end == "rs") {
            files.push(entry);
        }
    }
    files
}

/// The source without comments.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The top module that a file below `src` belongs to.
fn module_of(place: &Path) -> String {
    let first = place.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// How many `super` lead from the file's module to the crate's root.
fn depth_of(place: &Path) -> usize {
    let parts = place.components().count();
    if place.file_name().is_some_and(|name| name == "mod.rs") { parts - 1 } else { parts }
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs").ends_with("tests"))
}
