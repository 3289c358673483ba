//! Names of relations. The search path is not trusted: where relations of a name differ in what is masked, and the path may
//! have been changed, a bare name means the one that every path finds that may be in force, and is sent with its schema;
//! if they find several, it means nothing.

use std::sync::Arc;

use super::Session;
use crate::{
    catalog::Relation,
    lineage::{Cover, Marks},
    node::Node,
};

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
        _ if session.path_changed => changed(session, candidates),
        _ => {
            let implicit = std::iter::once("pg_catalog");
            let path = implicit.chain(catalog.path.iter().map(String::as_str));
            first(candidates, path).map_or(Resolved::Unknown, |relation| Resolved::Relation(relation.clone()))
        }
    }
}

fn first<'a>(candidates: &'a [Arc<Relation>], mut path: impl Iterator<Item = &'a str>) -> Option<&'a Arc<Relation>> {
    path.find_map(|schema| candidates.iter().find(|candidate| candidate.schema == schema))
}

/// What it means by the path that is in force, where that can be told.
fn changed(session: &Session, candidates: &[Arc<Relation>]) -> Resolved {
    let Some(schemas) = session.schemas.first() else { return Resolved::Ambiguous };
    let mut found = schemas.iter().map(|path| first(candidates, path.iter().map(String::as_str)));
    let Some(one) = found.next() else { return Resolved::Ambiguous };
    match one {
        _ if found.any(|other| other.map(|other| other.oid) != one.map(|one| one.oid)) => Resolved::Ambiguous,
        Some(relation) => Resolved::Relation(relation.clone()),
        None => Resolved::Unknown,
    }
}

/// Whether the search path decides which relation a name means, and it matters to what is masked.
pub(super) fn is_by_path(marks: &Marks, name: &Node) -> bool {
    let candidates = marks.catalog().named(name.text("relname"));
    name.text("schemaname").is_empty()
        && candidates.len() > 1
        && candidates.iter().any(|candidate| !marks.cover(candidate).is_empty())
}

/// Whether another relation of this bare name has masked columns that this one has not.
pub(super) fn is_mixed(marks: &Marks, name: &Node, cover: &Cover) -> bool {
    let more = |other: &Arc<Relation>| {
        let other = marks.cover(other);
        (other.closed.is_some() && cover.closed.is_none())
            || other.masked.keys().any(|column| !cover.masked.contains_key(column))
    };
    name.text("schemaname").is_empty() && marks.catalog().named(name.text("relname")).iter().any(more)
}
