//! Output that is packed from its first byte (`gzip -c`, `tar cz`, `zstd`, `zip -`, a document of an office suite): it passes as it is,
//! but is looked at unpacked, and stopped where something that is masked stands in it. One piece is always held, so that none leaves
//! before what it ends was seen; of an archive, whose members may be stored as they are, more. What is packed in a way that is not read
//! here (`bzip2`, `xz`, `lz4` ...) does not pass.

use functions::http::Decoder;
use masking::{Masker, StreamMasker, Syntax, Tally};

use crate::filter::content::Scanner;

/// The longest mark of packed data, in bytes.
const MARK: usize = 8;
/// How packed data begin that are read here: RFC 1952, RFC 8878.
const READ: [&[u8]; 2] = [&[0x1F, 0x8B, 8], &[0x28, 0xB5, 0x2F, 0xFD]];
/// How an archive begins whose members are read.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// How much of an archive is held, in bytes: longer than a value.
const HELD: usize = 8 * 1024;
/// How those begin that are not: xz, 7z, lz4, lzip, lzop, compress.
const UNREAD: [&[u8]; 6] = [
    b"\xFD7zXZ\0",
    b"7z\xBC\xAF\x27\x1C",
    &[0x04, 0x22, 0x4D, 0x18],
    b"LZIP\x01",
    &[0x89, b'L', b'Z', b'O', 0],
    &[0x1F, 0x9D, 0x90],
];

/// Looks at packed output.
pub(super) struct Unpack {
    masker: Masker,
    state: State,
    held: Vec<u8>,
}

enum State {
    /// Too little has come to tell.
    Opening(Box<StreamMasker>),
    /// Not packed.
    Plain,
    Packed(Box<(Decoder, StreamMasker)>),
    Archive(Box<Scanner>),
    Stopped,
}

impl Unpack {
    pub(super) fn new(masker: &Masker) -> Self {
        let masker = masker.clone();
        Self { state: State::Opening(Box::new(masker.stream(Syntax::Text))), masker, held: Vec::new() }
    }

    /// Whether nothing more may be shown.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Takes a piece; what may be shown of it and of those before.
    pub(super) fn push(&mut self, piece: &[u8], tally: &mut Tally) -> Vec<u8> {
        let mut shown = std::mem::take(&mut self.held);
        if let State::Opening(_) = self.state {
            shown.extend_from_slice(piece);
            match shown.as_slice() {
                begun if READ.iter().any(|mark| begun.starts_with(mark)) => self.open(),
                begun if begun.starts_with(ARCHIVE) => {
                    self.state = State::Archive(Box::new(Scanner::new(&self.masker, begun)));
                }
                begun if is_unread(begun) => {
                    self.state = State::Stopped;
                    return Vec::new();
                }
                begun if begun.len() < MARK && may_be_mark(begun) => {
                    self.held = shown;
                    return Vec::new();
                }
                _ => self.state = State::Plain,
            }
            return if matches!(self.state, State::Plain) {
                shown
            } else {
                let first = std::mem::take(&mut shown);
                self.look(&first, tally);
                self.held = first;
                shown
            };
        }
        match self.state {
            State::Plain => {
                shown.extend_from_slice(piece);
                return shown;
            }
            State::Stopped => return Vec::new(),
            _ => self.look(piece, tally),
        }
        if self.is_stopped() {
            return Vec::new();
        }
        if let State::Archive(_) = self.state {
            shown.extend_from_slice(piece);
            self.held = shown.split_off(shown.len().saturating_sub(HELD));
        } else {
            self.held = piece.to_vec();
        }
        shown
    }

    /// The output is over; what may be shown of the last piece.
    pub(super) fn finish(&mut self, tally: &mut Tally) -> Vec<u8> {
        if let State::Packed(packed) = &mut self.state {
            let (decoder, stream) = &mut **packed;
            let (mut plain, mut seen, mut found) = (Vec::new(), Vec::new(), Tally::default());
            // What is cut off is read as far as it goes.
            let _cut = decoder.finish(&mut plain);
            stream.push(&plain, &mut seen, &mut found);
            stream.finish(&mut seen, &mut found);
            self.judge(&found, tally);
        }
        if let State::Archive(scanner) = &mut self.state
            && scanner.finish().is_err()
        {
            self.stop_archive(tally);
        }
        if self.is_stopped() { Vec::new() } else { std::mem::take(&mut self.held) }
    }

    /// Something stands in the archive, or it cannot be read.
    fn stop_archive(&mut self, tally: &mut Tally) {
        if let State::Archive(scanner) = std::mem::replace(&mut self.state, State::Stopped) {
            tally.merge(&scanner.into_tally());
        }
    }

    fn open(&mut self) {
        self.state = match (std::mem::replace(&mut self.state, State::Stopped), Decoder::new(std::iter::empty())) {
            (State::Opening(stream), Ok(decoder)) => State::Packed(Box::new((decoder, *stream))),
            // Nobody can say what is in it.
            _ => State::Stopped,
        };
    }

