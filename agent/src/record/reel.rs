//! One session's recording while it runs: the tape in memory, the file on disk, and how far it is written, shipped and
//! acknowledged. Everything happens under one short lock that is never held across an await.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use bytes::Bytes;
use ledger::chain::{self, Head};
use proto::{Code, Refusal, SessionId, event::Closed};
use tokio::sync::Notify;

use super::{
    file::{self, SpoolFile},
    spool::Shared,
    tape::Tape,
};

/// Bytes shipped at a time.
pub(super) const BATCH: u64 = 256 << 10;
/// How long something committed may wait for company; each batch becomes an object of its own at the gateway.
const LINGER: Duration = Duration::from_millis(200);
/// The same in a session that has shipped within this time.
const LINGER_BUSY: Duration = Duration::from_millis(800);
/// Bytes shipped but not acknowledged at most.
const WINDOW: u64 = 2 << 20;
/// Pending bytes that are written without waiting for a commit, so that memory stays bounded.
const SPILL: usize = 1 << 20;

/// A session's recording.
pub(super) struct Reel {
    pub(super) session: SessionId,
    pub(super) shared: Arc<Shared>,
    state: Mutex<State>,
    /// Wakes the shipper.
    pub(super) wake: Notify,
    /// The last place that `fdatasync` covers; held while one runs, so that commits share it.
    synced: tokio::sync::Mutex<u64>,
}

struct State {
    tape: Tape,
    file: SpoolFile,
    /// The head of what is in the file.
    written: Head,
    shipped: Mark,
    acked: Mark,
    /// Ends of shipped batches that are not acknowledged.
    sent: VecDeque<Mark>,
    /// When the oldest unshipped commit happened, if anything is unshipped.
    waiting_since: Option<Instant>,
    /// When the last batch was taken.
    taken_at: Option<Instant>,
    /// Whether the shipper wants to be woken by the next commit, whatever its size.
    shipper_idle: bool,
    /// On the list of files to sync and close.
    tended: bool,
    unsynced: bool,
    broken: bool,
    sealed: bool,
    /// The closed recording could not be written; a leftover will be sealed in its place.
    ended: bool,
    removed: bool,
}

/// A place in the chain and where its record ends in the file.
#[derive(Clone, Copy)]
struct Mark {
    head: Head,
    offset: u64,
}

/// What the shipper does next.
pub(super) enum Step {
    /// Everything is acknowledged, the file is gone.
    Done,
    /// The session cannot be sealed, or the spool cannot be read.
    Stuck,
    /// Wait to be woken.
    Wait,
    /// Wait to be woken, this long at most.
    Linger(Duration),
    /// Send these.
    Send(Vec<Bytes>),
}

impl Reel {
    pub(super) fn new(session: SessionId, shared: Arc<Shared>, file: SpoolFile) -> Self {
        let start = Mark { head: Head::START, offset: file.length() };
        let state = State {
            tape: Tape::new(shared.limits, Head::START),
            file,
            written: Head::START,
            shipped: start,
            acked: start,
            sent: VecDeque::new(),
            waiting_since: None,
            taken_at: None,
            shipper_idle: false,
            tended: false,
            unsynced: false,
            broken: false,
            sealed: false,
            ended: false,
            removed: false,
        };
        Self { session, shared, state: Mutex::new(state), wake: Notify::new(), synced: tokio::sync::Mutex::new(0) }
    }

    /// Appends to the tape.
    pub(super) fn append<T>(self: &Arc<Self>, append: impl FnOnce(&mut Tape) -> T) -> T {
        let mut state = self.lock();
        let appended = append(&mut state.tape);
        if state.sealed || state.ended || state.tape.overflowed() {
            state.broken = true;
        }
        if state.broken {
            let written = state.written;
            state.tape.rewind(written);
        } else if state.tape.waiting() > SPILL {
            let _commit_tells = self.write(&mut state);
        }
        appended
    }

    /// Writes what the tape holds. Returns the place up to which everything is written.
    pub(super) fn write_out(self: &Arc<Self>) -> Result<u64, Refusal> {
        let mut state = self.lock();
        self.write(&mut state)?;
        Ok(state.written.seq)
    }

    /// Writes the last record; beyond the quota if need be, and after a failure as the next record after the last written one.
    pub(super) fn seal(self: &Arc<Self>, closed: Closed) -> Result<u64, Refusal> {
        let mut state = self.lock();
        if state.sealed || state.ended {
            return if state.sealed { Ok(state.written.seq) } else { Err(refusal()) };
        }
        if state.broken {
            let written = state.written;
            state.tape.rewind(written);
        }
        state.tape.closed(closed);
        let state = &mut *state;
        match state.file.append_last(state.tape.frames()) {
            Ok(()) => {
                state.tape.written();
                state.written = state.tape.head();
                state.sealed = true;
                self.tend_later(state);
            }
            Err(error) => {
                state.ended = true;
                self.fail(state, &error);
            }
        }
        self.wake.notify_one();
        if state.ended { Err(refusal()) } else { Ok(state.written.seq) }
    }

    /// Returns when everything up to `seq` is on the disk.
    pub(super) async fn sync(self: &Arc<Self>, seq: u64) -> Result<(), Refusal> {
        let mut synced = self.synced.lock().await;
        if *synced >= seq {
            return Ok(());
        }
        let (handle, upto) = {
            let mut state = self.lock();
            (state.file.handle(), state.written.seq)
        };
        let done = match handle {
            Ok(handle) => {
                tokio::task::spawn_blocking(move || handle.sync_data()).await.map_err(io::Error::other).flatten()
            }
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.fail(&mut self.lock(), &error);
            return Err(refusal());
        }
        *synced = upto;
        Ok(())
    }

