//! Names in a query: which columns of which items of FROM they mean, from the innermost query outward. Where a name may
//! mean several columns, it means all of them: too much is safe, too little is not.

use super::Verdict;
use crate::node::Node;

/// A named column and what it is made of.
pub type Output = (String, Verdict);

/// One item of a FROM clause.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) alias: String,
    pub(super) columns: Vec<Output>,
    /// What columns that are not listed are made of, where there may be such.
    pub(super) open: Option<Verdict>,
}

/// The items of a query's FROM clause, and those of the queries around it.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) sources: Vec<Source>,
    pub(super) outer: Option<&'a Scope<'a>>,
    /// Columns were merged or renamed by a join: `*` cannot be told apart.
    pub(super) merged: bool,
}

/// Columns that every table has.
const SYSTEM: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// Whether a column is one that every table has.
pub(crate) fn is_system(column: &str) -> bool {
    SYSTEM.contains(&column)
}

impl Source {
    fn whole(&self) -> Verdict {
        let open = self.open.clone().unwrap_or_default();
        self.columns.iter().fold(open, |whole, (_, verdict)| whole.and(verdict)).derived()
    }

    fn column(&self, name: &str) -> Option<Verdict> {
        let mut found = self.columns.iter().filter(|(column, _)| column == name).map(|(_, verdict)| verdict);
        match found.next() {
            Some(first) => Some(found.fold(first.clone(), Verdict::and)),
            None if is_system(name) => Some(Verdict::Clean),
            None => self.open.clone(),
        }
    }
}

impl Scope<'_> {
    /// What a reference to a column is made of.
    pub(super) fn resolve(&self, reference: &Node) -> Verdict {
        let parts = reference.texts("fields");
        let star = reference.nodes("fields").any(|field| field.kind == "AStar");
        match (parts.as_slice(), star) {
            ([], true) => self.sources.iter().fold(Verdict::Clean, |all, source| all.and(&source.whole())),
            ([name], false) => self.unqualified(name),
            ([.., alias], true) => self.of_alias(alias).map_or(Verdict::Unknown, Source::whole),
            ([.., alias, name], false) => {
                self.of_alias(alias).and_then(|source| source.column(name)).unwrap_or(Verdict::Unknown)
            }
            _ => Verdict::Unknown,
        }
    }

    /// What a bare name means: columns first, then a whole row.
    fn unqualified(&self, name: &str) -> Verdict {
        let found: Vec<Verdict> = self.sources.iter().filter_map(|source| source.column(name)).collect();
        if let Some((first, rest)) = found.split_first() {
            return rest.iter().fold(first.clone(), Verdict::and);
        }
        if let Some(source) = self.sources.iter().find(|source| source.alias == name) {
            return source.whole();
        }
        self.outer.map_or(Verdict::Unknown, |outer| outer.unqualified(name))
    }

    fn of_alias(&self, alias: &str) -> Option<&Source> {
        let here = self.sources.iter().find(|source| source.alias == alias);
        here.or_else(|| self.outer.and_then(|outer| outer.of_alias(alias)))
    }

    /// The columns that a `*` stands for, if they can be told.
    pub(super) fn star(&self, alias: Option<&str>) -> Option<Vec<Output>> {
        let sources: Vec<&Source> = match alias {
            Some(alias) => vec![self.of_alias(alias)?],
            None if self.merged => return None,
            None => self.sources.iter().collect(),
        };
        let told = sources.iter().all(|source| source.open.is_none());
        told.then(|| sources.iter().flat_map(|source| source.columns.clone()).collect())
    }
}
