//! Payment card numbers whose groups something unusual parts: `4539:5787:6362:1486`, `4539 - 5787 - 6362 - 1486`, one group a line.
//! The groups must be those that cards print, with one and the same joint; lists of numbers of four digits are what looks most like it.

use super::card::{is_issued, passes_luhn};
use super::words;
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::unit::DASH;
use crate::window::{Beyond, Window};

/// Each group becomes a hit of its own, and what parts them stays.
pub(crate) const SPREAD: Rule = Rule::new(Label::Card, "card-groups");
/// The longest joint, in bytes.
pub(crate) const LONGEST_JOINT: usize = 3;
/// The digits of a group, but of those of American Express.
const GROUP: usize = 4;
/// The groups as cards print them.
const FORMS: [&[usize]; 2] = [&[4, 4, 4, 4], &[4, 6, 5]];

/// Whether such a number may begin with the digit at `at`: a glance.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let begins = |first: u8| matches!(first, b'2'..=b'6' | b'8');
    match window.slice(at, at + GROUP + 2) {
        [a, b, c, d, joint, next] => {
            let usual = is_usual(*joint) && next.is_ascii_digit();
            begins(*a) && digits(&[*b, *c, *d]) && !joint.is_ascii_alphanumeric() && !usual
        }
        [a, rest @ ..] => !window.last && begins(*a) && rest.iter().take(GROUP - 1).all(u8::is_ascii_digit),
        [] => false,
    }
}

/// The number that begins with the digit at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !may_begin(window, at)
        || at > window.floor && window.before(at, 1).is_some_and(|byte| byte.is_ascii_alphanumeric())
    {
        return Ok(None);
    }
    read(window, at).map_err(|Beyond| Pending { start: at, keep: crate::scan::seventh_digit(window.bytes, at) })
}

fn read(window: &Window<'_>, at: usize) -> Result<Option<Match>, Beyond> {
    let width = window.run(at + GROUP, LONGEST_JOINT + 1, |byte| !byte.is_ascii_alphanumeric())?;
    if !(1..=LONGEST_JOINT).contains(&width) {
        return Ok(None);
    }
    let joint = window.slice(at + GROUP, at + GROUP + width);
    for form in FORMS {
        if let Some(end) = end(window, at, form, joint)?
            && is_card(window, at, end, joint)
            && !is_part(window, at, end, joint)?
        {
            return Ok(Some(Match::closed(SPREAD, at, end)));
        }
    }
    Ok(None)
}

/// Where groups of these lengths end, if they stand here.
fn end(window: &Window<'_>, at: usize, form: &[usize], joint: &[u8]) -> Result<Option<usize>, Beyond> {
    let mut end = at;
    for (index, length) in form.iter().enumerate() {
        if index > 0 {
            if !window.follows(end, joint)? {
                return Ok(None);
            }
            end += joint.len();
        }
        if window.run(end, length + 1, |byte| byte.is_ascii_digit())? != *length {
            return Ok(None);
        }
        end += length;
    }
    let next = window.peek(end)?;
    Ok((!next.is_some_and(|byte| byte.is_ascii_alphabetic())).then_some(end))
}

fn is_card(window: &Window<'_>, at: usize, end: usize, joint: &[u8]) -> bool {
    let (mut digits, mut count) = ([0; 16], 0);
    for byte in window.slice(at, end).iter().filter(|byte| byte.is_ascii_digit()) {
        if let Some(slot) = digits.get_mut(count) {
            *slot = byte - b'0';
        }
        count += 1;
    }
    let digits = digits.get(..count).unwrap_or_default();
    let listed =
        || joint.iter().any(|byte| matches!(byte, b',' | b';' | b'|' | b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n'));
    let named = || words::names_card(window.slice(at.saturating_sub(words::REACH), at));
    is_issued(digits) && passes_luhn(digits) && (!listed() || !is_sorted(digits) || named())
}

/// Whether the groups go up or down, as years, ports and numbers in rows do, and one card of twelve.
fn is_sorted(digits: &[u8]) -> bool {
    let groups = digits.as_chunks::<GROUP>().0;
    let pairs = || groups.iter().zip(groups.iter().skip(1));
    pairs().all(|(a, b)| a < b) || pairs().all(|(a, b)| a > b)
}

/// Whether the groups are the middle of a longer list, of a name or of an address.
fn is_part(window: &Window<'_>, at: usize, end: usize, joint: &[u8]) -> Result<bool, Beyond> {
    let before = window.before(at, 1).filter(|_| at > window.floor);
    if let [mark @ (b':' | b'_' | b'-' | b'+' | b'=' | b'.')] = joint
        && (before == Some(*mark) || window.peek(end)? == Some(*mark))
    {
        return Ok(true);
    }
    let left = window.slice(at.saturating_sub(joint.len()), at);
    let goes_back = left == joint && {
        let end = at - joint.len();
        (1..=GROUP).all(|back| window.before(end, back).is_some_and(|byte| byte.is_ascii_digit()))
            && !window.before(end, GROUP + 1).is_some_and(|byte| byte.is_ascii_digit())
    };
    let follows = window.follows(end, joint)?;
    Ok(goes_back || follows && window.run(end + joint.len(), GROUP + 1, |byte| byte.is_ascii_digit())? == GROUP)
}

/// Whether a byte joins the groups of other numbers: those are chains.
fn is_usual(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | DASH)
}
