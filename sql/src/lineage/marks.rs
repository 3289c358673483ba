//! What is marked in one database for one caller: markings of base tables, spread over everything that is made of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Cover, Effects, Safety,
    watch::{DELETE, INSERT, UPDATE, Watches, Written},
};
use crate::{
    catalog::{Catalog, Column, Kind, Relation, Runs},
    node,
};

/// One column of a base table whose values belong to a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marking {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The label, for example `ssn`.
    pub label: String,
    /// What stands in place of a value.
    pub transform: Transform,
    /// What the database gets of values that a statement gives it.
    pub mode: Mode,
    /// It holds tokens and no values: it is shown and compared as it is.
    pub holds_tokens: bool,
}

/// What the database gets of a value that a statement gives to a marked column, or compares with one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// The value.
    #[default]
    Record,
    /// What stands in its place; nothing where it is compared.
    InFlight,
    /// Its token.
    Token,
}

impl Marking {
    /// Its table, as the catalog knows it.
    fn relation(&self) -> (String, String) {
        (self.schema.clone(), self.table.clone())
    }
}

/// A function that an administrator has read and found to let nothing out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allowed {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// SHA-256 of its source in hexadecimal; with another source it is not allowed.
    pub source: String,
}

/// What an administrator says about one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Columns that are marked.
    pub markings: Vec<Marking>,
    /// Functions that may be called.
    pub functions: Vec<Allowed>,
    /// Labels whose columns may be compared with a bind parameter.
    pub lookups: Vec<String>,
}

/// What stands in place of a value. Whatever a type cannot bear becomes [`Transform::Full`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transform {
    /// A constant of the column's type.
    #[default]
    Full,
    /// The last four characters of a text of eight or more.
    Partial,
    /// A constant in the form of the label.
    Constant,
    /// NULL.
    Null,
    /// The first day of a date's year.
    Year,
    /// A keyed token, which only the result's reader can make. In the database it is a constant of the column's type.
    Token,
}

/// Why a column is masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The label.
    pub label: String,
    /// What stands in place of a value.
    pub transform: Transform,
    /// The marked column itself: `schema.table.column`.
    pub source: String,
    /// What the database gets of values for it.
    pub mode: Mode,
}

/// Everything masked in one database for one caller. Made once per catalog and set of markings.
#[derive(Debug)]
pub struct Marks {
    pub(crate) catalog: Arc<Catalog>,
    base: HashMap<u32, Cover>,
    names: HashSet<String>,
    pub(super) allowed: Vec<Allowed>,
    lookups: HashSet<String>,
    pub(super) relations: Mutex<Memo<Arc<Cover>>>,
    pub(super) functions: Mutex<Memo<Safety>>,
    /// What functions that may be called do besides their results.
    pub(super) effects: Mutex<HashMap<u32, Effects>>,
    /// Constraints that compare masked values.
    pub(super) watches: Watches,
    pub(super) by_oid: HashMap<u32, Arc<Relation>>,
    /// Relations that inherit from others.
    pub(super) children: HashMap<u32, Vec<u32>>,
    /// Relations whose rows follow a foreign key, and the columns that it refers to.
    pub(super) followers: HashMap<u32, Vec<(u32, Vec<String>)>>,
    /// Types whose values are checked or cast by functions, by their names.
    pub(super) types: HashMap<String, Vec<u32>>,
    /// Row security that depends on masked columns closes its table.
    policies: bool,
    /// Tables that are marked and do not exist, by their names alone.
    missing: HashSet<String>,
    /// The columns whose values the database does not get, whoever may see them.
    carried: Option<Box<Marks>>,
}

/// Answers by oid; `None` while one is being worked out.
pub(super) type Memo<T> = HashMap<u32, Option<T>>;

/// Relations of `pg_catalog` that hold samples of other tables' values.
const SAMPLES: [&str; 5] = ["pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs"];
/// Relations that hold the texts of other sessions' statements, and the column.
const STATEMENTS: [(&str, &str); 2] = [("pg_stat_activity", "query"), ("pg_stat_statements", "query")];
/// Relations that count writes by what they changed, and the columns: an UPDATE that sets an indexed column to the value that it has
/// counts as another kind of UPDATE than one that changes it.
const WRITES: [&str; 6] = [
    "pg_stat_all_tables",
    "pg_stat_sys_tables",
    "pg_stat_user_tables",
    "pg_stat_xact_all_tables",
    "pg_stat_xact_sys_tables",
    "pg_stat_xact_user_tables",
];
const KINDS_OF_WRITES: [&str; 2] = ["n_tup_hot_upd", "n_tup_newpage_upd"];

/// More warnings are not given at once.
const MOST_WARNINGS: usize = 200;

