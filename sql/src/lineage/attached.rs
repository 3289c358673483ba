//! Code that runs because a relation is written: triggers, rules, and functions in defaults, generated columns, checks and
//! types. It is judged by itself when a statement would run it, like a function that the statement calls.

use std::collections::{BTreeSet, HashSet};

use super::{
    Cover, Effects, Marks, Safety, trigger,
    watch::{DELETE, INSERT, UPDATE, Written},
};
use crate::{
    catalog::{Kind, Relation, Runs},
    node::{self, Node},
    rewrite::{self, Session},
};

/// What is attached to no relation or type.
const NOWHERE: u32 = 0;
/// Relations behind one that is written that are looked at.
const MOST: usize = 2000;

impl Marks {
    /// Judges everything that runs when a relation is written.
    pub(crate) fn written(&self, relation: &Relation, written: &Written) -> Result<Effects, String> {
        let mut effects = Effects::default();
        let mut seen = HashSet::new();
        let mut open = vec![(relation.oid, written.clone())];
        while let Some((oid, written)) = open.pop() {
            if !seen.insert((oid, written.events)) {
                continue;
            }
            if seen.len() > MOST {
                return Err("too much hangs on what is written".into());
            }
            let Some(relation) = self.by_oid(oid) else { continue };
            effects.collides.extend(self.collides(relation, &written)?);
            self.code(relation, &written, &mut effects)?;
            self.behind(relation, &written, &mut open);
        }
        Ok(effects)
    }

    fn by_oid(&self, oid: u32) -> Option<&Relation> {
        self.by_oid.get(&oid).map(AsRef::as_ref)
    }

    /// What else is written: children, what a view shows, and rows that follow a foreign key.
    fn behind(&self, relation: &Relation, written: &Written, open: &mut Vec<(u32, Written)>) {
        let children = self.children.get(&relation.oid).into_iter().flatten();
        open.extend(children.map(|child| (*child, written.clone())));
        if relation.kind == Kind::View {
            let Some(query) = relation.definition.as_deref().and_then(|text| node::statement(text).ok()) else {
                return;
            };
            query.visit(&mut |node| {
                let name = (node.text("schemaname").to_owned(), node.text("relname").to_owned());
                if let Some(base) = self.catalog.relations.get(&name).filter(|_| node.kind == "RangeVar") {
                    open.push((base.oid, Written { sets: None, ..written.clone() }));
                }
                true
            });
        }
        for (child, columns) in self.followers.get(&relation.oid).into_iter().flatten() {
            if written.is(DELETE) || written.sets(columns.iter()) {
                open.push((
                    *child,
                    Written { events: UPDATE | (written.events & DELETE), sets: Some(BTreeSet::new()) },
                ));
            }
        }
    }

    fn code(&self, relation: &Relation, written: &Written, effects: &mut Effects) -> Result<(), String> {
        let name = &relation.name;
        for code in self.catalog.code.get(&relation.oid).into_iter().flatten() {
            let judged = match &code.runs {
                Runs::Trigger(text) => self.trigger(relation, text, written),
                Runs::Rule(text) => self.rule(relation, text),
                Runs::Written(functions) if written.is(INSERT | UPDATE) => self.functions(functions),
                Runs::Written(_) | Runs::Policy(_) | Runs::Cast(_) | Runs::Event(_) => continue,
            };
            let judged = judged.map_err(|why| format!("{} of {name}: {why}", code.name))?;
            effects.add(&judged);
        }
        if written.is(INSERT | UPDATE) {
            for column in &relation.columns {
                effects.add(&self.cast_to(column.type_oid).map_err(|why| format!("{}: {why}", column.type_name))?);
            }
        }
        Ok(())
    }

    /// Judges what runs when definitions change: event triggers.
    pub(crate) fn defined(&self) -> Result<Effects, String> {
        let mut effects = Effects::default();
        for code in self.catalog.code.get(&NOWHERE).into_iter().flatten() {
            let Runs::Event(functions) = &code.runs else { continue };
            effects.add(&self.functions(functions).map_err(|why| format!("the event trigger {}: {why}", code.name))?);
        }
        Ok(effects)
    }

    /// Functions that checks of a domain or casts run.
    fn cast_to(&self, type_oid: u32) -> Result<Effects, String> {
        let mut effects = Effects::default();
        for code in self.catalog.code.get(&type_oid).into_iter().flatten() {
            if let Runs::Cast(functions) = &code.runs {
                effects.add(&self.functions(functions)?);
            }
        }
        Ok(effects)
    }

