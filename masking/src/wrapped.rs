//! Values inside encoded tokens: base64, base64url, base32 (RFC 4648) and hexadecimal, up to three deep. A token is decoded when it is long
//! enough and reads as text, or is packed; a hit inside masks the whole token. Tokens without a hit stay as they are.

use crate::hit::{Rule, Span};
use crate::lanes;
use crate::likeness::{is_text, is_utf8, reads_as_text};
use crate::packed;
use crate::scan::{Cursor, Plan};
use crate::surface::{Surface, is_odd};
use crate::syntax::Syntax;

/// The shortest token that is decoded, in characters: a social security number in base64.
const SHORTEST: usize = 15;
/// How much of a token is decoded at once, in characters.
const BLOCK: usize = 2048;
/// Where the next block of a long token begins: the overlap catches what a block's end cuts.
const STRIDE: usize = 1536;
/// How deep tokens are followed into tokens.
pub(crate) const DEEPEST: u8 = 3;
/// How many bytes are decoded for a first look, which spares most tokens the rest.
const GLANCE: usize = 12;
/// How many of them may be no text.
const STRANGE: usize = GLANCE / 8;
/// From this length on hexadecimal digits are no base64: chance does not make so many of them, in characters.
const LEAST_HASH: usize = 24;

/// Whether so many token characters of a block stand in a row that they may be an encoded token.
pub(crate) fn may_hold(tokens: u64) -> bool {
    let two = tokens & tokens >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    eight & eight >> (SHORTEST - 8) != 0
}

/// Goes on from `at`; appends the tokens with a hit inside. Everything before the new `at` is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, at: &mut usize, spans: &mut Vec<Span>) {
    if last && text.len() < *at + SHORTEST {
        *at = text.len();
        return;
    }
    while let Some((start, end)) = next_token(text, at) {
        if text.get(start..end).is_some_and(packed::begins) {
            let Some(end) = packed_end(text, start, last) else {
                *at = start;
                return;
            };
            let found = text.get(start..end).and_then(|token| inside(plan, token, DEEPEST));
            if let Some(rule) = found.or((end - start >= packed::MOST_HELD).then_some(packed::UNREAD)) {
                spans.push(Span { rule, start, end, continues: false, extra: true, whole: false });
            }
            *at = end;
            continue;
        }
        if end == text.len() && !last && end - start < BLOCK {
            *at = start;
            return;
        }
        let (block, next) = if end - start > BLOCK { (start + BLOCK, start + STRIDE) } else { (end, end) };
        if !last && block == end && text.len() < end + 2 && text.get(end).is_none_or(|byte| *byte == b'=') {
            *at = start;
            return;
        }
        if let Some(rule) = text.get(start..block).and_then(|token| inside(plan, token, DEEPEST)) {
            let padding =
                text.get(block..).unwrap_or_default().iter().take(2).take_while(|byte| **byte == b'=').count();
            spans.push(Span { rule, start, end: block + padding, continues: false, extra: true, whole: false });
        }
        *at = next;
    }
    let rest = text.get(*at..).unwrap_or_default();
    *at = match rest.iter().rposition(|byte| !is_token(*byte)) {
        _ if last => text.len(),
        Some(gap) => *at + gap + 1,
        None => *at,
    };
}

/// Where the token of packed data that begins at `start` ends, or is cut off; `None` if more of it may come.
fn packed_end(text: &[u8], start: usize, last: bool) -> Option<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.iter().take(packed::MOST_HELD).take_while(|byte| is_token(**byte) || **byte == b'=').count();
    (last || length < rest.len() || length == packed::MOST_HELD).then_some(start + length)
}

