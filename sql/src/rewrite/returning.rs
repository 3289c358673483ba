//! RETURNING of a marked target: references to masked columns become their masks, `*` the list of all columns.

use super::{
    Refused, mask, parts,
    splice::{Change, Edits},
    walk::Walk,
    write::Target,
};
use crate::node::{self, Node, Value};

impl Walk<'_> {
    /// Masks what a statement returns of its target.
    pub(super) fn returning(&mut self, target: &Target<'_>, edits: &mut Edits) -> Result<(), Refused> {
        for item in target.returning.into_iter().flat_map(|returning| returning.nodes("exprs")) {
            let value = item.node("val").ok_or_else(|| Refused::because("RETURNING of nothing"))?;
            match (value.kind, parts(value)) {
                ("ColumnRef", (names, true)) => self.star(target, item, value, &names, edits)?,
                _ => self.masked_item(target, item, value, edits)?,
            }
        }
        Ok(())
    }

    fn star(
        &mut self,
        target: &Target<'_>,
        item: &Node,
        value: &Node,
        names: &[&str],
        edits: &mut Edits,
    ) -> Result<(), Refused> {
        match names {
            [] if target.beside => {
                return Err(Refused::because("RETURNING * of a masked relation beside others: name the columns"));
            }
            [] => {}
            [.., alias] if target.names.contains(alias) => {}
            _ => return Ok(()),
        }
        let prefix = names.iter().map(|name| format!("{}.", mask::quoted(name))).collect::<String>();
        let columns: Vec<String> = target
            .relation
            .columns
            .iter()
            .map(|column| {
                let reference = format!("{prefix}{}", mask::quoted(&column.name));
                match target.cover.masked.get(&column.name) {
                    Some(mark) => {
                        format!("{} AS {}", mask::expression(column, mark, &reference), mask::quoted(&column.name))
                    }
                    None => reference,
                }
            })
            .collect();
        let text = columns.join(", ");
        let list = node::statement(&format!("SELECT {text}")).map_err(|_| unmaskable())?;
        edits.tree("ResTarget", item.at, Change::Expand(list.nodes("target_list").cloned().collect()));
        edits.reference(value.at, text);
        target.cover.masked.keys().for_each(|column| self.report(&target.relation, &target.cover, column));
        Ok(())
    }

    fn masked_item(
        &mut self,
        target: &Target<'_>,
        item: &Node,
        value: &Node,
        edits: &mut Edits,
    ) -> Result<(), Refused> {
        let mut found = Vec::new();
        let mut hidden = false;
        value.visit(&mut |node| {
            if node.kind == "SubLink" {
                hidden |= target.is_read_by(node);
                return false;
            }
            if node.kind == "ColumnRef" && target.means(node) {
                found.push(node);
            }
            true
        });
        if hidden {
            return Err(Refused::because("a query inside of RETURNING reads masked columns"));
        }
        let last = found.last().map_or(-1, |node| node.at);
        for node in &found {
            let (names, _) = parts(node);
            let column = names.last().and_then(|name| target.relation.column(name));
            let known = column.and_then(|column| Some((column, target.cover.masked.get(&column.name)?)));
            let Some((column, mark)) = known else {
                return Err(Refused::because("RETURNING of a masked relation's row: name the columns"));
            };
            let reference = names.iter().map(|name| mask::quoted(name)).collect::<Vec<_>>().join(".");
            let mut text = format!("({})", mask::expression(column, mark, &reference));
            let select = node::statement(&format!("SELECT {text}")).map_err(|_| unmaskable())?;
            let new = select.nodes("target_list").next().and_then(|target| target.node("val"));
            edits.tree("ColumnRef", node.at, Change::Replace(new.cloned().ok_or_else(unmaskable)?));
            if std::ptr::eq(*node, value) && item.text("name").is_empty() && node.at == last {
                text = format!("{text} AS {}", mask::quoted(&column.name));
                edits.tree("ResTarget", item.at, Change::Field("name", Value::Text(column.name.clone())));
            }
            edits.reference(node.at, text);
            self.report(&target.relation, &target.cover, &column.name);
        }
        Ok(())
    }
}

fn unmaskable() -> Refused {
    Refused::because("what is returned cannot be masked in this form")
}
