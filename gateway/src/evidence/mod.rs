//! What is kept of sessions: their records, exactly as the agents wrote them, in an object store; read back verified, rendered for
//! players and programs.
//!
//! ```text
//!  agent -> tunnel -> Recordings::accept -> recordings/2026/11/21/<session>/000000000001-000000000042.seg -> Reader -> render
//! ```
//!
//! Rules: an object is written once and never changed. Nothing is acknowledged that is not stored. How far a session is stored
//! is told by its objects alone, so a killed gateway forgets nothing and repeats nothing. Records that do not continue the
//! chain are refused and audited.

mod progress;
mod reader;
pub mod render;
mod segment;

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use ledger::chain::{Break, Head, Record};
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload, local::LocalFileSystem};
use proto::{
    SessionId,
    event::{Closed, Kind, Refused, decode},
};

pub use self::{
    progress::SessionProgress,
    reader::{ReadError, Reader},
};
use crate::tunnel::{EventSink, SinkError};

/// How often a running session's row is brought up to date.
const PROGRESS: Duration = Duration::from_secs(1);
/// Sessions whose end is remembered before those that are quiet are forgotten (their objects tell it again).
const REMEMBERED: usize = 4096;
/// How many rules that stopped calls of one session are told one by one.
const MOST_RULES: usize = 64;

/// All recordings. Cheap to clone.
#[derive(Clone)]
pub struct Recordings(Arc<Inner>);

struct Inner {
    objects: Arc<dyn ObjectStore>,
    progress: Arc<dyn SessionProgress>,
    tracks: Mutex<HashMap<SessionId, Arc<tokio::sync::Mutex<Slot>>>>,
}

/// What is known of one session.
#[derive(Default)]
struct Slot {
    /// `None`: the objects must be asked.
    track: Option<Track>,
    /// The store failed while the session ran: what follows on the stream comes too early, and that is nobody's fault.
    behind: bool,
}

/// How far one session is stored.
struct Track {
    head: Head,
    closed: Option<Closed>,
    told: Option<Instant>,
    /// The rules that have stopped calls, as far as they were told.
    halted: BTreeSet<String>,
    /// The newest incident that was told.
    incident: u32,
}

impl Recordings {
    /// Recordings in any object store.
    #[must_use]
    pub fn new(objects: Arc<dyn ObjectStore>, progress: Arc<dyn SessionProgress>) -> Self {
        Self(Arc::new(Inner { objects, progress, tracks: Mutex::default() }))
    }

    /// Recordings in a local directory, which is made if it is not there. Objects are on the disk before they are acknowledged.
    ///
    /// # Errors
    /// If the directory cannot be used.
    pub fn open_dir(dir: &Path, progress: Arc<dyn SessionProgress>) -> Result<Self, ReadError> {
        std::fs::create_dir_all(dir).map_err(|error| ReadError::Unavailable(error.to_string()))?;
        let objects = LocalFileSystem::new_with_prefix(dir).map_err(reader::unavailable)?.with_fsync(true);
        Ok(Self::new(Arc::new(objects), progress))
    }

    /// Reads a session's records from the first on; every step is verified. `expected` is the head that the session's row knows,
    /// if it is known: less than that is damage, more is what came since.
    ///
    /// # Errors
    /// If the store does not answer, or there is no such recording.
    pub async fn reader(&self, session: SessionId, expected: Option<Head>) -> Result<Reader, ReadError> {
        Reader::open(self.0.objects.clone(), session, expected).await
    }

    fn slot(&self, session: SessionId) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut tracks = self.0.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        if tracks.len() > REMEMBERED {
            tracks.retain(|_, track| Arc::strong_count(track) > 1);
        }
        tracks.entry(session).or_default().clone()
    }

    fn forget(&self, session: SessionId) {
        self.0.tracks.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    async fn found(&self, session: SessionId) -> Result<Track, SinkError> {
        let last = reader::last(&*self.0.objects, session).await.map_err(|error| match error {
            ReadError::Unavailable(reason) => SinkError::Unavailable(reason),
            broken => SinkError::Broken(format!("what is stored is damaged: {broken}")),
        })?;
        let (head, closed) = last.unwrap_or((Head::START, None));
        Ok(Track { head, closed, told: None, halted: BTreeSet::new(), incident: 0 })
    }

    async fn put(&self, session: SessionId, first: u64, records: &[Bytes], last: u64) -> Result<(), SinkError> {
        let path =
            segment::path(session, first, last).ok_or_else(|| SinkError::Broken("no session id of ours".into()))?;
        let payload = PutPayload::from(segment::encode(records));
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.0.objects.put_opts(&path, payload, options).await.map_err(reader::unstored)?;
        Ok(())
    }

    /// Tells the audit log which rules stopped calls, each at its first time in a session; again if the gateway was started anew.
    async fn tell_halted(&self, session: SessionId, track: &mut Track, stopped: Vec<Refused>) -> Result<(), SinkError> {
        for refused in stopped {
            let incident = refused.incident.as_ref().map_or(0, |incident| incident.number);
            if incident > track.incident {
                self.0.progress.incident(session, &refused).await.map_err(SinkError::Unavailable)?;
                track.incident = incident;
            }
            if track.halted.len() < MOST_RULES && track.halted.insert(refused.rule.clone()) {
                self.0.progress.halted(session, &refused).await.map_err(SinkError::Unavailable)?;
            }
        }
        Ok(())
    }

    /// Tells the session's row how far it is stored: at its end, and now and then before.
    async fn tell(&self, session: SessionId, track: &mut Track) -> Result<(), SinkError> {
        if track.closed.is_none() && track.told.is_some_and(|told| told.elapsed() < PROGRESS) {
            return Ok(());
        }
        self.0.progress.stored(session, track.head, track.closed.as_ref()).await.map_err(SinkError::Unavailable)?;
        track.told = Some(Instant::now());
        Ok(())
    }
}

