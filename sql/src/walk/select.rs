//! SELECT, VALUES, TABLE and set operations.

use std::collections::BTreeSet;

use pg_query::{
    NodeEnum,
    protobuf::{AExprKind, Node, SelectStmt, SetOperation, a_const::Val},
};

use super::{
    Walker, each, inner,
    pack::is_report,
    repeat::MANY_KEYS,
    scope::{Scope, Shape},
    text_of,
};
use crate::{
    doubt::{Doubt, Place},
    facts::{Name, Verb},
};

/// A query that may give more rows than this is not bounded by its LIMIT.
const MANY_ROWS: u64 = 100_000;

impl Walker<'_> {
    pub(super) fn select(&mut self, select: &SelectStmt) -> Shape {
        self.verb(Verb::Select);
        self.with(select.with_clause.as_ref(), |walker| {
            if select.op() == SetOperation::SetopNone {
                walker.plain_select(select)
            } else {
                walker.set_operation(select)
            }
        })
    }

    fn set_operation(&mut self, select: &SelectStmt) -> Shape {
        let mut shape = Shape { bounded: true, reported: true, ..Shape::default() };
        for (index, side) in [&select.larg, &select.rarg].into_iter().enumerate() {
            let Some(side) = side else {
                self.unknown("a set operation");
                continue;
            };
            let mut part = Shape::default();
            self.deeper(|walker| part = walker.select(side));
            shape.bounded &= part.bounded;
            shape.whole.extend(part.whole);
            shape.made += part.made;
            shape.reported &= part.reported;
            shape.everything |= part.everything;
            if index == 0 {
                shape.columns = part.columns;
            }
        }
        self.scopes.push(Scope { outputs: shape.columns.clone().unwrap_or_default(), ..Scope::default() });
        self.tail(select, &mut shape);
        self.scopes.pop();
        shape
    }

    fn plain_select(&mut self, select: &SelectStmt) -> Shape {
        self.scopes.push(Scope::default());
        let driven = self.driven;
        for item in each(&select.from_clause) {
            self.source(item);
        }
        if let Some(into) = &select.into_clause
            && let Some(relation) = &into.rel
        {
            self.ddl(Verb::Create, "table");
            self.verb(Verb::Insert);
            self.creates(relation);
        }
        self.must_meet(select);
        let many = self.many;
        self.looked_up.push(looked_up(select));
        let columns = self.targets(&select.target_list);
        let many = self.many > many;
        self.looked_up.pop();
        if let Some(scope) = self.scopes.last_mut() {
            scope.outputs = columns.clone().unwrap_or_default();
        }
        self.aside(|walker| walker.maybe(inner(&select.where_clause)));
        for list in each(&select.values_lists) {
            self.expression(list);
        }
        self.expressions(&select.group_clause);
        self.aside(|walker| walker.maybe(inner(&select.having_clause)));
        self.expressions(&select.window_clause);
        self.expressions(&select.distinct_clause);
        let (mut shape, open) = self.limits_of(select);
        self.must_not_pack(select, &open);
        shape.columns = columns;
        shape.bounded &= !many;
        self.tail(select, &mut shape);
        self.must_be_few(driven, &shape);
        self.scopes.pop();
        shape
    }

    /// ORDER BY, LIMIT and row locks.
    fn tail(&mut self, select: &SelectStmt, shape: &mut Shape) {
        self.aside(|walker| {
            for sort in each(&select.sort_clause) {
                if !walker.is_output(sort) {
                    walker.expression(sort);
                }
            }
            walker.maybe(inner(&select.limit_offset));
            walker.maybe(inner(&select.limit_count));
        });
        if let (Some(parameter), Some(doubts)) = (given_limit(inner(&select.limit_count)), self.doubts()) {
            doubts.borrow_mut().insert(Doubt { parameter, place: Place::Count });
        }
        if is_limit(inner(&select.limit_count)) {
            let limit = constant_limit(inner(&select.limit_count));
            shape.bounded |= limit.is_none_or(|limit| limit <= MANY_ROWS);
            if !self.repeat.in_loop() && limit.is_none_or(|limit| limit <= MANY_KEYS.unsigned_abs().into()) {
                shape.whole.clear();
                shape.everything = false;
            }
            if let Some(limit) = limit {
                shape.made = shape.made.min(f64::from(u32::try_from(limit).unwrap_or(u32::MAX)));
            }
        }
        if !select.locking_clause.is_empty() {
            self.verb(Verb::Lock);
        }
        if self.scopes.len() == 1 && self.expanding.is_empty() {
            self.facts.limit = constant_limit(inner(&select.limit_count));
        }
    }

    /// `ORDER BY total` where `total` is a name the target list gave.
    fn is_output(&self, sort: &NodeEnum) -> bool {
        let NodeEnum::SortBy(sort) = sort else { return false };
        let Some(NodeEnum::ColumnRef(column)) = inner(&sort.node) else { return false };
        let mut fields = each(&column.fields).filter_map(text_of);
        match (fields.next(), fields.next(), self.scopes.last()) {
            (Some(name), None, Some(scope)) => scope.outputs.iter().any(|output| output == name),
            _ => false,
        }
    }

    /// The target list; gives the names of its columns, if all can be told.
    pub(super) fn targets(&mut self, targets: &[Node]) -> Option<Vec<String>> {
        let mut names = Some(Vec::with_capacity(targets.len()));
        for target in each(targets) {
            let NodeEnum::ResTarget(target) = target else {
                self.unknown("a result column");
                return None;
            };
            for index in each(&target.indirection) {
                self.indirection(index);
            }
            self.maybe(inner(&target.val));
            match (output_name(&target.name, inner(&target.val)), &mut names) {
                (Some(name), Some(names)) => names.push(name),
                (None, _) => names = None,
                _ => {}
            }
        }
        names
    }

    /// What comes of its conditions, and the relations whose rows come through whole and as they are.
    fn limits_of(&self, select: &SelectStmt) -> (Shape, BTreeSet<Name>) {
        let Some(scope) = self.scopes.last() else { return Default::default() };
        let mut conditions = self.conditions(scope);
        for item in each(&select.from_clause) {
            conditions.join(item);
        }
        if let Some(condition) = inner(&select.where_clause) {
            conditions.condition(condition);
        }
        if let Some(condition) = inner(&select.having_clause) {
            conditions.condition(condition);
        }
        let scalar = select.group_clause.is_empty() && is_scalar(&select.target_list);
        let whole = conditions.unlimited();
        let made = if scalar { 1.0 } else { scope.made };
        let reported = is_report(select, scalar, scope);
        let open = conditions.open();
        let everything = !scalar && (conditions.counts() || scope.made > f64::from(MANY_KEYS));
        let bounded = scalar || conditions.bounded();
        (Shape { bounded, whole, made, reported, everything, ..Shape::default() }, open)
    }
}

