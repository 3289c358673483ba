//! Prepared statements and portals by name. A name is only sure once the target has confirmed it: a Parse can fail or
//! be skipped, and then the name still means what it meant before. Where that is open, both meanings are written down.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use proto::{Code, Refusal, event::Field};
use protocols::pg::row::Column;

use super::{arguments::Arguments, columns::Plan, doubts::Known, journal::Number, pieces::Pieces, reading::Read};
use crate::filter::guard::Decision;

/// More names than this are refused.
const MOST_NAMES: usize = 64 * 1024;
/// All statement texts together, in bytes; a text beyond it is only kept in its own event.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// A prepared statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: Vec<u8>,
    /// Masked.
    pub(super) text: Arc<str>,
    /// The text as it was sent, to be read again when the session has changed; empty if it is not UTF-8 or too long.
    pub(super) raw: Box<str>,
    /// Rows of constants were left out of what was judged.
    pub(super) shortened: bool,
    /// What it does, as read when it was parsed.
    pub(super) read: Option<Read>,
    /// What stands in its place at the target, if columns are masked strictly.
    pub(super) rewrite: Option<super::strict::Rewrite>,
    /// Policy did not let it be parsed.
    pub(super) refused: Option<Arc<Decision>>,
    /// SHA-256 of the Parse, once all of it has passed.
    pub(super) digest: OnceLock<[u8; 32]>,
    pub(super) bytes: u64,
    /// What a Describe said of its rows; empty if it has none.
    pub(super) columns: OnceLock<Vec<Column>>,
    /// The types that it declares for its parameters.
    pub(super) declared: Vec<u32>,
    /// What a Describe said of them.
    pub(super) described: OnceLock<Vec<u32>>,
    /// The number of its own `parse` event.
    pub(super) own: Number,
    /// Whether any event tells its text.
    pub(super) told: Number,
}

/// A bound statement.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) name: Vec<u8>,
    pub(super) statement: Option<Arc<Statement>>,
    /// The text to show: the statement's, or a stand-in for one we have not seen.
    pub(super) text: Arc<str>,
    pub(super) fields: Vec<Field>,
    /// Its parameters as policy sees them, if policy looks at them.
    pub(super) arguments: Arguments,
    /// What its statement is judged by.
    pub(super) known: Known,
    /// The value that its statement looks up, if it does and the value is whole.
    pub(super) looked_up: Option<Box<[u8]>>,
    /// Why it must not run: a value that the database does not get has no mask.
    pub(super) unmaskable: Option<String>,
    /// SHA-256 of the Bind, once all of it has passed.
    pub(super) digest: OnceLock<[u8; 32]>,
    pub(super) bytes: u64,
    /// Formats of the result columns, if the Bind could be read to its end.
    pub(super) formats: Option<Vec<i16>>,
    pub(super) plan: OnceLock<Option<Arc<Plan>>>,
    /// What was sent of its rows.
    pub(super) pieces: Pieces,
    pub(super) own: Number,
    pub(super) told: Number,
}

impl Statement {
    /// The types of its parameters as far as they are known, 0 where not.
    pub(super) fn types(&self) -> &[u32] {
        self.described.get().unwrap_or(&self.declared)
    }
}

impl Portal {
    /// What to mask in its rows: what a Describe of the portal said, or one of its statement in the formats of the Bind.
    pub(super) fn plan(&self) -> Option<Arc<Plan>> {
        if let Some(plan) = self.plan.get() {
            return plan.clone();
        }
        let columns = self.statement.as_ref()?.columns.get()?;
        Some(Plan::new(columns, Some(self.formats.as_deref()?)))
    }
}

/// Something with a name.
pub(super) trait Named {
    fn name(&self) -> &[u8];
    fn weight(&self) -> usize;
}

impl Named for Statement {
    fn name(&self) -> &[u8] {
        &self.name
    }
    fn weight(&self) -> usize {
        self.text.len() + self.raw.len()
    }
}

impl Named for Portal {
    fn name(&self) -> &[u8] {
        &self.name
    }
    fn weight(&self) -> usize {
        self.fields.iter().map(|field| field.value.len()).sum::<usize>() + self.known.weight()
    }
}

struct Entry<T> {
    sure: Option<Arc<T>>,
    /// Sent and not yet confirmed, with the number of Syncs sent before.
    open: Vec<(u64, Arc<T>)>,
}

/// Names of one kind.
pub(super) struct Names<T> {
    entries: HashMap<Vec<u8>, Entry<T>>,
    weight: usize,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), weight: 0 }
    }
}

/// What a name means.
pub(super) struct Meaning<T> {
    pub(super) newest: Arc<T>,
    /// What it means if the newest was not accepted.
    pub(super) otherwise: Option<Arc<T>>,
}

impl<T: Named> Names<T> {
    /// Whether another `bytes` of text fit.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.weight + bytes <= MOST_TEXT
    }

    /// Sent, not confirmed.
    pub(super) fn define(&mut self, syncs: u64, value: Arc<T>) -> Result<(), Refusal> {
        if self.entries.len() >= MOST_NAMES {
            return Err(Refusal::new(Code::TooLarge, "too many prepared statements or portals"));
        }
        self.weight += value.weight();
        let entry = self.entries.entry(value.name().to_vec()).or_insert(Entry { sure: None, open: Vec::new() });
        entry.open.push((syncs, value));
        Ok(())
    }

    /// The target took it.
    pub(super) fn confirm(&mut self, value: &Arc<T>) {
        let Some(entry) = self.entries.get_mut(value.name()) else { return };
        let place = entry.open.iter().position(|(_, open)| Arc::ptr_eq(open, value));
        let Some(place) = place else { return };
        entry.open.remove(place);
        if let Some(old) = entry.sure.replace(value.clone()) {
            self.weight = self.weight.saturating_sub(old.weight());
        }
    }

    /// The target did not take it.
    pub(super) fn reject(&mut self, value: &Arc<T>) {
        let Some(entry) = self.entries.get_mut(value.name()) else { return };
        let before = entry.open.len();
        entry.open.retain(|(_, open)| !Arc::ptr_eq(open, value));
        if entry.open.len() < before {
            self.weight = self.weight.saturating_sub(value.weight());
        }
        if entry.open.is_empty() && entry.sure.is_none() {
            self.entries.remove(value.name());
        }
    }

    /// The target closed the name.
    pub(super) fn close(&mut self, name: &[u8]) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if let Some(old) = entry.sure.take() {
            self.weight = self.weight.saturating_sub(old.weight());
        }
        if entry.open.is_empty() {
            self.entries.remove(name);
        }
    }

    /// No name outlives this, except those that are still open.
    pub(super) fn forget(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        self.entries.retain(|_, entry| {
            if let Some(old) = entry.sure.take() {
                self.weight = self.weight.saturating_sub(old.weight());
            }
            !entry.open.is_empty()
        });
    }

    /// What the name means after `syncs` Syncs. Within one round to the next Sync there is no doubt: if the newest fails,
    /// what uses it is skipped.
    pub(super) fn find(&self, syncs: u64, name: &[u8]) -> Option<Meaning<T>> {
        let entry = self.entries.get(name)?;
        match entry.open.last() {
            None => entry.sure.clone().map(|newest| Meaning { newest, otherwise: None }),
            Some((at, newest)) => {
                let otherwise = entry.sure.clone().filter(|_| *at < syncs);
                Some(Meaning { newest: newest.clone(), otherwise })
            }
        }
    }
}