/// The next run of at least so many token characters, from `at`, which moves past what is none.
fn next_token(text: &[u8], at: &mut usize) -> Option<(usize, usize)> {
    loop {
        // A long enough run from here on holds this place.
        let probe = text.get(*at..*at + SHORTEST)?;
        match probe.iter().rposition(|byte| !is_token(*byte)) {
            Some(gap) => *at += gap + 1,
            None => {
                let rest = text.get(*at + SHORTEST..).unwrap_or_default();
                let more = rest.iter().take(BLOCK).take_while(|byte| is_token(**byte)).count();
                return Some((*at, *at + SHORTEST + more));
            }
        }
    }
}

fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Which bytes are token characters: looked up, because the search for tokens looks at every text.
static TOKEN: [bool; 256] = token_characters();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn token_characters() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let code = byte as u8;
        table[byte] = code.is_ascii_alphanumeric() || matches!(code, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
}

/// What a token holds, if it holds anything.
fn inside(plan: &Plan, token: &[u8], depth: u8) -> Option<Rule> {
    let depth = depth.checked_sub(1)?;
    let found = |decoded: Option<Vec<u8>>| find(plan, &decoded?, depth);
    found(decode_hex(token))
        .or_else(|| found(decode_shifted_hex(token)))
        .or_else(|| found(decode_base64(token)))
        .or_else(|| found(decode_base32(token)))
        .or_else(|| found(unpack(token)))
        .or_else(|| packed::is_unread(token).then_some(packed::UNREAD))
}

/// What a token of packed data holds.
fn unpack(token: &[u8]) -> Option<Vec<u8>> {
    let [_, first @ ..] = word(token.get(..4)?).to_be_bytes();
    if packed::may_begin(first) {
        return packed::open(&octets(token).collect::<Vec<u8>>());
    }
    let [a, b, c, d, e, f, ..] = token else { return None };
    let digits = [octet(&[*a, *b])?, octet(&[*c, *d])?, octet(&[*e, *f])?];
    if !packed::may_begin(digits) {
        return None;
    }
    let bytes: Option<Vec<u8>> = token.chunks_exact(2).map(octet).collect();
    packed::open(&bytes?)
}

/// What is found in a text: of itself, or in a token in it.
pub(crate) fn find(plan: &Plan, decoded: &[u8], depth: u8) -> Option<Rule> {
    let mut seen = Vec::new();
    if is_odd(decoded, Syntax::Text) {
        let mut surface = Surface::new(Syntax::Text);
        surface.take(decoded, &mut seen);
        surface.settle(&mut seen);
    } else {
        seen.extend_from_slice(decoded);
    }
    let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
    plan.scan(&seen, true, &mut cursor, &mut spans);
    spans.first().map(|span| span.rule).or_else(|| nested(plan, &seen, depth).map(|(_, _, rule)| rule))
}

/// The first token of a text with a hit inside, and where it stands.
pub(crate) fn nested(plan: &Plan, text: &[u8], depth: u8) -> Option<(usize, usize, Rule)> {
    let mut at = 0;
    while let Some((start, end)) = next_token(text, &mut at) {
        let end = if text.get(start..end).is_some_and(packed::begins) { packed_end(text, start, true)? } else { end };
        if let Some(rule) = text.get(start..end).and_then(|token| inside(plan, token, depth)) {
            return Some((start, end, rule));
        }
        at = end;
    }
    None
}

fn decode_hex(token: &[u8]) -> Option<Vec<u8>> {
    // Most hashes end here.
    if !lanes::may_be_hexadecimal_text(token) {
        return None;
    }
    let pairs = token.as_chunks::<2>().0;
    let bytes = || pairs.iter().filter_map(|pair| octet(pair));
    let first = bytes().take(GLANCE);
    let strange = first.clone().filter(|byte| !is_text(*byte)).count();
    if strange > STRANGE && !is_utf8(first) || !lanes::is_hexadecimal(pairs.as_flattened()) {
        return None;
    }
    Some(bytes().collect())
}

