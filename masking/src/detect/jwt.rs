//! JSON Web Tokens (RFC 7519 in the compact form of RFC 7515): a base64url header that names an algorithm, a dot, a payload.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const JWT: Rule = Rule::new(Label::Secret, "jwt");
/// The longest header that is waited for, in characters; a longer one is judged by its beginning.
const LONGEST_HEADER: usize = 2048;
const LEAST_PAYLOAD: usize = 8;

/// The token whose `eyJ` ends with the `J` at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let Some(start) = at.checked_sub(2).filter(|_| window.ends_with(at, b"ey")) else { return Ok(None) };
    if window.before(start, 1).is_some_and(is_base64url) {
        return Ok(None);
    }
    read(window, start).map_err(|Beyond| Pending::strong(start))
}

fn read(window: &Window<'_>, start: usize) -> Result<Option<Match>, Beyond> {
    let header = window.run(start, LONGEST_HEADER, is_base64url)?;
    let end = start + header;
    let is_whole = header < LONGEST_HEADER;
    if is_whole
        && (window.peek(end)? != Some(b'.') || window.run(end + 1, LEAST_PAYLOAD, is_base64url)? < LEAST_PAYLOAD)
    {
        return Ok(None);
    }
    let named = names_algorithm(window.slice(start, end));
    Ok(named.then(|| Match::open(JWT, start, end, Open::Token(is_compact))))
}

/// Whether the base64url text decodes to something with an `"alg"` key.
fn names_algorithm(text: &[u8]) -> bool {
    const KEY: u64 = 0x22_61_6c_67_22;
    let (mut bits, mut pending, mut recent) = (0_u32, 0_u32, 0_u64);
    for value in text.iter().filter_map(|byte| sextet(*byte)) {
        bits = (bits << 6) | value;
        pending += 6;
        if pending >= 8 {
            pending -= 8;
            recent = ((recent << 8) | u64::from((bits >> pending) & 0xFF)) & 0xFF_FFFF_FFFF;
            if recent == KEY {
                return true;
            }
        }
    }
    false
}

fn sextet(byte: u8) -> Option<u32> {
    match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_compact(byte: u8) -> bool {
    is_base64url(byte) || byte == b'.'
}
