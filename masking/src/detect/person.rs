//! A person's name before a value, as a list of people has it: `Ann Smith, `. Two words with capitals, then what parts columns.

use super::words;

/// Small words inside names.
const PARTICLES: [&[u8]; 16] = [
    b"da", b"das", b"de", b"dei", b"del", b"della", b"den", b"der", b"di", b"do", b"dos", b"du", b"la", b"le", b"van",
    b"von",
];

/// Whether a person's name stands before, with nothing but the end of its column between.
pub(crate) fn stands_before(left: &[u8]) -> bool {
    let Some((b',' | b';' | b'|' | b'\t', left)) = bare(left).split_last() else { return false };
    let (rest, last) = split_word(without_degrees(bare(left)));
    if is_eastern(last) {
        return true;
    }
    let Some((b' ', rest)) = rest.split_last() else { return false };
    let (_, first) = split_word(rest.strip_suffix(b".").unwrap_or(rest));
    (is_name(last, 2) && (is_name(first, 1) || PARTICLES.contains(&first))
        || PARTICLES.contains(&last) && is_name(first, 2))
        && !words::names_other(last)
        && !words::names_other(first)
}

/// What stands behind names: degrees and generations.
const DEGREES: [&[u8]; 14] = [
    b" B.A", b" B.Sc", b" B.Eng", b" M.A", b" M.Sc", b" MBA", b" MD", b" PhD", b" Ph.D", b" DDS", b" DVM", b" Jr",
    b" II", b" III",
];
/// How many of them are looked for behind one name.
const MOST_DEGREES: usize = 3;

/// The name without what stands behind it.
fn without_degrees(mut name: &[u8]) -> &[u8] {
    for _ in 0..MOST_DEGREES {
        let bare = name.strip_suffix(b".").unwrap_or(name);
        let Some(shorter) = DEGREES.iter().find_map(|degree| bare.strip_suffix(*degree)) else { break };
        name = shorter;
    }
    name
}

/// Two to four characters of Chinese or Korean, as names there are written.
fn is_eastern(word: &[u8]) -> bool {
    let is_character = |character: &[u8; 3]| matches!(character, [0xE4..=0xED, 0x80..=0xBF, 0x80..=0xBF]);
    let (characters, rest) = word.as_chunks();
    (2..=4).contains(&characters.len()) && rest.is_empty() && characters.iter().all(is_character)
}

/// Without blanks and one quote at the end.
fn bare(text: &[u8]) -> &[u8] {
    let blank = |text: &[u8]| text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    let text = text.get(..blank(text)).unwrap_or_default();
    let text = text.strip_suffix(b"\"").or_else(|| text.strip_suffix(b"'")).unwrap_or(text);
    text.get(..blank(text)).unwrap_or_default()
}

/// The last word, and what stands before it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'-' | b'\'');
    text.split_at(text.iter().rposition(|byte| !is_part(byte)).map_or(0, |end| end + 1))
}

/// A word of at least so many letters that begins with a capital and goes on small, or in another script.
fn is_name(word: &[u8], least: usize) -> bool {
    let Some((first, rest)) = word.split_first() else { return false };
    let begins = first.is_ascii_uppercase() || *first >= 0x80;
    begins && word.len() >= least && rest.iter().rev().take(2).all(|byte| byte.is_ascii_lowercase() || *byte >= 0x80)
}
