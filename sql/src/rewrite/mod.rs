//! The same statement over masked columns (masking design 2.3). A marked relation whose masked columns a statement uses is
//! replaced, where it is referred to, by a subselect of masked columns under the same name; so expressions, conditions,
//! order, aggregates, casts, joins, errors, cursors and COPY only ever see masked values. The client's text is edited in
//! place; the result is parsed again and must be exactly the tree that was meant. What would store a masked value, or let
//! one decide what is written, is refused, and so is whatever cannot be judged.

mod bound;
mod carry;
mod carry_scan;
#[cfg(test)]
mod carry_tests;
mod copy;
mod define;
mod lookup;
pub(crate) mod mask;
#[cfg(test)]
mod path_tests;
mod plan;
#[cfg(test)]
mod plan_tests;
mod resolve;
mod returning;
mod splice;
mod statement;
pub mod token;
mod uses;
mod walk;
mod write;

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

pub use self::bound::Bound;
pub use self::carry::{Carried, Given, Instead};
pub use self::lookup::Lookup;
pub use self::resolve::{Resolved, resolve};
pub use self::token::{Token, TokenType, Tokens};
use self::{splice::Edits, walk::Walk};
use crate::{
    lineage::{Effects, Mark, Marks},
    naming::Schemas,
    node::{self, Node, Statement, Value},
    tree::{Dialect, Tree},
};

/// What is known of the session a statement runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Relations that the session made itself, and that the catalog may not have.
    pub made: HashSet<String>,
    /// Functions that the session made itself; they were judged when they were made.
    pub made_functions: HashSet<String>,
    /// The search path may be another one than the catalog says.
    pub path_changed: bool,
    /// What it may be then, for each statement of the text that is judged next; nothing: any.
    pub schemas: Vec<Schemas>,
}

/// A masked column that a statement uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Masked {
    /// The column as the statement reaches it: `schema.relation.column`.
    pub column: String,
    /// Why it is masked.
    pub mark: Mark,
}

/// What was found out about a text, and what to send instead of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The text to send; `None` if it may pass as it is.
    pub text: Option<String>,
    /// The masked columns it uses.
    pub masked: BTreeSet<Masked>,
    /// It reads or writes a marked relation: errors of its may quote values.
    pub touches: bool,
    /// Labels of which an error of its may tell whether a value is there.
    pub collides: BTreeSet<String>,
    /// It ends a transaction, or checks what was put off: errors are those of all its statements.
    pub settles: bool,
    /// It changes definitions: the catalog is old once it is done.
    pub defines: bool,
    /// Names that it prepares a statement or declares a cursor under.
    pub prepares: BTreeSet<String>,
    /// Names of prepared statements and cursors that it runs or reads.
    pub recalls: BTreeSet<String>,
    /// It calls a function that is allowed by its source, which may have changed since the catalog was read.
    pub pinned: bool,
    /// The masked column that it compares with a parameter.
    pub lookup: Option<Lookup>,
    /// Values of marked columns in it.
    pub bound: Bound,
    /// Those that the database does not get. Literals are placeholders in `text`.
    pub carried: Vec<Carried>,
    /// What its names mean depends on the search path.
    pub by_path: bool,
    /// What it returns raw, so that whoever reads its rows puts tokens in their place.
    pub tokens: Option<Arc<Tokens>>,
}

/// Why a text must not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be parsed.
    #[error("the statement cannot be read: {0}")]
    Unreadable(String),
    /// A relation or function that the catalog does not have. A newer catalog may.
    #[error("{kind} \"{name}\" does not exist")]
    Unknown {
        /// `relation` or `function`.
        kind: &'static str,
        /// Its name as the statement says it.
        name: String,
    },
    /// It could let masked values out.
    #[error("{0}")]
    Reveals(String),
}

impl Refused {
    fn because(why: impl Into<String>) -> Self {
        Self::Reveals(why.into())
    }
}

/// Judges a text of any number of statements, and rewrites it where that is needed. What its statements make known
/// (new relations, another search path) is kept in `session`, also if they later fail: knowing more names refuses more.
///
/// # Errors
/// If any of its statements must not be sent.
pub fn judge(text: &str, marks: &Marks, session: &mut Session) -> Result<Judged, Refused> {
    if marks.is_empty() {
        return Ok(Judged::default());
    }
    let tree = Tree::parse(text, Dialect::default()).map_err(|broken| Refused::Unreadable(broken.to_string()))?;
    judge_tree(text, &tree, marks, session)
}

/// The same for a text that has been parsed already.
///
/// # Errors
/// As [`judge`].
pub fn judge_tree(text: &str, tree: &Tree, marks: &Marks, session: &mut Session) -> Result<Judged, Refused> {
    if marks.is_empty() {
        return Ok(Judged::default());
    }
    let statements = node::of_tree(tree).map_err(|broken| Refused::Unreadable(broken.to_string()))?;
    let mut judged = Judged::default();
    let mut edits = Edits::default();
    let schemas = std::mem::take(&mut session.schemas);
    for (number, statement) in statements.iter().enumerate() {
        session.schemas = schemas.get(number).cloned().into_iter().collect();
        one(text, statement, marks, session, &mut judged, &mut edits, statements.len() == 1)?;
    }
    session.schemas = schemas;
    if !edits.is_empty() {
        let edited = edits.apply(text, statements)?;
        carry::place(&edited, &mut judged.carried)?;
        judged.text = Some(edited);
    }
    Ok(judged)
}

