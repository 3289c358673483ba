//! Edits of the client's text. Each says which bytes to replace and what the tree is to become; after all of them the text
//! is parsed again and must be exactly that tree.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

use pg_query::protobuf::Token as Kind;

use super::Refused;
use crate::node::{self, Node, Statement, Tokens, Value};

/// What is to be changed in a text.
#[derive(Default)]
pub(super) struct Edits {
    /// By the byte where a name begins.
    texts: BTreeMap<i32, Text>,
    behind: BTreeMap<i32, String>,
    /// New trees by kind and place of the old ones.
    trees: HashMap<(&'static str, i32), Change>,
    /// Places of relations of which an EXPLAIN must not tell costs.
    plans: BTreeSet<i32>,
}

/// What becomes of a name in the text.
enum Text {
    /// A relation becomes this query, and its name its alias if it has none.
    Relation(String, Option<String>),
    /// A relation and its list of columns become this query.
    Copied(String),
    /// A reference becomes this.
    Reference(String),
    /// A constant becomes this.
    Constant(String),
}

/// What becomes of a node.
pub(super) enum Change {
    /// Another node stands in its place.
    Replace(Node),
    /// These nodes stand in its place in a list.
    Expand(Vec<Node>),
    /// One of its fields is another one.
    Field(&'static str, Value),
    /// The COPY of this relation is a COPY of this query.
    Copy(Node),
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The relation at this place becomes a query.
    pub(super) fn relation(&mut self, at: i32, query: String, alias: Option<String>) {
        self.texts.insert(at, Text::Relation(query, alias));
    }

    /// The relation at this place, and the list of columns behind it, become a query.
    pub(super) fn copied(&mut self, at: i32, query: String) {
        self.texts.insert(at, Text::Copied(query));
    }

    /// The reference at this place becomes this text.
    pub(super) fn reference(&mut self, at: i32, text: String) {
        self.texts.insert(at, Text::Reference(text));
    }

    /// The constant at this place becomes this text.
    pub(super) fn constant(&mut self, at: i32, text: String) {
        self.texts.insert(at, Text::Constant(text));
    }

    /// Behind the reference at this place comes this text.
    pub(super) fn behind(&mut self, at: i32, text: String) {
        self.behind.entry(at).or_default().push_str(&text);
    }

    /// The node of this kind at this place changes.
    pub(super) fn tree(&mut self, kind: &'static str, at: i32, change: Change) {
        self.trees.insert((kind, at), change);
    }

    /// The EXPLAIN that has the relation at this place tells no costs.
    pub(super) fn without_costs(&mut self, at: i32) {
        self.plans.insert(at);
    }

    /// The whole text after all edits.
    pub(super) fn apply(mut self, text: &str, statements: Vec<Statement>) -> Result<String, Refused> {
        let tokens = node::tokens(text).map_err(|_| mismatch())?;
        let mut pieces = Vec::with_capacity(self.texts.len());
        for (at, new) in std::mem::take(&mut self.texts) {
            pieces.push(piece(&tokens, at, new).ok_or_else(mismatch)?);
        }
        for (at, new) in std::mem::take(&mut self.behind) {
            let end = name(&tokens, at).ok_or_else(mismatch)?.end;
            pieces.push((end..end, new));
        }
        let plans = self.plans.iter().map(|at| plan(&tokens, *at).ok_or_else(mismatch));
        pieces.extend(plans.collect::<Result<BTreeMap<_, _>, _>>()?.into_values());
        pieces.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
        let mut edited = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for (bytes, new) in &pieces {
            edited.push_str(text.get(done..bytes.start).ok_or_else(mismatch)?);
            edited.push_str(new);
            done = bytes.end;
        }
        edited.push_str(text.get(done..).ok_or_else(mismatch)?);
        let meant: Vec<Node> = statements.into_iter().map(|statement| self.changed(statement.tree)).collect();
        let made = node::parse(&edited).map_err(|_| mismatch())?;
        let same = made.len() == meant.len() && made.iter().zip(&meant).all(|(made, meant)| made.tree == *meant);
        if same { Ok(edited) } else { Err(mismatch()) }
    }

    fn changed(&mut self, mut node: Node) -> Node {
        if node.kind == "CopyStmt" {
            let at = node.node("relation").map_or(-1, |name| name.at);
            if matches!(self.trees.get(&("RangeVar", at)), Some(Change::Copy(_)))
                && let Some(Change::Copy(query)) = self.trees.remove(&("RangeVar", at))
            {
                node.set("relation", Value::Null);
                node.set("attlist", Value::Null);
                node.set("query", Value::Node(Box::new(query)));
                return node;
            }
        }
        let tells = |inner: &Node| inner.kind == "RangeVar" && self.plans.contains(&inner.at);
        if node.kind == "ExplainStmt" && node.any(tells) {
            let mut options = node.list("options").to_vec();
            options.extend(costs_off().map(|option| Value::Node(Box::new(option))));
            node.set("options", Value::List(options));
        }
        node.fields_mut().for_each(|(_, tree)| self.change(tree));
        match self.trees.remove(&(node.kind, node.at)) {
            Some(Change::Replace(new)) => new,
            Some(Change::Field(field, tree)) => {
                node.set(field, tree);
                node
            }
            _ => node,
        }
    }

    fn change(&mut self, tree: &mut Value) {
        match tree {
            Value::Node(node) => {
                let inner = std::mem::replace(&mut **node, Node::new("Nothing"));
                **node = self.changed(inner);
            }
            Value::List(list) => {
                for mut tree in std::mem::take(list) {
                    match self.expansion(&tree) {
                        Some(nodes) => list.extend(nodes.into_iter().map(|node| Value::Node(Box::new(node)))),
                        None => {
                            self.change(&mut tree);
                            list.push(tree);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn expansion(&mut self, tree: &Value) -> Option<Vec<Node>> {
        let place = tree.node().map(|node| (node.kind, node.at))?;
        match self.trees.remove(&place)? {
            Change::Expand(nodes) => Some(nodes),
            other => {
                self.trees.insert(place, other);
                None
            }
        }
    }
}

/// The bytes of the dotted name that begins at this place.
fn name(tokens: &Tokens, at: i32) -> Option<Range<usize>> {
    let first = tokens.at(usize::try_from(at).ok()?)?;
    let last = tokens.0.get(tokens.name_end(first))?;
    Some(tokens.0.get(first)?.span.start..last.span.end)
}

fn piece(tokens: &Tokens, at: i32, new: Text) -> Option<(Range<usize>, String)> {
    let first = tokens.at(usize::try_from(at).ok()?)?;
    let last = tokens.name_end(first);
    match new {
        Text::Reference(text) => Some((name(tokens, at)?, text)),
        Text::Constant(text) => Some((tokens.0.get(first)?.span.clone(), text)),
        Text::Copied(query) => {
            let end = if tokens.kind(last + 1) == Some(Kind::Ascii40) { tokens.closing(last + 1)? } else { last };
            Some((tokens.0.get(first)?.span.start..tokens.0.get(end)?.span.end, query))
        }
        Text::Relation(query, alias) => {
            let (first, last) = around(tokens, first, last)?;
            let alias = alias.map_or(String::new(), |alias| format!(" AS {alias}"));
            let before = first.checked_sub(1);
            let table = before.filter(|before| tokens.kind(*before) == Some(Kind::Table));
            let (first, select) = table.map_or((first, ""), |table| (table, "SELECT * FROM "));
            let bytes = tokens.0.get(first)?.span.start..tokens.0.get(last)?.span.end;
            Some((bytes, format!("{select}{query}{alias}")))
        }
    }
}

/// Where the EXPLAIN of the statement that has this place says what it shows, and what it says then; by the place of its first token.
fn plan(tokens: &Tokens, at: i32) -> Option<(usize, (Range<usize>, String))> {
    let place = tokens.at(usize::try_from(at).ok()?)?;
    let before = (0..place).rev().find(|number| tokens.kind(*number) == Some(Kind::Ascii59));
    let first = before.map_or(0, |end| end + 1);
    if tokens.kind(first) != Some(Kind::Explain) {
        return None;
    }
    let span = |number: usize| tokens.0.get(number).map(|token| token.span.clone());
    let edit = match tokens.kind(first + 1)? {
        Kind::Ascii40 => {
            let end = span(tokens.closing(first + 1)?)?.start;
            (end..end, ", COSTS OFF".to_owned())
        }
        Kind::Verbose => (span(first + 1)?, "(VERBOSE, COSTS OFF)".to_owned()),
        _ => {
            let end = span(first)?.end;
            (end..end, " (COSTS OFF)".to_owned())
        }
    };
    Some((first, edit))
}

/// The option that [`plan`] adds.
fn costs_off() -> Option<Node> {
    node::statement("EXPLAIN (COSTS OFF) SELECT").ok()?.nodes("options").next().cloned()
}

/// A relation's name with what belongs to it: `ONLY name`, `ONLY (name)`, `name *`.
fn around(tokens: &Tokens, first: usize, last: usize) -> Option<(usize, usize)> {
    let kind = |number: Option<usize>| number.and_then(|number| tokens.kind(number));
    let before = first.checked_sub(1);
    if kind(before) == Some(Kind::Only) {
        return Some((before?, last));
    }
    if kind(before) == Some(Kind::Ascii40) && kind(first.checked_sub(2)) == Some(Kind::Only) {
        return (tokens.kind(last + 1) == Some(Kind::Ascii41)).then_some((first - 2, last + 1));
    }
    let star = tokens.kind(last + 1) == Some(Kind::Ascii42);
    Some((first, if star { last + 1 } else { last }))
}

fn mismatch() -> Refused {
    Refused::because("the statement cannot be masked in this form")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn masked(text: &str, query: &str, tree: &str) -> Result<String, Refused> {
        let statements = node::parse(text).unwrap();
        let at = i32::try_from(text.find("customers").unwrap()).unwrap();
        let mut edits = Edits::default();
        let meant = node::statement(&format!("SELECT FROM {tree} AS customers")).unwrap();
        let item = meant.nodes("from_clause").next().unwrap().clone();
        edits.relation(at, query.to_owned(), Some("customers".to_owned()));
        edits.tree("RangeVar", at, Change::Replace(item));
        edits.apply(text, statements)
    }

    #[test]
    fn a_text_that_is_not_read_again_as_what_was_meant_is_refused() {
        let (text, query) = ("SELECT email FROM customers", "(SELECT 'x' AS email FROM public.customers)");
        let made = masked(text, query, query).unwrap();
        assert!(made.contains("FROM (SELECT 'x' AS email FROM public.customers) AS customers"), "{made}");
        for other in
            ["(SELECT email FROM public.customers)", "(SELECT 'x' AS email FROM public.orders)", "(SELECT 'x' AS email"]
        {
            assert!(masked(text, other, query).is_err(), "{other}");
        }
        assert!(
            masked("SELECT email FROM customers; SELECT 1", "(SELECT 1); SELECT 2 FROM (SELECT 3)", query).is_err()
        );
    }
}
