#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::{Label, Masker, Syntax, Tally};

const TEXT: &str =
    "card: 4539578763621486\nssn: 536-22-8145\nmail: carla.mendez@northwind.org\niban: GB33BUKB20201555555555\n";

fn masked(text: &str, pieces: usize) -> String {
    let masker = Masker::new(&Label::ALL);
    let (mut stream, mut out, mut tally) = (masker.stream(Syntax::Text), Vec::new(), Tally::default());
    text.as_bytes().chunks(pieces).for_each(|piece| stream.push(piece, &mut out, &mut tally));
    stream.finish(&mut out, &mut tally);
    String::from_utf8(out).unwrap()
}

fn lines(per_line: usize, offset: impl Fn(usize) -> String, byte: impl Fn(&[u8]) -> String) -> String {
    let mut out = String::new();
    for (index, row) in TEXT.as_bytes().chunks(per_line).enumerate() {
        writeln!(out, "{}{}", offset(index * per_line), byte(row)).unwrap();
    }
    out
}

fn each(row: &[u8], format: impl Fn(u8) -> String) -> String {
    row.iter().map(|byte| format(*byte)).collect()
}

fn words(row: &[u8], format: impl Fn(u8, u8) -> String) -> String {
    row.chunks(2).map(|pair| format(pair[0], pair.get(1).copied().unwrap_or(0))).collect()
}

fn beside(row: &[u8]) -> String {
    row.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' }).collect()
}

fn base64(bytes: &[u8], width: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            out.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
        out.push_str(&"=".repeat(3 - group.len()));
    }
    let pieces: Vec<&str> = out.as_bytes().chunks(width).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    pieces.join("\n") + "\n"
}

