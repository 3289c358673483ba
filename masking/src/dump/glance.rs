//! A glance at lines: it shows nearly all of them to be no first line of a dump, for a few instructions each.

use super::line::{BASE64, GAP, HEX, LEAST_ALONE, LEAST_PIECE, LEAST_PIECES, LONGEST_PIECE, bare, class};
use crate::lanes;

/// The longest piece of several: eight bytes.
const LONGEST_WORD: usize = 16;
/// The longest offset, with its mark.
const LONGEST_OFFSET: usize = 11;
/// Up to this length a piece may be anything: a letter, a number, a name.
const SHORT: usize = 3;
/// Shorter lines are none that open a dump, in bytes.
const SHORTEST: usize = 4;
/// Shorter texts in quotes hold nothing with gaps in it, in bytes.
const SHORTEST_QUOTED: usize = 20;

/// Where the first line at or behind `at`, where one begins, begins that may open a dump; or the last, which has no end yet: if it is
/// whole, past it unless it may open one.
pub(super) fn next_open(text: &[u8], at: usize, last: bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut begin = 0;
    for (block, bytes) in rest.chunks(lanes::BLOCK).enumerate() {
        let start = block * lanes::BLOCK;
        let (newlines, quotes) = lanes::each_of(bytes, *b"\n\"");
        let mut ends = newlines | quotes;
        if newlines == 0 && start + ends.trailing_zeros() as usize - begin < SHORTEST_QUOTED && !has_gap(ends) {
            // Nothing but short texts in quotes and what stands between them.
            begin = start + lanes::BLOCK - ends.leading_zeros() as usize;
            continue;
        }
        while ends != 0 {
            let place = ends.trailing_zeros();
            let end = start + place as usize;
            let quoted = newlines >> place & 1 == 0;
            let least = if quoted { SHORTEST_QUOTED } else { SHORTEST };
            if end - begin >= least && rest.get(begin..end).is_some_and(|line| may_open(line, quoted)) {
                return at + begin;
            }
            begin = end + 1;
            ends &= ends - 1;
        }
    }
    let line = rest.get(begin..).unwrap_or_default();
    // One piece on the last line is a token like others: nothing follows that it could go on on.
    if last && !may_open(line, true) { text.len() } else { at + begin }
}

/// Whether a text of the shortest length in quotes lies between these ends.
fn has_gap(ends: u64) -> bool {
    // What stands behind the last end is a part of the next text.
    let clear = !ends & (u64::MAX >> ends.leading_zeros().min(63));
    let two = clear & clear >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    let sixteen = eight & eight >> 8;
    sixteen & four >> 16 != 0
}

/// Whether a line may open a dump; if it stands alone, as a text in quotes does, it is a token like others if it is one piece.
fn may_open(line: &[u8], alone: bool) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (mut rest, mut count) = (line, 0);
    loop {
        let gap = run(rest, true, rest.len());
        rest = rest.get(gap..).unwrap_or_default();
        if rest.is_empty() {
            return !alone && (count >= LEAST_ALONE || count == 1 && line.len() >= LEAST_PIECE);
        }
        let piece = match look(rest, count, alone) {
            Piece::Opens => return true,
            Piece::Dull => return false,
            Piece::One => return true,
            Piece::Of(length) => length,
        };
        rest = rest.get(piece..).unwrap_or_default();
        count += 1;
        if count >= LEAST_PIECES {
            return true;
        }
    }
}

/// What a piece says of its line.
enum Piece {
    /// It opens a dump.
    Opens,
    /// It opens none.
    Dull,
    /// It is all there is of the line, and may be a line of base64.
    One,
    /// It may be one of several, of this length.
    Of(usize),
}

/// Looks at the piece that a line, alone or not, goes on with behind so many others. A few bytes of most say enough.
fn look(rest: &[u8], count: usize, alone: bool) -> Piece {
    let Some(first) = rest.first_chunk::<{ SHORT + 1 }>() else { return Piece::Of(run(rest, false, rest.len())) };
    let [a, b, c, d] = *first;
    let (a, b, c, d) = (class(a), class(b), class(c), class(d));
    if (a | b | c | d) & GAP != 0 {
        return Piece::Of([a, b, c].iter().take_while(|class| **class & GAP == 0).count());
    }
    let all = a & b & c & d;
    match first {
        [b'|' | b'>', ..] if count > 0 => return Piece::Opens,
        [b'\\', ..] | [b'0', b'x' | b'X', ..] => {}
        _ if all & HEX != 0 => {}
        _ if count > 0 || all & BASE64 == 0 => return Piece::Dull,
        _ => return if !alone && is_one(rest) { Piece::One } else { Piece::Dull },
    }
    let length = run(rest, false, LONGEST_WORD + 1);
    let piece = rest.get(..length).unwrap_or_default();
    match piece {
        [offset @ .., b':'] if count == 0 && length <= LONGEST_OFFSET && is_hexadecimal(offset) => Piece::Opens,
        _ if count == 0 && matches!(length, 7 | 8) && is_hexadecimal(piece) => Piece::Opens,
        _ if is_bytes(piece) => Piece::Of(length),
        _ if count == 0 && !alone && is_one(rest) => Piece::One,
        _ => Piece::Dull,
    }
}

/// Whether the rest of a line is one piece.
fn is_one(rest: &[u8]) -> bool {
    rest.len() <= LONGEST_PIECE && rest.iter().all(|byte| class(*byte) & BASE64 != 0)
}

/// How many bytes of gaps, or of what is none, a text begins with, as far as `most`.
fn run(text: &[u8], gaps: bool, most: usize) -> usize {
    let text = text.get(..most).unwrap_or(text);
    text.iter().position(|byte| (class(*byte) & GAP != 0) != gaps).unwrap_or(text.len())
}

/// Whether a piece is one to four bytes in hexadecimal.
fn is_bytes(piece: &[u8]) -> bool {
    let digits = if matches!(piece, [b'0' | b'\\', b'x' | b'X', ..]) { bare(piece) } else { piece };
    match digits.len() {
        2 | 4 | 6 | 8 | 16 => is_hexadecimal(digits),
        // Words in decimal, longer ones in octal.
        5 | 10 | 11 => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_hexadecimal(piece: &[u8]) -> bool {
    piece.iter().all(|byte| class(*byte) & HEX != 0)
}
