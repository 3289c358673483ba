//! Text among bytes that are none, as pictures, archives and other binaries have it.

use crate::lanes::{self, BLOCK};

/// Cuts text out of other bytes: runs that are long enough for a value, and something between them that no value goes on over.
#[derive(Default)]
pub struct TextRuns {
    /// The run at the end, as long as it is not long enough.
    begun: Vec<u8>,
    /// The run at the end is long enough, and given out so far.
    long: bool,
}

/// The shortest run that is looked at, in bytes: a social security number.
const SHORTEST: usize = 11;
/// What stands for other bytes: no text, so that the masker takes what stands among much of it for noise.
const GAP: &[u8] = &[0xFE, 0xFE, 0xFE, 1];

impl TextRuns {
    /// Appends the text of the next bytes to `text`. Wherever pieces end, the same text comes out.
    pub fn take(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let mut rest = self.go_on(bytes, text);
        loop {
            rest = rest.get(without_run(rest)..).unwrap_or_default();
            if rest.len() < 2 * BLOCK {
                break;
            }
            rest = self.go_on(rest, text);
        }
        rest = self.probe(rest, text);
        if !self.long {
            let begun = rest.iter().rposition(|byte| !is_text(*byte)).map_or(0, |gap| gap + 1);
            self.begun.extend_from_slice(rest.get(begun..).unwrap_or_default());
        }
    }

    /// Looks for runs until fewer bytes are left than a run has; gives those.
    fn probe<'a>(&mut self, mut rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
        while let Some(probe) = rest.get(..SHORTEST) {
            // A byte that is no text, seen from behind, spares those before it.
            match probe.iter().rposition(|byte| !is_text(*byte)) {
                Some(gap) => rest = rest.get(gap + 1..).unwrap_or_default(),
                None => rest = self.go_on(rest, text),
            }
        }
        rest
    }

    /// Follows the run that `bytes` begin with, or go on with; gives what comes behind it.
    fn go_on<'a>(&mut self, bytes: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
        let length = bytes.iter().position(|byte| !is_text(*byte));
        let (run, rest) = bytes.split_at_checked(length.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
        if self.long || self.begun.len() + run.len() >= SHORTEST {
            text.append(&mut self.begun);
            text.extend_from_slice(run);
            self.long = true;
        } else if length.is_none() {
            self.begun.extend_from_slice(run);
        }
        if length.is_some() {
            self.end(text);
        }
        rest
    }

    /// Nothing follows.
    pub fn finish(&mut self, text: &mut Vec<u8>) {
        self.end(text);
    }

    fn end(&mut self, text: &mut Vec<u8>) {
        self.begun.clear();
        if std::mem::take(&mut self.long) {
            text.extend_from_slice(GAP);
        }
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// In how many of the first bytes no run of the shortest length begins: up to the first run, or to where fewer than two blocks are left.
fn without_run(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let mut passed = 0;
    let mut behind: Option<u64> = None;
    for block in blocks {
        let ahead = lanes::text(block);
        if let Some(here) = behind {
            let runs = runs_begin(u128::from(here) | u128::from(ahead) << BLOCK);
            if runs != 0 {
                return passed + runs.trailing_zeros() as usize;
            }
            passed += BLOCK;
        }
        behind = Some(ahead);
    }
    passed
}

/// Where in the first of two blocks runs of the shortest length begin: this is text, and the next as well, and the two behind those, and so on.
fn runs_begin(text: u128) -> u64 {
    let two = text & text >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    (eight & eight >> 3) as u64
}

const _: () = assert!(SHORTEST == 1 + 1 + 2 + 4 + 3);

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// The runs, found byte by byte.
    fn runs(bytes: &[u8]) -> Vec<u8> {
        let long = bytes.split(|byte| !is_text(*byte)).filter(|run| run.len() >= SHORTEST);
        long.flat_map(|run| [run, GAP].concat()).collect()
    }

    proptest! {
        #[test]
        fn every_run_that_is_long_enough_is_cut_out_wherever_pieces_end(
            lengths in vec((select(vec![0usize, 1, 5, 9, 10, 11, 12, 20, 53, 54, 63, 64, 65, 118, 128, 140]), 1usize..150), 0..12),
            piece in select(vec![1usize, 3, 11, 63, 64, 65, 127, 128, 129, 300, 5000]),
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|(text, other)| {
                std::iter::repeat_n(b'x', *text).chain(std::iter::repeat_n(0x80, *other))
            }).collect();
            let (mut cut, mut text) = (TextRuns::default(), Vec::new());
            bytes.chunks(piece).for_each(|piece| cut.take(piece, &mut text));
            cut.finish(&mut text);
            prop_assert_eq!(text, runs(&bytes));
        }
    }
}
