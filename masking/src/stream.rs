//! Masking of a stream that arrives in pieces. The text so far is scanned, what is decided is sent, and only a candidate at the
//! end is held back; with it stays the left context that detectors look at.

use bytes::Bytes;

use crate::hit::Span;
use crate::masked::{Masked, Uninspected};
use crate::scan::{Cursor, Plan};
use crate::surface::Surface;
use crate::syntax::Syntax;
use crate::tally::Tally;
use crate::window::LEFT_CONTEXT;

/// How much of a piece is looked at together, in bytes: bounds the memory of a stream.
const PIECE: usize = 16 * 1024;
/// What an idle stream keeps at most, in bytes.
const IDLE_CAPACITY: usize = 4 * 1024;

/// Masks a stream: any way of splitting it gives the same output. Holds back only what could still become a hit: a word, a run of
/// digits, a token under way; at most 4 KiB of text.
pub struct StreamMasker {
    /// `None` if nothing is masked.
    plan: Option<Plan>,
    syntax: Syntax,
    surface: Surface,
    /// Left context, then what is held back, as detectors read it.
    text: Vec<u8>,
    cursor: Cursor,
    /// Everything before was sent. Ahead of the cursor only after `release`.
    sent: usize,
    spans: Vec<Span>,
    /// Received bytes that were not sent.
    held: usize,
}

impl StreamMasker {
    pub(crate) fn new(plan: Option<Plan>, syntax: Syntax) -> Self {
        let (text, spans, surface) = (Vec::new(), Vec::new(), Surface::new(syntax));
        Self { plan, syntax, surface, text, cursor: Cursor::default(), sent: 0, spans, held: 0 }
    }

    /// Takes the next piece; appends to `out` what is decided.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        if self.plan.is_none() {
            out.extend_from_slice(piece);
            return;
        }
        for part in piece.chunks(PIECE) {
            let before = out.len();
            self.surface.take(part, &mut self.text);
            self.advance(false, out, tally);
            self.held = (self.held + part.len()).saturating_sub(out.len() - before);
        }
    }

    /// As `push`, sealed as inspected.
    #[must_use]
    pub fn push_masked(&mut self, piece: &[u8], tally: &mut Tally) -> Masked {
        let mut out = Vec::with_capacity(self.held + piece.len());
        self.push(piece, &mut out, tally);
        self.seal(out)
    }

    /// The stream is over: appends the rest.
    pub fn finish(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        if self.plan.is_some() {
            self.surface.settle(&mut self.text);
        }
        self.advance(true, out, tally);
        self.held = 0;
    }

    /// As `finish`, sealed as inspected.
    #[must_use]
    pub fn finish_masked(&mut self, tally: &mut Tally) -> Masked {
        let mut out = Vec::with_capacity(self.held);
        self.finish(&mut out, tally);
        self.seal(out)
    }

    /// How many bytes are held back now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// The stream is quiet: sends what a person waits for, and appends it to `out`.
    ///
    /// Call it when nothing came for about 30 ms, or at once when the client has just typed. `typed` is what the client sent
    /// lately (up to 64 bytes, newest last); give an empty slice if that is unknown.
    ///
    /// Sent in clear are words that could yet turn into an address or a token, and the first six digits of a number. What was sent is
    /// remembered, so when the rest arrives and completes a hit, the rest is masked. Still held are the seventh and later digits, what
    /// follows an at sign, and a token, key or URL login whose mark was seen; unless all of it, from its first byte, is the end of
    /// `typed`: then it is the echo of what the client knows already.
    ///
    /// What this gives up: a writer that pauses inside a value shows at most the local part of an address before its at sign, the
    /// beginning of a token's fixed prefix, or six digits. Output then depends on where the pauses were; without `release` it
    /// never does. In JSON nothing is released.
    pub fn release(&mut self, typed: &[u8], out: &mut Vec<u8>) {
        if self.syntax != Syntax::Text || self.plan.is_none() || self.cursor.open.is_some() {
            return;
        }
        self.surface.settle(&mut self.text);
        let end = self.release_end(typed);
        if end > self.sent {
            self.surface.clear(&self.text, self.sent, end, out);
            self.held = self.held.saturating_sub(end - self.sent);
            self.sent = end;
        }
    }

    fn seal(&self, out: Vec<u8>) -> Masked {
        match self.plan {
            Some(_) => Masked::sealed(Bytes::from(out)),
            None => Masked::uninspected(Bytes::from(out), Uninspected::DetectorsOff),
        }
    }

    fn release_end(&self, typed: &[u8]) -> usize {
        let candidate = self.cursor.pending.map_or(self.cursor.at, |pending| pending.start);
        let is_echo = self.text.get(candidate..).is_some_and(|text| !text.is_empty() && typed.ends_with(text));
        if is_echo {
            return self.text.len();
        }
        let keep = self.cursor.pending.map_or(usize::MAX, |pending| pending.keep);
        keep.min(self.text.len())
    }

    fn advance(&mut self, last: bool, out: &mut Vec<u8>, tally: &mut Tally) {
        let Some(plan) = &self.plan else { return };
        loop {
            let done = plan.scan(&self.text, last, &mut self.cursor, &mut self.spans);
            for span in self.spans.drain(..) {
                let start = span.start.max(self.sent);
                self.surface.clear(&self.text, self.sent, start, out);
                if start < span.end {
                    self.surface.mask(&self.text, start, span.end, out);
                    if !span.continues {
                        tally.add(span.rule.label, span.rule.detector);
                    }
                }
                self.sent = start.max(span.end);
            }
            if done {
                break;
            }
        }
        let decided = self.cursor.at.max(self.sent);
        self.surface.clear(&self.text, self.sent, decided, out);
        self.sent = decided;
        self.forget();
    }

    /// Drops text that no detector can look at any more.
    fn forget(&mut self) {
        let count = self.cursor.at.saturating_sub(LEFT_CONTEXT);
        self.text.drain(..count);
        self.surface.forget(count);
        self.cursor.at -= count;
        self.cursor.floor = self.cursor.floor.saturating_sub(count);
        self.sent -= count;
        if let Some(pending) = &mut self.cursor.pending {
            pending.start -= count;
            pending.keep = pending.keep.saturating_sub(count);
        }
        if self.text.capacity() > PIECE && self.text.len() < IDLE_CAPACITY {
            self.text.shrink_to(IDLE_CAPACITY);
        }
    }
}

impl std::fmt::Debug for StreamMasker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamMasker").field("held", &self.held).finish_non_exhaustive()
    }
}
