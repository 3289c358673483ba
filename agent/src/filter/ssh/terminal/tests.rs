#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use masking::{Label, Masker, Tally};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::{Bytes, Terminal, grid::Grid, lexer::Lexer};

const CARD: &str = "4539578763621486";
const COLUMNS: u32 = 40;
const ROWS: u32 = 6;

fn masker() -> Masker {
    Masker::new(&[Label::Card, Label::Email, Label::Ssn, Label::Secret])
}

fn through(pieces: &[&[u8]]) -> Vec<u8> {
    let mut terminal = Terminal::new(&masker(), COLUMNS, ROWS);
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    for piece in pieces {
        terminal.push(piece, &mut out, &mut tally);
    }
    terminal.finish(&mut out, &mut tally);
    out
}

/// What a terminal shows of bytes.
fn screen(bytes: &[u8]) -> Vec<String> {
    let mut grid = Grid::new(COLUMNS as usize, ROWS as usize);
    Lexer::default().feed(bytes, |part, _| {
        grid.apply(&part);
    });
    grid.shown()
}

/// The rows as lines; a row whose cells are full goes on in the next one.
fn lines(rows: &[String]) -> String {
    let line = |row: &String| if row.width() < COLUMNS as usize { format!("{row}\n") } else { row.clone() };
    rows.iter().map(line).collect()
}

/// What is found in a text.
fn values(text: &str) -> Vec<String> {
    let mut hits = Vec::new();
    masker().scan(text.as_bytes(), &mut hits);
    hits.into_iter().map(|hit| text[hit.range].to_owned()).collect()
}

/// The bytes without control sequences.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::new();
    Lexer::default().feed(bytes, |part, raw| {
        if matches!(part, super::lexer::Part::Letter(_)) {
            text.push_str(std::str::from_utf8(raw).unwrap_or_default());
        }
    });
    text
}

fn hides(output: &str) {
    let whole = through(&[output.as_bytes()]);
    let single: Vec<&[u8]> = output.as_bytes().chunks(1).collect();
    let parts = through(&single);
    for out in [&whole, &parts] {
        let shown = screen(out).join("");
        assert!(!shown.contains(CARD) && !shown.contains(&CARD[4..]), "{output:?} shows {shown:?}");
        assert!(!letters(out).contains(CARD), "{output:?}");
    }
    assert_eq!(screen(&whole), screen(&parts), "{output:?}");
}

fn between(separator: &str) -> String {
    CARD.chars().map(|digit| format!("{digit}{separator}")).collect()
}

#[test]
fn nothing_between_the_letters_hides_a_value() {
    for separator in [
        "",
        "\x1b[31m",
        "\x1b[0m\x1b[1m",
        "\0",
        "\x07",
        "\x7f",
        "\u{9b}31m",
        "\x1b]0;t\x07",
        "\x1b[?25l",
        "\x1b(B",
        "\x1b[D\x1b[C",
        "\x1b7\x1b8",
        "\u{200b}",
        "\x1b[K",
    ] {
        hides(&format!("card {}.\r\n", between(separator)));
    }
    let raw_c1: Vec<u8> = CARD.bytes().flat_map(|digit| [digit, 0x9b, b'3', b'1', b'm']).collect();
    assert!(!letters(&through(&[&raw_c1])).contains(CARD));
}

#[test]
fn the_wrap_at_the_last_column_hides_nothing() {
    for column in 25..39 {
        hides(&format!("{}{CARD}\r\n", " ".repeat(column)));
        hides(&format!("\x1b[2;{column}H{}\r\n", between("\x1b[32m")));
    }
}

