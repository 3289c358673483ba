//! Telephone numbers (ITU-T E.164 and national forms). Digits alone say nothing: a number counts if it is written as people write
//! numbers (a country code with `+`, separated groups of a known plan) or if words before it say what it is, and only if the
//! numbering plan has it.

use super::chain::{Chain, Group, Joint};
use super::{nanp, numbering, person, words};
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::scan::seventh_digit;
use crate::unit::DASH;
use crate::window::{Beyond, Window};

const INTERNATIONAL: Rule = Rule::new(Label::Phone, "phone-international");
const NATIONAL: Rule = Rule::new(Label::Phone, "phone");
const NAMED: Rule = Rule::new(Label::Phone, "phone-named");
const LISTED: Rule = Rule::new(Label::Phone, "phone-listed");

/// The bytes at which `find` is called.
pub(crate) const TRIGGERS: &[u8] = b"+(";
const LEAST_DIGITS: usize = 8;
/// A number without its area, in two groups.
const LEAST_LOCAL: usize = 7;
/// A country code and number (E.164), with a trunk prefix in parentheses.
const MOST_DIGITS: usize = 16;
/// A number with its country's code and no `+`.
const LEAST_WITH_CODE: usize = 11;
const LONGEST_EXTENSION: usize = 5;

/// The number that begins with the `+` or `(` at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let undecided = |_: Beyond| Pending { start: at, keep: seventh_digit(window.bytes, at) };
    let first = window.peek(at + 1).map_err(|Beyond| Pending::weak(at))?;
    if !first.is_some_and(|byte| byte.is_ascii_digit() || byte == b'(') || joins_left(window, at) {
        return Ok(None);
    }
    read(window, at).map_err(undecided)
}

/// Whether a number may begin with the digit at `at`: the trunk prefix of North America or Russia before an area in parentheses.
pub(crate) fn is_trunk(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    if !matches!(window.before(at + 1, 1), Some(b'1' | b'8')) {
        return Ok(false);
    }
    let undecided = |_: Beyond| Pending::weak(at);
    Ok(match window.peek(at + 1).map_err(undecided)? {
        Some(b'(') => true,
        Some(b' ' | b'-' | b'.') => window.peek(at + 2).map_err(undecided)? == Some(b'('),
        _ => false,
    })
}

/// The number that begins with the trunk prefix at `at`.
pub(crate) fn find_after_trunk(window: &Window<'_>, at: usize) -> Verdict {
    if joins_left(window, at) {
        return Ok(None);
    }
    let paren = at + 1 + usize::from(window.before(at + 2, 1) != Some(b'('));
    match read(window, paren) {
        Ok(found) => Ok(found.map(|found| Match { start: at, ..found })),
        Err(Beyond) => Err(Pending { start: at, keep: seventh_digit(window.bytes, at) }),
    }
}

/// A number in the shape of the chain: separated as a known plan has it, or named by words before it.
pub(crate) fn find_digits(window: &Window<'_>, chain: &Chain) -> Result<Option<Match>, Beyond> {
    let groups = chain.groups();
    if chain.len() < LEAST_LOCAL || is_date(groups, chain) || joins_left(window, chain.start) {
        return Ok(None);
    }
    for count in (1..=groups.len()).rev() {
        let Some((last, before)) = groups.get(..count).and_then(<[Group]>::split_last) else { continue };
        let length: usize = last.length + before.iter().map(|group| group.length).sum::<usize>();
        if length > MOST_DIGITS || count == groups.len() && !chain.whole {
            continue;
        }
        if length < LEAST_LOCAL {
            break;
        }
        let mut digits = [0; MOST_DIGITS];
        for (slot, digit) in digits.iter_mut().zip(chain.digits(length)) {
            *slot = digit + b'0';
        }
        let digits = digits.get(..length).unwrap_or_default();
        let end = chain.end_of(last);
        let Some(rule) = judge(window, chain, groups.get(..count).unwrap_or_default(), digits) else { continue };
        if rule == LISTED && stands_before_town(window, end)? {
            return Ok(None);
        }
        return Ok(closes(window, end)?.map(|end| Match::closed(rule, chain.start, end)));
    }
    Ok(None)
}

