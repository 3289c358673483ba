//! PostgreSQL's own grammar over one text: a single parse that facts, lineage and rewrite share. Everything that is not
//! plainly parsed is an error here, and an error is *unknown* to whoever asks.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use pg_query::{Error, NodeEnum, ParserOptions};

/// The longest text that is read, in bytes. A longer one is unknown.
pub const MAX_TEXT: usize = 1 << 20;

/// Settings of a session that change how its text is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// `standard_conforming_strings`: off makes a backslash in `'...'` an escape.
    pub standard_conforming_strings: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { standard_conforming_strings: true }
    }
}

/// The statements of one text, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// None for a text of white space and comments.
    pub statements: Vec<Parsed>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// As PostgreSQL's raw parser gives it: nothing is resolved yet.
    pub node: NodeEnum,
    /// Where it stands in the text, in bytes, without its semicolon.
    pub range: Range<usize>,
}

/// Why a text has no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsed {
    /// Over [`MAX_TEXT`].
    #[error("the text is longer than {} KiB, not counting rows of constants", MAX_TEXT / 1024)]
    TooLong,
    /// PostgreSQL ends a text at NUL; we would read on.
    #[error("the text holds a NUL byte")]
    Nul,
    /// PostgreSQL's grammar refuses it; the message may quote the text, so it is not shown by `Display`.
    #[error("PostgreSQL's grammar does not know it")]
    Syntax(String),
    /// The session may read it in two ways, and they differ.
    #[error("it may be read in two ways")]
    Ambiguous,
    /// Nested deeper than we follow.
    #[error("it is nested too deep")]
    TooDeep,
    /// The parser itself failed.
    #[error("the parser failed")]
    Parser,
    /// It was parsed, and its tree was given up to save memory.
    #[error("its parse was not kept")]
    NotKept,
}

impl Tree {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// See [`Unparsed`]; each means that nothing is known about the text.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, Unparsed> {
        let mut options = ParserOptions::DEFAULT;
        if !dialect.standard_conforming_strings {
            options |= ParserOptions::DISABLE_STANDARD_CONFORMING_STRINGS;
        }
        Self::with(text, options)
    }

    /// Takes the text of a PL/pgSQL expression apart, as PL/pgSQL hands it to the grammar.
    pub(crate) fn expression(text: &str) -> Result<Self, Unparsed> {
        Self::with(text, ParserOptions::PLPGSQL_EXPR)
    }

    /// Takes the text of a PL/pgSQL assignment apart; `mode` is PL/pgSQL's number for it, 3 to 5.
    pub(crate) fn assignment(text: &str, mode: i64) -> Result<Self, Unparsed> {
        match mode {
            3 => Self::with(text, ParserOptions::PLPGSQL_ASSIGN1),
            4 => Self::with(text, ParserOptions::PLPGSQL_ASSIGN2),
            5 => Self::with(text, ParserOptions::PLPGSQL_ASSIGN3),
            _ => Err(Unparsed::Parser),
        }
    }

    fn with(text: &str, options: ParserOptions) -> Result<Self, Unparsed> {
        if text.len() > MAX_TEXT {
            return Err(Unparsed::TooLong);
        }
        if text.contains('\0') {
            return Err(Unparsed::Nul);
        }
        let result = guarded(|| pg_query::parse(text, options))?;
        let mut statements = Vec::with_capacity(result.protobuf.stmts.len());
        for raw in result.protobuf.stmts {
            let node = raw.stmt.and_then(|node| node.node).ok_or(Unparsed::Parser)?;
            let start = usize::try_from(raw.stmt_location).unwrap_or(0).min(text.len());
            let length = usize::try_from(raw.stmt_len).unwrap_or(0);
            let end = if length == 0 { text.len() } else { start.saturating_add(length).min(text.len()) };
            statements.push(Parsed { node, range: start..end });
        }
        Ok(Self { statements })
    }
}

/// Runs one call into libpg_query.
///
/// It swaps the process's standard error while it parses, so two calls at once would leave it swapped: one at a time.
/// A panic of its Rust half is an error like any other.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Unparsed> {
    static ONE: Mutex<()> = Mutex::new(());
    let _turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Error::Decode(_))) => Err(Unparsed::TooDeep),
        Ok(Err(Error::Parse(message))) if message.contains("stack depth") => Err(Unparsed::TooDeep),
        Ok(Err(Error::Parse(message))) => Err(Unparsed::Syntax(message)),
        Ok(Err(Error::Conversion(_))) => Err(Unparsed::Nul),
        Ok(Err(_)) | Err(_) => Err(Unparsed::Parser),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn parse(text: &str) -> Result<Tree, Unparsed> {
        Tree::parse(text, Dialect::default())
    }

    #[test]
    fn each_statement_knows_its_place() {
        let text = " SELECT 1; /* x */ DELETE FROM t ;";
        let tree = parse(text).unwrap();
        let places: Vec<&str> = tree.statements.iter().map(|s| text[s.range.clone()].trim()).collect();
        assert_eq!(places, ["SELECT 1", "DELETE FROM t"]);
        assert!(parse(" -- nothing\n").unwrap().statements.is_empty());
    }

    #[test]
    fn a_backslash_ends_a_string_or_not_as_the_session_says() {
        let text = r"SELECT 'x\''; DELETE FROM victims; --'";
        let off = Dialect { standard_conforming_strings: false };
        assert_eq!(parse(text).unwrap().statements.len(), 1);
        assert_eq!(Tree::parse(text, off).unwrap().statements.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert_eq!(parse("SELECT \0 1").unwrap_err(), Unparsed::Nul);
        assert_eq!(parse(&" ".repeat(MAX_TEXT + 1)).unwrap_err(), Unparsed::TooLong);
        assert!(matches!(parse("SELEKT 1").unwrap_err(), Unparsed::Syntax(_)));
        let deep = format!("SELECT {}1", "NOT ".repeat(5_000));
        assert_eq!(parse(&deep).unwrap_err(), Unparsed::TooDeep);
        let deeper = format!("SELECT {}1{}", "(SELECT ".repeat(20_000), ")".repeat(20_000));
        assert!(parse(&deeper).is_err());
    }

    #[test]
    fn many_threads_parse_at_once_and_standard_error_survives() {
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| (0..200).all(|_| parse("SELECT * FROM t WHERE id = 1").is_ok())))
            .collect();
        assert!(threads.into_iter().all(|t| t.join().unwrap()));
    }
}
