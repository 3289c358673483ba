//! The spool directory: one file per session until the gateway has acknowledged its last record.

use std::{
    collections::HashSet,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
};

use proto::{
    Refusal, SessionId,
    event::{Kind, Opened},
};

use super::{
    Leftover, Recorder,
    budget::Budget,
    file::SpoolFile,
    leftover,
    reel::{Reel, refusal},
    tape::Limits,
    tend,
};
use crate::config::{Durability, Record as Config};

/// The spool directory. Cheap to clone.
#[derive(Clone)]
pub struct Spool(Arc<Shared>);

/// What all sessions share.
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    pub(super) limits: Limits,
    pub(super) trim_at: u64,
    pub(super) budget: Arc<Budget>,
    durability: Durability,
    /// Sessions whose file somebody in this process has in hand.
    live: Mutex<HashSet<SessionId>>,
    tender: mpsc::Sender<Weak<Reel>>,
    _lock: File,
}

impl Spool {
    /// Opens the directory and locks it against a second agent.
    ///
    /// # Errors
    /// If it cannot be made, read or locked.
    pub fn open(config: Config) -> Result<Self, SpoolError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&config.dir)?;
        let lock = lock(&config.dir)?;
        let budget = Arc::new(Budget::new(&config.dir, config.quota, config.min_free, sweep(&config.dir)?));
        let (tender, written) = mpsc::channel();
        let tended = budget.clone();
        std::thread::Builder::new().name("spool".into()).spawn(move || tend::run(&written, &tended))?;
        Ok(Self(Arc::new(Shared {
            dir: config.dir,
            limits: Limits { exchange: config.exchange_limit, session: config.session_limit },
            trim_at: config.trim_at,
            budget,
            durability: config.durability,
            live: Mutex::default(),
            tender,
            _lock: lock,
        })))
    }

    /// Starts recording a session: its first event is durable when this returns.
    ///
    /// # Errors
    /// [`proto::Code::Spool`] if nothing can be written; the session must not start.
    pub async fn session(&self, session: SessionId, opened: Opened) -> Result<Recorder, Refusal> {
        let shared = &self.0;
        shared.budget.look();
        if !shared.claim(session) {
            tracing::error!(%session, "a session of this id is already recorded");
            return Err(refusal());
        }
        let file = SpoolFile::create(&shared.dir, session, shared.budget.clone()).map_err(|error| {
            tracing::error!(%session, %error, "the session cannot be recorded");
            shared.forget(session);
            refusal()
        })?;
        let reel = Arc::new(Reel::new(session, shared.clone(), file));
        reel.append(|tape| tape.event(0, Kind::Opened(opened)));
        let recorder = Recorder::new(reel);
        recorder.commit().await?;
        if shared.syncs_on_commit() {
            sync_dir(shared.dir.clone()).await?;
        }
        Ok(recorder)
    }

    /// The sessions in the directory that nobody in this process has in hand any more: no [`Recorder`], no earlier [`Leftover`].
    /// Cuts torn ends and seals those that were not sealed. A file that cannot be used now is logged and left. Blocks on
    /// the disk.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Leftover> {
        let shared = &self.0;
        let found = sessions(&shared.dir).unwrap_or_else(|error| {
            tracing::error!(%error, "the spool cannot be read");
            Vec::new()
        });
        let mut leftovers = Vec::new();
        for (session, path) in found.into_iter().filter(|(session, _)| shared.claim(*session)) {
            match leftover::recover(&path, session, shared) {
                Ok(Some(leftover)) => leftovers.push(leftover),
                Ok(None) => shared.forget(session),
                Err(error) => {
                    tracing::error!(path = %path.display(), %error, "a leftover recording cannot be used");
                    shared.forget(session);
                }
            }
        }
        leftovers
    }

    /// Bytes the spool takes.
    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.0.budget.used()
    }
}

impl Shared {
    /// Whether a commit returns only after `fdatasync`.
    pub(super) fn syncs_on_commit(&self) -> bool {
        self.durability == Durability::Disk
    }

    /// Puts a session on the list of the background thread.
    pub(super) fn tend(&self, reel: Weak<Reel>) {
        let _thread_lives = self.tender.send(reel);
    }

    /// The session's file is in nobody's hands any more.
    pub(super) fn forget(&self, session: SessionId) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    fn claim(&self, session: SessionId) -> bool {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).insert(session)
    }
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The operating system says no.
    #[error("the spool cannot be used: {0}")]
    Io(#[from] io::Error),
    /// Another agent has it.
    #[error("another process uses the spool")]
    Locked,
    /// The bytes are no spool file.
    #[error("not a spool file: {0}")]
    Damaged(&'static str),
}

/// Makes a new file's name durable.
async fn sync_dir(dir: PathBuf) -> Result<(), Refusal> {
    let sync = move || File::open(dir)?.sync_all();
    tokio::task::spawn_blocking(sync).await.map_err(io::Error::other).flatten().map_err(|error| {
        tracing::error!(%error, "the spool directory cannot be synced");
        refusal()
    })
}

fn lock(dir: &Path) -> Result<File, SpoolError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Removes what an interrupted trim left and adds up what is there.
fn sweep(dir: &Path) -> io::Result<u64> {
    let mut used = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "trim") {
            std::fs::remove_file(entry.path())?;
        } else {
            used += entry.metadata()?.len();
        }
    }
    Ok(used)
}

/// The session files, oldest session first.
fn sessions(dir: &Path) -> io::Result<Vec<(SessionId, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let session = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".spool")?.parse().ok());
        found.extend(session.map(|session| (session, path)));
    }
    found.sort_unstable_by_key(|(session, _)| *session);
    Ok(found)
}
