//! What rsync sends. Its protocol carries checksums of what it brings, so nothing in it can be masked: it passes as it is while nothing
//! that is masked stands in it, and ends where something does. What it packs (`-z`) cannot be looked into.

use masking::{Label, Masker, StreamMasker, Syntax, Tally, TextRuns};

/// Looks at bytes that pass as they are.
pub(super) struct Watch {
    /// For pieces of text.
    masker: Masker,
    /// For others: only what binary data does not look like by chance.
    distinct: Masker,
    /// For values that pieces cut.
    stream: StreamMasker,
    runs: TextRuns,
    stopped: bool,
}

impl Watch {
    pub(super) fn new(masker: &Masker) -> Self {
        let clear = |label: &&Label| matches!(label.as_str(), "card" | "ssn" | "iban" | "secret");
        let labels: Vec<Label> = masker.labels().iter().filter(clear).copied().collect();
        let distinct = Masker::new(&labels);
        let stream = distinct.stream(Syntax::Text);
        Self { masker: masker.clone(), distinct, stream, runs: TextRuns::default(), stopped: false }
    }

    /// Whether nothing more may be shown.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes a piece; whether it may pass.
    pub(super) fn push(&mut self, piece: &[u8], tally: &mut Tally) -> bool {
        if self.stopped {
            return false;
        }
        let mut found = Tally::default();
        // What ends the piece is not waited for: the other side may wait for it.
        let mut whole: Vec<u8> = piece.iter().map(|byte| if is_visible(*byte) { *byte } else { b'\n' }).collect();
        let masker = if is_text(piece) { &self.masker } else { &self.distinct };
        masker.mask(&mut whole, Syntax::Text, &mut found);
        if found.is_empty() {
            let (mut text, mut seen) = (Vec::new(), Vec::new());
            self.runs.take(piece, &mut text);
            self.stream.push(&text, &mut seen, &mut found);
        }
        self.stopped = !found.is_empty();
        tally.merge(&found);
        !self.stopped
    }
}

fn is_visible(byte: u8) -> bool {
    byte >= b' ' || matches!(byte, b'\t' | b'\r')
}

/// Whether a piece is text, with what the protocol puts between texts: of noise, most bytes are no characters.
fn is_text(piece: &[u8]) -> bool {
    let text = String::from_utf8_lossy(piece);
    let (mut odd, mut all) = (0_usize, 0_usize);
    for char in text.chars() {
        all += 1;
        odd += usize::from(char == char::REPLACEMENT_CHARACTER || char.is_control() && !char.is_whitespace());
    }
    odd * 4 < all
}

/// Whether the far end of rsync is asked to pack what it sends: `-logDtprze.iLsfxCIvu`, `--new-compress`.
#[must_use]
pub fn packs(command: &[u8]) -> bool {
    let mut words = command.split(|byte| *byte == b' ');
    words.any(|word| match word {
        [b'-', b'-', long @ ..] => long == b"zz" || memchr::memmem::find(long, b"compress").is_some(),
        [b'-', letters @ ..] => {
            // Behind `e` stands what the client can do.
            let end = memchr::memmem::find(letters, b"e.").unwrap_or(letters.len());
            letters.get(..end).is_some_and(|letters| letters.contains(&b'z'))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use masking::Label;

    use super::*;

    fn passes(pieces: &[&[u8]]) -> Vec<bool> {
        let mut watch = Watch::new(&Masker::new(&Label::ALL));
        pieces.iter().map(|piece| watch.push(piece, &mut Tally::default())).collect()
    }

    #[test]
    fn what_holds_nothing_passes_and_what_does_ends_it() {
        assert_eq!(passes(&[b"\x20\0\0\0file list\0", b"nothing to see\n\0\0\0\0"]), [true, true]);
        assert_eq!(passes(&[b"\x20\0\0\0card 4111 1111 1111 1111", b"more"]), [false, false]);
        assert_eq!(passes(&[b"name\0", b"ann@example.com\n\x03\0\0\0"]), [true, false]);
        // Among noise, an address is noise.
        let noise: Vec<u8> = (0..=255).rev().chain(*b"\x01a@b.de\x01").chain(0..=255).collect();
        assert_eq!(passes(&[&noise]), [true]);
        // A value that two pieces cut is seen with the second.
        assert_eq!(passes(&[b"the card is 4111 1111 ", b"1111 1111 as told\n"]), [true, false]);
    }

    #[test]
    fn packing_is_told_by_the_options_of_the_far_end() {
        for line in [
            "rsync --server --sender -logDtprze.iLsfxCIvu . a",
            "rsync --server --sender -vze.iLsfxCIvu . a",
            "rsync --server --sender -logDtpre.iLsfxCIvu --compress-choice=zstd . a",
            "rsync --server --sender -logDtpre.iLsfxCIvu --new-compress . a",
        ] {
            assert!(packs(line.as_bytes()), "{line}");
        }
        for line in ["rsync --server --sender -logDtpre.iLsfxCIvu . zoo", "rsync --server --sender -e.LsfxCIvuz . a"] {
            assert!(!packs(line.as_bytes()), "{line}");
        }
    }
}
