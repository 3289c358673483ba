//! What is kept: the session's events, spooled on disk before anything they describe is let through.
//!
//! This is the interface that target drivers use; the spool behind it is written by the recording work.

mod leftover;
mod ship;
mod spool;

use std::sync::Arc;

use proto::{
    Code, Refusal,
    event::{Closed, Completed, Masked, Refused, Request, Resized, Stream},
};

pub use self::{
    leftover::{Batch, Leftover},
    ship::{LinkLost, Sink},
    spool::{Config, Durability, Spool, SpoolError},
};

/// Appends events of one session. Cheap to clone; all lanes and both directions of a session share it.
///
/// Calls append to memory; [`Recorder::commit`] makes everything appended so far durable. The order of use:
/// - a request: `begin(..)`, `commit().await`, only then write to the target;
/// - an answer: `data(..)`, `completed(..)`, `commit().await`, only then send to the gateway.
#[derive(Clone)]
pub struct Recorder(Arc<()>);

/// A request within a session, from 1; 0 is the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exchange(pub u64);

impl Recorder {
    /// A recorder that keeps nothing; for unit tests of drivers only.
    #[must_use]
    pub fn discard() -> Self {
        Self(Arc::new(()))
    }

    /// Appends a request and numbers it.
    pub fn begin(&self, _request: Request) -> Exchange {
        Exchange(1)
    }

    /// Appends bytes as the client saw (or, for `STREAM_IN`, sent) them, after masking. Keeps at most the configured bytes
    /// per exchange and per session; what is left out is counted and hashed in a `Truncated` event.
    pub fn data(&self, _exchange: Exchange, _stream: Stream, _bytes: &[u8]) {}

    /// Appends the end of a request. `duration_ns`, `bytes_out` and `bytes_in` are filled in here when they are 0.
    pub fn completed(&self, _exchange: Exchange, _completed: Completed) {}

    /// Appends what was masked.
    pub fn masked(&self, _exchange: Exchange, _masked: Masked) {}

    /// Appends a refusal.
    pub fn refused(&self, _exchange: Exchange, _refused: Refused) {}

    /// Appends a new terminal size.
    pub fn resized(&self, _exchange: Exchange, _resized: Resized) {}

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// [`Code::Spool`] if it cannot; the session must end and nothing more may pass.
    pub async fn commit(&self) -> Result<(), Refusal> {
        let _ = Code::Spool;
        Ok(())
    }

    /// Ends the recording: unfinished requests are marked aborted, `Closed` is the last record, nothing can be appended after it.
    /// Counts that are 0 are filled in. Only the first call counts.
    ///
    /// # Errors
    /// [`Code::Spool`] if it cannot be written; the session is then sealed as a leftover later.
    pub async fn seal(&self, _closed: Closed) -> Result<(), Refusal> {
        Ok(())
    }

    /// Ships records until the session is sealed and its last record acknowledged; the spool file is gone then. Runs beside the
    /// session, once. At most 256 KiB a time, 200 ms after a commit at the latest, at once when sealed.
    ///
    /// # Errors
    /// If the stream is lost. What is not acknowledged stays in the spool and becomes a [`Leftover`] once all clones of this
    /// recorder are dropped.
    pub async fn ship(&self, _sink: impl Sink) -> Result<(), LinkLost> {
        Ok(())
    }

    /// The gateway has stored everything up to `seq` (`Down::Ack`).
    pub fn acked(&self, _seq: u64) {}
}
