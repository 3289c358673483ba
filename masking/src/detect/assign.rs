//! Secrets without a mark of their own, which count only as the value of a name that says so: `aws_secret_access_key = ...`,
//! `"password": "..."`, `Authorization: Basic ...`, `<apiKey>...</apiKey>`. What the name promises must look the part.

use super::name::{FOREIGN, Kind, NAME_REACH, Name, ends_as_known, is_name, may_end};
use super::strength::{is_argument, is_password, is_token};
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::{Open, PemBody};
use crate::window::{Beyond, LEFT_CONTEXT, Window};

const AWS_SECRET: Rule = Rule::new(Label::Secret, "aws-secret-key");
pub(crate) const PASSWORD: Rule = Rule::new(Label::Secret, "password");
pub(crate) const KEY: Rule = Rule::new(Label::Secret, "api-key");
const SESSION: Rule = Rule::new(Label::Secret, "session-cookie");
const PRIVATE_KEY: Rule = Rule::new(Label::Secret, "private-key");
const AUTHORIZATION: Rule = Rule::new(Label::Secret, "authorization");
const MOST_FILLING: usize = 6;
/// The most blanks between a name and its sign, where signs are aligned.
const MOST_BLANKS: usize = 24;
/// The longest value that is waited for, in bytes.
const LONGEST: usize = 256;
/// The shortest name of a session, in characters; a quote may stand before it.
const LEAST_SESSION: usize = 16;
/// The length of an AWS secret access key.
const AWS_LENGTH: usize = 40;

/// The bytes at which `find` is called.
pub(crate) const TRIGGERS: &[u8] = b":=|>'";

/// Quotes as they are printed; some open a quotation in one language and close it in another.
const CURLY: [&str; 7] = ["“", "”", "„", "‘", "’", "«", "»"];

/// The secret assigned by the sign at `at`; in JSON a quote ends the text.
pub(crate) fn find(window: &Window<'_>, at: usize, quote_ends: bool) -> Verdict {
    if may_be_shared(window, at)
        && let found @ Some(_) = shared(window, at)?
    {
        return Ok(found);
    }
    if !may_assign(window, at) {
        return Ok(None);
    }
    let Some(last) = name_end(window, at) else { return Ok(None) };
    if is_foreign(window, last) {
        return assigned(window, at, &Kind::Password);
    }
    let mut name = Name::read(window, last);
    if let Some(last) = other_name(window, &name, last) {
        name = Name::read(window, last);
    }
    if name.contains(b"secret")
        && let found @ Some(_) = aws_key(window, at)?
    {
        return Ok(found);
    }
    match name.kind() {
        Some(Kind::Password | Kind::Key) if is_option(window, last, at) => assigned(window, at, &Kind::Option),
        Some(Kind::Authorization) => authorization(window, at),
        Some(Kind::Material) => material(window, at, quote_ends),
        Some(Kind::Cookie) if !is_cookie(window, last) => Ok(None),
        Some(kind) => assigned(window, at, &kind),
        None => Ok(None),
    }
}

/// Whether the end of the name before the sign at `at` is one that counts: a glance that spares nearly all names the rest.
pub(crate) fn may_assign(window: &Window<'_>, at: usize) -> bool {
    // A quote begins a value if it stands apart from the name, as in SQL.
    if window.bytes.get(at) == Some(&b'\'') && window.before(at, 1) != Some(b' ') {
        return false;
    }
    let Some(end) = name_end(window, at) else { return false };
    let name = window.slice(0, end);
    let last = name.last().copied().unwrap_or_default();
    if (last >= 0x80 || last == b'a') && is_foreign(window, end) {
        return true;
    }
    let tail = match *name {
        [.., c, d] if !may_end(c, d) => {
            return is_of_key(d.to_ascii_lowercase()) && may_be_aws_key(window, at);
        }
        [.., a, b, c, d] => [a, b, c, d],
        [b, c, d] => [0, b, c, d],
        [c, d] => [0, 0, c, d],
        _ => return false,
    };
    let tail = tail.map(|byte| byte.to_ascii_lowercase());
    match tail {
        [.., last] if is_of_key(last) => {
            ends_as_known(tail) && may_be_session(window, at, tail) || may_be_aws_key(window, at)
        }
        [.., b'a' | b'h' | b'k' | b'r'] => ends_as_known(tail),
        _ => false,
    }
}

