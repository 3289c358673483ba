//! What a statement's columns are made of. Markings name columns of base tables; children, partitions, generated columns,
//! views and functions inherit them from what the catalog says they are made of. What cannot be followed is *unknown*,
//! and unknown is never clean (masking design 2.2).

mod attached;
mod functions;
mod marks;
mod plpgsql;
mod query;
mod scope;
mod trigger;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    functions::Safety,
    marks::{Allowed, Mark, Marking, Marks, Mode, Rules, Transform},
    query::Outputs,
    watch::{Told, Watch},
};
pub(crate) use self::{
    scope::is_system,
    watch::{DELETE, INSERT, TRUNCATE, UPDATE, Written},
};

/// What one output column is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Of nothing that is marked.
    #[default]
    Clean,
    /// It is a marked column.
    AsIs(Mark),
    /// It is computed from marked columns, of which this is one.
    Derived(Mark),
    /// It cannot be told.
    Unknown,
}

impl Verdict {
    /// Both together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Clean, other) => other.clone(),
            (this, Self::Clean) => this,
            (Self::AsIs(this), Self::AsIs(other)) if this == *other => Self::AsIs(this),
            (Self::AsIs(mark) | Self::Derived(mark), _) => Self::Derived(mark),
        }
    }

    /// Something computed from it.
    #[must_use]
    pub fn derived(self) -> Self {
        match self {
            Self::AsIs(mark) => Self::Derived(mark),
            other => other,
        }
    }

    /// Whether it may be shown as it is.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::Clean
    }

    /// How an output column of this kind is masked, if it has to be.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        match self {
            Self::Clean => None,
            Self::AsIs(mark) => Some(mark.clone()),
            Self::Derived(mark) => Some(Mark { transform: Transform::Full, ..mark.clone() }),
            Self::Unknown => {
                let (label, source) = ("unknown".to_owned(), "unknown".to_owned());
                Some(Mark { label, transform: Transform::Full, source, mode: Mode::Record })
            }
        }
    }
}

/// What is masked in one relation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Its masked columns by name.
    pub masked: BTreeMap<String, Mark>,
    /// Why it must not be read at all, if so.
    pub closed: Option<String>,
}

impl Cover {
    /// Whether everything in it may be read as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.masked.is_empty() && self.closed.is_none()
    }
}

/// What code does besides its result, as far as masked columns are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// It reads or writes a marked relation: its errors may quote values.
    pub touches: bool,
    /// It writes a marked relation.
    pub writes: bool,
    /// The labels of which its errors may tell whether a value is there.
    pub collides: BTreeSet<String>,
}

impl Effects {
    /// Adds what else is done.
    pub(crate) fn add(&mut self, other: &Self) {
        self.touches |= other.touches;
        self.writes |= other.writes;
        self.collides.extend(other.collides.iter().cloned());
    }
}
