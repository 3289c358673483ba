//! The link between the text that detectors read and the bytes that are sent. They are the same but for odd places: escapes,
//! encodings, characters of another style and characters that cannot be seen. Only odd places are remembered.

use std::collections::VecDeque;

use memchr::memchr_iter;

use crate::lanes::has_none_of;
use crate::stars::{mask_text, mask_zeros, number_mask, stays};
use crate::syntax::Syntax;
use crate::transform::Form;
use crate::unit::{ESCAPE, Reader, Unit, may_be_odd, may_begin, style_length};

/// How many unseen bytes the next character takes along; more of them part what they stand between.
const MOST_UNSEEN: usize = 256;

/// A character of the text that is written otherwise on the wire.
#[derive(Clone, Copy, Debug)]
struct Odd {
    /// Where it stands in all text so far.
    at: usize,
    /// Its bytes in the text.
    length: u8,
    /// Its bytes on the wire.
    width: u32,
}

/// Where text goes.
pub(crate) trait Text {
    fn append(&mut self, bytes: &[u8]);
    fn length(&self) -> usize;
}

impl Text for Vec<u8> {
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn length(&self) -> usize {
        self.len()
    }
}

/// Takes what is received, gives the text of it, and sends either what was received or masks in its place.
pub(crate) struct Surface {
    syntax: Syntax,
    /// Whether only the text is wanted, and nothing will be sent.
    only_text: bool,
    odds: VecDeque<Odd>,
    /// What was received and became text.
    wire: Vec<u8>,
    /// How much of it was sent.
    sent: usize,
    /// How much text was forgotten.
    base: usize,
    /// Received bytes of an unfinished unit, not yet text.
    cut: Vec<u8>,
    /// How many unseen bytes the next character takes along.
    unseen: usize,
    /// Whether what is sent next stands in a JSON string.
    quoted: bool,
    /// All text before was sent: ahead of its own place when a character of several bytes was cut.
    done: usize,
}

