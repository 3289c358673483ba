//! Statements that change definitions. Whatever could move a marked column under another name, tie it to something new,
//! or make the server compare its values, is refused.

use std::sync::Arc;

use super::{
    Refused, Resolved, Session, resolve,
    resolve::is_by_path,
    walk::{Marked, Walk},
};
use crate::{
    catalog::Relation,
    lineage::Cover,
    node::{Node, Value},
};

const FOREIGN_KEY: &str = "Constraint";
/// `AlterTableType`: AT_AddColumn.
const ADD_COLUMN: i64 = 1;
/// `ObjectType` of what may be renamed or moved: things without columns and without code.
const RENAMES: [i64; 7] = [RELATION_COLUMN, CONSTRAINT, INDEX, SEQUENCE, TABLE, TYPE, VIEW];
const RELATION_COLUMN: i64 = 7;
const CONSTRAINT: i64 = 41;
const INDEX: i64 = 21;
const SEQUENCE: i64 = 38;
const TABLE: i64 = 42;
const TYPE: i64 = 50;
const VIEW: i64 = 52;

impl<'a> Walk<'a> {
    pub(super) fn definition(&mut self, node: &'a Node) -> Result<(), Refused> {
        if node.kind != "DoStmt" {
            let effects = self.marks.defined().map_err(Refused::because)?;
            self.effects.add(&effects);
        }
        match node.kind {
            "CreateTableAsStmt" => {
                self.writes = true;
                self.make(node.node("into").and_then(|into| into.node("rel")))?;
                node.node("query").map_or(Ok(()), |query| self.statement(query))
            }
            "ViewStmt" => {
                self.writes = true;
                self.unmarked(node.node("view"), "replaced")?;
                self.make(node.node("view"))?;
                node.node("query").map_or(Ok(()), |query| self.statement(query))
            }
            "CreateStmt" => self.create(node),
            "CreateSeqStmt" => {
                self.make(node.node("sequence"))?;
                self.below(node.get("options"))
            }
            "CreateSchemaStmt" => node.nodes("schema_elts").try_for_each(|element| self.statement(element)),
            "AlterTableStmt" => self.alter(node),
            "RenameStmt" | "AlterObjectSchemaStmt" => self.rename(node),
            "IndexStmt" => self.index(node),
            "CreateTrigStmt" => {
                self.unmarked(node.node("relation"), "given a trigger")?;
                self.function(&node.texts("funcname"))?;
                self.expressions(node)
            }
            "CreateFunctionStmt" => self.create_function(node),
            "DoStmt" => self.anonymous(node),
            "DropStmt"
            | "CommentStmt"
            | "GrantStmt"
            | "GrantRoleStmt"
            | "CreateRoleStmt"
            | "AlterRoleStmt"
            | "DropRoleStmt"
            | "CreatedbStmt"
            | "DropdbStmt"
            | "AlterOwnerStmt"
            | "DropOwnedStmt"
            | "AlterSeqStmt"
            | "RefreshMatViewStmt"
            | "AlterDefaultPrivilegesStmt" => Ok(()),
            "CreateEnumStmt" | "CompositeTypeStmt" | "CreateRangeStmt" | "AlterEnumStmt" | "CreateDomainStmt"
            | "AlterDomainStmt" => self.expressions(node),
            kind => {
                Err(Refused::because(format!("{} is refused where columns are masked", kind.trim_end_matches("Stmt"))))
            }
        }
    }

    /// A relation of this name comes to be.
    pub(super) fn make(&mut self, name: Option<&'a Node>) -> Result<(), Refused> {
        let name = name.map_or("", |name| name.text("relname"));
        if self.marks.is_marked_name(name) {
            return Err(Refused::because(format!("{name} is the name of a masked relation")));
        }
        self.defines = true;
        self.made.push(name.to_owned());
        Ok(())
    }

    /// A relation that a definition names and what is masked in it, if it is marked.
    pub(super) fn named(&self, name: &Node) -> Option<Marked> {
        let resolved = match self.session.path_changed && is_by_path(self.marks, name) {
            true => Resolved::Ambiguous,
            false => resolve(self.marks, self.session, name),
        };
        match resolved {
            Resolved::Relation(relation) => {
                let cover = self.marks.cover(&relation);
                (!cover.is_empty()).then_some((relation, cover))
            }
            Resolved::Unmarked | Resolved::Unknown => None,
            Resolved::Ambiguous => {
                let closed = Some("which of several relations it is cannot be told".to_owned());
                Some((Arc::default(), Arc::new(Cover { closed, ..Cover::default() })))
            }
        }
    }

    fn unmarked(&self, name: Option<&Node>, done: &str) -> Result<(), Refused> {
        match name.filter(|name| self.named(name).is_some()) {
            Some(name) => Err(Refused::because(format!("{} is masked and must not be {done}", name.text("relname")))),
            None => Ok(()),
        }
    }

