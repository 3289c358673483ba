//! What keeps the server busy for ever, or fills it: queries and loops that never end, and numbers far beyond everyday ones. A
//! statement that does such a thing counts as one that runs the server itself.

use pg_query::{
    NodeEnum,
    protobuf::{BoolExprType, CommonTableExpr, Node, SelectStmt, SetOperation, a_const::Val},
};
use serde_json::Value;

use super::{Walker, each, inner};
use crate::facts::Verb;

/// The longest sleep that is an everyday one, in seconds.
const LONGEST_SLEEP: f64 = 3600.0;
/// The most rows or characters that a function may be told to make.
const MOST_MADE: f64 = 1e8;
/// The most numbers that are multiplied.
const MOST_FACTORS: f64 = 10_000.0;
/// A year like this one, for series that begin or end now.
const THIS_YEAR: f64 = 2026.0;
/// A relation that stands so often beside itself is there to take time.
const OFTEN_CROSSED: usize = 3;
/// The most relations that are combined for their combinations' sake.
const MOST_CROSSED: usize = 4;

impl Walker<'_> {
    /// A function of PostgreSQL's own whose constants say how much it does.
    pub(super) fn must_end(&mut self, function: &str, args: &[Node]) {
        let numbers: Vec<Option<f64>> = each(args).map(number).collect();
        let far = match (function, numbers.as_slice()) {
            ("pg_sleep", [Some(seconds)]) => {
                let times = self.scopes.last().map_or(1.0, |scope| scope.made.max(1.0));
                *seconds * times > LONGEST_SLEEP
            }
            ("pg_sleep_for", _) => each(args).filter_map(super::function::literal).any(|span| is_long(&span)),
            ("pg_sleep_until", _) => true,
            ("generate_series", [from, to, ..]) => {
                let step = numbers.get(2).copied().unwrap_or(Some(1.0));
                match (from, to, step) {
                    (Some(from), Some(to), Some(step)) => self.makes((to - from).abs() / step.abs()),
                    _ => self.makes(moments(args).unwrap_or_default()),
                }
                false
            }
            ("repeat" | "lpad" | "rpad", _) => {
                self.must_fit(function, args);
                false
            }
            ("array_fill", _) => filled(args) >= MOST_MADE,
            ("factorial", [Some(of)]) => *of > MOST_FACTORS,
            _ => false,
        };
        if far {
            self.verb(Verb::Admin);
        }
    }

    /// Something in FROM makes so many rows for each row that the others make.
    pub(super) fn makes(&mut self, rows: f64) {
        let Some(scope) = self.scopes.last_mut() else { return };
        if rows > 0.0 {
            scope.made = scope.made.max(1.0) * rows;
        }
        if scope.made > MOST_MADE {
            self.verb(Verb::Admin);
        }
    }

    /// A query that combines every row of its relations with every row of the others, again and again.
    pub(super) fn must_meet(&mut self, select: &SelectStmt) {
        let mut names = Vec::new();
        each(&select.from_clause).for_each(|item| crossed(item, &mut names));
        let again = names.iter().any(|name| names.iter().filter(|other| *other == name).count() >= OFTEN_CROSSED);
        if select.where_clause.is_none() && (again || names.len() > MOST_CROSSED) {
            self.verb(Verb::Admin);
        }
    }

    /// A query that feeds itself without a condition: `SELECT 1 UNION ALL SELECT n + 1 FROM r`.
    pub(super) fn must_stop(&mut self, cte: &CommonTableExpr) {
        let Some(NodeEnum::SelectStmt(union)) = inner(&cte.ctequery) else { return };
        let own = |select: &SelectStmt| match select.from_clause.as_slice() {
            [one] => matches!(&one.node, Some(NodeEnum::RangeVar(from)) if from.relname == cte.ctename),
            _ => false,
        };
        let recursive = union.op() == SetOperation::SetopUnion && union.all && union.limit_count.is_none();
        if recursive && union.rarg.as_ref().is_some_and(|step| own(step) && is_free(step)) {
            self.verb(Verb::Admin);
        }
    }

    /// Text that a function makes longer and longer: `repeat(repeat('x', 100000), 100000)`, for each row that others make.
    pub(super) fn must_fit(&mut self, function: &str, args: &[Node]) {
        let length = length_of_call(function, args).unwrap_or_default();
        let rows = self.scopes.last().map_or(1.0, |scope| scope.made.max(1.0));
        if length >= MOST_MADE || length * rows >= MOST_MADE * 50.0 {
            self.verb(Verb::Admin);
        }
    }

    /// Long texts, joined: `repeat('x', 90000000) || repeat('y', 90000000)`.
    pub(super) fn must_join(&mut self, sides: [Option<&NodeEnum>; 2]) {
        if sides.into_iter().flatten().map(length).sum::<f64>() >= MOST_MADE {
            self.verb(Verb::Admin);
        }
    }

    /// A loop of PL/pgSQL that nothing leaves.
    pub(super) fn must_leave(&mut self, kind: &str, body: &Value) {
        let condition = body.pointer("/cond/PLpgSQL_expr/query").and_then(Value::as_str).unwrap_or_default();
        let always = kind == "PLpgSQL_stmt_loop" || condition.trim().eq_ignore_ascii_case("true");
        if always && !leaves(body) {
            self.verb(Verb::Admin);
        }
    }
}

