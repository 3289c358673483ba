//! JSON (RFC 8259) as detectors read it: string escapes decoded, with what each byte of text was on the wire, so that a mask
//! replaces exactly the wire's bytes and never breaks an escape, a quote or a number.

use memchr::memchr;

use crate::transform::{number_mask, stays};

/// Set in a mark when the byte stands inside a string.
const IN_STRING: u8 = 0x80;

/// The wire's side of the text.
#[derive(Default)]
pub(crate) struct JsonView {
    /// For each byte of text: how many wire bytes it stands for, and whether it is inside a string.
    marks: Vec<u8>,
    /// The wire bytes that were not sent yet.
    wire: Vec<u8>,
    /// How many of `wire` were sent.
    sent: usize,
    in_string: bool,
    /// How many bytes at the end of `wire` are an unfinished escape, not yet text.
    cut: usize,
}

impl JsonView {
    pub(crate) fn take(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        self.wire.drain(..self.sent);
        self.sent = 0;
        let from = self.wire.len() - self.cut;
        self.wire.extend_from_slice(piece);
        let wire = std::mem::take(&mut self.wire);
        self.decode(wire.get(from..).unwrap_or_default(), text);
        self.wire = wire;
    }

    pub(crate) fn clear(&mut self, start: usize, end: usize, out: &mut Vec<u8>) {
        let marks = self.marks.get(start..end).unwrap_or_default();
        let width: usize = marks.iter().map(|mark| usize::from(mark & !IN_STRING)).sum();
        out.extend_from_slice(self.wire.get(self.sent..self.sent + width).unwrap_or_default());
        self.sent += width;
    }

    pub(crate) fn mask(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        for at in start..end {
            let (Some(mark), Some(byte)) = (self.marks.get(at).copied(), text.get(at).copied()) else { return };
            let width = usize::from(mark & !IN_STRING);
            let wire = self.wire.get(self.sent..self.sent + width).unwrap_or_default();
            match wire {
                [_] if mark & IN_STRING == 0 => {
                    out.push(number_mask(byte, at.checked_sub(1).and_then(|index| text.get(index)).copied()))
                }
                [raw] => out.push(if stays(*raw) || matches!(raw, b'"' | b'\\') { *raw } else { b'*' }),
                [_, _, _, _, _, _] if !stays(byte) => out.extend_from_slice(br"\u002a"),
                escape => out.extend_from_slice(escape),
            }
            self.sent += width;
        }
    }

    pub(crate) fn forget(&mut self, count: usize) {
        self.marks.drain(..count.min(self.marks.len()));
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.wire.get(self.sent..).unwrap_or_default());
        self.sent = self.wire.len();
        self.cut = 0;
    }

    fn decode(&mut self, mut wire: &[u8], text: &mut Vec<u8>) {
        self.cut = 0;
        while let Some(index) = memchr(b'\\', wire) {
            let (plain, rest) = wire.split_at(index);
            self.plain(plain, text);
            let used = self.escape(rest, text);
            if used == 0 {
                self.cut = rest.len();
                return;
            }
            wire = rest.get(used..).unwrap_or_default();
        }
        self.plain(wire, text);
    }

    fn plain(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        text.extend_from_slice(bytes);
        let mut mark = self.mark(1);
        self.marks.extend(bytes.iter().map(|byte| {
            mark ^= if *byte == b'"' { IN_STRING } else { 0 };
            mark
        }));
        self.in_string = mark & IN_STRING != 0;
    }

    /// Decodes the escape at the start of `wire`; returns its length, 0 if it is not complete.
    fn escape(&mut self, wire: &[u8], text: &mut Vec<u8>) -> usize {
        let Some(kind) = wire.get(1) else { return 0 };
        let simple = match kind {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => return self.code_point(wire, text),
            other => *other,
        };
        self.decoded(&[simple], 2, text)
    }

    fn code_point(&mut self, wire: &[u8], text: &mut Vec<u8>) -> usize {
        let digits = wire.get(2..).unwrap_or_default();
        let valid = digits.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if valid < 4 {
            // Not an escape after all: two bytes that stand for nothing.
            return if digits.len() > valid { self.decoded(&[0], 2, text) } else { 0 };
        }
        let value = digits.iter().take(4).fold(0, |value, byte| value * 16 + (*byte as char).to_digit(16).unwrap_or(0));
        let mut utf8 = [0; 4];
        let decoded = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut utf8);
        self.decoded(decoded.as_bytes(), 6, text)
    }

    fn decoded(&mut self, bytes: &[u8], width: u8, text: &mut Vec<u8>) -> usize {
        text.extend_from_slice(bytes);
        self.marks.push(self.mark(width));
        self.marks.resize(self.marks.len() + bytes.len() - 1, self.mark(0));
        usize::from(width)
    }

    fn mark(&self, width: u8) -> u8 {
        if self.in_string { width | IN_STRING } else { width }
    }
}

impl std::fmt::Debug for JsonView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonView").field("unsent", &(self.wire.len() - self.sent)).finish_non_exhaustive()
    }
}
