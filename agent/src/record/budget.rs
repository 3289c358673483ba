//! How many bytes the spool may still take: a quota over all sessions, and space that must stay free on the file system.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// The spool's room. Shared by all sessions.
pub(super) struct Budget {
    dir: PathBuf,
    quota: u64,
    min_free: u64,
    used: AtomicU64,
    low: AtomicBool,
}

impl Budget {
    pub(super) fn new(dir: &Path, quota: u64, min_free: u64, used: u64) -> Self {
        Self { dir: dir.to_owned(), quota, min_free, used: AtomicU64::new(used), low: AtomicBool::new(false) }
    }

    /// Takes `count` bytes, all or none.
    pub(super) fn take(&self, count: u64) -> io::Result<()> {
        if self.low.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "too little space is free for the spool"));
        }
        let fits = |used: u64| used.checked_add(count).filter(|sum| *sum <= self.quota);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the spool is full")),
        }
    }

    /// Takes `count` bytes even beyond the quota.
    pub(super) fn take_anyway(&self, count: u64) {
        self.used.fetch_add(count, Ordering::Relaxed);
    }

    /// Returns `count` bytes.
    pub(super) fn give_back(&self, count: u64) {
        let _always =
            self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_sub(count)));
    }

    /// Looks how much space is free. Called when a session starts and while something is written, not per write.
    pub(super) fn look(&self) {
        let low = match rustix::fs::statvfs(&self.dir) {
            Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize) < self.min_free,
            Err(_) => true,
        };
        if low != self.low.swap(low, Ordering::Relaxed) {
            tracing::warn!(dir = %self.dir.display(), low, "free space for the spool");
        }
    }

    /// Bytes in use.
    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}
