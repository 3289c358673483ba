//! What is kept of passwords: the hashes of crypt(3) and of what took over its form, `$6$<salt>$<hash>`, found at their first dollar.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const HASH: Rule = Rule::new(Label::Secret, "password-hash");
/// What stands between the first two dollars, and the least that follows the second.
const SCHEMES: [(&[u8], usize); 21] = [
    (b"1", 22),
    (b"2a", 50),
    (b"2b", 50),
    (b"2x", 50),
    (b"2y", 50),
    (b"5", 43),
    (b"6", 80),
    (b"7", 40),
    (b"8", 40),
    (b"9", 16),
    (b"y", 40),
    (b"gy", 40),
    (b"H", 31),
    (b"P", 31),
    (b"S", 40),
    (b"apr1", 22),
    (b"sha1", 30),
    (b"argon2i", 40),
    (b"argon2d", 40),
    (b"argon2id", 40),
    (b"scrypt", 40),
];
/// What stands before the first dollar where a scheme is named so, and digits follow it.
const NAMED: [&[u8]; 6] =
    [b"pbkdf2_sha256", b"pbkdf2_sha1", b"SCRAM-SHA-256", b"SCRAM-SHA-1", b"SCRAM-SHA-512", b"bcrypt_sha256"];
const LONGEST_SCHEME: usize = 8;

/// Whether a hash may have its first dollar at `at`; what is not there yet counts.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    match window.bytes.get(at + 1) {
        Some(b'1' | b'2' | b'5'..=b'9' | b'y' | b'g' | b'H' | b'P' | b'S' | b'a' | b's') => true,
        Some(b'0' | b'3' | b'4' | b'$') => window.before(at, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(_) => false,
        None => !window.last,
    }
}

/// The hash whose first dollar stands at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !may_begin(window, at) {
        return Ok(None);
    }
    if let Some(name) = NAMED.iter().find(|name| window.ends_with(at, name)) {
        let class = if name.starts_with(b"SCRAM") { is_parted_hash } else { is_hash };
        return body(window, at - name.len(), at + 1, 40, class);
    }
    if window.before(at, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::weak(at);
    let length = window.run(at + 1, LONGEST_SCHEME + 1, |byte| byte.is_ascii_alphanumeric()).map_err(undecided)?;
    let end = at + 1 + length;
    if window.peek(end).map_err(undecided)? != Some(b'$') {
        return Ok(None);
    }
    let scheme = window.slice(at + 1, end);
    match SCHEMES.iter().find(|known| known.0 == scheme) {
        Some((_, least)) => {
            let from = parameters_end(window, end + 1).map_err(|Beyond| Pending::strong(at))?;
            body(window, at, from, *least, is_hash)
        }
        None => Ok(None),
    }
}

/// Where the parameters end that Argon2 has before its salt: `v=19$m=65536,t=3,p=4$`.
fn parameters_end(window: &Window<'_>, start: usize) -> Result<usize, Beyond> {
    let mut at = start;
    for mark in [&b"v="[..], b"m="] {
        if window.follows(at, mark)? {
            at += window.run(at, 48, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b','))?;
            at += usize::from(window.peek(at)? == Some(b'$'));
        }
    }
    Ok(at)
}

/// The hash that begins at `start`, with at least so much of it from `from` on.
fn body(window: &Window<'_>, start: usize, from: usize, least: usize, class: fn(u8) -> bool) -> Verdict {
    let length = window.run(from, least, class).map_err(|Beyond| Pending::strong(start))?;
    let text = window.slice(from, from + length);
    let varied = text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic);
    Ok((length == least && varied).then(|| Match::open(HASH, start, from + length, Open::Token(class))))
}

fn is_parted_hash(byte: u8) -> bool {
    is_hash(byte) || byte == b':'
}

fn is_hash(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'+' | b'=' | b'$' | b'-' | b'_')
}
