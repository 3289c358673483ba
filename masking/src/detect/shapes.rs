//! Tokens without a prefix, which vendors give a shape of its own: parts of certain lengths and alphabets between certain marks. Each
//! is found at a mark or letter in its middle or end, with what stands before no longer than what a stream holds back of a word.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const DISCORD: Rule = Rule::new(Label::Secret, "discord-token");
const MAILGUN: Rule = Rule::new(Label::Secret, "mailgun-key");
const MAILCHIMP: Rule = Rule::new(Label::Secret, "mailchimp-key");
const AZURE_SECRET: Rule = Rule::new(Label::Secret, "azure-secret");
const AZURE_KEY: Rule = Rule::new(Label::Secret, "azure-key");
const NEW_RELIC: Rule = Rule::new(Label::Secret, "new-relic-key");
const TWITTER: Rule = Rule::new(Label::Secret, "twitter-token");
const ONE_PASSWORD: Rule = Rule::new(Label::Secret, "1password-key");
const MAXMIND: Rule = Rule::new(Label::Secret, "maxmind-key");
const AIRTABLE: Rule = Rule::new(Label::Secret, "airtable-token");
const GRAFANA: Rule = Rule::new(Label::Secret, "grafana-token");
const FIREBASE: Rule = Rule::new(Label::Secret, "firebase-key");
const TERRAFORM: Rule = Rule::new(Label::Secret, "terraform-token");

/// How far behind the first dot of a Discord token the second stands, as the dashes of 1Password do; and behind Mailgun's first dash
/// its second.
pub(crate) const BETWEEN_DOTS: usize = 7;
pub(crate) const BETWEEN_DASHES: usize = 9;
/// The length of the user's number in a Discord token, in base64.
const DISCORD_USER: std::ops::RangeInclusive<usize> = 23..=28;
const DISCORD_KEY: usize = 27;
/// What all keys of Azure have behind their first 52 characters, and how much follows its last `J`.
const AZURE_MARK: (&[u8], &[u8]) = (b"JQQ", b"99");
const AZURE_HEAD: usize = 52;
const AZURE_TAIL: usize = 28;
/// How many of the capital A that a Twitter token begins with are looked at.
const TWITTER_ZEROS: usize = 20;
/// How long what stands before the dot of an Airtable token is.
pub(crate) const AIRTABLE_HEAD: usize = 17;

/// Whether a token of a shape may have this mark or letter at `at`; what is not there yet counts.
pub(crate) fn may_mark(window: &Window<'_>, at: usize) -> bool {
    let is = |place: usize, byte: u8| window.bytes.get(place).map_or(!window.last, |known| *known == byte);
    let before = window.before(at, 1).unwrap_or_default();
    match window.bytes.get(at) {
        Some(b'.') => is(at + BETWEEN_DOTS, b'.') || window.before(at, AIRTABLE_HEAD) == Some(b'p'),
        Some(b'-') => is(at + BETWEEN_DASHES, b'-') || before == b'3' && is(at + BETWEEN_DOTS, b'-'),
        Some(b'_') => is(at + 1, b'm') && window.before(at, 30) == Some(b'_'),
        Some(b'Q') => matches!(before, b'7' | b'8') && is(at + 1, b'~'),
        Some(b'R') => before == b'N' && is(at + 1, b'A'),
        Some(b'A') => before == b'A' && window.before(at, TWITTER_ZEROS - 1) == Some(b'A'),
        _ => false,
    }
}

/// The token that has this mark, letter or digit at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    match window.bytes.get(at) {
        Some(b'.') => match airtable(window, at)? {
            None => discord(window, at),
            found => Ok(found),
        },
        Some(b'-') if window.before(at, 1) == Some(b'3') && window.before(at, 2) == Some(b'A') => {
            one_password(window, at)
        }
        Some(b'-') => mailgun(window, at),
        Some(b'_') => maxmind(window, at),
        Some(b'Q') => azure_secret(window, at),
        Some(b'R') => new_relic(window, at),
        Some(b'A') => twitter(window, at),
        Some(b'1') if window.before(at, 1) == Some(b'v') => terraform(window, at),
        Some(b'0'..=b'9') => mailchimp(window, at),
        _ => Ok(None),
    }
}

/// A server key of Firebase: `AAAA<7 characters>:APA91b<100 or more>`, whose colon stands at `at`.
pub(crate) fn find_at_colon(window: &Window<'_>, at: usize) -> Verdict {
    const MARK: &[u8] = b"APA91b";
    let Some(start) = at.checked_sub(11).filter(|start| window.slice(*start, at).starts_with(b"AAAA")) else {
        return Ok(None);
    };
    let is_head = window.slice(start, at).iter().all(|byte| is_word(*byte));
    if !is_head || window.before(start, 1).is_some_and(is_alphanumeric) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::strong(start);
    if !window.follows(at + 1, MARK).map_err(undecided)? {
        return Ok(None);
    }
    let length = window.run(at + 1, 100, is_word).map_err(undecided)?;
    Ok((length == 100).then(|| Match::open(FIREBASE, start, at + 1 + length, Open::Token(is_word))))
}

