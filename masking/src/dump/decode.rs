//! The bytes that the lines of a dump stand for.

use super::line::{Kind, Line, NAMES, bare, is_base64, is_gap, pieces};
use crate::likeness::{is_text, is_utf8, reads_as_text};
use crate::packed;
use crate::wrapped::{base32, octets};

/// How many zeros a last word of eight bytes has at most.
const MOST_FILLED: usize = 7;
/// How many characters are decoded for a first look.
const GLANCE: usize = 16;

/// Decoded bytes, and where those of each line begin.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    begins: Vec<usize>,
    /// Where each byte stands in the text, if it stands there as a letter.
    places: Vec<usize>,
    kind: Kind,
}

impl Decoded {
    /// Reads lines in one way, one behind the other or each by itself; `phase` is how many characters of one piece stand before
    /// them, modulo eight.
    pub(super) fn of(kind: Kind, text: &[u8], lines: &[Line], phase: usize, apart: bool) -> Self {
        if kind.is_joined() {
            return Self::of_pieces(kind, text, lines, phase);
        }
        let mut this = Self { bytes: Vec::new(), begins: Vec::new(), places: Vec::new(), kind };
        for line in lines {
            if apart && !this.bytes.is_empty() {
                this.bytes.push(b'\n');
                this.places.push(line.start);
            }
            this.begins.push(this.bytes.len());
            let data = text.get(line.start..line.data).unwrap_or_default();
            match kind {
                Kind::Letters => this.letters(data, line.start),
                _ => pieces(data).for_each(|piece| bytes_of(kind, piece, &mut this.bytes)),
            }
        }
        if matches!(kind, Kind::Words | Kind::Swapped | Kind::OctalWords | Kind::DecimalWords | Kind::DecimalLongs) {
            // The last word is filled up.
            let filled = this.bytes.iter().rev().take(MOST_FILLED).take_while(|byte| **byte == 0).count();
            this.bytes.truncate(this.bytes.len() - filled);
        }
        this
    }

    /// Letters with gaps between; a wider gap is a blank, and a name is what has no letter.
    fn letters(&mut self, data: &[u8], start: usize) {
        let least = gaps(data).min().unwrap_or(1);
        let (mut gap, mut index) = (0, 0);
        while let Some(byte) = data.get(index) {
            if is_gap(*byte) && *byte != b',' {
                gap += 1;
                index += 1;
                continue;
            }
            if gap > least + 1 && !self.bytes.is_empty() {
                self.bytes.push(b' ');
            }
            let rest = data.get(index..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| **byte != b' ' && **byte != b'\t').count();
            match rest.get(..length) {
                Some([letter]) => self.bytes.push(*letter),
                Some(b"sp") => self.bytes.push(b' '),
                Some(name) if NAMES.contains(&name) => self.bytes.push(b'\n'),
                Some(digits @ [b'0'..=b'3', _, _]) => self.bytes.push(number(digits, 8)),
                other => self.bytes.extend_from_slice(other.unwrap_or_default()),
            }
            self.places.resize(self.bytes.len(), start + index);
            index += length.max(1);
            gap = 0;
        }
    }

    /// What of a line holds the bytes from `start` to `end`, if that is less than all of it.
    pub(super) fn place(&self, start: usize, end: usize, line: &Line) -> Option<(usize, usize)> {
        let first = self.places.get(start).filter(|_| self.kind == Kind::Letters)?;
        let last = self.places.get(end.checked_sub(1)?)?;
        Some((line.start.max(*first), line.end.min(last + 1)))
    }

