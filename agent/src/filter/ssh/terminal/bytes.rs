//! The output of a command without a terminal: bytes that stay as they are, but for what is masked. Colours and other
//! control sequences (ECMA-48 CSI) and NULs between the letters of a value do not hide it.

use masking::{Masker, Syntax, Tally};

use super::weave::Weave;

/// Longest control sequence that is looked through, in bytes; a longer one is text.
const LONGEST: usize = 64;

/// One stream of bytes on its way.
pub(crate) struct Bytes {
    weave: Weave,
    /// The beginning of what may be a control sequence.
    sequence: Vec<u8>,
}

impl Bytes {
    pub(crate) fn new(masker: &Masker) -> Self {
        Self { weave: Weave::new(masker.stream(Syntax::Text)), sequence: Vec::new() }
    }

    /// Takes a piece and appends what is decided.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.sequence.is_empty() {
                let plain = memchr::memchr2(0, 0x1b, rest).unwrap_or(rest.len());
                let (text, behind) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
                self.weave.text(text);
                // Disk images and empty files are full of them.
                let nulls = behind.iter().position(|byte| *byte != 0).unwrap_or(behind.len());
                let (nulls, behind) = behind.split_at_checked(nulls).unwrap_or((&[], behind));
                if !nulls.is_empty() {
                    self.weave.control(nulls);
                }
                rest = behind;
            }
            if let Some((byte, behind)) = rest.split_first() {
                self.byte(*byte);
                rest = behind;
            }
        }
        self.weave.push(out, tally);
    }

    /// Appends what may be shown although it could yet become part of a hit.
    pub(crate) fn release(&mut self, typed: &[u8], out: &mut Vec<u8>) {
        self.weave.release(typed, out);
    }

    /// The stream is over.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        self.not_a_sequence();
        self.weave.finish(out, tally);
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.weave.held() + self.sequence.len()
    }

    fn byte(&mut self, byte: u8) {
        match (self.sequence.len(), byte) {
            (0, 0) => self.weave.control(&[0]),
            (0, 0x1b) => self.sequence.push(byte),
            (0, _) => self.weave.text(&[byte]),
            (1, b'[') | (2..LONGEST, 0x20..=0x3f) => self.sequence.push(byte),
            (2..LONGEST, 0x40..=0x7e) => {
                self.sequence.push(byte);
                self.weave.control(&self.sequence);
                self.sequence.clear();
            }
            _ => {
                self.not_a_sequence();
                self.byte(byte);
            }
        }
    }

    fn not_a_sequence(&mut self) {
        self.weave.text(&self.sequence);
        self.sequence.clear();
    }
}
