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
    let start = (start + escape_width(window, start)).max(window.floor);
    let undecided = |_: Beyond| Pending::strong(start);
    let end = match literal_end(window, at + 1).map_err(undecided)? {
        None => domain_end(window, at + 1).map_err(undecided)?,
        end => end,
    };
    Ok(end.map(|end| Match::closed(EMAIL, start, end)))
}

/// Whether an at sign may be written as a word in the brackets or parentheses that open at `at`; what is not there yet counts.
pub(crate) fn may_be_written(window: &Window<'_>, at: usize) -> bool {
    window.bytes.get(at + 1).map_or(!window.last, |byte| matches!(byte, b'a' | b'A'))
        && window.before(at, 1 + spaces_before(window, at)).is_some_and(|byte| byte.is_ascii_alphanumeric())
}

fn spaces_before(window: &Window<'_>, at: usize) -> usize {
    usize::from(window.before(at, 1) == Some(b' '))
}

/// The address with its at sign written as a word: `name[at]example.com`, `name (at) example (dot) com`.
pub(crate) fn find_written(window: &Window<'_>, at: usize) -> Verdict {
    let close = if window.bytes.get(at) == Some(&b'[') { b']' } else { b')' };
    let local = at - spaces_before(window, at);
    let start = local_start(window, local).max(window.floor);
    if start >= local || !may_be_written(window, at) {
        return Ok(None);
    }
    let undecided = |_: Beyond| Pending::weak(start);
    let mark = [[b'a', b'A'], [b't', b'T'], [close, close]];
    for (offset, wanted) in (at + 1..).zip(mark) {
        if !window.peek(offset).map_err(undecided)?.is_some_and(|byte| wanted.contains(&byte)) {
            return Ok(None);
        }
    }
    let undecided = |_: Beyond| Pending::strong(start);
    let spaces = usize::from(window.peek(at + 4).map_err(undecided)? == Some(b' '));
    let end = written_end(window, at + 4 + spaces).map_err(undecided)?;
    Ok(end.map(|end| Match::closed(EMAIL, start, end)))
}

/// Where a domain of two to four labels ends whose dots may be written as words.
fn written_end(window: &Window<'_>, start: usize) -> Result<Option<usize>, Beyond> {
    let (mut at, mut end) = (start, None);
    for label in 0..4 {
        let length = window.run(at, 63, |byte| byte.is_ascii_alphanumeric() || byte == b'-')?;
        let text = window.slice(at, at + length);
        if label > 0 && top_level(text) == Some(length) {
            end = Some(at + length);
        }
        at += length;
        match dot_width(window, at)? {
            0 => break,
            _ if length == 0 => break,
            dot => at += dot,
        }
    }
    Ok(end)
}

/// How long the dot at `at` is, perhaps written as a word in brackets with spaces around.
fn dot_width(window: &Window<'_>, at: usize) -> Result<usize, Beyond> {
    if window.peek(at)? == Some(b'.') {
        return Ok(1);
    }
    let space = usize::from(window.peek(at)? == Some(b' '));
    for mark in [&b"[dot]"[..], b"(dot)", b"[DOT]", b"(DOT)"] {
        if window.follows(at + space, mark)? {
            let end = at + space + mark.len();
            return Ok(end - at + usize::from(window.peek(end)? == Some(b' ')));
        }
    }
    Ok(0)
}

/// Whether an at sign may be written as `=40` at `at`, in a header's encoded word (RFC 2047); what is not there yet counts.
pub(crate) fn may_be_quoted(window: &Window<'_>, at: usize) -> bool {
    window.bytes.get(at + 1).map_or(!window.last, |byte| *byte == b'4')
        && window.bytes.get(at + 2).map_or(!window.last, |byte| *byte == b'0')
        && is_in_word(window.slice(at.saturating_sub(LONGEST_WORD), at))
}

/// The longest encoded word, in bytes.
const LONGEST_WORD: usize = 76;

fn is_in_word(left: &[u8]) -> bool {
    let opens = left.windows(3).rposition(|part| matches!(part, b"?q?" | b"?Q?"));
    opens.and_then(|opens| left.get(opens + 3..)).is_some_and(|word| !word.windows(2).any(|part| part == b"?="))
}

/// The address whose at sign is written as the `=40` at `at`.
pub(crate) fn find_quoted(window: &Window<'_>, at: usize) -> Verdict {
    if !may_be_quoted(window, at) {
        return Ok(None);
    }
    let start = local_start(window, at);
    // The digits of an escape right before are no part of it.
    let escaped = window.before(start, 1) == Some(b'=') && at > start + 2;
    let start = (start + if escaped { 2 } else { 0 }).max(window.floor);
    let undecided = |_: Beyond| Pending::strong(start);
    if start >= at || !window.follows(at, b"=40").map_err(undecided)? {
        return Ok(None);
    }
    let end = domain_end(window, at + 3).map_err(undecided)?;
    Ok(end.map(|end| Match::closed(EMAIL, start, end)))
}

/// How much of what looks like a local part is the letter of an escape for a blank, as in `\\nalice@example.com`.
fn escape_width(window: &Window<'_>, start: usize) -> usize {
    let escaped = window.before(start, 1) == Some(b'\\') && matches!(window.bytes.get(start), Some(b'n' | b't' | b'r'));
    usize::from(escaped)
}

/// Where an address of the Internet in brackets ends, which stands in a domain's place.
fn literal_end(window: &Window<'_>, start: usize) -> Result<Option<usize>, Beyond> {
    if window.peek(start)? != Some(b'[') {
        return Ok(None);
    }
    let length = window.run(start + 1, 16, |byte| byte.is_ascii_digit() || byte == b'.')?;
    let end = start + 1 + length;
    let dots = window.slice(start, end).iter().filter(|byte| **byte == b'.').count();
    Ok((dots == 3 && window.peek(end)? == Some(b']')).then_some(end + 1))
}

/// How many bytes at the end of `bytes` could be a local part whose at sign, perhaps as a word behind a space, is still to come.
pub(crate) fn open_tail(bytes: &[u8]) -> usize {
    match bytes {
        [rest @ .., b' '] if rest.last().is_some_and(u8::is_ascii_alphanumeric) => 1 + local_tail(rest),
        bytes => local_tail(bytes),
    }
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
