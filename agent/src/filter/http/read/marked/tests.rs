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
