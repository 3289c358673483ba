//! What is marked in JSON, and numbers in any notation.

#![allow(clippy::unwrap_used)]
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

fn mask(places: &[&str], text: &str, step: usize) -> String {
    let markings = Markings::new(places.iter().map(|place| (*place, Some(Label::Ssn)))).unwrap();
    let masker = Masker::new(&[Label::Card]);
    let (mut lexer, mut out, mut tally) = (Lexer::new(&markings), Vec::new(), Tally::default());
    for piece in text.as_bytes().chunks(step) {
        lexer.push(&markings, &masker, piece, &mut out, &mut tally);
    }
    lexer.finish(&markings, &masker, &mut out, &mut tally);
    String::from_utf8(out).unwrap()
}

#[test]
fn marked_members_are_masked_whole_wherever_they_stand() {
    for (places, text, masked) in [
        (vec!["ssn"], r#"{"a":{"SSN":"12"},"ssn":5,"b":"ssn"}"#, r#"{"a":{"SSN":"**"},"ssn":1,"b":"ssn"}"#),
        (vec!["ssn"], r#"{"s\u0073n":"a\"b","x":1}"#, r#"{"s\u0073n":"****","x":1}"#),
        (vec!["ssn"], r#"{"ssn":"1","ssn":"2"}"#, r#"{"ssn":"*","ssn":"*"}"#),
        (vec!["ssn"], r#"{"ssn":{"a":[true,"b",-12.50,null]},"c":1}"#, r#"{"ssn":{"a":[null,"*",-10.10,null]},"c":1}"#),
        (vec!["$.a[*].b"], r#"{"a":[{"b":"x","c":"y"}],"b":"z"}"#, r#"{"a":[{"b":"*","c":"y"}],"b":"z"}"#),
        (vec!["$.a[1]"], r#"{"a":["x","y","z"]}"#, r#"{"a":["x","*","z"]}"#),
        (vec!["$..b"], r#"[{"b":"x"},{"a":{"b":"y"}}]"#, r#"[{"b":"*"},{"a":{"b":"*"}}]"#),
        (vec!["$.a"], r#"{"b":{"a":"x"},"a":"y"}"#, r#"{"b":{"a":"x"},"a":"*"}"#),
        (vec!["$['a b'].c"], r#"{"a b":{"c":"x"}}"#, r#"{"a b":{"c":"*"}}"#),
        (vec!["$.a"], "{\"a\":1}\n{\"a\":2}", "{\"a\":1}\n{\"a\":1}"),
        (
            vec![],
            r#"[4.111111111111111e15, 4111111111111111.0, 1.5, 12e3]"#,
            r#"[1.100000000000000e10, 1000000000000000.1, 1.5, 12e3]"#,
        ),
    ] {
        for step in 1..text.len() {
            assert_eq!(mask(&places, text, step), masked, "{step}");
        }
    }
}

proptest! {
    #[test]
    fn without_markings_numbers_are_read_as_with_one_that_fits_nothing(
        parts in vec(select(PARTS.to_vec()), 0..24),
        step in 1usize..40,
    ) {
        let text = parts.concat();
        prop_assert_eq!(mask(&[], &text, step), mask(&["$.no.such.member"], &text, text.len().max(1)));
    }
}

/// What JSON, and what is nearly JSON, is made of.
const PARTS: [&str; 26] = [
    "4.111111111111111e15",
    "4111111111111111.0",
    "\"",
    "\\",
    "\\u00e9",
    "\\\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "1",
    "-",
    "1.5",
    "true",
    "null",
    "e",
    "E",
    ".",
    "\"a\":",
    "\"4111111111111111.0\"",
    "\n",
    "A",
    "\u{e9}",
];

#[test]
fn a_number_beyond_any_length_passes_as_it_came() {
    for tail in ["0".repeat(1000), format!(".{}", "0".repeat(300)), "e".repeat(600)] {
        let text = format!("[41{tail}, 1]");
        for step in [1, 7, 255, 256, 257, 258, 2000] {
            assert_eq!(mask(&[], &text, step), mask(&["$.no"], &text, text.len()), "{step}");
        }
    }
}

#[test]
fn what_is_no_json_passes() {
    for text in ["callback({\"a\": 1});", ")]}',\n{}", "plain \"text\" {", "}}}]]]", "[NaN, // c\n Infinity]"] {
        assert_eq!(mask(&["ssn"], text, 3), text);
    }
    let deep = format!("{}\"x\"{}", "[".repeat(5000), "]".repeat(5000));
    assert!(mask(&["ssn"], &deep, 100).contains("\"*\""));
    assert_eq!(mask(&[], &deep, 100), deep);
    assert!(Markings::new([("$.a[", None)]).is_err() && Markings::new([("", None)]).is_err());
}

/// A text as one document, or as text with JSON in it, in pieces.
fn read(marked: &str, within: bool, text: &str, step: usize) -> String {
    let markings = Markings::new([(marked, Some(Label::Ssn))]).unwrap();
    let masker = Masker::new(&[]);
    let mut lexer = if within { Lexer::within(&markings) } else { Lexer::new(&markings) };
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    for piece in text.as_bytes().chunks(step) {
        lexer.push(&markings, &masker, piece, &mut out, &mut tally);
    }
    lexer.finish(&markings, &masker, &mut out, &mut tally);
    String::from_utf8(out).unwrap()
}

/// Nothing of the value stays, and all of the text where another key is marked.
fn carried(text: &str) {
    for (step, within) in (1..text.len() + 1).flat_map(|step| [(step, false), (step, true)]) {
        let masked = read("ssn", within, text, step);
        let shown = masked.contains("canary") || masked.contains("y-one") || masked.contains("\\u0063\\u0061\\u006e");
        assert!(!shown && masked.len() == text.len(), "{step} {within}: {text}\n{masked}");
        assert_eq!(read("sum", within, text, step), text, "{step} {within}");
    }
}

#[test]
fn a_marked_member_is_found_in_whatever_carries_json() {
    let inner = r#"{"a":{"ssn":"canary-one"},"b":[1,"x"]}"#;
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    let unicode = |text: &str| text.chars().map(|char| format!("\\u{:04x}", char as u32)).collect::<String>();
    for text in [
        inner.to_owned(),
        format!(r#"{{"text":{}}}"#, quote(inner)),
        format!(r#"{{"text":{}}}"#, quote(&quote(inner))),
        format!(r#"{{"text":{}}}"#, quote(&format!("found: {inner}, and\n```{inner}```"))),
        format!(r#"{{"text":{}}}"#, quote(&format!(r#"{{"text":{}}}"#, quote(inner)))),
        format!(r#"{{"text":"{}"}}"#, unicode(inner)),
        format!(r#"[" \n\t{}"]"#, inner.replace('"', "\\u0022")),
        quote(inner),
        quote(&quote(inner)),
        format!(")]}}',\n{inner}"),
        format!("while(1);{inner}"),
        format!("/**/cb({inner});"),
        "{/* it's \"odd */ \"x\": 1, // don't \"\n \"ssn\": \"canary-one\"}".to_owned(),
        "{\"x\": 1, /* \"ssn\": \"canary-one\" */ \"y\": 2}".to_owned(),
        "{ssn: \"canary-one\", 'x': 2}".to_owned(),
        "{'ssn': 'canary-one', 'x': 2}".to_owned(),
        "{\"ssn\": canary-one, \"x\": 2}".to_owned(),
        format!("{{\"a\":\"caf\u{e9} \u{1f600}\",\"b\":{}}}", quote(&format!("\u{e9}{inner}\u{1f600}"))),
    ] {
        carried(&text);
    }
}

#[test]
fn json_in_other_text_counts_from_its_bracket_to_its_end() {
    let markings = Markings::new([("ssn", Some(Label::Ssn)), ("$.a.b", None)]).unwrap();
    let masker = Masker::new(&[]);
    for (text, masked) in [
        (r#"it is 5" wide {"ssn":"x"} "ssn":"y""#, r#"it is 5" wide {"ssn":"*"} "ssn":"y""#),
        (r#"42["told",{"ssn":"x"}] {"a":{"b":"y","c":"z"}}"#, r#"42["told",{"ssn":"*"}] {"a":{"b":"*","c":"z"}}"#),
        (r#"it's [don't] {"ssn":"x"}"#, r#"it's [don't] {"ssn":"*"}"#),
    ] {
        let out = markings.mask_within(&masker, text.as_bytes(), &mut Tally::default());
        assert_eq!(String::from_utf8(out).unwrap(), masked);
    }
}

#[test]
fn json_too_far_within_or_too_long_is_masked_whole() {
    let mut text = r#"{"x":"canary-one"}"#.to_owned();
    for _ in 0..10 {
        text = serde_json::to_string(&text).unwrap();
    }
    let masked = mask(&["ssn"], &text, 1000);
    assert!(!masked.contains("canary-one") && masked.len() == text.len());
    let long = format!(r#"["[{}", "next"]"#, "x".repeat(5 << 20));
    let masked = mask(&["ssn"], &long, 64 * 1024);
    assert!(!masked.contains('x') || masked.len() == long.len() && masked.ends_with(r#"**", "next"]"#));
}

proptest! {
    #[test]
    fn what_marks_do_not_hit_stays_byte_for_byte_and_in_length(
        parts in vec(select(PARTS.iter().copied().chain(["'", "/*", "*/", "//", "\"x\":", "'y'", "caf\u{e9}", "\\n"]).collect::<Vec<_>>()), 0..24),
        step in 1usize..40,
        within: bool,
    ) {
        let text = parts.concat();
        prop_assert_eq!(read("no-such-key", within, &text, step), text);
    }
}

#[test]
fn a_document_in_a_string_is_no_json_where_strings_are_documents() {
    let text = br#"{"query":"{ a(in: {ssn: \"x\", pin: $v}) { id } }","ssn":"canary-one"}"#;
    let masker = Masker::new(&[]);
    let marks = || Markings::new([("ssn", None), ("pin", None)]).unwrap().beside_documents();
    let masked = marks().mask(&masker, text, &mut Tally::default());
    let masked = String::from_utf8(masked).unwrap();
    assert!(masked.contains(r#"{ a(in: {ssn: \"x\", pin: $v}) { id } }"#) && !masked.contains("canary"), "{masked}");
}
