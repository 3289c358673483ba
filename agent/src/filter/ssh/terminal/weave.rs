//! A stream masker that looks through control sequences: they are taken out, what is left is masked as one text, and they
//! are put back where they were. A mask has the length of what it replaces, so the places stay right.

use std::collections::VecDeque;

use masking::{StreamMasker, Tally};

/// Text with control sequences in it, on its way through a masker.
pub(super) struct Weave {
    masker: StreamMasker,
    /// What stands between the letters, by the place in the text before which it stands.
    marks: VecDeque<(u64, Mark)>,
    /// Bytes of text that the masker was given, and that came out of it.
    given: u64,
    taken: u64,
    /// Text that waits to be given to the masker together.
    text: Vec<u8>,
    masked: Vec<u8>,
}

enum Mark {
    /// Bytes that are put back as they were.
    Control(Vec<u8>),
    /// The byte at this place only keeps texts apart and is taken out again.
    Apart,
}

impl Weave {
    pub(super) fn new(masker: StreamMasker) -> Self {
        Self { masker, marks: VecDeque::new(), given: 0, taken: 0, text: Vec::new(), masked: Vec::new() }
    }

    /// Text that shows.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    /// Bytes that do not show; they are transparent.
    pub(super) fn control(&mut self, bytes: &[u8]) {
        let place = self.given + self.text.len() as u64;
        match self.marks.back_mut() {
            Some((at, Mark::Control(before))) if *at == place => before.extend_from_slice(bytes),
            _ => self.marks.push_back((place, Mark::Control(bytes.to_vec()))),
        }
    }

    /// What follows does not stand beside what came before.
    pub(super) fn apart(&mut self, separator: u8) {
        self.marks.push_back((self.given + self.text.len() as u64, Mark::Apart));
        self.text.push(separator);
    }

    /// Masks what was gathered and appends what is decided.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        self.given += self.text.len() as u64;
        self.masker.push(&self.text, &mut self.masked, tally);
        self.text.clear();
        self.put(out);
    }

    /// Appends what may be shown although it could yet become part of a hit.
    pub(super) fn release(&mut self, typed: &[u8], out: &mut Vec<u8>) {
        self.masker.release(typed, &mut self.masked);
        self.put(out);
    }

    /// The stream is over.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        self.push(out, tally);
        self.masker.finish(&mut self.masked, tally);
        self.put(out);
        for (_, mark) in self.marks.drain(..) {
            if let Mark::Control(bytes) = mark {
                out.extend_from_slice(&bytes);
            }
        }
    }

    /// How many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.masker.held()
    }

    fn put(&mut self, out: &mut Vec<u8>) {
        let mut rest = self.masked.as_slice();
        while let Some((place, _)) = self.marks.front() {
            let ahead = usize::try_from(place.saturating_sub(self.taken)).unwrap_or(usize::MAX);
            let Some((before, behind)) = rest.split_at_checked(ahead) else { break };
            out.extend_from_slice(before);
            self.taken += before.len() as u64;
            rest = behind;
            match self.marks.front() {
                Some((_, Mark::Apart)) => {
                    let Some((_, behind)) = rest.split_first() else { break };
                    self.taken += 1;
                    rest = behind;
                }
                Some((_, Mark::Control(bytes))) => out.extend_from_slice(bytes),
                None => break,
            }
            self.marks.pop_front();
        }
        out.extend_from_slice(rest);
        self.taken += rest.len() as u64;
        self.masked.clear();
    }
}
