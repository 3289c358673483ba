//! Streams: any split gives the output of the whole, what is held is bounded, and `release` gives up only what it says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod soup;

use masking::{Label, Masker, StreamMasker, Syntax, Tally};
use proptest::prelude::*;

const MOST_HELD: usize = 4096;

/// All labels, and a detector of one's own.
fn masker() -> &'static Masker {
    static MASKER: std::sync::OnceLock<Masker> = std::sync::OnceLock::new();
    MASKER.get_or_init(|| {
        let mut detectors: Vec<_> = Label::ALL.into_iter().map(masking::Detector::Label).collect();
        let custom = r#"{"name": "greeting", "pattern": "\\bhello[ -][a-z0-9]{2,60}\\b", "hotwords": ["x", "secret"]}"#;
        detectors.push(custom.parse().unwrap());
        Masker::compile(&detectors, masking::Options::default()).unwrap()
    })
}

fn whole(text: &[u8], syntax: Syntax) -> (Vec<u8>, Tally) {
    let (mut value, mut tally) = (text.to_vec(), Tally::default());
    masker().mask(&mut value, syntax, &mut tally);
    (value, tally)
}

fn split(text: &[u8], sizes: &[usize], syntax: Syntax) -> (Vec<u8>, Tally) {
    let (mut stream, mut out, mut tally) = (masker().stream(syntax), Vec::new(), Tally::default());
    let (mut rest, mut sizes) = (text, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        stream.push(piece, &mut out, &mut tally);
        rest = later;
        // A character can be written with many bytes.
        let most = MOST_HELD * if syntax == Syntax::Number { 1 } else { 8 };
        assert!(stream.held() <= most, "{} after {:?}", stream.held(), String::from_utf8_lossy(piece));
        assert_eq!(stream.held(), text.len() - rest.len() - out.len());
    }
    stream.finish(&mut out, &mut tally);
    (out, tally)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        prop::collection::vec(1..4_usize, 1..8),
        prop::collection::vec(1..80_usize, 1..8),
        prop::collection::vec(1..3000_usize, 1..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_text_gives_the_same_output(text in soup::text(), sizes in sizes()) {
        let (expected, tally) = whole(&text, Syntax::Text);
        let (out, counted) = split(&text, &sizes, Syntax::Text);
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
        prop_assert_eq!(counted, tally);
        prop_assert_eq!(out.len(), text.len());
    }

    #[test]
    fn any_split_of_json_gives_the_same_output(text in soup::text(), sizes in sizes()) {
        let (expected, tally) = whole(&text, Syntax::Json);
        let (out, counted) = split(&text, &sizes, Syntax::Json);
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
        prop_assert_eq!(counted, tally);
    }

    #[test]
    fn any_split_of_a_json_document_gives_the_same_output(text in soup::json(), sizes in sizes()) {
        let (expected, _) = whole(text.as_bytes(), Syntax::Json);
        let (out, _) = split(text.as_bytes(), &sizes, Syntax::Json);
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }

    #[test]
    fn any_bytes_pass_without_panic_and_keep_their_length(bytes in prop::collection::vec(any::<u8>(), 0..600), sizes in sizes()) {
        for syntax in [Syntax::Text, Syntax::Json, Syntax::Number] {
            let (expected, _) = whole(&bytes, syntax);
            prop_assert_eq!(expected.len(), bytes.len());
            prop_assert_eq!(split(&bytes, &sizes, syntax).0, expected);
        }
    }

    #[test]
    fn text_stays_valid_utf8(text in soup::utf8()) {
        let (out, _) = whole(text.as_bytes(), Syntax::Text);
        prop_assert!(String::from_utf8(out).is_ok());
    }

    #[test]
    fn released_streams_keep_order_and_length(text in soup::text(), sizes in sizes()) {
        let (mut stream, mut out, mut tally) = (Masker::new(&Label::ALL).stream(Syntax::Text), Vec::new(), Tally::default());
        for piece in text.chunks(sizes[0]) {
            stream.push(piece, &mut out, &mut tally);
            stream.release(&[], &mut out);
        }
        stream.finish(&mut out, &mut tally);
        prop_assert_eq!(out.len(), text.len());
        prop_assert!(out.iter().zip(&text).all(|(sent, raw)| sent == raw || *sent == b'*'));
    }
}

fn stream() -> StreamMasker {
    Masker::new(&Label::ALL).stream(Syntax::Text)
}

fn push(stream: &mut StreamMasker, text: &str) -> String {
    let mut out = Vec::new();
    stream.push(text.as_bytes(), &mut out, &mut Tally::default());
    String::from_utf8(out).unwrap()
}

fn release(stream: &mut StreamMasker, typed: &str) -> String {
    let mut out = Vec::new();
    stream.release(typed.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

fn finish(stream: &mut StreamMasker) -> String {
    let mut out = Vec::new();
    stream.finish(&mut out, &mut Tally::default());
    String::from_utf8(out).unwrap()
}

#[test]
fn a_long_word_before_an_at_sign_is_held_whatever_else_waits_in_it() {
    for unit in ["123-45-6789", "5555-5555-5555-4444", "4111 1111-"] {
        for count in 1..9 {
            for host in ["[192.168.2.1]", "example.com", " (at) example (dot) com"] {
                let text = format!("{}{}{host}", unit.repeat(count), if host.starts_with(' ') { "" } else { "@" });
                let (expected, _) = whole(text.as_bytes(), Syntax::Text);
                let (out, _) = split(text.as_bytes(), &[1], Syntax::Text);
                assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected), "{text}");
            }
        }
    }
}

#[test]
fn a_prompt_and_plain_lines_are_sent_at_once() {
    for text in ["alice@web-1:~$ ", "hello world\r\n", "\u{1b}[32m~\u{1b}[0m> ", "total 12\n", "100% "] {
        assert_eq!(push(&mut stream(), text), text);
    }
}

#[test]
fn a_quiet_stream_releases_words_and_masks_what_completes_them() {
    let mut stream = stream();
    assert_eq!(push(&mut stream, "to al"), "to ");
    assert_eq!(release(&mut stream, ""), "al");
    assert_eq!(stream.held(), 0);
    assert_eq!(push(&mut stream, "ice@example.com "), "***@*******.*** ");
}

#[test]
fn a_quiet_stream_releases_six_digits_and_no_more() {
    let mut stream = stream();
    push(&mut stream, "4111 1111");
    assert_eq!(release(&mut stream, ""), "4111 11");
    assert_eq!(release(&mut stream, ""), "");
    push(&mut stream, " 1111");
    assert_eq!(release(&mut stream, ""), "");
    // A line of numbers may go on as a dump on the next.
    assert_eq!(push(&mut stream, " 1111\n") + &release(&mut stream, ""), "** **** ****\n");
    push(&mut stream, "order 12345678");
    assert_eq!(release(&mut stream, ""), "123456");
    assert_eq!(push(&mut stream, "\n"), "78\n");
}

#[test]
fn digits_released_one_by_one_add_up_to_six() {
    let (mut stream, mut out) = (stream(), String::new());
    for digit in "4111111111111111".chars() {
        out += &push(&mut stream, &digit.to_string());
        out += &release(&mut stream, "");
    }
    assert_eq!(out, "411111");
    // A word may go on on the next line.
    assert_eq!(push(&mut stream, "\n") + &release(&mut stream, ""), "**********\n");
}

#[test]
fn an_echo_of_what_was_typed_is_released() {
    let (mut stream, mut typed) = (stream(), String::new());
    for key in "psql -h alice@example.com 4111111111111111".chars() {
        typed.push(key);
        let mut shown = push(&mut stream, &key.to_string());
        shown += &release(&mut stream, &typed);
        assert_eq!(shown, key.to_string());
    }
    assert_eq!(push(&mut stream, "\r\n"), "\r\n");
}

#[test]
fn what_follows_a_mark_is_not_released() {
    for (text, shown) in
        [("x alice@exa", "x "), ("x ghp_abc", "x "), ("x eyJhbGci", "x "), ("x ://u:p", "x "), ("x AKIA1234", "x ")]
    {
        let mut stream = stream();
        let mut out = push(&mut stream, text);
        out += &release(&mut stream, "");
        assert_eq!(out, shown, "{text}");
        assert_eq!(finish(&mut stream), text[2..], "{text}");
    }
}

#[test]
fn a_typed_ending_does_not_release_what_the_server_began() {
    let mut stream = stream();
    push(&mut stream, "4111 1111 1");
    release(&mut stream, "1");
    push(&mut stream, "1");
    assert_eq!(release(&mut stream, "11"), "");
}

#[test]
fn hostile_repetition_is_linear() {
    // Each would take hours if the work per byte grew with the input.
    let repeated = [
        "@",
        "1",
        "eyJ",
        "1 ",
        "a@",
        "a.",
        "-----BEGIN ",
        "://",
        "ssn 123456789 ",
        "ghp_",
        "secret=",
        "4111-",
        "://a:",
        "a@b.",
        ".eyJ",
        "\\u0031",
        "\"",
    ];
    for unit in repeated {
        let text = unit.repeat((1 << 20) / unit.len());
        for syntax in [Syntax::Text, Syntax::Json] {
            let (out, _) = split(text.as_bytes(), &[1000], syntax);
            assert_eq!(out, whole(text.as_bytes(), syntax).0, "{unit}");
        }
    }
}

#[test]
fn a_secret_longer_than_what_is_waited_for_is_masked_to_its_end() {
    let secret = "aB3dE5_fG7hJ9é".repeat(60);
    let frames = [
        ("password=", ""),
        ("password: \"", "\""),
        ("password: '", "'"),
        ("password: \u{201c}", "\u{201d}"),
        ("mysql --password=", ""),
        ("sshpass -p '", "'"),
        ("curl -u \"bob:", "\""),
        ("machine db.example.com login bob password ", ""),
        ("Authorization: Bearer ", ""),
    ];
    for (before, after) in frames {
        let text = format!("{before}{secret}{after}\nnext line");
        let (out, tally) = whole(text.as_bytes(), Syntax::Text);
        let out = String::from_utf8(out).unwrap();
        assert!(tally.total() > 0 && !out.contains("dE5") && out.ends_with("next line"), "{before}: {out}");
    }
}

#[test]
fn a_long_token_is_masked_without_being_held() {
    let mut stream = stream();
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    let text = format!("eyJhbGciOiJIUzI1NiJ9.{} end\n", "x".repeat(200_000));
    for piece in text.as_bytes().chunks(777) {
        stream.push(piece, &mut out, &mut tally);
        assert!(stream.held() < 800);
    }
    assert!(out.ends_with(b"** end\n"));
    assert_eq!(tally.total(), 1);
}

#[test]
fn sealed_pieces_are_the_same_bytes() {
    let (mut stream, mut tally) = (stream(), Tally::default());
    let first = stream.push_masked(b"ssn 123-45-6789, a", &mut tally);
    let last = stream.finish_masked(&mut tally);
    assert_eq!((first.as_ref(), last.as_ref()), (&b"ssn ***-**-****, "[..], &b"a"[..]));
    let full = masking::Transform::Full;
    let once = masking::Count { label: Label::Ssn, detector: "ssn", transform: full, times: 1 };
    assert_eq!(tally.drain(), vec![once]);
}
