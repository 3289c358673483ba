//! One unit of a received text: a character, whatever it is written as. JSON escapes (RFC 8259), then two rounds of percent encoding
//! (RFC 3986), HTML character references and `\u` escapes are taken off, and what remains is read in its plain form. A terminal's
//! sequences for colours are nothing.

pub(crate) use crate::plain::DASH;
use crate::plain::{Plain, plain};

/// How many rounds of wrapping are taken off after the syntax's own escapes.
const ROUNDS: u8 = 2;
/// The longest name of a character reference that is known, in letters.
const LONGEST_NAME: usize = 8;
/// The most digits of a code in braces.
const LONGEST_CODE: usize = 6;
/// What begins a terminal's sequences.
pub(crate) const ESCAPE: u8 = 0x1B;
/// Takes back what stands before it where text is shown, and is as good as nothing where it is not.
const BACKSPACE: u8 = 0x08;
/// The longest of them that is known, in bytes behind its first.
const LONGEST_STYLE: usize = 32;
/// Character references by name for what values are written with.
const NAMED: [(&[u8], u32); 27] = [
    (b"shy", 0xAD),
    (b"zwj", 0x200D),
    (b"zwnj", 0x200C),
    (b"ensp", 0x2002),
    (b"emsp", 0x2003),
    (b"thinsp", 0x2009),
    (b"NoBreak", 0x2060),
    (b"commat", 0x40),
    (b"period", 0x2E),
    (b"nbsp", 0x20),
    (b"hyphen", 0x2D),
    (b"dash", 0x2D),
    (b"ndash", 0x2013),
    (b"mdash", 0x2013),
    (b"minus", 0x2013),
    (b"lowbar", 0x5F),
    (b"plus", 0x2B),
    (b"colon", 0x3A),
    (b"sol", 0x2F),
    (b"amp", 0x26),
    (b"quot", 0x22),
    (b"apos", 0x27),
    (b"equals", 0x3D),
    (b"num", 0x23),
    (b"lpar", 0x28),
    (b"rpar", 0x29),
    (b"percnt", 0x25),
];

/// What stands at a place of the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// So many bytes that are what they seem.
    Raw(usize),
    /// So many bytes that stand for other text.
    Text { width: usize, text: Utf8 },
    /// So many bytes of which nothing can be seen.
    Nothing(usize),
}

/// The text of one character.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Utf8 {
    bytes: [u8; 4],
    length: usize,
}

impl Utf8 {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn of(code: u32) -> Self {
        let mut bytes = [0; 4];
        let length = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The wire ends inside the unit, and more may come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut;

/// Whether a unit that is not raw can begin with this byte.
pub(crate) fn may_begin(byte: u8) -> bool {
    BEGINS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether a unit that is not raw can begin with these two bytes: of the Japanese characters hardly any does.
pub(crate) fn may_be_odd(byte: u8, next: Option<&u8>) -> bool {
    byte != 0xE3 || next.is_none_or(|next| matches!(next, 0x80 | 0x85))
}

/// Looked up, because texts with an odd place are searched byte by byte.
static BEGINS: [bool; 256] = begins();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn begins() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(
            byte,
            0x00 | 0x08 | 0x1B | 0x25 | 0x26 | 0x5C | 0xC2 | 0xCC | 0xCD | 0xD8 | 0xD9 | 0xDB | 0xDF
                ..=0xE3 | 0xEA | 0xEF | 0xF0 | 0xF3
        );
        byte += 1;
    }
    table
}

/// Reads units of a wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) wire: &'a [u8],
    /// Whether the wire is JSON.
    pub(crate) json: bool,
    /// Whether nothing comes after the wire.
    pub(crate) last: bool,
}

/// A character's code and how many bytes of the wire it takes; an invalid byte has its value above all codes.
type Code = (u32, usize);
const INVALID: u32 = 0x0011_0000;