impl Surface {
    pub(crate) fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            only_text: false,
            odds: VecDeque::new(),
            wire: Vec::new(),
            sent: 0,
            base: 0,
            cut: Vec::new(),
            unseen: 0,
            quoted: false,
            done: 0,
        }
    }

    /// Appends the text of a whole value.
    pub(crate) fn read(value: &[u8], syntax: Syntax, text: &mut impl Text) {
        let mut surface = Self { only_text: true, ..Self::new(syntax) };
        surface.take_odd(value, text, true);
        surface.settle(text);
    }

    /// Appends a received piece to the text.
    pub(crate) fn take(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        if self.cut.is_empty() && self.unseen == 0 && (self.syntax == Syntax::Number || is_plain(piece)) {
            text.extend_from_slice(piece);
            return self.wire.extend_from_slice(piece);
        }
        self.take_odd(piece, text, false);
    }

    /// Takes unfinished units as what they seem.
    pub(crate) fn settle(&mut self, text: &mut impl Text) {
        self.take_odd(&[], text, true);
        if self.unseen > 0 {
            self.odd(0, &[0], text);
        }
    }

    /// Sends `text[start..end]` as it was received.
    pub(crate) fn clear(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        let start = start.max(self.done.saturating_sub(self.base));
        let (mut at, mut width) = (start, 0);
        while let Some(odd) = self.next_odd(end) {
            let place = odd.at.saturating_sub(self.base).max(at);
            width += place - at + odd.width as usize;
            at = place + usize::from(odd.length);
            self.done = self.base + at;
            // An escaped quote ends no string; it is counted below like the others.
            self.quoted ^= text.get(place) == Some(&b'"');
        }
        width += end.saturating_sub(at);
        if self.syntax == Syntax::Json {
            let quotes = memchr_iter(b'"', text.get(start..end).unwrap_or_default()).count();
            self.quoted ^= quotes % 2 == 1;
        }
        out.extend_from_slice(self.received(width));
    }

    /// Sends `text[start..end]` masked.
    pub(crate) fn mask(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        let mut at = start.max(self.done.saturating_sub(self.base));
        while at < end {
            let odd = self.next_odd(end);
            let place = odd.map_or(end, |odd| odd.at.saturating_sub(self.base).max(at));
            self.mask_plain(text, at, place, out);
            let Some(odd) = odd else { return };
            let from = out.len();
            out.extend_from_slice(self.received(odd.width as usize));
            if !text.get(place).is_some_and(|byte| stays(*byte)) {
                mask_wire(out.get_mut(from..).unwrap_or_default(), self.syntax);
            }
            at = place + usize::from(odd.length);
            self.done = self.base + at;
        }
    }

    /// Sends `made`, which has their length, in place of `text[start..end]`, if these bytes are on the wire what they are in the text.
    pub(crate) fn replace(&mut self, start: usize, end: usize, made: &[u8], out: &mut Vec<u8>) -> bool {
        let (from, to) = (self.base + start, self.base + end);
        let odd = self.odds.iter().take_while(|odd| odd.at < to).any(|odd| odd.at + usize::from(odd.length) > from);
        if odd || self.done > from || made.len() != end - start {
            return false;
        }
        let _received = self.received(end - start);
        out.extend_from_slice(made);
        true
    }

    /// How what is sent next stands in its text.
    pub(crate) fn form(&self) -> Form {
        match self.syntax {
            Syntax::Number => Form::Number,
            Syntax::Json if !self.quoted => Form::Number,
            Syntax::Json | Syntax::Text => Form::Text,
        }
    }

    /// Where `text[at]` begins on the wire, as long as nothing was sent.
    pub(crate) fn origin(&self, at: usize) -> usize {
        let before = self.odds.iter().take_while(|odd| odd.at < at);
        before.fold(at, |origin, odd| origin + odd.width as usize - usize::from(odd.length).min(at - odd.at))
    }

    /// Forgets the first `count` bytes of the text.
    pub(crate) fn forget(&mut self, count: usize) {
        self.base += count;
        self.wire.drain(..self.sent.min(self.wire.len()));
        self.sent = 0;
    }

    /// Gives back memory that a stream under way does not need.
    pub(crate) fn shrink(&mut self, capacity: usize) {
        self.wire.shrink_to(capacity);
        self.odds.shrink_to(capacity);
    }

    /// Takes the next odd place before `text[end]`.
    fn next_odd(&mut self, end: usize) -> Option<Odd> {
        let before = self.base + end;
        self.odds.front().is_some_and(|odd| odd.at < before).then(|| self.odds.pop_front()).flatten()
    }

    /// The next so many bytes of the wire, which are sent now.
    fn received(&mut self, width: usize) -> &[u8] {
        let start = self.sent;
        self.sent += width;
        self.wire.get(start..self.sent.min(self.wire.len())).unwrap_or_default()
    }

    fn take_odd(&mut self, piece: &[u8], text: &mut impl Text, last: bool) {
        let mut joined = std::mem::take(&mut self.cut);
        let wire = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            &joined
        };
        let reader = Reader { wire, json: self.syntax == Syntax::Json, last };
        let mut at = 0;
        while let Some(rest) = wire.get(at..).filter(|rest| !rest.is_empty()) {
            if self.unseen == 0 {
                let raw = next_odd(rest).unwrap_or(rest.len());
                text.append(rest.get(..raw).unwrap_or_default());
                at += raw;
                if at == wire.len() {
                    break;
                }
            }
            let Ok(unit) = reader.unit(at) else { break };
            at += self.take_unit(&unit, wire.get(at..).unwrap_or_default(), text);
        }
        let (whole, cut) = wire.split_at_checked(at).unwrap_or((wire, &[]));
        if !self.only_text {
            self.wire.extend_from_slice(whole);
        }
        self.cut = cut.to_vec();
    }

    /// Appends one unit to the text; returns its width on the wire.
    fn take_unit(&mut self, unit: &Unit, wire: &[u8], text: &mut impl Text) -> usize {
        match unit {
            Unit::Raw(width) => {
                let raw = wire.get(..*width).unwrap_or_default();
                if self.unseen > 0 && raw == b"\"" {
                    // A quote ends a JSON string also after something unseen.
                    self.odd(0, &[0], text);
                }
                if self.unseen == 0 {
                    text.append(raw)
                } else {
                    self.odd(*width, raw, text)
                }
                *width
            }
            Unit::Text { width, text: seen } => {
                self.odd(*width, seen.as_bytes(), text);
                *width
            }
            Unit::Nothing(width) => {
                self.unseen += width;
                if self.unseen > MOST_UNSEEN {
                    self.odd(0, &[0], text);
                }
                *width
            }
        }
    }

    /// Appends what is read where so many bytes of the wire, and the unseen ones before, stand.
    fn odd(&mut self, width: usize, seen: &[u8], text: &mut impl Text) {
        if !self.only_text {
            let width = u32::try_from(self.unseen + width).unwrap_or(u32::MAX);
            let length = u8::try_from(seen.len()).unwrap_or(u8::MAX);
            self.odds.push_back(Odd { at: self.base + text.length(), length, width });
        }
        self.unseen = 0;
        text.append(seen);
    }

    fn mask_plain(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        let from = out.len();
        out.extend_from_slice(self.received(end - start));
        let sent = out.get_mut(from..).unwrap_or_default();
        match self.syntax {
            Syntax::Json => {
                let before = start.checked_sub(1).and_then(|before| text.get(before)).copied();
                self.quoted = mask_json(sent, before, self.quoted);
            }
            Syntax::Text => mask_text(sent),
            Syntax::Number => mask_zeros(sent),
        }
    }
}