impl Marks {
    /// Spreads markings over a catalog. A marking of a table that this database does not have is of no effect; one of a
    /// column that its table does not have closes the table.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, markings: &[Marking]) -> Self {
        let mut base: HashMap<u32, Cover> = HashMap::new();
        for marking in markings {
            let Some(relation) = catalog.relations.get(&marking.relation()) else { continue };
            let cover = base.entry(relation.oid).or_default();
            let source = format!("{}.{}.{}", marking.schema, marking.table, marking.column);
            if relation.column(&marking.column).is_none() {
                cover.closed = Some(format!("{source} is marked and does not exist"));
                continue;
            }
            let mark = Mark { label: marking.label.clone(), transform: marking.transform, source, mode: marking.mode };
            cover.masked.insert(marking.column.clone(), mark);
        }
        if !markings.is_empty() {
            built_in(&catalog, &mut base);
        }
        while spread(&catalog, &mut base) {}
        let relations: Vec<&Arc<Relation>> =
            catalog.relations.values().filter(|relation| base.contains_key(&relation.oid)).collect();
        let names = relations.iter().map(|relation| relation.name.clone()).collect();
        let watches = Watches::new(&catalog, &base);
        let missing = markings.iter().filter(|marking| !catalog.relations.contains_key(&marking.relation()));
        let missing = missing.map(|marking| marking.table.clone()).collect();
        let mut this = Self {
            catalog,
            base,
            names,
            allowed: Vec::new(),
            lookups: HashSet::new(),
            relations: Mutex::default(),
            functions: Mutex::default(),
            effects: Mutex::default(),
            watches,
            by_oid: HashMap::new(),
            children: HashMap::new(),
            followers: HashMap::new(),
            types: HashMap::new(),
            policies: true,
            missing,
            carried: None,
        };
        this.index();
        this
    }

    fn index(&mut self) {
        self.by_oid = self.catalog.relations.values().map(|relation| (relation.oid, Arc::clone(relation))).collect();
        for relation in self.catalog.relations.values() {
            for parent in &relation.parents {
                self.children.entry(*parent).or_default().push(relation.oid);
            }
            for constraint in relation.constraints.iter().filter(|constraint| constraint.cascades) {
                let Some((parent, numbers)) = &constraint.references else { continue };
                let columns = self.by_oid.get(parent).map(|parent| {
                    let referred = parent.columns.iter().filter(|column| numbers.contains(&column.number));
                    referred.map(|column| column.name.clone()).collect()
                });
                self.followers.entry(*parent).or_default().push((relation.oid, columns.unwrap_or_default()));
            }
        }
        for (oid, code) in &self.catalog.code {
            for code in code.iter().filter(|code| matches!(code.runs, Runs::Cast(_))) {
                self.types.entry(code.name.clone()).or_default().push(*oid);
            }
        }
    }

    /// What an administrator should know about these markings: those of nothing, and what cannot be written because of code
    /// that is attached to it.
    #[must_use]
    pub fn warnings(&self, markings: &[Marking]) -> Vec<String> {
        let mut warnings = Vec::new();
        for marking in markings {
            let name = format!("{}.{}.{}", marking.schema, marking.table, marking.column);
            match self.catalog.relations.get(&marking.relation()) {
                None => warnings
                    .push(format!("{name} is marked and its table does not exist: nothing is masked by this mark")),
                Some(relation) if relation.column(&marking.column).is_none() => {
                    warnings.push(format!("{name} is marked and does not exist: its table is closed"));
                }
                Some(_) => {}
            }
        }
        let mut attached: Vec<&Arc<Relation>> =
            self.catalog.code.keys().filter_map(|oid| self.by_oid.get(oid)).collect();
        attached.sort_by_key(|relation| (&relation.schema, &relation.name));
        let everything = Written { events: INSERT | UPDATE | DELETE, sets: Some(BTreeSet::new()) };
        for relation in attached.into_iter().take(MOST_WARNINGS) {
            if let Err(why) = self.written(relation, &everything) {
                warnings.push(format!("{}.{} cannot be written in every way: {why}", relation.schema, relation.name));
            }
        }
        warnings.truncate(MOST_WARNINGS);
        warnings
    }

    /// Whether a table of this name is marked, in some schema, and does not exist.
    pub(crate) fn is_missing(&self, name: &str) -> bool {
        self.missing.contains(name)
    }

    /// The same where these functions may be called.
    #[must_use]
    pub fn allowing(self, functions: &[Allowed]) -> Self {
        Self { allowed: functions.to_vec(), ..self }
    }

    /// The same where row security is the database's own business.
    #[must_use]
    pub fn without_policies(self) -> Self {
        Self { policies: false, ..self }
    }

    /// The same where columns of these labels may be compared with a bind parameter.
    #[must_use]
    pub fn looking_up(self, labels: &[String]) -> Self {
        Self { lookups: labels.iter().cloned().collect(), ..self }
    }

    /// Whether columns of a label may be compared with a bind parameter.
    pub(crate) fn looks_up(&self, label: &str) -> bool {
        self.lookups.contains(label)
    }

    /// The same where the database does not get what statements give to these columns.
    #[must_use]
    pub fn carrying(mut self, markings: &[Marking]) -> Self {
        if !markings.is_empty() {
            let marks = Self::new(Arc::clone(&self.catalog), markings).allowing(&self.allowed).without_policies();
            self.carried = Some(Box::new(marks));
        }
        self
    }

    /// The names of all marked relations.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether no answer has anything to mask.
    pub(crate) fn shows_all(&self) -> bool {
        self.base.is_empty()
    }

    /// The columns whose values the database does not get.
    pub(crate) fn carried(&self) -> Option<&Self> {
        self.carried.as_deref()
    }

    /// Whether nothing is masked, in answers or on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.base.is_empty() && self.carried.is_none()
    }

    /// The label of the marked columns of this name, in any table.
    pub(crate) fn label_of(&self, column: &str) -> Option<&str> {
        self.base.values().filter_map(|cover| cover.masked.get(column)).map(|mark| mark.label.as_str()).min()
    }

    /// The columns of each marked table of this name, in order.
    pub(crate) fn columns_of(&self, table: &str) -> impl Iterator<Item = Vec<&str>> {
        let marked = move |relation: &&Arc<Relation>| relation.name == table && self.base.contains_key(&relation.oid);
        let relations = self.catalog.relations.values().filter(marked);
        relations.map(|relation| relation.columns.iter().map(|column| column.name.as_str()).collect())
    }

    /// Whether something is masked by tokens.
    pub(crate) fn has_tokens(&self) -> bool {
        self.base.values().flat_map(|cover| cover.masked.values()).any(|mark| mark.transform == Transform::Token)
    }

    /// The catalog that this was made for.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether the catalog has the relation of this object id.
    #[must_use]
    pub fn has_relation(&self, oid: u32) -> bool {
        self.by_oid.contains_key(&oid)
    }

    /// Whether a marked table has this name, in any schema.
    pub(crate) fn is_marked_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// What is masked in a relation.
    #[must_use]
    pub fn cover(&self, relation: &Relation) -> Arc<Cover> {
        let lock = || self.relations.lock().unwrap_or_else(PoisonError::into_inner);
        match lock().get(&relation.oid) {
            Some(Some(cover)) => return cover.clone(),
            Some(None) => return Arc::new(closed("it is defined by itself")),
            None => {}
        }
        lock().insert(relation.oid, None);
        let cover = Arc::new(self.work_out(relation));
        lock().insert(relation.oid, Some(cover.clone()));
        cover
    }

    fn work_out(&self, relation: &Relation) -> Cover {
        let mut own = self.base.get(&relation.oid).cloned().unwrap_or_default();
        if self.policies && own.closed.is_none() {
            own.closed = self.secured(relation, &own);
        }
        let made = relation.columns.iter().filter(|column| !own.masked.contains_key(&column.name));
        let made: Vec<String> =
            made.filter(|column| self.is_made_of_more(column)).map(|column| column.name.clone()).collect();
        own.masked.extend(made.into_iter().filter_map(|name| Some((name, super::Verdict::Unknown.mark()?))));
        let is_view = matches!(relation.kind, Kind::View | Kind::MaterializedView);
        let Some(definition) = relation.definition.as_ref().filter(|_| is_view && own.closed.is_none()) else {
            return own;
        };
        let mut cover = self.of_query(relation, definition);
        cover.masked.extend(own.masked);
        cover
    }

    /// Whether a generated column calls what may read masked columns by itself.
    fn is_made_of_more(&self, column: &Column) -> bool {
        let Some(expression) = column.generated.as_ref().filter(|text| text.contains('(')) else { return false };
        let Ok(tree) = node::statement(&format!("SELECT {expression}")) else { return true };
        tree.any(|node| {
            let name = node.texts("funcname");
            node.kind == "FuncCall" && !self.is_of_extension(&name) && matches!(self.function(&name), Safety::Unsafe(_))
        })
    }

    fn of_query(&self, relation: &Relation, definition: &str) -> Cover {
        let Ok(query) = node::statement(definition.trim_end_matches([';', ' ', '\n'])) else {
            return closed("its definition cannot be read");
        };
        if self.is_plain(&query) {
            return Cover::default();
        }
        let outputs = self.outputs(&query);
        if !outputs.rows.is_clean() {
            return closed("which rows it has depends on masked values, or cannot be told");
        }
        if outputs.columns.len() != relation.columns.len() {
            return closed("its columns cannot be told");
        }
        let columns = relation.columns.iter().zip(&outputs.columns);
        let masked = columns.filter_map(|(column, (_, verdict))| Some((column.name.clone(), verdict.mark()?)));
        Cover { masked: masked.collect(), closed: None }
    }
}

