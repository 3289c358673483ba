//! What a query looks like from outside: the names it gives to relations, how many rows come of them.

use pg_query::{NodeEnum, protobuf::SelectStmt};

use super::{each, inner};

/// The names by which conditions call what stands in FROM.
pub(super) fn collect_aliases<'a>(item: Option<&'a NodeEnum>, aliases: &mut Vec<&'a str>) {
    let alias = |alias: &'a Option<pg_query::protobuf::Alias>| alias.as_ref().map(|alias| alias.aliasname.as_str());
    match item {
        Some(NodeEnum::RangeVar(relation)) => aliases.push(alias(&relation.alias).unwrap_or(&relation.relname)),
        Some(NodeEnum::RangeSubselect(sub)) => aliases.extend(alias(&sub.alias)),
        Some(NodeEnum::RangeFunction(function)) => aliases.extend(alias(&function.alias)),
        Some(NodeEnum::JoinExpr(join)) => {
            aliases.extend(alias(&join.alias));
            collect_aliases(inner(&join.larg), aliases);
            collect_aliases(inner(&join.rarg), aliases);
        }
        _ => {}
    }
}

/// The query with every row that the first one, of which it takes just that, may be: one row out of all is as good as the largest. With
/// OFFSET some are left out.
pub(super) fn without_limit(select: &SelectStmt) -> SelectStmt {
    let mut select = select.clone();
    if select.limit_offset.is_none() {
        select.limit_count = None;
    }
    select
}

/// `SELECT min(id) FROM t GROUP BY email`: fewer rows than the relation has.
pub(super) fn condenses_rows(select: &SelectStmt) -> bool {
    let aggregate = each(&select.target_list).any(|target| match target {
        NodeEnum::ResTarget(target) => matches!(inner(&target.val), Some(NodeEnum::FuncCall(_))),
        _ => false,
    });
    aggregate && (!select.group_clause.is_empty() || !select.target_list.is_empty())
}
