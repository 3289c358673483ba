//! How often somebody calls: the calls of a subject on a connection in the last minute, over all their sessions at this agent, so
//! that a new session does not begin at nought. Counted only while a policy asks.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Seconds that count.
const WINDOW: u64 = 60;
/// Callers that are counted at once; with more, each counts as one who calls without end.
const MOST: usize = 10_000;

/// Counts calls.
#[derive(Default)]
pub(super) struct Rate(Mutex<HashMap<String, Recent>>);

/// Calls by the second, oldest first: the second and how many.
#[derive(Default)]
struct Recent(std::collections::VecDeque<(u64, u64)>);

impl Rate {
    /// The name under which a caller is counted.
    pub(super) fn name(subject: &str, connection: &str) -> String {
        format!("{connection}\0{subject}")
    }

    /// Counts a call at `now`, in seconds, and gives how many there were in the last minute.
    pub(super) fn count(&self, name: &str, now: u64) -> u64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recent) = all.get_mut(name) {
            return recent.count(now);
        }
        if all.len() >= MOST {
            all.retain(|_, recent| recent.sum(now) > 0);
        }
        if all.len() >= MOST {
            return u64::MAX;
        }
        all.entry(name.to_owned()).or_default().count(now)
    }

    /// Begins to count a caller anew.
    pub(super) fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// How many there were in the last minute.
    pub(super) fn recent(&self, name: &str, now: u64) -> u64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(name).map_or(0, |recent| recent.sum(now))
    }
}

impl Recent {
    fn count(&mut self, now: u64) -> u64 {
        match self.0.back_mut() {
            Some((second, calls)) if *second >= now => *calls = calls.saturating_add(1),
            _ => self.0.push_back((now, 1)),
        }
        self.sum(now)
    }

    fn sum(&mut self, now: u64) -> u64 {
        while self.0.front().is_some_and(|(second, _)| second.saturating_add(WINDOW) <= now) {
            self.0.pop_front();
        }
        self.0.iter().map(|(_, calls)| calls).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_last_minute_count_and_of_others_do_not() {
        let (rate, alice) = (Rate::default(), Rate::name("alice", "db"));
        for second in 0..10 {
            assert_eq!(rate.count(&alice, 100 + second), second + 1);
        }
        assert_eq!(rate.count(&Rate::name("alice", "other"), 109), 1);
        assert_eq!(rate.recent(&alice, 159), 10);
        assert_eq!(rate.recent(&alice, 165), 4);
        assert_eq!(rate.recent(&alice, 300), 0);
        // A clock that is set back loses nothing.
        assert_eq!((rate.count(&alice, 300), rate.count(&alice, 290)), (1, 2));
        rate.forget(&alice);
        assert_eq!(rate.count(&alice, 300), 1);
    }

    #[test]
    fn more_callers_than_are_counted_each_call_without_end_until_others_are_quiet() {
        let rate = Rate::default();
        for number in 0..MOST {
            assert_eq!(rate.count(&number.to_string(), 10), 1);
        }
        assert_eq!(rate.count("one more", 10), u64::MAX);
        assert_eq!(rate.count("one more", 80), 1);
    }
}
