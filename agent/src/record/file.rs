//! One session's file in the spool: opened when it is used, appended to with one write per commit, read back for shipping,
//! trimmed while the session lives and removed when everything in it is acknowledged.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use ledger::chain::Head;
use proto::SessionId;

use super::{budget::Budget, frame};

/// The file. Its bytes are taken from the budget when written and given back when it is removed.
pub(super) struct SpoolFile {
    session: SessionId,
    path: PathBuf,
    budget: Arc<Budget>,
    handle: Option<Arc<File>>,
    /// Bytes of whole frames and the header.
    length: u64,
}

impl SpoolFile {
    /// Makes the file of a new session; its header is written here.
    pub(super) fn create(dir: &Path, session: SessionId, budget: Arc<Budget>) -> io::Result<Self> {
        let path = dir.join(name(session));
        let handle = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
        let mut file = Self { session, path, budget, handle: Some(Arc::new(handle)), length: 0 };
        match file.append(&frame::header(session, Head::START)) {
            Ok(()) => Ok(file),
            Err(error) => {
                file.remove();
                Err(error)
            }
        }
    }

    /// A file found in the directory, whose first `length` bytes are whole; anything after them is cut.
    pub(super) fn reopen(path: PathBuf, session: SessionId, length: u64, budget: Arc<Budget>) -> io::Result<Self> {
        let mut file = Self { session, path, budget, handle: None, length };
        let handle = file.handle()?;
        let found = handle.metadata()?.len();
        if found > length {
            handle.set_len(length)?;
            file.budget.give_back(found - length);
        }
        Ok(file)
    }

    /// Bytes of whole frames and the header.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends whole frames with one write. After an error the file ends where it ended before, as far as the file system lets us;
    /// if not, the torn end is cut when the file is next opened.
    pub(super) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        let count = frames.len() as u64;
        self.budget.take(count)?;
        self.write(frames)
    }

    /// The same for the last record of a session, which may exceed the quota.
    pub(super) fn append_last(&mut self, frames: &[u8]) -> io::Result<()> {
        self.budget.take_anyway(frames.len() as u64);
        self.write(frames)
    }

    /// An open handle; closed again by [`Self::close`].
    pub(super) fn handle(&mut self) -> io::Result<Arc<File>> {
        if let Some(handle) = &self.handle {
            return Ok(handle.clone());
        }
        let handle = Arc::new(OpenOptions::new().read(true).append(true).open(&self.path)?);
        self.handle = Some(handle.clone());
        Ok(handle)
    }

    /// Closes the handle until the next use.
    pub(super) fn close(&mut self) {
        self.handle = None;
    }

    /// Drops the frames before `offset`, which end in `base`: the rest moves into a new file that takes this one's place at
    /// once. Returns how many bytes went.
    pub(super) fn trim(&mut self, offset: u64, base: Head) -> io::Result<u64> {
        let handle = self.handle()?;
        let rest = read(&handle, offset, self.length.saturating_sub(offset))?;
        let path = self.path.with_extension("trim");
        let mut next = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        next.write_all(&frame::header(self.session, base))?;
        next.write_all(&rest)?;
        next.sync_data()?;
        std::fs::rename(&path, &self.path)?;
        self.handle = None;
        let length = (frame::HEADER + rest.len()) as u64;
        let gone = self.length.saturating_sub(length);
        self.length = length;
        self.budget.give_back(gone);
        Ok(gone)
    }

    /// Removes the file.
    pub(super) fn remove(&mut self) {
        self.handle = None;
        match std::fs::remove_file(&self.path) {
            Ok(()) => self.budget.give_back(self.length),
            Err(error) => tracing::error!(path = %self.path.display(), %error, "a spool file cannot be removed"),
        }
    }

    /// Keeps the file under another name, where nothing looks for it.
    pub(super) fn set_aside(&mut self) {
        self.handle = None;
        if let Err(error) = std::fs::rename(&self.path, self.path.with_extension("refused")) {
            tracing::error!(path = %self.path.display(), %error, "a refused spool file cannot be renamed");
        }
    }

    fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        let count = frames.len() as u64;
        let handle = self.handle().inspect_err(|_| self.budget.give_back(count))?;
        if let Err(error) = (&*handle).write_all(frames) {
            self.budget.give_back(count);
            let _torn = handle.set_len(self.length);
            return Err(error);
        }
        self.length += count;
        Ok(())
    }
}

/// The name of a session's file.
pub(super) fn name(session: SessionId) -> String {
    format!("{session}.spool")
}

/// Reads `count` bytes from `offset`.
pub(super) fn read(file: &File, offset: u64, count: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes.into())
}

/// Reads whole frames from `offset` on, up to `most` bytes but at least one frame. `end` is where the last whole frame ends.
/// Returns the records and the offset behind them.
pub(super) fn read_frames(file: &File, offset: u64, end: u64, most: u64) -> io::Result<(Vec<Bytes>, u64)> {
    let left = end.saturating_sub(offset);
    let bytes = read(file, offset, left.min(most))?;
    let (records, used) = frame::split(&bytes);
    if !records.is_empty() || left == 0 {
        return Ok((records, offset + used as u64));
    }
    let whole = frame::record_length(&bytes).map_or(u64::MAX, |length| (frame::PREFIX + length) as u64);
    if whole > left {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is cut short"));
    }
    let (records, used) = frame::split(&read(file, offset, whole)?);
    Ok((records, offset + used as u64))
}
