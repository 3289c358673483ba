//! Values inside encoded tokens: base64, base64url (RFC 4648) and hexadecimal, up to three deep. A token is decoded when it is long
//! enough and reads as text; a hit inside masks the whole token. Tokens without a hit stay as they are.

use crate::hit::{Rule, Span};
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
const DEEPEST: u8 = 3;
/// How many bytes are decoded for a first look.
const GLANCE: usize = 12;

/// Goes on from `at`; appends the tokens with a hit inside. Everything before the new `at` is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, at: &mut usize, spans: &mut Vec<Span>) {
    while let Some((start, end)) = next_token(text, at) {
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
            spans.push(Span { rule, start, end: block + padding, continues: false, extra: true });
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
    [decode_hex as fn(&[u8]) -> Option<Vec<u8>>, decode_base64]
        .into_iter()
        .filter_map(|decode| decode(token))
        .find_map(|decoded| find(plan, &decoded, depth))
}

fn find(plan: &Plan, decoded: &[u8], depth: u8) -> Option<Rule> {
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
    if let Some(span) = spans.first() {
        return Some(span.rule);
    }
    let mut at = 0;
    while let Some((start, end)) = next_token(&seen, &mut at) {
        if let Some(rule) = seen.get(start..end).and_then(|token| inside(plan, token, depth)) {
            return Some(rule);
        }
        at = end;
    }
    None
}

fn decode_hex(token: &[u8]) -> Option<Vec<u8>> {
    let octets = || token.chunks_exact(2).map(octet);
    begins_as_text(octets().map_while(|octet| octet)).then(|| octets().collect()).flatten()
}

/// The byte of two hexadecimal digits.
fn octet(pair: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)
}

fn decode_base64(token: &[u8]) -> Option<Vec<u8>> {
    let decoded = || octets(token).collect::<Vec<_>>();
    begins_as_text(octets(token)).then(decoded).filter(|decoded| reads_as_text(decoded))
}

/// Whether the first bytes are text, nearly all of them: a glance that spares most tokens the rest.
fn begins_as_text(octets: impl Iterator<Item = u8>) -> bool {
    let mut strange = 0;
    octets.take(GLANCE).all(|byte| {
        strange += usize::from(!is_text(byte));
        strange <= GLANCE / 8
    })
}

/// The bytes of base64 characters.
fn octets(token: &[u8]) -> impl Iterator<Item = u8> {
    let (mut bits, mut pending) = (0_u32, 0);
    token.iter().filter_map(move |byte| {
        bits = bits << 6 | sextet(*byte);
        pending += 6;
        if pending < 8 {
            return None;
        }
        pending -= 8;
        u8::try_from(bits >> pending & 0xFF).ok()
    })
}

fn sextet(byte: u8) -> u32 {
    u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    })
}

/// Whether nearly all bytes are text; of random bytes a third is.
fn reads_as_text(bytes: &[u8]) -> bool {
    let text = bytes.iter().filter(|byte| is_text(**byte)).count();
    !bytes.is_empty() && text * 8 >= bytes.len() * 7
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t') || byte >= 0xC2
}
