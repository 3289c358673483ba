//! A snapshot of one database's catalog: what names mean, what views and functions are made of.

use std::{collections::HashMap, sync::Arc};

/// One database, as far as statements need it. Immutable; a newer one replaces it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Counts up with every load.
    pub version: u64,
    /// Relations by (schema, name).
    pub relations: HashMap<(String, String), Arc<Relation>>,
    /// Functions by (schema, name); overloads side by side.
    pub functions: HashMap<(String, String), Vec<Arc<Function>>>,
}

/// A table, view or anything else with columns.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The query of a view or materialized view (`pg_get_viewdef`).
    pub definition: Option<String>,
}

/// `pg_class.relkind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
    Sequence,
    Composite,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// `pg_attribute.attnum`.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// `pg_attribute.atttypid`.
    pub type_oid: u32,
    /// `format_type(atttypid, atttypmod)`.
    pub type_name: String,
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The body (`prosrc`, or `pg_get_function_sqlbody`); `None` for built-in and C functions.
    pub body: Option<String>,
}
