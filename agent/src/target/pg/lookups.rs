//! Counts look-ups: how many different values of a label one subject has looked up on a connection within the last hour, over
//! all sessions of this agent. Values are kept as sums with a key that this process made up.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;
use proto::{Lookup, PostgresSettings};

use crate::filter::pg::Lookups;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// More subjects and labels than this are not counted, so nothing is looked up.
const MOST: usize = 16 * 1024;

/// Connection, subject and label.
type Key = (String, String, String);
/// What was looked up, and when first.
type Seen = HashMap<[u8; 32], Instant>;

/// What all subjects have looked up within an hour.
pub struct Counters {
    key: hmac::Key,
    seen: Mutex<HashMap<Key, Seen>>,
    /// Numbers what is never the same.
    number: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let random: [u8; 32] = rand::random();
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &random), seen: Mutex::default(), number: AtomicU64::default() }
    }
}

impl Counters {
    /// Counts a value; gives how many there are now, or `None` if that would be more than `most`.
    fn count(&self, key: Key, value: &[u8], most: u32) -> Option<usize> {
        let sum: [u8; 32] = hmac::sign(&self.key, value).as_ref().try_into().ok()?;
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&key) {
            all.retain(|_, seen| seen.values().any(|first| first.elapsed() < HOUR));
            if all.len() >= MOST {
                return None;
            }
        }
        let seen = all.entry(key).or_default();
        seen.retain(|_, first| first.elapsed() < HOUR);
        if !seen.contains_key(&sum) && seen.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return None;
        }
        seen.entry(sum).or_insert_with(Instant::now);
        Some(seen.len())
    }

    /// Whether one more different value could be counted.
    fn has_room(&self, key: &Key, most: u32) -> bool {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = all.get(key).map_or(0, |seen| seen.values().filter(|first| first.elapsed() < HOUR).count());
        lately < usize::try_from(most).unwrap_or(usize::MAX)
    }
}

/// Errors are counted apart from look-ups.
const COLLISIONS: &str = "constraint ";
/// So are writes that would have brought one, and that were taken back: so many for each error that is allowed.
const UNDONE: &str = "undone ";
const UNDONE_EACH: u32 = 10;

/// The look-ups of one session.
pub(super) struct Counted {
    counters: Arc<Counters>,
    connection: String,
    subject: String,
    allowed: std::collections::BTreeMap<String, Lookup>,
    /// Errors that may tell that a value is there, within an hour.
    collisions: u32,
}

impl Counted {
    pub(super) fn new(counters: &Arc<Counters>, connection: &str, subject: &str, settings: &PostgresSettings) -> Self {
        let (counters, allowed) = (Arc::clone(counters), settings.masking.lookups.clone());
        let collisions = settings.masking.collisions();
        Self { counters, connection: connection.to_owned(), subject: subject.to_owned(), allowed, collisions }
    }

    fn collision_key(&self, label: &str) -> Key {
        (self.connection.clone(), self.subject.clone(), format!("{COLLISIONS}{label}"))
    }

    fn undone_key(&self, label: &str) -> Key {
        (self.connection.clone(), self.subject.clone(), format!("{UNDONE}{label}"))
    }

    fn most_undone(&self) -> u32 {
        self.collisions.saturating_mul(UNDONE_EACH)
    }

    fn too_many(&self, label: &str) -> String {
        if self.collisions == 0 {
            return format!(
                "an error would tell whether a value of {label} is there already; an administrator can allow some by \
                 collisions_per_hour"
            );
        }
        format!("no more than {} errors an hour may tell whether a value of {label} is there already", self.collisions)
    }
}

impl Lookups for Counted {
    fn look_up(&self, label: &str, value: &[u8]) -> Result<String, String> {
        let lookup = self.allowed.get(label).ok_or_else(|| format!("{label} must not be looked up"))?;
        let most = lookup.per_hour;
        let key = (self.connection.clone(), self.subject.clone(), label.to_owned());
        match self.counters.count(key, value, most) {
            Some(number) => Ok(format!("for {}, value {number} of {most} an hour", lookup.purpose)),
            None => Err(format!("no more than {most} different values of {label} may be looked up in an hour")),
        }
    }

    fn may_collide(&self, label: &str) -> Result<(), String> {
        if !self.counters.has_room(&self.collision_key(label), self.collisions) {
            return Err(self.too_many(label));
        }
        let most = self.most_undone();
        if !self.counters.has_room(&self.undone_key(label), most) {
            return Err(format!(
                "no more than {most} writes an hour that would tell whether a value of {label} is there may be taken back"
            ));
        }
        Ok(())
    }

    fn collide(&self, label: &str, what: &[u8]) -> Result<String, String> {
        match self.counters.count(self.collision_key(label), what, self.collisions) {
            Some(number) => Ok(format!("value {number} of {} an hour", self.collisions)),
            None => Err(self.too_many(label)),
        }
    }

    fn undone(&self, label: &str, tries: u32) {
        let most = self.most_undone();
        for _ in 0..tries.min(most) {
            let number = self.counters.number.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            self.counters.count(self.undone_key(label), &number, most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subject: &str) -> Key {
        ("db".into(), subject.into(), "email".into())
    }

    #[test]
    fn different_values_count_and_the_same_one_does_not_count_twice() {
        let counters = Counters::default();
        assert_eq!(counters.count(key("ann"), b"a", 2), Some(1));
        assert_eq!(counters.count(key("ann"), b"a", 2), Some(1));
        assert_eq!(counters.count(key("ann"), b"b", 2), Some(2));
        assert_eq!(counters.count(key("ann"), b"c", 2), None);
        assert_eq!(counters.count(key("ann"), b"b", 2), Some(2), "it was looked up before");
        assert_eq!(counters.count(key("bob"), b"c", 2), Some(1), "everybody has their own");
    }
}
