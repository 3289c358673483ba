//! Tokens that vendors mark with a fixed prefix, by the table of `formats`; and a few marked otherwise.

use super::formats::{CAPITAL_I, DASH, DIGITS, DOT, Format, HEXADECIMAL, LETTERS, UNDERSCORE};
use super::shapes;
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const BOT: Rule = Rule::new(Label::Secret, "telegram-token");
const BOT_KEY: usize = 33;

/// The bytes at which `find` is called: one of them stands in each prefix.
pub(crate) const TRIGGERS: &[u8] = b"_-I.ABCQRSVZ";

/// For each byte, the formats whose prefix has it last before the trigger, and last but one; a bit for each format.
struct Heads {
    last: [u128; 256],
    second: [u128; 256],
}

static UNDERSCORE_HEADS: Heads = Heads::of(UNDERSCORE);
static DASH_HEADS: Heads = Heads::of(DASH);
static DOT_HEADS: Heads = Heads::of(DOT);
static CAPITAL_I_HEADS: Heads = Heads::of(CAPITAL_I);
static LETTER_HEADS: Heads = Heads::of(LETTERS);

impl Heads {
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
    const fn of(formats: &[Format]) -> Self {
        assert!(formats.len() <= 128);
        let mut heads = Self { last: [0; 256], second: [0; 256] };
        let mut index = 0;
        while index < formats.len() {
            let (prefix, trigger) = (formats[index].prefix, formats[index].trigger);
            heads.last[prefix[trigger - 1] as usize] |= 1 << index;
            let mut byte = 0;
            while byte < 256 {
                if trigger < 2 || prefix[trigger - 2] as usize == byte {
                    heads.second[byte] |= 1 << index;
                }
                byte += 1;
            }
            index += 1;
        }
        heads
    }

    /// The formats whose prefix may stand before the trigger at `at`.
    fn before(&self, window: &Window<'_>, at: usize) -> u128 {
        let bits = |table: &[u128; 256], back| {
            let byte = usize::from(window.before(at, back).unwrap_or_default());
            table.get(byte).copied().unwrap_or_default()
        };
        bits(&self.last, 1) & bits(&self.second, 2)
    }
}

/// Whether a token's prefix may have its trigger byte, a mark or letter, at `at`.
pub(crate) fn may_mark(window: &Window<'_>, at: usize) -> bool {
    let heads = match window.bytes.get(at) {
        Some(b'_') => &UNDERSCORE_HEADS,
        Some(b'-') => &DASH_HEADS,
        Some(b'.') => &DOT_HEADS,
        Some(b'I') => &CAPITAL_I_HEADS,
        _ => &LETTER_HEADS,
    };
    heads.before(window, at) != 0 || shapes::may_mark(window, at)
}

/// Whether a token's prefix may have this digit at its trigger, behind this letter.
pub(crate) fn may_be_digit(digit: u8, before: u8) -> bool {
    match before {
        b't' => digit == b'0',
        b'a' | b'y' => digit == b'2',
        b'T' => digit == b'3',
        b'b' | b'v' | b'G' | b'R' => digit == b'1',
        b's' => digit != b'0',
        _ => false,
    }
}

/// Whether `find_hexadecimal` may find a key whose first digit stands at `at`.
pub(crate) fn may_be_hexadecimal(window: &Window<'_>, at: usize) -> bool {
    let before = window.slice(0, at).iter().rev().take(17).find(|byte| !matches!(byte, b'a'..=b'f'));
    HEXADECIMAL.iter().any(|key| key.0.last() == before)
}

/// The token whose prefix has its trigger byte at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let (Some(trigger), Some(before)) = (window.bytes.get(at), window.before(at, 1)) else { return Ok(None) };
    if !before.is_ascii_alphanumeric() {
        return Ok(None);
    }
    let formats = match trigger {
        b'_' => UNDERSCORE,
        b'-' => DASH,
        b'.' => DOT,
        b'I' => CAPITAL_I,
        b'0'..=b'9' if may_be_digit(*trigger, before) => DIGITS,
        b'0'..=b'9' => return Ok(None),
        _ => LETTERS,
    };
    match find_in(formats, window, at, before)? {
        None => shapes::find(window, at),
        found => Ok(found),
    }
}

fn find_in(formats: &[Format], window: &Window<'_>, at: usize, before: u8) -> Verdict {
    for format in formats {
        let head = format.prefix.get(..format.trigger).unwrap_or_default();
        if head.last() == Some(&before) && window.ends_with(at, head) {
            match read(window, at - head.len(), format)? {
                None => {}
                found => return Ok(found),
            }
        }
    }
    Ok(None)
}

fn read(window: &Window<'_>, start: usize, format: &Format) -> Verdict {
    if window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    if !window.follows(start, format.prefix).map_err(|Beyond| Pending::weak(start))? {
        return Ok(None);
    }
    let body = start + format.prefix.len();
    let most = format.least + usize::from(format.exact);
    let length = window.run(body, most, format.class).map_err(|Beyond| Pending::strong(start))?;
    if length < format.least || (format.exact && length > format.least) {
        return Ok(None);
    }
    // The bodies of tokens are random; a name in words has no digit and one case.
    let text = window.slice(body, body + format.least);
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    let (digit, upper) = (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase));
    if !digit && !upper || format.common && !(digit && upper && has(u8::is_ascii_lowercase)) {
        return Ok(None);
    }
    let rule = Rule::new(Label::Secret, format.detector);
    let end = body + format.least;
    Ok(Some(if format.exact {
        Match::closed(rule, start, end)
    } else {
        Match::open(rule, start, end, Open::Token(format.class))
    }))
}

/// A hexadecimal key in which the first digit stands at `at`.
pub(crate) fn find_hexadecimal(window: &Window<'_>, at: usize) -> Verdict {
    let is_letter = |back: &usize| window.before(at, *back).is_some_and(|byte| matches!(byte, b'a'..=b'f'));
    let letters = (1..=16).take_while(is_letter).count();
    // The prefix `dapi` ends with no hexadecimal letter, nor does `SK`.
    let body = at - letters;
    let Some((prefix, length, detector)) = HEXADECIMAL.iter().find(|key| window.ends_with(body, key.0)) else {
        return Ok(None);
    };
    let start = body - prefix.len();
    if window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let run = window.run(body, length + 1, is_hex).map_err(|Beyond| Pending::strong(start))?;
    let ends = !window
        .peek(body + run)
        .map_err(|Beyond| Pending::strong(start))?
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    Ok((run == *length && ends).then(|| Match::closed(Rule::new(Label::Secret, detector), start, body + run)))
}

/// A bot's token (`123456789:AA...`) whose colon stands at `at`.
pub(crate) fn find_bot(window: &Window<'_>, at: usize) -> Verdict {
    let digits = (1..=11).take_while(|back| window.before(at, *back).is_some_and(|byte| byte.is_ascii_digit())).count();
    if !(8..=10).contains(&digits) {
        return Ok(None);
    }
    let start = at - digits;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !window.follows(at + 1, b"AA").map_err(|Beyond| Pending::weak(start))? {
        return Ok(None);
    }
    let length = window.run(at + 3, BOT_KEY + 1, is_word).map_err(|Beyond| Pending::strong(start))?;
    Ok((length == BOT_KEY).then(|| Match::closed(BOT, start, at + 3 + length)))
}
