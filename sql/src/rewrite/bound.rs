//! Values in a text that belong to marked columns: what is compared with one, or written into one. They pass to the database as
//! they are, but nobody needs them in a record. Columns are told by their names alone, so what is found is more rather than
//! less; what reaches a marked column by another name (a view's, an alias') or through a subquery is not.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{
    lineage::Marks,
    node::{self, Node},
};

/// Values of marked columns, with the labels of their columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Numbers of parameters, from 1.
    pub parameters: BTreeMap<usize, String>,
    /// Literals: where each begins and ends in the text, without quotes.
    pub literals: BTreeMap<(usize, usize), String>,
}

impl Bound {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.literals.is_empty()
    }
}

/// What was found in a tree.
struct Found<'a> {
    marks: &'a Marks,
    parameters: BTreeMap<usize, String>,
    /// By the byte where each begins.
    literals: BTreeMap<usize, String>,
}

/// Adds the values of a statement of this text.
pub(super) fn collect(text: &str, tree: &Node, marks: &Marks, bound: &mut Bound) {
    let mut found = Found { marks, parameters: BTreeMap::new(), literals: BTreeMap::new() };
    tree.visit(&mut |node| {
        found.look(node);
        true
    });
    bound.parameters.extend(found.parameters);
    if found.literals.is_empty() {
        return;
    }
    let Ok(tokens) = node::tokens(text) else { return };
    for (at, label) in found.literals {
        let Some(token) = tokens.at(at).and_then(|number| tokens.0.get(number)) else { continue };
        let inside = content(text, &token.span);
        bound.literals.insert((inside.start, inside.end), label);
    }
}

impl Found<'_> {
    fn look(&mut self, node: &Node) {
        match node.kind {
            "AExpr" | "SubLink" | "FuncCall" | "CoalesceExpr" | "MinMaxExpr" => {
                if let Some(label) = self.named_in(node) {
                    self.take(node, &label);
                }
            }
            "ResTarget" => {
                if let (Some(label), Some(value)) = (self.label(node.text("name")), node.node("val")) {
                    self.take(value, &label);
                }
            }
            "InsertStmt" => self.insert(node),
            "MergeWhenClause" => {
                let values: Vec<&Node> = node.nodes("values").collect();
                self.by_place(&columns(node.nodes("target_list")), &values);
            }
            _ => {}
        }
    }

    fn insert(&mut self, node: &Node) {
        let Some(source) = node.node("select_stmt") else { return };
        let named = columns(node.nodes("cols"));
        if !named.is_empty() {
            return self.rows(&named, source);
        }
        let marks = self.marks;
        let table = node.node("relation").map_or("", |relation| relation.text("relname"));
        marks.columns_of(table).for_each(|columns| self.rows(&columns, source));
    }

    /// What an INSERT puts into these columns.
    fn rows(&mut self, columns: &[&str], source: &Node) {
        for row in source.nodes("values_lists") {
            self.by_place(columns, &row.nodes("items").collect::<Vec<_>>());
        }
        self.by_place(columns, &source.nodes("target_list").collect::<Vec<_>>());
    }

    fn by_place(&mut self, columns: &[&str], values: &[&Node]) {
        for (column, value) in columns.iter().zip(values) {
            if let Some(label) = self.label(column) {
                self.take(value, &label);
            }
        }
    }

    /// The label of a marked column that is named somewhere in an expression.
    fn named_in(&self, node: &Node) -> Option<String> {
        let mut label = None;
        node.visit(&mut |node| {
            if node.kind == "ColumnRef" && label.is_none() {
                label = node.texts("fields").last().and_then(|name| self.label(name));
            }
            label.is_none()
        });
        label
    }

    fn label(&self, column: &str) -> Option<String> {
        self.marks.label_of(column).map(str::to_owned)
    }

    fn take(&mut self, node: &Node, label: &str) {
        node.visit(&mut |node| {
            match node.kind {
                "ParamRef" => {
                    let number = usize::try_from(node.int("number")).unwrap_or_default();
                    self.parameters.entry(number).or_insert_with(|| label.to_owned());
                }
                "AConst" => {
                    let at = usize::try_from(node.at).ok().filter(|_| !node.flag("isnull"));
                    at.map(|at| self.literals.entry(at).or_insert_with(|| label.to_owned()));
                }
                _ => {}
            }
            // `varchar(11)` is no value.
            node.kind != "TypeName"
        });
    }
}

fn columns<'a>(targets: impl Iterator<Item = &'a Node>) -> Vec<&'a str> {
    targets.map(|target| target.text("name")).collect()
}

/// A token without its quotes: `'x'`, `E'x'`, `$tag$x$tag$`.
fn content(text: &str, span: &Range<usize>) -> Range<usize> {
    let token = text.get(span.clone()).unwrap_or_default();
    let (open, close) = match token.find(['\'', '$']) {
        Some(at) if token.get(at..).is_some_and(|rest| rest.starts_with('$')) => {
            let tag = token.get(at + 1..).and_then(|rest| rest.find('$')).map_or(0, |length| length + 2);
            (at + tag, tag)
        }
        Some(at) => (at + 1, 1),
        None => (0, 0),
    };
    let start = (span.start + open).min(span.end);
    start..span.end.saturating_sub(close).max(start)
}