    fn of_pieces(kind: Kind, text: &[u8], lines: &[Line], phase: usize) -> Self {
        let mut characters = Vec::new();
        let mut begins = Vec::new();
        for line in lines {
            begins.push(characters.len());
            let data = text.get(line.start..line.data).unwrap_or_default();
            characters.extend(bare(data).iter().copied().filter(|byte| is_base64(*byte)));
        }
        let per = match kind {
            Kind::Base64 => 4,
            Kind::Base32 => 8,
            _ => 2,
        };
        let skipped = (per - phase % per) % per;
        let aligned = characters.get(skipped..).unwrap_or_default();
        let (bytes, of) = match kind {
            Kind::Base64 => (octets(aligned).collect(), 3),
            Kind::Base32 => (base32(aligned), 5),
            _ => (aligned.chunks_exact(2).map(|pair| number(pair, 16)).collect(), 1),
        };
        let begins = begins.into_iter().map(|begin: usize| begin.saturating_sub(skipped) * of / per).collect();
        Self { bytes, begins, places: Vec::new(), kind }
    }

    /// The line that the byte at `at` stands in.
    pub(super) fn line_at(&self, at: usize) -> usize {
        self.begins.partition_point(|begin| *begin <= at).saturating_sub(1)
    }

    /// Whether a first look at lines of one piece says that they may hold text or packed data: most hold neither.
    pub(super) fn may_hold(kind: Kind, text: &[u8], lines: &[Line], phase: usize) -> bool {
        let Some(line) = lines.first().filter(|_| kind == Kind::Base64 && phase == 0) else { return true };
        let data = text.get(line.start..line.data).unwrap_or_default();
        let first: Vec<u8> = octets(data.get(..GLANCE.min(data.len())).unwrap_or_default()).collect();
        let strange = first.iter().filter(|byte| !is_text(**byte)).count();
        strange * 4 <= first.len()
            || is_utf8(first.iter().copied())
            || first.first_chunk().is_some_and(|first| packed::may_begin(*first))
            || first.len() < 8
    }

    /// Whether it may be what is meant: what chance makes of words and of numbers is no text.
    pub(super) fn is_likely(&self) -> bool {
        match self.kind {
            Kind::Hex | Kind::Words | Kind::Swapped | Kind::Letters => true,
            _ => reads_as_text(self.bytes.iter().copied()),
        }
    }
}

fn bytes_of(kind: Kind, piece: &[u8], out: &mut Vec<u8>) {
    let digits = bare(piece);
    match kind {
        Kind::Hex | Kind::Words => out.extend(digits.chunks(2).map(|pair| number(pair, 16))),
        Kind::Swapped => out.extend(digits.rchunks(2).map(|pair| number(pair, 16))),
        Kind::Octal => out.push(number(piece, 8)),
        Kind::OctalWords => {
            let length = match piece.len() {
                ..=6 => 2,
                7..=11 => 4,
                _ => 8,
            };
            little(piece, 8, length, out);
        }
        Kind::DecimalWords => little(piece, 10, 2, out),
        Kind::DecimalLongs => little(piece, 10, if piece.len() > 10 { 8 } else { 4 }, out),
        Kind::Decimal => out.push(number(piece, 10)),
        _ => out.push(number(piece, 2)),
    }
}

/// Appends so many bytes of a number, the last first.
fn little(digits: &[u8], radix: u64, length: usize, out: &mut Vec<u8>) {
    let value = digits.iter().fold(0_u64, |value, digit| value.wrapping_mul(radix).wrapping_add(u64::from(digit & 15)));
    out.extend(value.to_le_bytes().iter().take(length));
}

/// The last byte of a number.
fn number(digits: &[u8], radix: u32) -> u8 {
    let value = digits
        .iter()
        .filter_map(|digit| char::from(*digit).to_digit(radix))
        .fold(0, |value: u32, digit| value.wrapping_mul(radix) + digit);
    u8::try_from(value & 0xFF).unwrap_or_default()
}

/// How wide the gaps between pieces are.
fn gaps(data: &[u8]) -> impl Iterator<Item = usize> {
    data.trim_ascii().split(|byte| *byte != b' ').map(<[u8]>::len).filter(|gap| *gap > 0)
}
