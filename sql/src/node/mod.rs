//! A parse tree without types: every node of PostgreSQL's grammar with its kind and its fields, so that a rule such as
//! "any relation anywhere below" needs no list of the 270 kinds of node and cannot forget one. Places in the text are
//! kept beside, and two trees that differ only in them are equal.

mod build;
mod text;

pub(crate) use self::text::expression;
pub use self::text::{Broken, Statement, Token, Tokens, of_tree, parse, statement, tokens};

/// A value in a tree. What equals its default (0, false, "", nothing) is [`Value::Null`] or left out.
#[derive(Clone, Debug, PartialEq, Default)]
#[allow(missing_docs)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Node(Box<Node>),
}

/// A node: its kind as libpg_query's Rust names it (`SelectStmt`, `AExpr`), and its fields.
#[derive(Clone, Debug)]
pub struct Node {
    /// `SelectStmt`, `RangeVar`, ...
    pub kind: &'static str,
    /// Byte where it begins in the text; -1 if it is not known.
    pub at: i32,
    fields: Vec<(&'static str, Value)>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.fields == other.fields
    }
}

static NOTHING: Value = Value::Null;

impl Node {
    /// A node without fields, of no place.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, at: -1, fields: Vec::new() }
    }

    /// The field of this name.
    #[must_use]
    pub fn get(&self, field: &str) -> &Value {
        self.fields.iter().find(|(name, _)| *name == field).map_or(&NOTHING, |(_, tree)| tree)
    }

    /// The node in this field.
    #[must_use]
    pub fn node(&self, field: &str) -> Option<&Node> {
        self.get(field).node()
    }

    /// The list in this field; empty if there is none.
    #[must_use]
    pub fn list(&self, field: &str) -> &[Value] {
        self.get(field).list()
    }

    /// The nodes of the list in this field.
    pub fn nodes<'a>(&'a self, field: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
        self.list(field).iter().filter_map(Value::node)
    }

    /// The text in this field.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        match self.get(field) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// Whether this field is set.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        matches!(self.get(field), Value::Bool(true))
    }

    /// The number in this field; 0 if there is none.
    #[must_use]
    pub fn int(&self, field: &str) -> i64 {
        match self.get(field) {
            Value::Int(number) => *number,
            _ => 0,
        }
    }

    /// The texts of the `String` nodes in this list.
    #[must_use]
    pub fn texts(&self, field: &str) -> Vec<&str> {
        self.nodes(field).filter(|node| node.kind == "String").map(|node| node.text("sval")).collect()
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, Value)] {
        &self.fields
    }

    /// Sets a field, or takes it away.
    pub fn set(&mut self, field: &'static str, tree: Value) {
        self.fields.retain(|(name, _)| *name != field);
        if tree != Value::Null {
            let place = self.fields.partition_point(|(name, _)| *name < field);
            self.fields.insert(place, (field, tree));
        }
    }

    /// The trees of all fields, to change them.
    pub fn fields_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Value)> {
        self.fields.iter_mut().map(|(name, tree)| (*name, tree))
    }

    /// The tree of a field, to change it.
    pub fn get_mut(&mut self, field: &str) -> Option<&mut Value> {
        self.fields.iter_mut().find(|(name, _)| *name == field).map(|(_, tree)| tree)
    }

    /// Shows every node from this one down to `visit`, which says whether to go below it.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Node) -> bool) {
        if visit(self) {
            self.fields.iter().for_each(|(_, tree)| tree.visit(visit));
        }
    }

    /// Whether any node from this one down is so.
    pub fn any(&self, mut is: impl FnMut(&Node) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |node| {
            found = found || is(node);
            !found
        });
        found
    }
}

impl Value {
    /// The node, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<&Node> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The list; empty if it is none.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Shows every node below to `visit`, which says whether to go below it.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Node) -> bool) {
        match self {
            Self::Node(node) => node.visit(visit),
            Self::List(list) => list.iter().for_each(|tree| tree.visit(visit)),
            _ => {}
        }
    }
}
