//! What README and docs say is there: every link leads somewhere, every `sallyport` command is one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::Parser as _;
use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// README.md and everything in docs/.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = vec![root().join("README.md")];
    let docs = fs::read_dir(root().join("docs")).unwrap().flatten().map(|entry| entry.path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    assert!(pages.len() > 5, "{pages:?}");
    pages.into_iter().map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

/// Headings as a link names them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let plain = |char: char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
    headings
        .map(|line| line.to_lowercase().chars().filter(|c| plain(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

/// Lines of fenced blocks, without prompts and comments.
fn commands(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = vec![];
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            found.push(line.split(" # ").next().unwrap().trim().trim_start_matches("$ ").to_owned());
        }
    }
    found
}

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"\[[^\]]*\]\(([^)\s]+)\)").unwrap();
    let mut seen = 0;
    for (page, text) in pages() {
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.starts_with("http://") || target.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target} leads nowhere", page.display());
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&file).unwrap());
                assert!(there.contains(anchor), "{}: no heading {anchor} in {there:?}", page.display());
            }
        }
    }
    assert!(seen > 5);
}

#[test]
fn every_command_is_one() {
    let mut seen = BTreeSet::new();
    let inline = Regex::new(r"`((?:[^`\s]*/)?sallyport [^`]+)`").unwrap();
    let word = Regex::new(r#""[^"]*"|'[^']*'|\S+"#).unwrap();
    for (page, text) in pages() {
        let inline: Vec<String> = inline.captures_iter(&text).map(|found| found[1].to_owned()).collect();
        for command in commands(&text).into_iter().chain(inline) {
            let Some(at) = command.find("sallyport ").filter(|at| *at == 0 || command[..*at].ends_with([' ', '/']))
            else {
                continue;
            };
            // Redirections and the rest of a pipeline are the shell's.
            let words = command[at..].split(" > ").next().unwrap().split(" | ").next().unwrap();
            let words: Vec<&str> = word.find_iter(words).map(|word| stand_in(word.as_str())).collect();
            if words.len() < 2 || command[..at].contains("cargo") || command[..at].contains("git") {
                continue;
            }
            if let Err(error) = sallyport::Cli::try_parse_from(&words) {
                use clap::error::ErrorKind::{
                    DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion, MissingRequiredArgument,
                    MissingSubcommand,
                };
                let named_only = [
                    DisplayHelp,
                    DisplayVersion,
                    MissingRequiredArgument,
                    MissingSubcommand,
                    DisplayHelpOnMissingArgumentOrSubcommand,
                ];
                assert!(named_only.contains(&error.kind()), "{}: `{command}`: {error}", page.display());
            }
            seen.insert(words[1].to_owned());
        }
    }
    for expected in ["demo", "gateway", "agent", "apply", "export", "login", "ticket", "sessions", "agents"] {
        assert!(seen.contains(expected), "no page shows `sallyport {expected}`: {seen:?}");
    }
}

/// What a page writes in capitals or angle brackets is for the reader to fill in.
fn stand_in(word: &str) -> &str {
    let placeholder = word.trim_matches(['<', '>', '[', ']', '"', '\'']);
    match placeholder {
        "ID" | "id" | "SESSION" | "..." => "00000000-0000-0000-0000-000000000000",
        "N" | "PORT" => "7700",
        other => other,
    }
}

/// Fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn every_setting_of_the_gateway_is_explained_with_its_default() {
    let operations = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let [shown] = blocks(&operations, "toml")[..] else { panic!("one block") };
    let short = "state_dir = '/var/lib/sallyport'\npublic_url = 'https://gateway.example:8443'\n\
                 [oidc]\nissuer = 'https://login.example'\nclient_id = 'sallyport'";
    let defaults = gateway::config::Config::parse(short).unwrap();
    assert_eq!(format!("{:?}", gateway::config::Config::parse(shown).unwrap()), format!("{defaults:?}"));

    // With what is commented out, every key that there is.
    let whole = Regex::new(r"(?m)^# ([a-z_]+ = )").unwrap().replace_all(shown, "$1").into_owned();
    let keys: toml::Table = toml::from_str(&whole).unwrap();
    let source = fs::read_to_string(root().join("gateway/src/config/raw.rs")).unwrap();
    let field = Regex::new(r"(?m)^    pub ([a-z_]+):").unwrap();
    let shown: BTreeSet<String> = keys
        .iter()
        .flat_map(|(key, value)| {
            value.as_table().into_iter().flat_map(|table| table.keys().cloned()).chain([key.clone()])
        })
        .collect();
    for known in field.captures_iter(&source).map(|found| found[1].to_owned()).filter(|name| name != "unknown") {
        assert!(shown.contains(&known), "{known} is not in docs/operations.md");
    }
}

#[test]
fn every_setting_of_the_agent_is_explained() {
    let page = fs::read_to_string(root().join("docs/agents.md")).unwrap();
    agent::config::Config::parse(&blocks(&page, "toml").join("\n")).unwrap();
    let source = fs::read_to_string(root().join("agent/src/config/mod.rs")).unwrap();
    let written = source.split("/// A checked configuration.").next().unwrap();
    let fields: Vec<_> = Regex::new(r"(?m)^    ([a-z_]+):").unwrap().captures_iter(written).collect();
    assert!(fields.len() > 10, "{written}");
    for field in fields {
        let named = page.contains(&format!("{} = ", &field[1])) || page.contains(&format!("[{}]", &field[1]));
        assert!(named, "{} is not in docs/agents.md", &field[1]);
    }
}

#[test]
fn every_code_is_explained() {
    let clients = fs::read_to_string(root().join("docs/clients.md")).unwrap();
    for code in proto::Code::ALL {
        assert!(clients.contains(&format!("`{code}`")), "{code} is not in docs/clients.md");
    }
}
