//! What a statement does, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::doubt::Doubt;

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
    /// `COPY ... FROM`.
    CopyIn,
    /// `COPY ... TO`.
    CopyOut,
    Call,
    Do,
    /// `SET`, `RESET`, `set_config`.
    Set,
    Show,
    /// `LISTEN`, `UNLISTEN`.
    Listen,
    /// `NOTIFY`, `pg_notify`.
    Notify,
    /// `LOCK`, `SELECT ... FOR UPDATE`, advisory locks.
    Lock,
    /// `nextval`, `setval`.
    Sequence,
    /// `VACUUM`, `ANALYZE`.
    Vacuum,
    /// `REINDEX`, `CLUSTER`, `REFRESH MATERIALIZED VIEW`, `CHECKPOINT`.
    Maintain,
    Explain,
    Prepare,
    Execute,
    /// `DECLARE`, `FETCH`, `MOVE`, `CLOSE`.
    Cursor,
    Transaction,
    Discard,
    /// Runs the server rather than the data: `ALTER SYSTEM`, `LOAD`, `pg_terminate_backend`, replication slots ...
    Admin,
    Unknown,
}

/// How far what a statement does reaches, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Only the session itself: `BEGIN`, `SET`, `SHOW`, `DISCARD` ...
    #[default]
    Session,
    /// Reads data.
    Read,
    /// Changes rows, sequences or large objects, holds locks others wait for, or notifies others; also what opaque
    /// functions may do.
    Write,
    /// Changes structure, rights, roles or the server; files, programs, network.
    Admin,
    /// It cannot be told.
    Unknown,
}

/// What a statement reaches outside of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum External {
    /// Runs a program, or loads code that can, on the server.
    Program,
    /// Reads or writes files of the server.
    File,
    /// Talks to another server.
    Network,
}

/// A resolved name: the schema as the session's search path gives it. Empty where it cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// `public`, `pg_temp`, ... Empty also for what has no schema (roles, databases, extensions).
    pub schema: String,
    /// The object's own name.
    pub name: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.schema.is_empty() { f.write_str(&self.name) } else { write!(f, "{}.{}", self.schema, self.name) }
    }
}

/// What one statement, or a whole string of statements, does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Everything it does, nested statements included.
    pub verbs: BTreeSet<Verb>,
    /// What its data definition is about: `create table`, `drop index`, `alter role` ...
    pub ddl: BTreeSet<String>,
    /// Relations it reads (views and what they read, where the catalog knows).
    pub reads: BTreeSet<Name>,
    /// Relations and other objects it writes, creates, changes or drops.
    pub writes: BTreeSet<Name>,
    /// Columns it reads: `schema.table.column`; `schema.table.*` where all.
    pub columns: BTreeSet<String>,
    /// Functions it calls: `schema.name`, or `name` where the schema cannot be known.
    pub functions: BTreeSet<String>,
    /// Those of [`Self::functions`] (and `operator schema.+`) whose doings cannot be read: they may do anything.
    pub opaque: BTreeSet<String>,
    /// Every UPDATE, DELETE and MERGE in it has a condition that really limits it. True where there is none of them.
    pub filtered: bool,
    /// Its result is limited: a real WHERE or a LIMIT on every relation it returns rows of. True where it returns none.
    pub bounded: bool,
    /// It puts whole relations into one value: their rows cannot be counted as they pass.
    pub packed: bool,
    /// The smallest constant LIMIT of the outermost query.
    pub limit: Option<u64>,
    /// It drops or empties what depends on its objects too (`CASCADE`).
    pub cascade: bool,
    /// What it reaches outside.
    pub external: BTreeSet<External>,
    /// Settings it changes, in lower case; `*` where any may be.
    pub settings: BTreeSet<String>,
    /// It runs text that is made while it runs (EXECUTE of an expression, `query_to_xml` ...).
    pub dynamic: bool,
    /// What EXECUTE gives for `$1` ... of prepared statements; `None` where the value is not certain.
    pub parameters: BTreeMap<String, Option<String>>,
    /// Parameters that an Execute gives and whose values decide whether it is limited.
    #[serde(skip)]
    pub doubts: BTreeSet<Doubt>,
    /// Number of statements in the string.
    pub statements: u32,
    /// Why it could not be judged, if so; [`Verb::Unknown`] is among the verbs then.
    pub unknown: Option<String>,
}

impl Default for Facts {
    /// Of a text that does nothing.
    fn default() -> Self {
        Self {
            verbs: BTreeSet::new(),
            ddl: BTreeSet::new(),
            reads: BTreeSet::new(),
            writes: BTreeSet::new(),
            columns: BTreeSet::new(),
            functions: BTreeSet::new(),
            opaque: BTreeSet::new(),
            filtered: true,
            bounded: true,
            packed: false,
            limit: None,
            cascade: false,
            external: BTreeSet::new(),
            settings: BTreeSet::new(),
            dynamic: false,
            parameters: BTreeMap::new(),
            doubts: BTreeSet::new(),
            statements: 0,
            unknown: None,
        }
    }
}

