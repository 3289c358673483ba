//! Where the variables of a PL/pgSQL body have their values from: a query without a real condition, each other, the clock. One value
//! out of a whole relation, such as its largest key, tells its rows apart only where it is compared for equality; in a loop that takes
//! one after the other it does not even then.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::{NodeEnum, protobuf::SelectStmt};
use serde_json::Value;

use super::{
    Walker,
    body::{constant_of, each_field},
    each, inner,
    moment::is_now,
    operand::Operand,
    repeat::{named, query_of},
    scope::{Scope, Shape},
    shape::without_limit,
    variable::words,
};
use crate::{facts::Name, tree::Tree};

/// Rounds in which values are followed from variable to variable.
const ROUNDS: usize = 6;

/// What gives variables their values: `x := r.id`, `SELECT max(id) INTO x FROM t`.
struct Assignment {
    /// Names of the variables.
    to: Vec<String>,
    text: String,
    /// How PL/pgSQL has the text parsed: 0 is a statement, 2 an expression, others are assignments.
    mode: i64,
}

impl Assignment {
    /// The text to the right of the name that it is assigned to.
    fn value(&self) -> String {
        let text = self.text.to_lowercase();
        match self.mode {
            0 | 2 => text,
            _ => text.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default(),
        }
    }

    fn mentions(&self, names: &[String]) -> bool {
        words(&self.value()).any(|word| names.iter().any(|name| name == word))
    }
}

impl Walker<'_> {
    /// Finds the variables that have one value out of whole relations, and those that are this moment.
    pub(super) fn read_flow(&mut self, body: &Value) {
        let assignments = self.values_given(body);
        self.repeat.constants = constants(&assignments);
        for _ in 0..ROUNDS {
            let mut single = BTreeMap::<String, BTreeSet<Name>>::new();
            let mut moments = BTreeSet::new();
            for assignment in &assignments {
                let rows = self.taken(assignment);
                if !rows.is_empty() {
                    assignment.to.iter().for_each(|name| single.entry(name.clone()).or_default().extend(rows.clone()));
                }
                if self.takes_moment(assignment) {
                    moments.extend(assignment.to.iter().cloned());
                }
            }
            // Some time before this moment after all: `since := since - interval '30 days'`.
            for assignment in assignments.iter().filter(|assignment| assignment.mentions(&assignment.to)) {
                if !self.takes_moment(assignment) {
                    moments.retain(|name| !assignment.to.contains(name));
                }
            }
            let settled = single == self.repeat.single && moments == self.repeat.moments;
            (self.repeat.single, self.repeat.moments) = (single, moments);
            if settled {
                break;
            }
        }
    }

    /// In a loop, what is made of a variable that takes the rows of whole relations in turn takes them too. A loop that goes far takes
    /// one value after the other of what it asks for.
    pub(super) fn carry(&mut self, statement: &Value, far: bool) {
        let assignments = self.values_given(statement);
        for _ in 0..ROUNDS {
            let before = self.repeat.variables.len();
            for assignment in &assignments {
                let mut shape = self.mentioned(&assignment.value());
                if far {
                    shape.whole.extend(self.taken(assignment));
                }
                for name in &assignment.to {
                    let known = self.repeat.variables.iter().any(|entry| {
                        entry.is_called(name)
                            && entry.shape.everything >= shape.everything
                            && entry.shape.whole.is_superset(&shape.whole)
                    });
                    if !known {
                        self.repeat.variables.push(named(name.clone(), shape.clone()));
                    }
                }
            }
            if self.repeat.variables.len() == before {
                break;
            }
        }
    }

    /// What the variables that a text names go through.
    pub(super) fn mentioned(&self, text: &str) -> Shape {
        let mut shape = Shape::default();
        for word in words(text) {
            for entry in self.repeat.variables.iter().filter(|entry| entry.is_called(word)) {
                shape.everything |= entry.shape.everything;
                shape.whole.extend(entry.shape.whole.iter().cloned());
            }
        }
        shape
    }

    fn values_given(&self, node: &Value) -> Vec<Assignment> {
        let mut all = Vec::new();
        let text_of = |expression: Option<&Value>| expression.map(query_of).unwrap_or_default().to_owned();
        each_field(node, &mut |key, value| match key {
            "PLpgSQL_var" => {
                if let (Some(name), Some(first)) =
                    (value.get("refname").and_then(Value::as_str), value.get("default_val"))
                {
                    all.push(Assignment { to: vec![name.to_lowercase()], text: text_of(Some(first)), mode: 2 });
                }
            }
            "PLpgSQL_stmt_assign" => {
                if let Some(name) = self.repeat.declared.named_by(value) {
                    let mode = value.pointer("/expr/PLpgSQL_expr/parseMode").and_then(Value::as_i64).unwrap_or(2);
                    all.push(Assignment { to: vec![name], text: text_of(value.get("expr")), mode });
                }
            }
            "PLpgSQL_stmt_execsql" | "PLpgSQL_stmt_dynexecute" => {
                let Some(target) = value.get("target") else { return };
                let text = match value.get("query").map(constant_of) {
                    Some(constant) => constant.unwrap_or_default(),
                    None => text_of(value.get("sqlstmt")),
                };
                all.push(Assignment { to: names_of(target), text, mode: 0 });
            }
            _ => {}
        });
        all
    }

    fn tree_of(&self, assignment: &Assignment) -> Option<Tree> {
        match assignment.mode {
            0 => Tree::parse(&assignment.text, self.session().dialect()).ok(),
            2 => Tree::expression(&assignment.text).ok(),
            mode => Tree::assignment(&assignment.text, mode).ok(),
        }
    }

    /// The relations that the value is one of, with nothing to say which.
    fn taken(&self, assignment: &Assignment) -> BTreeSet<Name> {
        let tree = self.tree_of(assignment);
        let Some(select) = tree.as_ref().and_then(select_of) else { return BTreeSet::new() };
        let scope = Scope::default();
        let conditions = self.conditions(&scope);
        if !select.from_clause.is_empty() {
            return conditions.inner_shape(&without_limit(select)).0.whole;
        }
        let operands = values_of(select).map(|value| conditions.operand(value));
        operands.filter_map(|operand| if let Operand::Query(whole) = operand { Some(whole) } else { None }).fold(
            BTreeSet::new(),
            |mut all, whole| {
                all.extend(whole);
                all
            },
        )
    }

    fn takes_moment(&self, assignment: &Assignment) -> bool {
        let tree = self.tree_of(assignment);
        let select = tree.as_ref().and_then(select_of).filter(|select| select.from_clause.is_empty());
        select.is_some_and(|select| values_of(select).any(|value| is_now(value, &self.repeat.moments)))
    }
}