/// Whether a word follows that is no extension: what stands before it is a post code, and what looked like a person was a place.
fn stands_before_town(window: &Window<'_>, end: usize) -> Result<bool, Beyond> {
    if window.peek(end)? != Some(b' ') {
        return Ok(false);
    }
    let next = window.peek(end + 1)?;
    Ok(next.is_some_and(|byte| (byte.is_ascii_alphabetic() || byte >= 0x80) && !matches!(byte, b'x' | b'e')))
}

fn judge(window: &Window<'_>, chain: &Chain, groups: &[Group], digits: &[u8]) -> Option<Rule> {
    if chain.left.is_some() {
        return None;
    }
    let left = window.slice(chain.start.saturating_sub(words::REACH), chain.start);
    if groups.len() > 1 && is_written_form(groups, digits) && !words::denies_phone(left) {
        return Some(NATIONAL);
    }
    // What is filled up with noughts is in no plan.
    let filled = digits.starts_with(b"000") && !((groups.len() == 1 || digits.len() > 9) && words::tells_phone(left));
    if filled || !words::may_name(left) || is_address(groups) || is_decimal(groups) {
        return None;
    }
    let whole = chain.groups().len() == groups.len();
    if is_told(left, groups, digits) {
        return Some(NAMED);
    }
    if whole && is_of_person(groups, digits) && person::stands_before(left) {
        return Some(LISTED);
    }
    if digits.len() <= LEAST_DIGITS {
        return None;
    }
    let whole = groups.len() == 1 && digits.len() >= LEAST_WITH_CODE;
    let exists = || {
        numbering::is_national(digits)
            || after_access(digits).is_some_and(numbering::is_international)
            || whole && numbering::is_international(digits)
    };
    let hinted = if groups.len() > 1 {
        words::hints_at_phone(left)
    } else {
        nanp::is_number(digits) && words::ends_with_hint(left)
            || digits.starts_with(b"0") && !left.contains(&b'(') && words::tells_call(left)
    };
    let named = words::names_phone(left) || hinted;
    (named && exists()).then_some(NAMED)
}

/// Whether the digits are written as a telephone number is in a list of people: `Ann Smith, 0171 2345678`.
fn is_of_person(groups: &[Group], digits: &[u8]) -> bool {
    let sizes = Sizes::of(groups);
    let dotted = groups.iter().any(|group| group.joint == Some(Joint::Dot));
    match sizes.0 {
        // Where there are no areas, no day of the calendar.
        [8, 0, ..] => !is_day(digits) && numbering::is_national(digits),
        [9, 0, ..] if numbering::is_national(digits) => true,
        [9..=11, 0, ..] => {
            digits.starts_with(b"0") && numbering::is_national(digits)
                || matches!(digits, [b'3', ..] if digits.len() == 10 && numbering::is_national(digits))
                || is_plain_mobile(digits)
                || matches!(digits, [b'1', b'3'..=b'9', ..] if digits.len() == 11)
                || numbering::is_russian(digits)
                || nanp::is_number(digits)
        }
        // A day, a post code, a sum.
        [_, 0, ..] | [2, 2, 4, 0, 0] | [5, 4, 0, ..] | [1 | 2, 3, 3, 0, 0] => false,
        _ if dotted => {
            matches!(sizes.0, [3, 3, 4, 0, 0] | [2, 4, 4, 0, 0])
                || sizes.0 == [4, 3, 3, 0, 0] && digits.starts_with(b"0")
        }
        [2, 2, 2, 2, 0] | [3, 3, 4, 0, 0] | [2, 4, 4, 0, 0] => true,
        [3, 1, 3, 0, 0] => !digits.starts_with(b"0"),
        [1, 3, 3, 4, 0] => matches!(digits, [b'1' | b'8', ..]),
        [1, 3, 3, 2, 2] => digits.starts_with(b"8"),
        // A country where what follows the slash may be long.
        [5, 8, 0, ..] => digits.starts_with(b"0") && groups.iter().any(|group| group.joint == Some(Joint::Slash)),
        [5, 5, 3, 0, 0] => digits.starts_with(b"0"),
        _ => digits.starts_with(b"0") && (8..=11).contains(&digits.len()) || numbering::is_national(digits),
    }
}

