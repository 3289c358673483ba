//! Text that is read without what stands in between: tags, frames, field names. The masker sees the text alone; its output,
//! which is as long as its input, goes back to the places where the text stood.

use std::collections::VecDeque;

use masking::{Masker, StreamMasker, Syntax, Tally};

/// Most bytes that wait for text to be decided.
const MAX_WAITING: usize = 64 * 1024;

/// Weaves masked text and untouched bytes together.
pub(in crate::filter) struct Weave {
    stream: StreamMasker,
    spans: VecDeque<Span>,
    /// Masked text that has no place yet.
    ready: VecDeque<u8>,
    waiting: usize,
}

enum Span {
    /// So much text.
    Text(usize),
    /// So much that only the masker sees.
    Hidden(usize),
    Raw(Vec<u8>),
}

impl Weave {
    pub(in crate::filter) fn new(masker: &Masker) -> Self {
        let (spans, ready) = (VecDeque::new(), VecDeque::new());
        Self { stream: masker.stream(Syntax::Text), spans, ready, waiting: 0 }
    }

    /// Text that comes next.
    pub(in crate::filter) fn text(&mut self, text: &[u8], tally: &mut Tally) {
        self.feed(text, tally);
        self.place_for(text.len());
    }

    /// So much text comes here, and is fed in its turn.
    pub(in crate::filter) fn place_for(&mut self, text: usize) {
        match self.spans.back_mut() {
            Some(Span::Text(length)) => *length += text,
            _ if text == 0 => {}
            _ => self.spans.push_back(Span::Text(text)),
        }
    }

    /// What the masker reads here, though it is not sent.
    pub(in crate::filter) fn hidden(&mut self, text: &[u8], tally: &mut Tally) {
        self.feed(text, tally);
        self.spans.push_back(Span::Hidden(text.len()));
    }

    /// What is sent here, though the masker does not read it.
    pub(in crate::filter) fn raw(&mut self, bytes: &[u8]) {
        self.waiting += bytes.len();
        match self.spans.back_mut() {
            Some(Span::Raw(raw)) => raw.extend_from_slice(bytes),
            _ => self.spans.push_back(Span::Raw(bytes.to_vec())),
        }
    }

    /// The next text, for which there is a place.
    pub(in crate::filter) fn feed(&mut self, text: &[u8], tally: &mut Tally) {
        let mut out = Vec::with_capacity(text.len());
        self.stream.push(text, &mut out, tally);
        self.ready.extend(out);
    }

    /// Appends what is decided.
    pub(in crate::filter) fn drain(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        self.place(out);
        if self.waiting > MAX_WAITING {
            self.finish(masker, out, tally);
        }
    }

    /// Decides everything and starts anew.
    pub(in crate::filter) fn finish(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let mut rest = Vec::new();
        self.stream.finish(&mut rest, tally);
        self.stream = masker.stream(Syntax::Text);
        self.ready.extend(rest);
        self.place(out);
    }

    fn place(&mut self, out: &mut Vec<u8>) {
        while let Some(span) = self.spans.front_mut() {
            match span {
                Span::Raw(raw) => {
                    self.waiting -= raw.len();
                    out.append(raw);
                }
                Span::Text(left) => {
                    let now = self.ready.len().min(*left);
                    out.extend(self.ready.drain(..now));
                    *left -= now;
                    if *left > 0 {
                        return;
                    }
                }
                Span::Hidden(left) => {
                    let now = self.ready.len().min(*left);
                    self.ready.drain(..now);
                    *left -= now;
                    if *left > 0 {
                        return;
                    }
                }
            }
            self.spans.pop_front();
        }
    }
}