#[test]
fn values_drawn_out_of_order_are_painted_over() {
    let places: Vec<String> =
        CARD.chars().enumerate().map(|(at, digit)| format!("\x1b[3;{}H{digit}", at + 1)).collect();
    let mut backwards = places.clone();
    backwards.reverse();
    let odd_first: String = places.iter().skip(1).step_by(2).chain(places.iter().step_by(2)).cloned().collect();
    for drawn in [
        backwards.concat(),
        odd_first,
        format!("{}\r{}", CARD.replace('3', "x"), CARD),
        format!("xxxx{}\r{}", &CARD[4..], &CARD[..4]),
        CARD.chars().map(|digit| format!("x\x08{digit}")).collect(),
        format!("{}9\x08{}", &CARD[..8], &CARD[8..]),
        format!("{}abc{}\x1b[12D\x1b[1D\x1b[1D\x1b[1D\x1b[3P", &CARD[..4], &CARD[4..]),
        format!("{}\r\n\x1b[A\x1b[8C{}", &CARD[..8], &CARD[8..]),
        format!("{}\r\x1b[4l\x1b[4h{}", &CARD[8..], &CARD[..8]),
        format!("\x1b[?1049h{}\r\n\x1b[1;9H{}", &CARD[..8], &CARD[8..]),
        format!("{}\x1b[s\x1b[5;5Hx\x1b[u{}", &CARD[..8], &CARD[8..]),
        format!("\x1b[2;4r\x1b[?6h{}\r\x1b[8C{}", &CARD[..8], &CARD[8..]),
    ] {
        hides(&drawn);
    }
    // A letter that is repeated never was in the text.
    let repeated = "\x1b[2;1H4000 0000 0000 0002".replace("000 0000 0000 000", "0\x1b[2b 0\x1b[3b 0\x1b[3b 0\x1b[2b");
    assert!(!screen(&through(&[repeated.as_bytes()])).join("").contains("4000 0000 0000 0002"));
}

#[test]
fn the_cursor_and_the_rest_of_the_screen_are_as_without_masking() {
    let output = format!("\x1b[2J\x1b[Htitle\x1b[3;1H{}\x1b[3;9H{}\x1b[5;3Hend", &CARD[..8], &CARD[8..]);
    let shown = screen(&through(&[output.as_bytes()]));
    assert_eq!(shown[0], "title");
    assert!(shown[2].contains('*') && shown[2].len() == CARD.len(), "{shown:?}");
    assert_eq!(shown[4], "  end");
}

#[test]
fn a_program_without_anything_to_hide_passes_byte_for_byte() {
    let output = "\x1b[?1049h\x1b[1;24r\x1b[H\x1b[2J\x1b[1;31mtop\x1b[0m - 10:15\r\n\x1b[7m PID USER \x1b[m\r\n\tx \u{e9}\u{4e2d}\x1b]0;host\x07\x1b[6;1H\x1b[K:\x1b[?1049l$ ";
    assert_eq!(through(&[output.as_bytes()]), output.as_bytes());
    let single: Vec<&[u8]> = output.as_bytes().chunks(1).collect();
    assert_eq!(through(&single), output.as_bytes());
}

#[test]
fn clipboard_strings_are_dropped_and_titles_looked_through() {
    let shown = |text: &str| String::from_utf8(through(&[text.as_bytes()])).unwrap();
    assert_eq!(shown("a\x1b]52;c;NDUzOQ==\x07b"), "ab");
    assert_eq!(shown("a\x1bPq#0\x1b\\b\x1b_x\x1b\\c\x1b^x\x1b\\\x1bXx\x1b\\d"), "abcd");
    assert_eq!(shown("\x1b]0;host\x1b\\$"), "\x1b]0;host\x1b\\$");
    assert_eq!(shown(&format!("\x1b]0;{CARD}\x07$")), "$");
    assert_eq!(shown(&format!("\x1b]8;;http://x/{CARD}\x1b\\link\x1b]8;;\x1b\\")), "link\x1b]8;;\x1b\\");
    let long = format!("\x1b]0;{}\x07$", "x".repeat(100_000));
    assert_eq!(shown(&long), "$");
}

#[test]
fn what_is_typed_comes_back_at_once() {
    let mut terminal = Terminal::new(&masker(), COLUMNS, ROWS);
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    for (at, letter) in "hello".bytes().enumerate() {
        terminal.push(&[letter], &mut out, &mut tally);
        terminal.release(&b"hello"[..=at], &mut out, &mut tally);
        assert_eq!(out.len(), at + 1);
    }
}

