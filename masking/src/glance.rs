//! A glance at a trigger: it shows nearly all of them to be nothing, for a few instructions each, so that the detectors are asked only
//! where one may have an answer. It never passes over what a detector would find or wait for.

use crate::detect::{assign, call, crypt, email, line, option, pgpass, phone, setting, spoken, ssn, token, url};
use crate::scan::{LEAST_CARD, LEAST_DIGITS};
use crate::unit::DASH;
use crate::window::Window;

/// Whether a detector of marks may have an answer for the mark at `at`.
pub(crate) fn counts(window: &Window<'_>, at: usize, mark: u8) -> bool {
    let next = window.bytes.get(at + 1).copied();
    // What follows is unknown at the end of unfinished input.
    let follows = |class: fn(u8) -> bool| next.map_or(!window.last, class);
    match mark {
        b':' => {
            follows(|byte| matches!(byte, b'/' | b'A'))
                || assign::may_assign(window, at)
                || match next {
                    Some(b' ') => assign::may_be_shared(window, at),
                    Some(b'5' | b'6' | b'*') => pgpass::may_begin(window, at),
                    _ => url::may_login(window, at),
                }
        }
        b'=' => assign::may_assign(window, at) || follows(|byte| byte == b'4') && email::may_be_quoted(window, at),
        b'|' | b'>' | b'\'' => assign::may_assign(window, at),
        b'-' => follows(|byte| byte == b'-') || option::may_begin(window, at) || token::may_mark(window, at),
        b'B' => token::may_mark(window, at) || setting::may_name(window, at),
        b'_' | b'.' | b'I' | b'A' | b'C' | b'Q' | b'R' | b'S' | b'V' | b'Z' => token::may_mark(window, at),
        b'J' => matches!(window.before(at, 1), Some(b'y' | b'Q')),
        b'w' | b'W' => spoken::may_name(window, at) || setting::may_name(window, at),
        b'q' => setting::may_name(window, at),
        b'\n' => line::may_begin(window.bytes, at + 1, window.last),
        b'$' => crypt::may_begin(window, at),
        b'+' => follows(|byte| byte.is_ascii_digit() || byte == b'('),
        b'(' => {
            follows(|byte| byte.is_ascii_digit() || byte == b'(')
                || call::may_begin(window, at)
                || email::may_be_written(window, at)
        }
        b'[' => email::may_be_written(window, at),
        _ => true,
    }
}

/// Where to go on after the digits that begin at `at`, if no detector of chains finds anything before.
pub(crate) fn dull_end(window: &Window<'_>, at: usize, phone: bool) -> Option<usize> {
    let bytes = window.bytes.get(at..)?;
    // A mark behind these digits may be part of a token that the letter before them is part of.
    let named = window.before(at, 1).is_some_and(|byte| byte.is_ascii_alphabetic());
    // Only Maestro has so few.
    let least_card = LEAST_CARD + usize::from(!matches!(bytes, [b'5' | b'6', ..]));
    let (mut digits, mut first, mut group, mut index) = (0, None, 0, 0);
    loop {
        let start = index;
        while let Some(b'0'..=b'9') = bytes.get(index) {
            index += 1;
        }
        let is_group = index > start;
        group = if is_group { start } else { group };
        digits += index - start;
        let first = *first.get_or_insert(index);
        let next = match bytes.get(index) {
            None if !window.last => return None,
            next => next.copied().unwrap_or_default(),
        };
        let joins = is_group && is_joint(next);
        if digits >= least_card || (digits >= LEAST_DIGITS && !joins) {
            return (!may_be_long(window, at, phone, digits)).then_some(at + first);
        }
        // Too few digits for anything that begins at any group up to here.
        if !joins {
            // A one before a parenthesis may begin a telephone number.
            let trunk = next == b'(' && group > 0 && index - group <= 2;
            return Some(
                at + if named {
                    first
                } else if trunk {
                    group
                } else {
                    index - usize::from(!is_group)
                },
            );
        }
        index += 1;
    }
}

/// Whether so many digits in groups may be something.
fn may_be_long(window: &Window<'_>, at: usize, phone: bool, digits: usize) -> bool {
    let bytes = window.slice(at, usize::MAX);
    if digits >= LEAST_CARD && matches!(bytes, [b'2'..=b'6' | b'8', ..] | [b'1', b'8', ..] | [b'0', b'6', ..]) {
        return true;
    }
    if is_date(bytes) {
        return false;
    }
    let sizes = Sizes::of(bytes);
    may_be_ssn(window, at, sizes.first) || (phone && may_be_phone(window, at, &sizes))
}

/// The sizes of groups of digits.
struct Sizes {
    first: [usize; 4],
    groups: usize,
    /// Whether only dots join them.
    dotted: bool,
}

impl Sizes {
    /// The groups at the start of `bytes`, as far as they matter.
    fn of(bytes: &[u8]) -> Self {
        let mut sizes = Self { first: [0; 4], groups: 0, dotted: true };
        let mut rest = bytes;
        loop {
            let size = count_digits(rest);
            sizes.groups += usize::from(size > 0);
            let Some(slot) = sizes.first.get_mut(sizes.groups.wrapping_sub(1)).filter(|_| size > 0) else {
                return sizes;
            };
            *slot = size;
            let Some([joint, after @ ..]) =
                rest.get(size..).filter(|tail| tail.first().is_some_and(|byte| is_joint(*byte)))
            else {
                return sizes;
            };
            sizes.dotted &= *joint == b'.' || !after.first().is_some_and(u8::is_ascii_digit);
            rest = after;
        }
    }