fn closed(why: &str) -> Cover {
    Cover { closed: Some(why.to_owned()), ..Cover::default() }
}

fn built_in(catalog: &Catalog, base: &mut HashMap<u32, Cover>) {
    for name in SAMPLES {
        if let Some(relation) = catalog.relations.get(&("pg_catalog".to_owned(), name.to_owned())) {
            base.insert(relation.oid, closed("it holds samples of masked columns"));
        }
    }
    let writes = WRITES.iter().flat_map(|name| KINDS_OF_WRITES.iter().map(move |column| (*name, *column)));
    for (name, column) in STATEMENTS.into_iter().chain(writes) {
        for relation in catalog.named(name).iter().filter(|relation| relation.column(column).is_some()) {
            let source = format!("{}.{name}.{column}", relation.schema);
            let mark = Mark { label: "statement".into(), transform: Transform::Full, source, mode: Mode::Record };
            base.entry(relation.oid).or_default().masked.insert(column.to_owned(), mark);
        }
    }
}

/// One step from parents to children and back, and into generated columns. Whether anything changed.
fn spread(catalog: &Catalog, base: &mut HashMap<u32, Cover>) -> bool {
    let mut changed = false;
    for relation in catalog.relations.values() {
        for parent in &relation.parents {
            changed |= inherit(base, *parent, relation.oid, |_| true);
            let parent_of = catalog.relations.values().find(|other| other.oid == *parent);
            changed |= inherit(base, relation.oid, *parent, |column| {
                parent_of.is_some_and(|parent| parent.column(column).is_some())
            });
        }
        changed |= refer(catalog, base, relation);
        let Some(cover) = base.get(&relation.oid).cloned() else { continue };
        for column in relation.columns.iter().filter(|column| !cover.masked.contains_key(&column.name)) {
            let Some(mark) = column.generated.as_ref().and_then(|text| generated_from(text, &cover.masked)) else {
                continue;
            };
            base.entry(relation.oid).or_default().masked.insert(column.name.clone(), mark);
            changed = true;
        }
    }
    changed
}