/// How far a step of a recursion goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Near,
    /// Over so many numbers that they may be the keys of every row.
    Far,
    Endless,
}

/// Whether a common table expression counts up by itself, over more than a few keys.
pub(super) fn counts_by_itself(cte: &CommonTableExpr) -> bool {
    let Some(NodeEnum::SelectStmt(union)) = inner(&cte.ctequery) else { return false };
    let Some(step) = union.rarg.as_deref() else { return false };
    let own = match step.from_clause.as_slice() {
        [one] => matches!(&one.node, Some(NodeEnum::RangeVar(from)) if from.relname == cte.ctename),
        _ => false,
    };
    own && step.limit_count.is_none() && union.limit_count.is_none() && reach_of(step) > Reach::Near
}

fn reach_of(step: &SelectStmt) -> Reach {
    let down = each(&step.target_list).any(|target| match target {
        NodeEnum::ResTarget(target) => match inner(&target.val) {
            Some(NodeEnum::AExpr(expr)) => each(&expr.name).filter_map(super::text_of).eq(["-"]),
            _ => false,
        },
        _ => false,
    });
    inner(&step.where_clause).map_or(Reach::Endless, |condition| reach(condition, down))
}

/// How far a recursion goes that this condition ends.
fn reach(condition: &NodeEnum, down: bool) -> Reach {
    match condition {
        NodeEnum::BoolExpr(expr) => {
            let parts = each(&expr.args).map(|part| reach(part, down));
            match expr.boolop() {
                BoolExprType::AndExpr => parts.min().unwrap_or(Reach::Endless),
                BoolExprType::OrExpr => parts.max().unwrap_or(Reach::Endless),
                _ => Reach::Near,
            }
        }
        NodeEnum::AExpr(expr) => {
            let operator = each(&expr.name).filter_map(super::text_of).next_back().unwrap_or_default();
            match [&expr.lexpr, &expr.rexpr].map(|side| inner(side).map(|side| (side, number(side)))) {
                [Some((_, Some(_))), Some((_, Some(_)))] => Reach::Endless,
                [Some((_, Some(end))), Some(_)] => ends_at(operator, end, !down),
                [Some(_), Some((_, Some(end)))] => ends_at(operator, end, down),
                [Some((NodeEnum::SubLink(_), _)), _] | [_, Some((NodeEnum::SubLink(_), _))] => Reach::Far,
                _ => Reach::Near,
            }
        }
        NodeEnum::AConst(_) | NodeEnum::NullTest(_) => Reach::Endless,
        NodeEnum::TypeCast(cast) => inner(&cast.arg).map_or(Reach::Near, |arg| reach(arg, down)),
        _ => Reach::Near,
    }
}

/// `n < end`, or `n > end` where the numbers go down.
fn ends_at(operator: &str, end: f64, down: bool) -> Reach {
    match operator {
        ">" | ">=" if !down => Reach::Endless,
        "<" | "<=" if down => Reach::Endless,
        _ if end.abs() <= f64::from(super::repeat::MANY_KEYS) => Reach::Near,
        _ if end.abs() <= MOST_MADE => Reach::Far,
        _ => Reach::Endless,
    }
}

/// Whether nothing in a query leaves out rows.
fn is_free(select: &SelectStmt) -> bool {
    select.op() == SetOperation::SetopNone
        && reach_of(select) == Reach::Endless
        && select.having_clause.is_none()
        && select.limit_count.is_none()
        && select.group_clause.is_empty()
}