/// The token that has a `J` at `at`.
pub(crate) fn find_at_j(window: &Window<'_>, at: usize) -> Verdict {
    match find_grafana_key(window, at)? {
        None => find_azure_key(window, at),
        found => Ok(found),
    }
}

/// `<user in base64>.<six characters>.<27 or more>`, whose first dot stands at `at`.
fn discord(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = run_before(window, at, *DISCORD_USER.end(), is_word) else { return Ok(None) };
    if !DISCORD_USER.contains(&(at - start)) || !matches!(window.bytes.get(start), Some(b'M'..=b'O')) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::strong(start);
    if window.run(at + 1, BETWEEN_DOTS, is_word).map_err(undecided)? != BETWEEN_DOTS - 1
        || window.peek(at + BETWEEN_DOTS).map_err(undecided)? != Some(b'.')
    {
        return Ok(None);
    }
    let key = at + BETWEEN_DOTS + 1;
    let end = key + window.run(key, DISCORD_KEY, is_word).map_err(undecided)?;
    let text = window.slice(start, end);
    let is_random = text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_lowercase);
    let found = end - key == DISCORD_KEY && is_random;
    Ok(found.then(|| Match::open(DISCORD, start, end, Open::Token(is_word))))
}

/// `<32 digits>-<8>-<8>` in hexadecimal, whose first dash stands at `at`.
fn mailgun(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = run_before(window, at, 32, is_hex).filter(|start| at - start == 32) else { return Ok(None) };
    let undecided = |_: Beyond| Pending::strong(start);
    let first = window.run(at + 1, BETWEEN_DASHES, is_hex).map_err(undecided)?;
    if first != 8 || window.peek(at + BETWEEN_DASHES).map_err(undecided)? != Some(b'-') {
        return Ok(None);
    }
    let second = at + BETWEEN_DASHES + 1;
    let length = window.run(second, 9, is_word).map_err(undecided)?;
    let found = length == 8 && window.slice(second, second + 8).iter().all(|byte| is_hex(*byte));
    Ok(found.then(|| Match::closed(MAILGUN, start, second + 8)))
}

/// `<32 hexadecimal digits>-us<data centre>`, whose centre begins at `at`.
fn mailchimp(window: &Window<'_>, at: usize) -> Verdict {
    if !window.ends_with(at, b"-us") {
        return Ok(None);
    }
    let Some(start) = run_before(window, at - 3, 32, is_hex).filter(|start| at - 3 - start == 32) else {
        return Ok(None);
    };
    let length = window.run(at, 3, is_word).map_err(|Beyond| Pending::strong(start))?;
    let found = length < 3 && window.slice(at, at + length).iter().all(u8::is_ascii_digit);
    Ok(found.then(|| Match::closed(MAILCHIMP, start, at + length)))
}

/// `A3-<6>-<6>-<5>-<5>-<5>-<5>`, or with the second and third group as one; its first dash stands at `at`.
fn one_password(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = at.checked_sub(2).filter(|start| !window.before(*start, 1).is_some_and(is_word)) else {
        return Ok(None);
    };
    let is_key = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    let length = window.run(at, 40, is_key).map_err(|Beyond| Pending::strong(start))?;
    let groups = window.slice(at + 1, at + length).split(|byte| *byte == b'-').map(<[u8]>::len);
    let found = groups.clone().eq([6, 6, 5, 5, 5, 5]) || groups.eq([6, 11, 5, 5, 5]);
    Ok(found.then(|| Match::closed(ONE_PASSWORD, start, at + length)))
}

/// `<6 characters>_<29>_mmk`, whose last line stands at `at`.
fn maxmind(window: &Window<'_>, at: usize) -> Verdict {
    let Some(middle) = at.checked_sub(29).filter(|start| window.before(*start, 1) == Some(b'_')) else {
        return Ok(None);
    };
    let is_middle = window.slice(middle, at).iter().all(|byte| is_word(*byte));
    let Some(start) = run_before(window, middle - 1, 6, is_alphanumeric).filter(|start| middle - 1 - start == 6) else {
        return Ok(None);
    };
    let undecided = |_: Beyond| Pending::strong(start);
    let found = is_middle && window.follows(at, b"_mmk").map_err(undecided)?;
    Ok(found.then(|| Match::closed(MAXMIND, start, at + 4)))
}

/// `pat<14 characters>.<64 hexadecimal digits>`, whose dot stands at `at`.
fn airtable(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = run_before(window, at, AIRTABLE_HEAD, is_alphanumeric) else { return Ok(None) };
    // A dot behind a digit is not looked at.
    let is_head = matches!(window.slice(start, at), [b'p', b'a', b't', .., last] if last.is_ascii_alphabetic());
    if at - start != AIRTABLE_HEAD || !is_head {
        return Ok(None);
    }
    let length = window.run(at + 1, 64, is_hex).map_err(|Beyond| Pending::strong(start))?;
    Ok((length == 64).then(|| Match::closed(AIRTABLE, start, at + 1 + length)))
}

