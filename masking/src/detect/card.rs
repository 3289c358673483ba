//! Payment card numbers: a known issuer range (ISO/IEC 7812 and the brands' own publications) with that brand's lengths, and the
//! Luhn check digit. Luhn alone passes one in ten of any digits, so shape and surroundings count as well.

use super::chain::{Chain, Group, Joint};
use super::{person, words};
use crate::hit::{Match, Rule};
use crate::label::Label;
use crate::window::{Beyond, Window};

pub(crate) const CARD: Rule = Rule::new(Label::Card, "card");
const LEAST_DIGITS: usize = 12;
/// How far to the left a number is checked for being part of a hexadecimal name, in bytes.
const HEX_REACH: usize = 64;

/// A card number at the start of the chain; the longest reading wins.
pub(crate) fn find(window: &Window<'_>, chain: &Chain) -> Result<Option<Match>, Beyond> {
    if chain.len() < LEAST_DIGITS {
        return Ok(None);
    }
    let groups = chain.groups();
    for count in (1..=groups.len()).rev() {
        let Some(used) = groups.get(..count) else { continue };
        let length = used.iter().map(|group| group.length).sum();
        if length < LEAST_DIGITS {
            break;
        }
        let digits = chain.digits(length);
        let Some(last) = used.last() else { break };
        if !passes_luhn(digits) {
            continue;
        }
        if (is_issued(digits) || is_told(window, chain, used)?) && is_shaped(window, chain, used)? {
            return Ok(Some(Match::closed(CARD, chain.start, chain.end_of(last))));
        }
    }
    Ok(None)
}

/// Whether the surroundings say so plainly that a number is a card's that no issuer need be known for it: it is written in fours
/// and begins as those of Maestro do, a word names it, or the month of its expiry follows.
fn is_told(window: &Window<'_>, chain: &Chain, used: &[Group]) -> Result<bool, Beyond> {
    match used {
        [group] => {
            let left = window.slice(chain.start.saturating_sub(words::REACH), chain.start);
            Ok(words::tells_card(left) || expires(window, chain.end_of(group))?)
        }
        [_, _, _, _] if is_printed_form(used) => {
            Ok(matches!(chain.digits(2), [5, 0 | 6..=9] | [6, _]) || chain.digits(2) == [8, 1])
        }
        _ => Ok(false),
    }
}

/// Whether a column with a month and a year follows: `,12/27`.
fn expires(window: &Window<'_>, end: usize) -> Result<bool, Beyond> {
    if !matches!(window.peek(end)?, Some(b',' | b';' | b'\t' | b'|')) {
        return Ok(false);
    }
    let quoted = usize::from(matches!(window.peek(end + 1)?, Some(b'"' | b'\'' | b' ')));
    let start = end + 1 + quoted;
    let is_month = match (window.peek(start)?, window.peek(start + 1)?) {
        (Some(b'0'), Some(b'1'..=b'9')) | (Some(b'1'), Some(b'0'..=b'2')) => true,
        _ => return Ok(false),
    };
    let parted = matches!(window.peek(start + 2)?, Some(b'/' | b'-'));
    Ok(is_month && parted && matches!(window.run(start + 3, 5, |byte| byte.is_ascii_digit())?, 2 | 4))
}

