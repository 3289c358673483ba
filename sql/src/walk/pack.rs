//! Whole relations in one value: `json_agg(t)`, `string_agg(email, ',')`, `ARRAY(SELECT ...)`. Rows are counted as they pass, and such
//! a value is one row, whatever it holds. What is only counted, hashed or compared does not come out, and does not count.

use std::collections::BTreeSet;

use pg_query::{
    NodeEnum,
    protobuf::{FuncCall, Node, SelectStmt, SubLink, SubLinkType, WindowDef},
};

use super::{
    Walker,
    driven::is_metadata,
    each, inner,
    scope::{Scope, Shape},
    text_of,
};
use crate::facts::Name;

/// What the aggregates of one query collect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Collected {
    #[default]
    Nothing,
    /// Names of things, one column of them.
    Labels,
    /// Values of columns.
    Values,
    /// Whole rows, or what is made of several columns.
    Rows,
    /// Everything, whatever the query is grouped by: a window without parts.
    Everything,
}

impl Walker<'_> {
    /// A call of an aggregate that collects puts what it is given into one value.
    pub(super) fn collects(&mut self, name: &str, args: &[Node], over: Option<&WindowDef>) {
        let few = over.is_some_and(|over| each(&over.partition_clause).any(is_key));
        if self.aside > 0 || !is_collecting(name) || few {
            return;
        }
        let Some(scope) = self.scopes.last() else { return };
        let found = match over {
            Some(_) => Collected::Everything,
            None if each(args).any(|arg| is_row(arg, scope)) || name.contains("object") => Collected::Rows,
            None if each(args).next().is_some_and(is_label) => Collected::Labels,
            None => Collected::Values,
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.collected = scope.collected.max(found);
        }
    }

    /// A query whose conditions leave the relations in `whole` as they are.
    pub(super) fn must_not_pack(&mut self, select: &SelectStmt, whole: &BTreeSet<Name>) {
        let collected = self.scopes.last().map(|scope| scope.collected).unwrap_or_default();
        let keys: Vec<&NodeEnum> = each(&select.group_clause).filter_map(|key| meant(key, select)).collect();
        let apart = match collected {
            Collected::Nothing => return,
            // What a drop-down list shows; not the names of people.
            Collected::Labels => whole.iter().all(|name| !is_people(&name.name)) || keys.iter().any(|key| is_key(key)),
            Collected::Values => keys.iter().any(|key| is_key(key)),
            // As many of them as there are of what they belong to.
            Collected::Rows => keys.iter().any(|key| is_identity(key)),
            Collected::Everything => false,
        };
        self.facts.packed |= !apart && whole.iter().any(|name| !is_metadata(name));
    }

    /// A query that stands where a value is expected.
    pub(super) fn sublink(&mut self, link: &SubLink) {
        self.maybe(inner(&link.testexpr));
        let compares = !matches!(link.sub_link_type(), SubLinkType::ExprSublink | SubLinkType::ArraySublink);
        self.aside += usize::from(compares);
        // Whether its rows are limited does not matter: only a value of it comes out.
        let shape = self.inner_query(inner(&link.subselect));
        self.aside -= usize::from(compares);
        if link.sub_link_type() == SubLinkType::ArraySublink {
            self.lists(&shape);
        }
    }

    /// The rows of a query become one list.
    pub(super) fn lists(&mut self, shape: &Shape) {
        let whole = !shape.reported && shape.whole.iter().any(|name| !is_metadata(name));
        self.facts.packed |= whole && self.aside == 0;
    }

    /// What does not come out by itself: conditions, orders, arguments of what condenses them.
    pub(super) fn aside(&mut self, look: impl FnOnce(&mut Self)) {
        self.aside += 1;
        look(self);
        self.aside -= 1;
    }
}

/// Whether a query only counts and sums, by keys that do not tell who is meant.
pub(super) fn is_report(select: &SelectStmt, scalar: bool, scope: &Scope) -> bool {
    let grouped = !select.group_clause.is_empty();
    let distinct = !select.distinct_clause.is_empty();
    let tame = |target: &NodeEnum| match target {
        NodeEnum::ResTarget(target) => inner(&target.val).is_some_and(|value| is_tame(value, grouped)),
        _ => false,
    };
    scope.collected == Collected::Nothing && (scalar || (grouped || distinct) && each(&select.target_list).all(tame))
}

/// A key, or what an aggregate makes of many rows.
fn is_tame(value: &NodeEnum, grouped: bool) -> bool {
    const COUNTS: [&str; 10] =
        ["count", "sum", "avg", "bool_and", "bool_or", "stddev", "variance", "round", "percentile_cont", "coalesce"];
    match value {
        NodeEnum::FuncCall(call) if is_moment(call) => true,
        NodeEnum::FuncCall(call) => grouped && COUNTS.contains(&name_of(call)),
        NodeEnum::ColumnRef(column) => {
            each(&column.fields).filter_map(text_of).next_back().is_some_and(|name| !tells(name))
        }
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(|arg| is_tame(arg, grouped)),
        NodeEnum::CoalesceExpr(of) => each(&of.args).all(|arg| is_tame(arg, grouped)),
        NodeEnum::AConst(_) | NodeEnum::CaseExpr(_) => true,
        NodeEnum::AExpr(expr) => {
            [inner(&expr.lexpr), inner(&expr.rexpr)].into_iter().flatten().all(|side| is_tame(side, grouped))
        }
        _ => false,
    }
}