/// Digits without separators that are a number by their count and first digits alone: as India's mobiles have them, as North
/// America writes its numbers, or with a trunk prefix. No seconds since 1970 are among them.
fn is_plain_mobile(digits: &[u8]) -> bool {
    match digits {
        [_, .., b'0', b'0', b'0'] => false,
        [b'6'..=b'9', ..] if digits.len() == 10 => true,
        [b'0', ..] => digits.len() >= 10,
        [b'7' | b'8', ..] if digits.len() == 11 => true,
        _ => nanp::is_written(digits),
    }
}

/// Eight digits that are a day, written from either end, or a round number.
fn is_day(digits: &[u8]) -> bool {
    let within = |from: usize, most: u32| {
        let part = digits.get(from..from + 2).unwrap_or_default();
        (1..=most).contains(&part.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    };
    let century = |from: usize| matches!(digits.get(from..from + 2), Some(b"19" | b"20"));
    century(0) && within(4, 12) && within(6, 31)
        || century(4) && (within(0, 31) && within(2, 12) || within(0, 12) && within(2, 31))
        || digits.ends_with(b"000")
}

/// How many digits the first groups have.
struct Sizes([usize; 5]);

impl Sizes {
    fn of(groups: &[Group]) -> Self {
        let mut sizes = [0; 5];
        for (slot, group) in sizes.iter_mut().zip(groups) {
            *slot = group.length;
        }
        Self(sizes)
    }
}

/// Whether words say so plainly what follows that no plan need have it, and it is written like a telephone number.
fn is_told(left: &[u8], groups: &[Group], digits: &[u8]) -> bool {
    let joint = groups.first().and_then(|group| group.joint);
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    match groups {
        // Digits that are no day of the calendar.
        [_] => {
            let day = digits.len() == LEAST_DIGITS && is_day(digits);
            let round = digits.ends_with(b"0000");
            let called = || !round && (words::asks_to_call(left) || words::tells_call(left));
            let most = if words::tells_phone(left) { MOST_DIGITS - 1 } else { 12 };
            (LEAST_DIGITS..=most).contains(&digits.len()) && !day && (most >= MOST_DIGITS - 1 || called())
        }
        // Not the decimals of a number.
        [a, b] if joint == Some(Joint::Dot) => (a.length, b.length) == (4, 4) && words::tells_phone(left),
        [a, b] if digits.len() == LEAST_LOCAL => {
            let local = (a.length, b.length, joint) == (3, 4, Some(Joint::Dash));
            local && (words::tells_phone(left) || words::tells_call(left))
        }
        _ => {
            let plain = words::tells_phone(left);
            let local = || matches!(Sizes::of(groups).0, [3, 1, 3, 0, 0]) && words::tells_call(left);
            let least = if plain || local() { (LEAST_LOCAL, 1) } else { (LEAST_DIGITS, 2) };
            let whole = digits.len() >= least.0 && digits.len() < MOST_DIGITS && last.length >= 2;
            let inner = groups.get(1..).unwrap_or_default().iter().all(|group| (least.1..=8).contains(&group.length));
            let thousands = first.length <= 3 && groups.iter().skip(1).all(|group| group.length == 3);
            let written = whole && inner && (!thousands || joint == Some(Joint::Dash) || digits.len() >= 9);
            written && (plain || !thousands && (words::tells_call(left) || words::asks_to_call(left)))
        }
    }
}

/// Whether a word before may say that digits are a telephone number.
pub(crate) fn may_be_named(window: &Window<'_>, at: usize) -> bool {
    let left = window.slice(at.saturating_sub(words::REACH), at);
    words::may_name(left) && (words::speaks_of_phone(left) || person::stands_before(left))
}

/// A small number with a fraction.
fn is_decimal(groups: &[Group]) -> bool {
    matches!(groups, [Group { length: 1 | 2, joint: Some(Joint::Dot), .. }, _])
}

/// Four short groups with dots: an address of the Internet.
fn is_address(groups: &[Group]) -> bool {
    groups.len() == 4 && groups.iter().all(|group| group.length <= 3 && matches!(group.joint, None | Some(Joint::Dot)))
}

/// Groups that are a telephone number without any word: North American, British, or with an access code for abroad.
fn is_written_form(groups: &[Group], digits: &[u8]) -> bool {
    let joint = groups.first().and_then(|group| group.joint);
    let body = groups.split_last().map_or(groups, |(_, body)| body);
    if joint == Some(Joint::Slash) {
        return false;
    }
    if !body.iter().all(|group| group.joint == joint) {
        return false;
    }
    let Sizes(sizes) = Sizes::of(groups);
    let ending = |count: usize| digits.get(digits.len().saturating_sub(count)..).unwrap_or_default();
    match sizes {
        [3, 3, 4, 0, 0] if joint == Some(Joint::Dash) => nanp::is_written(digits),
        [3, 3, 4, 0, 0] => nanp::is_number(digits),
        [1, 3, 3, 4, 0] if digits.starts_with(b"1") && joint == Some(Joint::Dash) => nanp::is_written(ending(10)),
        [1, 3, 3, 4, 0] if digits.starts_with(b"1") => nanp::is_number(ending(10)),
        [3, 3, 3, 4, 0] if joint == Some(Joint::Dash) => digits.starts_with(b"001") && nanp::is_written(ending(10)),
        [3, 3, 3, 4, 0] => digits.starts_with(b"001") && nanp::is_number(ending(10)),
        [1, 3, 3, 4, 0] | [1, 3, 3, 2, 2] => numbering::is_russian(digits),
        [3, 4, 4, 0, 0] | [4, 3, 4, 0, 0] | [5, 6, 0, 0, 0] | [5, 3, 3, 0, 0] => {
            joint != Some(Joint::Dot) && numbering::is_british(digits)
        }
        [3..=15, 2..=15, ..] | [2, 1..=3, ..] => after_access(digits).is_some_and(numbering::is_international),
        _ => false,
    }
}

/// What follows `00` or `011`, the codes for a call abroad.
fn after_access(digits: &[u8]) -> Option<&[u8]> {
    digits.strip_prefix(b"00").or_else(|| digits.strip_prefix(b"011"))
}

/// Whether the groups begin like a date of this or the last century.
fn is_date(groups: &[Group], chain: &Chain) -> bool {
    let sizes = (groups.first().map(|group| group.length), groups.get(1).map(|group| group.length));
    sizes == (Some(4), Some(2)) && matches!(chain.digits(2), [1, 9] | [2, 0])
}

/// Digits in groups with separators, as far as one number can go.
struct Number {
    digits: [u8; MOST_DIGITS],
    count: usize,
    /// For each group: the digits up to its end, and where it ends.
    ends: [(usize, usize); MOST_DIGITS],
    groups: usize,
    /// Whether the last group runs on.
    cut: bool,
}

fn read(window: &Window<'_>, at: usize) -> Result<Option<Match>, Beyond> {
    let plus = window.before(at + 1, 1) == Some(b'+');
    let Some(number) = read_groups(window, if plus { at + 1 } else { at })? else { return Ok(None) };
    for index in (0..number.groups).rev() {
        let Some((count, end)) = number.ends.get(index).copied() else { continue };
        let digits = number.digits.get(..count).unwrap_or_default();
        if (number.cut && index + 1 == number.groups) || digits.len() < LEAST_DIGITS {
            continue;
        }
        let groups = number.ends.get(..=index).unwrap_or_default();
        let exists = if plus {
            numbering::is_international(digits) || is_grouped_abroad(window, at, digits, groups)
        } else {
            is_parenthesised(window, at, digits, groups)
        };
        let sip = plus && window.ends_with(at, b"sip:") && window.peek(end)? == Some(b'@');
        if exists && let Some(end) = if sip { Some(end) } else { closes(window, end)? } {
            return Ok(Some(Match::closed(if plus { INTERNATIONAL } else { NATIONAL }, at, end)));
        }
    }
    Ok(None)
}

/// A country's code and groups that are not thousands, or any digits where words say what they are.
fn is_grouped_abroad(window: &Window<'_>, at: usize, digits: &[u8], groups: &[(usize, usize)]) -> bool {
    let left = window.slice(at.saturating_sub(words::REACH), at);
    if !numbering::has_code(digits) || words::denies_phone(left) {
        return false;
    }
    let size = |group: usize| {
        let begins = group.checked_sub(1).and_then(|before| groups.get(before)).map_or(0, |before| before.0);
        groups.get(group).map_or(0, |own| own.0 - begins)
    };
    let sizes = [size(0), size(1), size(2), size(3), size(4)];
    if digits.starts_with(b"1") {
        let written = matches!(sizes, [1, 3, 3, 4, 0]) && digits.get(1..).is_some_and(nanp::is_written);
        let told = words::tells_phone(left) || words::tells_call(left) || words::asks_to_call(left);
        return written || told || person::stands_before(left);
    }
    let dashed = groups.first().is_some_and(|(_, end)| window.before(end + 1, 1) == Some(b'-'));
    let thousands = !dashed && (1..groups.len()).all(|group| size(group) == 3);
    let written = groups.len() > 1 && digits.len() > 9 && (1..groups.len()).all(|group| size(group) > 1);
    let told = || words::tells_phone(left) || words::tells_call(left) || words::hints_on_line(left);
    written && !thousands || told() || person::stands_before(left)
}

/// An area code in parentheses: three digits of North America, or a trunk prefix with its area where words say what it is.
fn is_parenthesised(window: &Window<'_>, at: usize, digits: &[u8], groups: &[(usize, usize)]) -> bool {
    let area = window.slice(at + 1, at + 6).iter().take_while(|byte| byte.is_ascii_digit()).count();
    let left = window.slice(at.saturating_sub(words::REACH), at);
    let left = left.strip_suffix(b" 1 ").or_else(|| left.strip_suffix(b" 8 ")).map_or(left, |_| {
        // A trunk prefix is no word.
        left.get(..left.len() - 2).unwrap_or_default()
    });
    let closed = window.before(at + 2 + area, 1) == Some(b')');
    let called = || words::tells_call(left) || words::asks_to_call(left);
    let told = || words::tells_phone(left) || called() || person::stands_before(left);
    let ends = |at: usize| groups.get(at).map_or(0, |group| group.0);
    match area {
        _ if !closed => false,
        // As North America writes them; none begins with a nought.
        3 if (ends(0), ends(1), ends(2)) == (3, 6, 10) && matches!(digits, [b'1'..=b'9', _, _, b'2'..=b'9', ..]) => {
            !words::denies_phone(left)
        }
        // As Russia writes them.
        3 if (ends(0), ends(1), ends(2), ends(3)) == (3, 6, 8, 10) => !words::denies_phone(left),
        3 if nanp::is_number(digits) => !words::denies_phone(left),
        2..=5 if digits.starts_with(b"0") => {
            numbering::is_british(digits)
                || (9..=11).contains(&digits.len()) && !digits.starts_with(b"00") && !words::denies_phone(left)
                || digits.len() >= 9 && told()
                || ((words::names_phone(left) || words::hints_at_phone(left)) && numbering::is_national(digits))
        }
        2..=3 => told() || words::names_phone(left) && numbering::is_national(digits),
        _ => false,
    }
}

fn read_groups(window: &Window<'_>, start: usize) -> Result<Option<Number>, Beyond> {
    let mut number = Number { digits: [0; MOST_DIGITS], count: 0, ends: [(0, 0); MOST_DIGITS], groups: 0, cut: false };
    let mut at = start;
    loop {
        let joint = joint(window, at, number.count == 0)?;
        if number.count > 0 && joint == 0 || !window.peek(at + joint)?.is_some_and(|byte| byte.is_ascii_digit()) {
            break;
        }
        at += joint;
        let is_trunk = number.count > 0 && window.slice(at - 1, at + 2) == b"(0)";
        while let Some(byte @ b'0'..=b'9') = window.peek(at)? {
            let Some(slot) = number.digits.get_mut(number.count).filter(|_| !is_trunk) else {
                number.cut = !is_trunk;
                if number.cut {
                    return Ok(Some(number));
                }
                at += 1;
                continue;
            };
            *slot = byte;
            number.count += 1;
            at += 1;
        }
        if let Some(end) = number.ends.get_mut(number.groups).filter(|_| !is_trunk) {
            *end = (number.count, at);
            number.groups += 1;
        }
    }
    Ok(Some(number))
}

/// How many bytes of separator stand at `at`, at most three, of which one is no space or parenthesis.
fn joint(window: &Window<'_>, at: usize, first: bool) -> Result<usize, Beyond> {
    let (mut length, mut marks, mut spaces) = (0, 0, 0);
    while length < 3 {
        match window.peek(at + length)? {
            Some(b'(' | b')') => {}
            Some(b' ') if !first => spaces += 1,
            Some(b'-' | b'.' | b'/' | DASH) if !first => marks += 1,
            _ => break,
        }
        length += 1;
    }
    Ok(if marks > 1 || spaces > 1 && marks == 0 { 0 } else { length })
}

/// Whether the candidate is the end of something else.
pub(crate) fn joins_left(window: &Window<'_>, at: usize) -> bool {
    let start = at == 0 || at <= window.floor;
    !start
        && window.before(at, 1).is_some_and(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'+' | b'$' | b'#' | b'%' | b'/' | b'\\' | b'*' | b'^')
                || byte == b'='
                    && window.before(at, 2).is_some_and(|byte| matches!(byte, b'+' | b'-' | b'*' | b'=' | b'!'))
        })
}