#[test]
fn a_value_in_two_halves_with_a_pause_does_not_stay() {
    let mut terminal = Terminal::new(&masker(), COLUMNS, ROWS);
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    terminal.push(&CARD.as_bytes()[..9], &mut out, &mut tally);
    terminal.release(&[], &mut out, &mut tally);
    terminal.push(&CARD.as_bytes()[9..], &mut out, &mut tally);
    terminal.finish(&mut out, &mut tally);
    assert!(!screen(&out)[0].contains(CARD) && !letters(&out).contains(CARD));
}

fn bytes(pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = Bytes::new(&masker());
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    for piece in pieces {
        stream.push(piece, &mut out, &mut tally);
    }
    stream.finish(&mut out, &mut tally);
    out
}

#[test]
fn colours_and_nuls_in_a_byte_stream_hide_nothing_and_stay() {
    for separator in ["", "\x1b[31m", "\0", "\x1b[0;1;31m\x1b[m"] {
        let output = format!("a {} b", between(separator));
        let shown = bytes(&[output.as_bytes()]);
        assert!(!letters(&shown).contains(CARD));
        assert_eq!(shown.len(), output.len());
        let single: Vec<&[u8]> = output.as_bytes().chunks(1).collect();
        assert_eq!(bytes(&single), shown);
    }
}

#[test]
fn a_value_that_begins_a_row_behind_a_blank_in_the_last_column_is_found() {
    // As one text the digits are too many for a card.
    let output = format!("{}4539578744 44444539578763621486 453963621486 1", " ".repeat(8));
    assert!(screen(output.as_bytes())[1].contains("453963621486 1"));
    assert!(!screen(&through(&[output.as_bytes()]))[1].contains("453963621486 1"));
}

fn output() -> impl Strategy<Value = String> {
    let digits = proptest::sample::select(vec![
        CARD,
        &CARD[..8],
        &CARD[8..],
        &CARD[..4],
        &CARD[4..12],
        "4",
        "1",
        "0",
        " ",
        "x",
        "-",
    ]);
    let control = proptest::sample::select(vec![
        "\r",
        "\n",
        "\r\n",
        "\x08",
        "\t",
        "\x1b[31m",
        "\x1b[D",
        "\x1b[4D",
        "\x1b[8D",
        "\x1b[C",
        "\x1b[A",
        "\x1b[B",
        "\x1b[K",
        "\x1b[1K",
        "\x1b[H",
        "\x1b[2;9H",
        "\x1b[3;33H",
        "\x1b[3;39H",
        "\x1b[P",
        "\x1b[4P",
        "\x1b[@",
        "\x1b[8@",
        "\x1b[4h",
        "\x1b[4l",
        "\x1b[L",
        "\x1b[M",
        "\x1b[2J",
        "\x1b7",
        "\x1b8",
        "\x1b[3b",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[?7l",
        "\x1b[?7h",
        "\x1bM",
        "\x1bD",
        "\x1b[2;4r",
        "\x1b[?6h",
        "\x1b[?6l",
        "\0",
        "\u{4e2d}",
    ]);
    proptest::collection::vec(
        prop_oneof![3 => digits.prop_map(str::to_owned), 2 => control.prop_map(str::to_owned)],
        0..30,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(600), ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_bytes_and_no_value_stays_on_the_screen(output in output(), cuts in proptest::collection::vec(1_usize..7, 0..40)) {
        let whole = through(&[output.as_bytes()]);
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut rest = output.as_bytes();
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces.push(rest);
        prop_assert_eq!(&whole, &through(&pieces));
        // What is a value only because its neighbours are masked is no secret.
        let raw = values(&lines(&screen(output.as_bytes())));
        for value in values(&lines(&screen(&whole))) {
            prop_assert!(!raw.contains(&value), "{} in {:?}", value, screen(&whole));
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes_ in proptest::collection::vec(any::<u8>(), 0..200)) {
        let whole = through(&[&bytes_]);
        let single: Vec<&[u8]> = bytes_.chunks(1).collect();
        prop_assert_eq!(&whole, &through(&single));
        prop_assert_eq!(bytes(&[&bytes_]).len(), bytes_.len());
    }
}
