//! Hits whose end is not known when they begin: long tokens and private key blocks. They are masked as they arrive, so that
//! nothing is held back for them. A private key block follows RFC 7468, with the header lines of RFC 1421.

/// How a hit goes on.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// As long as bytes are of this class.
    Token(fn(u8) -> bool),
    /// Until the END line of a private key.
    Pem(PemBody),
}

impl Open {
    /// How many of `bytes` belong to the hit, and whether it ends there.
    pub(crate) fn consume(&mut self, bytes: &[u8]) -> (usize, bool) {
        match self {
            Self::Token(class) => match bytes.iter().position(|byte| !class(*byte)) {
                Some(length) => (length, true),
                None => (bytes.len(), false),
            },
            Self::Pem(body) => match bytes.iter().position(|byte| body.ends_at(*byte)) {
                Some(index) => (index + usize::from(!body.stops_before), true),
                None => (bytes.len(), false),
            },
        }
    }
}

/// Base64 characters in a row that make a line look like key material.
const MATERIAL: u32 = 20;

/// Follows a private key block line by line.
///
/// It ends with the dashes after END. Without END it goes on while lines look like key material, and stops after the second line
/// in a row that does not, so that a lone BEGIN line cannot blank a terminal for good.
#[derive(Clone, Debug, Default)]
pub(crate) struct PemBody {
    /// Whether a bare `"` ends the block: the end of a JSON string.
    quote_ends: bool,
    /// Bytes matched of `-----END`, then of the dashes after it.
    matched: usize,
    ended: bool,
    run: u32,
    line: LineKind,
    strikes: u8,
    stops_before: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LineKind {
    #[default]
    Empty,
    Other,
    Material,
}

impl PemBody {
    pub(crate) fn new(quote_ends: bool) -> Self {
        Self { quote_ends, ..Self::default() }
    }

    fn ends_at(&mut self, byte: u8) -> bool {
        if self.quote_ends && byte == b'"' {
            self.stops_before = true;
            return true;
        }
        if byte == b'\n' {
            return self.end_line();
        }
        self.follow_line(byte);
        self.follow_end(byte)
    }

    fn end_line(&mut self) -> bool {
        match self.line {
            LineKind::Material => self.strikes = 0,
            LineKind::Other => self.strikes += 1,
            LineKind::Empty => {}
        }
        self.line = LineKind::Empty;
        self.run = 0;
        self.matched = 0;
        self.ended || self.strikes >= 2
    }

    fn follow_line(&mut self, byte: u8) {
        let in_run = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        self.run = if in_run { self.run.saturating_add(1) } else { 0 };
        if self.run >= MATERIAL {
            self.line = LineKind::Material;
        } else if self.line == LineKind::Empty && !byte.is_ascii_whitespace() {
            self.line = LineKind::Other;
        }
    }

    fn follow_end(&mut self, byte: u8) -> bool {
        const END: &[u8] = b"-----END";
        if self.ended {
            self.matched = if byte == b'-' { self.matched + 1 } else { 0 };
            return self.matched == 5;
        }
        self.matched = match (byte, self.matched) {
            (b'-', matched) if matched <= 5 => (matched + 1).min(5),
            (b'-', _) => 1,
            (byte, matched) if matched >= 5 && END.get(matched) == Some(&byte) => matched + 1,
            _ => 0,
        };
        if self.matched == END.len() {
            (self.ended, self.matched) = (true, 0);
        }
        false
    }
}