impl Facts {
    /// Of a text that cannot be judged.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        let mut facts = Self::default();
        facts.make_unknown(reason);
        facts
    }

    /// How far it reaches: the farthest of its verbs, functions, settings and objects.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.unknown.is_some() {
            return Effect::Unknown;
        }
        let mut effect = self.verbs.iter().map(|verb| self.effect_of(*verb)).max().unwrap_or_default();
        if !self.opaque.is_empty() || self.dynamic {
            effect = effect.max(Effect::Write);
        }
        // The server's own tables are its structure and rights, by whatever statement they change.
        let changes = |verb: &Verb| {
            matches!(verb, Verb::Insert | Verb::Update | Verb::Delete | Verb::Merge | Verb::CopyIn | Verb::Truncate)
        };
        let of_server = self.writes.iter().any(|name| match name.schema.as_str() {
            "pg_catalog" => !name.name.starts_with("pg_largeobject"),
            // Statements that the server runs later.
            "cron" => name.name == "job",
            "pgagent" => name.name.starts_with("pga_"),
            _ => false,
        });
        if of_server && self.verbs.iter().any(changes) {
            effect = effect.max(Effect::Admin);
        }
        if !self.external.is_empty() || self.settings.iter().any(|name| is_admin_setting(name)) {
            effect = effect.max(Effect::Admin);
        }
        effect
    }

    /// Whether all that it writes is in the session's own temporary tables.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !self.writes.is_empty() && self.writes.iter().all(|name| name.schema == "pg_temp")
    }

    /// A temporary table is the session's own.
    fn effect_of(&self, verb: Verb) -> Effect {
        let own = matches!(verb, Verb::Create | Verb::Alter | Verb::Drop) && self.is_temporary();
        if own { Effect::Write } else { verb.effect() }
    }

    pub(crate) fn make_unknown(&mut self, reason: impl Into<String>) {
        self.verbs.insert(Verb::Unknown);
        self.filtered = false;
        self.bounded = false;
        if self.unknown.is_none() {
            self.unknown = Some(reason.into());
        }
    }

    /// Parameters of one more EXECUTE: where two differ, neither is certain.
    pub(crate) fn give(&mut self, parameters: &BTreeMap<String, Option<String>>) {
        for (name, value) in parameters {
            let known = self.parameters.entry(name.clone()).or_insert_with(|| value.clone());
            if known != value {
                *known = None;
            }
        }
    }

    /// The same statement once the values are known that decide whether it is limited: `filled` is what it does with them written out.
    #[must_use]
    pub fn with_values(&self, filled: Option<&Self>) -> Self {
        let mut facts = Self { doubts: BTreeSet::new(), ..self.clone() };
        match filled.filter(|filled| filled.unknown.is_none() || self.unknown.is_some()) {
            Some(filled) => {
                facts.include(filled);
                (facts.filtered, facts.bounded, facts.packed) = (filled.filtered, filled.bounded, filled.packed);
            }
            None => (facts.filtered, facts.bounded) = (false, false),
        }
        facts
    }

    /// Takes over everything `other` does, as part of the same text. Its limit is not taken.
    pub(crate) fn include(&mut self, other: &Self) {
        self.verbs.extend(&other.verbs);
        self.ddl.extend(other.ddl.iter().cloned());
        self.reads.extend(other.reads.iter().cloned());
        self.writes.extend(other.writes.iter().cloned());
        self.columns.extend(other.columns.iter().cloned());
        self.functions.extend(other.functions.iter().cloned());
        self.opaque.extend(other.opaque.iter().cloned());
        self.filtered &= other.filtered;
        self.bounded &= other.bounded;
        self.packed |= other.packed;
        self.cascade |= other.cascade;
        self.external.extend(&other.external);
        self.settings.extend(other.settings.iter().cloned());
        self.dynamic |= other.dynamic;
        self.give(&other.parameters);
        self.doubts.extend(&other.doubts);
        if self.unknown.is_none() {
            self.unknown.clone_from(&other.unknown);
        }
    }
}

impl Verb {
    /// How far this verb alone reaches.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::Set
            | Self::Show
            | Self::Listen
            | Self::Explain
            | Self::Prepare
            | Self::Execute
            | Self::Cursor
            | Self::Transaction
            | Self::Discard => Effect::Session,
            Self::Select | Self::CopyOut => Effect::Read,
            Self::Insert
            | Self::Update
            | Self::Delete
            | Self::Merge
            | Self::Truncate
            | Self::CopyIn
            | Self::Call
            | Self::Do
            | Self::Notify
            | Self::Lock
            | Self::Sequence
            | Self::Vacuum
            | Self::Maintain => Effect::Write,
            Self::Create | Self::Alter | Self::Drop | Self::Comment | Self::Grant | Self::Revoke | Self::Admin => {
                Effect::Admin
            }
            Self::Unknown => Effect::Unknown,
        }
    }
}

/// Settings that change who one is, what one may see, or what the server runs.
fn is_admin_setting(name: &str) -> bool {
    matches!(
        name,
        "*" | "role"
            | "session_authorization"
            | "session_replication_role"
            | "allow_system_table_mods"
            | "allow_in_place_tablespaces"
            | "ignore_system_indexes"
            | "zero_damaged_pages"
            | "ignore_checksum_failure"
            | "lo_compat_privileges"
            | "dynamic_library_path"
            | "extension_control_path"
            | "session_preload_libraries"
            | "local_preload_libraries"
            | "shared_preload_libraries"
            | "jit_provider"
    ) || name.starts_with("log_")
        || name.starts_with("pgaudit.")
        || name.starts_with("plperl.")
        || name.starts_with("track_")
}
