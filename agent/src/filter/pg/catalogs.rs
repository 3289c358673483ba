//! Where facts need the database's catalog, and how long a statement waits for it. A view or function that the catalog has
//! is judged by what it is made of. A statement that only uses what is PostgreSQL's own never waits. One that names something
//! else waits for the first catalog of its database, and for a newer one if it names what the catalog does not have. If
//! none can be had, names stay what they are, unless policy looks at them: then it cannot be judged.

use std::sync::Arc;

use sql::{Catalog, Reading};

use super::{
    Filter,
    reading::{self, Read},
};

/// Where the newest catalog of the session's database is.
pub trait Catalogs: Send + Sync {
    /// The newest that is known.
    fn newest(&self) -> Option<Arc<Catalog>>;

    /// Whether waiting for a newer one may bring one: not right after one was read, or could not be.
    fn may_get_newer(&self) -> bool;

    /// How many readings have begun, and which of them the newest is.
    fn readings(&self) -> Readings {
        Readings { begun: 0, newest: u64::MAX }
    }

    /// How old the newest is.
    fn age(&self) -> Age {
        Age::Young
    }
}

/// Readings of one database's catalog, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readings {
    /// How many have begun.
    pub begun: u64,
    /// The number of the one that the newest catalog is from.
    pub newest: u64,
}

/// How old a catalog is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is read often enough.
    Young,
    /// A newer one should be waited for.
    Old,
    /// It could not be read for long: nothing can be judged by it.
    TooOld,
}

impl Filter {
    /// The catalog that names are looked up in now.
    pub(super) fn catalog(&self) -> Option<Arc<Catalog>> {
        self.catalogs.as_ref().and_then(|catalogs| catalogs.newest())
    }

    /// Takes a reading as it is, or asks for a newer catalog first (`None`).
    pub(super) fn in_its_light(&mut self, read: Read, known: bool) -> Option<Read> {
        let Some(catalogs) = &self.catalogs else { return Some(read) };
        if !self.fresh && lacks(&read.reading, known) && catalogs.may_get_newer() {
            self.requests.refresh = true;
            return None;
        }
        if known || !read.reading.needs_catalog() || !self.guard.wants_objects() {
            return Some(read);
        }
        let why = "the database's catalog cannot be read, so what stands behind its names is not known";
        Some(Read { judged: reading::unreadable_in(&read.reading, why), ..read })
    }

    /// What ran may have changed definitions; gives whether the catalog is to be read anew now that the target is idle.
    pub(super) fn is_redefined(&mut self, idle: bool) -> bool {
        idle && std::mem::take(&mut self.defined)
    }
}

/// Whether the text uses something that the catalog, if there is one, does not have.
fn lacks(reading: &Reading, known: bool) -> bool {
    if known { !reading.missing.is_empty() } else { reading.needs_catalog() }
}

/// Whether running it may change what names mean, for this session or others.
pub(super) fn defines(reading: &Reading) -> bool {
    !reading.facts.ddl.is_empty() || reading.facts.dynamic
}
