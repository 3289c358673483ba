//! Counts of what was masked, by label and detector; the source of masking events. Never holds a value.

use crate::label::Label;

/// What was masked, by label and detector, since it was last drained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Label, detector, count; each pair appears once, in the order first seen.
    pub entries: Vec<(Label, &'static str, u64)>,
}

impl Tally {
    /// Counts one hit.
    pub fn add(&mut self, label: Label, detector: &'static str) {
        self.add_many(label, detector, 1);
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        for (label, detector, count) in &other.entries {
            self.add_many(*label, detector, *count);
        }
    }

    /// Takes the counts and starts again from nothing.
    #[must_use]
    pub fn drain(&mut self) -> Vec<(Label, &'static str, u64)> {
        std::mem::take(&mut self.entries)
    }

    /// Whether nothing was masked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many hits of a label were masked.
    #[must_use]
    pub fn count(&self, label: Label) -> u64 {
        self.entries.iter().filter(|entry| entry.0 == label).map(|entry| entry.2).sum()
    }

    /// How many hits were masked.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.entries.iter().map(|entry| entry.2).sum()
    }

    fn add_many(&mut self, label: Label, detector: &'static str, count: u64) {
        match self.entries.iter_mut().find(|entry| entry.0 == label && entry.1 == detector) {
            Some(entry) => entry.2 = entry.2.saturating_add(count),
            None => self.entries.push((label, detector, count)),
        }
    }
}
