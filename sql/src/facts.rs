//! What a statement does, as plain data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a statement is made to do. One statement can have several: `WITH d AS (DELETE ...) SELECT ...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    Create,
    Alter,
    Drop,
    Comment,
    Grant,
    Revoke,
    CopyIn,
    CopyOut,
    Call,
    Do,
    Set,
    Show,
    Listen,
    Notify,
    Lock,
    Vacuum,
    Maintain,
    Explain,
    Prepare,
    Execute,
    Cursor,
    Transaction,
    Discard,
    Admin,
    Unknown,
}

/// What a statement reaches outside of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum External {
    /// Runs a program on the server.
    Program,
    /// Reads or writes files of the server.
    File,
    /// Talks to another server.
    Network,
}

/// A resolved name: the schema as the session's search path gives it. Empty where it cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// `public`, `pg_temp`, ...
    pub schema: String,
    /// The object's own name.
    pub name: String,
}

/// What one statement, or a whole string of statements, does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Everything it does, nested statements included.
    pub verbs: BTreeSet<Verb>,
    /// Relations it reads (views and what they read, where the catalog knows).
    pub reads: BTreeSet<Name>,
    /// Relations and other objects it writes, creates, changes or drops.
    pub writes: BTreeSet<Name>,
    /// Columns it reads: `schema.table.column`; `*` where all.
    pub columns: BTreeSet<String>,
    /// Functions it calls: `schema.name`, or `name` where the schema cannot be known.
    pub functions: BTreeSet<String>,
    /// Every UPDATE and DELETE in it has a condition that really limits it.
    pub filtered: bool,
    /// Its result is limited: a real WHERE or a LIMIT on every relation it returns rows of.
    pub bounded: bool,
    /// The smallest constant LIMIT of the outermost query.
    pub limit: Option<u64>,
    /// What it reaches outside.
    pub external: BTreeSet<External>,
    /// Settings it changes.
    pub settings: BTreeSet<String>,
    /// It runs text that is made while it runs (EXECUTE of an expression, `query_to_xml` ...).
    pub dynamic: bool,
    /// Number of statements in the string.
    pub statements: u32,
    /// Why it could not be judged, if so; [`Verb::Unknown`] is among the verbs then.
    pub unknown: Option<String>,
}
