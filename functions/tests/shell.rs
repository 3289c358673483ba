//! The permanent corpus of command lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use functions::shell::{Effect, read};
use proptest::prelude::*;

type Corpus = BTreeMap<String, Vec<String>>;

fn corpus(text: &str) -> Vec<String> {
    toml::from_str::<Corpus>(text).unwrap().into_values().flatten().collect()
}

fn dangerous() -> Vec<String> {
    corpus(include_str!("corpus/shell_dangerous.toml"))
}

fn benign() -> Vec<String> {
    corpus(include_str!("corpus/shell_benign.toml"))
}

#[test]
fn nothing_dangerous_is_judged_harmless() {
    let through: Vec<String> = dangerous().into_iter().filter(|line| read(line).is_harmless()).collect();
    assert!(through.is_empty(), "judged harmless:\n{}", through.join("\n"));
}

#[test]
fn nothing_benign_is_judged_otherwise() {
    let refused: Vec<String> = benign()
        .into_iter()
        .map(|line| (read(&line), line))
        .filter(|(reading, _)| !reading.is_harmless())
        .map(|(reading, line)| format!("{line}\n    {:?} {:?} {:?}", reading.dangers, reading.dynamic, reading.unknown))
        .collect();
    assert!(refused.is_empty(), "not judged harmless:\n{}", refused.join("\n"));
}

#[test]
fn a_benign_line_with_a_dangerous_one_behind_it_is_never_harmless() {
    for line in benign().iter().filter(|line| !line.contains("<<") && !line.contains(['#', '&', '\\'])) {
        for glue in ["; ", " && ", " || ", " | ", "\n"] {
            let line = line.trim_end().trim_end_matches(';');
            let joined = format!("{line}{glue}rm -r y");
            assert!(!read(&joined).is_harmless(), "{joined}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_harm(text in "[ a-z'\"\\\\$`(){}<>|&;#*?=!\n-]{0,60}") {
        let _reading = read(&text);
    }

    #[test]
    fn quoting_letters_of_a_name_changes_nothing(marks in proptest::collection::vec(0_usize..4, 2)) {
        let quote = |letter: char, mark: usize| match mark {
            0 => letter.to_string(),
            1 => format!("'{letter}'"),
            2 => format!("\"{letter}\""),
            _ => format!("\\{letter}"),
        };
        let line = format!("{}{} -r x", quote('r', marks[0]), quote('m', marks[1]));
        let reading = read(&line);
        prop_assert!(reading.commands.contains("rm") && reading.effect == Effect::Admin);
    }
}
