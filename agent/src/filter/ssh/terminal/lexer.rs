//! Bytes of a terminal taken apart: letters, control characters, control sequences and control strings (ECMA-48), on top
//! of the `vte` parser. Strings are told apart here, before the parser, so that they stay bounded. Eight-bit controls become
//! their seven-bit form.

use vte::{Params, Parser, Perform};

/// Longest control sequence that is passed on, in bytes; a longer one is dropped.
const LONGEST: usize = 256;
/// Longest control string that is passed on, in bytes; a longer one is dropped.
const LONGEST_STRING: usize = 4096;

const ESC: u8 = 0x1b;

/// One part of a terminal's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A letter.
    Letter(char),
    /// A control character.
    Control(u8),
    /// `ESC [ .. final`: the private marker or first intermediate, the numbers, the final byte.
    Csi { marker: u8, numbers: Vec<u16>, last: char },
    /// `ESC .. final`.
    Esc { marker: u8, last: u8 },
    /// An operating system command, whole; its text is inside.
    Osc,
    /// Another control string (DCS, SOS, PM, APC).
    Text,
}

/// Takes bytes apart.
#[derive(Default)]
pub(super) struct Lexer {
    parser: Parser,
    raw: Vec<u8>,
    /// The byte that opened the control string that runs.
    string: Option<u8>,
    /// An escape was seen that may begin or end a string.
    escape: bool,
    /// A lead byte that may be the first half of an eight-bit control.
    lead: bool,
    /// Bytes of a UTF-8 character that are still to come.
    more: u8,
    found: Found,
}

#[derive(Default)]
struct Found(Vec<Part>);

impl Lexer {
    /// Takes bytes apart; calls `sink` for each part with the bytes it stands for.
    pub(super) fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Part, &[u8])) {
        for byte in bytes {
            self.byte(*byte, &mut sink);
        }
    }

    fn byte(&mut self, byte: u8, sink: &mut impl FnMut(Part, &[u8])) {
        if self.lead {
            self.lead = false;
            match byte {
                0x80..=0x9f => return self.eight_bit(byte, sink),
                _ => {
                    self.more = u8::from(matches!(byte, 0xa0..=0xbf));
                    self.plain(0xc2, sink);
                }
            }
        }
        match byte {
            0xc2 if self.more == 0 => {
                self.lead = true;
                return;
            }
            0x80..=0x9f if self.more == 0 => return self.eight_bit(byte, sink),
            0x80..=0xbf => self.more = self.more.saturating_sub(1),
            0xc3..=0xdf => self.more = 1,
            0xe0..=0xef => self.more = 2,
            0xf0..=0xf7 => self.more = 3,
            _ => self.more = 0,
        }
        self.plain(byte, sink);
    }

    fn eight_bit(&mut self, byte: u8, sink: &mut impl FnMut(Part, &[u8])) {
        self.plain(ESC, sink);
        self.plain(byte - 0x40, sink);
    }

    fn plain(&mut self, byte: u8, sink: &mut impl FnMut(Part, &[u8])) {
        if self.escape {
            self.escape = false;
            match (byte, self.string) {
                (b'\\', Some(kind)) => return self.end(kind, b"\x1b\\", sink),
                (b']' | b'P' | b'X' | b'^' | b'_', _) => {
                    (self.parser, self.string) = (Parser::new(), Some(byte));
                    self.raw.clear();
                    self.raw.extend([ESC, byte]);
                    return;
                }
                _ => {
                    if self.string.take().is_some() {
                        self.raw.clear();
                    }
                    self.parse(ESC, sink);
                }
            }
        }
        match (byte, self.string) {
            (ESC, _) => self.escape = true,
            (0x07, Some(b']')) => self.end(b']', b"\x07", sink),
            (0x18 | 0x1a, Some(_)) => {
                self.string = None;
                self.raw.clear();
            }
            (_, Some(_)) => {
                if self.raw.len() <= LONGEST_STRING {
                    self.raw.push(byte);
                }
            }
            (_, None) => self.parse(byte, sink),
        }
    }

    fn end(&mut self, kind: u8, terminator: &[u8], sink: &mut impl FnMut(Part, &[u8])) {
        self.string = None;
        if self.raw.len() <= LONGEST_STRING {
            self.raw.extend_from_slice(terminator);
            sink(if kind == b']' { Part::Osc } else { Part::Text }, &self.raw);
        }
        self.raw.clear();
    }

    fn parse(&mut self, byte: u8, sink: &mut impl FnMut(Part, &[u8])) {
        if self.raw.is_empty() && matches!(byte, 0x20..=0x7e) {
            return sink(Part::Letter(char::from(byte)), &[byte]);
        }
        if self.raw.len() <= LONGEST {
            self.raw.push(byte);
        }
        self.parser.advance(&mut self.found, &[byte]);
        if self.found.0.is_empty() {
            return;
        }
        // A control character inside a sequence acts at once, and the sequence goes on.
        let inside = self.raw.first() == Some(&ESC) && self.found.0.iter().all(|part| matches!(part, Part::Control(_)));
        if inside && !matches!(byte, 0x18 | 0x1a) {
            self.raw.pop();
            for part in self.found.0.drain(..) {
                sink(part, &[byte]);
            }
            return;
        }
        let fits = self.raw.len() <= LONGEST;
        let mut raw: &[u8] = if fits { &self.raw } else { &[] };
        for part in self.found.0.drain(..) {
            sink(part, raw);
            raw = &[];
        }
        self.raw.clear();
    }
}

impl Perform for Found {
    fn print(&mut self, c: char) {
        self.0.push(Part::Letter(c));
    }

    fn execute(&mut self, byte: u8) {
        self.0.push(Part::Control(byte));
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, last: char) {
        let numbers = params.iter().filter_map(|group| group.first().copied()).collect();
        self.0.push(Part::Csi { marker: intermediates.first().copied().unwrap_or(0), numbers, last });
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, last: u8) {
        self.0.push(Part::Esc { marker: intermediates.first().copied().unwrap_or(0), last });
    }
}
