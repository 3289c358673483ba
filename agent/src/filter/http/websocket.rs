//! Websocket messages (RFC 6455). What a target sends is read across the frames of a message and masked in them, so that frames
//! keep their lengths; what a client sends reaches the target as it is, and is recorded without the client's XOR key.

use std::sync::Arc;

use masking::{Masker, StreamMasker, Syntax, Tally};
use proto::{Code, Refusal};

use super::{
    kind::is_known,
    read::{Binary, Lexer, Rules},
};
use crate::filter::content::{Class, Scanner, Weave, sniff};

/// One direction of a websocket.
pub struct Websocket {
    masker: Arc<Masker>,
    rules: Arc<Rules>,
    side: Side,
    header: Vec<u8>,
    left: u64,
    key: Option<[u8; 4]>,
    at: usize,
    frame: Frame,
    message: Message,
    /// The content of a control frame.
    control: Vec<u8>,
    weave: Weave,
    /// Where the target's message is in JSON that it holds.
    lexer: Lexer,
    /// What is recorded of a client's message.
    stream: Option<(Lexer, StreamMasker)>,
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

/// The frame that arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Control { close: bool },
    Data { last: bool },
}

/// The message that arrives.
enum Message {
    /// Its first content will tell.
    Fresh,
    Text,
    Binary(Box<Scanner>),
}

impl Websocket {
    /// A direction before its first frame.
    #[must_use]
    pub fn new(masker: Arc<Masker>, rules: Arc<Rules>, side: Side) -> Self {
        Self {
            weave: Weave::new(&masker),
            lexer: Lexer::within(&rules.markings),
            masker,
            rules,
            side,
            header: Vec::new(),
            left: 0,
            key: None,
            at: 0,
            frame: Frame::Data { last: true },
            message: Message::Fresh,
            control: Vec::new(),
            stream: None,
            tally: Tally::default(),
        }
    }