#[async_trait]
impl EventSink for Recordings {
    async fn accept(&self, session: SessionId, records: Vec<Bytes>) -> Result<u64, SinkError> {
        let slot = self.slot(session);
        let mut slot = slot.lock().await;
        let stored = self.store(session, &mut slot, &records).await;
        slot.behind = matches!(stored, Err(SinkError::Unavailable(_)));
        if let Err(SinkError::Broken(reason)) = &stored {
            self.0.progress.refused(session, reason).await;
        }
        stored
    }
}

impl Recordings {
    async fn store(&self, session: SessionId, slot: &mut Slot, records: &[Bytes]) -> Result<u64, SinkError> {
        // Taken out while it is worked on: after any failure the objects are asked again.
        let mut track = match slot.track.take() {
            Some(track) => track,
            None => self.found(session).await?,
        };
        if let Some(fresh) = track.check(records).map_err(|refused| refused.told(slot.behind))? {
            let new = records.get(fresh.from..).unwrap_or_default();
            self.tell_halted(session, &mut track, fresh.stopped).await?;
            self.put(session, track.head.seq + 1, new, fresh.head.seq).await?;
            track.head = fresh.head;
            track.closed = fresh.closed;
        }
        let seq = track.head.seq;
        self.tell(session, &mut track).await?;
        if track.closed.is_some() {
            self.forget(session);
        } else {
            slot.track = Some(track);
        }
        Ok(seq)
    }
}

/// Records that are not stored yet.
struct Fresh {
    from: usize,
    head: Head,
    closed: Option<Closed>,
    /// Calls that policies stopped, one for each rule.
    stopped: Vec<Refused>,
}

/// Why records cannot be stored.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("a record is no event")]
    NoEvent,
    #[error("record {0} differs from the stored one")]
    Forked(u64),
    #[error("record {0} comes after the session's end")]
    Late(u64),
    #[error(transparent)]
    Break(#[from] Break),
}

impl Unfit {
    fn told(self, behind: bool) -> SinkError {
        match self {
            Self::Break(Break::Missing { .. }) if behind => SinkError::Unavailable(self.to_string()),
            _ => SinkError::Broken(self.to_string()),
        }
    }
}

impl Track {
    /// Finds out which records are new, and that they continue what is stored.
    fn check(&self, records: &[Bytes]) -> Result<Option<Fresh>, Unfit> {
        let mut fresh: Option<Fresh> = None;
        for (from, record) in records.iter().enumerate() {
            let event = decode(record).map_err(|_| Unfit::NoEvent)?;
            if fresh.is_none() && event.seq <= self.head.seq {
                if event.seq == self.head.seq && ledger::chain::link(record) != self.head.link {
                    return Err(Unfit::Forked(event.seq));
                }
                continue;
            }
            if self.closed.is_some() || fresh.as_ref().is_some_and(|fresh| fresh.closed.is_some()) {
                return Err(Unfit::Late(event.seq));
            }
            let known = fresh.get_or_insert(Fresh { from, head: self.head, closed: None, stopped: Vec::new() });
            let next = Record { seq: event.seq, prev: &event.prev, bytes: record };
            known.head = known.head.extend(&next)?;
            match event.kind {
                Some(Kind::Closed(closed)) => known.closed = Some(closed),
                Some(Kind::Refused(refused)) if known.stopped.iter().all(|other| differ(other, &refused)) => {
                    known.stopped.push(refused);
                }
                _ => {}
            }
        }
        Ok(fresh)
    }
}

/// Whether two refusals say different things to the audit log.
fn differ(one: &Refused, other: &Refused) -> bool {
    let number = |refused: &Refused| refused.incident.as_ref().map_or(0, |incident| incident.number);
    one.rule != other.rule || number(one) != number(other)
}

#[cfg(test)]
mod tests;
