//! What a change of policy changes: which rules come, go and differ, and what callers may newly do or no longer. Callers are the groups
//! that connections name, and whoever the changed rules name.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityUid, PolicyId, PrincipalConstraint};

use crate::{
    ActorKind, Caller, Circumstances, CompileError, Connection, Effect, Engine, Facts, Function, Principal, Verdict,
    bundle::builtin,
};

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Rules, and whether they were `added`, `removed` or `changed`.
    pub rules: BTreeMap<String, &'static str>,
    /// Kinds of call that are decided differently, one line each.
    pub calls: Vec<String>,
}

/// What to look at.
pub struct Looked<'a> {
    /// When and how callers come.
    pub around: &'a Circumstances,
    /// Classes of data that may be seen or masked.
    pub labels: &'a [String],
    /// Whether a connection is looked at.
    pub connection: &'a dyn Fn(&str, &Connection) -> bool,
}

impl Difference {
    /// Compares what two bundles decide. Connections that only one of them has are left out.
    ///
    /// # Errors
    /// If a name cannot be used in policies.
    pub fn between(present: &Engine, next: &Engine, looked: &Looked<'_>) -> Result<Self, CompileError> {
        let rules = rules(present, next);
        let named = named(present, next, &rules);
        let mut calls = Vec::new();
        for (name, connection) in &next.bundle().connections {
            if !present.bundle().connections.contains_key(name) || !(looked.connection)(name, connection) {
                continue;
            }
            for (party, caller) in parties(connection, &named) {
                let sides = Sides { present, next, looked, caller, name };
                sides.compare(&party, connection, &mut calls)?;
            }
        }
        Ok(Self { rules, calls })
    }
}

/// Rules that differ, and how.
fn rules(present: &Engine, next: &Engine) -> BTreeMap<String, &'static str> {
    let texts = |engine: &Engine| -> BTreeMap<String, String> {
        engine.sentences().into_iter().map(|sentence| (sentence.rule, sentence.source)).collect()
    };
    let (old, new) = (texts(present), texts(next));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changes = names.into_iter().filter_map(|name| match (old.get(name), new.get(name)) {
        (None, Some(_)) => Some((name.clone(), "added")),
        (Some(_), None) => Some((name.clone(), "removed")),
        (Some(before), Some(after)) if before != after => Some((name.clone(), "changed")),
        _ => None,
    });
    changes.collect()
}

/// Whom the changed rules name, before and after.
fn named(present: &Engine, next: &Engine, rules: &BTreeMap<String, &'static str>) -> BTreeSet<EntityUid> {
    let engines = [present, next];
    let each = rules.keys().flat_map(|rule| engines.map(|engine| engine.policy(&PolicyId::new(rule))));
    let constraints = each.flatten().map(cedar_policy::Policy::principal_constraint);
    let uids = constraints.filter_map(|constraint| match constraint {
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) | PrincipalConstraint::IsIn(_, uid) => Some(uid),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    });
    uids.collect()
}

/// Who is looked at on a connection: its groups, and whom the changed rules name, by themselves and as if they were in all of
/// these.
fn parties(connection: &Connection, named: &BTreeSet<EntityUid>) -> Vec<(String, Caller)> {
    let all: Vec<String> = connection.access.iter().cloned().collect();
    let person = |name: &str, groups: Vec<String>| Principal { kind: ActorKind::Person, name: name.to_owned(), groups };
    let alone = |principal: Principal| Caller { subject: principal, actor: None };
    let mut parties: Vec<(String, Caller)> = Vec::new();
    for group in &all {
        parties.push((group.clone(), alone(person("somebody", vec![group.clone()]))));
    }
    let besides = format!(" (in {})", all.join(", "));
    for uid in named {
        let name = uid.id().unescaped();
        match (uid.type_name().to_string().as_str(), ActorKind::of_entity(&uid.type_name().to_string())) {
            ("Group", _) if !connection.access.contains(name) => {
                let groups = all.iter().cloned().chain([name.to_owned()]).collect();
                parties.push((name.to_owned(), alone(person("somebody", vec![name.to_owned()]))));
                parties.push((format!("{name}{besides}"), alone(person("somebody", groups))));
            }
            (_, Some(ActorKind::Person)) => {
                parties.push((name.to_owned(), alone(person(name, Vec::new()))));
                parties.push((format!("{name}{besides}"), alone(person(name, all.clone()))));
            }
            (_, Some(kind)) => {
                let actor = Principal { kind, name: name.to_owned(), groups: all.clone() };
                let caller = Caller { subject: person("somebody", all.clone()), actor: Some(actor) };
                parties.push((format!("{}:{name}", kind.as_str()), caller));
            }
            _ => {}
        }
    }
    parties
}

/// One caller on one connection, before and after.
struct Sides<'a> {
    present: &'a Engine,
    next: &'a Engine,
    looked: &'a Looked<'a>,
    caller: Caller,
    name: &'a str,
}

impl Sides<'_> {
    fn compare(&self, party: &str, connection: &Connection, calls: &mut Vec<String>) -> Result<(), CompileError> {
        let scope = |engine: &Engine| engine.scope(self.caller.clone(), self.name, self.looked.labels);
        let (old, new) = (scope(self.present)?, scope(self.next)?);
        let around = self.looked.around;
        let (did, does) = (self.present.connect(&old, around).is_ok(), self.next.connect(&new, around).is_ok());
        if did != does {
            let text = if does { "may connect" } else { "may no longer connect" };
            calls.push(format!("{party}: {}: {text}", self.name));
        }
        let described = connection.functions.iter().map(|function| function.name.as_str());
        let functions: BTreeSet<&str> = described.chain(builtin(&connection.protocol).iter().copied()).collect();
        for function in functions {
            for (form, facts) in forms(function) {
                let before = self.present.decide(&old, &facts, around);
                let after = self.next.decide(&new, &facts, around);
                if let Some(change) = change(&before, &after) {
                    calls.push(format!("{party}: {}/{function} {form}: {change}", self.name));
                }
            }
        }
        Ok(())
    }
}

fn change(before: &Verdict, after: &Verdict) -> Option<String> {
    let seen = before.revealed != after.revealed;
    if before.outcome == after.outcome && !seen {
        return None;
    }
    let mut text = format!("{} -> {} [{}]", before.outcome.as_str(), after.outcome.as_str(), after.rule());
    if seen {
        let labels = |verdict: &Verdict| {
            if verdict.revealed.is_empty() { "nothing".to_owned() } else { verdict.revealed.join(", ") }
        };
        text.push_str(&format!(", in clear: {} -> {}", labels(before), labels(after)));
    }
    Some(text)
}

/// Each function in its plainest and its most dangerous form.
fn forms(function: &str) -> [(&'static str, Facts); 3] {
    let facts = |effect, filtered| Facts {
        functions: BTreeSet::from([Function { name: function.to_owned(), effect }]),
        verbs: BTreeSet::from([function.to_owned()]),
        filtered,
        bounded: filtered,
        statements: 1,
        ..Facts::default()
    };
    [
        ("reading", facts(Effect::Read, true)),
        ("writing", facts(Effect::Write, true)),
        ("without condition", facts(Effect::Write, false)),
    ]
}