/// Where the number ends with its extension; `None` if it is the beginning of something else.
fn closes(window: &Window<'_>, end: usize) -> Result<Option<usize>, Beyond> {
    if let Some(end) = extension_end(window, end)? {
        return Ok(Some(end));
    }
    let next = window.peek(end)?;
    let joined = match next {
        Some(b'-' | b'.' | b':' | b',' | b'/' | DASH) => {
            window.peek(end + 1)?.is_some_and(|byte| byte.is_ascii_digit())
        }
        Some(byte) => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%' | b'@'),
        None => false,
    };
    // A comma before digits separates columns, unless three follow: thousands.
    let listed = next == Some(b',') && window.run(end + 1, 4, |byte| byte.is_ascii_digit())? != 3;
    Ok((!joined || listed).then_some(end))
}

fn extension_end(window: &Window<'_>, end: usize) -> Result<Option<usize>, Beyond> {
    let mut at = end;
    while at < end + 2 && matches!(window.peek(at)?, Some(b' ' | b',' | b';')) {
        at += 1;
    }
    let Some(mark) = extension_mark(window, at)? else { return Ok(None) };
    at += mark;
    while at < end + 16 && matches!(window.peek(at)?, Some(b' ' | b'.' | b'=' | b':')) {
        at += 1;
    }
    let digits = window.run(at, LONGEST_EXTENSION + 1, |byte| byte.is_ascii_digit())?;
    Ok((1..=LONGEST_EXTENSION).contains(&digits).then_some(at + digits))
}

fn extension_mark(window: &Window<'_>, at: usize) -> Result<Option<usize>, Beyond> {
    for mark in [&b"extension"[..], b"ext", b"x"] {
        let mut matched = 0;
        for expected in mark {
            if !window.peek(at + matched)?.is_some_and(|byte| byte.eq_ignore_ascii_case(expected)) {
                break;
            }
            matched += 1;
        }
        if matched == mark.len() {
            return Ok(Some(matched));
        }
    }
    Ok(None)
}