/// Whether the name of an AWS key may end with this letter.
fn is_of_key(last: u8) -> bool {
    matches!(last, b'd' | b't' | b'y' | b'n' | b'e' | b's' | b'w' | b'l' | b'g')
}

/// Whether the name that ends at `end` is an option of a command (`--token=`).
fn is_option(window: &Window<'_>, end: usize, at: usize) -> bool {
    let left = window.slice(end.saturating_sub(NAME_REACH), end);
    let word = left.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    end == at && window.bytes.get(at) == Some(&b'=') && word.starts_with(b"--")
}

/// Whether the name ends with a word beyond ASCII.
fn is_foreign(window: &Window<'_>, end: usize) -> bool {
    let is_last = match window.before(end, 1) {
        Some(b'a') => window.before(end, 2) == Some(0xB1),
        last => last.is_some_and(|byte| byte >= 0x80),
    };
    is_last && FOREIGN.iter().any(|word| window.ends_with(end, word.as_bytes()))
}

/// Where the name ends that stands before this one, if this one is only a word for what has a name.
fn other_name(window: &Window<'_>, name: &Name, last: usize) -> Option<usize> {
    if name.is_value() {
        paired_name(window, last)
    } else if name.is_default() {
        variable_name(window, last)
    } else if name.is_type() {
        typed_name(window, last)
    } else {
        None
    }
}

/// Where the name of the variable of Terraform ends in whose block the word before `end` stands.
fn variable_name(window: &Window<'_>, end: usize) -> Option<usize> {
    const MARK: &[u8] = b"variable \"";
    let start = end.saturating_sub(LEFT_CONTEXT);
    let left = window.slice(start, end);
    let at = left.windows(MARK.len()).rposition(|part| part == MARK)? + MARK.len();
    let length = left.get(at..)?.iter().position(|byte| *byte == b'"')?;
    Some(start + at + length)
}

/// Where the name ends whose type ends at `end`: `password: &'static str`, `password string`.
fn typed_name(window: &Window<'_>, end: usize) -> Option<usize> {
    let left = window.slice(end.saturating_sub(NAME_REACH), end);
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    let name = left.get(..left.iter().rposition(|byte| !is_letter(byte))? + 1)?;
    let name = name.strip_suffix(b"'static ").unwrap_or(name);
    let name = name.strip_suffix(b"&").unwrap_or(name);
    let name = name.strip_suffix(b" ").unwrap_or(name);
    let name = name.strip_suffix(b":").unwrap_or(name);
    let is_found = name.last().is_some_and(is_letter);
    is_found.then(|| end - (left.len() - name.len()))
}

/// What strongSwan writes behind a colon before a secret.
const SHARED: [&[u8]; 4] = [b" PSK \"", b" EAP \"", b" XAUTH \"", b" NTLM \""];

/// Whether a secret of strongSwan may follow the colon at `at`; what is not there yet counts.
pub(crate) fn may_be_shared(window: &Window<'_>, at: usize) -> bool {
    let kind = |byte: &u8| matches!(byte, b'P' | b'E' | b'X' | b'N');
    window.before(at, 1) == Some(b' ')
        && window.bytes.get(at) == Some(&b':')
        && window.bytes.get(at + 1).map_or(!window.last, |byte| *byte == b' ')
        && window.bytes.get(at + 2).map_or(!window.last, kind)
}

/// A secret of strongSwan, `: PSK "x"`, whose colon stands at `at`.
fn shared(window: &Window<'_>, at: usize) -> Verdict {
    for mark in SHARED {
        if window.follows(at + 1, mark).map_err(|Beyond| Pending::weak(at))? {
            let start = at + 1 + mark.len();
            let length = window.run(start, LONGEST, is_double_quoted);
            let length = length.map_err(|Beyond| Pending { start: at, keep: start })?;
            let holds = is_argument(window.slice(start, start + length));
            return Ok(holds.then(|| Match::closed(PASSWORD, start, start + length)));
        }
    }
    Ok(None)
}

/// Whether the name that ends at `end` is that of a cookie.
fn is_cookie(window: &Window<'_>, end: usize) -> bool {
    let left = window.slice(end.saturating_sub(LEFT_CONTEXT), end);
    ["ookie", "OOKIE"].iter().any(|word| memchr::memmem::find(left, word.as_bytes()).is_some())
}

