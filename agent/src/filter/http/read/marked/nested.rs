//! JSON inside a string: decoded, masked like any other, and put back into the escapes it came in. As many bytes come out as went
//! in; where nothing is marked, the same ones.

use masking::{Masker, Tally};

use super::{Lexer, Markings};

/// How many strings may hold each other; JSON further within is masked whole.
const MAX_WITHIN: u8 = 8;
/// Longest JSON in a string, in bytes, and half as long in each string within; what is longer is masked whole.
const MAX_NESTED: usize = 4 * 1024 * 1024;

/// Follows the content of a string.
#[derive(Default)]
pub(super) struct Nest {
    /// How many strings this one is in.
    within: u8,
    /// Whether nothing but blanks has come.
    blank: bool,
    /// From where JSON begins, as it came.
    raw: Option<Vec<u8>>,
    /// The rest is masked.
    spent: bool,
    /// Strings hold no JSON.
    off: bool,
}

impl Nest {
    /// For strings that hold JSON, unless they hold documents.
    pub(super) fn of(documents: bool) -> Self {
        Self { off: documents, ..Self::default() }
    }

    /// A string begins.
    pub(super) fn begin(&mut self) {
        (self.blank, self.raw, self.spent) = (true, None, false);
    }

    /// Whether this string is in another.
    pub(super) fn is_within(&self) -> bool {
        self.within > 0
    }

    /// For JSON in this string; `None` if that is too far within.
    pub(super) fn deeper(&self, markings: &Markings) -> Option<Lexer> {
        let within = Some(self.within + 1).filter(|within| *within <= MAX_WITHIN)?;
        Some(Lexer { nest: Self { within, ..Self::default() }, ..Lexer::within(markings) })
    }

    /// Content of the string: without escapes, or one whole escape.
    pub(super) fn take(&mut self, part: &[u8], out: &mut Vec<u8>) {
        if self.off {
            return out.extend_from_slice(part);
        }
        if let Some(raw) = &mut self.raw {
            raw.extend_from_slice(part);
            if raw.len() > MAX_NESTED >> self.within {
                out.resize(out.len() + raw.len(), b'*');
                (self.raw, self.spent) = (None, true);
            }
            return;
        }
        if self.spent {
            return out.resize(out.len() + part.len(), b'*');
        }
        let (text, json) = part.split_at(self.begins(part).unwrap_or(part.len()));
        out.extend_from_slice(text);
        if !json.is_empty() {
            self.raw = Some(json.to_vec());
        }
    }

    /// Where JSON begins in a part: at a bracket, or at a quote before anything else.
    fn begins(&mut self, part: &[u8]) -> Option<usize> {
        if part.starts_with(b"\\") {
            let (_, decoded) = unescape(part);
            let [byte] = decoded.bytes() else {
                self.blank = false;
                return None;
            };
            let begins = matches!(byte, b'{' | b'[') || self.blank && *byte == b'"';
            self.blank &= byte.is_ascii_whitespace();
            return begins.then_some(0);
        }
        let at = memchr::memchr2(b'{', b'[', part);
        self.blank &= part.iter().all(u8::is_ascii_whitespace);
        at
    }

    /// The string is over.
    pub(super) fn end(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let Some(raw) = self.raw.take() else { return };
        let Some(mut lexer) = self.deeper(markings) else {
            return out.resize(out.len() + raw.len(), b'*');
        };
        let text = Escaped::of(&raw);
        lexer.within = text.decoded.first() != Some(&b'"');
        let masked = lexer.all(markings, masker, &text.decoded, tally);
        text.put(&raw, &masked, out);
    }

    /// The text ends here, or goes on later: what has come is masked, and all that follows.
    pub(super) fn give_up(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        self.spent |= self.raw.is_some();
        self.end(markings, masker, out, tally);
    }
}

/// A character of a string.
#[derive(Clone, Copy)]
struct Decoded {
    bytes: [u8; 4],
    length: u8,
}

impl Decoded {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn char(char: char) -> Self {
        let mut bytes = [0; 4];
        let length = char.encode_utf8(&mut bytes).len() as u8;
        Self { bytes, length }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// The first character of the content of a string, and how many bytes it takes there.
fn unescape(raw: &[u8]) -> (usize, Decoded) {
    match raw {
        [b'\\', b'u', rest @ ..] => match (unit(rest), rest.get(4..6), rest.get(6..).and_then(unit)) {
            (Some(high @ 0xD800..=0xDBFF), Some(b"\\u"), Some(low @ 0xDC00..=0xDFFF)) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (12, Decoded::char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)))
            }
            (Some(code), ..) => (6, Decoded::char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))),
            (None, ..) => (2, Decoded::byte(b'u')),
        },
        [b'\\', letter, ..] => {
            let byte = match letter {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'b' => 8,
                b'f' => 12,
                other => *other,
            };
            (2, Decoded::byte(byte))
        }
        [byte, ..] => (1, Decoded::byte(*byte)),
        [] => (1, Decoded::byte(b' ')),
    }
}

fn unit(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The content of a string without its escapes.
struct Escaped {
    decoded: Vec<u8>,
    /// How many bytes each character takes with escapes, and without.
    widths: Vec<(u8, u8)>,
}

impl Escaped {
    fn of(raw: &[u8]) -> Self {
        let (mut decoded, mut widths, mut rest) = (Vec::with_capacity(raw.len()), Vec::new(), raw);
        while !rest.is_empty() {
            let (width, char) = unescape(rest);
            decoded.extend_from_slice(char.bytes());
            widths.push((width as u8, char.length));
            rest = rest.get(width..).unwrap_or_default();
        }
        Self { decoded, widths }
    }

    /// Appends what came, with what changed in it.
    fn put(&self, raw: &[u8], masked: &[u8], out: &mut Vec<u8>) {
        if masked == self.decoded {
            return out.extend_from_slice(raw);
        }
        if masked.len() != self.decoded.len() {
            return out.resize(out.len() + raw.len(), b'*');
        }
        let (mut at, mut from) = (0, 0);
        for (width, length) in self.widths.iter().map(|(width, length)| (usize::from(*width), usize::from(*length))) {
            let (before, after) = (self.decoded.get(at..at + length), masked.get(at..at + length));
            let came = raw.get(from..(from + width).min(raw.len())).unwrap_or_default();
            match (after, width) {
                _ if before == after => out.extend_from_slice(came),
                (Some([byte]), 1) if *byte >= b' ' && !b"\"'\\".contains(byte) => out.push(*byte),
                (Some([byte]), 6) => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => out.resize(out.len() + came.len(), b'*'),
            }
            (at, from) = (at + length, from + width);
        }
    }
}
