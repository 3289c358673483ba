//! Whatever the text: no panic, and disguising a statement keeps its facts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use sql::{Facts, Session};

fn facts(text: &str) -> Facts {
    Session::new("alice").read(text, None).facts.clone()
}

/// Statements as words and string constants, to be put together in many ways.
fn statements() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::select(vec![
        vec!["DELETE", "FROM", "orders"],
        vec!["DELETE", "FROM", "orders", "WHERE", "id", "=", "id"],
        vec!["UPDATE", "orders", "SET", "status", "=", "'x'", "WHERE", "'a'", "=", "'a'"],
        vec!["SELECT", "pg_read_file", "(", "'/etc/passwd'", ")"],
        vec!["SELECT", "*", "FROM", "customers", "WHERE", "name", "=", "'bob'", "LIMIT", "5"],
        vec!["COPY", "customers", "TO", "PROGRAM", "'sh'"],
        vec!["DROP", "TABLE", "app", ".", "orders", "CASCADE"],
        vec!["EXPLAIN", "ANALYZE", "DELETE", "FROM", "orders"],
        vec!["WITH", "d", "AS", "(", "DELETE", "FROM", "orders", "RETURNING", "*", ")", "SELECT", "*", "FROM", "d"],
        vec!["SELECT", "set_config", "(", "'role'", ",", "'admin'", ",", "'f'", ")"],
        vec!["DO", "'begin delete from orders; end'"],
    ])
}

const NAMES: [&str; 9] = ["orders", "customers", "id", "status", "name", "app", "pg_read_file", "set_config", "d"];

fn disguise(word: &str, how: u8) -> String {
    let body = word.trim_matches('\'');
    if word.starts_with('\'') {
        return match how % 5 {
            0 => word.to_owned(),
            1 => format!("$q${body}$q$"),
            2 => format!("E'{}'", body.bytes().map(|b| format!("\\x{b:02x}")).collect::<String>()),
            3 => format!("U&'{}'", body.chars().map(|c| format!("\\{:04x}", u32::from(c))).collect::<String>()),
            _ => format!("E'{}'", body.bytes().map(|b| format!("\\{b:03o}")).collect::<String>()),
        };
    }
    if NAMES.contains(&word) {
        return match how % 4 {
            0 => word.to_owned(),
            1 => format!("\"{word}\""),
            2 => word.to_uppercase(),
            _ => format!("U&\"{}\"", word.chars().map(|c| format!("\\{:04x}", u32::from(c))).collect::<String>()),
        };
    }
    match how % 3 {
        0 => word.to_owned(),
        1 => word.to_lowercase(),
        _ => word.chars().enumerate().map(|(i, c)| if i % 2 == 0 { c.to_ascii_lowercase() } else { c }).collect(),
    }
}

fn blank(how: u8) -> &'static str {
    const BLANKS: [&str; 8] = ["\n", "\t ", "/* x */", " -- y\n", "/* a /* b */ ; */", "\x0c", "\r\n", " "];
    BLANKS.get(usize::from(how % 8)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_disguised_statement_keeps_its_facts(words in statements(), how in prop::collection::vec(any::<(u8, u8)>(), 16)) {
        let plain = words.join(" ");
        let hidden: String = words
            .iter()
            .zip(&how)
            .flat_map(|(word, (how, gap))| [disguise(word, *how), blank(*gap).to_owned()])
            .collect();
        prop_assert_eq!(facts(&plain), facts(&hidden), "{}", hidden);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        facts(&text);
    }

    #[test]
    fn no_heap_of_sql_words_panics(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "select", "from", "where", "delete", "update", "set", "with", "as", "(", ")", ",", "a", "b", "1", "'x'",
                "*", ";", "or", "and", "not", "in", "exists", "join", "on", "using", "insert", "into", "values", "do",
                "$$begin", "end$$", "loop", "if", "then", "execute", "prepare", "create", "function", "table", "$1",
                "order", "by", "limit", "union", "all", "is", "null", "case", "when", "else", "end", "=", "any", "array",
                "[", "]", "::", "int", "copy", "to", "stdout", "merge", "matched", "returning", "lateral", ".", "call",
            ]),
            0..40,
        ),
    ) {
        facts(&words.join(" "));
    }

    #[test]
    fn deep_texts_are_unknown_or_read(depth in 1usize..4000, kind in 0usize..7) {
        let text = match kind {
            0 => format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth)),
            1 => format!("SELECT {}1", "NOT ".repeat(depth)),
            2 => format!("SELECT {}1{}", "(SELECT ".repeat(depth), ")".repeat(depth)),
            3 => format!("SELECT 1{}", " + 1".repeat(depth)),
            4 => format!("SELECT 1{}", " UNION SELECT 1".repeat(depth)),
            5 => format!("DO $$ {} NULL; {} $$", "BEGIN ".repeat(depth), "END; ".repeat(depth)),
            _ => format!("DELETE FROM t WHERE {}id = 1{}", "(id = 2 OR (".repeat(depth), "))".repeat(depth)),
        };
        facts(&text);
    }
}