/// Where the name ends whose value the name `value` that ends at `end` has: `name: DB_PASSWORD`, then `value: ...`.
fn paired_name(window: &Window<'_>, end: usize) -> Option<usize> {
    let left = window.slice(0, end.saturating_sub(5));
    let parts = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b',' | b'{' | b'-' | b'`');
    let apart = left.iter().rev().take(24).take_while(parts).count();
    let name = left.get(..left.len() - apart)?;
    (apart > 0 && name.last().is_some_and(u8::is_ascii_alphabetic)).then_some(name.len())
}

/// Whether the name with this end is none of a session, or what follows may be as long as a session's.
fn may_be_session(window: &Window<'_>, at: usize, tail: [u8; 4]) -> bool {
    if !matches!(tail, [b's', b'i', b'o', b'n'] | [.., b'i', b'd'] | [b'k', b'i', b'e', b's']) {
        return true;
    }
    // Nearly all values are shorter, which is seen soonest from behind.
    let probes = [LEAST_SESSION, LEAST_SESSION / 2, LEAST_SESSION / 2 - 1];
    if probes.iter().any(|probe| window.bytes.get(at + probe).map_or(window.last, |byte| !is_bare(*byte))) {
        return false;
    }
    let value = window.slice(at + 1, at + 1 + LEAST_SESSION);
    let rest = value.iter().skip(1).take_while(|byte| is_bare(**byte)).count();
    rest + 1 >= value.len() && (!window.last || value.len() == LEAST_SESSION)
}

/// Whether the value after the sign has the length of an AWS key, or more of it is to come.
fn may_be_aws_key(window: &Window<'_>, at: usize) -> bool {
    let rest = window.slice(at + 1, usize::MAX);
    // Wherever a key begins behind so much filling, these are a part of it.
    let probes = [MOST_FILLING + 2, MOST_FILLING + 14, AWS_LENGTH - 1];
    if probes.iter().any(|probe| rest.get(*probe).map_or(window.last, |byte| !is_base64(*byte))) {
        return false;
    }
    let filling = rest.iter().take(MOST_FILLING).take_while(|byte| is_filling(**byte)).count();
    let key = rest.get(filling..).unwrap_or_default();
    match key.get(..AWS_LENGTH) {
        // Nearly all values are shorter, which is seen soonest from behind.
        Some(key) => key.iter().rev().all(|byte| is_base64(*byte)),
        None => !window.last && key.iter().rev().all(|byte| is_base64(*byte)),
    }
}

/// Where the name before the sign ends: before quotes and spaces.
fn name_end(window: &Window<'_>, at: usize) -> Option<usize> {
    let mut name = window.slice(0, at);
    // Nearly all names end so.
    match name {
        [.., last] if last.is_ascii_alphabetic() => return Some(name.len()),
        [.., last, b'"'] if last.is_ascii_alphabetic() => return Some(name.len() - 1),
        _ => {}
    }
    // Signs may be aligned.
    if let [.., b' ', b' ', b' '] = name {
        let blanks = name.iter().rev().take(MOST_BLANKS).take_while(|byte| **byte == b' ').count();
        name = name.get(..name.len() - blanks).unwrap_or_default();
    }
    for _ in 0..3 {
        let [rest @ .., b' ' | b'\t' | b'"' | b'\'' | b']' | b'`'] = name else { break };
        name = rest;
    }
    // A constant of PHP.
    if let [rest @ .., b'\'', b','] = name
        && rest.iter().rposition(|byte| !is_name(*byte)).is_some_and(|end| rest.get(..=end).is_some_and(is_define))
    {
        name = rest;
    }
    matches!(name, [.., last] if last.is_ascii_alphabetic() || *last >= 0x80).then_some(name.len())
}

fn is_define(text: &[u8]) -> bool {
    text.ends_with(b"define('") || text.ends_with(b"define( '")
}

/// Where a value begins and ends, and whether quotes are around it.
struct Value {
    start: usize,
    end: usize,
    quoted: bool,
    /// What bytes it goes on with, if it is longer than what is waited for.
    more: Option<fn(u8) -> bool>,
}

