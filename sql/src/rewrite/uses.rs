//! Which masked columns of a relation a statement uses. Every way to reach a column names it, names the relation's row, or
//! is a `*`, a NATURAL or USING join next to it; where a name could mean the column, it does.

use std::collections::BTreeSet;

use super::{
    parts,
    walk::{Read, Reference, Walk},
};
use crate::lineage::is_system;

/// What a statement does with one relation.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// The masked columns it uses.
    pub(super) masked: BTreeSet<String>,
    /// The system columns that it names.
    pub(super) system: BTreeSet<String>,
    /// All of the relation's columns are used at once.
    pub(super) whole: bool,
}

impl Walk<'_> {
    /// What the statement does with the columns of what it reads here.
    pub(super) fn uses(&self, read: &Read<'_>) -> Uses {
        let mut uses = Uses::default();
        let level = self.levels.get(read.level);
        let natural = level.is_some_and(|level| level.natural);
        // A new name may be used by a reference, or by a join that names columns.
        let named = !self.references.is_empty() || level.is_some_and(|level| !level.using.is_empty());
        uses.whole = (read.renamed && named) || natural;
        for name in level.map(|level| level.using.as_slice()).unwrap_or_default() {
            self.used(read, name, &mut uses);
        }
        for reference in self.references.iter().filter(|reference| !self.is_looked_up(reference)) {
            self.refer(read, reference, &mut uses);
        }
        if uses.whole {
            uses.masked.extend(read.cover.masked.keys().cloned());
        }
        uses
    }

    /// What one name could mean of it.
    pub(super) fn refer(&self, read: &Read<'_>, reference: &Reference<'_>, uses: &mut Uses) {
        let is_ours = |name: &str| name == read.alias() || self.join_aliases.contains(&name);
        match (parts(reference.node).0.as_slice(), parts(reference.node).1) {
            ([], _) => uses.whole |= reference.level == read.level,
            ([.., alias], true) => uses.whole |= is_ours(alias),
            ([name], false) => {
                uses.whole |= is_ours(name);
                self.used(read, name, uses);
            }
            ([.., alias, name], false) if is_ours(alias) => {
                let known = read.relation.column(name).is_some() || is_system(name);
                // What is no column is a function of the whole row.
                uses.whole |= !known && *alias == read.alias();
                self.used(read, name, uses);
            }
            _ => {}
        }
    }

    fn used(&self, read: &Read<'_>, name: &str, uses: &mut Uses) {
        if read.cover.masked.contains_key(name) {
            uses.masked.insert(name.to_owned());
        } else if is_system(name) {
            uses.system.insert(name.to_owned());
        }
    }
}
