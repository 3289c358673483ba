//! From text to trees and tokens.

use pg_query::protobuf::Token as Kind;

use super::{Node, Value, build::build};
use crate::tree::{Dialect, Tree, Unparsed, guarded};

/// A text that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is no SQL, or too long, or nested too deeply.
    #[error(transparent)]
    Unparsed(#[from] Unparsed),
    /// It is not one statement, or none that the grammar has.
    #[error("it is not one statement")]
    Statement,
}

/// One statement of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is.
    pub tree: Node,
    /// Its bytes in the text, without the semicolon.
    pub span: std::ops::Range<usize>,
}

/// Parses a text with any number of statements. Places in their trees count from the begin of the whole text.
///
/// # Errors
/// If PostgreSQL's grammar does not accept it, or it is too long or too deep.
pub fn parse(text: &str) -> Result<Vec<Statement>, Broken> {
    of_tree(&Tree::parse(text, Dialect::default())?)
}

/// The same of a text that has been parsed already.
///
/// # Errors
/// If it is nested too deeply.
pub fn of_tree(tree: &Tree) -> Result<Vec<Statement>, Broken> {
    let statement =
        |parsed: &crate::tree::Parsed| Ok(Statement { tree: node(&parsed.node)?, span: parsed.range.clone() });
    tree.statements.iter().map(statement).collect()
}

/// Parses a text that is exactly one statement.
///
/// # Errors
/// As [`parse`], and if there is none or more than one.
pub fn statement(text: &str) -> Result<Node, Broken> {
    only(parse(text)?)
}

/// Parses an expression of PL/pgSQL; it comes back as the SELECT that PL/pgSQL makes of it.
pub(crate) fn expression(text: &str) -> Result<Node, Broken> {
    match Tree::expression(text)?.statements.as_slice() {
        [statement] => node(&statement.node),
        _ => Err(Broken::Statement),
    }
}

fn only(mut statements: Vec<Statement>) -> Result<Node, Broken> {
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement.tree),
        _ => Err(Broken::Statement),
    }
}

fn node(statement: &pg_query::NodeEnum) -> Result<Node, Broken> {
    match build(statement) {
        Ok(Value::Node(node)) => Ok(*node),
        _ => Err(Broken::Statement),
    }
}

/// A token: its bytes in the text, and its kind as PostgreSQL's scanner names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes.
    pub span: std::ops::Range<usize>,
    /// Its kind.
    pub kind: Kind,
}

/// The tokens of a text, without comments.
#[derive(Clone, Debug, Default)]
pub struct Tokens(pub Vec<Token>);

/// Cuts a text into tokens.
///
/// # Errors
/// If PostgreSQL's scanner does not accept it.
pub fn tokens(text: &str) -> Result<Tokens, Broken> {
    let scanned = guarded(|| pg_query::scan(text))?;
    let tokens = scanned.tokens.iter().filter_map(|token| {
        let kind = token.token();
        let span = usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?;
        (!matches!(kind, Kind::SqlComment | Kind::CComment)).then_some(Token { span, kind })
    });
    Ok(Tokens(tokens.collect()))
}

impl Tokens {
    /// The number of the token that begins at this byte.
    #[must_use]
    pub fn at(&self, byte: usize) -> Option<usize> {
        self.0.binary_search_by_key(&byte, |token| token.span.start).ok()
    }

    /// The kind of a token.
    #[must_use]
    pub fn kind(&self, number: usize) -> Option<Kind> {
        self.0.get(number).map(|token| token.kind)
    }

    /// The number of the last token of a dotted name that begins with token `first`: `a . b . *`.
    #[must_use]
    pub fn name_end(&self, first: usize) -> usize {
        let mut last = self.part_end(first);
        while self.kind(last + 1) == Some(Kind::Ascii46) {
            last = self.part_end(last + 2);
        }
        last
    }

    /// A `U&"..."` may be followed by `UESCAPE '.'`.
    fn part_end(&self, first: usize) -> usize {
        let escaped = self.kind(first) == Some(Kind::Uident) && self.kind(first + 1) == Some(Kind::Uescape);
        if escaped { first + 2 } else { first }
    }

    /// The number of the parenthesis that closes the one at `open`.
    #[must_use]
    pub fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (number, token) in self.0.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Ascii40 => depth += 1,
                Kind::Ascii41 => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(number);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