/// The value after the sign at `at`.
fn value(window: &Window<'_>, at: usize) -> Result<Value, Pending> {
    let undecided = |_: Beyond| Pending::weak(at);
    // Two colons announce base64 (LDIF, RFC 2849).
    let encoded = window.bytes.get(at) == Some(&b':') && window.follows(at + 1, b": ").map_err(undecided)?;
    let sign = at + usize::from(encoded);
    let filling = window.run(sign + 1, MOST_FILLING, is_filling).map_err(undecided)?;
    let start = sign + 1 + filling;
    let start = start + string_mark(window, start).map_err(undecided)?;
    if let Some(open) = curly_quote(window, start).map_err(|Beyond| Pending::weak(at))? {
        return in_curly_quotes(window, at, start + open);
    }
    let quote = window.before(start, 1).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let class: fn(u8) -> bool = match quote {
        Some(b'"') => is_double_quoted,
        Some(b'\'') => is_single_quoted,
        // An ampersand goes on to the next field only where fields are joined by them.
        _ if window.bytes.get(at) == Some(&b'=') => is_bare,
        _ => |byte| is_bare(byte) || byte == b'&',
    };
    let undecided = |_: Beyond| Pending { start: at, keep: start };
    let mut length = window.run(start, LONGEST, class).map_err(undecided)?;
    while length < LONGEST && quote.is_none() && is_part(window, start + length).map_err(undecided)? {
        let rest = window.run(start + length + 1, LONGEST, class).map_err(undecided)?;
        length = (length + 1 + rest).min(LONGEST);
    }
    let closed = CURLY.iter().find_map(|quote| window.slice(start, start + length).strip_suffix(quote.as_bytes()));
    let length = closed.map_or(length, <[u8]>::len);
    Ok(Value { start, end: start + length, quoted: quote.is_some(), more: (length == LONGEST).then_some(class) })
}

/// How long a letter for the kind of a string is with the quote behind it, as in `N'x'` of SQL.
fn string_mark(window: &Window<'_>, at: usize) -> Result<usize, Beyond> {
    let unquoted = !window.before(at, 1).is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let marked = unquoted && matches!(window.peek(at)?, Some(b'N' | b'E' | b'U' | b'b' | b'r' | b'u' | b'f'));
    Ok(if marked && matches!(window.peek(at + 1)?, Some(b'"' | b'\'')) { 2 } else { 0 })
}

/// Whether an ampersand stands at `at` that is part of a value, because no field `name=` follows it.
fn is_part(window: &Window<'_>, at: usize) -> Result<bool, Beyond> {
    const LONGEST_NAME: usize = 48;
    if window.peek(at)? != Some(b'&') || !window.peek(at + 1)?.is_some_and(is_bare) {
        return Ok(false);
    }
    let is_field = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b'%');
    let name = window.run(at + 1, LONGEST_NAME, is_field)?;
    Ok(name == LONGEST_NAME || !matches!(window.peek(at + 1 + name)?, Some(b'=' | b']')))
}

/// The value at `start`, behind a quote of print.
fn in_curly_quotes(window: &Window<'_>, at: usize, start: usize) -> Result<Value, Pending> {
    let length = window.run(start, LONGEST, is_double_quoted).map_err(|Beyond| Pending { start: at, keep: start })?;
    let text = window.slice(start, start + length);
    let closes =
        |end: &usize| text.get(*end..).is_some_and(|rest| CURLY.iter().any(|quote| rest.starts_with(quote.as_bytes())));
    let end = (0..length).find(closes).unwrap_or(length);
    let more: Option<fn(u8) -> bool> = if end == LONGEST { Some(is_double_quoted) } else { None };
    Ok(Value { start, end: start + end, quoted: true, more })
}

/// How long the quote of print is that stands at `at`.
fn curly_quote(window: &Window<'_>, at: usize) -> Result<Option<usize>, Beyond> {
    for quote in CURLY {
        if window.follows(at, quote.as_bytes())? {
            return Ok(Some(quote.len()));
        }
    }
    Ok(None)
}

fn assigned(window: &Window<'_>, at: usize, kind: &Kind) -> Verdict {
    let value = value(window, at)?;
    let text = window.slice(value.start, value.end);
    // A quote before these ended a string instead of beginning one.
    if value.quoted && text.first().is_none_or(|byte| matches!(byte, b',' | b':' | b']' | b'}' | b' ')) {
        return Ok(None);
    }
    let (rule, holds) = match kind {
        Kind::Password => (PASSWORD, is_password(text, value.quoted)),
        Kind::Option => (KEY, is_argument(text)),
        Kind::Login => (KEY, (value.quoted || window.ends_with(at, b"_auth")) && is_login(text)),
        Kind::Session | Kind::Cookie => (SESSION, is_session(text)),
        _ => (KEY, is_token(text, value.quoted)),
    };
    Ok(holds.then(|| finish(rule, &value)))
}

