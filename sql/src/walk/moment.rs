//! Comparisons with this very moment, which everything that happened lies behind.

use std::collections::BTreeSet;

use pg_query::{NodeEnum, protobuf::a_const::Val};

use super::{each, inner, text_of};

/// Whether rows are compared so that all of them fit: `created_at < now()`.
/// `moments` are variables that are this moment.
pub(super) fn lies_behind(operator: &str, left: &NodeEnum, right: &NodeEnum, moments: &BTreeSet<String>) -> bool {
    match operator {
        "<" | "<=" => is_past(left) && is_now(right, moments),
        ">" | ">=" => is_now(left, moments) && is_past(right),
        "<@" => is_past(left) && is_past_of(right, moments),
        "@>" => is_past_of(left, moments) && is_past(right),
        _ => false,
    }
}

/// `tsrange(NULL, now())`
fn is_past_of(range: &NodeEnum, moments: &BTreeSet<String>) -> bool {
    let NodeEnum::FuncCall(call) = range else { return false };
    let mut args = each(&call.args);
    let open = match args.next() {
        Some(NodeEnum::AConst(low)) => {
            low.isnull || matches!(&low.val, Some(Val::Sval(text)) if text.sval.trim() == "-infinity")
        }
        _ => false,
    };
    open && args.next().is_some_and(|high| is_now(high, moments))
}

/// A column that by its name says when its row came to be, or last changed.
fn is_past(node: &NodeEnum) -> bool {
    let NodeEnum::ColumnRef(column) = node else { return false };
    let name = each(&column.fields).filter_map(text_of).next_back().unwrap_or_default();
    ["created", "inserted", "updated", "modified"].iter().any(|start| name.starts_with(start))
}

/// This moment or a later one.
pub(super) fn is_now(node: &NodeEnum, moments: &BTreeSet<String>) -> bool {
    const NOW: [&str; 5] =
        ["now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "current_timestamp"];
    match node {
        NodeEnum::FuncCall(call) => {
            let name = each(&call.funcname).filter_map(text_of).next_back();
            call.args.is_empty() && name.is_some_and(|name| NOW.contains(&name))
        }
        NodeEnum::SqlvalueFunction(_) => true,
        NodeEnum::ColumnRef(column) => {
            let mut names = each(&column.fields).filter_map(text_of);
            matches!((names.next(), names.next()), (Some(name), None) if moments.contains(name))
        }
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(|arg| is_now(arg, moments)),
        NodeEnum::AConst(constant) => {
            matches!(&constant.val, Some(Val::Sval(text)) if matches!(text.sval.trim(), "now" | "tomorrow" | "infinity"))
        }
        // Something added to it; what is taken from it is written with a minus.
        NodeEnum::AExpr(sum) => {
            each(&sum.name).filter_map(text_of).next_back() == Some("+")
                && inner(&sum.lexpr).is_some_and(|start| is_now(start, moments))
                && inner(&sum.rexpr).is_some_and(is_positive)
        }
        _ => false,
    }
}

fn is_positive(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::TypeCast(cast) => inner(&cast.arg).is_some_and(is_positive),
        NodeEnum::AConst(constant) => match &constant.val {
            Some(Val::Sval(text)) => !text.sval.contains('-') && !text.sval.contains("ago"),
            Some(Val::Ival(number)) => number.ival >= 0,
            _ => false,
        },
        _ => false,
    }
}
