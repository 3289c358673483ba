//! What a name without a schema means in a session: `search_path` with its implicit parts, and temporary tables.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
};

use crate::{
    Catalog, Dialect, builtin,
    facts::{Facts, Name},
};

/// Most definitions, and most new names, of a session's own that are kept; with more, catalogs read later tell.
const MOST_OWN: usize = 500;
/// Most paths, and most users, of which one is in force; if there are more, any may be.
const MOST_WAYS: usize = 8;

/// The part of a session that names and text depend on.
///
/// More than one path is held while it cannot be told which one is in force; none at all when any could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) dialect: Dialect,
    /// Set when a change of the dialect may or may not have happened.
    pub(crate) dialect_doubtful: bool,
    pub(crate) paths: Vec<Vec<String>>,
    pub(crate) user: String,
    /// Users that it may be instead.
    others: BTreeSet<String>,
    /// Temporary relations; false where it may exist or not.
    pub(crate) temporary: BTreeMap<String, bool>,
    /// Views and functions that the session made: a catalog read before does not have them, or has what they replaced.
    pub(crate) defined: BTreeMap<Name, Arc<Facts>>,
    /// Names that the session gave, and those that the same things had before.
    pub(crate) renamed: BTreeMap<Name, BTreeSet<Name>>,
    key: Arc<str>,
    schemas: Schemas,
}

/// Where a name without a schema may be looked up: each path that may be in force, with its implicit parts. None at all: any may.
pub type Schemas = Arc<[Vec<String>]>;

impl Default for Naming {
    fn default() -> Self {
        let mut naming = Self {
            dialect: Dialect::default(),
            dialect_doubtful: false,
            paths: vec![default_path()],
            user: String::new(),
            others: BTreeSet::new(),
            temporary: BTreeMap::new(),
            defined: BTreeMap::new(),
            renamed: BTreeMap::new(),
            key: Arc::from(""),
            schemas: Arc::default(),
        };
        naming.changed();
        naming
    }
}

/// PostgreSQL's own default.
pub(crate) fn default_path() -> Vec<String> {
    vec!["$user".to_owned(), "public".to_owned()]
}

impl Naming {
    /// Two sessions with equal keys read every text the same way, unless it names a prepared statement or cursor.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// To be called after any change.
    pub(crate) fn changed(&mut self) {
        let parts = (&self.dialect, self.dialect_doubtful, &self.paths, &self.user, &self.others, &self.temporary);
        let mut own = String::new();
        if !self.defined.is_empty() || !self.renamed.is_empty() {
            let mut hasher = DefaultHasher::new();
            format!("{:?}", self.defined).hash(&mut hasher);
            own = format!("{:x} {:?}", hasher.finish(), self.renamed);
        }
        self.key = Arc::from(format!("{parts:?}{own}"));
        let schemas = if self.is_open() { Vec::new() } else { self.effective() };
        let owned = schemas.into_iter().map(|schemas| schemas.into_iter().map(str::to_owned).collect());
        let schemas: Schemas = owned.collect();
        self.schemas = schemas;
    }

    /// Where a name without a schema may be looked up.
    pub(crate) fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// A view or function that the session makes or replaces.
    pub(crate) fn define(&mut self, name: &Name, facts: &Arc<Facts>) {
        if self.defined.len() < MOST_OWN || self.defined.contains_key(name) {
            self.defined.insert(name.clone(), Arc::clone(facts));
        }
    }

    /// The same, where it may also be what it was.
    pub(crate) fn define_also(&mut self, name: &Name, facts: &Arc<Facts>) {
        match self.defined.get_mut(name) {
            Some(known) if known != facts => Arc::make_mut(known).include(facts),
            Some(_) => {}
            None => self.define(name, facts),
        }
    }

    /// A relation or function gets another name.
    pub(crate) fn rename(&mut self, from: &Name, to: &Name) {
        if self.renamed.len() >= MOST_OWN {
            return;
        }
        let mut old = self.renamed.get(from).cloned().unwrap_or_default();
        old.insert(from.clone());
        self.renamed.entry(to.clone()).or_default().append(&mut old);
    }

