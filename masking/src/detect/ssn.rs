//! US social security numbers: three, two and four digits with one kind of separator, by the Social Security Administration's
//! rules for areas, groups and serials; nine bare digits only where words just before say what they are.

use super::chain::{Chain, Group, Joint};
use crate::hit::{Match, Rule};
use crate::label::Label;
use crate::window::{Beyond, Window};

const SEPARATED: Rule = Rule::new(Label::Ssn, "ssn");
const NAMED: Rule = Rule::new(Label::Ssn, "ssn-named");
/// How far before the digits a naming word may stand, in bytes.
const NAME_REACH: usize = 48;
const NAMES: [&[u8]; 10] = [
    b"ssn",
    b"ss#",
    b"ss #",
    b"ss no",
    b"social security",
    b"social_security",
    b"social-security",
    b"socialsecurity",
    b"soc sec",
    b"soc. sec",
];

/// A social security number at the start of the chain.
pub(crate) fn find(window: &Window<'_>, chain: &Chain) -> Result<Option<Match>, Beyond> {
    match chain.groups() {
        [area, group, serial, ..] if (area.length, group.length, serial.length) == (3, 2, 4) => {
            separated(window, chain, area.joint.filter(|joint| group.joint == Some(*joint)), serial)
        }
        [only, ..] if only.length == 9 && matches!(only.joint, None | Some(Joint::Slash)) && chain.left.is_none() => {
            bare(window, chain, only)
        }
        _ => Ok(None),
    }
}

fn separated(
    window: &Window<'_>,
    chain: &Chain,
    joint: Option<Joint>,
    serial: &Group,
) -> Result<Option<Match>, Beyond> {
    let Some(joint) = joint else { return Ok(None) };
    let end = chain.end_of(serial);
    let joined = chain.left.is_some_and(|left| left.0 == joint) || serial.joint == Some(joint);
    let named = || is_named(window.slice(chain.start.saturating_sub(NAME_REACH), chain.start));
    if joint == Joint::Slash && !named() {
        return Ok(None);
    }
    if joined || !is_assigned(chain.digits(9)) || touches_word(window, chain.start, end)? {
        return Ok(None);
    }
    Ok(Some(Match::closed(SEPARATED, chain.start, end)))
}

fn bare(window: &Window<'_>, chain: &Chain, only: &Group) -> Result<Option<Match>, Beyond> {
    let end = chain.end_of(only);
    let named = || is_named(window.slice(chain.start.saturating_sub(NAME_REACH), chain.start));
    if !is_assigned(chain.digits(9)) || touches_word(window, chain.start, end)? || !named() {
        return Ok(None);
    }
    Ok(Some(Match::closed(NAMED, chain.start, end)))
}

/// Whether the nine digits at `at`, which nothing joins, may be a number: they could be assigned, and a word before says that they are.
pub(crate) fn may_be_bare(window: &Window<'_>, at: usize) -> bool {
    let mut digits = [0; 9];
    for (digit, byte) in digits.iter_mut().zip(window.slice(at, at + 9)) {
        *digit = byte.wrapping_sub(b'0');
    }
    is_assigned(&digits) && is_named(window.slice(at.saturating_sub(NAME_REACH), at))
}

fn is_assigned(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let part = |from: usize, to: usize| digits.get(from..to).map_or(0, number);
    matches!(part(0, 3), 1..=665 | 667..=899) && part(3, 5) != 0 && part(5, 9) != 0
}

/// Whether a letter or a plus stands directly before, or a letter directly after.
fn touches_word(window: &Window<'_>, start: usize, end: usize) -> Result<bool, Beyond> {
    let after = window.peek(end)?.is_some_and(|byte| byte.is_ascii_alphabetic());
    let before = window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'+');
    Ok(after || (before && !ends_with_name(window, start)))
}

fn ends_with_name(window: &Window<'_>, start: usize) -> bool {
    window.slice(start.saturating_sub(3), start).eq_ignore_ascii_case(b"ssn")
}

/// Whether a naming word stands in `left`, with no other number between it and the end.
fn is_named(left: &[u8]) -> bool {
    let number_end =
        left.windows(3).rposition(|three| three.iter().all(u8::is_ascii_digit)).map_or(0, |index| index + 3);
    let left = left.get(number_end..).unwrap_or_default();
    // Every name begins with an s: only those places are worth a look.
    memchr::memchr2_iter(b's', b'S', left).any(|at| NAMES.iter().any(|name| is_word_at(left, at, name)))
}

fn is_word_at(text: &[u8], at: usize, name: &[u8]) -> bool {
    let end = at + name.len();
    let Some(word) = text.get(at..end).filter(|word| word.eq_ignore_ascii_case(name)) else { return false };
    let before = at.checked_sub(1).and_then(|index| text.get(index));
    let after = text.get(end);
    let opens = before.is_none_or(|byte| !byte.is_ascii_alphabetic() || is_hump(*byte, word.first()));
    let closes = after
        .is_none_or(|byte| !byte.is_ascii_alphabetic() || word.last().is_some_and(|last| is_hump(*last, Some(byte))));
    opens && closes
}

/// Where one word of a camel-case name ends and the next begins.
fn is_hump(left: u8, right: Option<&u8>) -> bool {
    left.is_ascii_lowercase() && right.is_some_and(u8::is_ascii_uppercase)
}
