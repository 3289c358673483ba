//! From what a walk found to the edits that mask it.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Masked, Refused,
    lookup::Place,
    mask, parts,
    splice::{Change, Edits},
    uses::Uses,
    walk::{Read, Walk},
};
use crate::{
    catalog::Relation,
    lineage::{Cover, Mark},
    node::{self, Node, Value},
};

impl Walk<'_> {
    /// Plans the edits of everything that uses masked columns.
    pub(super) fn finish(&mut self, edits: &mut Edits) -> Result<(), Refused> {
        for (at, relation) in &self.settled {
            edits.tree("RangeVar", *at, Change::Field("schemaname", Value::Text(relation.schema.clone())));
            edits.reference(*at, mask::full_name(relation));
        }
        let reads = std::mem::take(&mut self.reads);
        self.plan_lookup(&reads);
        let raw = self.plan_tokens(&reads);
        for (number, read) in reads.iter().enumerate() {
            let uses = self.uses(read);
            let test = self.lookup.as_ref().filter(|place| place.read == number).map(Place::test);
            if uses.masked.is_empty() && test.is_none() {
                continue;
            }
            if self.shows_runs {
                return Err(Refused::because(
                    "what a run takes would tell how long masked values are: use EXPLAIN without ANALYZE",
                ));
            }
            if self.shows_costs {
                edits.without_costs(read.item.at);
            }
            if self.writes || self.defines {
                let names = uses.masked.into_iter().collect::<Vec<_>>().join(", ");
                return Err(Refused::because(format!(
                    "masked columns of {} ({names}) would be stored elsewhere or decide what is written",
                    read.relation.name
                )));
            }
            self.mask(read, &uses, raw.get(number).unwrap_or(&BTreeSet::new()), test.as_deref(), edits)?;
        }
        self.reads = reads;
        let targets = std::mem::take(&mut self.targets);
        targets.iter().try_for_each(|target| self.returning(target, edits))?;
        self.targets = targets;
        self.copied(edits)
    }

    /// A masked column is used.
    pub(super) fn report(&mut self, relation: &Arc<Relation>, cover: &Cover, column: &str) {
        if let Some(mark) = cover.masked.get(column) {
            let transform = relation.column(column).map_or(mark.transform, |column| mask::really(column, mark));
            let column = format!("{}.{}.{column}", relation.schema, relation.name);
            self.masked.insert(Masked { column, mark: Mark { transform, ..mark.clone() } });
        }
    }

    fn mask(
        &mut self,
        read: &Read<'_>,
        uses: &Uses,
        raw: &BTreeSet<String>,
        test: Option<&str>,
        edits: &mut Edits,
    ) -> Result<(), Refused> {
        if read.sampled {
            return Err(Refused::because("a sample of a masked relation cannot be masked"));
        }
        if uses.whole && !uses.system.is_empty() {
            return Err(Refused::because(
                "system columns and all columns of a masked relation at once: name the columns",
            ));
        }
        let hidden = uses.masked.iter().filter(|column| !raw.contains(*column));
        hidden.for_each(|column| self.report(&read.relation, &read.cover, column));
        let mut cover = Cover::clone(&read.cover);
        for column in raw {
            if let Some(mark) = cover.masked.remove(column) {
                let column = format!("{}.{}.{column}", read.relation.schema, read.relation.name);
                self.masked.insert(Masked { column, mark });
            }
        }
        let list = mask::columns(&read.relation, &cover, None, uses.system.iter());
        let only = if read.item.flag("inh") { "" } else { "ONLY " };
        if test.is_some() {
            self.look_up(edits)?;
        }
        let test = test.map(|test| format!(" WHERE {test}")).unwrap_or_default();
        let query = format!("(SELECT {list} FROM {only}{}{test})", mask::full_name(&read.relation));
        let name = mask::quoted(&read.relation.name);
        let from = node::statement(&format!("SELECT FROM {query} AS {name}")).map_err(|_| unmaskable())?;
        let mut item = from.nodes("from_clause").next().cloned().ok_or_else(unmaskable)?;
        let alias = read.item.get("alias");
        if *alias != Value::Null {
            item.set("alias", alias.clone());
        }
        edits.tree("RangeVar", read.item.at, Change::Replace(item));
        edits.relation(read.item.at, query, (*alias == Value::Null).then_some(name));
        self.unqualify(read, edits);
        self.regroup(read, edits)
    }

    /// `schema.relation.column` no longer means anything: it becomes `relation.column`.
    fn unqualify(&self, read: &Read<'_>, edits: &mut Edits) {
        if read.item.node("alias").is_some() {
            return;
        }
        for reference in self.references.iter().filter(|reference| !self.is_looked_up(reference)) {
            let fields = reference.node.list("fields");
            let names = reference.node.texts("fields");
            let place = fields.len().checked_sub(2).filter(|place| *place > 0);
            let ours = place.is_some_and(|place| {
                names.get(place) == Some(&read.relation.name.as_str())
                    && names.get(place - 1) == Some(&read.relation.schema.as_str())
            });
            let Some(kept) = place.filter(|_| ours).and_then(|place| fields.get(place..)) else { continue };
            let column = names.get(fields.len() - 1).map_or("*".to_owned(), |column| mask::quoted(column));
            edits.tree("ColumnRef", reference.node.at, Change::Field("fields", Value::List(kept.to_vec())));
            edits.reference(reference.node.at, format!("{}.{column}", mask::quoted(&read.relation.name)));
        }
    }

    /// A subselect has no primary key, so grouping by it no longer stands for all columns: they are added.
    fn regroup(&self, read: &Read<'_>, edits: &mut Edits) -> Result<(), Refused> {
        let select = self.levels.get(read.level).and_then(|level| level.select);
        let Some(groups) = select.map(|select| select.list("group_clause")).filter(|groups| !groups.is_empty()) else {
            return Ok(());
        };
        let groups: Vec<&Node> = groups.iter().filter_map(Value::node).collect();
        let ours = |node: &Node| {
            let (names, star) = parts(node);
            match names.as_slice() {
                [name] if !star => read.relation.column(name).map(|column| column.number),
                [.., alias, name] if !star && *alias == read.alias() => {
                    read.relation.column(name).map(|column| column.number)
                }
                _ => None,
            }
        };
        let grouped: Vec<i16> = groups.iter().filter(|node| node.kind == "ColumnRef").filter_map(|n| ours(n)).collect();
        let key = &read.relation.primary_key;
        let last = groups.last().filter(|last| last.kind == "ColumnRef" && last.list("fields").len() < 3);
        let Some(last) = last.filter(|_| !key.is_empty() && key.iter().all(|number| grouped.contains(number))) else {
            return Ok(());
        };
        let here = self
            .references
            .iter()
            .filter(|reference| reference.level == read.level || reference.node.list("fields").len() > 1);
        let mut wanted: Vec<i16> = here.filter_map(|reference| ours(reference.node)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|number| !grouped.contains(number));
        let columns = read.relation.columns.iter().filter(|column| wanted.contains(&column.number));
        let names = columns.map(|column| format!("{}.{}", mask::quoted(read.alias()), mask::quoted(&column.name)));
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            let list = node::statement(&format!("SELECT {}", names.join(", "))).map_err(|_| unmaskable())?;
            let added = list.nodes("target_list").filter_map(|target| target.node("val")).cloned();
            edits.tree("ColumnRef", last.at, Change::Expand(std::iter::once((*last).clone()).chain(added).collect()));
            edits.behind(last.at, format!(", {}", names.join(", ")));
        }
        Ok(())
    }
}

fn unmaskable() -> Refused {
    Refused::because("the statement cannot be masked in this form")
}
