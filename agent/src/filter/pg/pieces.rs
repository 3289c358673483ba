//! What a statement sent whose rows come in pieces: Execute takes a portal's rows in bites, FETCH a cursor's. A limit of rows
//! counts them together, however small the bites are.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::filter::guard::Sent;

/// Cursors that are counted one by one. Those beyond are counted together, which is stricter.
const MOST_CURSORS: usize = 1024;
/// Under which those beyond are counted: no cursor that FETCH names has an empty name.
const OTHERS: &str = "";

/// What a portal has sent so far.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Pieces {
    pub(super) fn sent(&self) -> Sent {
        Sent { rows: self.rows.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    pub(super) fn add(&self, sent: Sent) {
        self.rows.fetch_add(sent.rows, Ordering::Relaxed);
        self.bytes.fetch_add(sent.bytes, Ordering::Relaxed);
    }
}

/// What the cursors of a session have sent so far.
#[derive(Debug, Default)]
pub(super) struct Cursors(HashMap<Box<str>, Sent>);

impl Cursors {
    /// What was sent from this cursor since it was declared.
    pub(super) fn sent(&self, name: &str) -> Sent {
        self.0.get(name).or_else(|| self.0.get(OTHERS)).copied().unwrap_or_default()
    }

    /// Rows of a cursor were sent. `is_open` tells which cursors there still are.
    pub(super) fn add(&mut self, name: &str, sent: Sent, is_open: impl Fn(&str) -> bool) {
        if self.0.len() >= MOST_CURSORS && !self.0.contains_key(name) {
            self.0.retain(|name, _| name.is_empty() || is_open(name));
        }
        let name = if self.0.len() < MOST_CURSORS || self.0.contains_key(name) { name } else { OTHERS };
        let all = self.0.entry(name.into()).or_default();
        *all = all.plus(sent);
    }

    /// A cursor was declared anew.
    pub(super) fn declared(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: u64) -> Sent {
        Sent { rows, bytes: 0 }
    }

    #[test]
    fn what_a_cursor_sends_adds_up_until_it_is_declared_again() {
        let mut cursors = Cursors::default();
        cursors.add("c", rows(3), |_| true);
        cursors.add("c", rows(4), |_| true);
        assert_eq!((cursors.sent("c"), cursors.sent("d")), (rows(7), rows(0)));
        cursors.declared("c");
        assert_eq!(cursors.sent("c"), rows(0));
    }

    #[test]
    fn cursors_beyond_the_most_are_counted_together_and_those_that_are_closed_make_room() {
        let mut cursors = Cursors::default();
        for number in 0..MOST_CURSORS {
            cursors.add(&format!("c{number}"), rows(1), |_| true);
        }
        cursors.add("one", rows(5), |_| true);
        cursors.add("other", rows(6), |_| true);
        assert_eq!((cursors.sent("one"), cursors.sent("c7")), (rows(11), rows(1)));
        cursors.add("new", rows(2), |name| name == "c7");
        assert_eq!((cursors.sent("new"), cursors.sent("c7"), cursors.0.len()), (rows(2), rows(1), 3));
    }
}
