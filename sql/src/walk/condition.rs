//! Does a condition really limit? `WHERE true`, `1 = 1`, `id = id`, `x IS NULL OR x IS NOT NULL` and their like do not,
//! and what is not understood does not either.

use std::{cell::RefCell, collections::BTreeSet};

use pg_query::{
    NodeEnum,
    protobuf::{
        AExpr, AExprKind, BoolExpr, BoolExprType, BoolTestType, BooleanTest, JoinExpr, NullTest, NullTestType, SubLink,
        SubLinkType,
    },
};

use super::{
    alternative::are_alternatives,
    comparison::Comparison,
    each, inner,
    moment::lies_behind,
    operand::{Operand, as_bool, bit},
    operator::{flipped, opposite},
    outcome::{Link, Outcome},
    repeat::Repeat,
    scope::{Cte, Entry},
    shape::collect_aliases,
    text_of,
};
use crate::{
    Catalog,
    doubt::{Doubt, Literal, Place},
    facts::Name,
    naming::Naming,
};

/// What the conditions over some relations come to.
#[derive(Clone)]
pub(super) struct Conditions<'a> {
    pub(super) entries: Vec<Entry>,
    /// How many of the entries belong to the query around: an inner query's names go first.
    pub(super) outer: usize,
    pub(super) ctes: &'a [Cte],
    pub(super) naming: &'a Naming,
    pub(super) catalog: Option<&'a Catalog>,
    pub(super) repeat: &'a Repeat,
    pub(super) found: Outcome,
    /// Where parameters are noted whose values matter, if the statement's own are looked at.
    pub(super) doubts: Option<&'a RefCell<BTreeSet<Doubt>>>,
    /// All names that mean something besides columns of its own relations, if that is known: the variables of a block.
    pub(super) variables: Option<&'a BTreeSet<String>>,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(
        entries: &[Entry],
        ctes: &'a [Cte],
        naming: &'a Naming,
        catalog: Option<&'a Catalog>,
        repeat: &'a Repeat,
    ) -> Self {
        let found = Outcome::default();
        Self {
            entries: entries.to_vec(),
            outer: 0,
            ctes,
            naming,
            catalog,
            repeat,
            found,
            doubts: None,
            variables: None,
        }
    }

    /// The same, noting parameters whose values matter.
    pub(super) fn noting(self, doubts: Option<&'a RefCell<BTreeSet<Doubt>>>) -> Self {
        Self { doubts, ..self }
    }

    /// The same where every name but these must be a column of its own relations, or the statement cannot run.
    pub(super) fn beside(self, variables: Option<&'a BTreeSet<String>>) -> Self {
        Self { variables, ..self }
    }

    fn note(&self, parameter: usize, place: Place) {
        if let Some(doubts) = self.doubts {
            doubts.borrow_mut().insert(Doubt { parameter, place });
        }
    }

    /// What something computed is made of.
    pub(super) fn part(&self, node: &NodeEnum) -> Operand {
        match self.operand(node) {
            Operand::Constant(Literal::Given(parameter)) => {
                self.note(parameter, Place::Anywhere);
                Operand::Constant(Literal::Some)
            }
            other => other,
        }
    }

    /// Adds what must hold for every row.
    pub(super) fn condition(&mut self, node: &NodeEnum) {
        let outcome = self.judge(node, false);
        self.found.and(outcome);
    }

    /// Adds the conditions inside of an item of FROM, which must be called in order for all of them.
    pub(super) fn join(&mut self, item: &NodeEnum) {
        let NodeEnum::JoinExpr(join) = item else { return };
        // Where this item's entries stand, found by the aliases on either side.
        let (left, right) = (self.side(inner(&join.larg)), self.side(inner(&join.rarg)));
        for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
            self.join(side);
        }
        let mut outcome = inner(&join.quals).map(|quals| self.judge(quals, false)).unwrap_or_default();
        if join.is_natural || !join.using_clause.is_empty() {
            outcome.links.extend(self.pairs(left, right, join));
        }
        outcome.outer_join(join.jointype(), left, right);
        self.found.and(outcome);
    }

    /// Is the first entry, the target of a write, limited?
    pub(super) fn filters_first(&self) -> bool {
        let first = 1;
        let other_rows = |link: &Link| !link.same && (link.one == first || link.two == first);
        self.found.never
            || self.found.closure() & first != 0
            || self.found.duplicates(first)
            || self.found.links.iter().any(|link| {
                let other = if link.one == first { link.two } else { link.one };
                other_rows(link) && !self.passes_on_whole(other)
            })
    }

    /// Is every entry limited, or of a kind that needs no limit?
    pub(super) fn bounded(&self) -> bool {
        let mut found = self.found.clone();
        if found.never {
            return true;
        }
        let mut own = 0;
        for (index, entry) in self.entries.iter().enumerate().skip(self.outer) {
            own |= bit(index);
            if entry.shape.bounded {
                found.limited |= bit(index);
            }
        }
        self.entries.len() <= 64 && (found.limited & own == own || found.closure_with_free() & own == own)
    }

    /// The relations that come through whole.
    pub(super) fn unlimited(&self) -> BTreeSet<Name> {
        if self.found.never {
            return BTreeSet::new();
        }
        let limited = self.found.closure();
        let entries = self.entries.iter().enumerate().skip(self.outer);
        entries
            .filter(|(index, _)| limited & bit(*index) == 0)
            .flat_map(|(_, entry)| entry.shape.whole.clone())
            .collect()
    }

    /// Whether something comes through whole that holds numbers without end.
    pub(super) fn counts(&self) -> bool {
        let limited = self.found.closure();
        let mut entries = self.entries.iter().enumerate().skip(self.outer);
        !self.found.never && entries.any(|(index, entry)| limited & bit(index) == 0 && entry.shape.everything)
    }

    /// The same, of those that do not only count and sum.
    pub(super) fn open(&self) -> BTreeSet<Name> {
        let mut own = self.clone();
        own.entries.iter_mut().filter(|entry| entry.shape.reported).for_each(|entry| entry.shape.whole.clear());
        own.unlimited()
    }

    /// Does this entry hold every row of the first entry's relation?
    fn passes_on_whole(&self, mask: u64) -> bool {
        let Some(first) = self.entries.first() else { return true };
        let entries = self.entries.iter().enumerate().filter(|(index, _)| bit(*index) & mask != 0);
        let limited = self.found.closure();
        entries.filter(|(index, _)| limited & bit(*index) == 0).any(|(_, entry)| {
            let whole = entry.shape.everything || first.tables.iter().any(|t| entry.shape.whole.contains(t));
            entry.tables.is_empty() && whole
        })
    }

    fn side(&self, item: Option<&NodeEnum>) -> u64 {
        let mut mask = 0;
        let mut aliases = Vec::new();
        collect_aliases(item, &mut aliases);
        for (index, entry) in self.entries.iter().enumerate() {
            if aliases.iter().any(|alias| *alias == entry.alias) {
                mask |= bit(index);
            }
        }
        mask
    }

    fn pairs(&self, left: u64, right: u64, join: &JoinExpr) -> Vec<Link> {
        let columns: Vec<&str> = each(&join.using_clause).filter_map(text_of).collect();
        let mut links = Vec::new();
        for (i, one) in self.entries.iter().enumerate().filter(|(i, _)| bit(*i) & left != 0) {
            for (j, two) in self.entries.iter().enumerate().filter(|(j, _)| bit(*j) & right != 0) {
                if columns.iter().all(|c| one.has(c) && two.has(c)) {
                    let same = !one.tables.is_empty() && one.tables == two.tables;
                    links.push(Link { one: bit(i), two: bit(j), same, apart: false, forth: true, back: true });
                }
            }
        }
        links
    }

    fn judge(&self, node: &NodeEnum, negated: bool) -> Outcome {
        if self.entries.len() > 64 {
            return Outcome::default();
        }
        match node {
            NodeEnum::BoolExpr(expr) => self.logic(expr, negated),
            NodeEnum::AExpr(expr) => self.comparison(expr, negated),
            NodeEnum::NullTest(test) => self.null_test(test, negated),
            NodeEnum::BooleanTest(test) => self.boolean_test(test, negated),
            NodeEnum::SubLink(link) => self.sublink(link, negated),
            NodeEnum::CurrentOfExpr(_) => {
                Outcome { limited: if self.repeat.cursor_is_whole() { 0 } else { u64::MAX }, ..Outcome::default() }
            }
            NodeEnum::FuncCall(call) => {
                let name = each(&call.funcname).next_back().and_then(text_of).unwrap_or_default();
                match (name, call.args.as_slice()) {
                    ("starts_with", [text, prefix]) => {
                        self.compared("^@", text.node.as_ref(), prefix.node.as_ref(), negated)
                    }
                    _ => Outcome::default(),
                }
            }
            other => match self.operand(other) {
                Operand::Constant(Literal::Bool(value)) => Outcome { never: value == negated, ..Outcome::default() },
                Operand::Constant(Literal::Null) => Outcome { never: true, ..Outcome::default() },
                Operand::Constant(Literal::Text(text)) => {
                    Outcome { never: as_bool(&text).is_some_and(|value| value == negated), ..Outcome::default() }
                }
                Operand::Constant(Literal::Given(parameter)) => {
                    self.note(parameter, Place::Anywhere);
                    Outcome::default()
                }
                Operand::Column(column) => self.atom(Comparison::new(&column, "=", Literal::Bool(!negated))),
                _ => Outcome::default(),
            },
        }
    }

    fn logic(&self, expr: &BoolExpr, negated: bool) -> Outcome {
        let parts = each(&expr.args);
        match (expr.boolop(), negated) {
            (BoolExprType::NotExpr, _) => parts.map(|part| self.judge(part, !negated)).next().unwrap_or_default(),
            (BoolExprType::AndExpr, false) | (BoolExprType::OrExpr, true) => {
                let mut all = Outcome::default();
                for part in parts {
                    all.and(self.judge(part, negated));
                }
                all
            }
            (BoolExprType::OrExpr, false) | (BoolExprType::AndExpr, true) if are_alternatives(&expr.args) => {
                Outcome::default()
            }
            (BoolExprType::OrExpr, false) | (BoolExprType::AndExpr, true) => {
                Outcome::any(parts.map(|part| self.judge(part, negated)).collect())
            }
            _ => Outcome::default(),
        }
    }

    fn comparison(&self, expr: &AExpr, negated: bool) -> Outcome {
        let mut names = each(&expr.name).filter_map(text_of);
        let operator = match (names.next(), names.next()) {
            (Some(operator), None) | (Some("pg_catalog"), Some(operator)) => operator,
            _ => return Outcome::default(),
        };
        let (left, right) = (inner(&expr.lexpr), inner(&expr.rexpr));
        match expr.kind() {
            AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => {
                let similar = expr.kind() == AExprKind::AexprSimilar;
                let operator = if similar && operator == "~" { "similar" } else { operator };
                self.compared(operator, left, right, negated)
            }
            AExprKind::AexprIn => {
                let negated = negated != (operator == "<>");
                self.in_list(left, right, negated)
            }
            AExprKind::AexprOpAny => {
                if operator == "=" {
                    self.in_list(left, right, negated)
                } else {
                    Outcome::default()
                }
            }
            AExprKind::AexprOpAll => {
                // `NOT (x <> ALL (...))` is IN; by itself it leaves nearly every row in, as `x <> 5` does.
                if operator == "<>" && negated { self.in_list(left, right, false) } else { Outcome::default() }
            }
            AExprKind::AexprDistinct => self.distinct(left, right, !negated),
            AExprKind::AexprNotDistinct => self.distinct(left, right, negated),
            AExprKind::AexprBetween | AExprKind::AexprBetweenSym => self.between(left, right, negated),
            AExprKind::AexprNotBetween | AExprKind::AexprNotBetweenSym => self.between(left, right, !negated),
            _ => Outcome::default(),
        }
    }

    fn compared(&self, operator: &str, left: Option<&NodeEnum>, right: Option<&NodeEnum>, negated: bool) -> Outcome {
        let (Some(left), Some(right)) = (left, right) else { return Outcome::default() };
        if let (NodeEnum::RowExpr(one), NodeEnum::RowExpr(two)) = (left, right) {
            if negated || operator != "=" {
                return Outcome::default();
            }
            let mut all = Outcome::default();
            for (one, two) in each(&one.args).zip(each(&two.args)) {
                all.and(self.compared("=", Some(one), Some(two), false));
            }
            return all;
        }
        if lies_behind(operator, left, right, &self.repeat.moments) {
            return Outcome::default();
        }
        self.operands(operator, self.operand(left), self.operand(right), negated)
    }

    /// IS DISTINCT FROM, or where it is not: NULL is a value like others.
    fn distinct(&self, left: Option<&NodeEnum>, right: Option<&NodeEnum>, differ: bool) -> Outcome {
        let (Some(one), Some(two)) = (left, right) else { return Outcome::default() };
        let (null, other) = match (self.operand(one), self.operand(two)) {
            (Operand::Constant(Literal::Null), other) | (other, Operand::Constant(Literal::Null)) => (true, other),
            (_, other) => (false, other),
        };
        match other {
            Operand::Column(column) if null && column.plain && !self.entries.iter().any(|e| column.is_row(e)) => {
                let operator = if differ { "not null" } else { "null" };
                self.atom(Comparison::new(&column, operator, Literal::Null))
            }
            Operand::Constant(Literal::Null) if null => Outcome { never: differ, ..Outcome::default() },
            Operand::Constant(literal) if null && literal.is_known() => {
                Outcome { never: !differ, ..Outcome::default() }
            }
            _ if null => Outcome::default(),
            _ => self.compared(if differ { "<>" } else { "=" }, left, right, false),
        }
    }

    fn operands(&self, operator: &str, left: Operand, right: Operand, negated: bool) -> Outcome {
        let Some(operator) = (if negated { opposite(operator) } else { Some(operator) }) else {
            return Outcome::default();
        };
        match (left, right) {
            (Operand::Constant(one), Operand::Constant(two)) => {
                for literal in [&one, &two] {
                    if let Literal::Given(parameter) = literal {
                        self.note(*parameter, Place::Anywhere);
                    }
                }
                Outcome { never: one.compare(operator, &two) == Some(false), ..Outcome::default() }
            }
            (Operand::Column(column), Operand::Constant(value)) => self.atom(Comparison::new(&column, operator, value)),
            (Operand::Constant(value), Operand::Column(column)) => match flipped(operator) {
                Some(operator) => self.atom(Comparison::new(&column, operator, value)),
                None => Outcome::default(),
            },
            (Operand::Column(column), Operand::Query(whole)) | (Operand::Query(whole), Operand::Column(column)) => {
                let own = self.tables(column.entries).iter().any(|table| whole.contains(table));
                let limits = operator == "=" || !own;
                Outcome { limited: if limits { column.only() } else { 0 }, ..Outcome::default() }
            }
            (Operand::Column(one), Operand::Column(two)) => self.two_columns(operator, &one, &two),
            _ => Outcome::default(),
        }
    }

    fn two_columns(&self, operator: &str, one: &super::operand::Column, two: &super::operand::Column) -> Outcome {
        if one.only() == 0 || two.only() == 0 {
            return Outcome::default();
        }
        if one.entries == two.entries {
            let tidied = operator == "<>" && (one.is_tidied(two) || two.is_tidied(one));
            let apart = tidied || one.names.is_disjoint(&two.names);
            return Outcome { limited: if apart { one.entries } else { 0 }, ..Outcome::default() };
        }
        if !matches!(operator, "=" | "<" | ">" | "<=" | ">=" | "<>") {
            return Outcome::default();
        }
        let tables = self.tables(one.entries);
        let same_relation = !tables.is_empty() && tables == self.tables(two.entries);
        let same = same_relation && (operator != "=" || one.names == two.names);
        let equal = operator == "=";
        let apart = same && matches!(operator, "<" | ">" | "<>");
        let link = Link { one: one.entries, two: two.entries, same, apart, forth: equal, back: equal };
        Outcome { links: vec![link], ..Outcome::default() }
    }

    pub(super) fn tables(&self, mask: u64) -> Vec<Name> {
        let entries = self.entries.iter().enumerate().filter(|(index, _)| bit(*index) & mask != 0);
        entries.flat_map(|(_, entry)| entry.tables.clone()).collect()
    }

    fn in_list(&self, left: Option<&NodeEnum>, right: Option<&NodeEnum>, negated: bool) -> Outcome {
        let (Some(left), Some(right)) = (left, right) else { return Outcome::default() };
        let items: Vec<&NodeEnum> = match right {
            NodeEnum::List(list) => each(&list.items).collect(),
            NodeEnum::AArrayExpr(array) => each(&array.elements).collect(),
            NodeEnum::TypeCast(cast) if matches!(inner(&cast.arg), Some(NodeEnum::AArrayExpr(_))) => {
                return self.in_list(Some(left), inner(&cast.arg), negated);
            }
            other => return self.operands("=", self.operand(left), self.operand(other), negated),
        };
        let operator = "=";
        if let NodeEnum::RowExpr(_) = left {
            return Outcome::any(
                items.iter().map(|item| self.compared("=", Some(left), Some(item), negated)).collect(),
            );
        }
        let column = self.operand(left);
        let outcomes =
            items.into_iter().map(|item| self.operands(operator, column.clone(), self.operand(item), negated));
        if negated {
            let mut all = Outcome::default();
            for outcome in outcomes {
                all.and(outcome);
            }
            all
        } else {
            Outcome::any(outcomes.collect())
        }
    }

    fn between(&self, left: Option<&NodeEnum>, right: Option<&NodeEnum>, negated: bool) -> Outcome {
        let (Some(left), Some(NodeEnum::List(list))) = (left, right) else { return Outcome::default() };
        let mut bounds = each(&list.items);
        let (Some(low), Some(high)) = (bounds.next(), bounds.next()) else { return Outcome::default() };
        let column = self.operand(left);
        // BETWEEN SYMMETRIC takes its ends in either order.
        let falls = matches!(
            (self.operand(low), self.operand(high)),
            (Operand::Constant(one), Operand::Constant(two)) if one.order(&two) == Some(std::cmp::Ordering::Greater)
        );
        let (low, high) = if falls { (high, low) } else { (low, high) };
        let mut low = self.operands(">=", column.clone(), self.operand(low), negated);
        let high = self.operands("<=", column, self.operand(high), negated);
        if negated {
            return Outcome::any(vec![low, high]);
        }
        low.and(high);
        low
    }

    fn null_test(&self, test: &NullTest, negated: bool) -> Outcome {
        let is_null = (test.nulltesttype() == NullTestType::IsNull) != negated;
        match inner(&test.arg).map(|arg| self.operand(arg)) {
            // A whole row is not NULL.
            Some(Operand::Column(column)) if self.entries.iter().any(|entry| column.is_row(entry)) => {
                Outcome::default()
            }
            Some(Operand::Column(column)) if column.plain => {
                self.atom(Comparison::new(&column, if is_null { "null" } else { "not null" }, Literal::Null))
            }
            Some(Operand::Constant(Literal::Null)) => Outcome { never: !is_null, ..Outcome::default() },
            Some(Operand::Constant(Literal::Given(parameter))) => {
                self.note(parameter, Place::Anywhere);
                Outcome::default()
            }
            Some(Operand::Constant(literal)) if literal.is_known() => Outcome { never: is_null, ..Outcome::default() },
            _ => Outcome::default(),
        }
    }

    fn boolean_test(&self, test: &BooleanTest, negated: bool) -> Outcome {
        let Some(arg) = inner(&test.arg) else { return Outcome::default() };
        match test.booltesttype() {
            BoolTestType::IsTrue => self.judge(arg, negated),
            BoolTestType::IsFalse if !negated => self.judge(arg, true),
            BoolTestType::IsNotTrue if !negated => self.judge(arg, true).loosely(),
            BoolTestType::IsNotFalse if !negated => self.judge(arg, false).loosely(),
            _ => Outcome::default(),
        }
    }

    fn sublink(&self, link: &SubLink, negated: bool) -> Outcome {
        let Some(NodeEnum::SelectStmt(select)) = inner(&link.subselect) else { return Outcome::default() };
        match link.sub_link_type() {
            SubLinkType::ExistsSublink => self.exists(select, negated),
            SubLinkType::AnySublink => {
                let operator = each(&link.oper_name).filter_map(text_of).next_back().unwrap_or("=");
                if operator == "=" { self.in_query(inner(&link.testexpr), select, negated) } else { Outcome::default() }
            }
            SubLinkType::AllSublink => {
                let operator = each(&link.oper_name).filter_map(text_of).next_back();
                if operator == Some("<>") {
                    self.in_query(inner(&link.testexpr), select, !negated)
                } else {
                    Outcome::default()
                }
            }
            _ => Outcome::default(),
        }
    }

    fn atom(&self, comparison: Comparison) -> Outcome {
        if comparison.value == Literal::Null && !matches!(comparison.operator, "null" | "not null") {
            // Comparing with NULL lets nothing through, except IS DISTINCT FROM, which lets everything.
            return Outcome { never: comparison.operator != "<>", ..Outcome::default() };
        }
        if let Literal::Given(parameter) = comparison.value
            && comparison.test().depends()
            && comparison.limits()
        {
            self.note(parameter, Place::Compared(comparison.test()));
        }
        let limited = if comparison.limits() { comparison.column.only() } else { 0 };
        Outcome { limited, atoms: vec![comparison], ..Outcome::default() }
    }
}