    /// Whether the groups are an address of the Internet, and no part of it is long enough for a telephone number.
    fn is_address(&self) -> bool {
        let [a, b, c, d] = self.first;
        self.groups == 4 && self.dotted && a.max(b).max(c).max(d) <= 3 && a + b + c < 9
    }
}

fn count_digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | DASH)
}

/// Whether the digits begin like a date of this or the last century, of which telephone numbers keep clear.
fn is_date(bytes: &[u8]) -> bool {
    match bytes {
        [b'1', b'9', rest @ ..] | [b'2', b'0', rest @ ..] => matches!(
            rest,
            [a, b, joint, c, d, end, ..]
                if [a, b, c, d].into_iter().all(u8::is_ascii_digit) && is_joint(*joint) && !end.is_ascii_digit()
        ),
        _ => false,
    }
}

fn may_be_ssn(window: &Window<'_>, at: usize, sizes: [usize; 4]) -> bool {
    matches!(sizes, [3, 2, 4, _]) || sizes.first() == Some(&9) && ssn::may_be_bare(window, at)
}

/// Whether groups of these sizes have the shape of a telephone number, or a word before that names one.
fn may_be_phone(window: &Window<'_>, at: usize, sizes: &Sizes) -> bool {
    let digits = window.slice(at, at + 3);
    let in_chain = window.before(at, 1).is_some_and(is_joint)
        && at >= window.floor + 2
        && window.before(at, 2).is_some_and(|byte| byte.is_ascii_digit());
    if in_chain || phone::joins_left(window, at) {
        return false;
    }
    let written = match sizes.first {
        [3, 3, 4, _] | [1, 3, 3, 4] | [3, 3, 3, 4] | [3, 4, 4, _] | [4, 3, 4, _] | [5, 6, ..] | [5, 3, 3, _] => true,
        [3..=15, 2..=15, ..] => matches!(digits, [b'0', b'0', ..] | [b'0', b'1', b'1']),
        [2, 1..=3, ..] => matches!(digits, [b'0', b'0', ..]),
        _ => false,
    };
    written || !sizes.is_address() && phone::may_be_named(window, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::card;
    use crate::detect::chain::Chain;

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_glance_passes_over_nothing_that_detectors_find(
            left in "|tel |phone: |call |x|ssn |12 |1\\.|order |=|id=|Ann Smith, |\"Ann B. Smith\",\"",
            right in "[0-9]([0-9]{1,17}|123-45-6789|4111 1111 1111 1111|5555555555554444|212-555-0123|020 7946 0958|0171/2345678|00 49 30 123456|[ ./-]|\u{a0}|x){1,8}"
        ) {
            let text = format!("{left}{right}");
            let window = Window { bytes: text.as_bytes(), last: true, floor: 0 };
            let Some(end) = dull_end(&window, left.len(), true) else { return Ok(()) };
            let starts = (left.len()..end).filter(|at| {
                window.peek(*at).is_ok_and(|byte| byte.is_some_and(|byte| byte.is_ascii_digit()))
                    && !window.before(*at, 1).is_some_and(|byte| byte.is_ascii_digit())
            });
            for start in starts {
                let found = Chain::read(&window, start).map(|chain| (card::find(&window, &chain), ssn::find(&window, &chain), phone::find_digits(&window, &chain)));
                prop_assert!(matches!(found, Ok((Ok(None), Ok(None), Ok(None)))), "{} at {}", text, start);
            }
        }

        #[test]
        fn a_mark_without_an_answer_counts_for_no_detector(
            text in "(ghp_|sk-|AKIA|AIza|SG\\.|eyJ|EZAK|ATBB|EAA|abc8Q~|[0-9a-f]{32}-us1|[0-9a-f]{36}NRAL|MTA0[A-Za-z0-9]{20}\\.[a-z]{6}\\.|[a-z]{14}\\.atlasv1\\.|A3-[A-Z]{6}-|AAAAAAAAAAAAAAAAAAAAAA|JQQJ99|curl -u a:|sshpass -p|login b |the password is |name: pwd value|-----BEGIN |api_key|passw|ord|pw|sig|pass-wd|secret|aws_secret|id|tok|en|s|e|[:=|>\"' ]|://|AA|[a-zA-Z0-9]|[a-zA-Z0-9]{20,41}|[-_.+(]){1,10}",
            last in any::<bool>()
        ) {
            let window = Window { bytes: text.as_bytes(), last, floor: 0 };
            for (at, mark) in text.bytes().enumerate().filter(|(_, mark)| b":=|>-_.IJ+(ABCQRSVZwW".contains(mark)) {
                if !counts(&window, at, mark) {
                    let found = crate::scan::ask_mark(&window, at);
                    prop_assert!(matches!(found, Ok(None)), "{} at {}: {:?}", text, at, found);
                }
            }
        }
    }
}
