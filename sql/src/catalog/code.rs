//! What else happens when a relation is written or read, or a value cast: constraints, and code that somebody attached.

use serde::Deserialize;

use super::load::oid;

/// A rule that new rows must obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraint {
    /// The name that errors say.
    pub name: String,
    /// What it compares.
    pub kind: ConstraintKind,
    /// The numbers of its columns, those in its expressions among them; 0 for what cannot be told.
    pub columns: Vec<i16>,
    /// The relation that a foreign key refers to, and the columns there.
    pub references: Option<(u32, Vec<i16>)>,
    /// A foreign key changes the rows that refer to what is changed or deleted.
    pub cascades: bool,
}

/// What a constraint compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A row with all others: unique and exclusion.
    #[default]
    Unique,
    /// A row with those of another relation.
    Foreign,
    /// The columns of one row with each other.
    Check,
}

/// Code that somebody attached to a relation or type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its name: a trigger's, a rule's, a constraint's, a column's with a default.
    pub name: String,
    /// What runs.
    pub runs: Runs,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// A trigger (`pg_get_triggerdef`).
    Trigger(String),
    /// A rule (`pg_get_ruledef`).
    Rule(String),
    /// A policy of row security: its conditions.
    Policy(String),
    /// Functions, as schema and name, in the expression of a default, generated column, check or index.
    Written(Vec<(String, String)>),
    /// Functions in the checks of a domain, or behind a cast from or to a type.
    Cast(Vec<(String, String)>),
    /// The function of an event trigger, which runs when definitions change.
    Event(Vec<(String, String)>),
}

/// Relation or type, kind, name, text, functions.
pub(super) type CodeRow = (i64, String, String, Option<String>, Option<Vec<(String, String)>>);

impl Code {
    /// Reads a row: what it is attached to, and the code.
    pub(super) fn read((place, kind, name, text, called): CodeRow) -> (u32, Self) {
        let (text, called) = (text.unwrap_or_default(), called.unwrap_or_default());
        let runs = match kind.as_str() {
            "trigger" => Runs::Trigger(text),
            "rule" => Runs::Rule(text),
            "policy" => Runs::Policy(text),
            "type" => Runs::Cast(called),
            "event" => Runs::Event(called),
            _ => Runs::Written(called),
        };
        (oid(place), Self { name, runs })
    }
}

/// Name, kind, columns, columns in expressions, relation and columns referred to, what a foreign key does on delete and update.
#[derive(Deserialize)]
pub(super) struct ConstraintRow(String, String, Option<Vec<i16>>, Option<Vec<i16>>, i64, Option<Vec<i16>>, String);

impl From<ConstraintRow> for Constraint {
    fn from(row: ConstraintRow) -> Self {
        let ConstraintRow(name, kind, columns, depends, refers, referred, does) = row;
        let (mut columns, depends) = (columns.unwrap_or_default(), depends.unwrap_or_default());
        if !depends.is_empty() {
            columns.retain(|number| *number != 0);
            columns.extend(depends);
        }
        Self {
            name,
            kind: match kind.as_str() {
                "f" => ConstraintKind::Foreign,
                "c" => ConstraintKind::Check,
                _ => ConstraintKind::Unique,
            },
            columns,
            references: (refers != 0).then(|| (oid(refers), referred.unwrap_or_default())),
            cascades: does.contains(['c', 'n', 'd']),
        }
    }
}