/// Whether a statement in a loop may end it.
fn leaves(node: &Value) -> bool {
    const ENDS: [&str; 4] = ["PLpgSQL_stmt_exit", "PLpgSQL_stmt_return", "PLpgSQL_stmt_raise", "PLpgSQL_stmt_assert"];
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                if fields.keys().any(|key| ENDS.contains(&key.as_str())) {
                    return true;
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    false
}

/// `ON true`, `ON 1 = 1`
fn is_open(quals: Option<&Node>) -> bool {
    let constant = |node: &Option<Box<Node>>| matches!(inner(node), Some(NodeEnum::AConst(_)));
    match quals.and_then(|quals| quals.node.as_ref()) {
        None | Some(NodeEnum::AConst(_)) => true,
        Some(NodeEnum::AExpr(expr)) => constant(&expr.lexpr) && constant(&expr.rexpr),
        _ => false,
    }
}

/// Relations of which nothing says how they belong together.
fn crossed<'n>(item: &'n NodeEnum, names: &mut Vec<&'n str>) {
    match item {
        NodeEnum::RangeVar(relation) => names.push(&relation.relname),
        NodeEnum::JoinExpr(join)
            if is_open(join.quals.as_deref()) && join.using_clause.is_empty() && !join.is_natural =>
        {
            for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
                crossed(side, names);
            }
        }
        _ => {}
    }
}

/// Whether functions of FROM make so many numbers that they may be the keys of every row.
pub(super) fn makes_keys(functions: &[Node]) -> bool {
    each(functions).any(|list| match list {
        NodeEnum::List(list) => each(&list.items).next().is_some_and(is_long_series),
        _ => false,
    })
}

fn is_long_series(call: &NodeEnum) -> bool {
    length_of_series(call).is_some_and(|length| length > f64::from(super::repeat::MANY_KEYS) + 1.0)
}

