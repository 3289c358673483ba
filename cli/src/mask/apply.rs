//! The filter: what comes in goes out masked as soon as its line is whole, so that it works inside a pipe. Bytes that are no text pass
//! as they are; a value that spans lines (a private key) is masked across them.

use std::io::{self, BufRead, Write};

use masking::{Masker, Syntax, Tally};

/// The most that is written at once, in bytes: a line without an end does not grow.
const PIECE: usize = 64 * 1024;

/// Masks everything from `input` to `output`.
///
/// # Errors
/// What reading or writing says.
pub(super) fn filter(masker: &Masker, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let (mut stream, mut tally, mut out) = (masker.stream(Syntax::Text), Tally::default(), Vec::new());
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        let taken = piece.len().min(PIECE);
        stream.push(piece.get(..taken).unwrap_or_default(), &mut out, &mut tally);
        input.consume(taken);
        output.write_all(&out)?;
        output.flush()?;
        out.clear();
    }
    stream.finish(&mut out, &mut tally);
    output.write_all(&out)?;
    output.flush()
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
