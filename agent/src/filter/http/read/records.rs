//! Streams of records: server-sent events (WHATWG HTML section 9.2) and JSON lines. Each record is read whole, so that a value
//! cut over several `data:` lines is seen; and what language models stream token by token is read as the one text it is.

use std::collections::{BTreeMap, VecDeque};

use masking::{Masker, StreamMasker, Syntax, Tally};

use super::{
    deltas::{self, Delta},
    marked::{Lexer, Markings},
};

/// Longest record, in bytes.
const MAX_RECORD: usize = 16 * 1024 * 1024;
/// Most that waits for the tokens that follow, in bytes.
const MAX_WAITING: usize = 64 * 1024;

/// How records follow on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Fields, ended by an empty line.
    Events,
    /// A line each.
    Lines,
}

/// A record is too long to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Reads records as they arrive.
pub(super) struct Records {
    framing: Framing,
    /// The record so far.
    record: Vec<u8>,
    /// Where its last line begins.
    line: usize,
    /// Records that wait for the tokens that follow.
    waiting: VecDeque<Waiting>,
    size: usize,
    /// One text per name under which tokens come.
    texts: BTreeMap<Vec<u8>, Text>,
    /// Where each of them is in JSON that it holds.
    lexers: BTreeMap<Vec<u8>, Lexer>,
}

struct Text {
    stream: StreamMasker,
    ready: VecDeque<u8>,
}

struct Waiting {
    record: Vec<u8>,
    deltas: Vec<Delta>,
}

impl Records {
    pub(super) fn new(framing: Framing) -> Self {
        let (record, waiting, texts) = (Vec::new(), VecDeque::new(), BTreeMap::new());
        Self { framing, record, line: 0, waiting, size: 0, texts, lexers: BTreeMap::new() }
    }

    pub(super) fn push(
        &mut self,
        rules: (&Markings, &Masker),
        bytes: &[u8],
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) -> Result<(), TooLong> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n' || *byte == b'\r') {
            self.record.extend_from_slice(piece);
            if self.record.len() > MAX_RECORD {
                return Err(TooLong);
            }
            let line = self.record.get(self.line..).unwrap_or_default();
            let ended = matches!(line.last(), Some(b'\n' | b'\r'));
            let empty = matches!(line, [b'\n' | b'\r']);
            // The second half of CR LF belongs to the line before.
            let half = line == b"\n" && self.line > 0 && self.record.get(self.line - 1) == Some(&b'\r');
            if ended {
                self.line = self.record.len();
            }
            let complete = match self.framing {
                Framing::Lines => piece.ends_with(b"\n"),
                Framing::Events => empty && !half,
            };
            if ended && complete {
                self.complete(rules, tally);
            }
        }
        self.emit(out);
        if self.size > MAX_WAITING {
            self.pause(rules, out, tally);
        }
        Ok(())
    }

    /// Whether records wait for what follows.
    pub(super) fn holds(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Nothing followed for a while: what waits is given.
    pub(super) fn pause(&mut self, rules: (&Markings, &Masker), out: &mut Vec<u8>, tally: &mut Tally) {
        for (name, text) in &mut self.texts {
            let (mut marked, mut rest) = (Vec::new(), Vec::new());
            if let Some(lexer) = self.lexers.get_mut(name) {
                lexer.finish(rules.0, rules.1, &mut marked, tally);
            }
            text.stream.push(&marked, &mut rest, tally);
            text.stream.finish(&mut rest, tally);
            text.ready.extend(rest);
        }
        self.emit(out);
        self.texts.clear();
    }

    pub(super) fn finish(&mut self, rules: (&Markings, &Masker), out: &mut Vec<u8>, tally: &mut Tally) {
        if !self.record.is_empty() {
            self.complete(rules, tally);
        }
        self.pause(rules, out, tally);
    }

    fn complete(&mut self, rules: (&Markings, &Masker), tally: &mut Tally) {
        let mut record = std::mem::take(&mut self.record);
        self.line = 0;
        let spans = match self.framing {
            Framing::Events => data_spans(&record),
            Framing::Lines => std::iter::once(0..record.len()).collect(),
        };
        if self.framing == Framing::Events {
            mask_fields(&mut record, &spans, rules.1, tally);
        }
        mask_data(&mut record, &spans, rules, tally);
        let deltas = deltas::find(&record, &spans, self.framing == Framing::Events);
        for delta in &deltas {
            let fresh = || Text { stream: rules.1.stream(Syntax::Text), ready: VecDeque::new() };
            let text = self.texts.entry(delta.name.clone()).or_insert_with(fresh);
            let lexer = self.lexers.entry(delta.name.clone()).or_insert_with(|| Lexer::within(rules.0));
            let (mut marked, mut decided) = (Vec::new(), Vec::new());
            lexer.push(rules.0, rules.1, &delta.text, &mut marked, tally);
            text.stream.push(&marked, &mut decided, tally);
            text.ready.extend(decided);
        }
        self.size += record.len();
        self.waiting.push_back(Waiting { record, deltas });
    }

    /// Gives the records whose tokens are decided, in order.
    fn emit(&mut self, out: &mut Vec<u8>) {
        while let Some(first) = self.waiting.front_mut() {
            let mut wanted: BTreeMap<&[u8], usize> = BTreeMap::new();
            for delta in &first.deltas {
                *wanted.entry(&delta.name).or_default() += delta.text.len();
            }
            let decided = |name: &[u8]| self.texts.get(name).map_or(0, |text| text.ready.len());
            if wanted.iter().any(|(name, length)| decided(name) < *length) {
                return;
            }
            for delta in &mut first.deltas {
                if let Some(text) = self.texts.get_mut(&delta.name) {
                    delta.masked = text.ready.drain(..delta.text.len().min(text.ready.len())).collect();
                }
            }
            self.size = self.size.saturating_sub(first.record.len());
            deltas::write(&first.record, &first.deltas, out);
            self.waiting.pop_front();
        }
    }
}