/// A key of Grafana in the old form: base64 of `{"k":"`, whose `J` stands at `at`.
fn find_grafana_key(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = at.checked_sub(2).filter(|start| !window.before(*start, 1).is_some_and(is_word)) else {
        return Ok(None);
    };
    if !window.ends_with(at, b"ey") || !window.follows(at, b"JrIjoi").map_err(|Beyond| Pending::weak(start))? {
        return Ok(None);
    }
    let length = window.run(start, 72, is_padded_word).map_err(|Beyond| Pending::strong(start))?;
    Ok((length == 72).then(|| Match::open(GRAFANA, start, start + length, Open::Token(is_padded_word))))
}

/// The secret of an application of Entra ID: `abc8Q~` and 31 to 34 more; its `Q` stands at `at`.
fn azure_secret(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = at.checked_sub(4) else { return Ok(None) };
    let head = window.slice(start, at - 1);
    if !head.iter().all(|byte| is_tilded(*byte)) || window.before(start, 1).is_some_and(is_word) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::strong(start);
    if window.peek(at + 1).map_err(undecided)? != Some(b'~') {
        return Ok(None);
    }
    let length = window.run(at + 2, 34, is_tilded).map_err(undecided)?;
    Ok((length >= 31).then(|| Match::closed(AZURE_SECRET, start, at + 2 + length)))
}

/// A key of an Azure service, of 84 characters, the last letter of whose mark stands at `at`.
fn find_azure_key(window: &Window<'_>, at: usize) -> Verdict {
    let (mark, rest) = AZURE_MARK;
    if !window.ends_with(at, mark) {
        return Ok(None);
    }
    let head = at - mark.len();
    let Some(start) = run_before(window, head, AZURE_HEAD, is_alphanumeric).filter(|start| head - start == AZURE_HEAD)
    else {
        return Ok(None);
    };
    let undecided = |_: Beyond| Pending::strong(start);
    let length = window.run(at + 1, AZURE_TAIL + 1, is_alphanumeric).map_err(undecided)?;
    let found = length == AZURE_TAIL && window.follows(at + 1, rest).map_err(undecided)?;
    Ok(found.then(|| Match::closed(AZURE_KEY, start, at + 1 + length)))
}

/// 36 hexadecimal digits and `NRAL`, whose `R` stands at `at`.
fn new_relic(window: &Window<'_>, at: usize) -> Verdict {
    let head = at.saturating_sub(1);
    let Some(start) = run_before(window, head, 36, is_hex).filter(|start| head - start == 36) else { return Ok(None) };
    let undecided = |_: Beyond| Pending::strong(start);
    let ends = window.run(at, 4, is_word).map_err(undecided)? == 3;
    let found = ends && window.ends_with(at, b"N") && window.follows(at, b"RAL").map_err(undecided)?;
    Ok(found.then(|| Match::closed(NEW_RELIC, start, at + 3)))
}

/// Twenty of the capital A and more than so much again, with marks among them; the last of the twenty stands at `at`.
fn twitter(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = (at + 1).checked_sub(TWITTER_ZEROS) else { return Ok(None) };
    let zeros = window.slice(start, at + 1).iter().all(|byte| *byte == b'A');
    if !zeros || window.before(start, 1).is_some_and(is_alphanumeric) {
        return Ok(None);
    }
    let length = window.run(start, 90, is_percented).map_err(|Beyond| Pending::strong(start))?;
    let is_mark = |byte: &u8| !byte.is_ascii_alphanumeric();
    let found = length >= 80 && window.slice(start, start + length).iter().any(is_mark);
    Ok(found.then(|| Match::open(TWITTER, start, start + length, Open::Token(is_percented))))
}

/// `<14 characters>.atlasv1.<60 or more>`, whose digit stands at `at`.
fn terraform(window: &Window<'_>, at: usize) -> Verdict {
    const MARK: &[u8] = b".atlasv";
    if !window.ends_with(at, MARK) {
        return Ok(None);
    }
    let head = at - MARK.len();
    let Some(start) = run_before(window, head, 14, is_alphanumeric).filter(|start| head - start == 14) else {
        return Ok(None);
    };
    let undecided = |_: Beyond| Pending::strong(start);
    if window.peek(at + 1).map_err(undecided)? != Some(b'.') {
        return Ok(None);
    }
    let length = window.run(at + 2, 60, is_padded_word).map_err(undecided)?;
    Ok((length >= 60).then(|| Match::open(TERRAFORM, start, at + 2 + length, Open::Token(is_padded_word))))
}

/// Where the run of this class that ends before `at` begins, if it is no longer than `most` and no word goes on before it.
fn run_before(window: &Window<'_>, at: usize, most: usize, class: fn(u8) -> bool) -> Option<usize> {
    let before = window.slice(0, at);
    let length = before.iter().rev().take(most + 1).take_while(|byte| class(**byte)).count();
    let start = at.checked_sub(length).filter(|_| length <= most)?;
    (!window.before(start, 1).is_some_and(is_alphanumeric)).then_some(start)
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_tilded(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'~' | b'.')
}

fn is_padded_word(byte: u8) -> bool {
    is_word(byte) || byte == b'='
}

/// Percent encoding is taken off, unless it is of an unusual kind.
fn is_percented(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'+' | b'/' | b'=')
}
