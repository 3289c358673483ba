//! The content of one file on its way to the client, in order: text is masked in place, whatever its letters are; what is no text is
//! looked at, also unpacked, and stopped where something that is masked stands in it. Its length never changes.

use std::mem;

use masking::{Masker, Tally};

use super::terminal::Bytes;
use crate::filter::content::{Class, Scanner, sniff};

/// How many bytes are looked at before content is judged.
pub(super) const PROBE: usize = 512;
/// Of text, one of so many bytes may be none of text.
const RARE: usize = 8;
/// So much of what is no text is held, as a value under way may stand in it.
const HOLD: usize = 8 * 1024;
/// The same of what is packed. A block of zstd is read whole and has up to 128 KiB (RFC 8878).
const HOLD_PACKED: usize = 160 * 1024;
/// Text that waits for more than this, for what stands between its letters, waits no longer.
const LONGEST: u64 = 1 << 20;
/// How files begin whose parts cannot be read by themselves: gzip, zstd, zip, 7z, xz, lz4, lzip, lzop, compress, bzip2.
const PACKED: [&[u8]; 10] = [
    &[0x1F, 0x8B, 8],
    &[0x28, 0xB5, 0x2F, 0xFD],
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xBC\xAF\x27\x1C",
    b"\xFD7zXZ\0",
    &[0x04, 0x22, 0x4D, 0x18],
    b"LZIP\x01",
    &[0x89, b'L', b'Z', b'O', 0],
    &[0x1F, 0x9D, 0x90],
];

/// What kind of file it is, by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is masked.
    Text,
    /// It is looked at, from any place in it.
    Binary,
    /// It is looked at from its beginning.
    Packed,
}

/// A file that must not pass: something that is masked stands in it, or nobody can say what does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unmaskable;

/// The bytes of one file, in order.
pub(super) struct Content {
    masker: Masker,
    state: State,
    /// Bytes that came, and that were given on.
    taken: u64,
    given: u64,
}

enum State {
    /// Too little has come to tell.
    Opening(Vec<u8>),
    Text(Box<Bytes>),
    Other {
        scanner: Box<Scanner>,
        held: Vec<u8>,
        hold: usize,
    },
    Stopped,
}

impl Kind {
    /// Judges by the first bytes, [`PROBE`] of them or all.
    pub(super) fn of(first: &[u8]) -> Self {
        // zlib (RFC 1950), as no text begins.
        let zlib = matches!(first, [0x78, 0x01 | 0x9C | 0xDA, ..]);
        let bzip2 = matches!(first, [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, 0x41 | 0x72, ..]);
        if zlib || bzip2 || PACKED.iter().any(|mark| first.starts_with(mark)) {
            return Self::Packed;
        }
        match sniff(first, "") {
            Class::Binary(_) if first.starts_with(b"%PDF-") => Self::Binary,
            Class::Binary(_) if !is_mostly_text(first) => Self::Binary,
            _ => Self::Text,
        }
    }
}

impl Content {
    /// From the beginning of a file.
    pub(super) fn new(masker: &Masker) -> Self {
        Self { masker: masker.clone(), state: State::Opening(Vec::new()), taken: 0, given: 0 }
    }

    /// From a place in a file of this kind.
    pub(super) fn amid(masker: &Masker, kind: Kind) -> Self {
        let mut content = Self::new(masker);
        content.become_of(kind, &[]);
        content
    }

    /// What kind of file it is, once that is known.
    pub(super) fn kind(&self) -> Option<Kind> {
        match &self.state {
            State::Opening(_) => None,
            State::Text(_) => Some(Kind::Text),
            State::Other { hold: HOLD, .. } => Some(Kind::Binary),
            State::Other { .. } | State::Stopped => Some(Kind::Packed),
        }
    }

