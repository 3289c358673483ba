//! What names mean inside of a query: common table expressions, and the relations its columns come from.

use std::collections::BTreeSet;

use super::Walker;
use crate::facts::Name;

/// A common table expression.
#[derive(Clone, Debug)]
pub(super) struct Cte {
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// What a query's result is like.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Its number of rows is limited.
    pub(super) bounded: bool,
    /// Relations it passes on with no real condition.
    pub(super) whole: BTreeSet<Name>,
    /// Names of its columns, where they can be told.
    pub(super) columns: Option<Vec<String>>,
    /// It may hold every row of any relation.
    pub(super) everything: bool,
    /// Rows that functions make for it, as far as constants tell; 0 if they make none.
    pub(super) made: f64,
    /// It only counts and sums what its relations hold.
    pub(super) reported: bool,
}

/// The relations of one query level.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) entries: Vec<Entry>,
    /// Names the target list gives.
    pub(super) outputs: Vec<String>,
    /// Rows that the functions in it make together; 0 if they make none.
    pub(super) made: f64,
    /// What its aggregates collect.
    pub(super) collected: super::pack::Collected,
}

/// One relation in FROM, or a statement's target.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) alias: String,
    /// The relations it may be; empty if it is made by a query or function.
    pub(super) tables: Vec<Name>,
    pub(super) shape: Shape,
}

impl Entry {
    /// Whether it is a variable of this name.
    pub(super) fn is_called(&self, variable: &str) -> bool {
        self.tables.is_empty() && self.shape.columns.as_ref().is_some_and(|columns| *columns == [variable])
    }

    /// May a column of this name be its own?
    pub(super) fn has(&self, column: &str) -> bool {
        self.shape.columns.as_ref().is_none_or(|columns| columns.iter().any(|c| c == column))
            || (is_system(column) && !self.tables.is_empty())
    }
}

fn is_system(column: &str) -> bool {
    matches!(column, "ctid" | "tableoid" | "xmin" | "xmax" | "cmin" | "cmax")
}

impl Walker<'_> {
    /// A column that is read.
    pub(super) fn column(&mut self, fields: &[&str]) {
        match fields {
            [] => {}
            [name] => self.unqualified(name),
            [alias, column] => self.of_alias(alias, column),
            [schema, table, column] | [_, schema, table, column] => self.of_table(schema, table, column),
            _ => self.unknown("a column's name"),
        }
    }

    /// Every column of everything in scope.
    pub(super) fn star(&mut self) {
        if let Some(scope) = self.scopes.last() {
            for entry in &scope.entries {
                for table in &entry.tables {
                    self.facts.columns.insert(format!("{table}.*"));
                }
            }
        }
    }

    fn unqualified(&mut self, name: &str) {
        if self.variables.contains(name) {
            return;
        }
        for scope in self.scopes.iter().rev() {
            let mut certain = false;
            for entry in &scope.entries {
                // The name of a relation is its whole row, unless it has a column of that name.
                let whole =
                    entry.alias == name && entry.shape.columns.as_ref().is_none_or(|c| !c.iter().any(|c| c == name));
                if entry.has(name) || whole {
                    certain |= entry.shape.columns.is_some() || entry.alias == name;
                    for table in &entry.tables {
                        let column = if whole { "*" } else { name };
                        self.facts.columns.insert(format!("{table}.{column}"));
                    }
                }
            }
            if certain || (scope.entries.len() == 1 && scope.entries.iter().all(|entry| entry.has(name))) {
                return;
            }
        }
    }

    fn of_alias(&mut self, alias: &str, column: &str) {
        for scope in self.scopes.iter().rev() {
            let mut found = false;
            for entry in scope.entries.iter().filter(|entry| entry.alias == alias) {
                found = true;
                for table in &entry.tables {
                    self.facts.columns.insert(format!("{table}.{column}"));
                }
            }
            if found {
                return;
            }
        }
        // Not a relation in scope: a composite column's field, so that the column itself is read.
        self.unqualified(alias);
    }

    fn of_table(&mut self, schema: &str, table: &str, column: &str) {
        let known = self
            .scopes
            .iter()
            .any(|scope| scope.entries.iter().any(|e| e.tables.iter().any(|t| t.schema == schema && t.name == table)));
        if known {
            self.facts.columns.insert(format!("{schema}.{table}.{column}"));
        } else {
            self.of_alias(schema, table);
        }
    }
}
