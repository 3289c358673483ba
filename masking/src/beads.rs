//! Values whose letters stand by themselves with one separator between: `4_5_3_9`, `c|a|r|l|a`, `['4', '5', '3']`. Digits with commas are
//! the columns of a table and stay.

use crate::hit::Span;
use crate::label::Label;
use crate::lanes::{self, Masks};
use crate::scan::{Cursor, Plan};

/// The fewest letters of a row, and of one that is looked for.
const LEAST: usize = 7;
const LEAST_SEEN: usize = 3;
/// The most that are looked at together, and how many of them again with what follows.
const MOST: usize = 512;
const OVERLAP: usize = 64;
/// The longest separator, in bytes.
const LONGEST_JOINT: usize = 4;
/// How much of a text at its end may be the beginning of a row, in bytes.
const TAIL: usize = LEAST_SEEN * (LONGEST_JOINT + 1);

/// A row as far as it goes: its letters stand at even distances.
struct Row {
    start: usize,
    count: usize,
    step: usize,
    /// More input may make it longer.
    cut: bool,
}

impl Row {
    fn item(&self, index: usize) -> usize {
        self.start + index * self.step
    }
}

/// Goes on from `at`; appends spans in order. Everything before the new place is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, at: &mut usize, spans: &mut Vec<Span>) {
    while let Some(start) = next(text, *at) {
        let Some(row) = row(text, start, last) else {
            *at = start + 1;
            continue;
        };
        if row.cut {
            *at = start;
            return;
        }
        if row.count < LEAST {
            // Its last letter may be the first of a row with another separator.
            *at = row.item(row.count - 1).max(start + 1);
            continue;
        }
        look(plan, text, &row, spans);
        *at = if row.count == MOST { row.item(MOST - OVERLAP) } else { row.item(row.count - 1) + 1 };
    }
    *at = text.len();
}

/// Where a row may begin: where a letter or digit stands by itself, and others do at the distance of a separator, or may do.
fn next(text: &[u8], at: usize) -> Option<usize> {
    let mut base = at;
    loop {
        let rest = text.get(base..).filter(|rest| !rest.is_empty())?;
        let low = lanes::words(rest);
        let before = base.checked_sub(1).and_then(|before| text.get(before)).is_some_and(u8::is_ascii_alphanumeric);
        let near = low & !(low << 1 | u64::from(before)) & !(low >> 1);
        // Only what stands at the end of the block can go on in the next.
        let next = near & (near >> 2 | near >> 3 | near >> 4 | near >> 5);
        if next == 0 && near >> (lanes::BLOCK - TAIL) == 0 && rest.len() > lanes::BLOCK + TAIL {
            base += lanes::BLOCK;
            continue;
        }
        let high = lanes::words(rest.get(lanes::BLOCK..).unwrap_or_default());
        let all = u128::from(low) | u128::from(high) << lanes::BLOCK;
        let alone = all & !(all << 1 | u128::from(before)) & !(all >> 1);
        let follows = |row: u128| row >> 2 | row >> 3 | row >> 4 | row >> 5;
        let mut rows = (1..LEAST_SEEN).fold(alone, |row, _| alone & follows(row));
        if rest.len() <= lanes::BLOCK + TAIL {
            // What follows may make a row of each.
            rows |= alone & (u128::MAX << rest.len().saturating_sub(TAIL).min(127));
        } else {
            rows &= u128::from(u64::MAX);
        }
        if rows != 0 {
            return Some(base + rows.trailing_zeros() as usize);
        }
        if rest.len() <= lanes::BLOCK + TAIL {
            return None;
        }
        base += lanes::BLOCK;
    }
}

/// Follows the row that begins at `start`; `None` if there is none.
fn row(text: &[u8], start: usize, last: bool) -> Option<Row> {
    let behind = text.get(start + 1..).unwrap_or_default();
    if behind.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let joint = (1..=LONGEST_JOINT).find(|length| {
        let next = behind.get(*length).is_some_and(|byte| is_item(*byte));
        next && behind.get(..*length).is_some_and(is_joint)
    });
    let Some(joint) = joint else {
        return (!last && begins_joint(behind)).then_some(Row { start, count: 1, step: 1, cut: true });
    };
    let mark = behind.get(..joint)?;
    let mut row = Row { start, count: 1, step: joint + 1, cut: false };
    while let Some(item) = text.get(row.item(row.count)).filter(|item| is_item(**item)) {
        let rest = text.get(row.item(row.count) + 1..).unwrap_or_default();
        // A word, which is none of the row.
        if item.is_ascii_alphanumeric() && rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            break;
        }
        row.count += 1;
        let goes_on = rest.get(..rest.len().min(joint)).is_some_and(|rest| mark.starts_with(rest));
        if !goes_on || row.count == MOST {
            break;
        }
        if rest.len() <= joint {
            row.cut = !last;
            break;
        }
    }
    Some(row)
}