    /// Takes the next bytes and appends what may be shown.
    ///
    /// # Errors
    /// [`Unmaskable`] if the file must not pass; nothing more comes out then.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) -> Result<(), Unmaskable> {
        self.taken += piece.len() as u64;
        let before = out.len();
        let done = self.pass(piece, out, tally);
        self.given += (out.len() - before) as u64;
        if let State::Text(bytes) = &mut self.state
            && self.taken - self.given > LONGEST
        {
            bytes.finish(out, tally);
            **bytes = Bytes::new(&self.masker);
            self.given = self.taken;
        }
        done
    }

    /// The file is over: appends the rest.
    ///
    /// # Errors
    /// [`Unmaskable`] if it must not pass.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, tally: &mut Tally) -> Result<(), Unmaskable> {
        if let State::Opening(first) = &mut self.state {
            let first = mem::take(first);
            self.open(&first, out, tally)?;
        }
        let done = match &mut self.state {
            State::Text(bytes) => {
                bytes.finish(out, tally);
                Ok(())
            }
            State::Other { scanner, held, .. } => {
                let done = scanner.finish().map_err(|_| Unmaskable);
                if done.is_ok() {
                    out.append(held);
                }
                done
            }
            State::Opening(_) | State::Stopped => Err(Unmaskable),
        };
        if done.is_err() { self.stop(tally) } else { done }
    }

    fn pass(&mut self, piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) -> Result<(), Unmaskable> {
        match &mut self.state {
            State::Opening(first) => {
                first.extend_from_slice(piece);
                if first.len() < PROBE {
                    return Ok(());
                }
                let first = mem::take(first);
                self.open(&first, out, tally)
            }
            State::Text(bytes) => {
                bytes.push(piece, out, tally);
                Ok(())
            }
            State::Other { scanner, held, hold } => {
                if scanner.push(piece).is_err() {
                    return self.stop(tally);
                }
                let over = (held.len() + piece.len()).saturating_sub(*hold);
                let old = over.min(held.len());
                out.extend(held.drain(..old));
                let (passed, kept) = piece.split_at_checked(over - old).unwrap_or((piece, &[]));
                out.extend_from_slice(passed);
                held.extend_from_slice(kept);
                Ok(())
            }
            State::Stopped => Err(Unmaskable),
        }
    }

    fn open(&mut self, first: &[u8], out: &mut Vec<u8>, tally: &mut Tally) -> Result<(), Unmaskable> {
        self.become_of(Kind::of(first), first);
        self.pass(first, out, tally)
    }

    fn become_of(&mut self, kind: Kind, first: &[u8]) {
        let scan = |hold| State::Other { scanner: Box::new(Scanner::new(&self.masker, first)), held: Vec::new(), hold };
        self.state = match kind {
            Kind::Text => State::Text(Box::new(Bytes::new(&self.masker))),
            Kind::Binary => scan(HOLD),
            Kind::Packed => scan(HOLD_PACKED),
        };
    }

    fn stop(&mut self, tally: &mut Tally) -> Result<(), Unmaskable> {
        if let State::Other { scanner, .. } = mem::replace(&mut self.state, State::Stopped) {
            tally.merge(&scanner.into_tally());
        }
        Err(Unmaskable)
    }
}

/// Whether a few odd bytes stand in text: a NUL, a control. Letters of any script are none.
fn is_mostly_text(first: &[u8]) -> bool {
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B) || byte == 0x7F;
    let strange: usize = first
        .utf8_chunks()
        .map(|chunk| chunk.valid().bytes().filter(|byte| control(*byte)).count() + chunk.invalid().len())
        .sum();
    strange * RARE <= first.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use masking::Label;

    use super::*;

    const CARD: &str = "4539578763621486";

    fn through(bytes: &[u8], size: usize) -> Result<Vec<u8>, Unmaskable> {
        let (mut content, mut out, mut tally) = (Content::new(&Masker::new(&Label::ALL)), Vec::new(), Tally::default());
        bytes.chunks(size).try_for_each(|piece| content.push(piece, &mut out, &mut tally))?;
        content.finish(&mut out, &mut tally)?;
        assert_eq!(out.len(), bytes.len());
        Ok(out)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn text_of_any_script_is_masked_and_a_few_odd_bytes_do_not_save_it() {
        let wide: Vec<u8> =
            format!("\u{FEFF}name,{CARD}\n").encode_utf16().flat_map(|unit| unit.to_le_bytes()).collect();
        let latin = [b"caf\xE9;M\xFCller;".as_slice(), CARD.as_bytes(), b"\n"].concat();
        let nul = [b"a\0b one line of text and ".as_slice(), CARD.as_bytes(), b" and more of it\n"].concat();
        for text in [format!("é,{CARD}\n").repeat(50).into_bytes(), latin.repeat(40), latin, wide, nul] {
            for size in [1, 2, 7, 1000] {
                let shown: Vec<u8> = through(&text, size).unwrap().into_iter().filter(|byte| *byte != 0).collect();
                assert!(!String::from_utf8_lossy(&shown).contains(&CARD[..12]), "{}", String::from_utf8_lossy(&shown));
            }
        }
    }

    #[test]
    fn what_is_no_text_passes_as_it_is_or_not_at_all() {
        let noise: Vec<u8> = (0..=255_u8).cycle().take(100_000).collect();
        let mut found = noise.clone();
        found.splice(50_000..50_000, format!("\0{CARD}\0").into_bytes());
        let (clean, packed) = (gzip(&"a line\n".repeat(9000)), gzip(&format!("{}{CARD}\n", "a line\n".repeat(9000))));
        for size in [1000, 70_000] {
            assert_eq!(through(&noise, size).as_deref(), Ok(noise.as_slice()));
            assert_eq!(through(&clean, size).as_deref(), Ok(clean.as_slice()));
            for stopped in [&found, &packed, &b"\xFD7zXZ\0\0\x04 and so on".to_vec()] {
                assert_eq!(through(stopped, size), Err(Unmaskable));
            }
        }
    }

    #[test]
    fn nothing_waits_for_ever_behind_a_word() {
        let (mut content, mut out, mut tally) = (Content::new(&Masker::new(&Label::ALL)), Vec::new(), Tally::default());
        content
            .push(&[b"some text that begins a file ".repeat(30), b"4539".to_vec()].concat(), &mut out, &mut tally)
            .unwrap();
        let mut taken = 874;
        for _ in 0..100 {
            content.push(&vec![0; 64 * 1024], &mut out, &mut tally).unwrap();
            taken += 64 * 1024;
            assert!(taken - out.len() <= (1 << 20) + 64 * 1024, "{taken} {}", out.len());
        }
    }
}
