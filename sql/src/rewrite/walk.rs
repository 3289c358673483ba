//! One walk over a statement: which relations it reads and writes where, which columns it names, which functions it
//! calls.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Masked, Refused, Resolved, Session,
    lookup::Place,
    parts, resolve,
    resolve::{is_by_path, is_mixed},
    write::Target,
};
use crate::{
    catalog::Relation,
    lineage::{Cover, Effects, Marks, Safety, Written},
    node::{Node, Value},
};

/// A relation and what is masked in it.
pub(super) type Marked = (Arc<Relation>, Arc<Cover>);

/// A marked relation that is read.
pub(super) struct Read<'a> {
    pub(super) item: &'a Node,
    pub(super) relation: Arc<Relation>,
    pub(super) cover: Arc<Cover>,
    pub(super) level: usize,
    /// It stands in a TABLESAMPLE clause.
    pub(super) sampled: bool,
    /// Its columns may have other names around it.
    pub(super) renamed: bool,
}

impl Read<'_> {
    /// The name under which the statement knows it.
    pub(super) fn alias(&self) -> &str {
        self.item.node("alias").map_or(&self.relation.name, |alias| alias.text("aliasname"))
    }
}

/// A name of a column.
pub(super) struct Reference<'a> {
    pub(super) node: &'a Node,
    pub(super) level: usize,
}

/// One query: what its FROM clause does to names.
#[derive(Default)]
pub(super) struct Level<'a> {
    pub(super) natural: bool,
    pub(super) using: Vec<&'a str>,
    pub(super) select: Option<&'a Node>,
}

/// What is found out on the way.
pub(super) struct Walk<'a> {
    pub(super) marks: &'a Marks,
    pub(super) session: &'a Session,
    /// The whole statement's text, where it is at hand.
    pub(super) text: &'a str,
    common: Vec<&'a str>,
    level: usize,
    pub(super) levels: Vec<Level<'a>>,
    pub(super) reads: Vec<Read<'a>>,
    pub(super) targets: Vec<Target<'a>>,
    pub(super) references: Vec<Reference<'a>>,
    pub(super) join_aliases: Vec<&'a str>,
    /// How many joins that give new names to their columns are around.
    renaming: usize,
    /// It names an unmarked relation that another search path would find in a schema where it is marked.
    pub(super) by_path: bool,
    /// It names one that the path that is in force decides about.
    pub(super) by_known_path: bool,
    /// Bare names, by where they stand, that are sent with their schema.
    pub(super) settled: Vec<(i32, Arc<Relation>)>,
    /// It stores or changes rows.
    pub(super) writes: bool,
    pub(super) defines: bool,
    pub(super) made: Vec<String>,
    pub(super) made_functions: Vec<String>,
    pub(super) path_changed: bool,
    /// It tells how many bytes the planner expects.
    pub(super) shows_costs: bool,
    /// It tells how many bytes it took.
    pub(super) shows_runs: bool,
    pub(super) masked: BTreeSet<Masked>,
    /// It is a COPY of this relation, which becomes a COPY of a query.
    pub(super) copied: Option<(&'a Node, Marked)>,
    /// It calls a function that is allowed by its source.
    pub(super) pinned: bool,
    /// The query whose rows go to the client, if the text is nothing else.
    pub(super) root: Option<&'a Node>,
    pub(super) tokens: Option<super::Tokens>,
    pub(super) lookup: Option<Place>,
    /// What code does that it runs.
    pub(super) effects: Effects,
}

impl<'a> Walk<'a> {
    pub(super) fn new(marks: &'a Marks, session: &'a Session) -> Self {
        Self {
            marks,
            session,
            text: "",
            common: Vec::new(),
            level: 0,
            levels: vec![Level::default()],
            reads: Vec::new(),
            targets: Vec::new(),
            references: Vec::new(),
            join_aliases: Vec::new(),
            renaming: 0,
            by_path: false,
            by_known_path: false,
            settled: Vec::new(),
            writes: false,
            defines: false,
            made: Vec::new(),
            made_functions: Vec::new(),
            path_changed: false,
            shows_costs: false,
            shows_runs: false,
            masked: BTreeSet::new(),
            copied: None,
            pinned: false,
            root: None,
            tokens: None,
            lookup: None,
            effects: Effects::default(),
        }
    }

    /// Judges what runs when a relation is written.
    pub(super) fn writes_to(&mut self, relation: &Relation, written: &Written) -> Result<(), Refused> {
        let effects = self.marks.written(relation, written).map_err(Refused::because)?;
        self.effects.add(&effects);
        Ok(())
    }

    /// Whether it reads or writes something marked.
    pub(super) fn touches(&self) -> bool {
        !self.reads.is_empty() || !self.targets.is_empty() || self.copied.is_some()
    }

