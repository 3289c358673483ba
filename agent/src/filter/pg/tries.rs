//! Writes that a constraint would have refused if a masked value were there, and that were taken back: each tells that it is not
//! there and leaves no trace, so they are counted apart from the errors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use protocols::pg::frame::back;

use super::Lookups;

/// Those of one session.
#[derive(Default)]
pub(super) struct Tries {
    counter: Option<Arc<dyn Lookups>>,
    /// By label: writes of the open transaction.
    open: BTreeMap<String, u32>,
    /// Something of it was taken back since the last time that the target was ready.
    undone: bool,
    /// The error that did so was counted as a collision.
    collided: bool,
}

impl Tries {
    pub(super) fn counted_by(counter: Arc<dyn Lookups>) -> Self {
        Self { counter: Some(counter), open: BTreeMap::new(), undone: false, collided: false }
    }

    /// A message of the target.
    pub(super) fn saw(&mut self, tag: u8, body: &[u8]) {
        match tag {
            back::ERROR => self.undone = true,
            // PREPARE TRANSACTION leaves open what becomes of it.
            back::COMMAND_COMPLETE if body.starts_with(b"ROLLBACK") || body.starts_with(b"PREPARE T") => {
                self.undone = true;
            }
            back::COMMAND_COMPLETE if body.starts_with(b"COMMIT\0") => self.open.clear(),
            _ => {}
        }
    }

    /// An error was counted.
    pub(super) fn collided(&mut self) {
        self.collided = true;
    }

    /// A write that may collide has run.
    pub(super) fn ran<'a>(&mut self, labels: impl Iterator<Item = &'a String>, well: bool) {
        if well || !self.collided {
            let labels: BTreeSet<&String> = labels.collect();
            for label in labels {
                let tries = self.open.entry(label.clone()).or_default();
                *tries = tries.saturating_add(1);
            }
        }
    }

    /// The target is ready for more. `idle`: no transaction is open.
    pub(super) fn ready(&mut self, idle: bool) {
        if std::mem::take(&mut self.undone) {
            self.count();
        }
        self.collided = false;
        if idle {
            self.open.clear();
        }
    }

    fn count(&mut self) {
        for (label, tries) in std::mem::take(&mut self.open) {
            if let Some(counter) = &self.counter {
                counter.undone(&label, tries);
            }
        }
    }
}

impl Drop for Tries {
    /// What was open is taken back with its session.
    fn drop(&mut self) {
        self.count();
    }
}

impl fmt::Debug for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tries").finish_non_exhaustive()
    }
}