/// Masks a part of a JSON text; takes and gives whether it stands in a string.
fn mask_json(bytes: &mut [u8], before: Option<u8>, quoted: bool) -> bool {
    let (mut before, mut quoted) = (before, quoted);
    for byte in bytes {
        let raw = *byte;
        quoted ^= raw == b'"';
        *byte = match raw {
            // A backslash that stands for itself in a string begins no escape.
            b'"' => raw,
            b'\\' if !quoted => raw,
            raw if !quoted => number_mask(raw, before),
            raw if stays(raw) => raw,
            _ => b'*',
        };
        before = Some(raw);
    }
    quoted
}

/// Whether the text of these bytes is certainly the bytes.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.chunks(1024).all(has_no_marks)
}

fn has_no_marks(bytes: &[u8]) -> bool {
    has_none_of(bytes, [b'\\', b'%', b'&', ESCAPE])
}

/// Where the first unit that is not raw may begin.
fn next_odd(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut passed = 0;
    for block in blocks {
        if !has_no_marks(block)
            && let Some(place) = odd_in(bytes, passed, passed + block.len())
        {
            return Some(place);
        }
        passed += block.len();
    }
    odd_in(bytes, passed, passed + rest.len())
}

fn odd_in(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let places = bytes.get(start..end)?.iter().enumerate().filter(|(_, byte)| may_begin(**byte));
    places
        .map(|(place, byte)| (start + place, *byte))
        .find(|(at, byte)| may_be_odd(*byte, bytes.get(at + 1)))
        .map(|(at, _)| at)
}

/// Whether the text of a whole value differs from its bytes.
pub(crate) fn is_odd(value: &[u8], syntax: Syntax) -> bool {
    if syntax == Syntax::Number || is_plain(value) {
        return false;
    }
    let reader = Reader { wire: value, json: syntax == Syntax::Json, last: true };
    let mut at = 0;
    while let Some(raw) = value.get(at..).and_then(next_odd) {
        match reader.unit(at + raw) {
            Ok(Unit::Raw(width)) => at += raw + width,
            _ => return true,
        }
    }
    false
}

/// How long a sequence for colours at the start of `wire` is.
fn style_at(wire: &[u8], syntax: Syntax) -> Option<usize> {
    const SPELT: &[u8] = b"\\u001b";
    let mark = match wire {
        [ESCAPE, ..] => 1,
        [b'\\', ..] if syntax == Syntax::Json => {
            wire.get(..SPELT.len()).filter(|mark| mark.eq_ignore_ascii_case(SPELT))?.len()
        }
        _ => return None,
    };
    Some(mark + style_length(wire.get(mark..)?)?)
}

/// Masks what stands for one character: every byte, but JSON's escapes keep their form, and colours stay.
fn mask_wire(wire: &mut [u8], syntax: Syntax) {
    let mut at = 0;
    while let Some(rest) = wire.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = style_at(rest, syntax) {
            at += length;
            continue;
        }
        at += mask_one(wire.get_mut(at..).unwrap_or_default(), syntax);
    }
}

/// Masks the first byte or escape; returns its width.
fn mask_one(rest: &mut [u8], syntax: Syntax) -> usize {
    match rest {
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
    }
}

impl std::fmt::Debug for Surface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surface").field("odd", &self.odds.len()).finish_non_exhaustive()
    }
}
