//! Sessions whose stream is gone but whose records are not all acknowledged: delivered through the `Deliver` call.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use ledger::chain::{self, Head};
use proto::{
    Code, SessionId,
    event::{Closed, Kind, decode},
};

use super::{
    SpoolError,
    file::{self, SpoolFile},
    frame,
    reel::BATCH,
    spool::Shared,
    tape::Tape,
};

/// One session's spool file, sealed and waiting for delivery. The file goes when its last record is acknowledged; a leftover that
/// is dropped before that is found again by [`super::Spool::leftovers`].
pub struct Leftover {
    session: SessionId,
    shared: Arc<Shared>,
    file: SpoolFile,
    base: u64,
    last: u64,
    acked: u64,
}

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
        self.session
    }

    /// What is not acknowledged yet, read from the file batch by batch (256 KiB).
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn batches(&mut self) -> Result<Batches, SpoolError> {
        let handle = self.file.handle()?;
        self.file.close();
        Ok(Batches {
            session: self.session,
            file: handle,
            offset: frame::HEADER as u64,
            end: self.file.length(),
            seq: self.base,
            acked: self.acked,
        })
    }

    /// The gateway has stored everything up to `seq`. Returns whether that was all, and the file is gone.
    pub fn acked(&mut self, seq: u64) -> bool {
        let done = self.acked < self.last && seq >= self.last;
        self.acked = self.acked.max(seq.min(self.last));
        if done {
            self.file.remove();
        }
        self.acked == self.last
    }

    /// The gateway refuses these records for good: the file is kept under another name for people to look at, and is not
    /// delivered again.
    pub fn set_aside(mut self) {
        self.file.set_aside();
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        self.shared.forget(self.session);
    }
}

/// The batches of a leftover.
pub struct Batches {
    session: SessionId,
    file: Arc<File>,
    offset: u64,
    end: u64,
    seq: u64,
    acked: u64,
}

impl Iterator for Batches {
    type Item = Result<Batch, SpoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.offset < self.end {
            match file::read_frames(&self.file, self.offset, self.end, BATCH) {
                Ok((records, offset)) => {
                    self.offset = offset;
                    self.seq += records.len() as u64;
                    if self.seq > self.acked {
                        return Some(Ok(Batch { session: self.session, records, last_seq: self.seq }));
                    }
                }
                Err(error) => {
                    self.offset = self.end;
                    return Some(Err(error.into()));
                }
            }
        }
        None
    }
}

/// What a spool file holds.
struct Found {
    base: Head,
    head: Head,
    /// Where the last whole record ends.
    length: u64,
    sealed: bool,
    requests: u64,
    bytes_out: u64,
    bytes_in: u64,
}

/// Cuts the torn end off a session's file and seals it if it is not. `None` if nothing was ever committed to it; it is removed then.
pub(super) fn recover(path: &Path, session: SessionId, shared: &Arc<Shared>) -> Result<Option<Leftover>, SpoolError> {
    let total = std::fs::metadata(path)?.len();
    let Some(found) = scan(path, session)? else {
        std::fs::remove_file(path)?;
        shared.budget.give_back(total);
        return Ok(None);
    };
    let torn = total.saturating_sub(found.length);
    let mut file = SpoolFile::reopen(path.to_owned(), session, found.length, shared.budget.clone())?;
    let mut last = found.head.seq;
    if !found.sealed {
        let mut tape = Tape::new(shared.limits, found.head);
        tape.event(0, Kind::Closed(found.closed(torn)));
        file.append_last(tape.frames())?;
        last = tape.head().seq;
    }
    file.handle()?.sync_data()?;
    file.close();
    Ok(Some(Leftover { session, shared: shared.clone(), file, base: found.base.seq, last, acked: found.base.seq }))
}

/// Reads a file as far as it is whole. `None` if there is not one record in it, nor was there one before.
fn scan(path: &Path, session: SessionId) -> Result<Option<Found>, SpoolError> {
    let mut reader = BufReader::with_capacity(256 << 10, File::open(path)?);
    let mut header = [0; frame::HEADER];
    if !fill(&mut reader, &mut header)? {
        return Ok(None);
    }
    let (owner, base) = frame::parse_header(&header).ok_or(SpoolError::Damaged("its header is damaged"))?;
    if owner != session {
        return Err(SpoolError::Damaged("it is another session's"));
    }
    let mut found =
        Found { base, head: base, length: frame::HEADER as u64, sealed: false, requests: 0, bytes_out: 0, bytes_in: 0 };
    let mut prefix = [0; frame::PREFIX];
    let mut record = Vec::new();
    while fill(&mut reader, &mut prefix)? {
        let Some(length) = frame::record_length(&prefix) else { break };
        record.resize(length, 0);
        if !fill(&mut reader, &mut record)? || !found.take(&prefix, &record) {
            break;
        }
    }
    Ok((found.head.seq > 0).then_some(found))
}

impl Found {
    /// Takes the next record; false if it is damaged or does not follow.
    fn take(&mut self, prefix: &[u8], record: &[u8]) -> bool {
        let link = chain::link(record);
        let Some(event) = frame::fits(prefix, &link).then(|| decode(record).ok()).flatten() else { return false };
        let Ok(head) = self.head.extend(&chain::Record { seq: event.seq, prev: &event.prev, bytes: record }) else {
            return false;
        };
        match event.kind {
            Some(Kind::Request(_)) => self.requests += 1,
            Some(Kind::Completed(completed)) => {
                self.bytes_out += completed.bytes_out;
                self.bytes_in += completed.bytes_in;
            }
            Some(Kind::Closed(_)) => self.sealed = true,
            _ => {}
        }
        self.head = head;
        self.length += (frame::PREFIX + record.len()) as u64;
        true
    }

    fn closed(&self, torn: u64) -> Closed {
        let mut message = "the agent stopped or lost its gateway while the session ran".to_owned();
        if torn > 0 {
            message.push_str(&format!("; {torn} bytes of an unfinished write were cut"));
        }
        let Self { requests, bytes_out, bytes_in, .. } = *self;
        Closed { code: Code::AgentLost.to_string(), message, requests, bytes_out, bytes_in }
    }
}

/// Fills `bytes`; false if the file ends before that.
fn fill(reader: &mut impl io::Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
