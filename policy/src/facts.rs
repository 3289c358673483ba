//! Facts: what a protocol filter found out about one request, as plain data handed to policy and kept with the record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::bundle::Kind;

/// The strongest thing a call does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing at the target changes.
    #[default]
    Read,
    /// Data changes.
    Write,
    /// Structure, rights, programs, files or the server itself change; or it cannot be known.
    Admin,
}

/// How much of a request could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inspected {
    /// All of it.
    #[default]
    Yes,
    /// Some of it.
    Partial,
    /// Nothing of its content.
    No,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// true or false.
    Flag(bool),
    /// A whole number.
    Long(i64),
    /// A number with a fraction; at most four digits of it count.
    Decimal(f64),
    /// Anything else.
    Text(String),
    /// A list of texts.
    Texts(BTreeSet<String>),
}

/// One function that a call uses. A statement can use several (`WITH d AS (DELETE ...) SELECT`): all must be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Function {
    /// Its name on the connection: `select`, `issue_refund`, `shell`, `exec`, `tools/send_email` ...
    pub name: String,
    /// What it does at most.
    pub effect: Effect,
}

/// Everything known about one request. Fields that do not apply stay empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The functions it uses; never empty for a real request.
    pub functions: BTreeSet<Function>,
    /// SQL verbs, the HTTP method, `read`/`write`/... of sftp.
    pub verbs: BTreeSet<String>,
    /// What it reads: `schema.table`, a path.
    pub reads: BTreeSet<String>,
    /// What it writes, creates, changes or drops.
    pub writes: BTreeSet<String>,
    /// SQL columns read: `schema.table.column`.
    pub columns: BTreeSet<String>,
    /// SQL functions or GraphQL fields called.
    pub calls: BTreeSet<String>,
    /// SQL functions that are called and whose doings cannot be read.
    pub opaque: BTreeSet<String>,
    /// What data definition is about: `create table`, `drop index`, `alter role`.
    pub ddl: BTreeSet<String>,
    /// It drops or empties what depends on its objects, too.
    pub cascade: bool,
    /// Programs that a shell command runs.
    pub commands: BTreeSet<String>,
    /// Files named by a shell command or sftp; the normalised path of an HTTP request.
    pub paths: BTreeSet<String>,
    /// `host:port` that a forward leads to.
    pub hosts: BTreeSet<String>,
    /// `program`, `file`, `network`.
    pub external: BTreeSet<String>,
    /// Session settings changed.
    pub settings: BTreeSet<String>,
    /// Arguments by name: parameters of an operation or tool, `$1` ... of a statement.
    pub arguments: BTreeMap<String, Argument>,
    /// Every write in it is limited by a real condition.
    pub filtered: bool,
    /// Its result is limited.
    pub bounded: bool,
    /// Whole relations are put into one value, so that the number of rows says nothing.
    pub packed: bool,
    /// It moves money, as a request that no document describes says itself.
    pub money: bool,
    /// Everything it writes is in temporary tables of its own session.
    pub temporary: bool,
    /// It runs text made while it runs.
    pub dynamic: bool,
    /// Why it could not be judged, if so.
    pub unknown: Option<String>,
    /// Number of statements, items of a batch ...
    pub statements: u32,
    /// How much of it could be read.
    pub inspected: Inspected,
    /// Why not all of it.
    pub uninspected: Option<String>,
    /// Rows sent so far by this call; counts up while it runs.
    pub rows: u64,
    /// Bytes sent so far by this call.
    pub bytes: u64,
    /// Rows sent so far by the session, this call included.
    pub session_rows: u64,
    /// Bytes sent so far by the session, this call included.
    pub session_bytes: u64,
    /// Calls of the subject on the connection in the last minute, over all sessions at the agent, this one included.
    pub recent_calls: u64,
}

impl Facts {
    /// The strongest thing the whole call does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let known = self.functions.iter().map(|function| function.effect).max().unwrap_or_default();
        if self.unknown.is_some() { Effect::Admin } else { known }
    }

    /// The text that is kept with the record: fields that say nothing are left out, and arguments, which the record has
    /// masked.
    #[must_use]
    pub fn to_record(&self) -> String {
        crate::record::text(self)
    }

    /// Reads what [`Facts::to_record`] wrote.
    ///
    /// # Errors
    /// If it is no such text.
    pub fn from_record(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
impl Effect {
    /// The word in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}
impl Inspected {
    /// The word in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partial => "partial",
            Self::No => "no",
        }
    }
}

impl Argument {
    /// The same value in another type, where it has one there; otherwise as it is.
    pub(crate) fn of_kind(&self, kind: Kind) -> Self {
        match (kind, self) {
            #[expect(clippy::cast_precision_loss, reason = "a number that large fits no decimal and is refused")]
            (Kind::Decimal, Self::Long(number)) => Self::Decimal(*number as f64),
            // As a path, a query or a form carries it. What is no plain number stays a text, which no policy compares with one.
            (Kind::Decimal, Self::Text(text)) => text.parse().map_or_else(|_| self.clone(), Self::Decimal),
            (Kind::Long, Self::Text(text)) => text.parse().map_or_else(|_| self.clone(), Self::Long),
            (Kind::Flag, Self::Text(text)) => text.parse().map_or_else(|_| self.clone(), Self::Flag),
            (Kind::Text, Self::Long(number)) => Self::Text(number.to_string()),
            (Kind::Text, Self::Decimal(number)) => Self::Text(number.to_string()),
            (Kind::Text, Self::Flag(flag)) => Self::Text(flag.to_string()),
            (Kind::Texts, Self::Text(text)) => Self::Texts(BTreeSet::from([text.clone()])),
            _ => self.clone(),
        }
    }
}
