//! What one text does, statement by statement, as read in one session.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use crate::{
    facts::{Facts, Name},
    naming::Schemas,
    tree::{Tree, Unparsed},
};

/// One text, read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its statements in order; none if it could not be parsed.
    pub statements: Vec<Statement>,
    /// All of them together.
    pub facts: Facts,
    /// What else than the text it depends on.
    pub depends: Depends,
    /// Relations and functions it uses that the catalog does not have: a newer one may.
    pub missing: BTreeSet<Name>,
    /// The parse it comes from, for lineage and rewriting.
    pub tree: Result<Arc<Tree>, Unparsed>,
}

/// One statement of a text.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub facts: Facts,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
    pub(crate) changes: Vec<Change>,
    /// The cursor that it fetches from.
    pub(crate) fetches: Option<String>,
    /// It may end well without making all of its changes of settings.
    pub(crate) may_skip: bool,
    /// Where its names without a schema may be looked up.
    pub(crate) schemas: Schemas,
}

impl Reading {
    /// Of a text that cannot even be taken apart, for `reason`.
    #[must_use]
    pub fn unknown(reason: &str) -> Arc<Self> {
        let facts = Facts { statements: 1, ..Facts::unknown(reason) };
        Arc::new(Self {
            statements: Vec::new(),
            facts,
            depends: Depends::Text,
            missing: BTreeSet::new(),
            tree: Err(Unparsed::Parser),
        })
    }

    /// The same without its tree, which is most of its memory and of use to lineage and rewriting only.
    #[must_use]
    pub fn without_tree(self: Arc<Self>) -> Arc<Self> {
        if self.tree.is_err() {
            return self;
        }
        Arc::new(Self { tree: Err(Unparsed::NotKept), ..Arc::unwrap_or_clone(self) })
    }

    /// Whether it uses relations or functions that are not PostgreSQL's own, so that only a catalog tells what it does.
    #[must_use]
    pub fn needs_catalog(&self) -> bool {
        let facts = &self.facts;
        facts.reads.iter().chain(&facts.writes).any(|name| !is_system(&name.schema))
            || facts.functions.iter().any(|name| !name.starts_with("pg_catalog."))
            || !facts.opaque.is_empty()
    }

    /// Whether running it may change what names without a schema mean.
    #[must_use]
    pub fn changes_names(&self) -> bool {
        self.statements.iter().flat_map(|statement| &statement.changes).any(Change::is_setting)
    }

    /// Whether PostgreSQL's grammar does not know it: a server refuses it, too, unless its grammar is newer.
    #[must_use]
    pub fn is_syntax_error(&self) -> bool {
        matches!(self.tree, Err(Unparsed::Syntax(_)))
    }
}

impl Statement {
    /// Running it may change how later texts are read.
    #[must_use]
    pub fn changes_session(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The cursor that it fetches rows from.
    #[must_use]
    pub fn fetches(&self) -> Option<&str> {
        self.fetches.as_deref()
    }

    /// The cursor that it declares.
    #[must_use]
    pub fn declares(&self) -> Option<&str> {
        self.changes.iter().find_map(|change| match change {
            Change::Declare { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Where its names without a schema may be looked up.
    #[must_use]
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }
}

impl Change {
    /// It changes a setting or the role, and with it what names mean.
    pub(crate) fn is_setting(&self) -> bool {
        matches!(
            self,
            Self::Path { .. }
                | Self::ResetPath { .. }
                | Self::StandardStrings { .. }
                | Self::User { .. }
                | Self::ResetAll
                | Self::DiscardAll
                | Self::Anything
        )
    }
}

fn is_system(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema" | "pg_temp")
}

/// What a reading depends on besides its text and the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depends {
    /// Nothing: it is the same in every session.
    Text,
    /// [`crate::Session::key`]: the same in every session with an equal key.
    Key,
    /// This session's prepared statements and cursors: not to be kept.
    Session,
}

/// What a statement changes in its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `None`: to a value that is not known. With `local`: until the transaction ends.
    Path {
        path: Option<Vec<String>>,
        local: bool,
    },
    /// Back to what the session began with.
    ResetPath {
        local: bool,
    },
    StandardStrings {
        on: Option<bool>,
        local: bool,
    },
    /// `None`: the one that the session began with.
    User {
        user: Option<String>,
        local: bool,
    },
    ResetAll,
    Temporary(String),
    NoTemporary(Option<String>),
    Prepare {
        name: String,
        text: String,
    },
    Deallocate(Option<String>),
    Declare {
        name: String,
        facts: Box<Facts>,
        hold: bool,
    },
    CloseCursor(Option<String>),
    /// A view or function of this name does this from now on.
    Define {
        name: Name,
        facts: Arc<Facts>,
    },
    /// What this name meant has the other name now.
    Rename {
        from: Name,
        to: Name,
    },
    Begin,
    Commit,
    Rollback,
    Savepoint(String),
    Release(String),
    RollbackTo(String),
    DiscardAll,
    /// Opaque or dynamic code ran: settings and temporary tables may be anything.
    Anything,
}