fn is_shaped(window: &Window<'_>, chain: &Chain, used: &[Group]) -> Result<bool, Beyond> {
    let Some((last, joined)) = used.split_last() else { return Ok(false) };
    if joined.is_empty() {
        return is_single(window, chain, last);
    }
    let joint = joined.first().and_then(|group| group.joint);
    let same = joined.iter().all(|group| group.joint == joint);
    if same && is_printed_form(used) {
        // More groups on both sides, or fours before: the middle of a longer number.
        let goes_on = last.joint.is_some() && last.joint == joint && chain.left.map(|left| left.0) == joint;
        let in_number_list = chain.left == Some((Joint::Space, 4)) && joint == Some(Joint::Space);
        return Ok(!in_number_list && !goes_on);
    }
    let alone = chain.whole && last.joint.is_none() && chain.left.is_none();
    if alone && is_made_whole(window, chain, used)? {
        return Ok(true);
    }
    // A dot or a slash behind each digit is no version, no date and no path.
    let apart = used.iter().all(|group| group.length == 1);
    let odd = !apart && joined.iter().any(|group| matches!(group.joint, Some(Joint::Dot | Joint::Slash)));
    if !alone || odd || window.before(chain.start, 1) == Some(b'+') {
        return Ok(false);
    }
    Ok(is_regular(used) && !touches_hex(window, chain.start, chain.end_of(last))?)
}

