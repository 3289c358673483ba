//! Dodges of every kind that were tried, and what only looks like values: one list of forms over one set of values.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::fmt::Write as _;

use masking::{Label, Masker, StreamMasker, Syntax, Tally};

/// Values of every label, so that each form is tried on digits, letters and marks.
const VALUES: [&str; 8] = [
    "4539578763621486",
    "371449635398431",
    "536-90-4399",
    "maria.keller@northwind-mail.com",
    "+49 30 901820",
    "DE89370400440532013000",
    "AKIAIOSFODNN7EXAMPLZ",
    "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2",
];

type Form = (&'static str, fn(&str) -> String);

fn each(value: &str, joint: &str, form: impl Fn(u8) -> String) -> String {
    value.bytes().map(form).collect::<Vec<_>>().join(joint)
}

fn between(value: &str, mark: &str) -> String {
    value.chars().map(String::from).collect::<Vec<_>>().join(mark)
}

fn digits(value: &str, zero: u32) -> String {
    value.chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32(zero + d)).unwrap_or(c)).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn base32(value: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = value.bytes().map(|byte| format!("{byte:08b}")).collect();
    let five = |at: usize| usize::from_str_radix(&format!("{:0<5}", &bits[at..(at + 5).min(bits.len())]), 2).unwrap();
    (0..bits.len()).step_by(5).map(|at| char::from(LETTERS[five(at)])).collect()
}

fn hex(value: &str) -> String {
    each(value, "", |byte| format!("{byte:02x}"))
}

