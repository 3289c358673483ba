//! Serves one PostgreSQL session: logs in to the target, tells the gateway, then moves frames both ways through the filter.
//! What the gateway gets is everything after authentication, in whole frames where they fit into a buffer; the target's
//! cancel key stays here.

mod cancel;
mod catalog;
mod connect;
pub mod enforced;
mod keys;
mod lookups;
mod marked;
mod options;
mod path;
pub mod propose;
mod pump;

use std::sync::{Arc, Mutex, PoisonError};

use proto::{
    Code, Ending, PostgresSettings,
    event::{Completed, Masked, Refused, Request, Stream},
};
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::{catalog::Catalogs, lookups::Counters};
use self::{
    catalog::Reader,
    connect::{Connected, Wire},
};
use crate::{
    filter::pg::{Filter, Journal, WARNING},
    record::{Exchange, Recorder},
    target::{Context, Link},
};

/// Serves one lane: logs in, sends the greeting, pumps. Never panics; every end is told.
/// Before `to_gateway.ready(..)` the returned ending reaches the client as a refused login.
pub async fn serve(context: Context, settings: PostgresSettings, link: Link) -> Ending {
    if let Err(refusal) = Box::pin(enforced::prove(&context, &settings)).await {
        return refusal;
    }
    let guard = Arc::clone(&context.rights);
    let reader = match Reader::new(&context, &settings) {
        Ok(reader) => reader,
        Err(refusal) => return refusal,
    };
    let strict = match Box::pin(marked::strict(&context, &settings, &reader)).await {
        Ok(strict) => strict,
        Err(refusal) => return refusal,
    };
    reader.tend();
    let filter = Filter::new(context.masker.clone(), guard, context.readings.clone(), &settings.login);
    let mut filter = filter.with_catalogs(reader.catalogs()).strictly(strict);
    // Boxed: logging in needs more room than all that follows.
    let connected = match Box::pin(connect::connect(&context, &settings, &mut filter)).await {
        Ok(connected) => connected,
        Err(refusal) => return refusal,
    };
    let Connected { mut wire, greeting, mut received, canceller } = connected;
    if link.to_gateway.ready(greeting).await.is_err() {
        return Ending::new(Code::GatewayLost, "the agent lost its gateway");
    }
    // While the client hears that it is in.
    Box::pin(path::learn(&mut wire, &mut received, &mut filter)).await;
    let lane = pump::Lane {
        filter: Mutex::new(filter),
        answered: tokio::sync::Notify::new(),
        record: context.record.clone(),
        canceller,
        reader,
    };
    let ending = match wire {
        Wire::Plain(stream) => {
            let (reader, writer) = stream.into_split();
            relay(&lane, link, reader, writer, received).await
        }
        Wire::Tls(stream) => {
            let (reader, writer) = tokio::io::split(*stream);
            relay(&lane, link, reader, writer, received).await
        }
    };
    let mut filter = lane.filter.lock().unwrap_or_else(PoisonError::into_inner);
    if filter.waiting() > 0 && !matches!(ending.code, Code::Done | Code::TargetLost) {
        lane.canceller.cancel();
    }
    filter.abandon(&Written(&lane.record));
    ending
}

/// Both directions, until the first of them ends.
async fn relay<R, W>(lane: &pump::Lane, link: Link, reader: R, writer: W, received: bytes::BytesMut) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Link { from_gateway, to_gateway } = link;
    let up = pump::replies(lane, reader, to_gateway, received);
    let down = pump::requests(lane, from_gateway, writer);
    tokio::pin!(up, down);
    tokio::select! {
        ending = &mut up => ending,
        ending = &mut down => match ending {
            // The client said goodbye and the target knows: what it still has to say, and its close, decide.
            None => tokio::time::timeout(pump::GOODBYE, up).await.map_or_else(|_| done(), |_| done()),
            Some(ending) => ending,
        },
    }
}

fn done() -> Ending {
    Ending::new(Code::Done, "the client ended the session")
}

/// The filter's journal is the session's recorder.
struct Written<'a>(&'a Recorder);

impl Journal for Written<'_> {
    fn begin(&self, request: Request) -> u64 {
        if request.operation == WARNING {
            tracing::warn!(warning = %request.text, "marks of a connection");
        }
        self.0.begin(request).0
    }
    fn data(&self, exchange: u64, stream: Stream, bytes: &[u8]) {
        self.0.data(Exchange(exchange), stream, bytes);
    }
    fn completed(&self, exchange: u64, completed: Completed) {
        self.0.completed(Exchange(exchange), completed);
    }
    fn masked(&self, exchange: u64, masked: Masked) {
        self.0.masked(Exchange(exchange), masked);
    }
    fn refused(&self, exchange: u64, refused: Refused) {
        self.0.refused(Exchange(exchange), refused);
    }
}