/// Digits behind `0x`, or behind PostgreSQL's `\x`, of which the first two have been read as the letter that they are; so in the later
/// blocks of such a token the second character begins a pair, too.
fn decode_shifted_hex(token: &[u8]) -> Option<Vec<u8>> {
    if let Some(digits) = token.strip_prefix(b"0x").or_else(|| token.strip_prefix(b"0X")) {
        return decode_hex(digits);
    }
    let (letter, digits) = token.split_first()?;
    let mut decoded = decode_hex(digits)?;
    decoded.insert(0, *letter);
    Some(decoded)
}

/// The byte of two hexadecimal digits.
fn octet(pair: &[u8]) -> Option<u8> {
    Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)
}

fn nibble(byte: u8) -> Option<u8> {
    NIBBLES.get(usize::from(byte)).copied().filter(|nibble| *nibble < 16)
}

fn decode_base64(token: &[u8]) -> Option<Vec<u8>> {
    if token.len() >= LEAST_HASH && lanes::is_hexadecimal(token) {
        return None;
    }
    let first = octets(token.get(..GLANCE / 3 * 4).unwrap_or(token));
    if first.clone().filter(|byte| !is_text(*byte)).count() > STRANGE && !is_utf8(first) {
        return None;
    }
    reads_as_text(octets(token)).then(|| octets(token).collect())
}

/// Capitals and the digits 2 to 7. Few words of capitals are as long, and fewer begin like text.
fn decode_base32(token: &[u8]) -> Option<Vec<u8>> {
    let is_digit = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let (first, _) = token.split_first_chunk::<16>()?;
    if !first.iter().all(is_digit) || !base32(first).iter().all(|byte| is_text(*byte) || *byte >= 0x80) {
        return None;
    }
    let decoded = token.iter().all(is_digit).then(|| base32(token))?;
    reads_as_text(decoded.iter().copied()).then_some(decoded)
}

/// The bytes of base32 characters; what is none is left out.
pub(crate) fn base32(characters: &[u8]) -> Vec<u8> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::with_capacity(characters.len() / 8 * 5 + 5));
    for byte in characters {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => continue,
        };
        (bits, count) = (bits << 5 | u32::from(value), count + 5);
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xFF).unwrap_or_default());
        }
    }
    out
}

/// The bits of up to four base64 characters, from the third byte on.
fn word(group: &[u8]) -> u32 {
    match group {
        [a, b, c, d] => sextet(*a) << 18 | sextet(*b) << 12 | sextet(*c) << 6 | sextet(*d),
        _ => group.iter().fold(0, |bits, byte| bits << 6 | sextet(*byte)) << (6 * (4 - group.len())),
    }
}

/// The bytes of base64 characters: three of each four; of fewer at the end, one less than they are.
pub(crate) fn octets(token: &[u8]) -> impl Iterator<Item = u8> + Clone {
    token.chunks(4).flat_map(|group| {
        let [_, a, b, c] = word(group).to_be_bytes();
        [a, b, c].into_iter().take(group.len() - 1)
    })
}

fn sextet(byte: u8) -> u32 {
    u32::from(SEXTETS.get(usize::from(byte)).copied().unwrap_or_default())
}

/// The value of each base64 character, both alphabets; whatever is none counts as the last.
static SEXTETS: [u8; 256] = sextets();
/// The value of each hexadecimal digit; 16 for what is none.
static NIBBLES: [u8; 256] = nibbles();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn sextets() -> [u8; 256] {
    let mut table = [63; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            code @ b'A'..=b'Z' => code - b'A',
            code @ b'a'..=b'z' => code - b'a' + 26,
            code @ b'0'..=b'9' => code - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        byte += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn nibbles() -> [u8; 256] {
    let mut table = [16; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            code @ b'0'..=b'9' => code - b'0',
            code @ b'a'..=b'f' => code - b'a' + 10,
            code @ b'A'..=b'F' => code - b'A' + 10,
            _ => 16,
        };
        byte += 1;
    }
    table
}