/// The variables of a target: a record, or each of several.
pub(super) fn names_of(target: &Value) -> Vec<String> {
    let mut names = Vec::new();
    each_field(target, &mut |key, value| {
        if let ("refname" | "name", Some(name)) = (key, value.as_str())
            && !name.starts_with('(')
        {
            names.push(name.split('.').next().unwrap_or(name).to_lowercase());
        }
    });
    names
}

/// The variables that only ever get numbers.
fn constants(assignments: &[Assignment]) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::<String, f64>::new();
    let mut others = BTreeSet::new();
    for assignment in assignments {
        let number = assignment.value().trim().parse::<f64>().ok().filter(|_| assignment.mode != 0);
        for name in &assignment.to {
            match number {
                Some(number) => {
                    let largest = numbers.entry(name.clone()).or_insert(number);
                    *largest = largest.max(number);
                }
                None => {
                    others.insert(name.clone());
                }
            }
        }
    }
    numbers.retain(|name, _| !others.contains(name));
    numbers
}

fn select_of(tree: &Tree) -> Option<&SelectStmt> {
    match &tree.statements.first()?.node {
        NodeEnum::PlassignStmt(assign) => assign.val.as_deref(),
        NodeEnum::SelectStmt(select) => Some(&**select),
        _ => None,
    }
}

fn values_of(select: &SelectStmt) -> impl Iterator<Item = &NodeEnum> {
    each(&select.target_list).filter_map(|target| match target {
        NodeEnum::ResTarget(target) => inner(&target.val),
        _ => None,
    })
}
