//! Content that cannot be changed without breaking it: pictures, archives, other binaries. It is looked at while it passes, also
//! unpacked, and stopped where something sensitive stands in it.

use functions::http::Decoder;
use masking::{Label, Masker, StreamMasker, Syntax, Tally};

/// Looks at binary content.
pub(in crate::filter::http) struct Scanner {
    /// For the text among the bytes as they are. Only what binary data does not look like by chance.
    raw: StreamMasker,
    runs: Runs,
    /// For what a compression holds.
    unpacked: Option<(Decoder, StreamMasker)>,
    tally: Tally,
}

/// Something sensitive stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter::http) struct Found;

impl Scanner {
    pub(in crate::filter::http) fn new(masker: &Masker, first: &[u8]) -> Self {
        // Telephone numbers and addresses appear in any few megabytes of noise.
        let distinct = |label: &&Label| matches!(label.as_str(), "card" | "ssn" | "iban" | "secret");
        let labels: Vec<Label> = masker.labels().iter().filter(distinct).copied().collect();
        let packed = matches!(first, [0x1f, 0x8b, 8, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..]);
        let decoder = packed.then(|| Decoder::new(std::iter::empty()).ok()).flatten();
        Self {
            raw: Masker::new(&labels).stream(Syntax::Text),
            runs: Runs::default(),
            unpacked: decoder.map(|decoder| (decoder, masker.stream(Syntax::Text))),
            tally: Tally::default(),
        }
    }

    /// Looks at the next bytes.
    pub(in crate::filter::http) fn push(&mut self, bytes: &[u8]) -> Result<(), Found> {
        let (mut text, mut seen) = (Vec::new(), Vec::new());
        self.runs.take(bytes, &mut text);
        self.raw.push(&text, &mut seen, &mut self.tally);
        if let Some((decoder, stream)) = &mut self.unpacked {
            let mut plain = Vec::new();
            if decoder.push(bytes, &mut plain).is_err() {
                // Broken, or too much of it: nobody can say what is in it.
                return Err(Found);
            }
            seen.clear();
            stream.push(&plain, &mut seen, &mut self.tally);
        }
        self.verdict()
    }

    /// Looks at what is left.
    pub(in crate::filter::http) fn finish(&mut self) -> Result<(), Found> {
        let (mut text, mut seen) = (Vec::new(), Vec::new());
        self.runs.finish(&mut text);
        self.raw.push(&text, &mut seen, &mut self.tally);
        self.raw.finish(&mut seen, &mut self.tally);
        if let Some((decoder, stream)) = &mut self.unpacked {
            let mut plain = Vec::new();
            let _cut_off = decoder.finish(&mut plain);
            stream.push(&plain, &mut seen, &mut self.tally);
            stream.finish(&mut seen, &mut self.tally);
        }
        self.verdict()
    }

    fn verdict(&self) -> Result<(), Found> {
        if self.tally.is_empty() { Ok(()) } else { Err(Found) }
    }
}

/// Cuts text out of other bytes: runs that are long enough for a value, and something between them that no value goes on over.
#[derive(Default)]
struct Runs {
    /// The run at the end, as long as it is not long enough.
    begun: Vec<u8>,
    /// The run at the end is long enough, and given out so far.
    long: bool,
}

/// The shortest run that is looked at, in bytes: a social security number.
const SHORTEST: usize = 11;
/// What stands for other bytes: no text, so that the masker takes what stands among much of it for noise.
const GAP: &[u8] = &[0xFE, 0xFE, 0xFE, 1];

impl Runs {
    /// Appends the text of the next bytes.
    fn take(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let mut rest = self.go_on(bytes, text);
        while let Some(block) = rest.first_chunk() {
            let after = rest.len() - (BLOCK - SHORTEST + 1);
            if holds_run(block) {
                rest = self.probe(rest, after, text);
            } else {
                // A run that begins behind this may go on into the next block.
                rest = rest.get(BLOCK - SHORTEST + 1..).unwrap_or_default();
            }
        }
        rest = self.probe(rest, 0, text);
        if !self.long {
            let begun = rest.iter().rposition(|byte| !is_text(*byte)).map_or(0, |gap| gap + 1);
            self.begun.extend_from_slice(rest.get(begun..).unwrap_or_default());
        }
    }

    /// Looks for runs until no more than `after` bytes are left, or fewer than a run has; gives those.
    fn probe<'a>(&mut self, mut rest: &'a [u8], after: usize, text: &mut Vec<u8>) -> &'a [u8] {
        while let Some(probe) = rest.get(..SHORTEST).filter(|_| rest.len() > after) {
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
    fn finish(&mut self, text: &mut Vec<u8>) {
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

/// Bytes that are looked at together: in most of what is no text none of so many begins a run.
const BLOCK: usize = 128;

/// Whether a run of the shortest length lies in these bytes. Each step is one loop without branches over all of them, so that
/// the compiler makes vectors of it: is this text, and the next as well, and the two behind those, and so on.
fn holds_run(block: &[u8; BLOCK]) -> bool {
    let single = block.map(|byte| u8::from(is_text(byte)));
    let runs_of_11 = both(&both(&both(&both(&single, 1), 2), 4), 3);
    runs_of_11.iter().fold(0, |any, run| any | run) != 0
}

/// What holds here and `distance` further on.
fn both(here: &[u8; BLOCK], distance: usize) -> [u8; BLOCK] {
    let mut both = [0; BLOCK];
    let further = here.get(distance..).unwrap_or_default();
    both.iter_mut().zip(here).zip(further).for_each(|((both, here), further)| *both = here & further);
    both
}

const _: () = assert!(SHORTEST == 1 + 1 + 2 + 4 + 3);

#[cfg(test)]
mod tests {
    use masking::Label;
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
            lengths in vec((select(vec![0usize, 1, 5, 9, 10, 11, 12, 20, 117, 118, 127, 128, 140]), 1usize..150), 0..12),
            piece in select(vec![1usize, 3, 11, 117, 118, 127, 128, 129, 300, 5000]),
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|(text, other)| {
                std::iter::repeat_n(b'x', *text).chain(std::iter::repeat_n(0x80, *other))
            }).collect();
            let (mut cut, mut text) = (Runs::default(), Vec::new());
            bytes.chunks(piece).for_each(|piece| cut.take(piece, &mut text));
            cut.finish(&mut text);
            prop_assert_eq!(text, runs(&bytes));
        }
    }

    fn scan(bytes: &[u8], piece: usize) -> Result<(), Found> {
        let masker = Masker::new(&Label::ALL);
        let mut scanner = Scanner::new(&masker, bytes.get(..8).unwrap_or(bytes));
        bytes.chunks(piece).try_for_each(|piece| scanner.push(piece))?;
        scanner.finish()
    }

    /// Bytes as an archive or a picture has them, the same in every run.
    fn noise(length: usize) -> Vec<u8> {
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        let next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 32) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn large_files_without_text_pass() {
        assert_eq!(scan(&noise(24 << 20), 64 * 1024), Ok(()));
    }

    #[test]
    fn a_value_among_other_bytes_is_found_wherever_pieces_end() {
        for value in ["4111 1111 1111 1111", "123-45-6789", "password: hunter22-Kx9!"] {
            for piece in [1, 2, 5, 1000] {
                let bytes = [&[0, 1, 2, 0xFE][..], b"name\0ssn ", value.as_bytes(), &[0, 3, 0x90]].concat();
                assert_eq!(scan(&bytes, piece), Err(Found), "{value} in {piece}");
            }
        }
        assert_eq!(scan(b"\x7fELF\x02\0\0hello world, nothing here\0", 3), Ok(()));
    }
}