    /// A new stream: what the last one did not get acknowledged is shipped again.
    pub(super) fn start_shipping(&self) {
        let mut state = self.lock();
        state.shipped = state.acked;
        state.sent.clear();
    }

    /// What the shipper does next.
    pub(super) fn step(&self) -> Step {
        let mut state = self.lock();
        state.shipper_idle = false;
        if state.removed {
            return Step::Done;
        }
        let waiting = state.file.length().saturating_sub(state.shipped.offset);
        let in_flight = state.shipped.offset.saturating_sub(state.acked.offset);
        if waiting == 0 || in_flight > WINDOW {
            if waiting == 0 && state.ended {
                return Step::Stuck;
            }
            state.shipper_idle = waiting == 0;
            return Step::Wait;
        }
        let waited = state.waiting_since.get_or_insert_with(Instant::now).elapsed();
        let linger = if state.is_busy() { LINGER_BUSY } else { LINGER };
        if waiting < BATCH && !state.sealed && !state.ended && waited < linger {
            return Step::Linger(linger - waited);
        }
        match state.take_batch() {
            Ok(records) => Step::Send(records),
            Err(error) => {
                tracing::error!(session = %self.session, %error, "the spool cannot be read");
                Step::Stuck
            }
        }
    }

    /// The gateway has stored everything up to `seq`.
    pub(super) fn acked(&self, seq: u64) {
        let mut state = self.lock();
        while let Some(mark) = state.sent.front().copied().filter(|mark| mark.head.seq <= seq) {
            state.acked = mark;
            state.sent.pop_front();
        }
        if state.sealed && !state.removed && state.acked.head.seq == state.written.seq {
            state.file.remove();
            state.removed = true;
        } else if let Err(error) = state.trim(self.shared.trim_at) {
            self.fail(&mut state, &error);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Syncs what is not synced and gives back what an idle session does not need. Returns whether there is nothing left to do
    /// here until the next commit.
    pub(super) fn tend(&self, idle: bool) -> bool {
        let handle = {
            let mut state = self.lock();
            if state.removed || (idle && !state.unsynced) {
                state.file.close();
                state.tape.relax();
                state.tended = false;
                return true;
            }
            if !std::mem::take(&mut state.unsynced) || self.shared.syncs_on_commit() {
                return false;
            }
            state.file.handle()
        };
        if let Err(error) = handle.and_then(|handle| handle.sync_data()) {
            self.fail(&mut self.lock(), &error);
        }
        false
    }

    /// Whether anything was written since the last [`Self::tend`].
    pub(super) fn is_unsynced(&self) -> bool {
        self.lock().unsynced
    }

    fn write(self: &Arc<Self>, state: &mut State) -> Result<(), Refusal> {
        if state.broken {
            return Err(refusal());
        }
        let frames = state.tape.frames();
        if frames.is_empty() {
            return Ok(());
        }
        if let Err(error) = state.file.append(frames) {
            self.fail(state, &error);
            return Err(refusal());
        }
        state.tape.written();
        state.written = state.tape.head();
        if state.waiting_since.is_none() {
            state.waiting_since = Some(Instant::now());
        }
        let full = state.file.length().saturating_sub(state.shipped.offset) >= BATCH;
        if state.shipper_idle || full {
            self.wake.notify_one();
        }
        self.tend_later(state);
        Ok(())
    }

    fn tend_later(self: &Arc<Self>, state: &mut State) {
        state.unsynced = true;
        if !std::mem::replace(&mut state.tended, true) {
            self.shared.tend(Arc::downgrade(self));
        }
    }

    fn fail(&self, state: &mut State, error: &io::Error) {
        if !std::mem::replace(&mut state.broken, true) {
            tracing::error!(session = %self.session, %error, "the session cannot be recorded");
        }
        self.wake.notify_one();
    }

    /// A panic while the lock was held may have left half an event: nothing may pass any more.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.broken = true;
            state
        })
    }
}

impl Drop for Reel {
    fn drop(&mut self) {
        self.shared.forget(self.session);
    }
}

impl State {
    /// Whether a batch was taken a short time ago.
    fn is_busy(&self) -> bool {
        self.taken_at.is_some_and(|taken| taken.elapsed() < LINGER_BUSY)
    }

    /// Reads the next batch from the file; it counts as shipped.
    fn take_batch(&mut self) -> io::Result<Vec<Bytes>> {
        let handle = self.file.handle()?;
        let (records, offset) = file::read_frames(&handle, self.shipped.offset, self.file.length(), BATCH)?;
        let Some(last) = records.last() else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        let head = Head { seq: self.shipped.head.seq + records.len() as u64, link: chain::link(last) };
        self.shipped = Mark { head, offset };
        self.sent.push_back(self.shipped);
        self.taken_at = Some(Instant::now());
        self.waiting_since = (offset < self.file.length()).then(Instant::now);
        Ok(records)
    }

    /// Drops acknowledged records from the file once they are many and most of it, so that a session may last for ever.
    fn trim(&mut self, at: u64) -> io::Result<()> {
        if self.sealed || self.acked.offset < at || self.acked.offset * 2 < self.file.length() {
            return Ok(());
        }
        let gone = self.file.trim(self.acked.offset, self.acked.head)?;
        for mark in self.sent.iter_mut().chain([&mut self.shipped, &mut self.acked]) {
            mark.offset -= gone;
        }
        Ok(())
    }
}

/// What a client reads when its session cannot be recorded.
pub(super) fn refusal() -> Refusal {
    Refusal::new(Code::Spool, "the session cannot be recorded, so nothing more may pass")
}
