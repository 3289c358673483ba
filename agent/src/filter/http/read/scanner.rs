//! Content that cannot be changed without breaking it: pictures, archives, other binaries. It is looked at while it passes, also
//! unpacked, and stopped where something sensitive stands in it.

use functions::http::Decoder;
use masking::{Label, Masker, StreamMasker, Syntax, Tally, TextRuns};

/// Looks at binary content.
pub(in crate::filter) struct Scanner {
    /// For the text among the bytes as they are. Only what binary data does not look like by chance.
    raw: StreamMasker,
    runs: TextRuns,
    /// For what a compression holds.
    unpacked: Option<(Decoder, StreamMasker)>,
    /// It is packed in a way that is not read here.
    unread: bool,
    tally: Tally,
}

/// Something sensitive stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) struct Found;

impl Scanner {
    pub(in crate::filter) fn new(masker: &Masker, first: &[u8]) -> Self {
        // Telephone numbers and addresses appear in any few megabytes of noise.
        let distinct = |label: &&Label| matches!(label.as_str(), "card" | "ssn" | "iban" | "secret");
        let labels: Vec<Label> = masker.labels().iter().filter(distinct).copied().collect();
        let decoder = match first {
            [0x1f, 0x8b, 8, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Decoder::new(std::iter::empty()).ok(),
            // zlib (RFC 1950), as no text begins.
            [0x78, 0x01 | 0x9c | 0xda, ..] => Decoder::new([&b"deflate"[..]]).ok(),
            _ => None,
        };
        Self {
            raw: Masker::new(&labels).stream(Syntax::Text),
            runs: TextRuns::default(),
            unread: is_unread(first),
            unpacked: decoder.map(|decoder| (decoder, masker.stream(Syntax::Text))),
            tally: Tally::default(),
        }
    }

    /// Looks at the next bytes.
    pub(in crate::filter) fn push(&mut self, bytes: &[u8]) -> Result<(), Found> {
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
    pub(in crate::filter) fn finish(&mut self) -> Result<(), Found> {
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

    /// What was found.
    pub(in crate::filter) fn into_tally(self) -> Tally {
        self.tally
    }

    fn verdict(&self) -> Result<(), Found> {
        if self.tally.is_empty() && !self.unread { Ok(()) } else { Err(Found) }
    }
}

/// How what is packed otherwise begins: xz, 7z, lz4, lzip, and bzip2 with its first block.
fn is_unread(first: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"\xFD7zXZ\0", b"7z\xBC\xAF\x27\x1C", &[0x04, 0x22, 0x4D, 0x18], b"LZIP\x01"];
    let bzip2 = matches!(first, [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, 0x41 | 0x72, ..]);
    bzip2 || MARKS.iter().any(|mark| first.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use masking::Label;

    use super::*;

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
