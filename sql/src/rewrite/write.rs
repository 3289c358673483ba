//! INSERT, UPDATE, DELETE and MERGE. What they write passes as it is. Conditions and values that read masked columns of
//! the target, or of anything else, are refused: the number of rows, or the row itself, would tell them.

use std::{collections::BTreeSet, sync::Arc};

use super::{Refused, Resolved, parts, resolve, walk::Walk};
use crate::{
    catalog::Relation,
    lineage::{Cover, DELETE, INSERT, UPDATE, Written, is_system},
    node::{Node, Value},
};

/// A marked relation that is written.
pub(super) struct Target<'a> {
    pub(super) relation: Arc<Relation>,
    pub(super) cover: Arc<Cover>,
    /// Names by which the statement knows its rows.
    pub(super) names: Vec<&'a str>,
    pub(super) returning: Option<&'a Node>,
    /// Items beside the target that `RETURNING *` gives, too.
    pub(super) beside: bool,
}

impl<'a> Walk<'a> {
    /// A statement that changes rows, or a query, wherever either may stand.
    pub(super) fn data(&mut self, node: &'a Node) -> Result<(), Refused> {
        match node.kind {
            "SelectStmt" => self.query(node),
            "InsertStmt" => self.nested(node, |walk| walk.insert(node)),
            "UpdateStmt" | "DeleteStmt" => self.nested(node, |walk| walk.change(node)),
            "MergeStmt" => self.nested(node, |walk| walk.merge(node)),
            _ => Err(Refused::because("a statement inside of another that cannot be judged")),
        }
    }

