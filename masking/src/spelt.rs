//! Values that are spelt byte by byte in a row: `34:35:33`, `[52, 53, 51]`, `0x34, 0x35`, `U+0034 U+0035`, `=34=35`, `00110100 00110101`,
//! wherever they stand in a text. Items of one form with one separator between them are decoded as far as they are letters; what is found
//! in the letters masks the items that they stand for.

use std::ops::RangeInclusive;

use crate::hit::Span;
use crate::lanes::{self, Masks};
use crate::scan::{Cursor, Plan};
use crate::wrapped;

/// The fewest items that are decoded.
const LEAST: usize = 7;
/// A shorter text holds no such row, in bytes.
const SHORTEST: usize = LEAST * 2 + (LEAST - 1);
/// The most that are looked at together.
const MOST: usize = 512;
/// How many of them are looked at again with what follows.
const OVERLAP: usize = 128;
/// The longest separator, in bytes.
const LONGEST_JOINT: usize = 3;
/// The longest item, in characters.
const LONGEST: usize = 8;
/// How far apart items can begin.
const STEPS: [u32; 6] = [3, 4, 5, 6, 7, 9];

/// Where the search stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpeltCursor {
    /// Everything before is decided.
    pub(crate) at: usize,
    /// A word or number goes on here.
    inside: bool,
}

/// How items are written.
#[derive(Clone)]
struct Form {
    radix: u32,
    widths: RangeInclusive<usize>,
    /// What stands in an item before its digits.
    mark: &'static [u8],
    /// What stands before each item.
    before: &'static [u8],
}

/// An item: where it stands, and the letter that it spells.
type Item = (usize, usize, u8);

/// A row as far as it goes.
struct Row {
    items: usize,
    /// Where it ends.
    end: usize,
    /// More input may make it longer.
    cut: bool,
    /// Where to go on, if there was too much of it.
    again: Option<usize>,
}

/// Whether a row in a whole text of one block, of which these are the classes, holds a value.
pub(crate) fn holds(plan: &Plan, text: &[u8], masks: &Masks) -> bool {
    let starts = masks.digit & !((masks.digit | masks.letter) << 1);
    if (starts.count_ones() as usize) < LEAST {
        return false;
    }
    let mut spans = Vec::new();
    scan(plan, text, true, &mut SpeltCursor::default(), &mut spans);
    !spans.is_empty()
}

/// Goes on from the cursor; appends spans in order. Everything before the new place is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, cursor: &mut SpeltCursor, spans: &mut Vec<Span>) {
    if last && text.len() < SHORTEST {
        cursor.at = text.len();
        return;
    }
    while let Some(start) = next(text, last, cursor) {
        let (mut end, mut again) = (start, None);
        let rest = text.get(start..).unwrap_or_default();
        let mut waits = word(rest) == rest.len() && !last;
        for form in forms(text, start) {
            let row = row(text, start, last, &form, &mut |_| ());
            waits |= row.cut && !last;
            if row.items >= LEAST && row.end >= end {
                (end, again) = (row.end, row.again);
            }
        }
        if waits {
            (cursor.at, cursor.inside) = (start, false);
            return;
        }
        if end > start {
            forms(text, start).for_each(|form| look(plan, text, start, &form, spans));
        }
        let at = again.unwrap_or(end.max(start + 1));
        (cursor.at, cursor.inside) = (at, again.is_none());
    }
    cursor.inside =
        if cursor.at < text.len() { text.last().is_some_and(u8::is_ascii_alphanumeric) } else { cursor.inside };
    cursor.at = text.len();
}

/// Where the next row may begin: where a number begins, and others follow at the distance of items, or may follow.
fn next(text: &[u8], last: bool, cursor: &SpeltCursor) -> Option<usize> {
    let mut base = cursor.at;
    let mut carry = u128::from(cursor.inside);
    let mut low = Masks::of(text.get(base..).unwrap_or_default());
    loop {
        let rest = text.get(base..).filter(|rest| !rest.is_empty())?;
        let high = Masks::of(rest.get(lanes::BLOCK..).unwrap_or_default());
        let wide = |mask: fn(&Masks) -> u64| u128::from(mask(&low)) | u128::from(mask(&high)) << lanes::BLOCK;
        let (digits, letters) = (wide(|masks| masks.digit), wide(|masks| masks.letter));
        let words = digits | letters;
        let starts = digits & !(words << 1 | carry);
        let mut rows = 0;
        if starts.count_ones() as usize >= LEAST {
            let plus = base.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'+');
            let behind_plus = u128::from(plus);
            let items = starts & items(words, letters, wide(|masks| masks.opener) << 1 | behind_plus);
            if items.count_ones() as usize >= LEAST {
                rows = (1..LEAST).fold(items, |rows, _| items & STEPS.iter().fold(0, |row, step| row | rows >> step));
            }
        }
        if !last && rest.len() <= 2 * lanes::BLOCK {
            // What follows may make a row of each.
            rows |= starts & (u128::MAX << rest.len().saturating_sub(lanes::BLOCK + LONGEST).min(127));
        }
        let block = if rest.len() <= 2 * lanes::BLOCK { rows } else { rows & u128::from(u64::MAX) };
        if block != 0 {
            return Some(base + block.trailing_zeros() as usize);
        }
        if rest.len() <= 2 * lanes::BLOCK {
            return None;
        }
        carry = words >> (lanes::BLOCK - 1) & 1;
        base += lanes::BLOCK;
        low = high;
    }
}

