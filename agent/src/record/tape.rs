//! Turns what happens in a session into chained, framed records in memory. Pure but for the clock: writing is the business of
//! [`super::file`].

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use ledger::chain::Head;
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint},
};
use proto::event::{Closed, Completed, Event, Kind, Request, Stream};

use super::{Exchange, exchange::Progress, frame, request};

/// More unfinished requests than this is a fault of a driver, or an attack on our memory.
const MAX_OPEN: usize = 65_536;
/// Data of one record at most.
const MAX_DATA: usize = 128 << 10;
/// Data at least this long is not worth collecting with its neighbours.
const DIRECT: usize = 16 << 10;
/// Bytes of `Event.kind = data` and of the two fields of `Data`.
const DATA_TAG: u32 = 12;

/// How much data is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) exchange: u64,
    pub(super) session: u64,
}

/// The session's records that are not written yet, and what is needed to make the next ones.
pub(super) struct Tape {
    limits: Limits,
    head: Head,
    pending: Vec<u8>,
    /// Data that the next data of the same request and stream may join.
    run: Vec<u8>,
    run_of: (u64, Stream),
    /// The time of all records of one batch; 0 when the clock is to be read.
    tick: i64,
    last_tick: i64,
    open: HashMap<u64, Progress>,
    begun: u64,
    kept: u64,
    bytes_out: u64,
    bytes_in: u64,
    overflow: bool,
}

impl Tape {
    pub(super) fn new(limits: Limits, head: Head) -> Self {
        Self {
            limits,
            head,
            pending: Vec::new(),
            run: Vec::new(),
            run_of: (0, Stream::Unspecified),
            tick: 0,
            last_tick: 0,
            open: HashMap::new(),
            begun: 0,
            kept: 0,
            bytes_out: 0,
            bytes_in: 0,
            overflow: false,
        }
    }

    /// The head after everything appended so far.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Bytes waiting to be written.
    pub(super) fn waiting(&self) -> usize {
        self.pending.len() + self.run.len()
    }

    /// Whether a driver left too many requests unfinished or made a record too long; the recording is not whole then.
    pub(super) fn overflowed(&self) -> bool {
        self.overflow
    }

    /// The frames to write; the next event reads the clock again.
    pub(super) fn frames(&mut self) -> &[u8] {
        self.flush_run();
        self.tick = 0;
        &self.pending
    }

    /// The frames were written.
    pub(super) fn written(&mut self) {
        self.pending.clear();
    }

    /// Forgets what was not written: the chain goes on from `head`.
    pub(super) fn rewind(&mut self, head: Head) {
        self.pending.clear();
        self.run.clear();
        self.head = head;
    }

    /// Gives memory back after a busy time.
    pub(super) fn relax(&mut self) {
        self.run.shrink_to_fit();
        self.pending.shrink_to_fit();
        self.open.shrink_to_fit();
    }

    pub(super) fn begin(&mut self, request: Request) -> Exchange {
        self.begun += 1;
        let exchange = self.begun;
        let (request, omitted) = request::bounded(request);
        self.track(exchange, true);
        self.event(exchange, Kind::Request(request));
        if let Some(omitted) = omitted {
            self.event(exchange, Kind::Truncated(omitted));
        }
        Exchange(exchange)
    }

    pub(super) fn data(&mut self, exchange: Exchange, stream: Stream, bytes: &[u8]) {
        let (limit, left) = (self.limits.exchange, self.limits.session.saturating_sub(self.kept));
        let Some(progress) = self.track(exchange.0, false) else { return };
        let kept = progress.keep(stream, bytes, limit, left);
        match stream {
            Stream::In => self.bytes_in += bytes.len() as u64,
            _ => self.bytes_out += bytes.len() as u64,
        }
        self.kept += kept.len() as u64;
        if kept.is_empty() {
            return;
        }
        if self.run_of != (exchange.0, stream) || self.run.len() + kept.len() > MAX_DATA {
            self.flush_run();
            self.run_of = (exchange.0, stream);
        }
        if self.run.is_empty() && kept.len() >= DIRECT {
            kept.chunks(MAX_DATA).for_each(|chunk| self.data_event(exchange.0, stream, chunk));
        } else {
            self.run.extend_from_slice(kept);
        }
    }

