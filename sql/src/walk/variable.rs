//! Variables of a PL/pgSQL body that stand for much: lists that a query gathered from a whole relation, and counters that go over every
//! key. A condition on one limits no more than the query or the loop does.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::{NodeEnum, protobuf::SubLinkType};
use serde_json::Value;

use super::{
    Walker,
    body::each_field,
    each, inner,
    repeat::{MANY_KEYS, named, query_of, shape_of},
    scope::{Entry, Shape},
};
use crate::{facts::Name, tree::Tree};

/// The variables of a body, by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    known: Vec<Variable>,
    /// Names of those that queries fill.
    filled: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Variable {
    name: String,
    whole_number: bool,
    /// What it is at first, as it is written.
    first: String,
}

impl Variables {
    /// Reads the declarations of a body.
    pub(super) fn of(body: &Value) -> Self {
        let mut variables = Self::default();
        each_field(body, &mut |key, value| match key {
            "datums" => {
                let known = value.as_array().into_iter().flatten().map(Variable::of);
                variables.known.extend(known);
            }
            "PLpgSQL_stmt_execsql" if value.get("into").is_some() => {
                each_field(value, &mut |key, value| {
                    if let ("name" | "refname", Some(name)) = (key, value.as_str()) {
                        variables.filled.insert(name.to_lowercase());
                    }
                });
            }
            _ => {}
        });
        variables
    }

    fn by_number(&self, statement: &Value) -> Option<&Variable> {
        let number = statement.get("varno").and_then(Value::as_u64)?;
        self.known.get(usize::try_from(number).ok()?)
    }

    /// The name of the variable that a statement assigns to.
    pub(super) fn named_by(&self, statement: &Value) -> Option<String> {
        self.by_number(statement).map(|variable| variable.name.clone()).filter(|name| !name.is_empty())
    }

    /// Counters of a loop that may go over every key.
    pub(super) fn counters(&self, statement: &Value) -> Vec<Entry> {
        let mut counters = BTreeMap::new();
        let mut conditions = Vec::new();
        each_field(statement, &mut |key, value| match key {
            "PLpgSQL_stmt_assign" => {
                if let Some(variable) = self.by_number(value).filter(|variable| variable.whole_number) {
                    let text = value.get("expr").map(query_of).unwrap_or_default().to_lowercase();
                    let made_of = text.split_once('=').map_or("", |(_, made_of)| made_of);
                    if words(made_of).any(|word| word == variable.name) {
                        counters.insert(variable.name.clone(), ());
                    }
                }
            }
            "cond" => conditions.push(query_of(value).to_lowercase()),
            _ => {}
        });
        let far = counters.into_keys().filter(|name| {
            let about: Vec<&String> = conditions.iter().filter(|text| words(text).any(|word| word == name)).collect();
            about.is_empty() || about.iter().all(|text| self.is_far(text, name))
        });
        let shape = || Shape { everything: true, ..Shape::default() };
        far.map(|name| named(name, shape())).collect()
    }

    /// Whether a counter may go far until this holds, or no more.
    fn is_far(&self, condition: &str, counter: &str) -> bool {
        words(condition).filter(|word| *word != counter).any(|word| {
            if let Ok(number) = word.parse::<i64>() {
                return number > MANY_KEYS.into();
            }
            let other = self.known.iter().find(|variable| variable.name == word);
            let first = other.map(|variable| variable.first.as_str()).unwrap_or_default();
            word == "select"
                || self.filled.contains(word)
                || words(first).any(|word| word == "select" || word.parse::<i64>().is_ok_and(|n| n > MANY_KEYS.into()))
        })
    }
}

impl Variable {
    fn of(datum: &Value) -> Self {
        let at = |path: &str| datum.pointer(path).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let kind = at("/PLpgSQL_var/datatype/PLpgSQL_type/typname");
        let whole_number = ["int2", "int4", "int8", "numeric", "int", "bigint", "integer", "smallint"];
        Self {
            name: at("/PLpgSQL_var/refname") + &at("/PLpgSQL_rec/refname"),
            whole_number: whole_number
                .iter()
                .any(|known| kind == *known || kind.strip_prefix("pg_catalog.") == Some(known)),
            first: at("/PLpgSQL_var/default_val/PLpgSQL_expr/query"),
        }
    }
}

