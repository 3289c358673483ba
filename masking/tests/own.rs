//! Detectors that a connection defines itself, as data.
#![allow(clippy::unwrap_used, missing_docs)]

use masking::{Masker, Syntax, Tally};

#[test]
fn detectors_defined_as_data_find_what_they_say() {
    let detectors: Vec<masking::Detector> = serde_json::from_str(
        r#"["ssn", {"name": "employee-id", "pattern": "EMP-\\d{6}", "exclude": ["EMP-000000"]},
            {"name": "member", "pattern": "\\b\\d{8}\\b", "hotwords": ["member"], "validator": "luhn"},
            {"name": "codename", "words": ["Blue Heron", "Osprey", "Wren"]}]"#,
    )
    .unwrap();
    let masker = Masker::compile(&detectors, masking::Options::default()).unwrap();
    let mask = |text: &str| {
        let (mut value, mut tally) = (text.as_bytes().to_vec(), Tally::default());
        masker.mask(&mut value, Syntax::Text, &mut tally);
        String::from_utf8(value).unwrap()
    };
    assert_eq!(mask("EMP-123456 EMP-000000 123-45-6789"), "***-****** EMP-000000 ***-**-****");
    assert_eq!(
        mask(&format!("Member 12345674,{:60}order 12345674 12345675", "")),
        format!("Member ********,{:60}order 12345674 12345675", "")
    );
    assert_eq!(mask("about blue heron and ospreys, OSPREY"), "about **** ***** and ospreys, ******");
    assert_eq!(mask("wren"), "****", "however short a value is");
    for detector in &detectors {
        assert_eq!(detector.to_string().parse::<masking::Detector>().as_ref(), Ok(detector));
    }
}

#[test]
fn detectors_that_cannot_be_followed_are_refused() {
    for (text, reason) in [
        (r#"{"name": "a", "pattern": "xxx+"}"#, "at most 256 bytes"),
        (r#"{"name": "a", "pattern": "^abc"}"#, "no meaning in a stream"),
        (r#"{"name": "a", "pattern": "(abc"}"#, "pattern:"),
        (r#"{"name": "a", "pattern": ".{3,9}"}"#, "its own mask"),
        (r#"{"name": "A b", "pattern": "abc"}"#, "name:"),
        (r#"{"name": "card", "pattern": "abc"}"#, "no label's name"),
        (r#"{"name": "a"}"#, "either a pattern or words"),
        (r#"{"name": "a", "pattern": "abc", "color": 1}"#, "color"),
        (r#""cards""#, "unknown label"),
    ] {
        let error = serde_json::from_str::<masking::Detector>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}