    pub(super) fn completed(&mut self, exchange: Exchange, mut completed: Completed) {
        self.flush_run();
        if let Some(progress) = self.open.remove(&exchange.0) {
            self.finish(exchange.0, progress, &mut completed);
        }
        request::bound_fields(&mut completed.fields);
        self.event(exchange.0, Kind::Completed(completed));
    }

    /// Any event that has no accounting.
    pub(super) fn event(&mut self, exchange: u64, kind: Kind) {
        self.flush_run();
        let event = self.next(exchange, Some(kind));
        self.push(event, |_| {});
    }

    pub(super) fn closed(&mut self, mut closed: Closed) {
        self.flush_run();
        let mut open: Vec<_> = self.open.drain().collect();
        open.sort_unstable_by_key(|(exchange, _)| *exchange);
        for (exchange, progress) in open {
            let begun = progress.begun;
            let mut completed =
                Completed { outcome: "aborted".into(), code: closed.code.clone(), ..Default::default() };
            self.finish(exchange, progress, &mut completed);
            if begun {
                self.event(exchange, Kind::Completed(completed));
            }
        }
        fill(&mut closed.requests, self.begun);
        fill(&mut closed.bytes_out, self.bytes_out);
        fill(&mut closed.bytes_in, self.bytes_in);
        self.event(0, Kind::Closed(closed));
    }

    fn finish(&mut self, exchange: u64, mut progress: Progress, completed: &mut Completed) {
        for truncated in progress.truncations() {
            self.event(exchange, Kind::Truncated(truncated));
        }
        if progress.begun {
            let elapsed = progress.started.elapsed().as_nanos();
            fill(&mut completed.duration_ns, u64::try_from(elapsed).unwrap_or(u64::MAX));
        }
        fill(&mut completed.bytes_out, progress.bytes_out);
        fill(&mut completed.bytes_in, progress.bytes_in);
    }

    fn track(&mut self, exchange: u64, begun: bool) -> Option<&mut Progress> {
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&exchange) {
            self.overflow = true;
            return None;
        }
        Some(self.open.entry(exchange).or_insert_with(|| Progress::new(begun)))
    }

    fn flush_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let run = std::mem::take(&mut self.run);
        let (exchange, stream) = self.run_of;
        self.data_event(exchange, stream, &run);
        self.run = run;
        self.run.clear();
    }

    /// A `Data` event, written straight from the slice: the encoding is the generated one's, without its copy.
    fn data_event(&mut self, exchange: u64, stream: Stream, bytes: &[u8]) {
        let event = self.next(exchange, None);
        let stream = stream as u64;
        let length = 2 + 1 + encoded_len_varint(bytes.len() as u64) + bytes.len();
        self.push(event, |buffer| {
            encode_key(DATA_TAG, WireType::LengthDelimited, buffer);
            encode_varint(length as u64, buffer);
            encode_key(1, WireType::Varint, buffer);
            encode_varint(stream, buffer);
            encode_key(2, WireType::LengthDelimited, buffer);
            encode_varint(bytes.len() as u64, buffer);
            buffer.extend_from_slice(bytes);
        });
    }

    fn next(&mut self, exchange: u64, kind: Option<Kind>) -> Event {
        if self.tick == 0 {
            self.last_tick = unix_ns().max(self.last_tick);
            self.tick = self.last_tick;
        }
        let prev = Bytes::copy_from_slice(&self.head.link);
        Event { seq: self.head.seq + 1, at_unix_ns: self.tick, prev, exchange, kind }
    }

    fn push(&mut self, event: Event, rest: impl FnOnce(&mut Vec<u8>)) {
        let start = self.pending.len();
        let link = frame::append(&mut self.pending, |buffer| {
            event.encode_raw(buffer);
            rest(buffer);
        });
        self.head = Head { seq: event.seq, link };
        self.overflow |= self.pending.len() - start > frame::PREFIX + frame::MAX_RECORD;
    }
}

fn fill(count: &mut u64, counted: u64) {
    if *count == 0 {
        *count = counted;
    }
}

fn unix_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "tests/tape.rs"]
mod tests;
