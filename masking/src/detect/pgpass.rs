//! Lines of the file in which PostgreSQL's clients keep passwords: `host:5432:database:user:password`.

use super::assign::PASSWORD;
use super::spoken::is_value;
use super::strength::is_told;
use crate::hit::{Match, Pending, Verdict};
use crate::window::{Beyond, Window};

/// The longest host, in bytes.
const LONGEST_HOST: usize = 64;
const LONGEST_NAME: usize = 64;
/// The longest password that is waited for, in bytes.
const LONGEST: usize = 128;

/// Whether the port of such a line may stand behind the colon at `at`; what is not there yet counts.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    match window.slice(at + 1, at + 6) {
        [b'*', b':', ..] => true,
        [b'5' | b'6', a, b, c, b':'] => [a, b, c].into_iter().all(u8::is_ascii_digit),
        rest => !window.last && rest.len() < 5 && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'*'),
    }
}

/// The password in the line whose first colon stands at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let host = window.slice(at.saturating_sub(LONGEST_HOST), at);
    let start = host.iter().rposition(|byte| !is_name(*byte)).map_or(0, |before| before + 1);
    let host = host.get(start..).unwrap_or_default();
    if host != b"*" && host != b"localhost" && !host.contains(&b'.') || !may_begin(window, at) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::weak(at);
    let mut colon = at;
    for field in 0..3 {
        let length = window.run(colon + 1, LONGEST_NAME, is_name).map_err(undecided)?;
        let name = window.slice(colon + 1, colon + 1 + length);
        let named = field == 0 || name == b"*" || name.iter().any(u8::is_ascii_alphabetic);
        colon += 1 + length;
        if length == 0 || !named || window.peek(colon).map_err(undecided)? != Some(b':') {
            return Ok(None);
        }
    }
    let start = colon + 1;
    let length = window.run(start, LONGEST, |byte| is_value(byte) && byte != b':');
    let length = length.map_err(|Beyond| Pending { start: at, keep: start })?;
    let text = window.slice(start, start + length);
    let next = window.peek(start + length).map_err(|Beyond| Pending { start: at, keep: start })?;
    let ends = next.is_none_or(|byte| matches!(byte, b'\r' | b'\n' | b'"' | b'\'' | b' '));
    Ok((ends && length < LONGEST && is_told(text)).then(|| Match::closed(PASSWORD, start, start + length)))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'*')
}
