//! Output that is packed from its first byte (`gzip -c`, `tar cz`, `zstd`): it passes as it is, but is looked at unpacked, and stopped
//! where something that is masked stands in it. One piece is always held, so that none leaves before what it ends was seen.

use functions::http::Decoder;
use masking::{Masker, StreamMasker, Syntax, Tally};

/// The longest mark of packed data, in bytes.
const MARK: usize = 4;

/// Looks at packed output.
pub(super) struct Unpack {
    state: State,
    held: Vec<u8>,
}

enum State {
    /// Too little has come to tell.
    Opening(Box<StreamMasker>),
    /// Not packed.
    Plain,
    Packed(Box<(Decoder, StreamMasker)>),
    Stopped,
}

impl Unpack {
    pub(super) fn new(masker: &Masker) -> Self {
        Self { state: State::Opening(Box::new(masker.stream(Syntax::Text))), held: Vec::new() }
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
                [0x1F, 0x8B, 8, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => self.open(),
                begun if begun.len() < MARK && is_mark(begun) => {
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
        self.held = piece.to_vec();
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
        if self.is_stopped() { Vec::new() } else { std::mem::take(&mut self.held) }
    }

    fn open(&mut self) {
        self.state = match (std::mem::replace(&mut self.state, State::Stopped), Decoder::new(std::iter::empty())) {
            (State::Opening(stream), Ok(decoder)) => State::Packed(Box::new((decoder, *stream))),
            // Nobody can say what is in it.
            _ => State::Stopped,
        };
    }

    fn look(&mut self, piece: &[u8], tally: &mut Tally) {
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

fn is_mark(begun: &[u8]) -> bool {
    [&[0x1F, 0x8B, 8][..], &[0x28, 0xB5, 0x2F, 0xFD]].iter().any(|mark| mark.starts_with(begun))
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
    fn what_cannot_be_unpacked_is_stopped() {
        let mut broken = gzip(&"some text that is long enough\n".repeat(100));
        broken[20..40].fill(0xFF);
        assert!(through(&broken, 64).1);
    }
}
