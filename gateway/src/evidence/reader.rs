//! Reads a session's records back, object by object, and verifies each step of their chain.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use futures::TryStreamExt as _;
use ledger::chain::{self, Break, Head, Record};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use proto::{
    SessionId,
    event::{Closed, Event, Kind, decode},
};

use super::segment;
use crate::tunnel::SinkError;

/// A recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store does not answer.
    #[error("the recordings cannot be reached: {0}")]
    Unavailable(String),
    /// Nothing is stored of this session.
    #[error("there is no such recording")]
    Absent,
    /// It was tampered with or lost a part.
    #[error("the recording is damaged: {0}")]
    Damaged(#[from] Break),
    /// An object is not what we wrote.
    #[error("the recording is damaged: {0} cannot be read")]
    Unreadable(String),
}

/// A session's records in order.
pub struct Reader {
    objects: Arc<dyn ObjectStore>,
    segments: VecDeque<Path>,
    head: Head,
    expected: Option<Head>,
}

impl Reader {
    pub(super) async fn open(
        objects: Arc<dyn ObjectStore>,
        session: SessionId,
        expected: Option<Head>,
    ) -> Result<Self, ReadError> {
        let segments: VecDeque<_> = segments(&*objects, session).await?.into_iter().map(|(_, _, path)| path).collect();
        if segments.is_empty() {
            return Err(ReadError::Absent);
        }
        Ok(Self { objects, segments, head: Head::START, expected })
    }

    /// The next records with what they say; `None` after the last, when all of them are verified.
    ///
    /// # Errors
    /// The damage, once everything before it was given.
    pub async fn next(&mut self) -> Result<Option<Vec<(Bytes, Event)>>, ReadError> {
        while let Some(path) = self.segments.pop_front() {
            let mut fresh = Vec::new();
            for record in load(&*self.objects, &path).await? {
                let event = decode(&record).map_err(|_| ReadError::Unreadable(path.to_string()))?;
                // Two gateways may have stored the same records in different pieces; each counts once.
                if event.seq <= self.head.seq {
                    continue;
                }
                self.extend(&event, &record)?;
                fresh.push((record, event));
            }
            if !fresh.is_empty() {
                return Ok(Some(fresh));
            }
        }
        match self.expected {
            Some(expected) if expected.seq > self.head.seq => {
                Err(Break::Truncated { found: self.head.seq, expected: expected.seq }.into())
            }
            _ => Ok(None),
        }
    }

    /// All events at once; for recordings known to be small.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn events(mut self) -> Result<Vec<Event>, ReadError> {
        let mut events = Vec::new();
        while let Some(records) = self.next().await? {
            events.extend(records.into_iter().map(|(_, event)| event));
        }
        Ok(events)
    }

    /// The head of what was read so far.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    fn extend(&mut self, event: &Event, bytes: &Bytes) -> Result<(), ReadError> {
        self.head = self.head.extend(&Record { seq: event.seq, prev: &event.prev, bytes })?;
        match self.expected {
            Some(expected) if expected.seq == self.head.seq && expected.link != self.head.link => {
                Err(Break::Edited { seq: expected.seq }.into())
            }
            _ => Ok(()),
        }
    }
}

/// The head of what is stored of a session and, if it is there, its end.
pub(super) async fn last(
    objects: &dyn ObjectStore,
    session: SessionId,
) -> Result<Option<(Head, Option<Closed>)>, ReadError> {
    let Some((_, seq, path)) = segments(objects, session).await?.into_iter().max_by_key(|(_, last, _)| *last) else {
        return Ok(None);
    };
    let records = load(objects, &path).await?;
    let Some(record) = records.last() else { return Err(ReadError::Unreadable(path.to_string())) };
    let event = decode(record).map_err(|_| ReadError::Unreadable(path.to_string()))?;
    if event.seq != seq {
        return Err(ReadError::Unreadable(path.to_string()));
    }
    let closed = if let Some(Kind::Closed(closed)) = event.kind { Some(closed) } else { None };
    Ok(Some((Head { seq, link: chain::link(record) }, closed)))
}

/// A session's objects by their first record.
async fn segments(objects: &dyn ObjectStore, session: SessionId) -> Result<Vec<(u64, u64, Path)>, ReadError> {
    let Some(folder) = segment::folder(session) else { return Ok(Vec::new()) };
    let listed = objects.list(Some(&folder)).try_collect::<Vec<_>>().await.map_err(unavailable)?;
    let mut found: Vec<_> = listed
        .into_iter()
        .filter_map(|object| segment::range(&object.location).map(|(first, last)| (first, last, object.location)))
        .collect();
    found.sort_unstable();
    Ok(found)
}

async fn load(objects: &dyn ObjectStore, path: &Path) -> Result<Vec<Bytes>, ReadError> {
    let bytes = objects.get(path).await.map_err(unavailable)?.bytes().await.map_err(unavailable)?;
    segment::decode(bytes).ok_or_else(|| ReadError::Unreadable(path.to_string()))
}

pub(super) fn unavailable(error: object_store::Error) -> ReadError {
    ReadError::Unavailable(error.to_string())
}

/// Somebody else stored the object first, or it cannot be stored: what is there is looked at anew either way.
pub(super) fn unstored(error: object_store::Error) -> SinkError {
    SinkError::Unavailable(error.to_string())
}
