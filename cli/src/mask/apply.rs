//! The filter: each line goes out masked as soon as it is whole, so that it works inside a pipe, and whatever the lines before it
//! said. Bytes that are no text pass as they are; a private key is masked across its lines.

use std::io::{self, BufRead, Write};

use masking::{Masker, StreamMasker, Syntax, Tally};

/// The most that is looked at in one go, in bytes: a line without an end does not grow.
const PIECE: usize = 64 * 1024;

/// Masks everything from `input` to `output`.
///
/// # Errors
/// What reading or writing says.
pub(super) fn filter(masker: &Masker, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let (mut lines, mut line) = (Lines::new(masker), Vec::new());
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        let end = memchr::memchr(b'\n', piece).map(|end| end + 1);
        let taken = end.unwrap_or(piece.len()).min(PIECE);
        line.extend_from_slice(piece.get(..taken).unwrap_or_default());
        let (whole, last) = (end == Some(taken), taken == piece.len());
        input.consume(taken);
        if whole || line.len() >= PIECE {
            lines.push(&mut line, whole);
        }
        if last {
            lines.write(&mut output)?;
        }
    }
    lines.push(&mut line, true);
    lines.end();
    lines.write(&mut output)
}

/// Lines, each masked by itself.
struct Lines<'a> {
    masker: &'a Masker,
    /// What masks the rest of a line that is too long to be masked at once, or of a key.
    stream: Option<StreamMasker>,
    /// Lines belong to a private key that is not over.
    key: bool,
    tally: Tally,
    out: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn new(masker: &'a Masker) -> Self {
        Self { masker, stream: None, key: false, tally: Tally::default(), out: Vec::new() }
    }

    /// Takes a line, or a part of one that is not `whole`, out of `line`.
    fn push(&mut self, line: &mut Vec<u8>, whole: bool) {
        let begins = begins_key(line);
        self.key |= begins;
        if whole && self.stream.is_none() && !self.key {
            self.masker.mask(line, Syntax::Text, &mut self.tally);
            self.out.append(line);
            return;
        }
        let stream = self.stream.get_or_insert_with(|| self.masker.stream(Syntax::Text));
        stream.push(line, &mut self.out, &mut self.tally);
        self.key &= !ends_key(line);
        line.clear();
        if whole && !self.key {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some(mut stream) = self.stream.take() {
            stream.finish(&mut self.out, &mut self.tally);
        }
        self.key = false;
    }

    fn write(&mut self, output: &mut impl Write) -> io::Result<()> {
        output.write_all(&self.out)?;
        self.out.clear();
        output.flush()
    }
}

/// Whether a key begins on a line, whose armour says so (RFC 7468, RFC 9580).
fn begins_key(line: &[u8]) -> bool {
    let place = memchr::memmem::find(line, b"-----BEGIN ");
    place.and_then(|place| line.get(place..)).is_some_and(|rest| memchr::memmem::find(rest, b"PRIVATE KEY").is_some())
}

/// Whether it ends there: the last armour on the line is the one at an end.
fn ends_key(line: &[u8]) -> bool {
    let end = memchr::memmem::rfind(line, b"-----END ");
    end.is_some() && end > memchr::memmem::rfind(line, b"-----BEGIN ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use masking::Label;

    use super::*;

    fn masked(input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        filter(&Masker::new(&Label::ALL), input, &mut out).unwrap();
        out
    }

    #[test]
    fn lines_are_masked_and_their_ends_kept() {
        let input = b"card 4111 1111 1111 1111\r\nmail alice@example.com\n\nlast 123-45-6789";
        assert_eq!(masked(input), b"card **** **** **** ****\r\nmail *****@*******.***\n\nlast ***-**-****");
    }

    #[test]
    fn a_line_is_masked_as_if_it_stood_alone() {
        for (before, line) in [
            ("call me on my phone", "value=9298057474"),
            ("the order number", "4111111111111111"),
            ("password:", "correct-horse"),
            ("-----BEGIN PRIVATE KEY-----\nMIIEpAIB\n-----END PRIVATE KEY-----", "value=9298057474"),
        ] {
            let (alone, together) = (masked(line.as_bytes()), masked(format!("{before}\n{line}").as_bytes()));
            assert!(together.ends_with(&[b"\n", &alone[..]].concat()), "{}", String::from_utf8_lossy(&together));
        }
    }

    #[test]
    fn a_line_of_any_length_is_masked_to_its_end() {
        let line = [b"x ".repeat(100_000), b"4111 1111 1111 1111".to_vec(), b" y".repeat(100_000)].concat();
        let out = masked(&line);
        assert!(out.len() == line.len() && memchr::memmem::find(&out, b"4111").is_none());
        assert_eq!(masked(&[line.clone(), b"\nfine".to_vec()].concat()), [out, b"\nfine".to_vec()].concat());
    }

    #[test]
    fn bytes_that_are_no_text_pass() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(masked(&bytes), bytes);
    }

    #[test]
    fn a_private_key_is_masked_across_lines() {
        let key = b"-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1c7\n-----END PRIVATE KEY-----\nafter\n";
        let out = String::from_utf8(masked(key)).unwrap();
        assert!(!out.contains("MIIE") && out.ends_with("\nafter\n"));
    }
}