    /// The relation of this name and what is masked in it, if it is marked.
    pub(super) fn marked(&mut self, name: &Node) -> Result<Option<Marked>, Refused> {
        match resolve(self.marks, self.session, name) {
            Resolved::Relation(relation) => {
                let cover = self.marks.cover(&relation);
                self.by_path |= is_mixed(self.marks, name, &cover);
                self.by_known_path |= is_by_path(self.marks, name);
                if self.session.path_changed && is_by_path(self.marks, name) {
                    self.settled.push((name.at, relation.clone()));
                }
                Ok((!cover.is_empty()).then_some((relation, cover)))
            }
            Resolved::Unmarked => Ok(None),
            Resolved::Unknown => Err(Refused::Unknown { kind: "relation", name: name.text("relname").to_owned() }),
            Resolved::Ambiguous => Err(Refused::because(format!(
                "{} is the name of several relations, and some of them are masked: name the schema",
                name.text("relname")
            ))),
        }
    }

    /// A query of its own level of names.
    pub(super) fn query(&mut self, node: &'a Node) -> Result<(), Refused> {
        let (common, level) = (self.common.len(), self.level);
        self.level = self.levels.len();
        self.levels.push(Level { select: Some(node), ..Level::default() });
        self.with(node)?;
        if let Some(into) = node.node("into_clause") {
            self.writes = true;
            self.make(into.node("rel"))?;
        }
        for item in node.nodes("from_clause") {
            self.from(item, false)?;
        }
        for (field, tree) in node.fields() {
            match (*field, tree.node()) {
                ("from_clause" | "with_clause" | "into_clause" | "locking_clause", _) => {}
                ("larg" | "rarg", Some(side)) => self.query(side)?,
                _ => self.below(tree)?,
            }
        }
        self.common.truncate(common);
        self.level = level;
        Ok(())
    }

    /// Common table expressions: each sees those before it, and all of them where they are recursive.
    pub(super) fn with(&mut self, node: &'a Node) -> Result<(), Refused> {
        let Some(with) = node.node("with_clause") else { return Ok(()) };
        let recursive = with.flag("recursive");
        if recursive {
            self.common.extend(with.nodes("ctes").map(|cte| cte.text("ctename")));
        }
        for cte in with.nodes("ctes") {
            if let Some(query) = cte.node("ctequery") {
                self.data(query)?;
            }
            for clause in ["search_clause", "cycle_clause"] {
                self.below(cte.get(clause))?;
            }
            if !recursive {
                self.common.push(cte.text("ctename"));
            }
        }
        Ok(())
    }