    /// Takes the next bytes; appends to `out` what may pass. Nothing of a message is held back beyond its end.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if frames are compressed or broken, or binary ones carry what is masked here.
    pub fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left == 0 {
                self.header.push(*first);
                bytes = rest;
                if self.header.len() >= 2 && self.header.len() == self.header_len() {
                    self.begin()?;
                    if self.left == 0 {
                        self.content(&[], out)?;
                    }
                }
                continue;
            }
            let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            bytes = rest;
            self.left -= piece.len() as u64;
            self.content(piece, out)?;
        }
        self.weave.drain(&self.masker, out, &mut self.tally);
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
    fn begin(&mut self) -> Result<(), Refusal> {
        let header = std::mem::take(&mut self.header);
        let (first, second) = (header.first().copied().unwrap_or(0), header.get(1).copied().unwrap_or(0));
        let keyed = second & 0x80 != 0;
        let (opcode, last) = (first & 0x0f, first & 0x80 != 0);
        let broken =
            first & 0x70 != 0 || matches!(opcode, 3..=7 | 11..) || (opcode >= 8 && (!last || second & 0x7f > 125));
        if !self.rules.is_off(&self.masker) && (broken || (keyed && self.side == Side::Target)) {
            return Err(uninspectable("the websocket's frames cannot be read"));
        }
        let (fixed, key) = header.split_at_checked(header.len() - if keyed { 4 } else { 0 }).unwrap_or((&header, &[]));
        self.key = key.try_into().ok();
        self.at = 0;
        self.left = match fixed.get(2..).unwrap_or_default() {
            [] => u64::from(second & 0x7f),
            length => length.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)),
        };
        self.frame = if opcode >= 8 { Frame::Control { close: opcode == 8 } } else { Frame::Data { last } };
        if matches!(opcode, 1 | 2) {
            self.message = if opcode == 1 { Message::Text } else { Message::Fresh };
            self.stream = None;
        }
        if self.side == Side::Target {
            self.weave.raw(&header);
        }
        Ok(())
    }

    fn content(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self.side {
            Side::Client => {
                self.record(piece, out);
                Ok(())
            }
            Side::Target if self.rules.is_off(&self.masker) => {
                self.weave.raw(piece);
                self.weave.drain(&self.masker, out, &mut self.tally);
                Ok(())
            }
            Side::Target => self.mask(piece, out),
        }
    }

    fn mask(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let last = match self.frame {
            Frame::Control { close } => {
                self.control.extend_from_slice(piece);
                if self.left == 0 {
                    let mut content = std::mem::take(&mut self.control);
                    if let Some(reason) = content.get_mut(if close { 2 } else { 0 }..) {
                        self.masker.mask(reason, Syntax::Text, &mut self.tally);
                    }
                    self.weave.raw(&content);
                }
                return Ok(());
            }
            Frame::Data { last } => last && self.left == 0,
        };
        if matches!(self.message, Message::Fresh) && !piece.is_empty() {
            self.message = self.judge(piece)?;
        }
        match &mut self.message {
            Message::Binary(scanner) => {
                let found = scanner.push(piece).and_then(|()| if last { scanner.finish() } else { Ok(()) });
                found.map_err(|_| {
                    uninspectable("the websocket carries binary content with values that are masked here")
                })?;
                self.weave.raw(piece);
            }
            Message::Fresh | Message::Text => {
                let (markings, mut marked) = (&self.rules.markings, Vec::with_capacity(piece.len()));
                self.lexer.push(markings, &self.masker, piece, &mut marked, &mut self.tally);
                self.weave.place_for(piece.len());
                self.weave.feed(&marked, &mut self.tally);
            }
        }
        if last {
            let mut rest = Vec::new();
            self.lexer.finish(&self.rules.markings, &self.masker, &mut rest, &mut self.tally);
            self.lexer = Lexer::within(&self.rules.markings);
            self.weave.feed(&rest, &mut self.tally);
            self.weave.finish(&self.masker, out, &mut self.tally);
            self.message = Message::Fresh;
        }
        Ok(())
    }

    fn judge(&self, first: &[u8]) -> Result<Message, Refusal> {
        match sniff(first, "") {
            Class::Binary(_) if self.rules.binary == Binary::Refuse => {
                Err(uninspectable("the connection lets no binary websocket messages through"))
            }
            Class::Binary(_) if self.rules.binary == Binary::Known && !is_known(first, "") => Err(uninspectable(
                "the websocket carries binary messages of no known kind, in which marked values could stand; `mask.binary: scan` lets them through",
            )),
            // Its members are not found between its NULs.
            _ if first.contains(&0) && !self.rules.markings.is_empty() && sniff(first, "").is_text() => {
                Err(uninspectable("the websocket carries text in wide characters, in which marks are not found"))
            }
            Class::Binary(_) => Ok(Message::Binary(Box::new(Scanner::new(&self.masker, first)))),
            Class::Unreadable => Err(uninspectable("the websocket carries text that cannot be read")),
            _ => Ok(Message::Text),
        }
    }

    fn record(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut clear = piece.to_vec();
        if let Some(key) = self.key {
            let keys = key.iter().cycle().skip(self.at % 4);
            clear.iter_mut().zip(keys).for_each(|(byte, key)| *byte ^= key);
            self.at += piece.len();
        }
        let Frame::Data { last } = self.frame else {
            self.masker.mask(&mut clear, Syntax::Text, &mut self.tally);
            return out.extend_from_slice(&clear);
        };
        let (markings, masker) = (&self.rules.markings, &self.masker);
        let (lexer, stream) = self.stream.get_or_insert_with(|| (Lexer::new(markings), masker.stream(Syntax::Text)));
        let mut marked = Vec::with_capacity(clear.len());
        let over = last && self.left == 0;
        if markings.is_empty() {
            marked = clear;
        } else {
            lexer.push(markings, masker, &clear, &mut marked, &mut self.tally);
            if over {
                lexer.finish(markings, masker, &mut marked, &mut self.tally);
            }
        }
        stream.push(&marked, out, &mut self.tally);
        if over {
            stream.finish(out, &mut self.tally);
            self.stream = None;
        }
    }
}

