//! Passwords that a space parts from the name of a setting: of Redis (`requirepass z`), of directories (`bindpw z`, `rootpw z`), and of
//! accounts in Oracle's SQL (`IDENTIFIED BY "z"`).

use super::assign::PASSWORD;
use super::spoken::is_value;
use super::strength::{is_argument, is_told};
use crate::hit::{Match, Pending, Verdict};
use crate::window::{Beyond, Window};

/// The bytes at which `find` is called: the last of `bindpw`, the third of `requirepass`, the first of `BY`.
pub(crate) const TRIGGERS: &[u8] = b"wWqB";
/// The longest value that is waited for, in bytes.
const LONGEST: usize = 128;
/// The most blanks between the word and the value.
const MOST_BLANKS: usize = 8;
const NAMES: [&[u8]; 2] = [b"bindpw", b"rootpw"];
const REDIS: &[u8] = b"requirepass";
const IDENTIFIED: &[u8] = b"IDENTIFIED ";

/// Whether one of the names may have its trigger at `at`; what is not there yet counts.
pub(crate) fn may_name(window: &Window<'_>, at: usize) -> bool {
    match window.bytes.get(at) {
        Some(b'w' | b'W') => matches!(window.before(at, 1), Some(b'p' | b'P')) && directory(window, at).is_some(),
        Some(b'q') => window.before(at, 1) == Some(b'e') && window.before(at, 2) == Some(b'r'),
        Some(b'B') => {
            window.before(at, 1) == Some(b' ') && window.bytes.get(at + 1).map_or(!window.last, |byte| *byte == b'Y')
        }
        _ => false,
    }
}

/// The value behind the name whose trigger stands at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !may_name(window, at) {
        return Ok(None);
    }
    let (start, end) = match window.bytes.get(at) {
        Some(b'q') => {
            let start = at.saturating_sub(2);
            let is_name = window.follows(start, REDIS).map_err(|Beyond| Pending::weak(start))?;
            if !is_name {
                return Ok(None);
            }
            (start, start + REDIS.len())
        }
        Some(b'B') => {
            let is_name =
                window.ends_with(at, IDENTIFIED) && window.follows(at, b"BY \"").map_err(|Beyond| Pending::weak(at))?;
            return if is_name { value(window, at, at + 4, true) } else { Ok(None) };
        }
        _ => match directory(window, at) {
            Some(start) => (start, at + 1),
            None => return Ok(None),
        },
    };
    if window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::weak(start);
    let blanks = window.run(end, MOST_BLANKS, |byte| matches!(byte, b' ' | b'\t')).map_err(undecided)?;
    if blanks == 0 {
        return Ok(None);
    }
    let quoted = window.peek(end + blanks).map_err(undecided)? == Some(b'"');
    value(window, start, end + blanks + usize::from(quoted), quoted)
}

/// Where the name of a directory's setting begins that ends at `at`.
fn directory(window: &Window<'_>, at: usize) -> Option<usize> {
    let start = (at + 1).checked_sub(6)?;
    let word = window.slice(start, at + 1);
    NAMES.iter().any(|name| word.eq_ignore_ascii_case(name)).then_some(start)
}

/// The value at `start`, if it is one; its name begins at `name`.
fn value(window: &Window<'_>, name: usize, start: usize, quoted: bool) -> Verdict {
    let class: fn(u8) -> bool = if quoted { is_quoted } else { is_value };
    let length = window.run(start, LONGEST, class).map_err(|Beyond| Pending { start: name, keep: start })?;
    let text = window.slice(start, start + length);
    let begins = |byte: &u8| !matches!(byte, b',' | b':' | b']' | b'}' | b';' | b')' | b'=' | b'(' | b'$');
    let holds = if quoted { is_told(text) } else { is_argument(text) };
    let more = (length == LONGEST).then_some(class);
    let is_one = holds && text.first().is_some_and(begins);
    Ok(is_one.then(|| Match::until(PASSWORD, start, start + length, more)))
}

fn is_quoted(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7F && !matches!(byte, b'"' | b'\\')
}
