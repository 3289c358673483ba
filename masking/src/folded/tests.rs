#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use crate::{Label, Masker, StreamMasker, Syntax, Tally};

const VALUES: [&str; 7] = [
    "4539578763621486",
    "371449635398431",
    "536-22-8145",
    "carla.mendez@northwind.org",
    "DE89370400440532013000",
    "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2",
    "password=hunter22-Kx9",
];

fn stream() -> StreamMasker {
    Masker::new(&Label::ALL).stream(Syntax::Text)
}

fn masked(text: &str, pieces: usize) -> String {
    let (mut stream, mut out, mut tally) = (stream(), Vec::new(), Tally::default());
    text.as_bytes().chunks(pieces).for_each(|piece| stream.push(piece, &mut out, &mut tally));
    stream.finish(&mut out, &mut tally);
    String::from_utf8(out).unwrap()
}

/// As `fold -w` cuts each line.
fn fold(text: &str, width: usize, end: &str) -> String {
    let cut = |line: &str| -> String {
        line.as_bytes().chunks(width).map(|piece| String::from_utf8_lossy(piece).into_owned() + end).collect()
    };
    text.lines().map(cut).collect()
}

/// How many letters and digits of the value itself are left.
fn left(value: &str, folded: &str, seen: &str) -> usize {
    assert_eq!(folded.len(), seen.len());
    let kept = folded.bytes().zip(seen.bytes()).filter(|(a, b)| a == b && a.is_ascii_alphanumeric()).count();
    let all = folded.bytes().filter(u8::is_ascii_alphanumeric).count();
    kept.saturating_sub(all - value.bytes().filter(u8::is_ascii_alphanumeric).count())
}

#[test]
fn a_value_with_a_letter_on_each_line_or_a_few_is_masked() {
    for value in VALUES {
        let secret = value.strip_prefix("password=").unwrap_or(value);
        for width in 1..=5 {
            for end in ["\n", "\r\n", " \n"] {
                for text in [value.to_owned(), format!("{value}\n")] {
                    let folded = fold(&text, width, end);
                    let seen = masked(&folded, usize::MAX);
                    assert!(left(secret, &folded, &seen) <= 1, "{value} at {width}:\n{seen}");
                }
            }
        }
    }
}

#[test]
fn a_value_that_goes_on_on_the_next_line_is_masked() {
    for value in &VALUES[..6] {
        for width in 6..value.len() {
            let folded = format!("some text\n{}more text\n", fold(value, width, "\n"));
            let seen = masked(&folded, usize::MAX);
            assert!(left(value, &folded, &seen) <= 2, "{value} at {width}:\n{seen}");
        }
    }
}

#[test]
fn values_among_others_are_found_in_short_lines() {
    let file = "card: 4539578763621486\nssn: 536-22-8145\nmail: carla.mendez@northwind.org\n";
    for width in 1..=5 {
        let folded = fold(file, width, "\n");
        let seen = masked(&folded, usize::MAX).replace('\n', "");
        for part in ["87636", "-8145", "mendez", "14865"] {
            assert!(!seen.contains(part), "{width}: {seen}");
        }
    }
    let cards = fold("4539578763621486\n4111111111111111\n371449635398431\n", 1, "\n");
    assert!(!masked(&cards, usize::MAX).contains(|byte: char| byte.is_ascii_digit()));
}

#[test]
fn the_numbers_of_bytes_on_short_lines_are_masked() {
    let value = "4539578763621486";
    let forms: [fn(u8) -> String; 5] = [
        |byte| format!("{byte:02x}\n"),
        |byte| format!("{byte:03o}\n"),
        |byte| format!("{byte}\n"),
        |byte| format!("0x{byte:02x}\n"),
        |byte| format!("  {byte}\n"),
    ];
    for form in forms {
        let text: String = value.bytes().map(form).collect();
        let seen = masked(&text, usize::MAX);
        assert!(!seen.contains(|byte: char| byte.is_ascii_digit()), "{seen}");
    }
}

#[test]
fn what_all_lines_are_dressed_with_hides_no_value() {
    let forms: [fn(usize, &str) -> String; 9] = [
        |at, letter| format!("{:6}\t{letter}\n", at + 1),
        |at, letter| format!("{at} {letter}\n"),
        |at, letter| format!("{at}: '{letter}'\n"),
        |_, letter| format!("{letter}$\n"),
        |_, letter| format!("'{letter}',\n"),
        |_, letter| format!("- {letter}\n"),
        |_, letter| format!("{letter},\n"),
        |_, letter| format!("   {letter}\n"),
        |_, letter| format!("{letter}\\\n"),
    ];
    for value in &VALUES[..6] {
        for (index, form) in forms.iter().enumerate() {
            for width in 1..=3 {
                let pieces = value.as_bytes().chunks(width).map(|piece| std::str::from_utf8(piece).unwrap());
                let text: String = pieces.enumerate().map(|(at, piece)| form(at, piece)).collect();
                assert_ne!(masked(&text, usize::MAX), text, "form {index} at {width}");
                assert_eq!(masked(&text, 1), masked(&text, usize::MAX), "form {index} at {width}");
            }
        }
    }
}

