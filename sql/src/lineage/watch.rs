//! Constraints that compare masked values: by its error each tells whether a value is there, so whoever may write can try
//! guesses. Those errors are counted.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{Cover, Marks};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Relation};

/// A constraint that compares masked values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The label of the first of them.
    pub label: String,
    /// That column: `schema.table.column`.
    pub column: String,
    /// Columns of the relation that has the constraint; `None` if they cannot be told.
    own: Option<Vec<String>>,
    /// The relation that it refers to, and the columns there.
    referred: Option<(u32, Vec<String>)>,
    /// The relation that has it.
    relation: u32,
    /// Masked columns follow what happens to unmasked ones.
    follows: bool,
    /// It is a check, which sees one row: of these columns it knows what is masked.
    sees: Option<Vec<String>>,
}

/// What an error of a constraint tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing of masked values.
    Nothing,
    /// Whether a value of this label is in this column.
    Of(Arc<Watch>),
    /// It cannot be told.
    Unknown,
}

/// What a statement does to a relation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    /// [`INSERT`] and so on.
    pub(crate) events: i64,
    /// The columns that an UPDATE sets; `None` if they cannot be told.
    pub(crate) sets: Option<BTreeSet<String>>,
}

/// Bits of `pg_trigger.tgtype`.
pub(crate) const INSERT: i64 = 4;
pub(crate) const DELETE: i64 = 8;
pub(crate) const UPDATE: i64 = 16;
pub(crate) const TRUNCATE: i64 = 32;

impl Written {
    pub(crate) fn is(&self, event: i64) -> bool {
        self.events & event != 0
    }

    /// Whether an UPDATE may set one of these columns.
    pub(crate) fn sets<'a>(&self, mut columns: impl Iterator<Item = &'a String>) -> bool {
        self.is(UPDATE) && self.sets.as_ref().is_none_or(|sets| columns.any(|column| sets.contains(column)))
    }
}

/// All such constraints of a database.
#[derive(Debug, Default)]
pub(super) struct Watches {
    /// By the relations whose rows they compare.
    by_relation: HashMap<u32, Vec<Arc<Watch>>>,
    /// By the relation that has one, and its name.
    by_name: HashMap<(u32, String), Arc<Watch>>,
}

impl Watches {
    pub(super) fn new(catalog: &Catalog, base: &HashMap<u32, Cover>) -> Self {
        let by_oid: HashMap<u32, &Arc<Relation>> = catalog.relations.values().map(|one| (one.oid, one)).collect();
        let mut watches = Self::default();
        for relation in catalog.relations.values() {
            for constraint in &relation.constraints {
                let Some(watch) = watch(relation, constraint, &by_oid, base) else { continue };
                let watch = Arc::new(watch);
                let other = watch.referred.as_ref().map(|(oid, _)| *oid).filter(|oid| *oid != relation.oid);
                for oid in std::iter::once(relation.oid).chain(other) {
                    watches.by_relation.entry(oid).or_default().push(Arc::clone(&watch));
                }
                watches.by_name.insert((relation.oid, constraint.name.clone()), watch);
            }
        }
        watches
    }
}

fn watch(
    relation: &Relation,
    constraint: &Constraint,
    by_oid: &HashMap<u32, &Arc<Relation>>,
    base: &HashMap<u32, Cover>,
) -> Option<Watch> {
    let own = names(relation, &constraint.columns);
    let first = |relation: &Relation, columns: Option<&[String]>| {
        let masked = &base.get(&relation.oid)?.masked;
        let found = masked.iter().find(|(name, _)| columns.is_none_or(|columns| columns.contains(name)))?;
        Some((found.1.label.clone(), format!("{}.{}.{}", relation.schema, relation.name, found.0)))
    };
    let here = first(relation, own.as_deref());
    let parent = constraint.references.as_ref().and_then(|(oid, numbers)| Some((by_oid.get(oid)?, numbers)));
    let there = parent.map(|(parent, numbers)| (*parent, names(parent, numbers).unwrap_or_default()));
    let masked_there = there.as_ref().and_then(|(parent, columns)| first(parent, Some(columns)));
    // One column by itself is compared with nothing that is stored.
    let alone = constraint.kind == ConstraintKind::Check && own.as_ref().is_some_and(|own| own.len() < 2);
    let follows = constraint.cascades && here.is_some() && masked_there.is_none();
    let (label, column) = here.filter(|_| !alone).or(masked_there)?;
    let referred = there.map(|(parent, columns)| (parent.oid, columns));
    let masked = |name: &&String| base.get(&relation.oid).is_some_and(|cover| cover.masked.contains_key(*name));
    let check = own.as_ref().filter(|_| constraint.kind == ConstraintKind::Check);
    let sees = check.map(|own| own.iter().filter(masked).cloned().collect());
    Some(Watch { label, column, own, referred, relation: relation.oid, follows, sees })
}

/// The names of columns; `None` if there is one that cannot be told.
fn names(relation: &Relation, numbers: &[i16]) -> Option<Vec<String>> {
    let name = |number: &i16| relation.columns.iter().find(|column| column.number == *number);
    numbers.iter().map(|number| name(number).map(|column| column.name.clone())).collect()
}

impl Watch {
    /// Whether what is written may be compared with what is stored.
    fn compares(&self, written: &Written) -> bool {
        let changes = || self.own.as_ref().map_or(written.is(UPDATE), |own| written.sets(own.iter()));
        match &self.sees {
            None => written.is(INSERT) || changes(),
            // All that is masked in the row that it sees is the caller's own.
            Some(seen) => {
                changes() && !written.sets.as_ref().is_some_and(|sets| seen.iter().all(|one| sets.contains(one)))
            }
        }
    }
}

impl Marks {
    /// What writing a relation may tell by errors: the labels. Refused is what changes masked rows along with others.
    pub(super) fn collides(&self, relation: &Relation, written: &Written) -> Result<BTreeSet<String>, String> {
        let mut labels = BTreeSet::new();
        for watch in self.watches.by_relation.get(&relation.oid).into_iter().flatten() {
            let own = watch.relation == relation.oid && watch.compares(written);
            let referred = watch.referred.as_ref().filter(|(oid, _)| *oid == relation.oid);
            let there = referred.is_some_and(|(_, columns)| written.is(DELETE) || written.sets(columns.iter()));
            if there && watch.follows {
                let column = &watch.column;
                return Err(format!(
                    "rows would change with it that refer to it by {column}, and who they are is masked"
                ));
            }
            if own || there {
                labels.insert(watch.label.clone());
            }
        }
        Ok(labels)
    }

    /// What the error of a constraint tells, by the names that the error says.
    #[must_use]
    pub fn told_by(&self, schema: &str, table: &str, constraint: &str) -> Told {
        // What the session made for itself holds no masked value: storing them is refused.
        if schema.starts_with("pg_temp") {
            return Told::Nothing;
        }
        let Some(relation) = self.catalog.relations.get(&(schema.to_owned(), table.to_owned())) else {
            return Told::Unknown;
        };
        match self.watches.by_name.get(&(relation.oid, constraint.to_owned())) {
            Some(watch) => Told::Of(Arc::clone(watch)),
            None if relation.constraints.iter().any(|known| known.name == constraint) => Told::Nothing,
            None => Told::Unknown,
        }
    }
}
