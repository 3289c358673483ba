//! What keeps the server busy for ever, or fills it: queries and loops that never end, and numbers far beyond everyday ones. A
//! statement that does such a thing counts as one that runs the server itself.

use pg_query::{
    NodeEnum,
    protobuf::{CommonTableExpr, Node, SelectStmt, SetOperation, a_const::Val},
};
use serde_json::Value;

use super::{Walker, each, inner};
use crate::facts::Verb;

/// The longest sleep that is an everyday one, in seconds.
const LONGEST_SLEEP: f64 = 3600.0;
/// The most rows or characters that a function may be told to make.
const MOST_MADE: f64 = 1e8;
/// A relation that stands so often beside itself is there to take time.
const OFTEN_CROSSED: usize = 3;
/// The most relations that are combined for their combinations' sake.
const MOST_CROSSED: usize = 4;

impl Walker<'_> {
    /// A function of PostgreSQL's own whose constants say how much it does.
    pub(super) fn must_end(&mut self, function: &str, args: &[Node]) {
        let numbers: Vec<Option<f64>> = each(args).map(number).collect();
        let far = match (function, numbers.as_slice()) {
            ("pg_sleep", [Some(seconds)]) => *seconds > LONGEST_SLEEP,
            ("pg_sleep_for", _) => each(args).filter_map(super::function::literal).any(|span| {
                ["day", "week", "mon", "year", "decade", "cent"].iter().any(|unit| span.to_lowercase().contains(unit))
            }),
            ("pg_sleep_until", _) => true,
            ("generate_series", [from, to, ..]) => {
                let step = numbers.get(2).copied().unwrap_or(Some(1.0));
                match (from, to, step) {
                    (Some(from), Some(to), Some(step)) => self.makes((to - from).abs() / step.abs()),
                    _ => self.makes(moments(args).unwrap_or_default()),
                }
                false
            }
            ("repeat" | "lpad" | "rpad", [_, Some(times), ..]) => *times >= MOST_MADE,
            ("array_fill", _) => filled(args) >= MOST_MADE,
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

    /// A loop of PL/pgSQL that nothing leaves.
    pub(super) fn must_leave(&mut self, kind: &str, body: &Value) {
        let condition = body.pointer("/cond/PLpgSQL_expr/query").and_then(Value::as_str).unwrap_or_default();
        let always = kind == "PLpgSQL_stmt_loop" || condition.trim().eq_ignore_ascii_case("true");
        if always && !leaves(body) {
            self.verb(Verb::Admin);
        }
    }
}

/// Whether nothing in a query leaves out rows.
fn is_free(select: &SelectStmt) -> bool {
    select.op() == SetOperation::SetopNone
        && select.where_clause.is_none()
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

/// Relations of which nothing says how they belong together.
fn crossed<'n>(item: &'n NodeEnum, names: &mut Vec<&'n str>) {
    match item {
        NodeEnum::RangeVar(relation) => names.push(&relation.relname),
        NodeEnum::JoinExpr(join) if join.quals.is_none() && join.using_clause.is_empty() && !join.is_natural => {
            for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
                crossed(side, names);
            }
        }
        _ => {}
    }
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
    calls.chain(targets).any(|call| match call {
        NodeEnum::FuncCall(call) if each(&call.funcname).filter_map(super::text_of).eq(["generate_series"]) => {
            match each(&call.args).map(number).collect::<Vec<_>>().as_slice() {
                [Some(from), Some(to), ..] => (to - from).abs() > f64::from(super::repeat::MANY_KEYS),
                _ => false,
            }
        }
        _ => false,
    })
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
    let mut texts = each(args).map(super::function::literal);
    let mut year = || texts.next()??.trim().get(..4)?.parse::<f64>().ok();
    let years = (year()? - year()?).abs() + 1.0;
    let step = texts.next()??.to_lowercase();
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

fn number(node: &NodeEnum) -> Option<f64> {
    match node {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            Val::Ival(value) => Some(f64::from(value.ival)),
            Val::Fval(value) => value.fval.parse().ok(),
            Val::Sval(value) => value.sval.parse().ok(),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => number(inner(&cast.arg)?),
        _ => None,
    }
}
