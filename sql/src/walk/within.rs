//! Conditions over queries inside: IN, EXISTS and single values.

use std::collections::BTreeSet;

use pg_query::{
    NodeEnum,
    protobuf::{SelectStmt, SetOperation},
};

use super::{
    condition::Conditions,
    each, inner,
    operand::Operand,
    outcome::Outcome,
    scope::{Entry, Shape},
    shape::condenses_rows,
};

impl Conditions<'_> {
    pub(super) fn in_query(&self, tested: Option<&NodeEnum>, select: &SelectStmt, negated: bool) -> Outcome {
        if super::endless::counts_keys(select) {
            return Outcome::default();
        }
        let mut columns = 0;
        let tested: Vec<&NodeEnum> = match tested {
            Some(NodeEnum::RowExpr(row)) => each(&row.args).collect(),
            Some(one) => vec![one],
            None => return Outcome::default(),
        };
        for one in tested {
            if let Operand::Column(column) = self.operand(one) {
                columns |= column.only();
            }
        }
        if select.op() == SetOperation::SetopNone && self.within(select).found.never {
            return Outcome { never: !negated, ..Outcome::default() };
        }
        let (shape, correlated) = self.inner_shape(select);
        if shape.everything {
            return Outcome::default();
        }
        let own = self.tables(columns);
        let everything = own.iter().any(|table| shape.whole.contains(table));
        let limits = !correlated && !(everything && !(negated && condenses_rows(select)));
        Outcome { limited: if limits { columns } else { 0 }, ..Outcome::default() }
    }

    /// EXISTS limits a relation whose columns it compares with those of its own.
    pub(super) fn exists(&self, select: &SelectStmt, negated: bool) -> Outcome {
        if select.op() != SetOperation::SetopNone || select.from_clause.is_empty() {
            return Outcome::default();
        }
        let within = self.within(select);
        if within.entries.len() > 64 {
            return Outcome::default();
        }
        let outer = (1_u64 << self.entries.len().min(63)) - 1;
        let with = select.with_clause.iter().flat_map(|with| each(&with.ctes));
        if within.counts()
            || with
                .into_iter()
                .any(|cte| matches!(cte, NodeEnum::CommonTableExpr(cte) if super::endless::counts_by_itself(cte)))
        {
            return Outcome::default();
        }
        let mut limited = if negated { 0 } else { within.found.closure() & outer };
        if within.found.never {
            return Outcome { never: !negated, ..Outcome::default() };
        }
        for link in within.found.links.iter().filter(|link| !link.same) {
            for (here, there) in [(link.one, link.two), (link.two, link.one)] {
                if here & outer != 0 && there & outer == 0 {
                    limited |= here;
                }
            }
        }
        Outcome { limited, ..Outcome::default() }
    }

    /// The conditions of an inner query over its own relations and ours.
    fn within(&self, select: &SelectStmt) -> Self {
        let mut entries = self.entries.clone();
        let outer = entries.len();
        for item in each(&select.from_clause) {
            self.enter(item, &mut entries);
        }
        let mut within = Self { entries, outer, found: Outcome::default(), ..self.clone() };
        for item in each(&select.from_clause) {
            within.join(item);
        }
        for condition in [inner(&select.where_clause), inner(&select.having_clause)].into_iter().flatten() {
            within.condition(condition);
        }
        within
    }

    fn enter(&self, item: &NodeEnum, entries: &mut Vec<Entry>) {
        match item {
            NodeEnum::RangeVar(relation) => {
                let alias = relation.alias.as_ref().map_or(&relation.relname, |alias| &alias.aliasname).clone();
                let cte =
                    self.ctes.iter().rev().find(|cte| relation.schemaname.is_empty() && cte.name == relation.relname);
                entries.push(match cte {
                    Some(cte) => Entry { alias, tables: Vec::new(), shape: cte.shape.clone() },
                    None => {
                        let tables = self.naming.relations(&relation.schemaname, &relation.relname, self.catalog);
                        let shape = Shape { whole: tables.iter().cloned().collect(), ..Shape::default() };
                        Entry { alias, tables, shape }
                    }
                });
            }
            NodeEnum::RangeSubselect(sub) => {
                let alias = sub.alias.as_ref().map(|alias| alias.aliasname.clone()).unwrap_or_default();
                let shape = match inner(&sub.subquery) {
                    Some(NodeEnum::SelectStmt(select)) => self.inner_shape(select).0,
                    _ => Shape::default(),
                };
                entries.push(Entry { alias, tables: Vec::new(), shape });
            }
            NodeEnum::JoinExpr(join) => {
                for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
                    self.enter(side, entries);
                }
            }
            NodeEnum::RangeFunction(function) => {
                let alias = function.alias.as_ref().map(|alias| alias.aliasname.clone()).unwrap_or_default();
                let everything = super::endless::makes_keys(&function.functions);
                let shape = Shape { bounded: true, everything, ..Shape::default() };
                entries.push(Entry { alias, tables: Vec::new(), shape });
            }
            NodeEnum::RangeTableSample(sample) => {
                if let Some(relation) = inner(&sample.relation) {
                    self.enter(relation, entries);
                }
            }
            _ => entries.push(Entry::default()),
        }
    }

    /// What an inner query passes on, and whether its value is one of the outer row's own.
    pub(super) fn inner_shape(&self, select: &SelectStmt) -> (Shape, bool) {
        if select.op() != SetOperation::SetopNone {
            let mut all = Shape::default();
            let mut correlated = false;
            for side in [&select.larg, &select.rarg].into_iter().flatten() {
                let (shape, own) = self.inner_shape(side);
                all.whole.extend(shape.whole);
                all.everything |= shape.everything;
                correlated |= own;
            }
            return (all, correlated);
        }
        let within = self.within(select);
        let mut correlated = false;
        let own = |entries: u64| entries != 0 && entries & !((1_u64 << within.outer.min(63)) - 1) == 0;
        let targets = each(&select.target_list).filter_map(|target| match target {
            NodeEnum::ResTarget(target) => inner(&target.val),
            _ => None,
        });
        let values = each(&select.values_lists).flat_map(|list| match list {
            NodeEnum::List(list) => each(&list.items).collect(),
            _ => Vec::new(),
        });
        for value in targets.chain(values) {
            match within.operand(value) {
                Operand::Column(column) => correlated |= own(column.entries),
                Operand::Constant(_) | Operand::Query(_) => {}
                Operand::Unknown => correlated |= select.from_clause.is_empty(),
            }
        }
        let limited = !self.repeat.in_loop() && self.takes_few(inner(&select.limit_count));
        let mut whole = if limited { BTreeSet::new() } else { within.unlimited() };
        let mut everything = !limited && (within.counts() || super::endless::counts_keys(select));
        for cte in select.with_clause.iter().flat_map(|with| each(&with.ctes)) {
            everything |= matches!(cte, NodeEnum::CommonTableExpr(cte) if super::endless::counts_by_itself(cte));
            if let NodeEnum::CommonTableExpr(cte) = cte
                && whole.iter().any(|name| name.name == cte.ctename)
                && let Some(NodeEnum::SelectStmt(select)) = inner(&cte.ctequery)
            {
                whole.extend(self.inner_shape(select).0.whole);
            }
        }
        (
            Shape { whole, bounded: limited, everything, ..Shape::default() },
            correlated || (within.found.links.iter().any(|l| l.same) && !limited && !within.unlimited().is_empty()),
        )
    }
}