    /// Runs `inside` in a level of its own, with the common table expressions of `node`.
    pub(super) fn nested(
        &mut self,
        node: &'a Node,
        inside: impl FnOnce(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let (common, level) = (self.common.len(), self.level);
        self.level = self.levels.len();
        self.levels.push(Level::default());
        self.with(node)?;
        inside(self)?;
        self.common.truncate(common);
        self.level = level;
        Ok(())
    }

    /// An item of FROM.
    pub(super) fn from(&mut self, item: &'a Node, sampled: bool) -> Result<(), Refused> {
        match item.kind {
            "RangeVar" => self.read(item, sampled),
            "RangeTableSample" => {
                if let Some(relation) = item.node("relation") {
                    self.from(relation, true)?;
                }
                item.fields().iter().filter(|(field, _)| *field != "relation").try_for_each(|(_, t)| self.below(t))
            }
            "JoinExpr" => self.join(item),
            _ => self.expression(item),
        }
    }

    fn join(&mut self, item: &'a Node) -> Result<(), Refused> {
        let using = item.texts("using_clause");
        if let Some(level) = self.levels.get_mut(self.level) {
            level.natural |= item.flag("is_natural");
            level.using.extend(using);
        }
        for alias in ["alias", "join_using_alias"] {
            self.join_aliases.extend(item.node(alias).map(|alias| alias.text("aliasname")));
        }
        let renames = has_columns(item);
        self.renaming += usize::from(renames);
        for side in ["larg", "rarg"] {
            if let Some(side) = item.node(side) {
                self.from(side, false)?;
            }
        }
        self.renaming -= usize::from(renames);
        self.below(item.get("quals"))
    }

    fn read(&mut self, item: &'a Node, sampled: bool) -> Result<(), Refused> {
        let bare = item.text("schemaname").is_empty();
        if bare && self.common.contains(&item.text("relname")) {
            return Ok(());
        }
        if let Some((relation, cover)) = self.marked(item)? {
            if let Some(why) = &cover.closed {
                return Err(Refused::because(format!("{} is masked as a whole: {why}", relation.name)));
            }
            let renamed = self.renaming > 0 || has_columns(item);
            self.reads.push(Read { item, relation, cover, level: self.level, sampled, renamed });
        }
        Ok(())
    }

    /// All nodes of a tree, as expressions.
    pub(super) fn below(&mut self, tree: &'a Value) -> Result<(), Refused> {
        match tree {
            Value::Node(node) => self.expression(node),
            Value::List(list) => list.iter().try_for_each(|tree| self.below(tree)),
            _ => Ok(()),
        }
    }

    /// The fields of a node, as expressions.
    pub(super) fn expressions(&mut self, node: &'a Node) -> Result<(), Refused> {
        node.fields().iter().try_for_each(|(_, tree)| self.below(tree))
    }

    /// An expression, whatever is in it.
    pub(super) fn expression(&mut self, node: &'a Node) -> Result<(), Refused> {
        match node.kind {
            "ColumnRef" => {
                self.references.push(Reference { node, level: self.level });
                return self.attribute(node.texts("fields").get(1..).and_then(<[&str]>::last).copied());
            }
            "SelectStmt" => return self.query(node),
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => return self.data(node),
            "FuncCall" => self.call(node)?,
            "AExpr" => self.operator(node.texts("name").last().copied())?,
            "SubLink" => self.operator(node.texts("oper_name").last().copied())?,
            "SortBy" => self.operator(node.texts("use_op").last().copied())?,
            "AIndirection" => self.attribute(node.texts("indirection").last().copied())?,
            // A relation where none is expected.
            "RangeVar" => {
                if self.marked(node)?.is_some() {
                    return Err(Refused::because("a masked relation is used in a way that cannot be judged"));
                }
                return Ok(());
            }
            "TypeName" => {
                let name = node.texts("names").last().copied().unwrap_or_default();
                let effects = self.marks.cast_to_named(name).map_err(Refused::because)?;
                self.effects.add(&effects);
                return self.below(node.get("typmods"));
            }
            _ => {}
        }
        self.expressions(node)
    }

    /// `row.name` calls a function if the row has no such column.
    fn attribute(&mut self, name: Option<&str>) -> Result<(), Refused> {
        let Some(name) = name.filter(|name| !self.marks.catalog().functions_named(name).is_empty()) else {
            return Ok(());
        };
        self.pinned |= self.marks.may_be_allowed(name);
        match self.marks.function(&[name]) {
            Safety::Unsafe(why) => Err(Refused::because(why)),
            _ => {
                self.effects.add(&self.marks.effects(&[name]));
                Ok(())
            }
        }
    }

    fn operator(&mut self, symbol: Option<&str>) -> Result<(), Refused> {
        let symbol = symbol.unwrap_or_default();
        match self.marks.operator(symbol) {
            Safety::Safe => {
                self.effects.add(&self.marks.operator_effects(symbol));
                Ok(())
            }
            _ => Err(Refused::because("an operator of the database's own cannot be judged")),
        }
    }

    pub(super) fn call(&mut self, node: &'a Node) -> Result<(), Refused> {
        let name = node.texts("funcname");
        let bare = name.last().copied().unwrap_or_default();
        self.pinned |= self.marks.may_be_allowed(bare);
        let safety = self.marks.function(&name);
        self.effects.add(&self.marks.effects(&name));
        match safety {
            Safety::Safe if bare == "set_config" => self.set_config(node),
            Safety::Safe => Ok(()),
            // Also if the session made another of this name: which of them is called, arguments decide.
            Safety::Unsafe(why) => Err(Refused::because(why)),
            Safety::Unknown if self.session.made_functions.contains(bare) => Ok(()),
            // `column(row)` is another way to write `row.column`, and `type(value)` one to cast.
            Safety::Unknown if node.list("args").len() == 1 && self.is_column(bare) => Ok(()),
            Safety::Unknown => Err(Refused::Unknown { kind: "function", name: name.join(".") }),
        }
    }

    fn is_column(&self, name: &str) -> bool {
        self.marks.catalog().relations.values().any(|relation| relation.column(name).is_some())
    }

    /// The setting in `SELECT set_config(name, ...) FROM pg_settings WHERE name = '...'`, as dumps ask for it.
    fn looked_up(&self, call: &'a Node) -> Option<&'a str> {
        let is_name = |node: Option<&Node>| node.is_some_and(|node| parts(node) == (vec!["name"], false));
        let select = self.levels.get(self.level)?.select?;
        let mut from = select.nodes("from_clause");
        let (only, more) = (from.next()?, from.next());
        let test = select.node("where_clause").filter(|test| test.kind == "AExpr" && test.texts("name") == ["="])?;
        let plain = only.text("relname") == "pg_settings" && only.node("alias").is_none() && more.is_none();
        let ours = is_name(call.list("args").first().and_then(Value::node)) && is_name(test.node("lexpr"));
        let value = test.node("rexpr").filter(|value| value.kind == "AConst")?;
        (plain && ours).then(|| value.node("val").map(|value| value.text("sval"))).flatten()
    }

    fn set_config(&mut self, node: &'a Node) -> Result<(), Refused> {
        let constant = |number: usize| {
            let argument = node.list("args").get(number).and_then(Value::node)?;
            let value = argument.node("val").filter(|_| argument.kind == "AConst")?;
            Some(value.text("sval"))
        };
        match constant(0).or_else(|| self.looked_up(node)) {
            Some(name) => self.setting(name, constant(1)),
            None => Err(Refused::because("a setting is changed whose name cannot be told")),
        }
    }
}

/// Whether an item of FROM gives its columns names of its own.
fn has_columns(item: &Node) -> bool {
    item.node("alias").is_some_and(|alias| !alias.list("colnames").is_empty())
}
