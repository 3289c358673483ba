//! E-mail addresses (the practical part of RFC 5321: 64 characters before the at sign, 255 after it), found from the at sign
//! outwards so that the cost is bounded per at sign. Letters of the Latin script beyond ASCII are accepted on both sides.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::window::{Beyond, Window};

const EMAIL: Rule = Rule::new(Label::Email, "email");
/// The longest local part, in bytes.
pub(crate) const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;
/// Last labels that name files or service units, never a mail domain.
const NOT_TOP_LEVEL: [&[u8]; 18] = [
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"css", b"js", b"json", b"yaml", b"yml", b"service", b"socket",
    b"timer", b"target", b"mount", b"slice", b"scope",
];

/// The address around the at sign at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let start = local_start(window, at);
    if start == at || window.ends_with(start, b"://") || window.slice(start, at) == b"git" {
        return Ok(None);
    }
    let start = start.max(window.floor);
    let end = domain_end(window, at + 1).map_err(|Beyond| Pending::strong(start))?;
    Ok(end.map(|end| Match::closed(EMAIL, start, end)))
}

/// How many bytes at the end of `bytes` could be a local part whose at sign is still to come.
pub(crate) fn local_tail(bytes: &[u8]) -> usize {
    let mut length = 0;
    while length < LONGEST_LOCAL {
        let end = bytes.len() - length;
        match local_width(bytes.get(..end).unwrap_or_default(), length == 0) {
            0 => break,
            width => length += width,
        }
    }
    length
}

fn local_start(window: &Window<'_>, at: usize) -> usize {
    let before = window.slice(0, at);
    let mut start = at - local_tail(before);
    while let Some(byte) = window.bytes.get(start).filter(|_| start < at) {
        if byte.is_ascii_alphanumeric() || *byte == b'_' || is_latin_lead(*byte) {
            return start;
        }
        start += 1;
    }
    at
}

/// The width of the last character of `bytes` if a local part can hold it, else 0.
fn local_width(bytes: &[u8], at_tail: bool) -> usize {
    match bytes {
        [.., byte] if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'') => 1,
        [.., lead, 0x80..=0xBF] if is_latin_lead(*lead) => 2,
        // A character cut in two by the end of a piece.
        [.., lead] if at_tail && is_latin_lead(*lead) => 1,
        _ => 0,
    }
}

/// The first byte of U+00C0 to U+053F in UTF-8: Latin, Greek and Cyrillic letters.
fn is_latin_lead(byte: u8) -> bool {
    matches!(byte, 0xC3..=0xD4)
}

/// Where the domain that begins at `start` ends: after the last label that can be a top-level domain.
fn domain_end(window: &Window<'_>, start: usize) -> Result<Option<usize>, Beyond> {
    let mut end = None;
    let mut label = start;
    let mut labels = 0;
    for at in start..=start + LONGEST_DOMAIN {
        let byte = if at == start + LONGEST_DOMAIN { None } else { window.peek(at)? };
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80 => continue,
            _ if at == label => break,
            _ => labels += 1,
        }
        let text = window.slice(label, at);
        if labels > 1 {
            end = top_level(text)
                .map(|length| label + length)
                .filter(|_| !is_scale(window.slice(start, label), labels))
                .or(end);
        }
        label = at + 1;
        if byte != Some(b'.') {
            break;
        }
    }
    Ok(end)
}

/// Top-level domains of countries in their own letters.
const NATIONAL: [&str; 20] = [
    "рф",
    "рус",
    "бел",
    "укр",
    "срб",
    "бг",
    "мкд",
    "мон",
    "қаз",
    "中国",
    "中國",
    "香港",
    "台湾",
    "台灣",
    "한국",
    "ไทย",
    "भारत",
    "ελ",
    "გე",
    "հայ",
];

/// The length of a top-level domain at the start of `label`.
fn top_level(label: &[u8]) -> Option<usize> {
    if label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"xn--")) && label.len() > 4 {
        return Some(label.len());
    }
    if NATIONAL.iter().any(|name| name.as_bytes() == label) {
        return Some(label.len());
    }
    let letters = label.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let ends = label.get(letters).is_none_or(|byte| *byte == b'-' || *byte >= 0x80);
    let name = label.get(..letters)?;
    let is_file = NOT_TOP_LEVEL.iter().any(|suffix| suffix.eq_ignore_ascii_case(name));
    (ends && (2..=24).contains(&letters) && !is_file).then_some(letters)
}

/// Whether the labels before are an image scale as in `icon@2x.tif`.
fn is_scale(before: &[u8], labels: usize) -> bool {
    labels == 2
        && matches!(before, [digits @ .., b'x', b'.'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}