fn one(
    text: &str,
    statement: &Statement,
    marks: &Marks,
    session: &mut Session,
    judged: &mut Judged,
    edits: &mut Edits,
    alone: bool,
) -> Result<(), Refused> {
    if let Some(carried) = marks.carried() {
        // What must not reach the database goes where it is certain that it is.
        let session = Session { schemas: Vec::new(), ..session.clone() };
        carry_scan::collect(text, &statement.tree, carried, &session, judged, edits)?;
        names(&statement.tree, judged);
    }
    if marks.shows_all() {
        return Ok(());
    }
    let mut walk = Walk::new(marks, session);
    walk.root = Some(&statement.tree).filter(|tree| alone && tree.kind == "SelectStmt");
    walk.text = text.get(statement.span.clone()).unwrap_or_default();
    walk.statement(&statement.tree)?;
    walk.finish(edits)?;
    judged.masked.extend(std::mem::take(&mut walk.masked));
    judged.touches |= walk.effects.touches;
    judged.collides.extend(std::mem::take(&mut walk.effects.collides));
    judged.settles |= matches!(statement.tree.kind, "TransactionStmt" | "ConstraintsSetStmt");
    if walk.touches() {
        judged.touches = true;
        bound::collect(text, &statement.tree, marks, &mut judged.bound);
    }
    judged.tokens = walk.tokens.take().map(Arc::new);
    judged.defines |= walk.defines;
    judged.by_path |= walk.by_path || walk.by_known_path;
    judged.pinned |= walk.pinned;
    judged.lookup = walk.lookup.take().map(|place| place.lookup);
    names(&statement.tree, judged);
    let (made, functions, path) = (walk.made, walk.made_functions, walk.path_changed);
    session.made.extend(made);
    session.made_functions.extend(functions);
    session.path_changed |= path;
    Ok(())
}

/// What the statement prepares, and what it runs that was prepared before.
fn names(tree: &Node, judged: &mut Judged) {
    tree.visit(&mut |node| {
        match node.kind {
            "PrepareStmt" => drop(judged.prepares.insert(node.text("name").to_owned())),
            "DeclareCursorStmt" => drop(judged.prepares.insert(node.text("portalname").to_owned())),
            "ExecuteStmt" => drop(judged.recalls.insert(node.text("name").to_owned())),
            "FetchStmt" => drop(judged.recalls.insert(node.text("portalname").to_owned())),
            _ => {}
        }
        true
    });
}

/// Whether a statement of a view or function uses nothing masked and makes nothing new.
pub(crate) fn inspect(marks: &Marks, session: &Session, node: &Node) -> Result<Effects, String> {
    // What a statement of the protocol returns raw must be read by nobody else.
    if marks.has_tokens() && node.any(|node| matches!(node.kind, "FetchStmt" | "ExecuteStmt")) {
        return Err("reads from a cursor or statement that it did not make".into());
    }
    let mut walk = Walk::new(marks, session);
    walk.statement(node).map_err(|refused| format!("is refused: {refused}"))?;
    plain(&mut walk)
}

/// The same for an expression.
pub(crate) fn inspect_expression(marks: &Marks, node: &Node) -> Result<Effects, String> {
    let session = Session::default();
    let mut walk = Walk::new(marks, &session);
    walk.expressions(node).map_err(|refused| format!("is refused: {refused}"))?;
    plain(&mut walk)
}

fn plain(walk: &mut Walk<'_>) -> Result<Effects, String> {
    let mut edits = Edits::default();
    walk.finish(&mut edits).map_err(|refused| format!("is refused: {refused}"))?;
    match () {
        () if !edits.is_empty() || !walk.masked.is_empty() => Err("reads masked columns".into()),
        () if walk.defines || walk.path_changed => Err("changes definitions or settings".into()),
        () if walk.by_path => {
            Err("names a relation that another search path finds masked: it must name the schema".into())
        }
        () => {
            let mut effects = std::mem::take(&mut walk.effects);
            effects.touches |= walk.touches();
            effects.writes |= !walk.targets.is_empty();
            Ok(effects)
        }
    }
}

impl Marks {
    /// Whether a query uses nothing that is masked.
    pub(crate) fn is_plain(&self, query: &Node) -> bool {
        inspect(self, &Session::default(), query).is_ok()
    }
}

/// The parts of a column reference: names, and whether it ends with `*`.
pub(crate) fn parts(reference: &Node) -> (Vec<&str>, bool) {
    (reference.texts("fields"), reference.list("fields").iter().any(is_star))
}

fn is_star(tree: &Value) -> bool {
    tree.node().is_some_and(|node| node.kind == "AStar")
}
