//! Counts of what was masked, by label and detector; the source of masking events. Never holds a value.

use crate::label::Label;
use crate::transform::Transform;

/// How often one detector's hits of one label became the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The class of the values.
    pub label: Label,
    /// What found them.
    pub detector: &'static str,
    /// What stands in their place.
    pub transform: Transform,
    /// How many.
    pub times: u64,
}

/// What was masked, by label, detector and transform, since it was last drained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Each label, detector and transform appears once, in the order first seen.
    pub entries: Vec<Count>,
}

impl Tally {
    /// Counts one hit that becomes this.
    pub fn add(&mut self, label: Label, detector: &'static str, transform: Transform) {
        self.add_many(&Count { label, detector, transform, times: 1 });
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        other.entries.iter().for_each(|count| self.add_many(count));
    }

    /// Takes the counts and starts again from nothing.
    #[must_use]
    pub fn drain(&mut self) -> Vec<Count> {
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
        self.entries.iter().filter(|entry| entry.label == label).map(|entry| entry.times).sum()
    }

    /// How many hits were masked.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.entries.iter().map(|entry| entry.times).sum()
    }

    fn add_many(&mut self, count: &Count) {
        let same = |entry: &&mut Count| {
            (entry.label, entry.detector, entry.transform) == (count.label, count.detector, count.transform)
        };
        match self.entries.iter_mut().find(same) {
            Some(entry) => entry.times = entry.times.saturating_add(count.times),
            None => self.entries.push(count.clone()),
        }
    }
}
