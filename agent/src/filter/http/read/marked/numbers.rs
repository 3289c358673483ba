//! Numbers as JSON writes them.

use masking::{Masker, Tally, Transform};

use super::{Escape, Lexer, MAX_TOKEN, Markings, State};

impl Lexer {
    /// The same where nothing is marked: only numbers matter, so it need not be known where anything stands.
    pub(super) fn numbers(
        &mut self,
        markings: &Markings,
        masker: &Masker,
        text: &[u8],
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) {
        // What has been read and is not appended yet begins with `from`; `rest` is not read yet.
        let (mut from, mut rest) = (text, text);
        while !rest.is_empty() {
            if matches!(self.state, State::Key | State::Text) {
                rest = self.text_end(rest);
                continue;
            }
            if self.state == State::Between {
                let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'0'..=b'9' | b'-' | b'a'..=b'z'))
                else {
                    break;
                };
                rest = rest.get(at..).unwrap_or_default();
                if let Some(behind) = rest.strip_prefix(b"\"") {
                    (self.state, self.escape, rest) = (State::Text, Escape::None, behind);
                    continue;
                }
            }
            let room = MAX_TOKEN + 1 - self.token.len();
            let length = rest.iter().take(room).position(|byte| !is_bare(*byte));
            let (token, behind) = rest.split_at(length.unwrap_or(room.min(rest.len())));
            let complete = length.is_some() || token.len() == room;
            if complete && self.token.is_empty() && !is_fraction(token) {
                rest = behind;
                continue;
            }
            // Everything before the token; what of it came earlier is in `self.token`, and then this is empty.
            out.extend_from_slice(from.get(..from.len() - rest.len()).unwrap_or_default());
            self.token.extend_from_slice(token);
            self.state = State::Bare;
            if complete {
                self.bare(markings, masker, out, tally);
            }
            (from, rest) = (behind, behind);
        }
        out.extend_from_slice(from);
    }

    /// Reads a string on to its end; what comes behind it.
    fn text_end<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        if self.escape != Escape::None {
            self.escape = Escape::None;
            return text.get(1..).unwrap_or_default();
        }
        let Some(at) = memchr::memchr2(b'"', b'\\', text) else { return &[] };
        match text.get(at) {
            Some(b'"') => self.state = State::Between,
            _ => self.escape = Escape::Begun,
        }
        text.get(at + 1..).unwrap_or_default()
    }
}

/// Whether a byte goes on a number or a word.
pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+')
}

/// Whether it may be a number in scientific or decimal notation.
pub(super) fn is_fraction(token: &[u8]) -> bool {
    token.first().is_some_and(|byte| !byte.is_ascii_lowercase())
        && token.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// Whether a number in scientific or decimal notation is a whole number that a detector knows.
pub(super) fn hides_value(token: &[u8], masker: &Masker, tally: &mut Tally) -> bool {
    let Some(whole) = expand(token) else { return false };
    let mut hits = Vec::new();
    masker.scan(&whole, &mut hits);
    for hit in &hits {
        tally.add(hit.label, hit.detector, Transform::Full);
    }
    !hits.is_empty()
}

/// `4.111e15` as its digits.
fn expand(token: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(token).ok()?.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if text.len() == whole.len() {
        return None;
    }
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-30..=30).contains(exponent))?;
    let length = i32::try_from(whole.len()).ok()? + exponent;
    let length = usize::try_from(length).ok().filter(|length| (7..=30).contains(length))?;
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().skip(length).any(|digit| *digit != b'0') {
        return None;
    }
    Some(digits.into_iter().chain(std::iter::repeat(b'0')).take(length).collect())
}