#[test]
fn lists_of_short_lines_stay_as_they_are() {
    let numbers = |from: usize, to: usize| (from..=to).map(|number| format!("{number}\n")).collect::<String>();
    for text in [
        numbers(1, 100),
        numbers(1, 20_000),
        numbers(9_999_990, 10_000_100),
        "bin\netc\nlib\nusr\nvar\nopt\nsrv\ntmp\n".to_owned(),
        "0\n1\n1\n0\n1\n0\n0\n1\n1\n1\n1\n0\n".repeat(40),
        "7\n3\n9\n".repeat(200),
        "yes\nno\nno\nyes\n".repeat(30),
        "a,b\n1,2\n3,4\n5,6\n7,8\n".to_owned(),
        " 12\n  7\n103\n 44\n".repeat(20),
        "alpha\nbravo-two\ncargo.txt\ndelta\nREADME.md\nCargo.toml\n".to_owned(),
        "db-1.example.com\nweb-1.example.com\nlb.example.com\n".to_owned(),
        "lodash@4.17.21\nreact@18.2.0\nvue@3.4.1\n".to_owned(),
        "12345678\n12345679\n12345680\n".to_owned(),
        "OK\nOK\nFAIL\n".to_owned(),
        "40000001\n40000002\n40000003\n40000004\n".to_owned(),
        "#\n# a\n# b\n\n{\n}\n".to_owned(),
        "1 a.txt\n2 b.c\n3 d\n".to_owned(),
        "- one\n- two\n- three\n".to_owned(),
        "1\t0\n2\t1\n3\t1\n4\t0\n".repeat(9),
        "  12 x\n   7 y\n 103 z\n".repeat(9),
    ] {
        assert_eq!(masked(&text, usize::MAX), text);
    }
}

#[test]
fn a_list_of_addresses_is_masked_line_by_line() {
    let seen = masked("bob.miller@example.com\nnew-york\n", usize::MAX);
    assert!(seen.ends_with("\nnew-york\n") && !seen.contains("miller"), "{seen}");
}

/// What a person sees who waits for each line.
fn slowly(text: &str) -> (String, String) {
    let (mut stream, mut out, mut tally) = (stream(), Vec::new(), Tally::default());
    for line in text.split_inclusive('\n') {
        stream.push(line.as_bytes(), &mut out, &mut tally);
        stream.release(b"", &mut out);
    }
    let before = String::from_utf8(out.clone()).unwrap();
    stream.finish(&mut out, &mut tally);
    (before, String::from_utf8(out).unwrap())
}

#[test]
fn lines_that_come_slowly_show_no_more_than_six_digits_of_a_card() {
    for width in 1..=15 {
        for text in [fold("4539578763621486", width, "\n"), fold("4539578763621486", width, "\r\n")] {
            let (before, after) = slowly(&text);
            assert!(before.matches(|byte: char| byte.is_ascii_digit()).count() <= 6, "{width}: {before}");
            assert!(after.matches(|byte: char| byte.is_ascii_digit()).count() <= 6, "{width}: {after}");
        }
    }
}

#[test]
fn an_address_that_comes_slowly_shows_no_more_than_its_local_part() {
    for width in 1..=20 {
        let (_, after) = slowly(&fold("carla.mendez@northwind.org", width, "\n"));
        assert!(!after.replace('\n', "").contains("northw"), "{width}: {after}");
    }
}

#[test]
fn lists_that_come_slowly_come_line_by_line() {
    for text in ["yes\nno\nno\n", "1\n2\n3\n", "alpha\nbravo\nab\n", "done\n", "- a\n- b\n"] {
        assert_eq!(slowly(text), (text.to_owned(), text.to_owned()));
    }
    let count: String = (1..=100).map(|number| format!("{number}\n")).collect();
    assert_eq!(slowly(&count).1, count);
}

#[test]
fn a_prompt_ends_what_is_held() {
    let (mut stream, mut out) = (stream(), Vec::new());
    stream.push(b"4539578\n76362\n$ ", &mut out, &mut Tally::default());
    stream.release(b"", &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "4539578\n76362\n$ ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_lines_are_masked_the_same_however_they_are_split(
        value in prop::sample::select(VALUES.to_vec()),
        width in 1_usize..30,
        before in "([a-z0-9 ]{0,9}\n|[0-9]{1,5}\n|\n| ?[a-z]\"|[x$>] ){0,4}",
        after in "([a-z0-9 ]{0,9}\n|[0-9]{1,5}\n|\"|\n){0,4}",
        end in prop::sample::select(vec!["\n", "\r\n", " \n"]),
        size in 1_usize..90,
    ) {
        let text = format!("{before}{}{after}", fold(value, width, end));
        prop_assert_eq!(masked(&text, size), masked(&text, usize::MAX));
        let (mut whole, mut tally) = (text.clone().into_bytes(), Tally::default());
        Masker::new(&Label::ALL).mask(&mut whole, Syntax::Text, &mut tally);
        prop_assert_eq!(String::from_utf8(whole).unwrap(), masked(&text, usize::MAX));
    }

    #[test]
    fn lines_of_any_letters_are_masked_the_same_however_they_are_split(
        text in "([0-9a-f@. \"-]{0,6}\r?\n){1,60}|([0-9]{1,4}\n){1,300}|([a-z0-9@.]{1,12}\n){1,30}",
        size in 1_usize..90,
    ) {
        prop_assert_eq!(masked(&text, size), masked(&text, usize::MAX));
    }
}