impl Reader<'_> {
    /// The unit at `at`, which is inside the wire.
    pub(crate) fn unit(&self, at: usize) -> Result<Unit, Cut> {
        if let Some(unit) = self.glance(at) {
            return Ok(unit);
        }
        let (code, width) = self.code(at, 1 + ROUNDS)?;
        if code == u32::from(ESCAPE)
            && let Some(length) = self.style(at + width)?
        {
            return Ok(Unit::Nothing(width + length));
        }
        Ok(self.seen(at, (code, width)))
    }

    /// How long the rest of a terminal's sequence for colours, or for the rest of a line, is that goes on at `at` (ECMA-48, SGR and EL).
    fn style(&self, at: usize) -> Result<Option<usize>, Cut> {
        let rest = self.wire.get(at..).unwrap_or_default();
        match style_length(rest) {
            Some(length) => Ok(Some(length)),
            None if rest.len() < LONGEST_STYLE && !self.last && rest.iter().skip(1).all(|byte| is_parameter(*byte)) => {
                if rest.first().is_none_or(|byte| *byte == b'[') {
                    Err(Cut)
                } else {
                    Ok(None)
                }
            }
            None => Ok(None),
        }
    }

    /// How a code that is spelt at `at` is read.
    fn seen(&self, at: usize, (code, width): Code) -> Unit {
        let seen = if (0x80..INVALID).contains(&code) { plain(code) } else { Plain::Same };
        match seen {
            Plain::Nothing => Unit::Nothing(width),
            Plain::As(byte) => Unit::Text { width, text: Utf8::byte(byte) },
            Plain::Same if code == 0 || code == u32::from(BACKSPACE) => Unit::Nothing(width),
            Plain::Same if code >= INVALID || self.is_raw(at, code, width) => Unit::Raw(width),
            Plain::Same => Unit::Text { width, text: Utf8::of(code) },
        }
    }

    /// The unit at `at` if it can be told without following what may be wrapped in it: most marks begin nothing, most escapes of
    /// JSON are one letter or one code, and no character beyond ASCII begins anything.
    fn glance(&self, at: usize) -> Option<Unit> {
        let (mark, next) = match self.wire.get(at..)? {
            [0x80..=0xFF, ..] => return Some(self.seen(at, self.character(at).ok()?)),
            [0 | BACKSPACE, ..] => return Some(Unit::Nothing(1)),
            [b'\\', b'u', digits @ ..] if self.json => {
                let code = short_code(digits.first_chunk()?).filter(|code| *code != u32::from(ESCAPE))?;
                return Some(self.seen(at, (code, 6)));
            }
            [mark, next, ..] => (*mark, *next),
            _ => return None,
        };
        // What follows may be wrapped itself.
        let wrapped = matches!(next, b'%' | b'&' | b'\\');
        let begins = match mark {
            b'\\' if self.json => {
                let code = match next {
                    b'\\' if self.begins_nothing(at + 2) => b'\\',
                    b'b' => return Some(Unit::Nothing(2)),
                    next => simple_escape(next)?,
                };
                return Some(Unit::Text { width: 2, text: Utf8::byte(code) });
            }
            b'\\' => matches!(next, b'u' | b'U' | b'x' | b'0' | b'1' | b'\n' | b'\r'),
            b'%' => next.is_ascii_hexdigit() || next == b'u',
            b'&' => self.may_be_reference(at + 1),
            _ => return None,
        };
        (!begins && !wrapped).then_some(Unit::Raw(1))
    }

    /// Whether what stands at `at`, behind a backslash, makes no escape of it, as one byte or two can tell.
    fn begins_nothing(&self, at: usize) -> bool {
        let is_wrapped = |byte: &u8| matches!(byte, b'\\' | b'%' | b'&');
        match self.wire.get(at..).unwrap_or_default() {
            [b'u', b'{', ..] => false,
            [b'u' | b'U' | b'x', next, ..] => !next.is_ascii_hexdigit() && !is_wrapped(next),
            [b'0' | b'1', next, ..] => !matches!(next, b'0'..=b'7') && !is_wrapped(next),
            [b'\n' | b'\r', ..] => false,
            [next, ..] => !matches!(next, b'u' | b'U' | b'x' | b'0' | b'1') && !is_wrapped(next),
            [] => false,
        }
    }

    /// Whether what stands at `at`, behind an ampersand, can be the rest of a reference.
    fn may_be_reference(&self, at: usize) -> bool {
        let name = self.wire.get(at..).unwrap_or_default();
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
        let length = name.iter().take(LONGEST_NAME + 2).take_while(is_name).count();
        let ends = |end: &u8| name.first() == Some(&b'#') && ends_number(u32::from(*end));
        length < LONGEST_NAME + 2
            && name.get(length).is_none_or(|end| matches!(end, b';' | b'%' | b'&' | b'\\') || ends(end))
    }

    /// Whether the code is spelt as itself.
    fn is_raw(&self, at: usize, code: u32, width: usize) -> bool {
        match self.wire.get(at) {
            Some(byte) if *byte < 0x80 => width == 1 && u32::from(*byte) == code,
            _ => width <= 4 && self.wire.get(at + width - 1).is_some_and(|byte| *byte >= 0x80),
        }
    }

    /// The character at `at` with so many levels of wrapping taken off.
    fn code(&self, at: usize, level: u8) -> Result<Code, Cut> {
        let Some(below) = level.checked_sub(1) else { return self.character(at) };
        let first = self.code(at, below)?;
        let unwrapped = match (below, char::from_u32(first.0)) {
            (0, Some('\\')) if self.json => self.json_escape(at)?,
            (0, _) => None,
            (_, Some('%')) => self.percent(at, first.1, below)?,
            (_, Some('&')) => self.reference(at, first.1, below)?,
            (_, Some('\\')) => self.backslash(at, first.1, below)?,
            _ => None,
        };
        Ok(unwrapped.unwrap_or(first))
    }

    /// As `code`; `None` past the end of a finished wire.
    fn next(&self, at: usize, level: u8) -> Result<Option<Code>, Cut> {
        if at < self.wire.len() {
            return self.code(at, level).map(Some);
        }
        if self.last { Ok(None) } else { Err(Cut) }
    }

    /// The UTF-8 character at `at`.
    fn character(&self, at: usize) -> Result<Code, Cut> {
        let first = self.wire.get(at).copied().unwrap_or_default();
        let length = match first {
            0..0x80 => return Ok((u32::from(first), 1)),
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return Ok((INVALID + u32::from(first), 1)),
        };
        let bytes = self.wire.get(at..(at + length).min(self.wire.len())).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok((text.chars().next().map_or(INVALID, u32::from), bytes.len())),
            Err(error) if error.error_len().is_none() && !self.last => Err(Cut),
            Err(_) => Ok((INVALID + u32::from(first), 1)),
        }
    }

    /// An escape of a JSON string.
    fn json_escape(&self, at: usize) -> Result<Option<Code>, Cut> {
        let Some((kind, _)) = self.next(at + 1, 0)? else { return Ok(None) };
        let simple = match (u8::try_from(kind).ok().and_then(simple_escape), char::from_u32(kind)) {
            (Some(simple), _) => u32::from(simple),
            (None, Some('u')) => return self.json_code(at).map(Some),
            (None, Some(_)) if kind < 0x80 => kind,
            _ => return Ok(None),
        };
        Ok(Some((simple, 2)))
    }

    fn json_code(&self, at: usize) -> Result<Code, Cut> {
        // Not an escape after all: two bytes that stand for nothing.
        let Some((high, width)) = self.hex(at + 2, 4, 0)? else { return Ok((0, 2)) };
        if !(0xD800..0xDC00).contains(&high) {
            return Ok((high, 2 + width));
        }
        let mark = (self.next(at + 6, 0)?, self.next(at + 7, 0)?);
        if mark == (Some((u32::from(b'\\'), 1)), Some((u32::from(b'u'), 1)))
            && let Some((low @ 0xDC00..0xE000, _)) = self.hex(at + 8, 4, 0)?
        {
            return Ok((0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12));
        }
        Ok((high, 6))
    }

    /// So many hexadecimal digits from `at`, with how many bytes they take.
    fn hex(&self, at: usize, count: usize, level: u8) -> Result<Option<Code>, Cut> {
        let (mut value, mut width) = (0, 0);
        for _ in 0..count {
            let Some((code, used)) = self.next(at + width, level)? else { return Ok(None) };
            let Some(digit) = char::from_u32(code).and_then(|digit| digit.to_digit(16)) else { return Ok(None) };
            value = value * 16 + digit;
            width += used;
        }
        Ok(Some((value, width)))
    }

    /// A percent-encoded character, of one to four bytes in UTF-8.
    fn percent(&self, at: usize, mark: usize, level: u8) -> Result<Option<Code>, Cut> {
        // As JavaScript's `escape` writes it.
        if self.next(at + mark, level)?.is_some_and(|(next, _)| next == u32::from(b'u')) {
            let used = self.next(at + mark, level)?.map_or(1, |(_, width)| width);
            let digits = self.hex(at + mark + used, 4, level)?;
            return Ok(digits.filter(|(code, _)| *code >= 0x20).map(|(code, width)| (code, mark + used + width)));
        }
        let Some((first, mut width)) = self.hex(at + mark, 2, level)? else { return Ok(None) };
        width += mark;
        let (more, mut value) = match first {
            0..0x80 => return Ok(Some((first, width))),
            0xC2..0xE0 => (1, first & 0x1F),
            0xE0..0xF0 => (2, first & 0x0F),
            0xF0..0xF5 => (3, first & 0x07),
            _ => return Ok(None),
        };
        for _ in 0..more {
            let Some((0x25, used)) = self.next(at + width, level)? else { return Ok(None) };
            let Some((byte @ 0x80..0xC0, digits)) = self.hex(at + width + used, 2, level)? else { return Ok(None) };
            value = value << 6 | (byte & 0x3F);
            width += used + digits;
        }
        Ok(Some((value, width)))
    }

    /// An HTML character reference: `&#64;`, `&#x40;`, `&commat;`.
    fn reference(&self, at: usize, mark: usize, level: u8) -> Result<Option<Code>, Cut> {
        let mut name = [0; LONGEST_NAME + 1];
        let (mut length, mut width) = (0, mark);
        loop {
            // Browsers read a number without its end, too.
            let is_number = name.first() == Some(&b'#') && length > 2;
            let Some((code, used)) = self.next(at + width, level)? else {
                if is_number { break } else { return Ok(None) }
            };
            if is_number && ends_number(code) {
                break;
            }
            width += used;
            match (u8::try_from(code), name.get_mut(length)) {
                (Ok(b';'), _) => break,
                (Ok(byte), Some(slot)) if byte.is_ascii_alphanumeric() || (byte == b'#' && length == 0) => *slot = byte,
                _ => return Ok(None),
            }
            length += 1;
        }
        let name = name.get(..length).unwrap_or_default();
        let value = match name {
            [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
            [b'#', digits @ ..] => number(digits, 10),
            _ => NAMED.iter().find(|known| known.0 == name).map(|known| known.1),
        };
        Ok(value.map(|value| (value, width)))
    }

    /// The three octal digits of `\100` in a text: a letter, a digit or a mark.
    fn octal(&self, at: usize, level: u8) -> Result<Option<Code>, Cut> {
        let (mut value, mut width) = (0, 0);
        for _ in 0..3 {
            let Some((code, used)) = self.next(at + width, level)? else { return Ok(None) };
            let Some(digit) = char::from_u32(code).and_then(|digit| digit.to_digit(8)) else { return Ok(None) };
            value = value * 8 + digit;
            width += used;
        }
        Ok((0x20..0x7F).contains(&value).then_some((value, width)))
    }

    /// The digits and the brace of `\u{40}` in a text.
    fn braced(&self, at: usize, level: u8) -> Result<Option<Code>, Cut> {
        let (mut value, mut width) = (0_u32, 0);
        for place in 0..=LONGEST_CODE {
            let Some((code, used)) = self.next(at + width, level)? else { return Ok(None) };
            width += used;
            match char::from_u32(code) {
                Some('}') => return Ok((place > 0).then_some((value, width))),
                Some(digit) if digit.is_ascii_hexdigit() && place < LONGEST_CODE => {
                    value = value * 16 + digit.to_digit(16).unwrap_or_default();
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// `\u0040`, `\u{40}` or `\x40` in a text.
    fn backslash(&self, at: usize, mark: usize, level: u8) -> Result<Option<Code>, Cut> {
        let Some((kind, used)) = self.next(at + mark, level)? else { return Ok(None) };
        let count = match char::from_u32(kind) {
            Some('u') if self.next(at + mark + used, level)?.is_some_and(|(next, _)| next == u32::from(b'{')) => {
                let open = self.next(at + mark + used, level)?.map_or(1, |(_, width)| width);
                let braced = self.braced(at + mark + used + open, level)?;
                let whole = braced.filter(|(code, _)| char::from_u32(*code).is_some_and(|it| it >= ' '));
                return Ok(whole.map(|(code, width)| (code, mark + used + open + width)));
            }
            Some('u') => 4,
            Some('U') => 8,
            Some('x') => 2,
            // A line that goes on in the next one.
            Some('\n') => return Ok(Some((0, mark + used))),
            Some('\r') => {
                let end = self.next(at + mark + used, level)?.filter(|(next, _)| *next == u32::from(b'\n'));
                return Ok(end.map(|(_, width)| (0, mark + used + width)));
            }
            Some('0' | '1') => {
                return self.octal(at + mark, level).map(|code| code.map(|(code, used)| (code, mark + used)));
            }
            _ => return Ok(None),
        };
        let digits = self.hex(at + mark + used, count, level)?;
        Ok(digits.filter(|(code, _)| (0x20..INVALID).contains(code)).map(|(code, width)| (code, mark + used + width)))
    }
}

/// What cannot belong to a number in a character reference.
fn ends_number(code: u32) -> bool {
    matches!(char::from_u32(code), Some('&' | '<' | ' ' | '"' | '\'' | '\n' | '\r' | ')' | ','))
}

/// How long the rest of a sequence for colours at the start of `rest` is.
pub(crate) fn style_length(rest: &[u8]) -> Option<usize> {
    let parameters = rest.strip_prefix(b"[")?;
    let length = parameters.iter().take(LONGEST_STYLE).take_while(|byte| is_parameter(**byte)).count();
    matches!(parameters.get(length), Some(b'm' | b'K')).then_some(length + 2)
}

fn is_parameter(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b';' | b':')
}

/// The code of four hexadecimal digits, if it is a whole character that begins nothing.
fn short_code(digits: &[u8; 4]) -> Option<u32> {
    let digit = |code: Option<u32>, byte: &u8| Some(code? << 4 | char::from(*byte).to_digit(16)?);
    let code = digits.iter().fold(Some(0), digit)?;
    let follows = (0xD800..0xE000).contains(&code) || matches!(code, 0x25 | 0x26 | 0x5C);
    (!follows).then_some(code)
}

/// What an escape of one letter or mark stands for in JSON, but for the backslash, which may begin more.
fn simple_escape(kind: u8) -> Option<u8> {
    Some(match kind {
        b'n' => 0x0A,
        b't' => 0x09,
        b'r' => 0x0D,
        b'b' => BACKSPACE,
        b'f' => 0x0C,
        b'"' | b'/' => kind,
        _ => return None,
    })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let value = |value: u32, byte: &u8| Some(value.checked_mul(radix)? + char::from(*byte).to_digit(radix)?);
    digits.iter().try_fold(0, value).filter(|value| !digits.is_empty() && char::from_u32(*value).is_some())
}