    fn look(&mut self, piece: &[u8], tally: &mut Tally) {
        if let State::Archive(scanner) = &mut self.state {
            if scanner.push(piece).is_err() {
                self.stop_archive(tally);
            }
            return;
        }
        let State::Packed(packed) = &mut self.state else { return };
        let (decoder, stream) = &mut **packed;
        let (mut plain, mut seen, mut found) = (Vec::new(), Vec::new(), Tally::default());
        let read = decoder.push(piece, &mut plain);
        stream.push(&plain, &mut seen, &mut found);
        if read.is_err() {
            self.state = State::Stopped;
        }
        self.judge(&found, tally);
    }

    fn judge(&mut self, found: &Tally, tally: &mut Tally) {
        if !found.is_empty() {
            tally.merge(found);
            self.state = State::Stopped;
        }
    }
}

/// Whether what begins so is packed in a way that is not read here.
fn is_unread(begun: &[u8]) -> bool {
    is_bzip2(begun, 8) || UNREAD.iter().any(|mark| begun.starts_with(mark))
}

fn may_be_mark(begun: &[u8]) -> bool {
    is_bzip2(begun, begun.len()) || READ.iter().chain(&UNREAD).chain([&ARCHIVE]).any(|mark| mark.starts_with(begun))
}

/// Whether the first `count` bytes are those of bzip2: a size from 1 to 9, then a block, or the end.
fn is_bzip2(begun: &[u8], count: usize) -> bool {
    let size = begun.get(3).copied().filter(u8::is_ascii_digit).unwrap_or(b'9');
    [[b'B', b'Z', b'h', size, 0x31, 0x41, 0x59, 0x26], [b'B', b'Z', b'h', size, 0x17, 0x72, 0x45, 0x38]]
        .iter()
        .any(|mark| count <= begun.len() && mark.get(..count.min(8)) == begun.get(..count.min(8)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::io::Write as _;

    use masking::Label;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn through(bytes: &[u8], size: usize) -> (Vec<u8>, bool) {
        let (mut unpack, mut shown, mut tally) = (Unpack::new(&Masker::new(&Label::ALL)), Vec::new(), Tally::default());
        bytes.chunks(size).for_each(|piece| shown.extend(unpack.push(piece, &mut tally)));
        shown.extend(unpack.finish(&mut tally));
        (shown, unpack.is_stopped())
    }

    #[test]
    fn packed_output_passes_as_it_is_and_stops_where_a_value_stands_in_it() {
        let clean = gzip(&"nothing to see here, and 12345 more\n".repeat(500));
        let found = gzip("card 4111 1111 1111 1111");
        for size in [1, 2, 3, 7, 1000, 100_000] {
            assert_eq!(through(&clean, size), (clean.clone(), false), "{size}");
            assert_eq!(through(b"plain text", size), (b"plain text".to_vec(), false), "{size}");
            assert_eq!(through(&[0x1F, 0x8B], size), (vec![0x1F, 0x8B], false), "{size}");
            let (shown, stopped) = through(&found, size);
            assert!(stopped && shown.len() < found.len(), "{size}");
        }
    }

    #[test]
    fn what_is_packed_in_ways_that_are_not_read_is_stopped_and_what_only_begins_alike_is_not() {
        let bzip2 = b"BZh91AY&SY\x12\x34 and so on";
        let xz = b"\xFD7zXZ\0\0\x04 and so on";
        for size in [1, 3, 1000] {
            for packed in [&bzip2[..], xz, b"\x04\x22\x4D\x18 lz4", b"LZIP\x01\x0C", b"\x1F\x9D\x90\x41"] {
                assert_eq!(through(packed, size), (Vec::new(), true), "{size}");
            }
            for text in [&b"BZh9"[..], b"BZh is a name", b"BZ", b"\xFD7z", b"LZIP files", b"7zip", b"\x1F"] {
                assert_eq!(through(text, size), (text.to_vec(), false), "{size}");
            }
        }
    }

    #[test]
    fn an_archive_with_a_value_in_it_is_stopped_and_another_passes() {
        let archive = |content: &str| {
            let size = u32::try_from(content.len()).unwrap().to_le_bytes();
            let head =
                [b"PK\x03\x04".as_slice(), &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &size, &size, &[5, 0, 0, 0]]
                    .concat();
            [&head[..], b"a.txt", content.as_bytes(), b"PK\x01\x02 the rest"].concat()
        };
        let clean = archive(&"nothing to see here\n".repeat(100));
        for size in [1, 3, 1000] {
            assert_eq!(through(&clean, size), (clean.clone(), false), "{size}");
            assert_eq!(through(b"PK is a name", size), (b"PK is a name".to_vec(), false), "{size}");
            let (shown, stopped) = through(&archive("card 4111 1111 1111 1111"), size);
            assert!(stopped && shown.is_empty(), "{size}");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_is_stopped() {
        let mut broken = gzip(&"some text that is long enough\n".repeat(100));
        broken[20..40].fill(0xFF);
        assert!(through(&broken, 64).1);
    }
}
