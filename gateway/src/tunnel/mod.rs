//! To be written.

use async_trait::async_trait;
use bytes::Bytes;
use proto::SessionId;

/// Where the records that agents send are stored. Implemented by `evidence`.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Stores records, given in order exactly as the agent wrote them; safe to call again with the same ones. Returns the sequence
    /// number up to which all of the session's records are stored, which is what the agent may be told.
    ///
    /// # Errors
    /// If they cannot be stored (try again later) or must not be (the chain is broken: never acknowledged).
    async fn accept(&self, session: SessionId, records: Vec<Bytes>) -> Result<u64, SinkError>;
}

/// Records were not stored.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The store failed; the same records may be sent again.
    #[error("records cannot be stored now: {0}")]
    Unavailable(String),
    /// The records do not continue what is stored, or are no records. Sending them again does not help.
    #[error("records refused: {0}")]
    Broken(String),
}
