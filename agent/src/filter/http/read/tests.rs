#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;

use masking::Label;
use proptest::prelude::*;

use super::*;

const CARD: &str = "4111111111111111";

fn rules(places: &[&str]) -> Rules {
    let markings = Markings::new(places.iter().map(|place| (*place, Some(Label::Ssn)))).unwrap();
    Rules { markings, ..Rules::default() }
}

/// What a client gets of content, or why not. `pause` after every piece, if asked to.
fn read(label: &str, coding: &str, content: &[u8], step: usize, pause: bool) -> Result<Vec<u8>, Unreadable> {
    let (rules, masker) = (rules(&["ssn", "$.customer.tax"]), Masker::new(&Label::ALL));
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    let mut to = Passage { rules: &rules, masker: &masker, out: &mut out, tally: &mut tally };
    let mut reader = Reader::new(label, [coding.as_bytes()])?;
    for piece in content.chunks(step.max(1)) {
        reader.push(piece, &mut to)?;
        if pause {
            reader.pause(&mut to)?;
        }
    }
    reader.finish(&mut to)?;
    Ok(out)
}

fn whole(label: &str, content: &[u8]) -> String {
    String::from_utf8(read(label, "", content, content.len(), false).unwrap()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, mark: bool, little: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// Ways to carry a card number; none may get through, however it is cut.
#[test]
fn no_dodge_gets_a_value_through() {
    let json = format!(r#"{{"note": "paid with {CARD}", "n": 1}}"#);
    let cut = json.find(CARD).unwrap() + 7;
    let members = [gzip(&json.as_bytes()[..cut]), gzip(&json.as_bytes()[cut..])].concat();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("application/json", "", json.clone().into_bytes()),
        ("application/json", "gzip", gzip(json.as_bytes())),
        ("application/json", "X-Gzip", gzip(json.as_bytes())),
        ("application/json", "gzip, gzip", gzip(&gzip(json.as_bytes()))),
        ("application/json", "gzip", members),
        ("application/json", "", gzip(json.as_bytes())),
        ("application/json", "identity", utf16(&json, true, true)),
        ("application/json", "", utf16(&json, false, true)),
        ("application/json", "", utf16(&json, false, false)),
        ("application/json; charset=utf-16le", "", utf16(&json, false, true)),
        ("application/json", "", [b"\xef\xbb\xbf", json.as_bytes()].concat()),
        ("text/plain", "", json.clone().into_bytes()),
        ("image/png", "", json.clone().into_bytes()),
        ("application/octet-stream", "", json.clone().into_bytes()),
        ("", "", json.clone().into_bytes()),
        ("", "", gzip(json.as_bytes())),
        ("application/vnd.api+json", "", json.clone().into_bytes()),
        ("application/json", "", format!("{{\"{CARD}\": 1}}").into_bytes()),
        ("application/json", "", format!("[{CARD}]").into_bytes()),
        ("application/json", "", b"[4.111111111111111e15, 4111111111111111.0]".to_vec()),
        ("application/json", "", format!("{{\"a\":\"{CARD}\",\"a\":\"{CARD}\"}}").into_bytes()),
        ("application/json", "", br#"{"a":"\u0034\u0031\u0031\u0031\u0031111\u00311111\u0031111"}"#.to_vec()),
        ("application/json", "", format!(r#"{{"a":"{{\"b\":\"{CARD}\"}}"}}"#).into_bytes()),
        ("application/json", "", format!("{}\"{CARD}\"{}", "[".repeat(600), "]".repeat(600)).into_bytes()),
        ("application/json", "", format!("{{\"pad\":\"{}\",\"a\":\"{CARD}\"}}", "x".repeat(200_000)).into_bytes()),
        ("application/json", "", format!("callback({{\"a\":\"{CARD}\"}});").into_bytes()),
        ("application/json", "", format!(")]}}',\n{{\"a\":\"{CARD}\"}}").into_bytes()),
        ("application/json", "", format!("{{}} {{\"a\":\"{CARD}\"}} trailing {CARD}").into_bytes()),
        ("application/json", "", format!("// {CARD}\n{{\"a\": NaN}}").into_bytes()),
        ("application/x-ndjson", "", format!("{{\"a\":1}}\n{{\"a\":\"{CARD}\"}}\n").into_bytes()),
        ("text/event-stream", "", format!("data: {{\"a\":\"{CARD}\"}}\n\n").into_bytes()),
        ("text/event-stream", "", b"data: 4111 1111\ndata: 1111 1111\n\n".to_vec()),
        ("text/event-stream", "", format!(": {CARD}\nid: {CARD}\nevent: e\ndata: x\n\n").into_bytes()),
        ("text/html", "", b"<p>4111<b>1111</b>1111<i></i>1111</p>".to_vec()),
        ("text/html", "", format!("<a title=\"{CARD}\">x</a><!-- {CARD} -->").into_bytes()),
        ("application/xml", "", b"<v>4111<!-- x -->1111<![CDATA[1111]]>1111</v>".to_vec()),
        ("application/xml", "", format!("<v><![CDATA[{CARD}]]></v>").into_bytes()),
        ("application/xml", "", b"<v>4111<x/>1111<x/>1111<x/>1111</v>".to_vec()),
        ("application/xml", "", format!("<a><b>{CARD}</b><b>536-22-8145</b></a>").into_bytes()),
        ("application/xml", "", format!("<a><b><![CDATA[{CARD}]]></b><b><![CDATA[7]]></b></a>").into_bytes()),
        ("application/xml", "", b"<a><b><![CDATA[41111111]]><![CDATA[11111111]]></b><b>12</b></a>".to_vec()),
        ("text/html", "", format!("<p><b>{CARD}</b><b>12345678</b></p>").into_bytes()),
        ("text/event-stream", "", b"data: 4111 1111 \ndata: 1111 1111\n\n".to_vec()),
        ("text/event-stream", "", b"data: 411111111\ndata: 1111111\n\n".to_vec()),
        ("application/json", "", b"{\"x\": [\"4111\", \"1111\", \"1111\", \"1111\"]}".to_vec()),
        ("text/csv", "", format!("id,card\n1,{CARD}\n").into_bytes()),
        ("application/x-www-form-urlencoded", "", b"a=1&card=4111+1111+1111+1111".to_vec()),
        ("multipart/mixed; boundary=x", "", format!("--x\r\n\r\n{CARD}\r\n--x--\r\n").into_bytes()),
    ];
    for (label, coding, content) in cases {
        for (step, pause) in [(1, false), (3, false), (7, false), (content.len(), false)] {
            if step == 1 && content.len() > 100_000 {
                continue;
            }
            let out = read(label, coding, &content, step, pause).unwrap_or_default();
            let digits: String = String::from_utf8_lossy(&out).chars().filter(char::is_ascii_digit).collect();
            assert!(!digits.contains(CARD), "{label} {coding} by {step}: {}", String::from_utf8_lossy(&out));
        }
    }
}

#[test]
fn tokens_of_a_model_are_read_as_one_text() {
    let pieces = ["My card is ", "41", "11", " 1111", " 11", "11 ", "1111", ", thanks"];
    let event = |piece: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{piece}\"}}}}]}}\n\n");
    let stream: String = pieces.iter().map(|piece| event(piece)).collect::<String>() + "data: [DONE]\n\n";
    for step in [1, 5, 64, stream.len()] {
        let out = String::from_utf8(read("text/event-stream", "", stream.as_bytes(), step, false).unwrap()).unwrap();
        assert_eq!(out.len(), stream.len());
        assert!(out.contains("My card is ") && out.contains(", thanks") && out.ends_with("[DONE]\n\n"), "{out}");
        let digits: String = out.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.len() < 9, "{out}");
    }
    let lines: String = pieces.iter().map(|piece| format!("{{\"response\":\"{piece}\"}}\n")).collect();
    let out = whole("application/x-ndjson", lines.as_bytes());
    assert!(!out.chars().any(|one| one.is_ascii_digit()), "{out}");
}

#[test]
fn marked_members_are_masked_whole() {
    let out = whole("application/json", br#"{"ssn":"x1","customer":{"tax":"DE-1"},"tax":"kept","list":[{"SSN":7}]}"#);
    assert_eq!(out, r#"{"ssn":"**","customer":{"tax":"****"},"tax":"kept","list":[{"SSN":1}]}"#);
    let out = whole("text/event-stream", b"data: {\"ssn\":\"x1\"}\n\n");
    assert_eq!(out, "data: {\"ssn\":\"**\"}\n\n");
}

#[test]
fn what_cannot_be_read_does_not_pass() {
    let text = format!("paid with {CARD} yesterday");
    let ebcdic: Vec<u8> =
        text.bytes().map(|byte| if byte.is_ascii_digit() { byte - b'0' + 0xf0 } else { 0x81 }).collect();
    for (label, coding, content) in [
        ("text/plain; charset=utf-7", "", text.clone().into_bytes()),
        ("text/plain; charset=ibm037", "", ebcdic.clone()),
        ("text/plain", "", ebcdic),
        ("application/json", "br", gzip(text.as_bytes())),
        ("application/json", "gzip", text.clone().into_bytes()),
        ("application/json", "compress", text.clone().into_bytes()),
        ("application/json", "gzip", gzip(&vec![b'1'; 40 << 20])),
        ("image/png", "", [b"\x89PNG\r\n\x1a\n\0\0\0\x20tEXtComment\0", CARD.as_bytes(), b"\0"].concat()),
        ("application/zip", "", [b"PK\x03\x04\0\0\0\0 ", text.as_bytes(), b"\0"].concat()),
        ("application/gzip", "", gzip(text.as_bytes())),
        ("application/octet-stream", "", zlib(text.as_bytes())),
        ("application/x-xz", "", b"\xFD7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0".to_vec()),
        ("application/x-bzip2", "", b"BZh91AY&SY\x49\x19\xd4\xb2\0\0\x02\xd9\x80".to_vec()),
    ] {
        assert!(read(label, coding, &content, 100, false).is_err(), "{label} {coding}");
    }
}

#[test]
fn benign_content_comes_out_byte_for_byte() {
    let png =
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &(0..=255).cycle().take(5000).collect::<Vec<u8>>()].concat();
    let latin: Vec<u8> = b"caf\xe9 au lait, d\xe9j\xe0 vu".to_vec();
    let tar = gzip(b"just some files");
    for (label, content) in [
        (
            "application/json",
            br#"{"id": 1002003004, "big": 12345678901234567890, "f": 1e400, "t": 1700000000.5, "s": "\u00e9\n\/"}"#
                .to_vec(),
        ),
        ("application/json", b" [1,\t2 ,\n\"x\"] ".to_vec()),
        ("application/x-ndjson", b"{\"a\":1}\n\n{\"a\":2}".to_vec()),
        ("text/event-stream", b"retry: 1000\n\nid: 7\r\ndata: {\"a\":1}\r\n\r\n: ping\n\ndata: tail".to_vec()),
        (
            "text/html",
            b"<!DOCTYPE html><p class='a > b'>1 < 2 && 3 > 2</p><script>if (a<b) {x()}</script><td>41</td><td>11</td>"
                .to_vec(),
        ),
        ("application/xml", b"<?xml version=\"1.0\"?><a b=\"c\"><![CDATA[x]]]]><d/></a>".to_vec()),
        ("application/xml", b"<a><![CDATA[x]".to_vec()),
        ("application/xml", b"<a><![CDATA[x]]".to_vec()),
        ("application/x-www-form-urlencoded", b"a=1+2&b=%20c".to_vec()),
        ("text/plain; charset=iso-8859-1", latin.clone()),
        ("text/plain", latin),
        ("image/png", png.clone()),
        ("application/octet-stream", png),
        ("application/gzip", tar.clone()),
        ("application/octet-stream", tar),
        ("application/grpc", b"\0\0\0\0\x05\x0a\x03abc".to_vec()),
        ("", Vec::new()),
    ] {
        for step in [1, 4, 1000] {
            let out = read(label, "", &content, step, false).unwrap();
            assert_eq!(out, content, "{label} by {step}: {}", String::from_utf8_lossy(&out));
        }
    }
    let text = r#"{"a": "é"}"#;
    assert_eq!(read("application/json", "gzip", &gzip(text.as_bytes()), 5, false).unwrap(), text.as_bytes());
    assert_eq!(read("application/json", "", &utf16(text, true, true), 5, false).unwrap(), text.as_bytes());
}

#[test]
fn what_a_caller_may_see_is_not_masked_by_its_marking() {
    let places = [("ssn", Some(Label::Ssn)), ("mail", Some(Label::Email)), ("tax", None)];
    let rules = Arc::new(Rules { markings: Markings::new(places).unwrap(), ..Rules::default() });
    let masker = Masker::new(&[]);
    let read = |rules: &Rules| {
        let (mut lexer, mut out, mut tally) = (Lexer::new(&rules.markings), Vec::new(), Tally::default());
        let text = br#"{"ssn":"abc","mail":"def","tax":"ghi"}"#;
        lexer.push(&rules.markings, &masker, text, &mut out, &mut tally);
        String::from_utf8(out).unwrap()
    };
    let hidden = read(&rules.revealing(&[]));
    assert!(!hidden.contains("abc") && !hidden.contains("def") && !hidden.contains("ghi"), "{hidden}");
    let shown = read(&rules.revealing(&["ssn".into(), "tax".into()]));
    assert!(shown.contains("abc") && !shown.contains("def") && !shown.contains("ghi"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_output(
        text in r#"([a-z<>/"{}\[\]:, \n\r\\&;!.-]|data: |4111 1111 |4111111111111111|<!--|-->|\]\]>|<!\[CDATA\[|"ssn":|12e15){0,40}"#,
        label in prop_oneof![
            Just("application/json"), Just("text/html"), Just("text/event-stream"), Just("application/x-ndjson"),
            Just("text/plain"), Just("application/x-www-form-urlencoded"),
        ],
        step in 1usize..40,
    ) {
        let whole = read(label, "", text.as_bytes(), text.len(), false);
        let split = read(label, "", text.as_bytes(), step, false);
        prop_assert_eq!(&whole, &split);
        prop_assert_eq!(whole.unwrap().len(), text.len());
    }

    #[test]
    fn no_bytes_make_it_fall_over(
        content in proptest::collection::vec(any::<u8>(), 0..600), label in "[a-z]{0,11}/[a-z+-]{0,12}",
        coding in "(gzip|br|deflate|zstd|)", step in 1usize..200, pause in any::<bool>(),
    ) {
        let _any = read(&label, &coding, &content, step, pause);
    }
}

#[test]
fn marked_members_are_found_in_records_parts_and_pages_in_pieces_and_after_pauses() {
    let document = r#"{"a":{"ssn":"canary-one","x":1.5},"b":[true]}"#;
    let token = |char| serde_json::json!({ "choices": [{ "delta": { "content": char } }] });
    let tokens: String = document.chars().map(|char| format!("data: {}\n\n", token(char))).collect();
    let part = format!("--b\r\nX: {{\"\r\n\r\n{document}\r\n--b\r\n\r\n{document}\r\n--b--\r\n");
    let (events, parts) = ("text/event-stream", "multipart/mixed; boundary=b");
    for (label, text) in [
        (events, tokens),
        (events, format!("data: {}\ndata: {}\n\n", &document[..10], &document[10..])),
        (events, format!("data: {}\ndata: {}\n\n", &document[..20], &document[20..])),
        (events, format!("data: see {document}\n\n")),
        ("application/json-seq", format!("\u{1e}{document}\n")),
        ("text/html", format!("<a href='x'>it's</a><script>a = {document}</script>")),
        ("text/plain", format!("5\" {document}")),
        (parts, part),
    ] {
        for (step, pause) in [(1, true), (1, false), (7, true), (7, false), (text.len(), false)] {
            let seen = String::from_utf8(read(label, "", text.as_bytes(), step, pause).unwrap()).unwrap();
            let tokens: String =
                seen.lines().filter_map(|line| line.split_once("\"content\":\"")?.1.chars().next()).collect();
            let all = format!("{seen}{tokens}{}", seen.replace("\ndata: ", ""));
            assert!(
                !all.contains("canary-one") && !all.contains("nary-o") && all.contains("***"),
                "{label} {step} {pause}: {seen}"
            );
            let other = text.replace("ssn", "dog").replace("\"s\"", "\"d\"").replace("\"n\"", "\"d\"");
            let other = other.replace("\"s\ndata: sn", "\"d\ndata: og");
            let same = read(label, "", other.as_bytes(), step, pause).unwrap();
            assert_eq!(String::from_utf8(same).unwrap(), other, "{label} {step} {pause}");
        }
    }
}
