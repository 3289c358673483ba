//! The link between the text that detectors read and the bytes that are sent. They are the same but for odd places: escapes,
//! encodings, characters of another style and characters that cannot be seen. Only odd places are remembered.

use std::collections::VecDeque;

use memchr::memchr_iter;

use crate::syntax::Syntax;
use crate::transform::{mask_text, mask_zeros, number_mask, stays};
use crate::unit::{Reader, Unit, may_begin};

/// How many unseen bytes the next character takes along; more of them part what they stand between.
const MOST_UNSEEN: usize = 256;

/// A character of the text that is written otherwise on the wire.
#[derive(Clone, Copy, Debug)]
struct Odd {
    /// Where it stands in all text so far.
    at: usize,
    /// Its bytes in the text.
    length: usize,
    /// Its bytes on the wire.
    width: usize,
}

/// Takes what is received, gives the text of it, and sends either what was received or masks in its place.
pub(crate) struct Surface {
    syntax: Syntax,
    odds: VecDeque<Odd>,
    /// The wire's bytes of the odd places, in order.
    wire: VecDeque<u8>,
    /// How much text was forgotten.
    base: usize,
    /// Received bytes of an unfinished unit, not yet text.
    cut: Vec<u8>,
    /// Unseen bytes that the next character takes along.
    unseen: Vec<u8>,
    /// Whether what is sent next stands in a JSON string.
    quoted: bool,
    /// All text before was sent: ahead of its own place when a character of several bytes was cut.
    done: usize,
}

impl Surface {
    pub(crate) fn new(syntax: Syntax) -> Self {
        let (odds, wire, cut, unseen) = (VecDeque::new(), VecDeque::new(), Vec::new(), Vec::new());
        Self { syntax, odds, wire, base: 0, cut, unseen, quoted: false, done: 0 }
    }

    /// Appends a received piece to the text.
    pub(crate) fn take(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        if self.cut.is_empty() && self.unseen.is_empty() && (self.syntax == Syntax::Number || is_plain(piece)) {
            text.extend_from_slice(piece);
            return;
        }
        self.take_odd(piece, text, false);
    }

    /// Takes unfinished units as what they seem.
    pub(crate) fn settle(&mut self, text: &mut Vec<u8>) {
        self.take_odd(&[], text, true);
        if !self.unseen.is_empty() {
            self.odd(&[], &[0], text);
        }
    }

    /// Sends `text[start..end]` as it was received.
    pub(crate) fn clear(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        self.send(text, start, end, false, out);
    }

    /// Sends `text[start..end]` masked.
    pub(crate) fn mask(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        self.send(text, start, end, true, out);
    }

    /// Where `text[at]` begins on the wire, as long as nothing was sent.
    pub(crate) fn origin(&self, at: usize) -> usize {
        let before = self.odds.iter().take_while(|odd| odd.at < at);
        before.fold(at, |origin, odd| origin + odd.width - odd.length.min(at - odd.at))
    }

    /// Forgets the first `count` bytes of the text.
    pub(crate) fn forget(&mut self, count: usize) {
        self.base += count;
    }

