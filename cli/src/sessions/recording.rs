//! A session's records, verified and put together by request.

use bytes::{Buf as _, Bytes};
use ledger::chain::{self, Break, Head, Record};
use proto::event::{Completed, Event, Kind, Masked, Opened, Refused, Released, Request, Stream, Truncated, decode};

/// A recording that its chain proves whole up to what the gateway knows.
pub(super) struct Recording {
    pub(super) events: Vec<Event>,
}

/// A recording is not what was recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("the recording is cut short")]
    Cut,
    #[error("the recording holds something that is no event")]
    NoEvent,
    #[error("the recording is damaged: {0}")]
    Chain(#[from] Break),
}

/// Everything about one request.
#[derive(Default)]
pub(super) struct Call<'a> {
    pub(super) number: u64,
    pub(super) at: i64,
    pub(super) request: Option<&'a Request>,
    pub(super) completed: Option<&'a Completed>,
    pub(super) masked: Vec<&'a Masked>,
    pub(super) refused: Vec<&'a Refused>,
    pub(super) truncated: Vec<&'a Truncated>,
    out: Vec<u8>,
    err: Vec<u8>,
    input: Vec<u8>,
}

impl Recording {
    /// Takes the records apart and verifies their chain; `known` is the head the gateway's store has.
    pub(super) fn parse(mut bytes: Bytes, known: Option<Head>) -> Result<Self, Damage> {
        let mut events = Vec::new();
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let length = bytes.try_get_u32_le().map_err(|_| Damage::Cut)? as usize;
            if length > bytes.len() {
                return Err(Damage::Cut);
            }
            let record = bytes.split_to(length);
            events.push(decode(&record).map_err(|_| Damage::NoEvent)?);
            records.push(record);
        }
        let entries: Vec<_> = std::iter::zip(&events, &records)
            .map(|(event, bytes)| Record { seq: event.seq, prev: &event.prev, bytes })
            .collect();
        // A running session may have gone on since its head was read.
        let known = known.filter(|known| known.seq >= entries.len() as u64);
        chain::verify(&entries, known)?;
        Ok(Self { events })
    }

    pub(super) fn opened(&self) -> Option<&Opened> {
        self.events
            .iter()
            .find_map(|event| if let Some(Kind::Opened(opened)) = &event.kind { Some(opened) } else { None })
    }

    /// Who let the session go on when it was on hold.
    pub(super) fn released(&self) -> impl Iterator<Item = &Released> {
        self.events
            .iter()
            .filter_map(|event| if let Some(Kind::Released(released)) = &event.kind { Some(released) } else { None })
    }

    /// The requests in the order they began.
    pub(super) fn calls(&self) -> Vec<Call<'_>> {
        let mut calls: Vec<Call<'_>> = Vec::new();
        for event in &self.events {
            let Some(kind) = &event.kind else { continue };
            let known = calls.binary_search_by_key(&event.exchange, |call| call.number);
            let index = known.unwrap_or_else(|index| {
                calls.insert(index, Call { number: event.exchange, at: event.at_unix_ns, ..Call::default() });
                index
            });
            if let Some(call) = calls.get_mut(index) {
                call.take(kind);
            }
        }
        calls.retain(|call| call.number > 0 || !call.refused.is_empty() || !call.masked.is_empty());
        calls
    }

    /// The request that had a terminal: the one asked for, or the first.
    pub(super) fn terminal(&self, asked: Option<u64>) -> Option<u64> {
        self.events.iter().find_map(|event| match &event.kind {
            Some(Kind::Request(request)) if asked.is_none_or(|asked| asked == event.exchange) => {
                request.fields.iter().any(|field| field.name == "columns").then_some(event.exchange)
            }
            _ => None,
        })
    }
}

impl<'a> Call<'a> {
    /// What was kept of one stream.
    pub(super) fn bytes(&self, stream: Stream) -> &[u8] {
        match stream {
            Stream::Err => &self.err,
            Stream::In => &self.input,
            _ => &self.out,
        }
    }

    fn take(&mut self, kind: &'a Kind) {
        match kind {
            Kind::Request(request) => self.request = Some(request),
            Kind::Data(data) => match data.stream() {
                Stream::Err => self.err.extend_from_slice(&data.bytes),
                Stream::In => self.input.extend_from_slice(&data.bytes),
                _ => self.out.extend_from_slice(&data.bytes),
            },
            Kind::Completed(completed) => self.completed = Some(completed),
            Kind::Masked(masked) => self.masked.push(masked),
            Kind::Refused(refused) => self.refused.push(refused),
            Kind::Truncated(truncated) => self.truncated.push(truncated),
            Kind::Opened(_) | Kind::Resized(_) | Kind::Closed(_) | Kind::Released(_) => {}
        }
    }
}
