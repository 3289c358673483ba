//! Names of relations. The search path is not trusted: a bare name means every relation of that name, and where they
//! differ in what is masked and the path may have been changed, nothing.

use std::sync::Arc;

use super::Session;
use crate::{catalog::Relation, lineage::Marks, node::Node};

/// What the name of a relation means.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// This relation of the catalog.
    Relation(Arc<Relation>),
    /// One of several, or one of the session's own; nothing in it is masked.
    Unmarked,
    /// The catalog has none.
    Unknown,
    /// One of several, of which some are masked.
    Ambiguous,
}

/// What a `RangeVar` that is no common table expression means.
#[must_use]
pub fn resolve(marks: &Marks, session: &Session, name: &Node) -> Resolved {
    let (catalog, bare) = (marks.catalog(), name.text("relname"));
    let schema = name.text("schemaname");
    let made = session.made.contains(bare);
    if !schema.is_empty() {
        let found = catalog.relations.get(&(schema.to_owned(), bare.to_owned()));
        return match found {
            Some(relation) => Resolved::Relation(relation.clone()),
            None if made && !marks.is_missing(bare) => Resolved::Unmarked,
            None => Resolved::Unknown,
        };
    }
    let candidates = catalog.named(bare);
    let unmarked = candidates.iter().all(|candidate| marks.cover(candidate).is_empty());
    match candidates {
        // What was made here may be what is marked: the catalog must have it first.
        [] if made && !marks.is_missing(bare) => Resolved::Unmarked,
        [] => Resolved::Unknown,
        _ if made && !unmarked => Resolved::Ambiguous,
        [only] => Resolved::Relation(only.clone()),
        _ if unmarked => Resolved::Unmarked,
        _ if session.path_changed => Resolved::Ambiguous,
        _ => {
            let implicit = std::iter::once("pg_catalog");
            let path = implicit.chain(catalog.path.iter().map(String::as_str));
            let mut found = path.filter_map(|schema| candidates.iter().find(|candidate| candidate.schema == schema));
            found.next().map_or(Resolved::Unknown, |relation| Resolved::Relation(relation.clone()))
        }
    }
}

/// Whether a name without a schema is that of several relations of which only some are masked.
pub(super) fn is_mixed(marks: &Marks, name: &Node) -> bool {
    let mut kinds = marks.catalog().named(name.text("relname")).iter().map(|one| !marks.cover(one).is_empty());
    let first = kinds.next();
    name.text("schemaname").is_empty() && first.is_some_and(|first| kinds.any(|other| other != first))
}
