//! Secrets without a mark of their own, which count only as the value of a name that says so: `aws_secret_access_key = ...`,
//! `"password": "..."`, `Authorization: Basic ...`, `<apiKey>...</apiKey>`. What the name promises must look the part.

use super::strength::{is_password, is_token};
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const AWS_SECRET: Rule = Rule::new(Label::Secret, "aws-secret-key");
const PASSWORD: Rule = Rule::new(Label::Secret, "password");
const KEY: Rule = Rule::new(Label::Secret, "api-key");
const AUTHORIZATION: Rule = Rule::new(Label::Secret, "authorization");
/// How long a name is looked at, in bytes before the assignment sign.
const NAME_REACH: usize = 48;
const MOST_FILLING: usize = 6;
/// The longest value that is waited for, in bytes.
const LONGEST: usize = 256;
/// The length of an AWS secret access key.
const AWS_LENGTH: usize = 40;

/// The bytes at which `find` is called.
pub(crate) const TRIGGERS: &[u8] = b":=|>'";

const PASSWORDS: [&[u8]; 6] = [b"password", b"passwd", b"passphrase", b"passwort", b"passcode", b"identifiedby"];
/// Options of commands whose value follows a space.
const OPTIONS: [(&[u8], Kind); 6] = [
    (b"--password ", Kind::Password),
    (b"--passwd ", Kind::Password),
    (b"--token ", Kind::Key),
    (b"--secret ", Kind::Key),
    (b"--api-key ", Kind::Key),
    (b"--client-secret ", Kind::Key),
];
/// Names that count only as whole words.
const SHORT_PASSWORDS: [&[u8]; 3] = [b"pass", b"pwd", b"pw"];
const KEYS: [&[u8]; 22] = [
    b"secret",
    b"token",
    b"apikey",
    b"secretkey",
    b"accesskey",
    b"privatekey",
    b"signingkey",
    b"encryptionkey",
    b"accountkey",
    b"authkey",
    b"appkey",
    b"masterkey",
    b"sharedaccesskey",
    b"servicekey",
    b"clientkey",
    b"sessionkey",
    b"credential",
    b"credentials",
    b"webhooksecret",
    b"secretaccesskey",
    b"applicationkey",
    b"storagekey",
];
/// Parts of names whose values are no secrets.
const OPEN_NAMES: [&[u8]; 9] =
    [b"page", b"next", b"csrf", b"xsrf", b"sync", b"cursor", b"public", b"continuation", b"idempotency"];

enum Kind {
    Password,
    Key,
    Authorization,
}

/// The secret assigned by the sign at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !may_assign(window, at) {
        return Ok(None);
    }
    let Some(last) = name_end(window, at) else { return Ok(None) };
    let name = Name::read(window, last);
    if name.contains(b"secret")
        && let found @ Some(_) = aws_key(window, at)?
    {
        return Ok(found);
    }
    match name.kind() {
        Some(Kind::Authorization) => authorization(window, at),
        Some(kind) => assigned(window, at, &kind),
        None => Ok(None),
    }
}

/// The secret behind the option of a command whose first dash stands at `at`.
pub(crate) fn find_option(window: &Window<'_>, at: usize) -> Verdict {
    for (option, kind) in &OPTIONS {
        if window.follows(at, option).map_err(|Beyond| Pending::weak(at))? {
            let space = at + option.len() - 1;
            let found = assigned(window, space, kind).map_err(|pending| Pending { start: at, ..pending })?;
            return Ok(found.filter(|found| window.bytes.get(found.start) != Some(&b'-')));
        }
    }
    Ok(None)
}

/// Whether the end of the name before the sign at `at` is one that counts: a glance that spares nearly all names the rest.
pub(crate) fn may_assign(window: &Window<'_>, at: usize) -> bool {
    // A quote begins a value if it stands apart from the name, as in SQL.
    if window.bytes.get(at) == Some(&b'\'') && window.before(at, 1) != Some(b' ') {
        return false;
    }
    let Some(end) = name_end(window, at) else { return false };
    let tail = match *window.slice(end.saturating_sub(4), end) {
        [a, b, c, d] => [a, b, c, d],
        [b, c, d] => [0, b, c, d],
        [c, d] => [0, 0, c, d],
        _ => return false,
    };
    let tail = tail.map(|byte| byte.to_ascii_lowercase());
    let is_usual = matches!(tail, [.., b'd' | b't' | b'y' | b'n' | b'e' | b's' | b'w' | b'l' | b'g']);
    is_usual && (ends_as_known(tail) || may_be_aws_key(window, at))
}

