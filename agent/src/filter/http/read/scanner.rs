//! Content that cannot be changed without breaking it: pictures, archives, other binaries. It is looked at while it passes, also
//! unpacked, and stopped where something sensitive stands in it.

use functions::http::Decoder;
use masking::{Label, Masker, StreamMasker, Syntax, Tally};

/// Looks at binary content.
pub(in crate::filter::http) struct Scanner {
    /// For the bytes as they are. Only what binary data does not look like by chance.
    raw: StreamMasker,
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
            unpacked: decoder.map(|decoder| (decoder, masker.stream(Syntax::Text))),
            tally: Tally::default(),
        }
    }

    /// Looks at the next bytes.
    pub(in crate::filter::http) fn push(&mut self, bytes: &[u8]) -> Result<(), Found> {
        let mut seen = Vec::with_capacity(bytes.len());
        self.raw.push(bytes, &mut seen, &mut self.tally);
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
        let mut seen = Vec::new();
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
