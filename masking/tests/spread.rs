//! Cards in groups with unusual joints, and what looks like them: found by form, however the text is split.
#![allow(clippy::unwrap_used, missing_docs)]

use masking::{Label, Masker, Syntax, Tally};
use proptest::prelude::*;

fn masked(text: &str, syntax: Syntax, size: usize) -> String {
    let masker = Masker::new(&Label::ALL);
    let (mut stream, mut out, mut tally) = (masker.stream(syntax), Vec::new(), Tally::default());
    text.as_bytes().chunks(size).for_each(|piece| stream.push(piece, &mut out, &mut tally));
    stream.finish(&mut out, &mut tally);
    let out = String::from_utf8(out).unwrap();
    let mut whole = text.as_bytes().to_vec();
    masker.mask(&mut whole, syntax, &mut Tally::default());
    assert_eq!(String::from_utf8(whole).unwrap(), out, "{text:?} whole and in pieces");
    out
}

const JOINTS: [&str; 19] = [
    ":",
    "_",
    "\t",
    ",",
    ", ",
    "\n",
    "\r\n",
    ";",
    "|",
    " | ",
    " - ",
    " \u{2013} ",
    "*",
    "#",
    "~",
    "+",
    " / ",
    "--",
    "\",\"",
];

#[test]
fn the_groups_of_a_card_are_masked_whatever_one_joint_parts_them() {
    for joint in JOINTS {
        for groups in
            [&["4539", "5787", "6362", "1486"][..], &["3782", "822463", "10005"], &["4111", "1111", "1111", "1111"]]
        {
            let text = format!("x {} y\n", groups.join(joint));
            let stars: Vec<_> = groups.iter().map(|group| "*".repeat(group.len())).collect();
            assert_eq!(masked(&text, Syntax::Text, usize::MAX), format!("x {} y\n", stars.join(joint)), "{joint:?}");
        }
    }
    let dots = "4539578763621486".chars().map(|digit| digit.to_string()).collect::<Vec<_>>().join(".");
    assert_eq!(masked(&dots, Syntax::Text, usize::MAX), dots.replace(|byte: char| byte.is_ascii_digit(), "*"));
    assert_eq!(masked("[4539, 5787, 6362, 1486]", Syntax::Json, usize::MAX), "[1000, 1000, 1000, 1000]");
    assert_eq!(masked("card: 4012,4128,4254,4310", Syntax::Text, usize::MAX).matches('*').count() % 4, 0);
}

#[test]
fn lists_names_and_addresses_of_groups_of_four_digits_stay() {
    for text in [
        "2019,2020,2021,2022",
        "1984\n1985\n1986\n1987\n",
        "4539,5787,6362,1486,4539,5787,6362,1486",
        "1000:4539:5787:6362:1486",
        "2001:4539:5787:6362:1486:1:2:3",
        "id_4539_5787_6362_1486",
        "4539_5787_6362_1486_7",
        "4539,5787;6362,1486",
        "4539:5787:6362:1487",
        "0x4539:5787:6362:1486",
        "1.2.3.4.5.6.7.8.9.1.2.3.4",
    ] {
        assert_eq!(masked(text, Syntax::Text, usize::MAX), text);
    }
}

#[test]
fn a_nul_or_a_backspace_inside_a_value_hides_nothing() {
    for unseen in ["\0", "\u{8}", "\0\0", "\u{8}\u{8}\0"] {
        for value in ["4539578763621486", "123-45-6789", "alice@example.com"] {
            let text =
                format!("x {} y", value.chars().map(|letter| letter.to_string()).collect::<Vec<_>>().join(unseen));
            let seen = masked(&text, Syntax::Text, usize::MAX);
            assert_eq!(seen.len(), text.len());
            assert!(!seen.contains(|byte: char| byte.is_ascii_digit()) && !seen.contains('a'), "{seen:?}");
        }
    }
    let json = r#"{"a": "4539\b5787\b6362\b1486", "b": "a\bb"}"#;
    assert_eq!(masked(json, Syntax::Json, usize::MAX), r#"{"a": "****\b****\b****\b****", "b": "a\bb"}"#);
    for plain in ["a\0b\0c\0", "\0\0\0\0", "x\u{8} \u{8}y"] {
        assert_eq!(masked(plain, Syntax::Text, usize::MAX), plain);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_masked_the_same_however_they_are_split(
        text in "(4539|5787|6362|1486|3782|822463|10005|4111|1111|[0-9]{1,5}|:|_|\t|, ?|\r?\n| - | |-|[|]|\"|x|\0|\u{8}|4539:5787:6362:1486|3782,822463,10005|tel ){1,16}",
        size in 1_usize..40,
        json in any::<bool>(),
    ) {
        let syntax = if json { Syntax::Json } else { Syntax::Text };
        masked(&text, syntax, size);
    }
}
