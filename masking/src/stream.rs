//! Masking of a stream that arrives in pieces. The text so far is scanned, what is decided is sent, and only a candidate at the
//! end is held back; with it stays the left context that detectors look at.

use bytes::Bytes;

use crate::hit::Span;
use crate::masked::{Masked, Uninspected};
use crate::more::{MoreCursor, Plans};
use crate::scan::Cursor;
use crate::surface::Surface;
use crate::syntax::Syntax;
use crate::tally::Tally;
use crate::transform::{Transform, Transforms};
use crate::window::LEFT_CONTEXT;

/// How much of a piece is looked at together, in bytes: bounds the memory of a stream.
const PIECE: usize = 16 * 1024;
/// What an idle stream keeps at most, in bytes.
const IDLE_CAPACITY: usize = 4 * 1024;

/// Masks a stream: any way of splitting it gives the same output. Holds back only what could still become a hit: a word, a run of
/// digits, a token under way; at most 4 KiB of text.
pub struct StreamMasker {
    /// `None` if nothing is masked.
    plan: Option<Plans>,
    transforms: Transforms,
    syntax: Syntax,
    surface: Surface,
    /// Left context, then what is held back, as detectors read it.
    text: Vec<u8>,
    cursor: Cursor,
    more: MoreCursor,
    /// Everything before was sent. Ahead of the cursor only after `release`.
    sent: usize,
    /// Where the last masked hit ends.
    covered: usize,
    spans: Vec<Span>,
    /// Received bytes that were not sent.
    held: usize,
    /// What was masked when the stream was quiet, and is not counted yet.
    owed: Tally,
}

impl StreamMasker {
    pub(crate) fn new(plan: Option<Plans>, transforms: Transforms, syntax: Syntax) -> Self {
        let (text, spans, surface) = (Vec::new(), Vec::new(), Surface::new(syntax));
        Self {
            plan,
            transforms,
            syntax,
            surface,
            text,
            cursor: Cursor::default(),
            more: MoreCursor::default(),
            sent: 0,
            covered: 0,
            spans,
            held: 0,
            owed: Tally::default(),
        }
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
        let keep = self.settle_dumps();
        let end = self.release_end(typed).min(keep);
        if end > self.sent {
            let (before, mut owed) = (out.len(), std::mem::take(&mut self.owed));
            self.send_to(end, out, &mut owed);
            self.owed = owed;
            self.held = self.held.saturating_sub(out.len() - before);
        }
    }

    /// Finds what is in the dump under way, which may go on; gives from where text must be held.
    fn settle_dumps(&mut self) -> usize {
        let Some(plan) = self.plan.take() else { return usize::MAX };
        let found = self.spans.len();
        let keep = plan.more.settle(&plan.main, &self.text, &self.more, &mut self.spans);
        self.plan = Some(plan);
        if self.spans.len() > found {
            self.spans.sort_by_key(Span::order);
        }
        keep
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
        if !self.owed.is_empty() {
            tally.merge(&std::mem::take(&mut self.owed));
        }
        let Some(plan) = self.plan.take() else { return };
        plan.more.scan(&plan.main, &self.text, last, &mut self.more, &mut self.spans);
        loop {
            let most = self.spans.len();
            let done = plan.main.scan(&self.text, last, &mut self.cursor, &mut self.spans);
            if self.spans.len() > most {
                self.spans.sort_by_key(Span::order);
            }
            self.send(out, tally);
            if done {
                break;
            }
        }
        self.plan = Some(plan);
        self.forget();
    }

    /// Sends what all detectors have decided.
    fn send(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        let mut limit = self.cursor.at.min(self.more.decided());
        for span in self.spans.iter().filter(|span| !span.extra) {
            // What the main scan masks is masked whatever else is found in it.
            limit = if span.start <= limit { limit.max(span.end) } else { limit };
        }
        self.send_to(limit, out, tally);
    }

    /// Sends what stands before `limit`.
    fn send_to(&mut self, limit: usize, out: &mut Vec<u8>, tally: &mut Tally) {
        let limit = self.uncut(limit);
        let (surface, text, sent, covered) = (&mut self.surface, &self.text, &mut self.sent, &mut self.covered);
        let transforms = &self.transforms;
        self.spans.retain_mut(|span| {
            if span.start >= limit {
                return true;
            }
            let (start, end) = (span.start.max(*sent), span.end.min(limit));
            let mut done = Transform::Full;
            if start < end {
                surface.clear(text, *sent, start, out);
                // What was sent in part already, or is masked in part as another hit, keeps no form.
                let uncut = span.whole && !span.continues && start == span.start && end == span.end;
                let found = text.get(start..end).filter(|_| uncut);
                let made = found.map(|found| transforms.hit(span.rule.label, found, surface.form()));
                match made {
                    Some((transform, Some(made))) if surface.replace(start, end, &made, out) => done = transform,
                    _ => surface.mask(text, start, end, out),
                }
                *sent = end;
            }
            // What begins inside another hit is part of it.
            if !span.continues && span.start >= *covered {
                tally.add(span.rule.label, span.rule.detector, done);
            }
            *covered = end.max(*covered);
            (span.start, span.continues) = (end, true);
            end < span.end
        });
        if *sent < limit {
            surface.clear(text, *sent, limit, out);
            *sent = limit;
        }
    }

    /// A limit that cuts no hit that keeps a form.
    fn uncut(&self, limit: usize) -> usize {
        if self.transforms.is_full() {
            return limit;
        }
        let (mut limit, mut covered) = (limit, self.covered);
        for span in &self.spans {
            let keeps = span.extra && span.whole && !span.continues && span.start >= covered;
            if keeps && span.start < limit && span.end > limit {
                limit = span.start;
            }
            covered = covered.max(span.end);
        }
        limit
    }

    /// Drops text that no detector can look at any more.
    fn forget(&mut self) {
        let count = self.cursor.at.min(self.more.decided()).saturating_sub(LEFT_CONTEXT);
        self.text.drain(..count);
        self.surface.forget(count);
        self.cursor.forget(count);
        self.more.forget(count);
        self.sent -= count;
        self.covered = self.covered.saturating_sub(count);
        for span in &mut self.spans {
            (span.start, span.end) = (span.start - count, span.end - count);
        }
        if self.text.capacity() > PIECE && self.text.len() < IDLE_CAPACITY {
            self.text.shrink_to(IDLE_CAPACITY);
            self.surface.shrink(IDLE_CAPACITY);
        }
    }
}

impl std::fmt::Debug for StreamMasker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamMasker").field("held", &self.held).finish_non_exhaustive()
    }
}