/// The name in `SELECT ... FROM pg_settings WHERE name = '...'`.
fn looked_up(select: &SelectStmt) -> Option<String> {
    let [only] = select.from_clause.as_slice() else { return None };
    let Some(NodeEnum::RangeVar(relation)) = &only.node else { return None };
    let Some(NodeEnum::AExpr(test)) = inner(&select.where_clause) else { return None };
    let plain = relation.relname == "pg_settings" && relation.alias.is_none();
    let equal = test.kind() == AExprKind::AexprOp && each(&test.name).filter_map(text_of).eq(["="]);
    let of_name = matches!(inner(&test.lexpr), Some(NodeEnum::ColumnRef(column)) if is_name(&column.fields));
    match inner(&test.rexpr) {
        Some(NodeEnum::AConst(constant)) if plain && equal && of_name => match &constant.val {
            Some(Val::Sval(text)) => Some(text.sval.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The column `name`.
pub(super) fn is_name(fields: &[Node]) -> bool {
    each(fields).filter_map(text_of).eq(["name"])
}

/// The name PostgreSQL gives a result column, where it is plain.
fn output_name(name: &str, value: Option<&NodeEnum>) -> Option<String> {
    if !name.is_empty() {
        return Some(name.to_owned());
    }
    match value? {
        NodeEnum::ColumnRef(column) => each(&column.fields).next_back().and_then(text_of).map(str::to_owned),
        NodeEnum::FuncCall(call) => each(&call.funcname).next_back().and_then(text_of).map(str::to_owned),
        NodeEnum::TypeCast(cast) => output_name("", inner(&cast.arg)),
        _ => Some("?column?".to_owned()),
    }
}

/// LIMIT with a number or a parameter; not LIMIT ALL or LIMIT NULL, nor an expression.
fn is_limit(count: Option<&NodeEnum>) -> bool {
    match count {
        Some(NodeEnum::AConst(constant)) => !constant.isnull && constant.val.is_some(),
        Some(NodeEnum::ParamRef(_)) => true,
        Some(NodeEnum::TypeCast(cast)) => is_limit(inner(&cast.arg)),
        _ => false,
    }
}

/// The parameter that is a LIMIT.
fn given_limit(count: Option<&NodeEnum>) -> Option<usize> {
    match count? {
        NodeEnum::ParamRef(parameter) => usize::try_from(parameter.number).ok(),
        NodeEnum::TypeCast(cast) => given_limit(inner(&cast.arg)),
        _ => None,
    }
}

fn constant_limit(count: Option<&NodeEnum>) -> Option<u64> {
    match count? {
        NodeEnum::AConst(constant) => match &constant.val {
            Some(Val::Ival(value)) => u64::try_from(value.ival).ok(),
            // Too large for 32 bits, or not in digits alone.
            Some(Val::Fval(value)) => Some(value.fval.parse().unwrap_or(u64::MAX)),
            Some(Val::Sval(value)) => Some(value.sval.trim().parse().unwrap_or(u64::MAX)),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => constant_limit(inner(&cast.arg)),
        _ => None,
    }
}

/// One row whatever the input: only aggregates that condense, and constants.
fn is_scalar(targets: &[Node]) -> bool {
    let mut aggregates = 0;
    let all = each(targets).all(|target| match target {
        NodeEnum::ResTarget(target) => condenses(inner(&target.val), &mut aggregates),
        _ => false,
    });
    all && aggregates > 0
}

fn condenses(value: Option<&NodeEnum>, aggregates: &mut u32) -> bool {
    const AGGREGATES: [&str; 21] = [
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "bool_and",
        "bool_or",
        "every",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "variance",
        "var_pop",
        "var_samp",
        "bit_and",
        "bit_or",
        "corr",
        "percentile_cont",
        "percentile_disc",
        "mode",
        "any_value",
    ];
    match value {
        Some(NodeEnum::FuncCall(call)) if call.over.is_none() => {
            let name = each(&call.funcname).next_back().and_then(text_of).unwrap_or_default();
            if AGGREGATES.contains(&name) {
                *aggregates += 1;
                return true;
            }
            matches!(name, "round" | "pg_size_pretty" | "now")
                && call.args.iter().all(|a| condenses(a.node.as_ref(), aggregates))
        }
        Some(NodeEnum::AConst(_) | NodeEnum::ParamRef(_)) => true,
        Some(NodeEnum::TypeCast(cast)) => condenses(inner(&cast.arg), aggregates),
        Some(NodeEnum::CoalesceExpr(coalesce)) => coalesce.args.iter().all(|a| condenses(a.node.as_ref(), aggregates)),
        Some(NodeEnum::AExpr(expr)) => {
            [inner(&expr.lexpr), inner(&expr.rexpr)].into_iter().flatten().all(|side| condenses(Some(side), aggregates))
        }
        _ => false,
    }
}
