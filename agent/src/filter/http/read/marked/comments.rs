//! Comments between the values of a document. No JSON has them, but some write them, and some read them.

use masking::{Masker, Tally};

use super::{Lexer, Markings, State};

/// Longest comment that is read, in bytes; a longer one is masked.
const MAX_COMMENT: usize = 64 * 1024;

/// What some readers skip.
#[derive(Default)]
pub(super) struct Comment {
    pub(super) block: bool,
    text: Vec<u8>,
    /// It was too long.
    spent: bool,
}

impl Lexer {
    pub(super) fn comment(
        &mut self,
        markings: &Markings,
        masker: &Masker,
        byte: u8,
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) {
        self.comment.text.push(byte);
        let ended = if self.comment.block { self.comment.text.ends_with(b"*/") } else { matches!(byte, b'\n' | b'\r') };
        if ended || self.comment.text.len() > MAX_COMMENT {
            self.skipped(markings, masker, out, tally);
            self.comment.spent = !ended;
        }
        if ended {
            self.state = State::Between;
            self.before = (b' ', false);
        }
    }

    /// What stands in a comment is looked at as if it were members.
    pub(super) fn skipped(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let text = std::mem::take(&mut self.comment.text);
        if self.comment.spent || text.len() > MAX_COMMENT {
            let end = if text.ends_with(b"*/") { 2 } else { usize::from(text.ends_with(b"\n")) };
            out.resize(out.len() + text.len() - end, b'*');
            return out.extend_from_slice(text.get(text.len() - end..).unwrap_or_default());
        }
        match self.nest.deeper(markings) {
            Some(inner) => {
                let masked = inner.all(markings, masker, &[b"{", &text[..]].concat(), tally);
                out.extend_from_slice(masked.get(1..).unwrap_or_default());
            }
            None => out.resize(out.len() + text.len(), b'*'),
        }
    }
}
