//! A snapshot of one database's catalog: what names mean, what views and functions are made of.

mod code;
mod load;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

pub use self::{
    code::{Code, Constraint, ConstraintKind, Runs},
    load::{LOAD, Unreadable},
};

/// One database, as far as statements need it. Immutable; a newer one replaces it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Counts up with every load.
    pub version: u64,
    /// The database's name.
    pub database: String,
    /// The search path that a new session of this role has, implicit schemas included.
    pub path: Vec<String>,
    /// `search_path` of a new session of this role, as `SHOW` prints it.
    pub search_path: String,
    /// Relations by (schema, name).
    pub relations: HashMap<(String, String), Arc<Relation>>,
    /// Functions by (schema, name), those of `pg_catalog` left out; overloads side by side.
    pub functions: HashMap<(String, String), Vec<Arc<Function>>>,
    /// The names of the functions and types in `pg_catalog`.
    pub built_in: std::collections::HashSet<String>,
    /// Operators outside of `pg_catalog`: symbol, schema and name of the function behind it.
    pub operators: HashMap<String, Vec<(String, String)>>,
    /// Code that runs when something is read, written or cast, by the oid of the relation or type.
    pub code: HashMap<u32, Vec<Code>>,
    /// Relations by name alone.
    pub names: OnceLock<HashMap<String, Vec<Arc<Relation>>>>,
    /// Functions by name alone.
    pub function_names: OnceLock<HashMap<String, Vec<Arc<Function>>>>,
}

impl Catalog {
    /// All relations of this name, in any schema.
    #[must_use]
    pub fn named(&self, name: &str) -> &[Arc<Relation>] {
        let names = self.names.get_or_init(|| {
            let mut names: HashMap<String, Vec<Arc<Relation>>> = HashMap::new();
            for relation in self.relations.values() {
                names.entry(relation.name.clone()).or_default().push(relation.clone());
            }
            names
        });
        names.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether both say the same, whichever is newer.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.database, &self.path, &self.search_path) == (&other.database, &other.path, &other.search_path)
            && self.relations == other.relations
            && self.functions == other.functions
            && self.operators == other.operators
            && self.built_in == other.built_in
            && self.code == other.code
    }

    /// All functions of this name outside of `pg_catalog`, in any schema.
    #[must_use]
    pub fn functions_named(&self, name: &str) -> &[Arc<Function>] {
        let names = self.function_names.get_or_init(|| {
            let mut names: HashMap<String, Vec<Arc<Function>>> = HashMap::new();
            for function in self.functions.values().flatten() {
                names.entry(function.name.clone()).or_default().push(function.clone());
            }
            names
        });
        names.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A table, view or anything else with columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// `pg_class.oid`.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its columns in order, without dropped ones.
    pub columns: Vec<Column>,
    /// Tables it inherits from or is a partition of.
    pub parents: Vec<u32>,
    /// The query of a view or materialized view (`pg_get_viewdef`, all names qualified); `None` for those of
    /// `pg_catalog` and `information_schema`.
    pub definition: Option<String>,
    /// The numbers of the columns of its primary key.
    pub primary_key: Vec<i16>,
    /// The numbers of columns in indexes whose entries must differ; 0 for an expression.
    pub unique: Vec<i16>,
    /// What the server compares new rows with: unique indexes, exclusions, foreign keys and checks.
    pub constraints: Vec<Constraint>,
}

impl Relation {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// `pg_class.relkind`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    #[default]
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
    Sequence,
    Composite,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// `pg_attribute.attnum`.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// `pg_attribute.atttypid`.
    pub type_oid: u32,
    /// `format_type(atttypid, atttypmod)`.
    pub type_name: String,
    /// As `type_name`, of what a domain is made of; the same as `type_name` for all others.
    pub base_type: String,
    /// `pg_type.typcategory` of the base type; `X` where it is a domain again.
    pub category: char,
    /// It cannot be NULL.
    pub not_null: bool,
    /// The expression of a generated column.
    pub generated: Option<String>,
}

#[cfg(test)]
impl Column {
    /// A column of texts.
    pub(crate) fn of_text(number: i16, name: &str) -> Self {
        let text = || "text".to_owned();
        Self { number, name: name.into(), type_name: text(), base_type: text(), category: 'S', ..Self::default() }
    }
}

/// One function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// `pg_proc.oid`.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `sql`, `plpgsql`, `internal`, `c`, ...
    pub language: String,
    /// `pg_proc.provolatile`: `i`, `s` or `v`.
    pub volatility: char,
    /// `pg_proc.prosecdef`.
    pub security_definer: bool,
    /// The whole `CREATE FUNCTION` (`pg_get_functiondef`) of one in `sql` or `plpgsql`; `None` for all others.
    pub body: Option<String>,
    /// The extension it belongs to.
    pub extension: Option<String>,
    /// `pg_get_function_identity_arguments`.
    pub arguments: String,
    /// SHA-256 of `pg_proc.prosrc` in hexadecimal; empty for those of extensions.
    pub source: String,
    /// The functions outside of `pg_catalog` that an aggregate is made of: schema and name.
    pub parts: Vec<(String, String)>,
}