    /// Everything in a definition: no relation in it may be masked, except where a foreign key needs no masked column.
    fn parts(&mut self, node: &'a Node) -> Result<(), Refused> {
        let mut marked = Ok(());
        let mut references = Vec::new();
        node.visit(&mut |node| {
            if node.kind == FOREIGN_KEY && node.node("pktable").is_some() {
                references.push(node);
                return false;
            }
            if node.kind == "RangeVar" && marked.is_ok() {
                marked = self.unmarked(Some(node), "made part of something new");
            }
            node.kind != "TableLikeClause"
        });
        marked?;
        for reference in references {
            let Some((relation, cover)) = reference.node("pktable").and_then(|name| self.named(name)) else { continue };
            let mut columns = reference.texts("pk_attrs");
            if columns.is_empty() {
                let key = relation.columns.iter().filter(|column| relation.primary_key.contains(&column.number));
                columns = key.map(|column| column.name.as_str()).collect();
            }
            if cover.closed.is_some() || columns.iter().any(|column| cover.masked.contains_key(*column)) {
                return Err(Refused::because("a reference to masked columns would tell whether a value is there"));
            }
        }
        node.fields().iter().try_for_each(|(_, tree)| self.calls(tree))
    }

    /// Functions in a definition.
    fn calls(&mut self, tree: &'a Value) -> Result<(), Refused> {
        let mut calls = Vec::new();
        tree.visit(&mut |node| {
            if node.kind == "FuncCall" {
                calls.push(node);
            }
            true
        });
        calls.into_iter().try_for_each(|call| self.call(call))
    }

    fn create(&mut self, node: &'a Node) -> Result<(), Refused> {
        self.make(node.node("relation"))?;
        for field in ["inh_relations", "partbound", "table_elts", "constraints"] {
            node.nodes(field).try_for_each(|part| self.parts(part))?;
        }
        node.node("partbound").map_or(Ok(()), |bound| self.parts(bound))
    }

    fn alter(&mut self, node: &'a Node) -> Result<(), Refused> {
        let marked = node.node("relation").and_then(|name| self.named(name));
        for command in node.nodes("cmds") {
            if let Some((relation, cover)) = &marked {
                let added = command.int("subtype") == ADD_COLUMN && cover.closed.is_none();
                if !added || names_any(command, relation, cover) {
                    return Err(Refused::because("the definition of a masked relation must not be changed"));
                }
            }
            self.parts(command)?;
        }
        Ok(())
    }

    fn rename(&mut self, node: &'a Node) -> Result<(), Refused> {
        let kind = if node.kind == "RenameStmt" { node.int("rename_type") } else { node.int("object_type") };
        if !RENAMES.contains(&kind) {
            return Err(Refused::because("this must not be renamed or moved where columns are masked"));
        }
        self.unmarked(node.node("relation"), "renamed or moved")?;
        let new = node.text("newname");
        if self.marks.is_marked_name(new) {
            return Err(Refused::because(format!("{new} is the name of a masked relation")));
        }
        let moved = node.node("relation").map(|name| name.text("relname").to_owned());
        self.made.extend([new.to_owned()].into_iter().chain(moved).filter(|name| !name.is_empty()));
        Ok(())
    }

    fn index(&mut self, node: &'a Node) -> Result<(), Refused> {
        if let Some((relation, cover)) = node.node("relation").and_then(|name| self.named(name)) {
            let masked = |name: &str| cover.masked.contains_key(name);
            let named = ["index_params", "index_including_params"];
            let named = named.iter().flat_map(|list| node.nodes(list)).any(|element| masked(element.text("name")));
            if cover.closed.is_some() || named || names_any(node, &relation, &cover) {
                return Err(Refused::because("an index of masked columns would compare their values"));
            }
        }
        self.calls(node.get("index_params"))
    }

    fn function(&self, name: &[&str]) -> Result<(), Refused> {
        match self.marks.function(name) {
            crate::lineage::Safety::Unsafe(why) => Err(Refused::because(why)),
            _ => Ok(()),
        }
    }

    fn create_function(&mut self, node: &'a Node) -> Result<(), Refused> {
        let name = node.texts("funcname").last().copied().unwrap_or_default().to_owned();
        let trigger = node.node("return_type").is_some_and(|of| of.texts("names").last() == Some(&"trigger"));
        if trigger && !self.marks.catalog().functions_named(&name).is_empty() {
            return Err(Refused::because(format!("{name} may be what a masked relation's trigger runs")));
        }
        let judged = self.marks.body(&Session::default(), node, self.text);
        // What it does counts from when it is made: its calls are not followed until the catalog has it.
        self.effects.add(&judged.map_err(|why| Refused::because(format!("the new function {name} {why}")))?);
        self.made_functions.push(name);
        Ok(())
    }

    fn anonymous(&mut self, node: &'a Node) -> Result<(), Refused> {
        let argument = |name: &str| {
            let option = node.nodes("args").find(|option| option.text("defname") == name)?;
            Some(option.node("arg")?.text("sval"))
        };
        if argument("language").is_some_and(|language| language != "plpgsql") {
            return Err(Refused::because("the block is in a language that cannot be judged"));
        }
        let body = argument("as").unwrap_or_default();
        let judged = self.marks.block(body);
        self.effects.add(&judged.map_err(|why| Refused::because(format!("the block {why}")))?);
        Ok(())
    }
}

/// Whether an expression in it names a masked column, or the relation's whole row.
fn names_any(node: &Node, relation: &Relation, cover: &Cover) -> bool {
    let plain = |name: &&str| relation.column(name).is_some() && !cover.masked.contains_key(*name);
    // The column that is added may be named, too.
    let added = node.node("def").map(|column| column.text("colname"));
    let harmless = |name: &&str| plain(name) || (added == Some(*name) && relation.name != *name);
    node.any(|node| node.kind == "ColumnRef" && !node.texts("fields").last().is_some_and(harmless))
}