/// What refers to a masked column by a foreign key has its values.
fn refer(catalog: &Catalog, base: &mut HashMap<u32, Cover>, relation: &Relation) -> bool {
    let mut changed = false;
    for constraint in &relation.constraints {
        let Some((parent, there)) = &constraint.references else { continue };
        if !base.contains_key(parent) {
            continue;
        }
        let Some(parent) = catalog.relations.values().find(|other| other.oid == *parent) else { continue };
        for (here, there) in constraint.columns.iter().zip(there) {
            let name = |relation: &Relation, number: i16| {
                relation.columns.iter().find(|column| column.number == number).map(|column| column.name.clone())
            };
            let (Some(here), Some(there)) = (name(relation, *here), name(parent, *there)) else { continue };
            let Some(mark) = base.get(&parent.oid).and_then(|cover| cover.masked.get(&there)).cloned() else {
                continue;
            };
            let masked = &mut base.entry(relation.oid).or_default().masked;
            changed |= !masked.contains_key(&here);
            masked.entry(here).or_insert(mark);
        }
    }
    changed
}

fn inherit(base: &mut HashMap<u32, Cover>, from: u32, to: u32, has: impl Fn(&str) -> bool) -> bool {
    let Some(source) = base.get(&from).cloned() else { return false };
    let mut changed = false;
    for (column, mark) in source.masked.into_iter().filter(|(column, _)| has(column)) {
        let masked = &mut base.entry(to).or_default().masked;
        changed |= !masked.contains_key(&column);
        masked.entry(column).or_insert(mark);
    }
    if let (Some(why), target) = (source.closed, base.entry(to).or_default())
        && target.closed.is_none()
    {
        target.closed = Some(why);
        changed = true;
    }
    changed
}

fn generated_from(expression: &str, masked: &BTreeMap<String, Mark>) -> Option<Mark> {
    let unknown = || masked.values().next().cloned();
    let Ok(tree) = node::statement(&format!("SELECT {expression}")) else { return unknown() };
    let mut mark = None;
    tree.visit(&mut |node| {
        if node.kind == "ColumnRef" {
            let column = node.texts("fields").last().copied().unwrap_or_default();
            mark = mark.take().or_else(|| masked.get(column).cloned());
        }
        true
    });
    mark.map(|mark| Mark { transform: Transform::Full, ..mark })
}
