//! What was found out lately, by what it was found out of: for pure functions that cost more than a look-up.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{LazyLock, Mutex, PoisonError},
};

/// Entries that are kept; with more, all are found out anew.
const MOST: usize = 1024;

/// A bounded memory, shared by all sessions of an agent.
pub(super) struct Known<K, V>(LazyLock<Mutex<HashMap<K, V>>>);

impl<K: Eq + Hash, V: Clone> Known<K, V> {
    pub(super) const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// What is known of `key`, or what `find` finds.
    pub(super) fn of<Q: Eq + Hash + ToOwned<Owned = K> + ?Sized>(&self, key: &Q, find: impl FnOnce() -> V) -> V
    where
        K: Borrow<Q>,
    {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return known.clone();
        }
        let found = find();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key.to_owned(), found.clone());
        found
    }
}
