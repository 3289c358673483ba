//! What a session's transaction can take back: how names and settings were when it began, at its savepoints, and without what
//! `SET LOCAL` covers.

use crate::naming::Naming;

/// Most savepoints that are remembered of one transaction.
const MOST: usize = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    /// How things were at BEGIN, for ROLLBACK; `None` outside of a transaction block.
    pub(crate) before: Option<Box<Naming>>,
    /// What `SET LOCAL` covers, for COMMIT.
    pub(crate) local: Option<Box<Naming>>,
    pub(crate) failed: bool,
    savepoints: Vec<Savepoint>,
    /// Not all savepoints are known.
    lost: bool,
    /// How things were when the server was last ready, if they have changed since outside of a transaction block: until it
    /// is ready again, what it runs is one transaction.
    implicit: Option<Box<Naming>>,
    /// Something has failed since.
    broken: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Savepoint {
    name: String,
    naming: Naming,
    local: Option<Box<Naming>>,
}

impl Transaction {
    /// BEGIN.
    pub(crate) fn begin(&mut self, naming: &Naming) {
        if self.before.is_none() {
            self.before = Some(self.implicit.take().unwrap_or_else(|| Box::new(naming.clone())));
        }
    }

    /// Something is about to change.
    pub(crate) fn changes(&mut self, naming: &Naming) {
        if self.before.is_none() {
            self.implicit.get_or_insert_with(|| Box::new(naming.clone()));
        }
    }

    /// A statement has failed.
    pub(crate) fn fails(&mut self) {
        self.broken = true;
    }

    /// The server is ready, and no transaction is open: how things were before, if that may be so again.
    pub(crate) fn settle(&mut self) -> Option<Box<Naming>> {
        let (before, broken) = (self.implicit.take(), std::mem::take(&mut self.broken));
        before.filter(|_| broken)
    }

    /// SAVEPOINT.
    pub(crate) fn savepoint(&mut self, name: &str, naming: &Naming) {
        let savepoint = Savepoint { name: name.to_owned(), naming: naming.clone(), local: self.local.clone() };
        if self.savepoints.last() == Some(&savepoint) {
            return;
        }
        if self.savepoints.len() >= MOST {
            self.lost = true;
        } else {
            self.savepoints.push(savepoint);
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.savepoints.iter().rposition(|savepoint| savepoint.name == name)
    }

    /// RELEASE.
    pub(crate) fn release(&mut self, name: &str) {
        if let Some(place) = self.place(name) {
            self.savepoints.truncate(place);
        }
    }

    /// ROLLBACK TO: how things were at the savepoint, if that is known.
    pub(crate) fn rollback_to(&mut self, name: &str) -> Option<Naming> {
        let place = self.place(name).filter(|_| !self.lost)?;
        self.savepoints.truncate(place + 1);
        let savepoint = self.savepoints.last()?;
        self.local.clone_from(&savepoint.local);
        Some(savepoint.naming.clone())
    }

    /// Makes this transaction one that may be as it is, or as `other` is.
    pub(crate) fn join(&mut self, other: Self) {
        self.failed |= other.failed;
        self.broken |= other.broken;
        self.lost |= other.lost;
        self.before = self.before.take().or(other.before);
        self.local = self.local.take().or(other.local);
        self.implicit = self.implicit.take().or(other.implicit);
        let (mut long, short) = if self.savepoints.len() < other.savepoints.len() {
            (other.savepoints, std::mem::take(&mut self.savepoints))
        } else {
            (std::mem::take(&mut self.savepoints), other.savepoints)
        };
        self.lost |= !long.starts_with(&short);
        // One that may not be there: its name may still be that of an earlier one.
        for place in short.len()..long.len() {
            let (known, open) = long.split_at_mut(place);
            let Some(open) = open.first_mut() else { continue };
            for earlier in known.iter().filter(|earlier| earlier.name == open.name) {
                open.naming.join(earlier.naming.clone());
            }
        }
        self.savepoints = long;
    }
}