fn is_item(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')
}

/// A mark, with a blank behind it or quotes around it or both.
fn is_joint(joint: &[u8]) -> bool {
    let is_mark = |byte: u8| b",;|_-./:+*~^".contains(&byte);
    match joint {
        [mark] | [mark, b' '] => is_mark(*mark),
        [quote @ (b'"' | b'\''), mark, end] | [quote @ (b'"' | b'\''), mark, b' ', end] => {
            is_mark(*mark) && quote == end
        }
        _ => false,
    }
}

/// Whether more of it may make a separator.
fn begins_joint(begun: &[u8]) -> bool {
    match begun {
        [] | [b'"' | b'\''] => true,
        [quote @ (b'"' | b'\''), mark] | [quote @ (b'"' | b'\''), mark, b' '] => is_joint(&[*quote, *mark, *quote]),
        joint => is_joint(joint),
    }
}

/// Whether a text of one block may hold a row.
pub(crate) fn may_hold(masks: &Masks) -> bool {
    let words = masks.digit | masks.letter;
    (words & !(words << 1) & !(words >> 1)).count_ones() as usize >= LEAST_SEEN
}

/// Looks for values in a row; masks the letters of a hit.
fn look(plan: &Plan, text: &[u8], row: &Row, spans: &mut Vec<Span>) {
    let letters: Vec<u8> = (0..row.count).filter_map(|index| text.get(row.item(index))).copied().collect();
    let mark = text.get(row.start + 1).copied().unwrap_or_default();
    if letters.iter().all(u8::is_ascii_digit) && matches!(mark, b',' | b';') {
        return;
    }
    let (mut cursor, mut found) = (Cursor::default(), Vec::new());
    while !plan.scan(&letters, true, &mut cursor, &mut found) {}
    for span in found {
        let is_phone = span.rule.label == Label::Phone && letters.get(span.start) != Some(&b'+');
        if is_phone {
            continue;
        }
        for index in span.start..span.end {
            let (start, continues) = (row.item(index), index > span.start);
            spans.push(Span { rule: span.rule, start, end: start + 1, continues, extra: true, whole: false });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use crate::{Label, Masker, Syntax, Tally};

    const VALUES: [&str; 6] = [
        "4539578763621486",
        "371449635398431",
        "536-22-8145",
        "carla.mendez@northwind.org",
        "DE89370400440532013000",
        "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2",
    ];

    fn masked(text: &str, pieces: usize) -> String {
        let (mut stream, mut out, mut tally) =
            (Masker::new(&Label::ALL).stream(Syntax::Text), Vec::new(), Tally::default());
        text.as_bytes().chunks(pieces).for_each(|piece| stream.push(piece, &mut out, &mut tally));
        stream.finish(&mut out, &mut tally);
        String::from_utf8(out).unwrap()
    }

    fn spread(value: &str, joint: &str) -> String {
        value.chars().map(String::from).collect::<Vec<_>>().join(joint)
    }

    #[test]
    fn a_value_with_a_separator_behind_each_letter_is_masked() {
        for value in VALUES {
            for joint in ["_", "|", "', '", "\",\"", "\", \"", "- ", "~", "+", ":"] {
                let text = format!("x=['{}'] and more\n", spread(value, joint));
                let seen = masked(&text, usize::MAX);
                assert_ne!(seen, text, "{value} with {joint}");
                let kept = text.bytes().zip(seen.bytes()).filter(|(a, b)| a == b && a.is_ascii_alphanumeric()).count();
                assert!(kept <= 9, "{value} with {joint}: {seen}");
            }
        }
    }

    #[test]
    fn columns_of_a_table_and_short_names_stay_as_they_are() {
        for text in [
            "4,5,3,9,5,7,8,7,6,3,6,2,1,4,8,6\n",
            "[4, 5, 3, 9, 5, 7, 8, 7, 6, 3, 6, 2, 1, 4, 8, 6]\n",
            "a.b.c.d.e.f.g.h\n",
            "1.2.3.4.5.6.7.8.9\n",
            "a, b, c, d, e, f, g, h, i\n",
            "['a', 'b', 'c', 'd', 'e', 'f', 'g']\n",
            "y|n|y|y|n|n|y|n|y\n",
        ] {
            assert_eq!(masked(text, usize::MAX), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rows_of_letters_are_masked_the_same_however_they_are_split(
            value in prop::sample::select(VALUES.to_vec()),
            joint in "[_|:+-]|, |', '|\", \"|[ -~]{1,4}",
            before in "([a-z] |a_b|[ -~]{0,70}|'){0,3}",
            after in "([a-z] |_a|[ -~]{0,9}|'){0,3}",
            size in 1_usize..40,
        ) {
            let text = format!("{before}{}{after}", spread(value, &joint));
            prop_assert_eq!(masked(&text, size), masked(&text, usize::MAX));
        }
    }
}