fn dumps() -> Vec<(&'static str, String)> {
    let none = |_: usize| String::new();
    let gzip = {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(TEXT.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        (
            "xxd",
            lines(
                16,
                |at| format!("{at:08x}: "),
                |row| format!("{:<40} {}", words(row, |a, b| format!("{a:02x}{b:02x} ")), beside(row)),
            ),
        ),
        ("xxd -p", lines(30, none, |row| each(row, |byte| format!("{byte:02x}")))),
        ("xxd -p -c8", lines(8, none, |row| each(row, |byte| format!("{byte:02x}")))),
        (
            "xxd -b",
            lines(
                6,
                |at| format!("{at:08x}: "),
                |row| format!("{} {}", each(row, |byte| format!("{byte:08b} ")), beside(row)),
            ),
        ),
        ("xxd -i", lines(12, |_| "  ".to_owned(), |row| each(row, |byte| format!("0x{byte:02x}, ")))),
        (
            "hexdump -C",
            lines(
                16,
                |at| format!("{at:08x}  "),
                |row| {
                    format!(
                        "{:<50}|{}|",
                        row.chunks(8)
                            .map(|half| each(half, |byte| format!("{byte:02x} ")))
                            .collect::<Vec<_>>()
                            .join(" "),
                        beside(row)
                    )
                },
            ),
        ),
        ("hexdump", lines(16, |at| format!("{at:07x} "), |row| words(row, |a, b| format!("{b:02x}{a:02x} ")))),
        (
            "od",
            lines(
                16,
                |at| format!("{at:07o} "),
                |row| words(row, |a, b| format!("{:06o} ", u16::from_le_bytes([a, b]))),
            ),
        ),
        ("od -b", lines(16, |at| format!("{at:07o} "), |row| each(row, |byte| format!("{byte:03o} ")))),
        (
            "od -c",
            lines(
                16,
                |at| format!("{at:07o}"),
                |row| {
                    each(
                        row,
                        |byte| if byte == b'\n' { "  \\n".to_owned() } else { format!("   {}", char::from(byte)) },
                    )
                },
            ),
        ),
        (
            "od -tx4",
            lines(
                16,
                |at| format!("{at:07o}"),
                |row| {
                    let word = |four: &[u8]| four.iter().rev().map(|byte| format!("{byte:02x}")).collect::<String>();
                    row.chunks(4).map(|four| format!(" {:0>8}", word(four))).collect()
                },
            ),
        ),
        (
            "od -An -tx1z",
            lines(16, none, |row| format!("{:<48}  >{}<", each(row, |byte| format!(" {byte:02x}")), beside(row))),
        ),
        (
            "od -Ax -tx1z",
            lines(
                16,
                |at| format!("{at:06x}"),
                |row| format!("{:<48}  >{}<", each(row, |byte| format!(" {byte:02x}")), beside(row)),
            ),
        ),
        ("od -An -tx1 -w5", lines(5, none, |row| each(row, |byte| format!(" {byte:02x}")))),
        ("od -tu1", lines(16, |at| format!("{at:07o}"), |row| each(row, |byte| format!(" {byte:3}")))),
        ("base64 -w5", base64(TEXT.as_bytes(), 5)),
        ("base64 -w20", base64(TEXT.as_bytes(), 20)),
        ("base64 -w76", base64(TEXT.as_bytes(), 76)),
        ("gzip | base64", base64(&gzip, 76)),
        ("gzip | base64 -w0", base64(&gzip, 4096)),
        ("base64 of UTF-16", base64(&wide, 76)),
        (
            "letters with blanks",
            TEXT.lines()
                .map(|line| line.chars().map(|letter| format!("{letter} ")).collect::<String>() + "\n")
                .collect(),
        ),
        (
            "letters with two blanks",
            TEXT.lines()
                .map(|line| line.chars().map(|letter| format!("{letter}  ")).collect::<String>() + "\n")
                .collect(),
        ),
        ("one line", each(TEXT.as_bytes(), |byte| format!("{byte:02x} ")) + "\n"),
        ("JSON", format!("{{\"blob\": \"{}\"}}\n", each(TEXT.as_bytes(), |byte| format!("{byte:02x} ")))),
        ("list", format!("{:?}\n", TEXT.as_bytes())),
    ]
}

/// What is left of the digits and letters, with as many stars as there were others.
fn is_hidden(name: &str, dump: &str, seen: &str) -> bool {
    let kept = dump.bytes().zip(seen.bytes()).filter(|(a, b)| a == b && a.is_ascii_alphanumeric()).count();
    let all = dump.bytes().filter(u8::is_ascii_alphanumeric).count();
    let offsets = dump.lines().count()
        * if name.contains("xxd") || name.starts_with("od") || name.contains("hexdump") { 11 } else { 0 };
    kept <= all / 3 + offsets
}

#[test]
fn a_value_in_a_dump_is_masked_however_its_bytes_are_written() {
    for (name, dump) in dumps() {
        let seen = masked(&dump, usize::MAX);
        assert_eq!(seen.len(), dump.len(), "{name}");
        assert!(is_hidden(name, &dump, &seen), "{name}:\n{dump}\n{seen}");
    }
}

#[test]
fn a_dump_without_a_value_stays_as_it_is() {
    let plain = "The quick brown fox jumps over the lazy dog, 12345 times and more.\n".repeat(20);
    let hex: String = plain.as_bytes().chunks(16).map(|row| each(row, |byte| format!("{byte:02x} ")) + "\n").collect();
    for text in [
        hex,
        base64(plain.as_bytes(), 76),
        base64(plain.as_bytes(), 5),
        "1 2 3 4\n5 6 7 8\n".repeat(50),
        "alpha\nbravo\ncargo\ndelta\n".repeat(30),
        "a b c d e f g\n".repeat(9),
    ] {
        assert_eq!(masked(&text, usize::MAX), text);
    }
}

#[test]
fn what_is_masked_when_the_stream_is_quiet_is_counted_later() {
    let masker = Masker::new(&Label::ALL);
    let (mut stream, mut out, mut tally) = (masker.stream(Syntax::Text), Vec::new(), Tally::default());
    let dump = format!("{}$ ", lines(16, |_| String::new(), |row| each(row, |byte| format!("{byte:02x} "))));
    stream.push(dump.as_bytes(), &mut out, &mut tally);
    stream.release(b"", &mut out);
    let seen = String::from_utf8(out.clone()).unwrap();
    assert!(seen.ends_with("$ ") && is_hidden("", &dump, &seen), "{seen}");
    stream.finish(&mut out, &mut tally);
    assert!(tally.total() > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dump_is_masked_the_same_however_it_is_split(which in 0_usize..26, before in "(some words\n|x=|\n|12 |ab )?", size in 1_usize..90) {
        let dump = format!("{before}{}then text\n", dumps()[which].1);
        prop_assert_eq!(masked(&dump, size), masked(&dump, usize::MAX));
    }
}
