//! COPY. Out of a marked table it becomes COPY of a query of masked columns; into one it passes.

use std::collections::BTreeSet;

use super::{
    Refused, mask,
    splice::{Change, Edits},
    walk::Walk,
    write::Target,
};
use crate::{
    catalog::Kind,
    lineage::{INSERT, Written},
    node::{self, Node},
};

impl<'a> Walk<'a> {
    pub(super) fn copy(&mut self, node: &'a Node) -> Result<(), Refused> {
        // The server's own files hold what is masked, and a program may ask for it.
        if node.flag("is_program") || !node.text("filename").is_empty() {
            return Err(Refused::because("COPY from or to the server's files and programs cannot be judged"));
        }
        if let Some(query) = node.node("query") {
            return self.data(query);
        }
        if let Some(condition) = node.node("where_clause") {
            self.expression(condition)?;
        }
        let Some(name) = node.node("relation") else { return Err(Refused::because("COPY of nothing")) };
        if node.flag("is_from") {
            self.runs_for(name, &Written { events: INSERT, sets: Some(BTreeSet::new()) })?;
        }
        let Some((relation, cover)) = self.marked(name)? else { return Ok(()) };
        if let Some(why) = &cover.closed {
            return Err(Refused::because(format!("{} is masked as a whole: {why}", relation.name)));
        }
        if node.flag("is_from") {
            self.targets.push(Target { relation, cover, names: Vec::new(), returning: None, beside: false });
        } else {
            self.copied = Some((node, (relation, cover)));
        }
        Ok(())
    }

    /// Masks what is copied out.
    pub(super) fn copied(&mut self, edits: &mut Edits) -> Result<(), Refused> {
        let Some((node, (relation, cover))) = self.copied.clone() else { return Ok(()) };
        let mut columns = node.texts("attlist");
        if columns.is_empty() {
            let stored = relation.columns.iter().filter(|column| column.generated.is_none());
            columns = stored.map(|column| column.name.as_str()).collect();
        }
        let masked: Vec<&&str> = columns.iter().filter(|column| cover.masked.contains_key(**column)).collect();
        if masked.is_empty() {
            return Ok(());
        }
        masked.iter().for_each(|column| self.report(&relation, &cover, column));
        if columns.iter().any(|column| relation.column(column).is_none()) {
            return Err(Refused::because("COPY of a column that does not exist"));
        }
        let list = mask::columns(&relation, &cover, Some(&columns), std::iter::empty());
        let only = if relation.kind == Kind::Table { "ONLY " } else { "" };
        let query = format!("SELECT {list} FROM {only}{}", mask::full_name(&relation));
        let tree = node::statement(&query).map_err(|_| Refused::because("COPY cannot be masked in this form"))?;
        let at = node.node("relation").map_or(-1, |name| name.at);
        edits.tree("RangeVar", at, Change::Copy(tree));
        edits.copied(at, format!("({query})"));
        Ok(())
    }
}
