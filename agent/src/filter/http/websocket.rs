//! Websocket frames (RFC 6455 section 5.2). What a target sends is masked inside its frames, whose lengths stay; what a client
//! sends reaches the target as it is, and is recorded without the client's XOR key.

use std::sync::Arc;

use masking::{Masker, StreamMasker, Syntax, Tally};
use proto::{Code, Refusal};

use super::content::{Content, sniff};

/// One direction of a websocket.
pub struct Websocket {
    masker: Arc<Masker>,
    side: Side,
    header: Vec<u8>,
    left: u64,
    key: Option<[u8; 4]>,
    at: usize,
    stream: Option<StreamMasker>,
    fresh: bool,
    tally: Tally,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Frames of the target: given on as frames, masked.
    Target,
    /// Frames of the client: given as their content, masked, for the record.
    Client,
}

impl Websocket {
    /// A direction before its first frame.
    #[must_use]
    pub fn new(masker: Arc<Masker>, side: Side) -> Self {
        let tally = Tally::default();
        Self { masker, side, header: Vec::new(), left: 0, key: None, at: 0, stream: None, fresh: false, tally }
    }

    /// Takes the next bytes; appends to `out` what may pass. Nothing of a frame is held back beyond its end.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if the target compresses or disguises its frames.
    pub fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left == 0 {
                self.header.push(*first);
                bytes = rest;
                if self.header.len() >= 2 && self.header.len() == self.header_len() {
                    self.begin(out)?;
                }
                continue;
            }
            let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            bytes = rest;
            self.left -= piece.len() as u64;
            self.content(piece, out);
        }
        Ok(())
    }

    /// What was masked since the last call.
    pub fn tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn header_len(&self) -> usize {
        let second = self.header.get(1).copied().unwrap_or(0);
        let length = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if second & 0x80 == 0 { 0 } else { 4 }
    }

    /// A header is complete.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let header = std::mem::take(&mut self.header);
        let (first, second) = (header.first().copied().unwrap_or(0), header.get(1).copied().unwrap_or(0));
        let keyed = second & 0x80 != 0;
        if !self.masker.is_off() && (first & 0x70 != 0 || (keyed && self.side == Side::Target)) {
            return Err(Refusal::new(Code::Uninspectable, "the websocket's frames cannot be read"));
        }
        let (fixed, key) = header.split_at_checked(header.len() - if keyed { 4 } else { 0 }).unwrap_or((&header, &[]));
        self.key = key.try_into().ok();
        self.at = 0;
        self.left = match fixed.get(2..).unwrap_or_default() {
            [] => u64::from(second & 0x7f),
            length => length.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)),
        };
        self.stream = None;
        self.fresh = true;
        if self.side == Side::Target {
            out.extend_from_slice(&header);
        }
        Ok(())
    }

    fn content(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut clear;
        let piece = match self.key {
            Some(key) if self.side == Side::Client => {
                clear = piece.to_vec();
                let keys = key.iter().cycle().skip(self.at % 4);
                clear.iter_mut().zip(keys).for_each(|(byte, key)| *byte ^= key);
                self.at += piece.len();
                &clear[..]
            }
            _ => piece,
        };
        if std::mem::take(&mut self.fresh) && !self.masker.is_off() && !matches!(sniff(piece), Content::Opaque(_)) {
            self.stream = Some(self.masker.stream(Syntax::Text));
        }
        let Some(stream) = &mut self.stream else {
            out.extend_from_slice(piece);
            return;
        };
        stream.push(piece, out, &mut self.tally);
        if self.left == 0 {
            stream.finish(out, &mut self.tally);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use masking::Label;

    use super::*;

    fn all(side: Side, wire: &[u8], step: usize) -> Vec<u8> {
        let mut socket = Websocket::new(Arc::new(Masker::new(&[Label::Card])), side);
        let mut out = Vec::new();
        wire.chunks(step).for_each(|piece| socket.pass(piece, &mut out).unwrap());
        out
    }

    #[test]
    fn what_a_target_sends_is_masked_inside_its_frames() {
        let text = b"card 4111111111111111 end";
        let mut wire = vec![0x81, u8::try_from(text.len()).unwrap()];
        wire.extend_from_slice(text);
        wire.extend_from_slice(&[0x82, 3, 0, 1, 2]);
        for step in 1..wire.len() {
            let out = all(Side::Target, &wire, step);
            assert_eq!(out.len(), wire.len());
            assert!(!out.windows(16).any(|run| run == b"4111111111111111"), "{step}");
            assert_eq!(out[..7], wire[..7]);
            assert!(out.ends_with(&[0x82, 3, 0, 1, 2]));
        }
    }

    #[test]
    fn what_a_client_sends_is_recorded_without_its_key() {
        let key = [1, 2, 3, 4];
        let mut wire = vec![0x81, 0x80 | 5];
        wire.extend_from_slice(&key);
        wire.extend(b"hello".iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        for step in 1..wire.len() {
            assert_eq!(all(Side::Client, &wire, step), b"hello");
        }
    }

    #[test]
    fn compressed_frames_do_not_pass() {
        let mut socket = Websocket::new(Arc::new(Masker::new(&[Label::Card])), Side::Target);
        assert!(socket.pass(&[0xc1, 1, 0], &mut Vec::new()).is_err());
    }
}
