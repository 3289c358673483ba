//! What a session's statements have changed so far, as far as reading the next one needs it.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use pg_query::{
    NodeEnum,
    protobuf::{FuncCall, Node},
};

use crate::{
    Catalog, Dialect, Tree, Unparsed,
    condense::condense,
    facts::Facts,
    naming::{Naming, Schemas, default_path},
    reading::{Change, Depends, Reading, Statement},
    transaction::Transaction,
    walk::Walker,
};

/// Most prepared statements, and most cursors, that one session's memory holds. Those beyond are unknown when used.
const MAX_KEPT: usize = 1000;
/// Most bytes of prepared text that one session's memory holds.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// One session on one database.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) naming: Naming,
    initial: Initial,
    prepared: HashMap<String, Prepared>,
    cursors: HashMap<String, Cursor>,
    transaction: Transaction,
}

#[derive(Clone, Debug)]
struct Initial {
    path: Vec<String>,
    user: String,
    dialect: Dialect,
}

#[derive(Clone, Debug, PartialEq)]
struct Prepared {
    /// More than one where it is not certain which was prepared.
    texts: Vec<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Cursor {
    facts: Arc<Facts>,
    hold: bool,
}

/// Where a connection stands, as ReadyForQuery tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Outside of a transaction block.
    Idle,
    /// In one.
    Open,
    /// In one that failed.
    Failed,
}

impl Session {
    /// A session of `user` with the server's defaults.
    #[must_use]
    pub fn new(user: &str) -> Self {
        let mut naming = Naming::default();
        user.clone_into(&mut naming.user);
        naming.changed();
        let initial = Initial { path: default_path(), user: user.to_owned(), dialect: Dialect::default() };
        Self { naming, initial, prepared: HashMap::new(), cursors: HashMap::new(), transaction: Transaction::default() }
    }

    /// The search path that the database or role gives new sessions (`SHOW search_path` right after login).
    pub fn begin_with_path(&mut self, value: &str) {
        self.initial.path = split_path(value);
        self.naming.paths = vec![self.initial.path.clone()];
        self.naming.changed();
    }

    /// The same, and the role that the session begins with (`SHOW role`; `none` for the one it logged in as).
    pub fn begin_with(&mut self, path: &str, role: &str) {
        if role != "none" {
            role.clone_into(&mut self.initial.user);
            role.clone_into(&mut self.naming.user);
        }
        self.begin_with_path(path);
    }

    /// The search path that new sessions have is not known: any may be in force.
    pub fn begin_without_path(&mut self) {
        self.naming.paths.clear();
        self.naming.changed();
    }

    /// The server reported a setting (ParameterStatus).
    pub fn parameter(&mut self, name: &str, value: &str) {
        match name {
            "standard_conforming_strings" => {
                self.naming.dialect.standard_conforming_strings = value == "on";
                self.naming.dialect_doubtful = false;
            }
            "search_path" => self.naming.paths = vec![split_path(value)],
            "session_authorization" => self.naming.become_user(value),
            _ => return,
        }
        self.naming.changed();
    }

    /// Equal keys read every text that is not [`Depends::Session`] the same way.
    #[must_use]
    pub fn key(&self) -> &Arc<str> {
        self.naming.key()
    }

