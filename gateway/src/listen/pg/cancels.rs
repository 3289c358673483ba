//! Our own cancel keys: who shows the key we gave to a session cancels what that session runs. The target's key never
//! comes this far. A cancel is unauthenticated by nature, so it is counted per source, answered with silence, and compared
//! in constant time.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use protocols::pg::startup::Cancel;
use rand::RngCore;
use subtle::ConstantTimeEq;

use crate::session::Outgoing;

/// Cancels that one source may send at once, and per second.
const BURST: f64 = 100.0;
const PER_SECOND: f64 = 50.0;
/// Sources that are remembered.
const MOST_SOURCES: usize = 4096;

/// The keys of this process's sessions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Cancels(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// By process number. Sessions with different targets can share one, so the key decides.
    sessions: Mutex<HashMap<u32, Vec<Entry>>>,
    sources: Mutex<HashMap<IpAddr, Bucket>>,
}

struct Entry {
    key: Bytes,
    outgoing: Outgoing,
}

struct Bucket {
    left: f64,
    at: Instant,
}

/// A session's key. Dropping it makes the key worthless.
pub(super) struct Registered {
    cancels: Cancels,
    pub(super) pid: u32,
    pub(super) key: Bytes,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut sessions = lock(&self.cancels.0.sessions);
        if let Some(entries) = sessions.get_mut(&self.pid) {
            entries.retain(|entry| entry.key != self.key);
            if entries.is_empty() {
                sessions.remove(&self.pid);
            }
        }
    }
}

impl Cancels {
    /// Gives the session whose target calls itself `pid` a key of `length` bytes. The number is the target's own, so that
    /// what a client compares it with (`pg_backend_pid()`, notifications) fits; the key is ours.
    pub(super) fn register(&self, pid: u32, length: usize, outgoing: Outgoing) -> Registered {
        let mut key = vec![0; length];
        rand::rng().fill_bytes(&mut key);
        let key = Bytes::from(key);
        lock(&self.0.sessions).entry(pid).or_default().push(Entry { key: key.clone(), outgoing });
        Registered { cancels: self.clone(), pid, key }
    }

    /// Passes a cancel on, if the key is right and the source does not send too many. Says nothing either way.
    pub(super) async fn cancel(&self, cancel: &Cancel, source: SocketAddr) {
        if self.spend(source.ip())
            && let Some(outgoing) = self.find(cancel)
        {
            let _over = outgoing.cancel().await;
        }
    }

    fn find(&self, cancel: &Cancel) -> Option<Outgoing> {
        let sessions = lock(&self.0.sessions);
        let entries = sessions.get(&cancel.pid)?;
        let entry = entries.iter().find(|entry| bool::from(entry.key.ct_eq(&cancel.key)))?;
        Some(entry.outgoing.clone())
    }

    fn spend(&self, source: IpAddr) -> bool {
        let now = Instant::now();
        let mut sources = lock(&self.0.sources);
        if sources.len() >= MOST_SOURCES && !sources.contains_key(&source) {
            sources.retain(|_, bucket| bucket.refilled(now) < BURST);
            if sources.len() >= MOST_SOURCES {
                return false;
            }
        }
        let bucket = sources.entry(source).or_insert(Bucket { left: BURST, at: now });
        bucket.left = bucket.refilled(now);
        bucket.at = now;
        if bucket.left < 1.0 {
            return false;
        }
        bucket.left -= 1.0;
        true
    }
}

impl Bucket {
    fn refilled(&self, now: Instant) -> f64 {
        (self.left + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(BURST)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_cannot_try_keys_for_ever_and_does_not_stop_others() {
        let cancels = Cancels::default();
        let hasty = IpAddr::from([192, 0, 2, 1]);
        let spent = (0..1000).filter(|_| cancels.spend(hasty)).count();
        assert!((100..200).contains(&spent), "{spent}");
        assert!(cancels.spend(IpAddr::from([192, 0, 2, 2])));
    }
}
