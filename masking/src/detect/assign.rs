//! Secrets without a mark of their own, which count only as the value of a name that says so: `aws_secret_access_key = ...`,
//! `"password": "..."`, `Authorization: Basic ...`, `<apiKey>...</apiKey>`. What the name promises must look the part.

use super::strength::{is_argument, is_password, is_token};
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::window::{Beyond, Window};

const AWS_SECRET: Rule = Rule::new(Label::Secret, "aws-secret-key");
pub(crate) const PASSWORD: Rule = Rule::new(Label::Secret, "password");
pub(crate) const KEY: Rule = Rule::new(Label::Secret, "api-key");
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

const PASSWORDS: [&[u8]; 28] = [
    b"bindpw",
    b"rootpw",
    b"requirepass",
    b"masterauth",
    b"password",
    b"passwd",
    b"passphrase",
    b"passwort",
    b"passcode",
    b"identifiedby",
    b"kennwort",
    b"motdepasse",
    b"wachtwoord",
    b"senha",
    b"presharedkey",
    b"dbpass",
    b"sshpass",
    b"userpass",
    b"rootpass",
    b"adminpass",
    b"mailpass",
    b"smtppass",
    b"ldappass",
    b"keypass",
    b"storepass",
    b"dbpwd",
    b"userpwd",
    b"syspwd",
];
/// Words for passwords in letters beyond ASCII.
const FOREIGN: [&str; 5] = ["пароль", "密码", "パスワード", "비밀번호", "contraseña"];
/// Names that count only as whole words.
const SHORT_PASSWORDS: [&[u8]; 4] = [b"pass", b"pwd", b"pw", b"psk"];
const KEYS: [&[u8]; 33] = [
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
    b"functionskey",
    b"functionkey",
    b"subscriptionkey",
    b"adminkey",
    b"hmackey",
    b"deploykey",
    b"licensekey",
    b"sshkey",
    b"cryptkey",
    b"secretkeybase",
    b"keydata",
];
/// Parts of names whose values are no secrets.
const OPEN_NAMES: [&[u8]; 9] =
    [b"pagetoken", b"nexttoken", b"csrf", b"xsrf", b"sync", b"cursor", b"public", b"continuation", b"idempotency"];

/// Quotes as they are printed; some open a quotation in one language and close it in another.
const CURLY: [&str; 7] = ["“", "”", "„", "‘", "’", "«", "»"];

enum Kind {
    Password,
    Key,
    /// What the option of a command is given.
    Option,
    /// A user's name and password in base64.
    Login,
    Authorization,
}

/// The secret assigned by the sign at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !may_assign(window, at) {
        return Ok(None);
    }
    let Some(last) = name_end(window, at) else { return Ok(None) };
    if is_foreign(window, last) {
        return assigned(window, at, &Kind::Password);
    }
    let mut name = Name::read(window, last);
    if name.is_value()
        && let Some(last) = paired_name(window, last)
    {
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
    if is_foreign(window, end) {
        return true;
    }
    let tail = match *window.slice(end.saturating_sub(4), end) {
        [a, b, c, d] => [a, b, c, d],
        [b, c, d] => [0, b, c, d],
        [c, d] => [0, 0, c, d],
        _ => return false,
    };
    let tail = tail.map(|byte| byte.to_ascii_lowercase());
    match tail {
        [.., b'd' | b't' | b'y' | b'n' | b'e' | b's' | b'w' | b'l' | b'g'] => {
            ends_as_known(tail) || may_be_aws_key(window, at)
        }
        [.., b'a' | b'h' | b'k'] => ends_as_known(tail),
        _ => false,
    }
}

/// Whether a name that counts ends with these letters, of which marks may part some.
fn ends_as_known(tail: [u8; 4]) -> bool {
    let is_mark = |byte| matches!(byte, b'_' | b'-' | b'.' | b' ');
    let [a, b, c, d] = tail;
    let wanted = match [c, d] {
        [b'p', b'w'] | [b'w', b'd'] => return true,
        [b'b', b'y'] => return is_mark(b),
        [b'i', b'g'] => return b == b's' || is_mark(b),
        [b's', b'k'] => return b == b'p',
        [b'e', b'y'] if is_before_key(a) => [a, b'k'],
        [b'e', b'y'] => [0, 0],
        [b'r', b'd'] if a == b'o' => *b"oo",
        [b'r', b'd' | b't'] => *b"wo",
        [b's', b'e'] if a == b'a' => *b"as",
        [b's', b'e'] => [if a == b'b' { b'b' } else { b'r' }, b'a'],
        [b'u', b'e'] => *b"al",
        [b't', b'a'] => *b"da",
        [b't', b'h'] => *b"au",
        [b'h', b'a'] => *b"en",
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

/// Whether the name that ends at `end` is an option of a command (`--token=`).
fn is_option(window: &Window<'_>, end: usize, at: usize) -> bool {
    let left = window.slice(end.saturating_sub(NAME_REACH), end);
    let word = left.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    end == at && window.bytes.get(at) == Some(&b'=') && word.starts_with(b"--")
}

/// The letters that end what stands before `key` in a name that counts.
fn is_before_key(letter: u8) -> bool {
    matches!(letter, b'i' | b't' | b's' | b'e' | b'g' | b'n' | b'h' | b'p' | b'r' | b'c' | b'y')
}

/// Whether the name ends with a word beyond ASCII.
fn is_foreign(window: &Window<'_>, end: usize) -> bool {
    let is_last = match window.before(end, 1) {
        Some(b'a') => window.before(end, 2) == Some(0xB1),
        last => last.is_some_and(|byte| byte >= 0x80),
    };
    is_last && FOREIGN.iter().any(|word| window.ends_with(end, word.as_bytes()))
}

/// Where the name ends whose value the name `value` that ends at `end` has: `name: DB_PASSWORD`, then `value: ...`.
fn paired_name(window: &Window<'_>, end: usize) -> Option<usize> {
    let left = window.slice(0, end.saturating_sub(5));
    let parts = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b',' | b'{' | b'-' | b'`');
    let apart = left.iter().rev().take(24).take_while(parts).count();
    let name = left.get(..left.len() - apart)?;
    (apart > 0 && name.last().is_some_and(u8::is_ascii_alphabetic)).then_some(name.len())
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

    /// Whether it is the name of a value whose own name stands before.
    fn is_value(&self) -> bool {
        self.word == 5 && self.as_bytes().ends_with(b"value")
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
        if name == b"auth" {
            return Some(Kind::Login);
        }
        (KEYS.iter().any(|known| name.ends_with(known)) && !open()).then_some(Kind::Key)
    }
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
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(|Beyond| Pending::weak(at))?;
    let start = at + 1 + filling;
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
        Kind::Login => (KEY, value.quoted && is_login(text)),
        _ => (KEY, is_token(text, value.quoted)),
    };
    Ok(holds.then(|| finish(rule, &value)))
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