    fn target(&mut self, node: &'a Node) -> Result<Option<Target<'a>>, Refused> {
        self.writes = true;
        let Some(name) = node.node("relation") else {
            return Err(Refused::because("a statement without a target"));
        };
        self.runs_for(name, &written(node))?;
        let Some((relation, cover)) = self.marked(name)? else { return Ok(None) };
        if let Some(why) = &cover.closed {
            return Err(Refused::because(format!("{} is masked as a whole: {why}", relation.name)));
        }
        let alias = name.node("alias").map_or_else(|| name.text("relname"), |alias| alias.text("aliasname"));
        let mut names = vec![alias, "old", "new"];
        let returning = node.node("returning_clause");
        let options = returning.map(|returning| returning.nodes("options").map(|option| option.text("value")));
        names.extend(options.into_iter().flatten());
        let beside = ["from_clause", "using_clause"].iter().any(|from| !node.list(from).is_empty());
        Ok(Some(Target { relation, cover, names, returning, beside: beside || node.kind == "MergeStmt" }))
    }

    /// Judges what runs when the relation of this name is written.
    pub(super) fn runs_for(&mut self, name: &'a Node, written: &Written) -> Result<(), Refused> {
        match resolve(self.marks, self.session, name) {
            Resolved::Relation(relation) => self.writes_to(&relation, written),
            // One of several: each may be it.
            Resolved::Unmarked => {
                let candidates = self.marks.catalog().named(name.text("relname")).iter();
                candidates.cloned().collect::<Vec<_>>().iter().try_for_each(|one| self.writes_to(one, written))
            }
            Resolved::Unknown | Resolved::Ambiguous => Ok(()),
        }
    }

    fn rest(&mut self, node: &'a Node, skip: &[&str]) -> Result<(), Refused> {
        let fields = node.fields().iter().filter(|(field, _)| !skip.contains(field));
        fields.map(|(_, tree)| tree).try_for_each(|tree| self.below(tree))
    }

    fn insert(&mut self, node: &'a Node) -> Result<(), Refused> {
        let target = self.target(node)?;
        self.rest(node, &["relation", "with_clause"])?;
        let Some(mut target) = target else { return Ok(()) };
        if let Some(conflict) = node.node("on_conflict_clause") {
            target.names.push("excluded");
            let infer = conflict.node("infer");
            let elements: Vec<&Node> = infer.into_iter().flat_map(|infer| infer.nodes("index_elems")).collect();
            let any = elements.is_empty() && target.has_unique();
            if any || elements.iter().any(|element| target.cover.masked.contains_key(element.text("name"))) {
                return Err(Refused::because("a conflict on a masked column would tell whether a value is there"));
            }
            for assignment in conflict.nodes("target_list") {
                if !is_own(assignment) {
                    target.check(assignment)?;
                }
            }
            let conditions =
                [conflict.get("where_clause"), infer.map_or(&Value::Null, |infer| infer.get("where_clause"))];
            conditions.iter().filter_map(|tree| tree.node()).try_for_each(|condition| target.check(condition))?;
            elements.iter().filter_map(|element| element.node("expr")).try_for_each(|expr| target.check(expr))?;
        }
        self.targets.push(target);
        Ok(())
    }

    fn change(&mut self, node: &'a Node) -> Result<(), Refused> {
        let target = self.target(node)?;
        for from in ["from_clause", "using_clause"] {
            node.nodes(from).try_for_each(|item| self.from(item, false))?;
        }
        self.rest(node, &["relation", "with_clause", "from_clause", "using_clause"])?;
        let Some(target) = target else { return Ok(()) };
        for clause in ["target_list", "from_clause", "using_clause"] {
            node.nodes(clause).try_for_each(|item| target.check(item))?;
        }
        node.node("where_clause").map_or(Ok(()), |condition| target.check(condition))?;
        self.targets.push(target);
        Ok(())
    }

    fn merge(&mut self, node: &'a Node) -> Result<(), Refused> {
        let target = self.target(node)?;
        if let Some(source) = node.node("source_relation") {
            self.from(source, false)?;
        }
        self.rest(node, &["relation", "with_clause", "source_relation"])?;
        let Some(target) = target else { return Ok(()) };
        node.node("join_condition").map_or(Ok(()), |condition| target.check(condition))?;
        node.nodes("merge_when_clauses").try_for_each(|clause| target.check(clause))?;
        self.targets.push(target);
        Ok(())
    }
}

/// What a statement does to its target.
fn written(node: &Node) -> Written {
    let sets =
        |targets: &mut dyn Iterator<Item = &Node>| targets.map(|target| target.text("name").to_owned()).collect();
    let conflict = node.node("on_conflict_clause");
    match node.kind {
        "InsertStmt" => {
            let updates = conflict.is_some_and(|conflict| !conflict.list("target_list").is_empty());
            let set = conflict.map(|conflict| sets(&mut conflict.nodes("target_list"))).unwrap_or_default();
            Written { events: INSERT | if updates { UPDATE } else { 0 }, sets: Some(set) }
        }
        "UpdateStmt" => Written { events: UPDATE, sets: Some(sets(&mut node.nodes("target_list"))) },
        "DeleteStmt" => Written { events: DELETE, sets: Some(BTreeSet::new()) },
        _ => Written { events: INSERT | UPDATE | DELETE, sets: None },
    }
}

/// `SET column = excluded.column`: the caller's own value.
fn is_own(assignment: &Node) -> bool {
    let value = assignment.node("val").filter(|value| value.kind == "ColumnRef").map(parts);
    value.is_some_and(|(parts, star)| parts == ["excluded", assignment.text("name")] && !star)
}

impl Target<'_> {
    /// Whether the server compares new rows with masked values of others.
    fn has_unique(&self) -> bool {
        let unique = &self.relation.unique;
        let masked = self.relation.columns.iter().filter(|column| self.cover.masked.contains_key(&column.name));
        unique.contains(&0) || masked.into_iter().any(|column| unique.contains(&column.number))
    }

    /// Refuses what reads masked columns of the target.
    pub(super) fn check(&self, node: &Node) -> Result<(), Refused> {
        if self.is_read_by(node) {
            let name = &self.relation.name;
            return Err(Refused::because(format!("what is written would depend on masked columns of {name}")));
        }
        Ok(())
    }

    /// Whether any name in it could be a masked column of the target.
    pub(super) fn is_read_by(&self, node: &Node) -> bool {
        node.any(|node| node.kind == "ColumnRef" && self.means(node))
    }

    /// Whether a reference could be a masked column of the target, or all of them.
    pub(super) fn means(&self, reference: &Node) -> bool {
        let masked = |name: &str| self.cover.masked.contains_key(name);
        let ours = |name: &str| self.names.contains(&name);
        match parts(reference) {
            (parts, true) => parts.last().is_some_and(|alias| ours(alias)),
            (parts, false) => match parts.as_slice() {
                [name] => masked(name) || ours(name),
                [.., alias, name] if ours(alias) => {
                    masked(name) || !(self.relation.column(name).is_some() || is_system(name))
                }
                _ => false,
            },
        }
    }
}