/// Where the values of the `data` fields stand.
fn data_spans(record: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    for line in record.split_inclusive(|byte| *byte == b'\n' || *byte == b'\r') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if let Some(value) = content.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            let end = at + content.len();
            spans.push(end - value.len()..end);
        }
        at += line.len();
    }
    spans
}

/// Masks the lines that are no data: ids, names, comments.
fn mask_fields(record: &mut [u8], data: &[std::ops::Range<usize>], masker: &Masker, tally: &mut Tally) {
    let mut start = 0;
    let ends: Vec<_> = data.iter().cloned().chain(std::iter::once(record.len()..record.len())).collect();
    for span in ends {
        if let Some(other) = record.get_mut(start..span.start) {
            masker.mask(other, Syntax::Text, tally);
        }
        start = span.end;
    }
}

/// Masks the data as the client puts it together.
fn mask_data(record: &mut [u8], spans: &[std::ops::Range<usize>], rules: (&Markings, &Masker), tally: &mut Tally) {
    let lines: Vec<&[u8]> = spans.iter().filter_map(|span| record.get(span.clone())).collect();
    let mut data = lines.join(&b'\n');
    let first = data.iter().find(|byte| !byte.is_ascii_whitespace());
    let json = first.is_some_and(|byte| matches!(byte, b'{' | b'['));
    data = match first {
        Some(b'{' | b'[' | b'"') => rules.0.mask(rules.1, &data, tally),
        _ => rules.0.mask_within(rules.1, &data, tally),
    };
    rules.1.mask(&mut data, if json { Syntax::Json } else { Syntax::Text }, tally);
    if spans.len() > 1 {
        // Some readers join the lines without keeping the break.
        let ends = spans.iter().scan(0, |at, span| Some(std::mem::replace(at, *at + span.len() + 1) + span.len()));
        let breaks: Vec<usize> = ends.take(spans.len() - 1).collect();
        for at in &breaks {
            if let Some(byte) = data.get_mut(*at) {
                *byte = b' ';
            }
        }
        rules.1.mask(&mut data, if json { Syntax::Json } else { Syntax::Text }, tally);
        // And some without anything between.
        let mut joined = data.clone();
        for at in breaks.iter().rev() {
            joined.remove(*at);
        }
        let marked = rules.0.mask_within(rules.1, &joined, tally);
        let changed = marked != joined;
        joined = marked;
        if changed | rules.1.mask(&mut joined, if json { Syntax::Json } else { Syntax::Text }, tally) {
            breaks.iter().for_each(|at| joined.insert(*at, b' '));
            data = joined;
        }
    }
    let mut at = 0;
    for span in spans {
        let masked = data.get(at..at + span.len()).unwrap_or_default();
        if let Some(place) = record.get_mut(span.clone()).filter(|place| place.len() == masked.len()) {
            place.copy_from_slice(masked);
        }
        at += span.len() + 1;
    }
}
