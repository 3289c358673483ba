//! One line of a value that is cut into lines.

use crate::lanes;

/// Up to this length a line is short, in visible characters.
const SHORT: usize = 5;
/// How much room before and behind them a short line has at most, in bytes.
const ROOM: usize = 16;
/// The longest line that goes on on the next, in bytes.
const LONGEST: usize = 128;

/// The marks that a prompt ends with.
const PROMPTS: &[u8] = b"$#>%:~?)]";

/// The longest counter, in digits.
const COUNTER: usize = 4;

/// How lines are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Up to five characters on each, in lines of any length.
    Short,
    /// One word on each, all of one length but the last.
    Word,
}

/// A line of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) begin: usize,
    /// What is joined with others.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the next begins.
    pub(super) next: usize,
}

/// Where the line ends that begins `text`.
pub(super) fn end(text: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'"', text)
}

/// Where the first line at or behind `at`, where one begins, begins that may open a run; or the last, which has no end yet: if the text
/// is whole, past it.
pub(super) fn next_open(text: &[u8], at: usize, last: bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut begin = 0;
    for (block, bytes) in rest.chunks(lanes::BLOCK).enumerate() {
        let (newlines, quotes) = lanes::each_of(bytes, *b"\n\"");
        let mut ends = newlines | quotes;
        while ends != 0 {
            let place = ends.trailing_zeros();
            let end = block * lanes::BLOCK + place as usize;
            // What stands in quotes is a text of its own.
            if newlines >> place & 1 != 0 && end - begin <= LONGEST && opens(rest.get(begin..end).unwrap_or_default()) {
                return at + begin;
            }
            begin = end + 1;
            ends &= ends - 1;
        }
    }
    if last { text.len() } else { at + begin }
}

fn opens(line: &[u8]) -> bool {
    kind_of(line.strip_suffix(b"\r").unwrap_or(line)).is_some()
}

/// Whether a line that begins so may be one of a run, the first of it or another.
pub(super) fn may_be(begun: &[u8], run: Option<(Kind, usize)>) -> bool {
    let begun = begun.strip_suffix(b"\r").unwrap_or(begun);
    match run {
        None => {
            let visible = begun.trim_ascii_start();
            matches!(visible, [] | [b'+' | b'-' | b'*' | b'|' | b'\'']) && begun.len() <= ROOM
                || kind_of(begun).is_some()
        }
        Some((Kind::Short, _)) => is_short(begun),
        Some((Kind::Word, width)) => begun.len() <= width && is_word(begun.trim_ascii_start()),
    }
}

/// Reads a line that begins at `begin`, the first of a run or another.
pub(super) fn read(content: &[u8], begin: usize, run: Option<(Kind, usize)>) -> Option<(Kind, Line)> {
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    let kind = match run {
        None => kind_of(content)?,
        Some((Kind::Short, _)) => is_short(content).then_some(Kind::Short)?,
        Some((Kind::Word, width)) => {
            let visible = content.trim_ascii_start();
            (!visible.is_empty() && content.len() <= width && is_word(visible)).then_some(Kind::Word)?
        }
    };
    let end = begin + content.len();
    Some((kind, Line { begin, start: begin, end, next: end }))
}

/// As what a line can open a run: a value begins with a letter, a digit or the sign of a country code, and no prompt does.
fn kind_of(line: &[u8]) -> Option<Kind> {
    let visible = line.trim_ascii_start();
    let first = visible.first().filter(|byte| byte.is_ascii_alphanumeric() || b"+-*|'".contains(byte))?;
    let word = undressed(visible);
    if word.len() < visible.trim_ascii_end().len() && word.len() <= SHORT {
        return (line.len() <= SHORT + ROOM + COUNTER && is_word(word)).then_some(Kind::Short);
    }
    let word = visible.trim_ascii_end();
    if word.len() <= SHORT {
        let alone = word.len() == 1 && !first.is_ascii_alphanumeric();
        // Where commands are typed, a mark stands before the blank.
        let is_prompt = word.len() < visible.len() && word.last().is_some_and(|byte| PROMPTS.contains(byte));
        let fits = line.len() - word.len() <= ROOM && is_word(word);
        return (fits && !alone && !is_prompt).then_some(Kind::Short);
    }
    (line.len() - visible.len() <= ROOM && line.len() <= LONGEST && is_word(visible)).then_some(Kind::Word)
}

fn is_short(line: &[u8]) -> bool {
    line.len() <= SHORT + ROOM + COUNTER && undressed(line).len() <= SHORT
}

/// What of a line is not the mark of a list or a counter before it, or room.
fn undressed(line: &[u8]) -> &[u8] {
    let visible = line.trim_ascii_start();
    let (_, behind) = counter(visible).unwrap_or((0, listed(visible).unwrap_or(0)));
    visible.get(behind..).unwrap_or_default().trim_ascii()
}

/// Behind what a line of a list begins: `- `, `* `, `| `.
pub(super) fn listed(visible: &[u8]) -> Option<usize> {
    matches!(visible, [b'-' | b'*' | b'|', b' ', ..]).then_some(2)
}

/// The counter that a line begins with, and where what it counts begins: `1<tab>x`, `1: x`, `1) x`, `1 x`.
pub(super) fn counter(visible: &[u8]) -> Option<(usize, usize)> {
    let length = visible.iter().take(COUNTER).take_while(|byte| byte.is_ascii_digit()).count();
    let number = visible.get(..length).filter(|digits| !digits.is_empty())?;
    let number = number.iter().fold(0, |number, digit| number * 10 + usize::from(digit & 15));
    match visible.get(length..)? {
        [b':' | b'.' | b')', b' ' | b'\t', ..] => Some((number, length + 2)),
        [b' ' | b'\t', ..] => Some((number, length + 1)),
        _ => None,
    }
}

fn is_word(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_graphic)
}