fn uninspectable(message: &str) -> Refusal {
    Refusal::new(Code::Uninspectable, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use masking::Label;

    use super::*;

    fn socket(side: Side) -> Websocket {
        Websocket::new(Arc::new(Masker::new(&[Label::Card])), Arc::default(), side)
    }

    fn all(side: Side, wire: &[u8], step: usize) -> Vec<u8> {
        let (mut socket, mut out) = (socket(side), Vec::new());
        wire.chunks(step).for_each(|piece| socket.pass(piece, &mut out).unwrap());
        out
    }

    fn frame(first: u8, content: &[u8]) -> Vec<u8> {
        [&[first, u8::try_from(content.len()).unwrap()], content].concat()
    }

    #[test]
    fn what_a_target_sends_is_masked_inside_its_frames() {
        let text = b"card 4111111111111111 end";
        let wire = [frame(0x81, text), frame(0x82, &[0, 1, 2])].concat();
        for step in 1..wire.len() {
            let out = all(Side::Target, &wire, step);
            assert_eq!(out.len(), wire.len());
            assert!(!out.windows(16).any(|run| run == b"4111111111111111"), "{step}");
            assert_eq!(out[..7], wire[..7]);
            assert!(out.ends_with(&[0x82, 3, 0, 1, 2]));
        }
    }

    #[test]
    fn a_message_in_fragments_is_read_as_one() {
        let wire = [
            frame(0x01, b"card 4111 11"),
            frame(0x89, b"ping"),
            frame(0x00, b"11 1111 "),
            frame(0x80, b"1111 end"),
            frame(0x88, b"\x03\xe8bye 4111111111111111"),
        ]
        .concat();
        for step in 1..wire.len() {
            let out = all(Side::Target, &wire, step);
            let text = String::from_utf8_lossy(&out).into_owned();
            assert_eq!(out.len(), wire.len(), "{step}");
            assert!(!text.contains("4111") && text.contains("ping") && text.contains("bye"), "{step}: {text}");
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
    fn members_that_are_marked_are_not_recorded_of_what_a_client_sends() {
        let markings = super::super::Markings::new([("ssn", Some(Label::Ssn))]).unwrap();
        let rules = Arc::new(Rules { markings, ..Rules::default() });
        let text = br#"{"ssn":"12","a":"b"}"#;
        let wire = [frame(0x01, &text[..9]), frame(0x80, &text[9..]), frame(0x81, text)].concat();
        for step in 1..wire.len() {
            let mut socket = Websocket::new(Arc::new(Masker::new(&[])), Arc::clone(&rules), Side::Client);
            let mut out = Vec::new();
            wire.chunks(step).for_each(|piece| socket.pass(piece, &mut out).unwrap());
            assert_eq!(out, br#"{"ssn":"**","a":"b"}{"ssn":"**","a":"b"}"#, "{step}");
        }
    }

    #[test]
    fn members_that_are_marked_are_masked_in_what_a_target_sends() {
        let markings = super::super::Markings::new([("pet", Some(Label::Secret))]).unwrap();
        let rules = Arc::new(Rules { markings, binary: Binary::Known, ..Rules::default() });
        let (text, hidden) = (br#"42["a",{"pet":"canary","b":1.5}]"#, br#"42["a",{"pet":"******","b":1.5}]"#);
        let message = |text: &[u8]| [frame(0x01, &text[..17]), frame(0x89, b"ping"), frame(0x80, &text[17..])].concat();
        let wire = [message(text), frame(0x82, text), frame(0x81, br#"{"pet":12"#), message(text)].concat();
        let masked = [message(hidden), frame(0x82, hidden), frame(0x81, br#"{"pet":10"#), message(hidden)].concat();
        for step in 1..wire.len() {
            let mut socket = Websocket::new(Arc::new(Masker::new(&[])), Arc::clone(&rules), Side::Target);
            let mut out = Vec::new();
            wire.chunks(step).for_each(|piece| socket.pass(piece, &mut out).unwrap());
            assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&masked), "{step}");
        }
        for unknown in [&b"\x81\xa3pet\xa6canary\0\x01"[..], b"{\0\"\0p\0e\0t\0\"\0:\0\"\0c\0"] {
            let mut socket = Websocket::new(Arc::new(Masker::new(&[])), Arc::clone(&rules), Side::Target);
            assert!(socket.pass(&frame(0x82, unknown), &mut Vec::new()).is_err());
        }
    }

    #[test]
    fn frames_that_cannot_be_read_do_not_pass() {
        for wire in [
            &[0xc1, 1, 0][..],
            &[0x83, 1, 0],
            &[0x09, 0],
            &[
                0x82, 20, 0, b'4', b'1', b'1', b'1', b' ', b'1', b'1', b'1', b'1', b' ', b'1', b'1', b'1', b'1', b' ',
                b'1', b'1', b'1', b'1',
            ],
        ] {
            assert!(socket(Side::Target).pass(wire, &mut Vec::new()).is_err());
        }
    }
}
