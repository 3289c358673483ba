//! What a statement comes to that is run again and again. In a loop of PL/pgSQL a condition on the loop's variable limits no
//! more than the loop does, LIMIT only makes the bites smaller, and `WHERE CURRENT OF` goes through the whole cursor. Items of
//! FROM that stand for each row of another one are alike.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::{NodeEnum, protobuf::Node};
use serde_json::Value;

use super::{
    Walker,
    body::{constant_of, each_field},
    each,
    flow::names_of,
    inner,
    operand::Operand,
    scope::{Entry, Scope, Shape},
    variable::{Variables, words},
};
use crate::{facts::Name, tree::Tree};

/// Loops over so many numbers may go over every key of a relation.
pub(super) const MANY_KEYS: i32 = 10_000;

/// The loops around a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeat {
    depth: u32,
    /// Variables that take the rows of whole relations in turn.
    pub(super) variables: Vec<Entry>,
    /// What the body declares.
    pub(super) declared: Variables,
    /// What the cursors of the body pass on whole; `None` outside of a body, where each FETCH is a statement of its own.
    cursors: Option<BTreeSet<Name>>,
    /// Variables that have one value out of relations, with nothing to say which.
    pub(super) single: BTreeMap<String, BTreeSet<Name>>,
    /// Variables that are numbers as they are written, with the largest of them.
    pub(super) constants: BTreeMap<String, f64>,
    /// Variables that are this moment.
    pub(super) moments: BTreeSet<String>,
    /// Whether the body has a cursor whose query is known.
    known: bool,
}

impl Repeat {
    /// Whether there is a loop around.
    pub(super) fn in_loop(&self) -> bool {
        self.depth > 0
    }

    /// Whether a body of PL/pgSQL is around.
    pub(super) fn is_in_body(&self) -> bool {
        self.cursors.is_some()
    }

    /// Whether what a cursor goes through may be a whole relation.
    pub(super) fn cursor_is_whole(&self) -> bool {
        self.cursors.as_ref().is_some_and(|whole| !self.known || !whole.is_empty())
    }

    /// Makes the variables of the loops around known in a scope, after everything that it has itself.
    pub(super) fn enter(&self, scope: &mut Scope) {
        let own = scope.entries.len();
        for variable in &self.variables {
            let same = scope.entries.iter().position(|entry| !entry.alias.is_empty() && entry.alias == variable.alias);
            match same.and_then(|index| scope.entries.get_mut(index).filter(|_| index >= own)) {
                // It is filled in several places.
                Some(known) => {
                    known.shape.everything |= variable.shape.everything;
                    known.shape.whole.extend(variable.shape.whole.iter().cloned());
                }
                None if same.is_some() => scope.entries.push(Entry { alias: String::new(), ..variable.clone() }),
                None => scope.entries.push(variable.clone()),
            }
        }
    }
}