/// Whether a column's name says that it holds what tells people or things apart.
fn tells(name: &str) -> bool {
    const SAYS: [&str; 22] = [
        "mail", "phone", "name", "card", "iban", "ssn", "address", "street", "token", "password", "secret", "login",
        "uuid", "guid", "birth", "note", "comment", "body", "account", "ip", "key", "hash",
    ];
    let name = name.to_lowercase();
    name == "id" || name.ends_with("_id") || name.split('_').any(|word| SAYS.contains(&word)) || name.contains("mail")
}

/// A column of labels: `name`, `status`.
fn is_label(arg: &NodeEnum) -> bool {
    const LABELS: [&str; 14] = [
        "name", "title", "label", "slug", "code", "tag", "status", "state", "type", "category", "kind", "role",
        "country", "currency",
    ];
    match arg {
        NodeEnum::ColumnRef(column) => {
            each(&column.fields).filter_map(text_of).next_back().is_some_and(|name| LABELS.contains(&name))
        }
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(is_label),
        _ => false,
    }
}

/// Whether a relation is called as those are that hold people.
fn is_people(relation: &str) -> bool {
    const PEOPLE: [&str; 24] = [
        "customer",
        "user",
        "person",
        "people",
        "employee",
        "patient",
        "contact",
        "member",
        "client",
        "subscriber",
        "student",
        "staff",
        "account",
        "payment",
        "card",
        "lead",
        "guest",
        "citizen",
        "applicant",
        "candidate",
        "profile",
        "author",
        "owner",
        "address",
    ];
    let name = relation.to_lowercase();
    PEOPLE.iter().any(|word| name.contains(word))
}

/// `json_agg`, `array_agg`, `jsonb_object_agg_unique` ...; not those that make one range or number of what they are given.
fn is_collecting(name: &str) -> bool {
    (name.ends_with("_agg") || name.contains("_agg_") || matches!(name, "xmlagg" | "listagg" | "group_concat"))
        && !name.starts_with("range_")
        && !name.starts_with("bit_")
}

/// Functions out of whose result nobody can read what they were given, or that make rows of it again.
pub(super) fn condenses(name: &str) -> bool {
    const CONDENSES: [&str; 18] = [
        "md5",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "digest",
        "hmac",
        "hashtext",
        "hashtextextended",
        "length",
        "char_length",
        "octet_length",
        "cardinality",
        "array_length",
        "json_array_length",
        "jsonb_array_length",
        "pg_column_size",
        "unnest",
    ];
    CONDENSES.contains(&name)
}

/// What a key of GROUP BY is: a number stands for a column of the result.
fn meant<'n>(key: &'n NodeEnum, select: &'n SelectStmt) -> Option<&'n NodeEnum> {
    let output = |target: &'n NodeEnum| match target {
        NodeEnum::ResTarget(target) => Some((target.name.as_str(), inner(&target.val)?)),
        _ => None,
    };
    let mut outputs = each(&select.target_list).filter_map(output);
    match key {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            pg_query::protobuf::a_const::Val::Ival(number) => {
                let place = usize::try_from(number.ival).ok()?.checked_sub(1)?;
                outputs.nth(place).map(|(_, value)| value)
            }
            _ => None,
        },
        NodeEnum::ColumnRef(column) => {
            let mut names = each(&column.fields).filter_map(text_of);
            match (names.next(), names.next()) {
                (Some(name), None) => outputs.find(|(output, _)| *output == name).map(|(_, value)| value).or(Some(key)),
                _ => Some(key),
            }
        }
        NodeEnum::GroupingSet(_) => None,
        other => Some(other),
    }
}

/// A column, or a moment cut to a day or the like: there are as many groups as there are of those.
fn is_key(key: &NodeEnum) -> bool {
    match key {
        NodeEnum::ColumnRef(column) => each(&column.fields).next_back().is_some_and(|name| text_of(name).is_some()),
        NodeEnum::FuncCall(call) => is_moment(call),
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(is_key),
        _ => false,
    }
}

fn is_moment(call: &FuncCall) -> bool {
    matches!(name_of(call), "date_trunc" | "date" | "date_bin" | "extract" | "date_part" | "to_char" | "time_bucket")
}

/// A column whose name says that it tells things apart.
fn is_identity(key: &NodeEnum) -> bool {
    match key {
        NodeEnum::ColumnRef(column) => {
            let name = each(&column.fields).filter_map(text_of).next_back().unwrap_or_default().to_lowercase();
            name == "id" || name.ends_with("_id") || name.contains("uuid")
        }
        _ => false,
    }
}

/// Whether an argument is a whole row, or is made of one.
fn is_row(arg: &NodeEnum, scope: &Scope) -> bool {
    match arg {
        NodeEnum::ColumnRef(column) => {
            let mut fields = each(&column.fields);
            match (fields.next(), fields.next()) {
                (Some(NodeEnum::String(name)), None) => scope.entries.iter().any(|entry| entry.alias == name.sval),
                (_, Some(NodeEnum::AStar(_))) | (Some(NodeEnum::AStar(_)), None) => true,
                _ => false,
            }
        }
        NodeEnum::FuncCall(call) => each(&call.args).any(|arg| is_row(arg, scope)) || call.args.len() > 3,
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(|arg| is_row(arg, scope)),
        NodeEnum::RowExpr(row) => row.args.len() > 1,
        _ => false,
    }
}

fn name_of(call: &FuncCall) -> &str {
    each(&call.funcname).filter_map(text_of).next_back().unwrap_or_default()
}
