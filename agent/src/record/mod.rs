//! What is kept: the session's events, spooled on disk before anything they describe is let through.
//!
//! ```text
//!  drivers -> Recorder -> tape (chained frames in memory) -commit-> spool file -ship-> gateway -ack-> file removed
//!                                                                      |
//!                                              process or link lost: Leftover -Deliver-> gateway
//! ```
//!
//! Rules: [`Recorder::commit`] is one write to a file opened for appending, so what it returned for survives the death of this
//! process. Records are chained (`ledger::chain`) and numbered, so the gateway knows each one once. A spool that is full or fails
//! ends the session. Events arrive here masked.

mod budget;
mod exchange;
mod file;
mod frame;
mod leftover;
mod reel;
mod request;
mod ship;
mod spool;
mod tape;
mod tend;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use proto::{
    Refusal,
    event::{Closed, Completed, Kind, Masked, Refused, Released, Request, Resized, Stream},
};

pub use self::{
    leftover::{Batch, Batches, Leftover},
    ship::{LinkLost, Sink},
    spool::{Spool, SpoolError},
};
use self::{reel::Reel, tape::Tape};

/// Appends events of one session. Cheap to clone; all lanes and both directions of a session share it.
///
/// Calls append to memory; [`Recorder::commit`] makes everything appended so far durable. The order of use:
/// - a request: `begin(..)`, `commit().await`, only then write to the target;
/// - an answer: `data(..)`, `completed(..)`, `commit().await`, only then send to the gateway.
///
/// Every request that began is completed once; those that are not when the session is sealed are marked aborted.
#[derive(Clone)]
pub struct Recorder(Kept);

#[derive(Clone)]
enum Kept {
    Nowhere(Arc<AtomicU64>),
    Spool(Arc<Reel>),
}

/// A request within a session, from 1; 0 is the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exchange(pub u64);

impl Recorder {
    /// A recorder that keeps nothing; for unit tests of drivers only.
    #[must_use]
    pub fn discard() -> Self {
        Self(Kept::Nowhere(Arc::default()))
    }

    fn new(reel: Arc<Reel>) -> Self {
        Self(Kept::Spool(reel))
    }

    /// Appends a request and numbers it. Of an overlong text (1 MiB) or fields (256 KiB) the rest is counted and hashed.
    pub fn begin(&self, request: Request) -> Exchange {
        match &self.0 {
            Kept::Nowhere(begun) => Exchange(begun.fetch_add(1, Ordering::Relaxed) + 1),
            Kept::Spool(reel) => reel.append(|tape| tape.begin(request)),
        }
    }

    /// Appends bytes as the client saw (or, for `STREAM_IN`, sent) them, after masking. Keeps at most the configured bytes
    /// per exchange and per session; what is left out is counted and hashed in a `Truncated` event. Small pieces that follow one
    /// another within one commit become one event, long ones several.
    pub fn data(&self, exchange: Exchange, stream: Stream, bytes: &[u8]) {
        self.append(|tape| tape.data(exchange, stream, bytes));
    }

    /// Appends the end of a request. `duration_ns`, `bytes_out` and `bytes_in` are filled in here when they are 0.
    pub fn completed(&self, exchange: Exchange, completed: Completed) {
        self.append(|tape| tape.completed(exchange, completed));
    }

    /// Appends what was masked.
    pub fn masked(&self, exchange: Exchange, masked: Masked) {
        self.append(|tape| tape.event(exchange.0, Kind::Masked(masked)));
    }

    /// Appends a refusal.
    pub fn refused(&self, exchange: Exchange, refused: Refused) {
        self.append(|tape| tape.event(exchange.0, Kind::Refused(refused)));
    }

    /// Appends that the session may go on.
    pub fn released(&self, released: Released) {
        self.append(|tape| tape.event(0, Kind::Released(released)));
    }

    /// Appends a new terminal size.
    pub fn resized(&self, exchange: Exchange, resized: Resized) {
        self.append(|tape| tape.event(exchange.0, Kind::Resized(resized)));
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// [`proto::Code::Spool`] if it cannot; the session must end and nothing more may pass.
    pub async fn commit(&self) -> Result<(), Refusal> {
        let Kept::Spool(reel) = &self.0 else { return Ok(()) };
        let seq = reel.write_out()?;
        if reel.shared.syncs_on_commit() { reel.sync(seq).await } else { Ok(()) }
    }

    /// Ends the recording: unfinished requests are marked aborted, `Closed` is the last record, nothing can be appended after it.
    /// Counts that are 0 are filled in. Only the first call counts. Works beyond the quota, and after a failed commit.
    ///
    /// # Errors
    /// [`proto::Code::Spool`] if it cannot be written; the session is then sealed as a leftover later.
    pub async fn seal(&self, closed: Closed) -> Result<(), Refusal> {
        let Kept::Spool(reel) = &self.0 else { return Ok(()) };
        let seq = reel.seal(closed)?;
        if reel.shared.syncs_on_commit() { reel.sync(seq).await } else { Ok(()) }
    }

    /// Ships records until the session is sealed and its last record acknowledged; the spool file is gone then. Runs beside the
    /// session, one at a time. At most 256 KiB a time, 200 ms after a
    /// commit at the latest, 800 ms in a busy session, at once when sealed.
    ///
    /// # Errors
    /// If the stream is lost, or the session could not be sealed. What is not acknowledged stays in the spool and becomes a
    /// [`Leftover`] once all clones of this recorder are dropped.
    pub async fn ship(&self, sink: impl Sink) -> Result<(), LinkLost> {
        match &self.0 {
            Kept::Nowhere(_) => Ok(()),
            Kept::Spool(reel) => ship::run(reel, sink).await,
        }
    }

    /// The gateway has stored everything up to `seq` (`Down::Ack`).
    pub fn acked(&self, seq: u64) {
        if let Kept::Spool(reel) = &self.0 {
            reel.acked(seq);
        }
    }

    fn append(&self, append: impl FnOnce(&mut Tape)) {
        if let Kept::Spool(reel) = &self.0 {
            reel.append(append);
        }
    }
}

#[cfg(test)]
mod tests;