impl Walker<'_> {
    /// Finds out what the cursors of a body go through, and which variables they fill.
    pub(super) fn read_cursors(&mut self, body: &Value) {
        self.repeat.declared = Variables::of(body);
        self.read_gathered(body);
        let mut whole = BTreeSet::new();
        let (mut queries, mut targets, mut gathered) = (Vec::new(), Vec::new(), Vec::new());
        each_field(body, &mut |key, value| match key {
            "cursor_explicit_expr" => queries.push(query_of(value).to_owned()),
            "PLpgSQL_stmt_open" => {
                queries.extend(value.get("query").map(|query| query_of(query).to_owned()));
                queries.extend(value.get("dynquery").and_then(constant_of));
            }
            "PLpgSQL_stmt_fetch" => targets.extend(value.get("target").cloned()),
            "PLpgSQL_stmt_execsql" if value.get("into").is_some() => gathered.push(value.clone()),
            _ => {}
        });
        for statement in &gathered {
            let query = statement.get("sqlstmt").cloned().unwrap_or_default();
            if query_of(&query).to_lowercase().contains("array_agg") {
                let rows = shape_of(self.rows_of(query_of(&query)));
                self.repeat.variables.extend(statement.get("target").iter().flat_map(|target| filled(target, &rows)));
            }
        }
        self.repeat.known = !queries.is_empty();
        for query in &queries {
            whole.extend(self.rows_of(query));
        }
        if !whole.is_empty() {
            let shape = Shape { whole: whole.clone(), ..Shape::default() };
            self.repeat.variables.extend(targets.iter().flat_map(|target| filled(target, &shape)));
        }
        self.repeat.cursors = Some(whole);
        self.read_flow(body);
    }

    /// A loop: `statement` of this kind, and what is in it.
    pub(super) fn repeated(&mut self, kind: &str, statement: &Value) {
        let shape = match kind {
            "PLpgSQL_stmt_fors" => statement.get("query").map(|query| self.gone_through(query_of(query))),
            "PLpgSQL_stmt_dynfors" => {
                statement.get("query").and_then(constant_of).map(|query| self.gone_through(&query))
            }
            "PLpgSQL_stmt_forc" => self.repeat.cursors.clone().map(shape_of),
            "PLpgSQL_stmt_fori" => Some(self.counted(statement)),
            _ => None,
        };
        let goes_far = shape.filter(|shape| shape.everything || !shape.whole.is_empty());
        let before = self.repeat.variables.len();
        let far = goes_far.is_some() || matches!(kind, "PLpgSQL_stmt_loop" | "PLpgSQL_stmt_while");
        if let (Some(shape), Some(var)) = (goes_far, statement.get("var")) {
            self.repeat.variables.extend(filled(var, &shape));
        }
        match kind {
            "PLpgSQL_stmt_loop" | "PLpgSQL_stmt_while" => {
                let counters = self.repeat.declared.counters(statement);
                self.repeat.variables.extend(counters);
            }
            "PLpgSQL_stmt_foreach_a" => {
                let walked = self.walked(statement);
                self.repeat.variables.extend(walked);
            }
            _ => {}
        }
        self.repeat.depth += 1;
        self.carry(statement, far);
        self.code_node(statement);
        self.repeat.depth -= 1;
        self.repeat.variables.truncate(before);
    }

    /// What a loop over a query goes through.
    fn gone_through(&mut self, query: &str) -> Shape {
        let mut shape = self.mentioned(&query.to_lowercase());
        shape.whole.extend(self.rows_of(query));
        shape
    }

    /// What a loop over numbers goes through: the keys of a relation, if its largest one is the last.
    fn counted(&self, statement: &Value) -> Shape {
        let bounds = ["lower", "upper"].map(|bound| statement.get(bound).map(query_of).unwrap_or_default());
        let words = bounds.iter().flat_map(|text| words(text));
        let whole = words.filter_map(|word| self.repeat.single.get(&word.to_lowercase())).flatten().cloned().collect();
        Shape { everything: counts_far(statement), whole, ..Shape::default() }
    }

    /// What a query in a body passes on whole.
    fn rows_of(&mut self, query: &str) -> BTreeSet<Name> {
        let Ok(tree) = Tree::parse(query, self.session().dialect()) else { return BTreeSet::new() };
        let mut rows = BTreeSet::new();
        for parsed in &tree.statements {
            if let NodeEnum::SelectStmt(_) = &parsed.node {
                let shape = self.inner_query(Some(&parsed.node));
                // In a loop LIMIT only says how much at a time.
                if !shape.bounded || self.repeat.in_loop() {
                    rows.extend(shape.whole);
                }
            }
        }
        rows
    }

    /// `LATERAL (SELECT o.id)`, `unnest(ARRAY[o.id])`: made of the rows of others, they hold what those hold.
    pub(super) fn pass_through(&self, from: &[Node], scope: &mut Scope) {
        let whole: BTreeSet<Name> = scope.entries.iter().flat_map(|entry| entry.shape.whole.clone()).collect();
        let mut aliases = Vec::new();
        each(from).for_each(|item| self.lateral(item, scope, &mut aliases));
        for entry in scope.entries.iter_mut().skip(1).filter(|entry| entry.tables.is_empty()) {
            if aliases.contains(&entry.alias) {
                entry.shape.whole.extend(whole.iter().cloned());
            }
        }
    }

    fn lateral(&self, item: &NodeEnum, scope: &Scope, aliases: &mut Vec<String>) {
        let alias = |alias: &Option<pg_query::protobuf::Alias>| alias.as_ref().map(|alias| alias.aliasname.clone());
        match item {
            NodeEnum::JoinExpr(join) => {
                for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
                    self.lateral(side, scope, aliases);
                }
            }
            NodeEnum::RangeSubselect(sub) if sub.lateral => aliases.extend(alias(&sub.alias)),
            NodeEnum::RangeFunction(function) => {
                let conditions = self.conditions(scope);
                let own = |list: &NodeEnum| match list {
                    NodeEnum::List(list) => match each(&list.items).next() {
                        Some(NodeEnum::FuncCall(call)) => {
                            each(&call.args).any(|arg| !matches!(conditions.operand(arg), Operand::Constant(_)))
                        }
                        _ => false,
                    },
                    _ => false,
                };
                if each(&function.functions).any(own) {
                    aliases.extend(alias(&function.alias));
                }
            }
            _ => {}
        }
    }
}

/// The text of an expression.
pub(super) fn query_of(expression: &Value) -> &str {
    expression.pointer("/PLpgSQL_expr/query").and_then(Value::as_str).unwrap_or_default()
}

/// Of what comes through whole.
pub(super) fn shape_of(whole: BTreeSet<Name>) -> Shape {
    Shape { whole, ..Shape::default() }
}

/// A variable, as a relation of that name with one column: which of the two it is, a row or a value, its type says, and that is known
/// of records only.
pub(super) fn named(name: String, shape: Shape) -> Entry {
    Entry { alias: name.clone(), shape: Shape { columns: Some(vec![name]), ..shape }, ..Entry::default() }
}

/// The variables that a loop fills.
fn filled(target: &Value, shape: &Shape) -> Vec<Entry> {
    names_of(target).into_iter().map(|name| named(name, shape.clone())).collect()
}

/// A loop over so many numbers that they may be the keys of every row, or over as many as a query says.
fn counts_far(statement: &Value) -> bool {
    let bound = |name: &str| {
        let text = statement.pointer(&format!("/{name}/PLpgSQL_expr/query")).and_then(Value::as_str);
        text.unwrap_or_default().trim().to_lowercase()
    };
    let (lower, upper) = (bound("lower"), bound("upper"));
    match (lower.parse::<i64>(), upper.parse::<i64>()) {
        (Ok(lower), Ok(upper)) => upper.saturating_sub(lower).saturating_abs() > MANY_KEYS.into(),
        _ => lower.contains("select") || upper.contains("select"),
    }
}