/// Whether the value of a cookie may be a session's name: random characters, perhaps signed.
fn is_session(text: &[u8]) -> bool {
    let is_character = |byte: &u8| is_base64(*byte) || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'~' | b'%' | b':');
    let is_path = text.windows(2).any(|pair| pair == b"::");
    text.len() >= LEAST_SESSION && text.iter().all(is_character) && !is_path && is_token(text, false)
}

/// The lines of a private key of PuTTY, whose number stands behind the sign.
fn material(window: &Window<'_>, at: usize, quote_ends: bool) -> Verdict {
    let undecided = |_: Beyond| Pending::weak(at);
    let count = window.run(at + 1, 5, |byte| byte == b' ' || byte.is_ascii_digit()).map_err(undecided)?;
    let ends = at + 1 + count;
    let breaks = window.run(ends, 2, |byte| matches!(byte, b'\r' | b'\n')).map_err(undecided)?;
    let start = ends + breaks;
    let length = window.run(start, 32, is_base64).map_err(|Beyond| Pending { start: at, keep: start })?;
    let found = count > 1 && breaks > 0 && length == 32;
    Ok(found.then(|| Match::open(PRIVATE_KEY, start, start + length, Open::Pem(PemBody::new(quote_ends)))))
}

fn finish(rule: Rule, value: &Value) -> Match {
    Match::until(rule, value.start, value.end, value.more)
}

/// `Basic`, `Bearer` or another scheme (RFC 9110, section 11), then the credentials.
fn authorization(window: &Window<'_>, at: usize) -> Verdict {
    let undecided = |_: Beyond| Pending { start: at, keep: at };
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(undecided)?;
    let scheme = at + 1 + filling;
    let letters = window.run(scheme, 12, |byte| byte.is_ascii_alphabetic() || byte == b'-').map_err(undecided)?;
    if letters == 0 || window.peek(scheme + letters).map_err(undecided)? != Some(b' ') {
        return Ok(None);
    }
    let start = scheme + letters + 1;
    let length = window.run(start, LONGEST, is_bare).map_err(undecided)?;
    let more: Option<fn(u8) -> bool> = if length == LONGEST { Some(is_bare) } else { None };
    let value = Value { start, end: start + length, quoted: false, more };
    let text = window.slice(start, start + length);
    let stated = match text.first() {
        Some(b'-' | b'_' | b'/' | b'+') => length >= 24,
        first => first.is_some_and(u8::is_ascii_alphanumeric),
    };
    let varied = text.iter().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || *byte == b'=');
    // A scheme may have named parameters instead.
    let is_list = text.iter().position(|byte| *byte == b'=').is_some_and(|sign| {
        let name = text.get(..sign).unwrap_or_default();
        let ends = text.iter().skip(sign).all(|byte| *byte == b'=');
        let quoted = window.bytes.get(start + length) == Some(&b'"');
        name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_') && (!ends || quoted)
    });
    Ok((length >= 8 && stated && varied && !is_list).then(|| finish(AUTHORIZATION, &value)))
}

fn aws_key(window: &Window<'_>, at: usize) -> Verdict {
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(|Beyond| Pending::weak(at))?;
    let start = at + 1 + filling;
    let length = window.run(start, AWS_LENGTH + 1, is_base64).map_err(|Beyond| Pending { start: at, keep: start })?;
    let key = window.slice(start, start + length);
    let mixed = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
    Ok((length == AWS_LENGTH && mixed).then(|| Match::closed(AWS_SECRET, start, start + length)))
}

fn is_filling(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'=' | b'>' | b'`')
}

/// Whether this may be a user's name and password in base64.
fn is_login(text: &[u8]) -> bool {
    let body = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let text_body = text.get(..body).unwrap_or_default();
    text.len() >= 12
        && text.len().is_multiple_of(4)
        && text_body.iter().all(|byte| is_base64(*byte))
        && is_token(text, true)
}

pub(crate) fn is_bare(byte: u8) -> bool {
    byte > b' '
        && byte != 0x7F
        && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b'|' | b'\\' | b')' | b']' | b'}')
}

pub(crate) fn is_double_quoted(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7F && byte != b'"'
}

pub(crate) fn is_single_quoted(byte: u8) -> bool {
    is_double_quoted(byte) && byte != b'\''
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
