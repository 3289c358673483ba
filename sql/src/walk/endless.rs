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
            ("generate_series", [Some(from), Some(to)]) => (to - from).abs() > MOST_MADE,
            ("generate_series", [Some(from), Some(to), Some(step)]) => (to - from).abs() > MOST_MADE * step.abs(),
            ("repeat" | "lpad" | "rpad", [_, Some(times), ..]) => *times >= MOST_MADE,
            _ => false,
        };
        if far {
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