    /// What the same things were called when the catalog may have been read.
    fn with_old_names(&self, mut found: Vec<Name>) -> Vec<Name> {
        if self.renamed.is_empty() {
            return found;
        }
        let old: Vec<Name> = found.iter().filter_map(|name| self.renamed.get(name)).flatten().cloned().collect();
        for name in old {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    /// Makes this one that may be as it is, or as `theirs` is.
    pub(crate) fn join(&mut self, mut theirs: Self) {
        theirs.others.insert(std::mem::take(&mut theirs.user));
        let users = theirs.others.into_iter().filter(|user| *user != self.user);
        let room = (MOST_WAYS + 1).saturating_sub(self.others.len());
        self.others.extend(users.take(room));
        if self.paths.is_empty() || theirs.paths.is_empty() {
            self.paths.clear();
        } else {
            for path in theirs.paths {
                if !self.paths.contains(&path) {
                    self.paths.push(path);
                }
            }
        }
        if self.paths.len() > MOST_WAYS {
            self.paths.clear();
        }
        self.dialect_doubtful |= theirs.dialect_doubtful || self.dialect != theirs.dialect;
        let mut temporary = BTreeMap::new();
        for (name, certain) in self.temporary.iter().chain(&theirs.temporary) {
            let both = self.temporary.contains_key(name) && theirs.temporary.contains_key(name);
            let entry = temporary.entry(name.clone()).or_insert(*certain && both);
            *entry &= *certain && both;
        }
        self.temporary = temporary;
        theirs.defined.iter().for_each(|(name, facts)| self.define_also(name, facts));
        for (to, from) in theirs.renamed {
            self.renamed.entry(to).or_default().extend(from);
        }
        self.changed();
    }

    /// Another role is in force.
    pub(crate) fn become_user(&mut self, user: &str) {
        user.clone_into(&mut self.user);
        self.others.clear();
    }

    /// Every relation that `name` may mean, never none.
    pub(crate) fn relations(&self, schema: &str, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        self.with_old_names(self.present_relations(schema, name, catalog))
    }

    fn present_relations(&self, schema: &str, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        if !schema.is_empty() {
            return vec![named(schema, name)];
        }
        if self.is_open() {
            return self.anywhere(name, catalog);
        }
        let mut found = Vec::new();
        for (path, user) in self.ways() {
            for name in self.in_path(path, user, name, catalog) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    fn in_path(&self, path: &[String], user: &str, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        let mut found = Vec::new();
        let mut guesses = Vec::new();
        for schema in with_implicit(path, user) {
            let there = match schema {
                "pg_temp" => match self.temporary.get(name) {
                    Some(true) => true,
                    Some(false) => {
                        found.push(named("pg_temp", name));
                        false
                    }
                    None => false,
                },
                "pg_catalog" => builtin::is_relation(name) || known(catalog, schema, name),
                schema => {
                    if self.is_own(schema, name) {
                        found.push(named(schema, name));
                        return found;
                    }
                    if schema != user || !path.iter().any(|s| s == "$user") {
                        guesses.push(named(schema, name));
                    }
                    known(catalog, schema, name)
                }
            };
            if there {
                found.push(named(schema, name));
                return found;
            }
        }
        if catalog.is_some() {
            guesses.truncate(1);
        }
        if guesses.is_empty() {
            guesses.push(named("", name));
        }
        found.extend(guesses);
        found
    }

    fn anywhere(&self, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        let mut found: Vec<Name> = catalog
            .into_iter()
            .flat_map(|catalog| catalog.relations.keys())
            .filter(|(_, known)| known == name)
            .map(|(schema, _)| named(schema, name))
            .collect();
        if self.temporary.contains_key(name) {
            found.push(named("pg_temp", name));
        }
        if builtin::is_relation(name) {
            found.push(named("pg_catalog", name));
        }
        if found.is_empty() {
            found.push(named("", name));
        }
        found
    }

    /// Every function that `name` may mean: overloads are chosen over the whole path, so all schemas count.
    pub(crate) fn functions(&self, schema: &str, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        self.with_old_names(self.present_functions(schema, name, catalog))
    }

    fn present_functions(&self, schema: &str, name: &str, catalog: Option<&Catalog>) -> Vec<Name> {
        if !schema.is_empty() {
            return vec![named(schema, name)];
        }
        let mut found = Vec::new();
        if builtin::is_function(name) {
            found.push(named("pg_catalog", name));
        }
        let own = self.defined.keys().chain(self.renamed.keys()).filter(|own| own.name == name);
        for own in own {
            if !found.contains(own) {
                found.push(own.clone());
            }
        }
        if let Some(catalog) = catalog {
            let in_reach =
                |schema: &str| self.is_open() || self.effective().iter().any(|schemas| schemas.contains(&schema));
            if self.is_open() {
                found.extend(
                    catalog
                        .functions
                        .keys()
                        .filter(|(schema, known)| known == name && schema != "pg_catalog" && in_reach(schema))
                        .map(|(schema, _)| named(schema, name)),
                );
            } else {
                for schema in self.effective().into_iter().flatten() {
                    let key = (schema.to_owned(), name.to_owned());
                    let function = named(schema, name);
                    if catalog.functions.contains_key(&key) && !found.contains(&function) {
                        found.push(function);
                    }
                }
            }
        }
        if found.is_empty() {
            found.push(named("", name));
        }
        found
    }

    /// Whether the session made it, or gave it this name.
    fn is_own(&self, schema: &str, name: &str) -> bool {
        if self.defined.is_empty() && self.renamed.is_empty() {
            return false;
        }
        let name = named(schema, name);
        self.defined.contains_key(&name) || self.renamed.contains_key(&name)
    }

    /// Where a new object without a schema is made.
    pub(crate) fn creation(&self) -> String {
        let mut schemas = self.paths.iter().filter_map(|path| {
            path.iter().find(|schema| *schema != "$user" && *schema != "pg_catalog").map(String::as_str)
        });
        match (schemas.next(), self.paths.len()) {
            (Some(schema), 1) => schema.to_owned(),
            _ => String::new(),
        }
    }

    /// Whether any path may be in force.
    fn is_open(&self) -> bool {
        let by_user = || self.paths.iter().flatten().any(|schema| schema == "$user");
        self.paths.is_empty() || (self.others.len() > MOST_WAYS && by_user())
    }

    /// Each path that may be in force, and each user that may be.
    fn ways(&self) -> impl Iterator<Item = (&[String], &str)> {
        let users = || std::iter::once(&self.user).chain(&self.others);
        self.paths.iter().flat_map(move |path| {
            let named = path.iter().any(|schema| schema == "$user");
            users().take(if named { usize::MAX } else { 1 }).map(move |user| (path.as_slice(), user.as_str()))
        })
    }

    /// Each of them with its implicit parts.
    fn effective(&self) -> Vec<Vec<&str>> {
        self.ways().map(|(path, user)| with_implicit(path, user)).collect()
    }
}

/// A path with its implicit parts: temporary tables first, then `pg_catalog`, unless it names them itself.
fn with_implicit<'a>(path: &'a [String], user: &'a str) -> Vec<&'a str> {
    let mut schemas = Vec::with_capacity(path.len() + 2);
    for implicit in ["pg_temp", "pg_catalog"] {
        if !path.iter().any(|schema| schema == implicit) {
            schemas.push(implicit);
        }
    }
    for schema in path {
        match schema.as_str() {
            "$user" if user.is_empty() => {}
            "$user" => schemas.push(user),
            other => schemas.push(other),
        }
    }
    schemas
}

pub(crate) fn named(schema: &str, name: &str) -> Name {
    Name { schema: schema.to_owned(), name: name.to_owned() }
}

fn known(catalog: Option<&Catalog>, schema: &str, name: &str) -> bool {
    catalog.is_some_and(|catalog| catalog.relations.contains_key(&(schema.to_owned(), name.to_owned())))
}