    /// How the session's next text is to be parsed.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.naming.dialect
    }

    /// A text that does the same as `text` to everything but the number of rows: of a long INSERT of constants only the first
    /// rows stay, so that it can be read.
    #[must_use]
    pub fn condense<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.naming.dialect_doubtful { Cow::Borrowed(text) } else { condense(text, self.naming.dialect) }
    }

    /// What `text` does, sent as one message now.
    #[must_use]
    pub fn read(&self, text: &str, catalog: Option<&Catalog>) -> Arc<Reading> {
        let tree = Tree::parse(text, self.naming.dialect).map(Arc::new);
        let dialect_matters = text.contains('\\');
        if self.naming.dialect_doubtful && dialect_matters {
            let on = self.naming.dialect.standard_conforming_strings;
            let other = Tree::parse(text, Dialect { standard_conforming_strings: !on }).map(Arc::new);
            if other != tree {
                return Arc::new(unreadable(Unparsed::Ambiguous, Depends::Key));
            }
        }
        let least = if dialect_matters { Depends::Key } else { Depends::Text };
        match tree {
            Ok(tree) => Arc::new(self.judge(text, &tree, catalog, least)),
            Err(why) => Arc::new(unreadable(why, least)),
        }
    }

    fn judge(&self, text: &str, tree: &Arc<Tree>, catalog: Option<&Catalog>, least: Depends) -> Reading {
        let mut reading = Reading {
            statements: Vec::with_capacity(tree.statements.len()),
            facts: Facts::default(),
            depends: least,
            missing: BTreeSet::new(),
            tree: Ok(tree.clone()),
        };
        let mut later: Option<Self> = None;
        for parsed in &tree.statements {
            let session = later.as_ref().unwrap_or(self);
            let mut walker = Walker::new(session, catalog, text, parsed.range.clone());
            walker.statement(&parsed.node);
            reading.depends = reading.depends.max(walker.depends);
            reading.missing.append(&mut walker.missing);
            let (mut facts, changes) = walker.finish();
            facts.statements = 1;
            let (may_skip, fetches) = (may_skip(&parsed.node), fetches(&parsed.node));
            let schemas = session.schemas().clone();
            let statement = Statement { facts, range: parsed.range.clone(), changes, fetches, may_skip, schemas };
            if statement.changes_session() && tree.statements.len() > 1 {
                later.get_or_insert_with(|| self.clone()).completed(&statement);
            }
            reading.facts.include(&statement.facts);
            reading.statements.push(statement);
        }
        reading.facts.statements = u32::try_from(reading.statements.len()).unwrap_or(u32::MAX);
        if let [only] = reading.statements.as_slice() {
            reading.facts.limit = only.facts.limit;
        }
        reading
    }

    /// The server ran the whole text.
    pub fn ran(&mut self, reading: &Reading) {
        for statement in &reading.statements {
            self.completed(statement);
        }
    }

    /// The server ran one statement of a text (CommandComplete).
    pub fn completed(&mut self, statement: &Statement) {
        if !statement.changes_session() {
            return;
        }
        self.transaction.changes(&self.naming);
        for change in &statement.changes {
            let before = (statement.may_skip && change.is_setting()).then(|| self.clone());
            self.apply(change);
            before.into_iter().for_each(|before| self.join(before));
        }
        self.naming.changed();
    }

    /// A statement failed: what ran before it since the server was last ready may have been taken back.
    pub fn failed(&mut self) {
        self.transaction.fails();
    }

    /// Where a name without a schema may be looked up now.
    #[must_use]
    pub fn schemas(&self) -> &Schemas {
        self.naming.schemas()
    }

    /// The text was sent and it is not known (yet) how much of it ran: both must be reckoned with. Call it when more
    /// is read before an answer came, and when a text of several statements failed.
    pub fn may_have_run(&mut self, reading: &Reading) {
        if !reading.statements.iter().any(Statement::changes_session) {
            return;
        }
        let mut steps = vec![self.clone()];
        for statement in &reading.statements {
            if let Some(last) = steps.last() {
                let mut next = last.clone();
                next.completed(statement);
                steps.push(next);
            }
        }
        for step in steps {
            self.join(step);
        }
    }

    /// ReadyForQuery.
    pub fn ready(&mut self, status: Status) {
        match status {
            Status::Failed => self.transaction.failed = true,
            Status::Open => self.transaction.failed = false,
            Status::Idle => {
                if let Some(before) = self.transaction.settle() {
                    self.naming.join(*before);
                }
                // A transaction that ended without our seeing how.
                if self.transaction.before.is_some() {
                    let now = self.clone();
                    self.end(false);
                    self.join(now);
                    self.transaction = Transaction::default();
                    self.naming.changed();
                }
            }
        }
    }

    /// This session, in which each of `changes` may have been made or not.
    pub(crate) fn possibly(&self, changes: &[Change]) -> Self {
        let mut session = self.clone();
        for change in changes {
            let mut next = session.clone();
            next.apply(change);
            session.join(next);
        }
        session
    }

    /// This session with another search path.
    pub(crate) fn with_path(&self, path: Vec<String>) -> Self {
        let mut session = self.clone();
        session.naming.paths = vec![path];
        session.naming.changed();
        session
    }

    /// What `EXECUTE name` runs; `None` if it is not known.
    pub(crate) fn prepared(&self, name: &str) -> Option<&[Arc<str>]> {
        self.prepared.get(name).map(|prepared| prepared.texts.as_slice())
    }

    /// Whether a cursor of this name may be open.
    #[must_use]
    pub fn has_cursor(&self, name: &str) -> bool {
        self.cursors.contains_key(name)
    }

    /// What `FETCH ... FROM name` returns rows of.
    pub(crate) fn cursor(&self, name: &str) -> Option<&Facts> {
        self.cursors.get(name).map(|cursor| cursor.facts.as_ref())
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Path { path, local } => {
                let paths: Vec<Vec<String>> = path.iter().cloned().collect();
                self.set(*local, |naming| naming.paths.clone_from(&paths));
            }
            Change::ResetPath { local } => {
                let path = self.initial.path.clone();
                self.set(*local, |naming| naming.paths = vec![path.clone()]);
            }
            Change::StandardStrings { on, local } => {
                self.set(*local, |_| {});
                match on {
                    Some(on) if *local => {
                        self.naming.dialect_doubtful |= self.naming.dialect.standard_conforming_strings != *on;
                    }
                    Some(on) => {
                        self.naming.dialect.standard_conforming_strings = *on;
                        self.naming.dialect_doubtful = false;
                    }
                    None => self.naming.dialect_doubtful = true,
                }
            }
            Change::User { user, local } => {
                let user = user.as_ref().unwrap_or(&self.initial.user).clone();
                self.set(*local, |naming| naming.become_user(&user));
            }
            Change::ResetAll => self.reset(),
            Change::Temporary(name) => {
                self.naming.temporary.insert(name.clone(), true);
            }
            Change::NoTemporary(Some(name)) => {
                self.naming.temporary.remove(name);
            }
            Change::NoTemporary(None) => self.naming.temporary.clear(),
            Change::Prepare { name, text } => self.prepare(name, text),
            Change::Deallocate(Some(name)) => {
                self.prepared.remove(name);
            }
            Change::Deallocate(None) => self.prepared.clear(),
            Change::Declare { name, facts, hold } => {
                if self.cursors.len() < MAX_KEPT {
                    let cursor = Cursor { facts: Arc::new((**facts).clone()), hold: *hold };
                    self.cursors.insert(name.clone(), cursor);
                }
            }
            Change::CloseCursor(Some(name)) => {
                self.cursors.remove(name);
            }
            Change::CloseCursor(None) => self.cursors.clear(),
            Change::Define { name, facts } => self.naming.define(name, facts),
            Change::Rename { from, to } => self.naming.rename(from, to),
            Change::Begin => self.transaction.begin(&self.naming),
            Change::Savepoint(name) => self.transaction.savepoint(name, &self.naming),
            Change::Release(name) => self.transaction.release(name),
            Change::Commit => self.end(!self.transaction.failed),
            Change::Rollback => self.end(false),
            Change::RollbackTo(name) => {
                self.transaction.failed = false;
                if let Some(naming) = self.transaction.rollback_to(name) {
                    self.naming = naming;
                } else if let Some(before) = self.transaction.before.clone() {
                    self.naming.join(*before);
                    self.naming.paths.clear();
                }
            }
            Change::DiscardAll => {
                self.reset();
                self.naming.become_user(&self.initial.user);
                self.naming.temporary.clear();
                self.prepared.clear();
                self.cursors.clear();
            }
            Change::Anything => self.naming.paths.clear(),
        }
    }

    /// A setting changes. What `SET LOCAL` covers is remembered until the transaction ends.
    fn set(&mut self, local: bool, change: impl Fn(&mut Naming)) {
        if !local {
            change(&mut self.naming);
            self.transaction.local.iter_mut().for_each(|covered| change(covered));
        } else if self.transaction.before.is_some() {
            self.transaction.local.get_or_insert_with(|| Box::new(self.naming.clone()));
            change(&mut self.naming);
        } else {
            // Outside of a transaction block SET LOCAL is over at once, or with the message it came in.
            let before = self.naming.clone();
            change(&mut self.naming);
            self.naming.join(before);
        }
    }

    fn end(&mut self, committed: bool) {
        let transaction = std::mem::take(&mut self.transaction);
        if !committed {
            if let Some(before) = transaction.before {
                self.naming = *before;
            }
        } else if let Some(local) = transaction.local {
            let now = std::mem::replace(&mut self.naming, *local);
            (self.naming.temporary, self.naming.defined) = (now.temporary, now.defined);
            self.naming.renamed = now.renamed;
        }
        self.cursors.retain(|_, cursor| cursor.hold && committed);
    }

    /// RESET ALL: everything but the role.
    fn reset(&mut self) {
        let (path, dialect) = (self.initial.path.clone(), self.initial.dialect);
        self.set(false, |naming| {
            naming.paths = vec![path.clone()];
            naming.dialect = dialect;
        });
    }

    fn prepare(&mut self, name: &str, text: &str) {
        let bytes: usize = self.prepared.values().flat_map(|p| &p.texts).map(|text| text.len()).sum();
        if self.prepared.len() >= MAX_KEPT || bytes.saturating_add(text.len()) > MAX_KEPT_BYTES {
            self.prepared.remove(name);
        } else {
            self.prepared.insert(name.to_owned(), Prepared { texts: vec![Arc::from(text)] });
        }
    }

    /// Makes this session one that may be as it is, or as `other` is.
    fn join(&mut self, other: Self) {
        self.naming.join(other.naming);
        for (name, theirs) in other.prepared {
            let ours = self.prepared.entry(name).or_insert_with(|| Prepared { texts: Vec::new() });
            for text in theirs.texts {
                if !ours.texts.contains(&text) {
                    ours.texts.push(text);
                }
            }
        }
        for (name, theirs) in other.cursors {
            match self.cursors.get_mut(&name) {
                Some(ours) if ours.facts != theirs.facts => {
                    let mut facts = (*ours.facts).clone();
                    facts.include(&theirs.facts);
                    ours.facts = Arc::new(facts);
                }
                Some(_) => {}
                None => {
                    self.cursors.insert(name, theirs);
                }
            }
        }
        self.transaction.join(other.transaction);
        self.naming.changed();
    }
}

