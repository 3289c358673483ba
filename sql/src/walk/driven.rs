//! Functions that do something each time they are called: a query calls them once for each of its rows, so what is little for
//! one value is much for a whole relation.

use pg_query::{NodeEnum, protobuf::Node};

use super::{Walker, each, inner, scope::Shape};
use crate::{
    builtin,
    facts::{Name, Verb},
};

/// Counts, so far in a statement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Driven {
    /// Calls that columns tell what to do: messages and locks.
    calls: usize,
    /// Calls that remove the large objects which columns name.
    unlinks: usize,
    /// Queries that pass on whole relations of users.
    whole: usize,
}

impl Walker<'_> {
    /// Notes a call of PostgreSQL's own `function` whose arguments come from rows.
    pub(super) fn drives(&mut self, function: &str, args: &[Node]) {
        let by_rows = each(args).any(comes_from_rows);
        let first = each(args).next().is_some_and(comes_from_rows);
        match function {
            // Which sequence it is depends on the row: every one there is, as likely as not.
            "setval" if first => self.verb(Verb::Admin),
            "lo_unlink" if by_rows => self.driven.unlinks += 1,
            // Once for each row.
            "pg_sleep" => self.driven.calls += 1,
            "pg_notify" if by_rows => self.driven.calls += 1,
            name if by_rows && name.contains("advisory_") && !name.contains("unlock") => self.driven.calls += 1,
            _ => {}
        }
    }

    /// A query with this result has called what was driven since `before` for each of its rows.
    pub(super) fn must_be_few(&mut self, before: Driven, shape: &Shape) {
        let users = |name: &Name| !is_metadata(name);
        let of_users = shape.whole.iter().any(users);
        if of_users && !shape.bounded {
            self.driven.whole += 1;
        }
        if self.driven.calls > before.calls && of_users {
            self.verb(Verb::Admin);
        }
        let catalogs = self.scopes.last().is_some_and(|scope| {
            let mut tables = scope.entries.iter().flat_map(|entry| &entry.tables);
            tables.any(|name| name.schema == "pg_catalog")
        });
        if self.driven.unlinks > before.unlinks && (catalogs || !shape.whole.is_empty()) {
            self.facts.filtered = false;
        }
    }

    /// A message to whoever listens must not carry a whole relation; nothing masks what is in it for those who may not see it.
    pub(super) fn must_tell_little(&mut self, function: &str, before: Driven) {
        if function == "pg_notify" && self.driven.whole > before.whole {
            self.verb(Verb::Admin);
        }
    }
}

pub(super) fn is_metadata(name: &Name) -> bool {
    matches!(name.schema.as_str(), "pg_catalog" | "information_schema") && !builtin::holds_data(&name.name)
}

/// Whether the value differs from row to row. A query of its own has one value.
fn comes_from_rows(node: &NodeEnum) -> bool {
    let of = |node: &Option<Box<Node>>| inner(node).is_some_and(comes_from_rows);
    match node {
        NodeEnum::AConst(_) | NodeEnum::ParamRef(_) | NodeEnum::SqlvalueFunction(_) | NodeEnum::SubLink(_) => false,
        NodeEnum::TypeCast(cast) => of(&cast.arg),
        NodeEnum::CollateClause(collate) => of(&collate.arg),
        NodeEnum::NamedArgExpr(arg) => of(&arg.arg),
        NodeEnum::AExpr(expr) => of(&expr.lexpr) || of(&expr.rexpr),
        NodeEnum::FuncCall(call) => each(&call.args).any(comes_from_rows),
        NodeEnum::CoalesceExpr(expr) => each(&expr.args).any(comes_from_rows),
        NodeEnum::MinMaxExpr(expr) => each(&expr.args).any(comes_from_rows),
        NodeEnum::RowExpr(row) => each(&row.args).any(comes_from_rows),
        NodeEnum::AArrayExpr(array) => each(&array.elements).any(comes_from_rows),
        _ => true,
    }
}