/// Whether a name that counts ends with these letters, of which marks may part some.
fn ends_as_known(tail: [u8; 4]) -> bool {
    let is_mark = |byte| matches!(byte, b'_' | b'-' | b'.' | b' ');
    let [a, b, c, d] = tail;
    let wanted = match [c, d] {
        [b'p', b'w'] | [b'w', b'd'] => return true,
        [b'b', b'y'] => return is_mark(b),
        [b'i', b'g'] => return b == b's' || is_mark(b),
        [b'e', b'y'] if matches!(a, b'i' | b't' | b's' | b'e' | b'g' | b'n' | b'h' | b'p' | b'r') => [a, b'k'],
        [b'e', b'y'] => [0, 0],
        [b'r', b'd' | b't'] => *b"wo",
        [b's', b'e'] => *b"ra",
        [b'd', b'e'] => *b"co",
        [b's', b's'] => *b"pa",
        [b'e', b't'] => *b"cr",
        [b'e', b'n'] => *b"ok",
        [b'a', b'l'] | [b'o', b'n'] => *b"ti",
        [b'l', b's'] => *b"ia",
        _ => return is_mark(c),
    };
    [a, b] == wanted || is_mark(a) || is_mark(b)
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
    for _ in 0..3 {
        let [rest @ .., b' ' | b'\t' | b'"' | b'\'' | b']' | b'`'] = name else { break };
        name = rest;
    }
    matches!(name, [.., last] if last.is_ascii_alphabetic()).then_some(name.len())
}

/// A name in small letters, without the marks that join its words.
struct Name {
    letters: [u8; NAME_REACH],
    length: usize,
    /// How long the last word is.
    word: usize,
}

impl Name {
    fn read(window: &Window<'_>, end: usize) -> Self {
        let raw = window.slice(end.saturating_sub(NAME_REACH), end);
        let start = raw.iter().rposition(|byte| !is_name(*byte)).map_or(0, |index| index + 1);
        let raw = raw.get(start..).unwrap_or_default();
        let mut name = Self { letters: [0; NAME_REACH], length: 0, word: 0 };
        let mut before = 0;
        for byte in raw {
            let is_word = byte.is_ascii_alphanumeric();
            if !is_word || (byte.is_ascii_uppercase() && u8::is_ascii_lowercase(&before)) {
                name.word = 0;
            }
            if is_word && let Some(slot) = name.letters.get_mut(name.length) {
                *slot = byte.to_ascii_lowercase();
                name.length += 1;
                name.word += 1;
            }
            before = *byte;
        }
        name
    }

    fn as_bytes(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }

    fn contains(&self, word: &[u8]) -> bool {
        self.as_bytes().windows(word.len()).any(|part| part == word)
    }

    fn kind(&self) -> Option<Kind> {
        let name = self.as_bytes();
        let word = name.get(self.length - self.word.min(self.length)..).unwrap_or_default();
        if PASSWORDS.iter().any(|known| name.ends_with(known)) || SHORT_PASSWORDS.contains(&word) {
            return Some(Kind::Password);
        }
        if name.ends_with(b"authorization") {
            return Some(Kind::Authorization);
        }
        let open = || OPEN_NAMES.iter().any(|part| self.contains(part));
        // The signature of a shared access URL (Azure).
        if name == b"sig" {
            return Some(Kind::Key);
        }
        (KEYS.iter().any(|known| name.ends_with(known)) && !open()).then_some(Kind::Key)
    }
}

/// Where a value begins and ends, and whether quotes are around it.
struct Value {
    start: usize,
    end: usize,
    quoted: bool,
    /// Whether it is longer than what is waited for.
    long: bool,
}

/// The value after the sign at `at`.
fn value(window: &Window<'_>, at: usize) -> Result<Value, Pending> {
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(|Beyond| Pending::weak(at))?;
    let start = at + 1 + filling;
    let quote = window.before(start, 1).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let class = match quote {
        Some(b'"') => is_double_quoted,
        Some(b'\'') => is_single_quoted,
        _ => is_bare,
    };
    let length = window.run(start, LONGEST, class).map_err(|Beyond| Pending { start: at, keep: start })?;
    Ok(Value { start, end: start + length, quoted: quote.is_some(), long: length == LONGEST })
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
        _ => (KEY, is_token(text, value.quoted)),
    };
    Ok(holds.then(|| finish(rule, &value)))
}

fn finish(rule: Rule, value: &Value) -> Match {
    if value.long {
        Match::open(rule, value.start, value.end, Open::Token(is_bare))
    } else {
        Match::closed(rule, value.start, value.end)
    }
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
    let value = Value { start, end: start + length, quoted: false, long: length == LONGEST };
    let text = window.slice(start, start + length);
    let stated = text.first().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let varied = text.iter().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || *byte == b'=');
    Ok((length >= 8 && stated && varied).then(|| finish(AUTHORIZATION, &value)))
}

fn aws_key(window: &Window<'_>, at: usize) -> Verdict {
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(|Beyond| Pending::weak(at))?;
    let start = at + 1 + filling;
    let length = window.run(start, AWS_LENGTH + 1, is_base64).map_err(|Beyond| Pending { start: at, keep: start })?;
    let key = window.slice(start, start + length);
    let mixed = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
    Ok((length == AWS_LENGTH && mixed).then(|| Match::closed(AWS_SECRET, start, start + length)))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ')
}

fn is_filling(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'=' | b'>' | b'`')
}

fn is_bare(byte: u8) -> bool {
    byte > b' '
        && byte != 0x7F
        && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b'|' | b'\\' | b')' | b']' | b'}')
}

fn is_double_quoted(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7F && byte != b'"'
}

fn is_single_quoted(byte: u8) -> bool {
    is_double_quoted(byte) && byte != b'\''
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