/// The cursor that a statement gives rows of.
fn fetches(node: &NodeEnum) -> Option<String> {
    match node {
        NodeEnum::FetchStmt(fetch) if !fetch.ismove => Some(fetch.portalname.clone()),
        _ => None,
    }
}

/// Whether a statement may end well without the changes of settings that stand in it: those of calls happen where and when the
/// call does.
fn may_skip(node: &NodeEnum) -> bool {
    let is_setting = |target: &Node| {
        let Some(NodeEnum::ResTarget(target)) = &target.node else { return false };
        let value = target.val.as_ref().and_then(|value| value.node.as_ref());
        matches!(value, Some(NodeEnum::FuncCall(call)) if is_set_config(call))
    };
    match node {
        NodeEnum::SelectStmt(select) => {
            let plain = select.from_clause.is_empty()
                && select.where_clause.is_none()
                && select.having_clause.is_none()
                && select.limit_count.is_none()
                && select.limit_offset.is_none()
                && select.larg.is_none();
            !plain || !select.target_list.iter().all(is_setting)
        }
        NodeEnum::VariableSetStmt(_) | NodeEnum::TransactionStmt(_) | NodeEnum::DiscardStmt(_) => false,
        _ => true,
    }
}

/// `set_config` of constants and parameters.
fn is_set_config(call: &FuncCall) -> bool {
    let name = call.funcname.last().and_then(|name| name.node.as_ref());
    let plain =
        |node: &Node| matches!(node.node, Some(NodeEnum::AConst(_) | NodeEnum::ParamRef(_) | NodeEnum::TypeCast(_)));
    matches!(name, Some(NodeEnum::String(name)) if name.sval == "set_config")
        && call.args.iter().all(plain)
        && call.agg_filter.is_none()
        && call.over.is_none()
}

fn unreadable(why: Unparsed, depends: Depends) -> Reading {
    let facts = Facts { statements: 1, ..Facts::unknown(why.to_string()) };
    Reading { statements: Vec::new(), facts, depends, missing: BTreeSet::new(), tree: Err(why) }
}

/// A search path as `SHOW` and ParameterStatus print it: names, some in double quotes, between commas.
pub(crate) fn split_path(value: &str) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (name, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut chars = quoted.char_indices().peekable();
            let mut end = quoted.len();
            while let Some((at, c)) = chars.next() {
                if c != '"' {
                    name.push(c);
                } else if chars.next_if(|(_, next)| *next == '"').is_some() {
                    name.push('"');
                } else {
                    end = at + 1;
                    break;
                }
            }
            (name, quoted.get(end..).unwrap_or_default())
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or_default().trim().to_lowercase();
            (name, rest.get(end..).unwrap_or_default())
        };
        if !name.is_empty() {
            path.push(name);
        }
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    path
}