    /// The same for a type of this name.
    pub(crate) fn cast_to_named(&self, name: &str) -> Result<Effects, String> {
        let mut effects = Effects::default();
        for oid in self.types.get(name).into_iter().flatten() {
            effects.add(&self.cast_to(*oid)?);
        }
        Ok(effects)
    }

    fn functions(&self, functions: &[(String, String)]) -> Result<Effects, String> {
        let mut effects = Effects::default();
        for (schema, name) in functions {
            if self.is_of_extension(&[schema, name]) {
                continue;
            }
            match self.function(&[schema, name]) {
                Safety::Safe => effects.add(&self.effects(&[schema, name])),
                Safety::Unsafe(why) => return Err(why),
                Safety::Unknown => return Err(format!("the function {name} is not known")),
            }
        }
        Ok(effects)
    }

    fn trigger(&self, relation: &Relation, text: &str, written: &Written) -> Result<Effects, String> {
        let create = node::statement(text).map_err(|_| "cannot be read".to_owned())?;
        let fires = create.int("events") & written.events;
        if fires == 0 {
            return Ok(Effects::default());
        }
        let cover = self.cover(relation);
        let name = create.texts("funcname");
        if let [_, name] | [name] = name.as_slice()
            && self.is_built_in(&create)
        {
            return trigger::built_in(name, &create.texts("args"), &cover).map(|()| Effects::default());
        }
        let [.., schema, name] = name.as_slice() else { return Err("cannot be read".into()) };
        let key = ((*schema).to_owned(), (*name).to_owned());
        let functions = self.catalog.functions.get(&key).map_or(&[][..], Vec::as_slice);
        let Some(function) = functions.first() else { return Err(format!("the function {name} is not known")) };
        if self.is_allowed(function) {
            return Ok(Effects { touches: true, ..Effects::default() });
        }
        if function.extension.is_some() {
            return trigger::of_extension(name, &cover).map(|()| Effects::default());
        }
        let tables = create.nodes("transition_rels").map(|table| table.text("name").to_owned());
        let session = Session { made: tables.collect(), ..Session::default() };
        let stored = fires & (UPDATE | DELETE) != 0 && !cover.is_empty();
        if stored && !session.made.is_empty() {
            return Err(hint(function, "reads old rows of a masked relation as a table"));
        }
        let effects =
            if session.made.is_empty() { self.judged_effects(function) } else { self.read_in(&session, function) };
        let effects = effects.map_err(|why| hint(function, &why))?;
        if stored {
            let sets = written.sets(cover.masked.keys());
            trigger::judge(&cover, function, create.node("when_clause"), sets).map_err(|why| hint(function, &why))?;
        }
        Ok(effects)
    }

    fn is_built_in(&self, create: &Node) -> bool {
        match create.texts("funcname").as_slice() {
            ["pg_catalog", _] => true,
            [name] => self.catalog.built_in.contains(*name),
            _ => false,
        }
    }

    fn rule(&self, relation: &Relation, text: &str) -> Result<Effects, String> {
        let rule = node::statement(text.trim_end_matches(';')).map_err(|_| "cannot be read".to_owned())?;
        let mut effects = Effects::default();
        let actions: Vec<&Node> = rule.nodes("actions").collect();
        if !actions.is_empty() && !self.cover(relation).is_empty() {
            return Err("is a rule on a masked relation".into());
        }
        for part in actions.into_iter().chain(rule.node("where_clause")) {
            let judged = if part.kind.ends_with("Stmt") {
                self.harmless(&Session::default(), part)
            } else {
                rewrite::inspect_expression(self, part)
            };
            effects.add(&judged?);
        }
        Ok(effects)
    }

    /// Why a relation's row security lets masked values decide, if it does.
    pub(super) fn secured(&self, relation: &Relation, own: &Cover) -> Option<String> {
        for code in self.catalog.code.get(&relation.oid).into_iter().flatten() {
            let Runs::Policy(text) = &code.runs else { continue };
            let why = |why: &str| Some(format!("its row security ({}) {why}", code.name));
            let Ok(query) = node::statement(&format!("SELECT {text}")) else { return why("cannot be read") };
            let masked = |name: &str| own.masked.contains_key(name) || name == relation.name;
            if query
                .any(|node| node.kind == "ColumnRef" && node.texts("fields").last().is_some_and(|name| masked(name)))
            {
                return why("depends on masked columns");
            }
            // What it names of its own relation is no column of anything that is read here.
            if let Err(reason) = rewrite::inspect_expression(self, &query) {
                return why(&reason);
            }
        }
        None
    }
}

fn hint(function: &crate::catalog::Function, why: &str) -> String {
    format!("the function {} {why}; an administrator can allow it", function.name)
}