    fn take_odd(&mut self, piece: &[u8], text: &mut Vec<u8>, last: bool) {
        let mut joined = std::mem::take(&mut self.cut);
        let wire = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            &joined
        };
        let reader = Reader { wire, json: self.syntax == Syntax::Json, last };
        let mut at = 0;
        while at < wire.len() {
            let rest = wire.get(at..).unwrap_or_default();
            let raw = if self.unseen.is_empty() {
                rest.iter().position(|byte| may_begin(*byte)).unwrap_or(rest.len())
            } else {
                0
            };
            text.extend_from_slice(rest.get(..raw).unwrap_or_default());
            at += raw;
            if at == wire.len() {
                break;
            }
            let Ok(unit) = reader.unit(at) else { break };
            at += self.take_unit(unit, wire.get(at..).unwrap_or_default(), text);
        }
        self.cut = wire.get(at..).unwrap_or_default().to_vec();
    }

    /// Appends one unit to the text; returns its width on the wire.
    fn take_unit(&mut self, unit: Unit, wire: &[u8], text: &mut Vec<u8>) -> usize {
        match unit {
            Unit::Raw(width) => {
                let raw = wire.get(..width).unwrap_or_default();
                if !self.unseen.is_empty() && raw == b"\"" {
                    // A quote ends a JSON string also after something unseen.
                    self.odd(&[], &[0], text);
                }
                if self.unseen.is_empty() {
                    text.extend_from_slice(raw)
                } else {
                    self.odd(raw, raw, text)
                }
                width
            }
            Unit::Text { width, text: seen } => {
                self.odd(wire.get(..width).unwrap_or_default(), seen.as_bytes(), text);
                width
            }
            Unit::Nothing(width) => {
                self.unseen.extend_from_slice(wire.get(..width).unwrap_or_default());
                if self.unseen.len() > MOST_UNSEEN {
                    self.odd(&[], &[0], text);
                }
                width
            }
        }
    }

    fn odd(&mut self, wire: &[u8], seen: &[u8], text: &mut Vec<u8>) {
        self.odds.push_back(Odd {
            at: self.base + text.len(),
            length: seen.len(),
            width: self.unseen.len() + wire.len(),
        });
        self.wire.extend(self.unseen.drain(..));
        self.wire.extend(wire);
        text.extend_from_slice(seen);
    }

    fn send(&mut self, text: &[u8], start: usize, end: usize, masked: bool, out: &mut Vec<u8>) {
        let mut at = start.max(self.done.saturating_sub(self.base));
        while at < end {
            let odd = self.odds.front().copied().filter(|odd| odd.at < self.base + end);
            let next = odd.map_or(end, |odd| odd.at.saturating_sub(self.base).max(at));
            self.send_plain(text, at, next, masked, out);
            let Some(odd) = odd else { return };
            self.odds.pop_front();
            let from = out.len();
            out.extend(self.wire.drain(..odd.width.min(self.wire.len())));
            if masked && !text.get(next).is_some_and(|byte| stays(*byte)) {
                mask_wire(out.get_mut(from..).unwrap_or_default(), self.syntax);
            }
            at = next + odd.length;
            self.done = self.base + at;
        }
    }

    fn send_plain(&mut self, text: &[u8], start: usize, end: usize, masked: bool, out: &mut Vec<u8>) {
        let from = out.len();
        let plain = text.get(start..end).unwrap_or_default();
        out.extend_from_slice(plain);
        let sent = out.get_mut(from..).unwrap_or_default();
        match self.syntax {
            Syntax::Json if masked => {
                self.mask_json(sent, start.checked_sub(1).and_then(|before| text.get(before)).copied())
            }
            Syntax::Json => self.quoted ^= memchr_iter(b'"', plain).count() % 2 == 1,
            Syntax::Text if masked => mask_text(sent),
            Syntax::Number if masked => mask_zeros(sent),
            Syntax::Text | Syntax::Number => {}
        }
    }

    fn mask_json(&mut self, bytes: &mut [u8], before: Option<u8>) {
        let mut before = before;
        for byte in bytes {
            let raw = *byte;
            self.quoted ^= raw == b'"';
            *byte = match raw {
                b'"' | b'\\' => raw,
                raw if !self.quoted => number_mask(raw, before),
                raw if stays(raw) => raw,
                _ => b'*',
            };
            before = Some(raw);
        }
    }
}

/// Whether the text of these bytes is certainly the bytes.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an early end this is a handful of vector instructions for each 16 bytes.
    let odd = |byte: &u8| {
        u8::from(*byte >= 0x80) | u8::from(*byte == b'\\') | u8::from(*byte == b'%') | u8::from(*byte == b'&')
    };
    bytes.chunks(1024).all(|chunk| chunk.iter().fold(0, |any, byte| any | odd(byte)) == 0)
}

/// Whether the text of a whole value differs from its bytes.
pub(crate) fn is_odd(value: &[u8], syntax: Syntax) -> bool {
    if syntax == Syntax::Number || is_plain(value) {
        return false;
    }
    let reader = Reader { wire: value, json: syntax == Syntax::Json, last: true };
    let mut at = 0;
    while let Some(raw) = value.get(at..).and_then(|rest| rest.iter().position(|byte| may_begin(*byte))) {
        match reader.unit(at + raw) {
            Ok(Unit::Raw(width)) => at += raw + width,
            _ => return true,
        }
    }
    false
}

/// Masks what stands for one character: every byte, but JSON's escapes keep their form.
fn mask_wire(wire: &mut [u8], syntax: Syntax) {
    let mut at = 0;
    while let Some(rest) = wire.get_mut(at..).filter(|rest| !rest.is_empty()) {
        at += match rest {
            [b'\\', b'u', a, b, c, d, ..] if syntax == Syntax::Json => {
                [*a, *b, *c, *d] = *b"002a";
                6
            }
            [b'\\', _, ..] if syntax == Syntax::Json => 2,
            [byte, ..] => {
                *byte = if stays(*byte) || (syntax == Syntax::Json && *byte == b'"') { *byte } else { b'*' };
                1
            }
            [] => 1,
        };
    }
}

impl std::fmt::Debug for Surface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surface").field("odd", &self.odds.len()).finish_non_exhaustive()
    }
}