const FORMS: [Form; 55] = [
    ("plain", |v| v.into()),
    ("base32", |v| base32(v)),
    ("base32 of JSON in base64", |v| base64(base32(&format!("{{\"v\":\"{v}\"}}")).as_bytes())),
    ("quoted", |v| format!("'{v}'")),
    ("json", |v| format!("{{\"a\":\"{v}\"}}")),
    ("json in json", |v| format!("{{\"a\":\"{{\\\"b\\\":\\\"{v}\\\"}}\"}}")),
    ("base64", |v| base64(v.as_bytes())),
    ("base64 of a pair", |v| base64(format!("v={v}").as_bytes())),
    ("base64 of JSON", |v| base64(format!("{{\"v\":\"{v}\"}}").as_bytes())),
    ("base64 twice", |v| base64(base64(format!("a {v}").as_bytes()).as_bytes())),
    ("base64 three times", |v| base64(base64(base64(v.as_bytes()).as_bytes()).as_bytes())),
    ("base64 of UTF-16", |v| base64(&v.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
    ("hexadecimal", hex),
    ("capital hexadecimal", |v| hex(v).to_uppercase()),
    ("0x", |v| format!("0x{}", hex(v))),
    ("bytea", |v| format!("\\x{}", hex(v))),
    ("bytea in a statement", |v| format!("SELECT '\\x{}'::bytea", hex(v))),
    ("bytea in JSON", |v| format!("{{\"b\":\"\\\\x{}\"}}", hex(v))),
    ("hexadecimal of base64", |v| hex(&base64(v.as_bytes()))),
    ("colons", |v| each(v, ":", |byte| format!("{byte:02x}"))),
    ("dashes", |v| each(v, "-", |byte| format!("{byte:02X}"))),
    ("blanks", |v| each(v, " ", |byte| format!("{byte:02x}"))),
    ("commas", |v| each(v, ",", |byte| format!("{byte:02x}"))),
    ("C", |v| format!("char x[] = {{{}}};", each(v, ", ", |byte| format!("0x{byte:02x}")))),
    ("decimals", |v| each(v, ",", |byte| byte.to_string())),
    ("Buffer", |v| format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", each(v, ",", |byte| byte.to_string()))),
    ("a list", |v| format!("data [{}]", each(v, ", ", |byte| byte.to_string()))),
    ("a PostgreSQL array", |v| format!("{{{}}}", each(v, ",", |byte| byte.to_string()))),
    ("binary", |v| each(v, " ", |byte| format!("{byte:08b}"))),
    ("U+", |v| each(v, " ", |byte| format!("U+{byte:04X}"))),
    ("quoted-printable", |v| each(v, "", |byte| format!("={byte:02X}"))),
    ("\\x", |v| each(v, "", |byte| format!("\\x{byte:02x}"))),
    ("\\u", |v| each(v, "", |byte| format!("\\u{byte:04x}"))),
    ("\\u{}", |v| each(v, "", |byte| format!("\\u{{{byte:x}}}"))),
    ("octal", |v| each(v, "", |byte| format!("\\{byte:03o}"))),
    ("percent", |v| each(v, "", |byte| format!("%{byte:02X}"))),
    ("percent twice", |v| each(v, "", |byte| format!("%25{byte:02X}"))),
    ("references", |v| each(v, "", |byte| format!("&#{byte};"))),
    ("references without an end", |v| format!("<p>{}</p>", each(v, "", |byte| format!("&#{byte}")))),
    ("hexadecimal references without an end", |v| format!("{} ", each(v, "", |byte| format!("&#x{byte:x}")))),
    ("soft hyphens by name", |v| between(v, "&shy;")),
    ("long codes", |v| each(v, "", |byte| format!("\\U{byte:08x}"))),
    ("escape()", |v| each(v, "", |byte| format!("%u{byte:04x}"))),
    ("lines that go on", |v| between(v, "\\\n")),
    ("hexadecimal references", |v| each(v, "", |byte| format!("&#x{byte:x};"))),
    ("zero width", |v| between(v, "\u{200b}")),
    ("word joiners", |v| between(v, "\u{2060}")),
    ("soft hyphens", |v| between(v, "\u{ad}")),
    ("tags", |v| between(v, "\u{e0020}")),
    ("variation selectors", |v| between(v, "\u{fe0f}")),
    ("colours", |v| between(v, "\u{1b}[0m")),
    ("full width", |v| {
        v.bytes().map(|b| char::from_u32(if b > 32 { u32::from(b) + 0xFEE0 } else { 32 }).unwrap()).collect()
    }),
    ("Arabic digits", |v| digits(v, 0x0660)),
    ("Devanagari digits", |v| digits(v, 0x0966)),
    ("bold digits", |v| digits(v, 0x1_D7CE)),
];

fn masked(text: &str, syntax: Syntax) -> String {
    let mut value = text.as_bytes().to_vec();
    Masker::new(&Label::ALL).mask(&mut value, syntax, &mut Tally::default());
    String::from_utf8_lossy(&value).into_owned()
}

fn streamed(text: &str, syntax: Syntax, step: usize) -> String {
    let mut stream: StreamMasker = Masker::new(&Label::ALL).stream(syntax);
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    text.as_bytes().chunks(step).for_each(|piece| stream.push(piece, &mut out, &mut tally));
    stream.finish(&mut out, &mut tally);
    String::from_utf8_lossy(&out).into_owned()
}

/// Letters and digits that stand where they stood.
fn kept(before: &str, after: &str) -> usize {
    let bare = |text: &str| text.replace("\u{1b}[0m", "\u{1b}[");
    bare(before)
        .bytes()
        .zip(bare(after).bytes())
        .filter(|(a, b)| a == b && (a.is_ascii_alphanumeric() || !a.is_ascii()))
        .count()
}

#[test]
fn no_form_of_a_value_passes_wherever_it_stands() {
    let mut through = String::new();
    for (name, form) in FORMS {
        for value in VALUES {
            let disguised = form(value);
            for (before, after) in [("", ""), ("the value is ", " and so on"), ("a,b,", ",c"), ("line\n", "\nline")] {
                let text = format!("{before}{disguised}{after}");
                let shown = masked(&text, Syntax::Text);
                let core = kept(&disguised, &shown[before.len().min(shown.len())..]);
                let all = disguised.bytes().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count();
                // A form may leave its own frame, and of an address or account a letter.
                if core * 2 > all + 24 {
                    let _ = writeln!(through, "{name}: {text:?} -> {shown:?}");
                }
                for step in [1, 7] {
                    assert_eq!(streamed(&text, Syntax::Text, step), shown, "{name} in pieces of {step}");
                }
            }
        }
    }
    assert!(through.is_empty(), "{through}");
}

#[test]
fn a_buffer_in_json_is_masked_and_stays_json() {
    for value in VALUES {
        let list = each(value, ",", |byte| byte.to_string());
        let text = format!("{{\"id\":12,\"data\":{{\"type\":\"Buffer\",\"data\":[{list}]}},\"n\":[1,2,3]}}");
        let shown = masked(&text, Syntax::Json);
        assert!(!shown.contains(&list), "{shown}");
        let parsed: serde_json::Value = serde_json::from_str(&shown).unwrap_or_else(|why| panic!("{why}: {shown}"));
        assert_eq!(parsed["n"], serde_json::json!([1, 2, 3]), "{shown}");
        assert_eq!(parsed["data"]["data"].as_array().unwrap().len(), value.len(), "{shown}");
    }
}

#[test]
fn what_is_no_value_stays_as_it_is() {
    let mut changed = String::new();
    for line in include_str!("corpus/benign.txt").lines() {
        for syntax in [Syntax::Text, Syntax::Json] {
            if syntax == Syntax::Json && !line.starts_with(['{', '[']) {
                continue;
            }
            let shown = masked(line, syntax);
            if shown != line {
                let _ = writeln!(changed, "{line}\n{shown}");
            }
            assert_eq!(streamed(line, syntax, 1), shown, "{line}");
        }
    }
    assert!(changed.is_empty(), "{changed}");
}

#[test]
fn base64_of_what_is_packed_and_cannot_be_read_is_masked_whole() {
    let masker = Masker::new(&Label::ALL);
    for packed in [
        "QlpoOTFBWSZTWUkZ1LIAAALZAAAQQAAQQAAgACGYGYQYXckU4UJBJGdSyA==",
        "/Td6WFoAAATm1rRGBMAGBSEBFgAAAAAAAABDRUUDAQAFaGVsbG8KAACwYK2xqXQVOwABIgYaWdHLH7bzfQEAAAAABFla",
        "KLUv/SQGMQAAaGVsbG8KojZBOg==",
        "KLUv/QRYMQAAaGVsbG8KJWC1kg==",
    ] {
        let mut line = format!("{{\"data\": \"{packed}\", \"ok\": true}}").into_bytes();
        masker.mask(&mut line, Syntax::Text, &mut Tally::default());
        let line = String::from_utf8(line).unwrap();
        let bare = packed.trim_end_matches('=');
        assert!(!line.contains(&bare[4..12]) && line.contains("\"ok\": true"), "{line}");
    }
    for text in
        ["/Td6 is no file", "QlpoMTFBWSZ", "KLUv is a name", "N3q8", "SELECTEDCUSTOMERACCOUNTS", "GEZDGNBVGY3TQOJQ"]
    {
        let mut line = text.as_bytes().to_vec();
        masker.mask(&mut line, Syntax::Text, &mut Tally::default());
        assert_eq!(line, text.as_bytes());
    }
}
