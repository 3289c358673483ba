//! Passwords in URLs: the part between the first colon and the last at sign of the authority (RFC 3986, section 3.2).

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

const URL_PASSWORD: Rule = Rule::new(Label::Secret, "url-password");
/// The longest authority that is waited for, in bytes.
const LONGEST_AUTHORITY: usize = 512;

/// The password of the URL whose scheme ends with the colon at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if !window.follows(at, b"://").map_err(|Beyond| Pending::weak(at))? {
        return Ok(None);
    }
    let start = at + 3;
    let length = window.run(start, LONGEST_AUTHORITY, is_authority).map_err(|Beyond| Pending::strong(at))?;
    let authority = window.slice(start, start + length);
    let at_sign = authority.iter().rposition(|byte| *byte == b'@');
    let Some(colon) = authority.iter().take(at_sign.unwrap_or(length)).position(|byte| *byte == b':') else {
        return Ok(None);
    };
    let password = start + colon + 1;
    match at_sign.map(|index| start + index) {
        Some(end) if end > password => Ok(Some(Match { next: end + 1, ..Match::closed(URL_PASSWORD, password, end) })),
        // Too long to wait for the at sign: masked without seeing it.
        None if length == LONGEST_AUTHORITY => {
            Ok(Some(Match::open(URL_PASSWORD, password, start + length, Open::Token(is_authority))))
        }
        _ => Ok(None),
    }
}

fn is_authority(byte: u8) -> bool {
    byte > b' ' && byte != 0x7F && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
}
