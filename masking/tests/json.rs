//! JSON stays JSON: the same shape, valid strings and numbers, and nothing sensitive left in any spelling.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod soup;

use masking::{Label, Masker, Syntax, Tally};
use proptest::prelude::*;
use serde_json::Value;

fn mask(text: &str) -> String {
    let mut value = text.as_bytes().to_vec();
    Masker::new(&Label::ALL).mask(&mut value, Syntax::Json, &mut Tally::default());
    String::from_utf8(value).unwrap()
}

fn same_shape(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same_shape(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.0 == b.0 && same_shape(a.1, b.1))
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => true,
        _ => left == right,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_masked_document_parses_and_keeps_its_shape(text in soup::json()) {
        let masked = mask(&text);
        prop_assert_eq!(masked.len(), text.len());
        let before: Value = serde_json::from_str(&text).unwrap();
        let after: Value = serde_json::from_str(&masked).map_err(|error| TestCaseError::fail(format!("{error}: {masked}")))?;
        prop_assert!(same_shape(&before, &after), "{} {}", before, after);
    }
}

#[test]
fn strings_numbers_and_escapes_are_masked_in_kind() {
    for (raw, masked) in [
        (r#"{"card":"4111 1111 1111 1111"}"#, r#"{"card":"**** **** **** ****"}"#),
        (r#"{"card":4111111111111111,"n":12}"#, r#"{"card":1000000000000000,"n":12}"#),
        (r#"{"card": -4111111111111111.0}"#, r#"{"card": -1000000000000000.0}"#),
        (r#"{"ssn":123456789}"#, r#"{"ssn":100000000}"#),
        (r#"["a\\", 4111111111111111]"#, r#"["a\\", 1000000000000000]"#),
        (r#"["a\"4111111111111111"]"#, r#"["a\"****************"]"#),
        (r#"["alice\u0040example.com"]"#, r#"["*****\u0040*******.***"]"#),
        (r#"["\u0034111111111111111"]"#, r#"["\u002a***************"]"#),
        (r#"["x\n123-45-6789\n"]"#, r#"["x\n***-**-****\n"]"#),
        (r#"["https:\/\/u:pw@h\/"]"#, r#"["https:\/\/u:**@h\/"]"#),
        (r#"["jos\u00e9@example.com"]"#, r#"["***\u002a@*******.***"]"#),
        (
            r#"["-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1c7", 4, "z"]"#,
            r#"["-----***** ******* ***-----\n*******************", 4, "z"]"#,
        ),
    ] {
        assert_eq!(mask(raw), masked);
        assert_eq!(mask(masked), masked, "a mask matches nothing");
    }
}

#[test]
fn a_private_key_in_a_string_ends_with_its_string() {
    let text = r#"{"key":"-----BEGIN PRIVATE KEY-----","name":"Alice","total":12}"#;
    assert!(mask(text).ends_with(r#"","name":"Alice","total":12}"#));
}