/// A query that makes so many numbers that they may be the keys of every row.
pub(super) fn counts_keys(select: &SelectStmt) -> bool {
    let from = each(&select.from_clause).flat_map(|item| match item {
        NodeEnum::RangeFunction(function) => each(&function.functions).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let calls = from.filter_map(|list| match list {
        NodeEnum::List(list) => each(&list.items).next(),
        _ => None,
    });
    let targets = each(&select.target_list).filter_map(|target| match target {
        NodeEnum::ResTarget(target) => inner(&target.val),
        _ => None,
    });
    let numbers = |target: &NodeEnum| match target {
        NodeEnum::FuncCall(call) => {
            call.over.is_some() && each(&call.funcname).filter_map(super::text_of).next_back() == Some("row_number")
        }
        _ => false,
    };
    calls.chain(targets).any(|call| is_long_series(call) || numbers(call))
        || rows_made(select) > f64::from(super::repeat::MANY_KEYS)
}

/// How many rows the series in FROM make together.
fn rows_made(select: &SelectStmt) -> f64 {
    let series = |item: &NodeEnum| match item {
        NodeEnum::RangeFunction(function) => each(&function.functions).find_map(|list| match list {
            NodeEnum::List(list) => each(&list.items).next().and_then(length_of_series),
            _ => None,
        }),
        _ => None,
    };
    each(&select.from_clause).filter_map(series).product()
}

fn length_of_series(call: &NodeEnum) -> Option<f64> {
    let NodeEnum::FuncCall(call) = call else { return None };
    let series = each(&call.funcname).filter_map(super::text_of).next_back() == Some("generate_series");
    match each(&call.args).map(number).collect::<Vec<_>>().as_slice() {
        [Some(from), Some(to), ..] if series => Some((to - from).abs() + 1.0),
        _ => None,
    }
}

/// How many elements `array_fill(x, ARRAY[a, b])` makes, as far as the numbers are written out.
fn filled(args: &[Node]) -> f64 {
    match each(args).nth(1) {
        Some(NodeEnum::AArrayExpr(sizes)) => each(&sizes.elements).filter_map(number).product(),
        _ => 0.0,
    }
}

/// How many moments lie between two constant ones, a constant step apart.
fn moments(args: &[Node]) -> Option<f64> {
    let mut args = each(args);
    let years = (year_of(args.next()?)? - year_of(args.next()?)?).abs() + 1.0;
    let step = super::function::literal(args.next()?)?.to_lowercase();
    let digits: String = step.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let unit = step.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let seconds = match unit {
        unit if unit.starts_with("micro") || unit == "us" => 1e-6,
        unit if unit.starts_with("milli") || unit == "ms" => 1e-3,
        unit if unit.starts_with('s') => 1.0,
        unit if unit.starts_with("mi") || unit == "m" => 60.0,
        unit if unit.starts_with('h') => 3600.0,
        _ => return None,
    };
    Some(years * 366.0 * 86_400.0 / (seconds * digits.parse::<f64>().unwrap_or(1.0).max(1.0)))
}

/// The year of a moment: `'2026-02-24'`, `now() - interval '10 years'`.
fn year_of(moment: &NodeEnum) -> Option<f64> {
    match moment {
        NodeEnum::AExpr(sum) => {
            let (from, span) = (inner(&sum.lexpr)?, super::function::literal(inner(&sum.rexpr)?)?);
            let years = years_in(&span.to_lowercase())?;
            let back = each(&sum.name).filter_map(super::text_of).eq(["-"]);
            Some(year_of(from)? + if back { -years } else { years })
        }
        NodeEnum::TypeCast(cast) => year_of(inner(&cast.arg)?),
        other if super::moment::is_now(other, &std::collections::BTreeSet::new()) => Some(THIS_YEAR),
        other => super::function::literal(other)?.trim().get(..4)?.parse().ok(),
    }
}

/// How many years a span comes to, in whole ones.
fn years_in(span: &str) -> Option<f64> {
    let mut words = span.split_whitespace();
    let number = words.next()?.parse::<f64>().ok()?;
    let unit = words.next()?;
    let long = [("millen", 1000.0), ("cent", 100.0), ("decade", 10.0), ("year", 1.0), ("y", 1.0)];
    let years = long.iter().find(|(name, _)| unit.starts_with(name)).map_or(0.0, |(_, years)| *years);
    Some((number * years).floor())
}

/// The length of a text that is written out or made of such a text, as far as it can be told; one character for any other.
fn length(node: &NodeEnum) -> f64 {
    let of = |node: &Option<Box<Node>>| inner(node).map_or(0.0, length);
    match node {
        NodeEnum::AConst(constant) => match constant.val.as_ref() {
            Some(Val::Sval(text)) => f64::from(u32::try_from(text.sval.len()).unwrap_or(u32::MAX)),
            _ => 1.0,
        },
        NodeEnum::TypeCast(cast) => of(&cast.arg),
        NodeEnum::CollateClause(collate) => of(&collate.arg),
        NodeEnum::AExpr(expr) => of(&expr.lexpr) + of(&expr.rexpr),
        NodeEnum::FuncCall(call) => {
            let name = each(&call.funcname).filter_map(super::text_of).next_back().unwrap_or_default();
            length_of_call(name, &call.args).unwrap_or_else(|| each(&call.args).map(length).sum::<f64>().max(1.0))
        }
        _ => 1.0,
    }
}

fn length_of_call(name: &str, args: &[Node]) -> Option<f64> {
    let times = || each(args).nth(1).and_then(number);
    match name {
        "repeat" => Some(each(args).next().map(length)? * times()?.max(0.0)),
        "lpad" | "rpad" => times(),
        _ => None,
    }
}

/// `100 hours`, `2 days`
fn is_long(span: &str) -> bool {
    let lower = span.to_lowercase();
    let hours = lower.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default();
    ["day", "week", "mon", "year", "decade", "cent", "millen"].iter().any(|unit| lower.contains(unit))
        || lower.contains("hour") && hours > LONGEST_SLEEP / 3600.0
        || lower.contains("min") && hours > LONGEST_SLEEP / 60.0
        || lower.contains("sec") && hours > LONGEST_SLEEP
}

fn number(node: &NodeEnum) -> Option<f64> {
    match node {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            Val::Ival(value) => Some(f64::from(value.ival)),
            Val::Fval(value) => value.fval.parse().ok(),
            Val::Sval(value) => value.sval.parse().ok(),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => number(inner(&cast.arg)?),
        NodeEnum::AExpr(expr) => {
            let operator = each(&expr.name).filter_map(super::text_of).next_back()?;
            let right = number(inner(&expr.rexpr)?)?;
            let left = match inner(&expr.lexpr) {
                Some(left) => number(left)?,
                None => 0.0,
            };
            match operator {
                "+" => Some(left + right),
                "-" => Some(left - right),
                "*" => Some(left * right),
                "/" if right != 0.0 => Some(left / right),
                "^" => Some(left.powf(right)),
                _ => None,
            }
        }
        _ => None,
    }
}
