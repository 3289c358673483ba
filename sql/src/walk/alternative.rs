//! Alternatives of which one is that the other does not hold: `x IN (SELECT ...) OR x NOT IN (SELECT ...)`.

use std::collections::BTreeSet;

use pg_query::{
    NodeEnum,
    protobuf::{BoolExprType, BoolTestType, Node},
};

use super::{each, inner};

/// More alternatives are not looked at: they are what programs write.
const MOST: usize = 64;

/// Whether one of these is the opposite of another one.
pub(super) fn are_alternatives(parts: &[Node]) -> bool {
    let opposites: BTreeSet<String> = each(parts).take(MOST).filter_map(opposite_of).map(spelling).collect();
    !opposites.is_empty() && each(parts).take(MOST).any(|part| opposites.contains(&spelling(part)))
}

/// What does not hold, if that is what this says.
fn opposite_of(node: &NodeEnum) -> Option<&NodeEnum> {
    match node {
        NodeEnum::BoolExpr(expr) if expr.boolop() == BoolExprType::NotExpr => each(&expr.args).next(),
        NodeEnum::BooleanTest(test) => match test.booltesttype() {
            BoolTestType::IsNotTrue | BoolTestType::IsFalse => inner(&test.arg),
            _ => None,
        },
        _ => None,
    }
}

/// Equal for equal expressions, wherever they stand.
fn spelling(node: &NodeEnum) -> String {
    let whole = format!("{node:?}");
    let mut pieces = whole.split("location: ");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(piece.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()));
    }
    out
}