/// One digit, a point and a power of ten that makes the number whole: `4.111111111111111e+15`.
fn is_made_whole(window: &Window<'_>, chain: &Chain, used: &[Group]) -> Result<bool, Beyond> {
    let [Group { length: 1, joint: Some(Joint::Dot), .. }, fraction] = used else { return Ok(false) };
    let end = chain.end_of(fraction);
    if !matches!(window.peek(end)?, Some(b'e' | b'E')) {
        return Ok(false);
    }
    let power = end + 1 + usize::from(window.peek(end + 1)? == Some(b'+'));
    let digit = |at| Ok(window.peek(at)?.filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0')));
    match (digit(power)?, digit(power + 1)?, digit(power + 2)?) {
        (Some(tens), Some(ones), None) => Ok(tens * 10 + ones == fraction.length),
        _ => Ok(false),
    }
}

/// Digits without separators: not the fraction of a decimal number, nor part of a hexadecimal name.
fn is_single(window: &Window<'_>, chain: &Chain, group: &Group) -> Result<bool, Beyond> {
    let is_fraction = matches!(chain.left, Some((Joint::Dot, _)));
    let has_fraction = group.joint == Some(Joint::Dot) && group.length < 15;
    if is_fraction || has_fraction || is_other(window, chain, group)? {
        return Ok(false);
    }
    Ok(!touches_hex(window, chain.start, chain.end_of(group))?)
}

/// Whether the number is rather an article's, or what words before it say.
fn is_other(window: &Window<'_>, chain: &Chain, group: &Group) -> Result<bool, Beyond> {
    let left = window.slice(chain.start.saturating_sub(words::REACH), chain.start);
    let digits = chain.digits(group.length);
    if words::names_article(left) {
        return Ok(true);
    }
    if !is_short(digits) && !is_product_code(digits) {
        return Ok(false);
    }
    if words::names_card(left) && !is_short(digits) || words::tells_card(left) {
        return Ok(false);
    }
    if is_short(digits) {
        let end = chain.end_of(group);
        let follows = window.peek(end + 1)?.is_some_and(|byte| byte.is_ascii_alphanumeric());
        // A part of a name, as accounts of clouds are.
        let in_name = matches!(window.peek(end)?, Some(b':' | b'.' | b'_' | b'-')) && follows;
        return Ok(in_name || words::denies_phone(left) || words::tells_phone(left));
    }
    Ok(!person::stands_before(left) && !expires(window, chain.end_of(group))?)
}

/// The length of Maestro's shortest numbers, of which one in ten would have the check digit by chance.
fn is_short(digits: &[u8]) -> bool {
    digits.len() == LEAST_DIGITS
}

/// The groups as cards print them: fours, or 4-6-5 and 4-6-4.
fn is_printed_form(used: &[Group]) -> bool {
    match used {
        [a, b, c] => a.length == 4 && b.length == 6 && matches!(c.length, 4 | 5),
        [body @ .., last] if body.len() >= 3 => {
            body.iter().all(|group| group.length == 4) && (1..=4).contains(&last.length)
        }
        _ => false,
    }
}

/// Groups that one would make by hand: all of one length but the last, or few of them.
fn is_regular(used: &[Group]) -> bool {
    let Some((last, body)) = used.split_last() else { return false };
    let size = body.first().map_or(0, |group| group.length);
    let even = body.iter().all(|group| group.length == size) && last.length <= size;
    even || (used.len() <= 5 && body.iter().all(|group| group.length >= 2))
}

/// An EAN-13 article number whose check digit is right, of which one in ten also passes Luhn. No country has 441 to 449, 472 or
/// 473 (GS1).
fn is_product_code(digits: &[u8]) -> bool {
    if matches!(digits, [4, 4, 1..=9, ..] | [4, 7, 2 | 3, ..]) {
        return false;
    }
    let weigh = |(index, digit): (usize, &u8)| u32::from(*digit) * if index % 2 == 0 { 1 } else { 3 };
    digits.len() == 13 && digits.iter().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

/// Whether the digits are the middle of a hash, an identifier or another hexadecimal name.
fn touches_hex(window: &Window<'_>, start: usize, end: usize) -> Result<bool, Beyond> {
    // The first track of a magnetic stripe (ISO/IEC 7813).
    if window.ends_with(start, b"%B") && window.peek(end)? == Some(b'^') {
        return Ok(false);
    }
    if window.peek(end)?.is_some_and(is_hex_letter) {
        return Ok(true);
    }
    if !window.before(start, 1).is_some_and(is_hex_letter) {
        return Ok(false);
    }
    let stop = (1..=HEX_REACH).filter_map(|back| window.before(start, back)).find(|byte| !byte.is_ascii_hexdigit());
    Ok(!stop.is_some_and(|byte| byte.is_ascii_alphabetic()))
}

fn is_hex_letter(byte: u8) -> bool {
    byte.is_ascii_hexdigit() && byte.is_ascii_alphabetic()
}

/// Whether digits are a card's by themselves: an issuer's range and length, and the check digit.
pub(crate) fn is_card(digits: &[u8]) -> bool {
    is_issued(digits) && passes_luhn(digits)
}

/// Whether an issuer range of a brand has this prefix and this length.
pub(super) fn is_issued(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(6).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let length = digits.len();
    match prefix {
        // Visa
        400_000..=499_999 => matches!(length, 13 | 16 | 19),
        // Mastercard, with the 2-series
        510_000..=559_999 | 222_100..=272_099 => length == 16,
        // American Express
        340_000..=349_999 | 370_000..=379_999 => length == 15,
        // JCB, old and new ranges; 3500 to 3527 are in none, but programs that make up cards take them
        213_100..=213_199 | 180_000..=180_099 => length == 15,
        350_000..=359_999 => (16..=19).contains(&length),
        // Diners Club
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => matches!(length, 14 | 16 | 19),
        // Discover, UnionPay (also 622126-622925, which both share)
        601_100..=601_199 | 644_000..=659_999 | 620_000..=629_999 | 810_000..=817_199 => (16..=19).contains(&length),
        // Mir
        220_000..=220_499 => (16..=19).contains(&length),
        // Maestro
        501_800..=501_899
        | 502_000..=502_099
        | 503_800..=503_899
        | 589_300..=589_399
        | 630_400..=630_499
        | 675_900..=676_399 => (LEAST_DIGITS..=19).contains(&length),
        // Ranges that banks in Europe had, and those that programs which make up cards take for Maestro's
        560_000..=588_999 | 639_000..=639_099 => matches!(length, LEAST_DIGITS | 16),
        670_000..=679_999 => length == 16,
        60_400..=60_499 => length == LEAST_DIGITS,
        _ => false,
    }
}

pub(crate) fn passes_luhn(digits: &[u8]) -> bool {
    let weigh = |(index, digit): (usize, &u8)| match u32::from(*digit) * 2 {
        _ if index % 2 == 0 => u32::from(*digit),
        double if double > 9 => double - 9,
        double => double,
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}
