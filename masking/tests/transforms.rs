//! Transforms per label: what stands in place of a hit keeps its length and form, and any split gives the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod soup;

use masking::{Detector, Label, Masker, Options, Syntax, Tally, TokenKey, Transform, Transforms};
use proptest::prelude::*;

const KEY: &[u8] = b"0123456789abcdef-for-tests";

fn masker(by_label: &[(&str, Transform)], key: &[u8]) -> Masker {
    let mut detectors: Vec<Detector> = Label::ALL.into_iter().map(Detector::Label).collect();
    detectors.push(r#"{"name": "born", "pattern": "\\b\\d{4}-\\d{2}-\\d{2}\\b"}"#.parse().unwrap());
    let by_label = by_label.iter().map(|(name, transform)| ((*name).to_owned(), *transform));
    let transforms = Transforms::new(by_label, TokenKey::new(key));
    Masker::compile(&detectors, Options::default()).unwrap().with_transforms(transforms)
}

fn all(transform: Transform) -> Masker {
    let labels = ["card", "ssn", "email", "phone", "iban", "secret", "born"];
    masker(&labels.map(|label| (label, transform)), KEY)
}

fn mask(masker: &Masker, text: &str, syntax: Syntax) -> (String, Tally) {
    let (mut value, mut tally) = (text.as_bytes().to_vec(), Tally::default());
    masker.mask(&mut value, syntax, &mut tally);
    (String::from_utf8(value).unwrap(), tally)
}

fn text(masker: &Masker, text: &str) -> String {
    mask(masker, text, Syntax::Text).0
}

#[test]
fn a_partial_mask_shows_the_last_four_of_eight_or_more() {
    let partial = all(Transform::Partial);
    for (raw, masked) in [
        ("card 4111 1111 1111 1111.", "card **** **** **** 1111."),
        ("ssn 219-09-9999", "ssn ***-**-9999"),
        ("to alice@example.com now", "to *****@******e.com now"),
        ("iban DE89 3704 0044 0532 0130 00", "iban **** **** **** **** **30 00"),
    ] {
        assert_eq!(text(&partial, raw), masked);
    }
    assert_eq!(mask(&partial, "[4111111111111111]", Syntax::Json).0, "[1000000000001111]");
    assert_eq!(mask(&partial, "4111111111111111", Syntax::Number).0, "1000000000001111");
}

#[test]
fn a_constant_keeps_the_form_and_a_year_the_year() {
    let constant = all(Transform::Constant);
    assert_eq!(text(&constant, "4111-1111-1111-1111"), "0000-0000-0000-0000");
    assert_eq!(text(&constant, "Alice@Example.com"), "Xxxxx@Xxxxxxx.xxx");
    let year = all(Transform::Year);
    assert_eq!(text(&year, "born 1984-05-17, card 4111111111111111"), "born 1984-01-01, card ****************");
}

#[test]
fn equal_values_have_equal_tokens_of_their_form() {
    let token = all(Transform::Token);
    let card = |raw: &str| text(&token, raw);
    let (spaced, plain) = (card("4111 1111 1111 1111"), card("4111111111111111"));
    assert_eq!(spaced.replace(' ', ""), plain);
    assert!(plain.starts_with('9') && plain.bytes().all(|byte| byte.is_ascii_digit()), "{plain}");
    assert_ne!(plain, card("5555555555554444"));
    assert_eq!(card(&plain), plain, "a token is no card");
    assert_eq!(text(&token, "Alice@Example.com"), text(&token, "alice@example.com"));
    let address = text(&token, "alice@example.com");
    assert_eq!(text(&token, &address), address, "a token is not masked again");
    assert_ne!(text(&token, "mallory@example.org"), "mallory@example.org");
    let number = mask(&token, r#"{"a":4111111111111111,"b":"4111111111111111"}"#, Syntax::Json).0;
    assert_eq!(number, format!(r#"{{"a":{plain},"b":"{plain}"}}"#));
    let iban = text(&token, "DE89370400440532013000");
    assert!(iban.starts_with("ZZ") && iban.len() == 22, "{iban}");
    assert!(text(&token, "219-09-9999").starts_with('9'));
}

#[test]
fn a_key_and_a_label_are_each_a_domain() {
    let one = all(Transform::Token);
    let labels = ["card", "ssn", "email"].map(|label| (label, Transform::Token));
    assert_ne!(text(&one, "4111111111111111"), text(&masker(&labels, b"another key of this age"), "4111111111111111"));
    let key = TokenKey::new(KEY).unwrap();
    assert_ne!(key.text("email", b"a@example.com"), key.text("contact", b"a@example.com"));
    assert_eq!(key.text("name", b"Alice"), key.text("name", b"Alice"));
    let name = String::from_utf8(key.text("name", b"Alice")).unwrap();
    assert!(name.starts_with("tok_") && name.len() == 28, "{name}");
    assert!(TokenKey::new(b"too short").is_none());
    assert_eq!(format!("{key:?}"), "TokenKey");
}

#[test]
fn without_a_key_a_token_is_stars() {
    let keyless = masker(&[("card", Transform::Token)], b"");
    assert_eq!(text(&keyless, "4111111111111111"), "****************");
}

#[test]
fn what_has_no_end_or_another_spelling_is_stars() {
    let partial = all(Transform::Partial);
    assert_eq!(
        text(&partial, "4111%201111%201111%201111"),
        text(&Masker::new(&Label::ALL), "4111%201111%201111%201111")
    );
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    assert!(!text(&partial, jwt).contains("R8U"));
    let wrapped = "NDExMTExMTExMTExMTExMQ==";
    assert!(!text(&partial, wrapped).contains("MQ"), "{}", text(&partial, wrapped));
}

#[test]
fn the_count_tells_what_was_really_done() {
    let tally = mask(&all(Transform::Partial), "4111 1111 1111 1111 and 5555%205555%205555%204444", Syntax::Text).1;
    let told: Vec<_> = tally.entries.iter().map(|count| (count.transform, count.times)).collect();
    assert_eq!(told, [(Transform::Partial, 1), (Transform::Full, 1)]);
}

fn transform() -> impl Strategy<Value = Transform> {
    prop_oneof![Just(Transform::Partial), Just(Transform::Constant), Just(Transform::Year), Just(Transform::Token)]
}

fn split(masker: &Masker, text: &[u8], sizes: &[usize], syntax: Syntax) -> (Vec<u8>, Tally) {
    let (mut stream, mut out, mut tally) = (masker.stream(syntax), Vec::new(), Tally::default());
    let (mut rest, mut sizes) = (text, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        stream.push(piece, &mut out, &mut tally);
        rest = later;
    }
    stream.finish(&mut out, &mut tally);
    (out, tally)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_output(
        text in soup::text(), sizes in prop::collection::vec(1..80_usize, 1..8), transform in transform(),
        syntax in prop_oneof![Just(Syntax::Text), Just(Syntax::Json), Just(Syntax::Number)],
    ) {
        let masker = all(transform);
        let (whole, tally) = split(&masker, &text, &[usize::MAX], syntax);
        let (out, counted) = split(&masker, &text, &sizes, syntax);
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole));
        prop_assert_eq!(counted, tally);
        prop_assert_eq!(out.len(), text.len());
        let mut value = text.clone();
        masker.mask(&mut value, syntax, &mut Tally::default());
        prop_assert_eq!(String::from_utf8_lossy(&value), String::from_utf8_lossy(&whole));
    }

    #[test]
    fn json_stays_json_of_the_same_length(text in soup::json(), transform in transform()) {
        let masked = mask(&all(transform), &text, Syntax::Json).0;
        prop_assert_eq!(masked.len(), text.len());
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{}", masked);
        }
    }

    #[test]
    fn a_token_keeps_the_places_of_digits_letters_and_separators(raw in "[ -~]{1,60}", label in "card|ssn|email|phone|iban|secret|name") {
        let transforms = Transforms::new([(label.clone(), Transform::Token)], TokenKey::new(KEY));
        let known = Label::ALL.into_iter().find(|known| known.as_str() == label).unwrap_or(Label::Custom("name"));
        let (transform, token) = transforms.whole(known, raw.as_bytes());
        let Some(token) = token else { prop_assert!(raw.contains(['"', '\\'])); return Ok(()) };
        prop_assert_eq!(transform, Transform::Token);
        let class = |byte: &u8| match byte { b'0'..=b'9' => 'd', b'a'..=b'z' | b'A'..=b'Z' => 'a', other => char::from(*other) };
        if label != "iban" {
            prop_assert_eq!(token.iter().map(class).collect::<String>(), raw.bytes().map(|byte| class(&byte)).collect::<String>());
        }
        prop_assert_eq!(token.len(), raw.len());
    }
}
