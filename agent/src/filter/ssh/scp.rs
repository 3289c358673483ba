//! What `scp -f` sends: lines that announce folders and files, and the content of files, which is masked. The program's far end waits
//! for an answer before and after each file, so what is held of one is given on at its end.
//!
//! ```text
//!  C0644 6 name\n  content \0      D0755 0 name\n ... E\n      T<times>\n      \1 or \2 message\n
//! ```

use std::mem;

use masking::{Masker, Syntax, Tally};

use super::content::Content;

/// The longest line, in bytes: a path, and numbers.
const LONGEST: usize = 16 * 1024;

/// The stream of one `scp -f`.
pub(super) struct Scp {
    masker: Masker,
    state: State,
}

enum State {
    Line(Vec<u8>),
    /// A file is under way, of which so many bytes are to come.
    Content(Box<Content>, u64),
    /// It does not go on.
    Stopped,
}

impl Scp {
    pub(super) fn new(masker: &Masker) -> Self {
        Self { masker: masker.clone(), state: State::Line(Vec::new()) }
    }

    /// Whether nothing more may be shown.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Takes a piece and appends what may be shown.
    pub(super) fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        while !piece.is_empty() && !self.is_stopped() {
            piece = match mem::replace(&mut self.state, State::Stopped) {
                State::Line(line) => self.line(line, piece, out, tally),
                State::Content(content, left) => self.content(content, left, piece, out, tally),
                State::Stopped => return,
            };
        }
    }

    /// Goes on with a line; gives what follows.
    fn line<'a>(&mut self, mut line: Vec<u8>, piece: &'a [u8], out: &mut Vec<u8>, tally: &mut Tally) -> &'a [u8] {
        if line.is_empty() && piece.first() == Some(&0) {
            // The end of a file, or an answer.
            out.push(0);
            self.state = State::Line(line);
            return piece.get(1..).unwrap_or_default();
        }
        let end = memchr::memchr(b'\n', piece).map(|at| at + 1);
        let (part, rest) = piece.split_at_checked(end.unwrap_or(piece.len())).unwrap_or((piece, &[]));
        line.extend_from_slice(part);
        if line.len() > LONGEST {
            return &[];
        }
        if end.is_none() {
            self.state = State::Line(line);
            return rest;
        }
        match line.first() {
            Some(b'C') => {
                let Some(length) = length_of(&line) else { return &[] };
                self.state = State::Content(Box::new(Content::new(&self.masker)), length);
                out.extend_from_slice(&line);
                if length == 0 {
                    self.state = State::Line(Vec::new());
                }
                return rest;
            }
            Some(1 | 2) => {
                self.masker.mask(line.get_mut(1..).unwrap_or_default(), Syntax::Text, tally);
            }
            Some(b'D' | b'E' | b'T') => {}
            _ => return &[],
        }
        out.extend_from_slice(&line);
        self.state = State::Line(Vec::new());
        rest
    }

    /// Goes on with a file; gives what follows.
    fn content<'a>(
        &mut self,
        mut content: Box<Content>,
        left: u64,
        piece: &'a [u8],
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) -> &'a [u8] {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let (part, rest) = piece.split_at_checked(count).unwrap_or((piece, &[]));
        let left = left - part.len() as u64;
        let passed = content.push(part, out, tally);
        let passed = if left == 0 { passed.and_then(|()| content.finish(out, tally)) } else { passed };
        if passed.is_ok() {
            self.state = if left == 0 { State::Line(Vec::new()) } else { State::Content(content, left) };
        }
        rest
    }
}

/// The length in a line like `C0644 6 name`.
fn length_of(line: &[u8]) -> Option<u64> {
    let line = String::from_utf8_lossy(line.get(..64).unwrap_or(line));
    let mut words = line.splitn(3, ' ');
    let (_mode, length, _name) = (words.next()?, words.next()?, words.next()?);
    length.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use masking::Label;

    use super::*;

    fn through(bytes: &[u8], size: usize) -> (Vec<u8>, bool) {
        let (mut scp, mut out) = (Scp::new(&Masker::new(&Label::ALL)), Vec::new());
        bytes.chunks(size).for_each(|piece| scp.push(piece, &mut out, &mut Tally::default()));
        (out, scp.is_stopped())
    }

    fn file(name: &str, content: &[u8]) -> Vec<u8> {
        [format!("C0644 {} {name}\n", content.len()).as_bytes(), content, &[0]].concat()
    }

    #[test]
    fn files_in_folders_are_masked_and_everything_else_stays() {
        let (card, mask) = ("4539578763621486", "****************");
        let stream = |value: &str| {
            [
                b"T1183832947 0 1183833773 0\n".to_vec(),
                b"D0755 0 fold er\n".to_vec(),
                file("a.txt", format!("card {value}").as_bytes()),
                file("empty", b""),
                b"E\n\x01scp: x: not a regular file\n".to_vec(),
                file("b.txt", format!("{value}\n").repeat(500).as_bytes()),
                file("c.bin", &(0..=255).collect::<Vec<u8>>()),
            ]
            .concat()
        };
        let (raw, wanted) = (stream(card), stream(mask));
        for size in [1, 2, 13, 1000, 100_000] {
            let (shown, stopped) = through(&raw, size);
            assert!(!stopped && shown.len() == raw.len(), "{size}");
            assert!(!String::from_utf8_lossy(&shown).contains(card));
            let differ = shown.iter().zip(&wanted).filter(|(a, b)| a != b && **b != b'*').count();
            assert_eq!(differ, 0, "{size}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_masked_or_a_line_that_cannot_be_read_ends_it() {
        let found = file("x.bin", &[&[0, 1, 2, 0xFE][..], b"\0\0\x014539578763621486\0\0\0\xFF"].concat());
        for stream in [found, b"hello\n".to_vec(), b"C0644 x y\n".to_vec(), b"C0644 5\n".to_vec(), vec![b'D'; 20_000]] {
            for size in [1, 1000] {
                let (shown, stopped) = through(&stream, size);
                assert!(stopped && !String::from_utf8_lossy(&shown).contains("4539"), "{size}");
            }
        }
    }
}
