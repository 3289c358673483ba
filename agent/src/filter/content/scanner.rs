//! Content that cannot be changed without breaking it: pictures, archives, other binaries. It is looked at while it passes, also
//! unpacked, and stopped where something sensitive stands in it.

use functions::http::Decoder;
use masking::{Label, Masker, StreamMasker, Syntax, Tally, TextRuns, Unzip};

use super::archive::Archive;

/// Looks at binary content.
pub(in crate::filter) struct Scanner {
    /// For the text among the bytes as they are. Only what binary data does not look like by chance.
    raw: StreamMasker,
    runs: TextRuns,
    /// For what a compression holds.
    unpacked: Option<(Decoder, StreamMasker)>,
    /// For the members of an archive.
    archive: Option<Box<Archive>>,
    /// It is packed in a way that is not read here.
    unread: bool,
    tally: Tally,
}

/// Something sensitive stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) struct Found;

impl Scanner {
    pub(in crate::filter) fn new(masker: &Masker, first: &[u8]) -> Self {
        Self::inside(masker, first, 0)
    }

    /// For content that is the member of so many archives.
    pub(super) fn inside(masker: &Masker, first: &[u8], depth: u8) -> Self {
        // Telephone numbers and addresses appear in any few megabytes of noise.
        let distinct = |label: &&Label| matches!(label.as_str(), "card" | "ssn" | "iban" | "secret");
        let labels: Vec<Label> = masker.labels().iter().filter(distinct).copied().collect();
        let decoder = match first {
            [0x1f, 0x8b, 8, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Decoder::new(std::iter::empty()).ok(),
            // zlib (RFC 1950), as no text begins.
            [0x78, 0x01 | 0x9c | 0xda, ..] => Decoder::new([&b"deflate"[..]]).ok(),
            _ => None,
        };
        let archive = Unzip::begins(first).then(|| Archive::new(masker, depth)).flatten();
        Self {
            raw: Masker::new(&labels).stream(Syntax::Text),
            runs: TextRuns::default(),
            unread: is_unread(first) || Unzip::begins(first) && archive.is_none(),
            archive: archive.map(Box::new),
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
        if let Some(archive) = &mut self.archive {
            archive.push(bytes, &mut self.tally)?;
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
        if let Some(archive) = &mut self.archive {
            archive.finish(&mut self.tally)?;
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

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

    /// An archive of one member that is deflated, or stored.
    fn zip(name: &str, content: &[u8], deflated: bool) -> Vec<u8> {
        use std::io::Write as _;
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(content).unwrap();
        let packed = if deflated { packer.finish().unwrap() } else { content.to_vec() };
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let name_length = u8::try_from(name.len()).unwrap();
        let head = [20, 0, 0, 0, u8::from(deflated) * 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        [
            b"PK\x03\x04",
            &head[..],
            &size(&packed),
            &size(content),
            &[name_length, 0, 0, 0],
            name.as_bytes(),
            &packed,
            b"PK\x01\x02",
        ]
        .concat()
    }

    #[test]
    fn a_value_in_a_member_of_an_archive_is_found() {
        let long = "some text before it, and more. ".repeat(300);
        let document = format!(
            "<w:p><w:r><w:t>{long}</w:t></w:r><w:r><w:t>4111 1111 </w:t></w:r><w:r><w:t>1111 1111</w:t></w:r></w:p>"
        );
        let sheet = "<sst><si><t>536-22-8145</t></si></sst>";
        let list = format!("{long}\nmail: maria.keller@northwind-mail.com\n");
        for content in [document.as_str(), sheet, &list] {
            for deflated in [true, false] {
                let archive = zip("word/document.xml", content.as_bytes(), deflated);
                for piece in [1, 7, 1000] {
                    assert_eq!(scan(&archive, piece), Err(Found), "{piece}");
                    assert_eq!(scan(&zip("inner.zip", &archive, deflated), piece), Err(Found), "inside {piece}");
                }
            }
        }
        let clean = zip("a.txt", long.as_bytes(), true);
        assert_eq!(scan(&clean, 9), Ok(()));
        assert_eq!(scan(&zip("b.zip", &clean, false), 9), Ok(()));
    }

    #[test]
    fn an_archive_that_cannot_be_read_does_not_pass() {
        let mut archive = zip("a.txt", b"nothing", true);
        archive[6] = 1;
        assert_eq!(scan(&archive, 5), Err(Found));
        let deep = (0..5).fold(zip("a.txt", b"nothing", true), |inner, _| zip("b.zip", &inner, true));
        assert_eq!(scan(&deep, 64), Err(Found));
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
