//! Passwords that a space parts from the word for them: in `.netrc` files (`machine x login y password z`), in the configuration of
//! network devices (`username x password 0 z`), and in what people write (`the password is z`).

use super::assign::PASSWORD;
use super::strength::{is_argument, is_certain, is_spoken, is_told};
use crate::hit::{Match, Pending, Verdict};
use crate::window::{Beyond, LEFT_CONTEXT, Window};

/// The bytes at which `find` is called: the fifth letter of the word.
pub(crate) const TRIGGERS: &[u8] = b"wW";
/// The longest value that is waited for, in bytes.
const LONGEST: usize = 128;
/// The most blanks between the word and the value.
const MOST_BLANKS: usize = 8;
/// What the word is from its fifth letter on.
const ENDINGS: [&[u8]; 3] = [b"word", b"wort", b"wd"];
/// What people say between the word and the value.
const VERBS: [&[u8]; 7] = [b"is now ", b"is: ", b"is ", b"was ", b"ist ", b"lautet ", b"to "];

/// Whether the word may have its fifth letter at `at`; what is not there yet counts.
pub(crate) fn may_name(window: &Window<'_>, at: usize) -> bool {
    let goes_on = |byte: &u8| matches!(byte, b'o' | b'O' | b'd' | b'D');
    window.slice(at.saturating_sub(4), at).eq_ignore_ascii_case(b"pass")
        && window.bytes.get(at + 1).map_or(!window.last, goes_on)
}

/// The value behind the word whose fifth letter stands at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let word = at.saturating_sub(4);
    let joined = window.before(word, 1).is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !may_name(window, at) || joined && window.bytes.get(word) != Some(&b'P') {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::weak(word);
    let Some(end) = word_end(window, at).map_err(undecided)? else { return Ok(None) };
    let blanks = window.run(end, MOST_BLANKS, |byte| matches!(byte, b' ' | b'\t')).map_err(undecided)?;
    if blanks == 0 {
        return Ok(None);
    }
    let start = end + blanks;
    // The name of a setting: `keyPassword z`.
    if joined {
        return value(window, word, start, is_spoken);
    }
    match Place::of(window.slice(word.saturating_sub(LEFT_CONTEXT), word)) {
        Place::Netrc { certain } => value(window, word, start, if certain { is_told } else { is_argument }),
        Place::Device => {
            let kind = window.run(start, 2, |byte| byte.is_ascii_digit()).map_err(undecided)?;
            let stated = kind == 1 && window.peek(start + 1).map_err(undecided)? == Some(b' ');
            if stated { value(window, word, start + 2, is_told) } else { value(window, word, start, is_spoken) }
        }
        place @ (Place::Owned | Place::Text) => {
            if let Some(start) = owner_end(window, start).map_err(undecided)? {
                return value(window, word, start, is_spoken);
            }
            for verb in VERBS {
                if window.follows(start, verb).map_err(undecided)? {
                    return value(window, word, start + verb.len(), is_spoken);
                }
            }
            if matches!(place, Place::Owned) { value(window, word, start, is_certain) } else { Ok(None) }
        }
    }
}

/// Where the value begins behind whose password it is: `for user app: `, `is generated for root@localhost: `.
fn owner_end(window: &Window<'_>, start: usize) -> Result<Option<usize>, Beyond> {
    const LONGEST_OWNER: usize = 64;
    let mut owner = None;
    for mark in [&b"for "[..], b"is generated for ", b"of "] {
        if window.follows(start, mark)? {
            owner = Some(start + mark.len());
        }
    }
    let Some(owner) = owner else { return Ok(None) };
    let is_owner = |byte: u8| byte >= b' ' && !matches!(byte, b':' | b'=' | b'"' | b'<');
    let end = owner + window.run(owner, LONGEST_OWNER, is_owner)?;
    Ok(window.follows(end, b": ")?.then_some(end + 2))
}

fn word_end(window: &Window<'_>, at: usize) -> Result<Option<usize>, Beyond> {
    let length = window.run(at, 5, |byte| byte.is_ascii_alphabetic())?;
    let word = window.slice(at, at + length);
    Ok(ENDINGS.iter().any(|ending| word.eq_ignore_ascii_case(ending)).then_some(at + length))
}

/// What kind of text the word stands in.
enum Place {
    /// Behind a login; `certain` if a machine's address comes before it.
    Netrc {
        certain: bool,
    },
    /// Behind a user's name or what it enables.
    Device,
    /// Behind a word for whose it is.
    Owned,
    Text,
}

impl Place {
    fn of(left: &[u8]) -> Self {
        let mut words = left.split(u8::is_ascii_whitespace).rev().filter(|word| !word.is_empty());
        let (last, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (third, fourth) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let names_host =
            |word: &[u8]| word == b"localhost" || word.iter().any(|byte| matches!(byte, b'.' | b'0'..=b'9'));
        match (second, last) {
            (b"login" | b"account", _) => Self::Netrc { certain: fourth == b"machine" && names_host(third) },
            (b"machine", host) => Self::Netrc { certain: names_host(host) },
            (b"username" | b"neighbor", _) | (_, b"enable") => Self::Device,
            (_, b"root" | b"admin" | b"new" | b"temporary" | b"initial" | b"user" | b"default" | b"login") => {
                Self::Owned
            }
            _ => Self::Text,
        }
    }
}

/// The value at `start`, bare or in quotes, if it is one; the word begins at `word`.
fn value(window: &Window<'_>, word: usize, start: usize, holds: fn(&[u8]) -> bool) -> Verdict {
    let quoted = window.peek(start).map_err(|Beyond| Pending::weak(word))? == Some(b'"');
    let start = start + usize::from(quoted);
    let length = window.run(start, LONGEST, is_value).map_err(|Beyond| Pending { start: word, keep: start })?;
    let text = window.slice(start, start + length);
    let more: Option<fn(u8) -> bool> = if length == LONGEST { Some(is_value) } else { None };
    let text = if more.is_some() { text } else { text.strip_suffix(b".").unwrap_or(text) };
    let begins = |byte: &u8| !matches!(byte, b',' | b':' | b']' | b'}' | b';' | b')');
    let is_one = text.first().is_some_and(begins) && holds(text);
    Ok(is_one.then(|| Match::until(PASSWORD, start, start + text.len(), more)))
}

/// What a value has in it, but for the marks that end one in a sentence.
pub(super) fn is_value(byte: u8) -> bool {
    byte > b' ' && byte != 0x7F && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b',')
}