impl Walker<'_> {
    /// Variables that take a whole relation at once: `ids := ARRAY(SELECT id FROM t)`, in a declaration or later, and those that
    /// others of them are walked by.
    pub(super) fn read_gathered(&mut self, body: &Value) {
        let mut made = Vec::new();
        each_field(body, &mut |key, value| match key {
            "PLpgSQL_var" => {
                let name = value.get("refname").and_then(Value::as_str).unwrap_or_default().to_lowercase();
                made.extend(value.get("default_val").map(|first| (name, query_of(first).to_owned(), None)));
            }
            "PLpgSQL_stmt_assign" => {
                let name = self.repeat.declared.by_number(value).map(|variable| variable.name.clone());
                let mode = value.pointer("/expr/PLpgSQL_expr/parseMode").and_then(Value::as_i64);
                let text = value.get("expr").map(query_of).unwrap_or_default().to_owned();
                made.extend(name.map(|name| (name, text, mode)));
            }
            _ => {}
        });
        let mentions = |text: &str| text.to_lowercase().contains("select");
        for (name, text, mode) in made.into_iter().filter(|(_, text, _)| mentions(text)) {
            let rows = self.gathered(&text, mode);
            if !rows.is_empty() {
                self.repeat.variables.push(named(name, shape_of(rows)));
            }
        }
    }

    /// What a loop over a list goes through.
    pub(super) fn walked(&mut self, statement: &Value) -> Option<Entry> {
        let list = statement.get("expr").map(query_of).unwrap_or_default().to_owned();
        let name = self.repeat.declared.named_by(statement)?;
        let mut shape = self.mentioned(&list.to_lowercase());
        shape.whole.extend(self.gathered(&list, None));
        (shape.everything || !shape.whole.is_empty()).then(|| named(name, shape))
    }

    /// The relations that an expression gathers whole.
    fn gathered(&mut self, text: &str, mode: Option<i64>) -> BTreeSet<Name> {
        let tree = match mode {
            None | Some(2) => Tree::expression(text),
            Some(mode) => Tree::assignment(text, mode),
        };
        let Ok(tree) = tree else { return BTreeSet::new() };
        let mut rows = BTreeSet::new();
        for parsed in &tree.statements {
            let select = match &parsed.node {
                NodeEnum::PlassignStmt(assign) => assign.val.as_deref(),
                NodeEnum::SelectStmt(select) => Some(&**select),
                _ => None,
            };
            for target in select.into_iter().flat_map(|select| each(&select.target_list)) {
                if let NodeEnum::ResTarget(target) = target {
                    self.gathers(inner(&target.val), &mut rows);
                }
            }
        }
        rows
    }

    fn gathers(&mut self, node: Option<&NodeEnum>, rows: &mut BTreeSet<Name>) {
        match node {
            Some(NodeEnum::SubLink(link)) => {
                let list = match link.sub_link_type() {
                    SubLinkType::ArraySublink => true,
                    SubLinkType::ExprSublink => inner(&link.subselect).is_some_and(is_collected),
                    _ => false,
                };
                if list {
                    let shape = self.inner_query(inner(&link.subselect));
                    rows.extend(if shape.bounded && !shape.whole.is_empty() { BTreeSet::new() } else { shape.whole });
                }
            }
            Some(NodeEnum::TypeCast(cast)) => self.gathers(inner(&cast.arg), rows),
            Some(NodeEnum::CoalesceExpr(of)) => each(&of.args).for_each(|arg| self.gathers(Some(arg), rows)),
            Some(NodeEnum::FuncCall(call)) => each(&call.args).for_each(|arg| self.gathers(Some(arg), rows)),
            Some(NodeEnum::AExpr(expr)) => {
                [inner(&expr.lexpr), inner(&expr.rexpr)].into_iter().for_each(|side| self.gathers(side, rows));
            }
            _ => {}
        }
    }
}

/// `SELECT array_agg(id) FROM t`
fn is_collected(query: &NodeEnum) -> bool {
    let NodeEnum::SelectStmt(select) = query else { return false };
    each(&select.target_list).any(|target| match target {
        NodeEnum::ResTarget(target) => match inner(&target.val) {
            Some(NodeEnum::FuncCall(call)) => {
                each(&call.funcname).last().and_then(super::text_of).is_some_and(|name| name.ends_with("_agg"))
            }
            _ => false,
        },
        _ => false,
    })
}

/// The words of a text, as far as letters, digits and underscores make them up.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}