/// Where a word begins that is as long as an item; one at the end may be cut.
fn items(words: u128, letters: u128, after_openers: u128) -> u128 {
    let (second, third, fourth) = (words >> 1, words >> 2, words >> 3);
    let four = words & second & third & fourth;
    let two_or_three = second & !(third & fourth);
    let eight = four & four >> 4 & !(words >> 8);
    let marked = four & letters >> 1 & !(words >> 4);
    two_or_three | eight | marked | after_openers
}

/// As what the item at `start` can be read.
fn forms(text: &[u8], start: usize) -> impl Iterator<Item = Form> + use<> {
    let rest = text.get(start..).unwrap_or_default();
    let width = word(rest);
    let before = text.get(..start).unwrap_or_default();
    let hex = |widths, mark, before| Form { radix: 16, widths, mark, before };
    let of = |radix, widths| Form { radix, widths, mark: b"", before: b"" };
    let first = match rest {
        [b'0', b'x', ..] => Some(hex(4..=4, b"0x", b"")),
        [b'0', b'X', ..] => Some(hex(4..=4, b"0X", b"")),
        _ if before.ends_with(b"U+") => Some(hex(4..=6, b"", b"U+")),
        _ if before.ends_with(b"u+") => Some(hex(4..=6, b"", b"u+")),
        _ if width == 8 => Some(of(2, 8..=8)),
        _ if width == 2 => Some(of(16, 2..=2)),
        _ => None,
    };
    let second = matches!(width, 2 | 3).then(|| of(10, 2..=3));
    first.into_iter().chain(second)
}

/// Follows the row of items that begins at `start`; shows each to `take`.
fn row(text: &[u8], start: usize, last: bool, form: &Form, take: &mut impl FnMut(Item)) -> Row {
    let mut row = Row { items: 0, end: start, cut: false, again: None };
    let (mut at, mut joint, mut later): (usize, Option<&[u8]>, Option<usize>) = (start, None, None);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let width = word(rest);
        if width == rest.len() && !last {
            row.cut = row.items < MOST;
            return row;
        }
        let Some(letter) = rest.get(..width).and_then(|digits| letter(digits, form)) else { return row };
        take((at, at + width, letter));
        (row.items, row.end) = (row.items + 1, at + width);
        if row.items + OVERLAP == MOST {
            later = Some(at);
        }
        if row.items == MOST {
            row.again = later;
            return row;
        }
        let behind = text.get(row.end..).unwrap_or_default();
        let length = behind.iter().take(LONGEST_JOINT + 1).take_while(|byte| joins(**byte)).count();
        let next = behind.get(length..).unwrap_or_default();
        if next.len() <= form.before.len() && !last && length <= LONGEST_JOINT {
            row.cut = true;
            return row;
        }
        let found = behind.get(..length).unwrap_or_default();
        let fits = (1..=LONGEST_JOINT).contains(&length) && joint.is_none_or(|joint| joint == found);
        if !fits || !next.starts_with(form.before) {
            return row;
        }
        joint = Some(found);
        at = row.end + length + form.before.len();
    }
}

/// Whether a byte can part items.
fn joins(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b':' | b';' | b'-' | b'_' | b'|' | b'/' | b'=' | b'.')
}

/// How many letters and digits stand at the start, as far as they matter.
fn word(text: &[u8]) -> usize {
    text.iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// The letter that an item spells, if it is one.
fn letter(item: &[u8], form: &Form) -> Option<u8> {
    if !form.widths.contains(&item.len()) {
        return None;
    }
    let digits = item.strip_prefix(form.mark)?;
    let digit = |value: Option<u32>, byte: &u8| Some(value? * form.radix + char::from(*byte).to_digit(form.radix)?);
    let value = digits.iter().fold(Some(0), digit)?;
    u8::try_from(value).ok().filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

/// Looks for values in a row; masks the items of a hit.
fn look(plan: &Plan, text: &[u8], start: usize, form: &Form, spans: &mut Vec<Span>) {
    let (mut places, mut letters) = (Vec::new(), Vec::new());
    let row = row(text, start, true, form, &mut |(start, end, letter)| {
        places.push((start, end));
        letters.push(letter);
    });
    if row.items < LEAST {
        return;
    }
    let (mut cursor, mut found) = (Cursor::default(), Vec::new());
    while !plan.scan(&letters, true, &mut cursor, &mut found) {}
    let mut hits: Vec<_> = found.iter().map(|span| (span.start, span.end, span.rule)).collect();
    hits.extend(wrapped::nested(plan, &letters, wrapped::DEEPEST - 1));
    for (first, past, rule) in hits {
        let ends = places.get(first).zip(past.checked_sub(1).and_then(|last| places.get(last)));
        if let Some(((start, _), (_, end))) = ends {
            spans.push(Span { rule, start: *start, end: *end, continues: false, extra: true, whole: false });
        }
    }
}
