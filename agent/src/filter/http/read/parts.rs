//! The parts of a multipart message (RFC 2046), each with JSON of its own: what a boundary ends does not go on in the next.

use masking::{Masker, Tally};

use super::marked::{Lexer, Markings};

/// The longest boundary.
const MAX_BOUNDARY: usize = 70;

/// Follows marked JSON in text that may be in parts.
pub(super) struct Parts {
    lexer: Lexer,
    /// What a line begins with that ends a part; empty if the text is in one.
    delimiter: Vec<u8>,
    /// The beginning of a line, while it may be a delimiter.
    line: Option<Vec<u8>>,
    /// Whether it is in the head of a part.
    head: bool,
}

impl Parts {
    /// For text with this label.
    pub(super) fn new(markings: &Markings, label: &str) -> Self {
        let boundary = boundary(label).map(|boundary| format!("--{boundary}").into_bytes());
        Self {
            lexer: Lexer::within(markings),
            delimiter: boundary.unwrap_or_default(),
            line: Some(Vec::new()),
            head: true,
        }
    }

    pub(super) fn push(&mut self, rules: (&Markings, &Masker), text: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        if self.delimiter.is_empty() || rules.0.is_empty() {
            return self.lexer.push(rules.0, rules.1, text, out, tally);
        }
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            self.piece(rules, piece, out, tally);
            if piece.ends_with(b"\n") {
                self.begun(rules, out, tally);
                self.line = Some(Vec::new());
            }
        }
    }

    /// A line or a part of one.
    fn piece(&mut self, rules: (&Markings, &Masker), piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        match &mut self.line {
            Some(line) => {
                line.extend_from_slice(piece);
                if line.len() >= self.delimiter.len() {
                    self.begun(rules, out, tally);
                }
            }
            None => self.lexer.push(rules.0, rules.1, piece, out, tally),
        }
    }

    /// It is known whether the line is a delimiter.
    fn begun(&mut self, rules: (&Markings, &Masker), out: &mut Vec<u8>, tally: &mut Tally) {
        let Some(line) = self.line.take() else { return };
        let delimits = line.starts_with(&self.delimiter);
        if delimits || self.head && matches!(line.as_slice(), b"\n" | b"\r\n") {
            self.head = delimits;
            self.lexer.finish(rules.0, rules.1, out, tally);
            self.lexer = Lexer::within(rules.0);
        }
        self.lexer.push(rules.0, rules.1, &line, out, tally);
    }

    pub(super) fn finish(&mut self, rules: (&Markings, &Masker), out: &mut Vec<u8>, tally: &mut Tally) {
        self.begun(rules, out, tally);
        self.lexer.finish(rules.0, rules.1, out, tally);
    }
}

fn boundary(label: &str) -> Option<&str> {
    let mut fields = label.split(';').map(str::trim);
    fields.next().filter(|media| media.to_ascii_lowercase().starts_with("multipart/"))?;
    let value = fields.find_map(|field| {
        let (name, value) = field.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    value.filter(|value| !value.is_empty() && value.len() <= MAX_BOUNDARY)
}
