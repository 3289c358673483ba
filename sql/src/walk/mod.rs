//! Walks a statement's raw parse tree and gathers its facts. A node that is not known here makes the statement unknown.

mod alternative;
pub(crate) mod body;
mod comparison;
mod condition;
mod constant;
mod define;
mod driven;
mod endless;
mod expression;
mod flow;
mod function;
mod given;
mod made;
mod moment;
mod operand;
mod operator;
mod outcome;
mod owner;
mod pack;
mod privilege;
mod query;
mod repeat;
mod scope;
mod select;
mod settings;
mod shape;
mod telling;
mod utility;
mod variable;
mod within;
mod write;

use std::{cell::RefCell, collections::BTreeSet};

use pg_query::{
    NodeEnum,
    protobuf::{Node, RangeVar},
};

use self::scope::{Cte, Scope};
use crate::{
    Catalog, Session,
    doubt::Doubt,
    facts::{Facts, Name, Verb},
    reading::{Change, Depends},
};

/// Steps of recursion, over views and functions too, before a statement is unknown.
const MAX_DEPTH: u32 = 600;
/// Views and functions expanded inside each other.
const MAX_EXPANSION: usize = 12;

/// One statement's walk.
pub(crate) struct Walker<'a> {
    base: &'a Session,
    /// The session as statements inside of this one may have changed it.
    changed: Option<Box<Session>>,
    catalog: Option<&'a Catalog>,
    text: &'a str,
    /// The text of the statement alone.
    own: &'a str,
    /// The text of the CREATE FUNCTION being walked.
    definition: Option<&'a str>,
    facts: Facts,
    changes: Vec<Change>,
    pub(crate) depends: Depends,
    /// Relations and functions that the catalog does not have.
    pub(crate) missing: BTreeSet<Name>,
    /// Calls so far of functions that return any number of rows.
    many: usize,
    /// Calls so far of functions that do something once for each row they are called for.
    driven: driven::Driven,
    /// Above 0, what is looked at does not come out by itself.
    aside: usize,
    /// Loops around, inside of a body.
    repeat: repeat::Repeat,
    ctes: Vec<Cte>,
    scopes: Vec<Scope>,
    /// Views, functions and prepared statements being expanded: names of a cycle stop here.
    expanding: Vec<Name>,
    /// Everything expanded so far in this statement.
    expanded: BTreeSet<Name>,
    /// For each query around: the setting that it looks up in `pg_settings`, if it is one.
    looked_up: Vec<Option<String>>,
    /// Names that are variables of a PL/pgSQL body, not columns.
    variables: BTreeSet<String>,
    /// Parameters of the statement's own whose values matter.
    doubts: RefCell<BTreeSet<Doubt>>,
    depth: u32,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(
        session: &'a Session,
        catalog: Option<&'a Catalog>,
        text: &'a str,
        range: std::ops::Range<usize>,
    ) -> Self {
        Self {
            base: session,
            changed: None,
            catalog,
            text,
            own: text.get(range).unwrap_or_default(),
            definition: None,
            facts: Facts::default(),
            changes: Vec::new(),
            depends: Depends::Text,
            missing: BTreeSet::new(),
            many: 0,
            driven: driven::Driven::default(),
            aside: 0,
            repeat: repeat::Repeat::default(),
            ctes: Vec::new(),
            scopes: Vec::new(),
            expanding: Vec::new(),
            expanded: BTreeSet::new(),
            looked_up: Vec::new(),
            variables: BTreeSet::new(),
            doubts: RefCell::default(),
            depth: 0,
        }
    }

    pub(crate) fn finish(mut self) -> (Facts, Vec<Change>) {
        self.facts.doubts = self.doubts.into_inner();
        (self.facts, self.changes)
    }

    fn session(&self) -> &Session {
        self.changed.as_deref().unwrap_or(self.base)
    }

    /// What has been changed since there were `before` changes may be in force for what follows inside.
    fn take_effect(&mut self, before: usize) {
        let changes = self.changes.get(before..).unwrap_or_default();
        if !changes.is_empty() {
            let session = self.session().possibly(changes);
            self.changed = Some(Box::new(session));
        }
    }

    fn conditions<'w>(&'w self, scope: &Scope) -> condition::Conditions<'w> {
        condition::Conditions::new(&scope.entries, &self.ctes, &self.session().naming, self.catalog, &self.repeat)
            .noting(self.doubts())
            .beside(self.other_names())
    }

    /// What a name can be besides a column of a query's own relations, if nothing else than that is around: a block says which
    /// variables it has, a function may have parameters.
    fn other_names(&self) -> Option<&BTreeSet<String>> {
        let in_body = !self.variables.is_empty() || self.repeat.is_in_body();
        let in_function = self.definition.is_some() || in_body && !self.expanding.is_empty();
        (!in_function && self.scopes.len() <= 1).then_some(&self.variables)
    }

    /// Where parameters are noted: inside of bodies and of what was prepared, `$1` is not the statement's own.
    fn doubts(&self) -> Option<&RefCell<BTreeSet<Doubt>>> {
        (self.expanding.is_empty() && self.definition.is_none()).then_some(&self.doubts)
    }

    /// Goes one step deeper, or gives up.
    fn deeper(&mut self, step: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            self.facts.make_unknown("it is nested too deep");
            return;
        }
        self.depth += 1;
        step(self);
        self.depth -= 1;
    }

    fn verb(&mut self, verb: Verb) {
        self.facts.verbs.insert(verb);
    }

    fn ddl(&mut self, verb: Verb, kind: &str) {
        self.verb(verb);
        let word = match verb {
            Verb::Create => "create",
            Verb::Alter => "alter",
            Verb::Drop => "drop",
            _ => return,
        };
        self.facts.ddl.insert(format!("{word} {kind}"));
    }

    fn unknown(&mut self, what: &str) {
        self.facts.make_unknown(format!("{what} is not understood"));
    }

    /// The relations a name may mean, common table expressions apart.
    fn resolve(&mut self, relation: &RangeVar) -> Vec<Name> {
        self.resolve_name(&relation.schemaname, &relation.relname)
    }

    fn resolve_name(&mut self, schema: &str, name: &str) -> Vec<Name> {
        if schema.is_empty() {
            self.depends = self.depends.max(Depends::Key);
        }
        let schema = if schema.starts_with("pg_temp_") { "pg_temp" } else { schema };
        self.session().naming.relations(schema, name, self.catalog)
    }

    /// Names that are used must be known, or the catalog is not new enough.
    fn must_know(&mut self, relations: &[Name]) {
        let Some(catalog) = self.catalog else { return };
        let naming = &self.session().naming;
        let known = |name: &Name| {
            matches!(name.schema.as_str(), "pg_temp" | "pg_catalog" | "information_schema")
                || naming.defined.contains_key(name)
                || catalog.relations.contains_key(&(name.schema.clone(), name.name.clone()))
        };
        if !relations.iter().any(known) {
            self.missing.extend(relations.iter().cloned());
        }
    }

    /// An object that is written or defined.
    fn writes(&mut self, relation: Option<&RangeVar>) {
        if let Some(relation) = relation {
            for name in self.resolve(relation) {
                self.facts.writes.insert(name);
            }
        }
    }

    /// An object with a dotted name of any kind.
    fn writes_dotted(&mut self, parts: &[Node]) {
        if let Some((schema, name)) = dotted(parts) {
            for name in self.resolve_name(schema, name) {
                self.facts.writes.insert(name);
            }
        }
    }

    /// An object without a schema: a role, a database, an extension ...
    fn writes_plain(&mut self, name: &str) {
        self.facts.writes.insert(crate::naming::named("", name));
    }

    /// A new relation, which may be temporary.
    fn creates(&mut self, relation: &RangeVar) {
        if relation.relpersistence == "t" || relation.schemaname.starts_with("pg_temp") {
            self.facts.writes.insert(crate::naming::named("pg_temp", &relation.relname));
            self.changes.push(Change::Temporary(relation.relname.clone()));
            return;
        }
        let schema = if relation.schemaname.is_empty() {
            self.depends = self.depends.max(Depends::Key);
            self.session().naming.creation()
        } else {
            relation.schemaname.clone()
        };
        self.facts.writes.insert(Name { schema, name: relation.relname.clone() });
    }
}

/// The node inside, if any.
fn inner(node: &Option<Box<Node>>) -> Option<&NodeEnum> {
    node.as_ref().and_then(|node| node.node.as_ref())
}

/// The nodes of a list.
fn each(nodes: &[Node]) -> impl DoubleEndedIterator<Item = &NodeEnum> {
    nodes.iter().filter_map(|node| node.node.as_ref())
}

fn text_of(node: &NodeEnum) -> Option<&str> {
    match node {
        NodeEnum::String(string) => Some(&string.sval),
        _ => None,
    }
}

/// Schema (or empty) and name of a dotted name; a leading database is dropped.
fn dotted(parts: &[Node]) -> Option<(&str, &str)> {
    let mut names = each(parts).filter_map(text_of).rev();
    let name = names.next()?;
    Some((names.next().unwrap_or_default(), name))
}
