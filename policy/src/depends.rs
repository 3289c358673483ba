//! Which facts a set of policies looks at: what may be remembered for a text, and when a running call is asked about again.

use std::collections::BTreeSet;

use cedar_policy::Policy;
use serde_json::Value;

use crate::marks::{Marks, Watched};

/// What decisions depend on besides the text of a call and the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depends {
    /// On the time, the risk or what the session did before: nothing may be remembered.
    pub moment: bool,
    /// On arguments: what is remembered holds for one set of arguments.
    pub arguments: bool,
    /// The arguments that policies name, if they name all that they look at.
    pub named_arguments: Option<BTreeSet<String>>,
    /// On rows sent so far: when to ask again.
    pub rows: Marks,
    /// On bytes sent so far: when to ask again.
    pub bytes: Marks,
    /// On what relations, columns or functions a call names, or what is done to them.
    pub objects: bool,
}

/// The facts that policies look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    names: BTreeSet<String>,
    /// All of them.
    all: bool,
}

impl Needs {
    pub(crate) fn of<'a>(policies: impl Iterator<Item = &'a Policy>) -> Self {
        let mut used = Used::default();
        for policy in policies {
            match policy.to_json() {
                Ok(json) => used.walk(&json),
                Err(_) => used.all = true,
            }
        }
        Self { names: used.names, all: used.all }
    }

    /// Every fact.
    #[cfg(test)]
    pub(crate) fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Whether time alone can change what is decided.
    pub(crate) fn changes_by_itself(&self) -> bool {
        ["now", "hour", "weekday", "auth_age"].iter().any(|name| self.has(name))
    }

    /// Whether some policy looks at a fact.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }
}

const OBJECTS: [&str; 5] = ["reads", "writes", "columns", "calls", "opaque"];
const MOMENT: [&str; 9] =
    ["now", "hour", "weekday", "auth_age", "risk", "risk_reasons", "session_rows", "session_bytes", "recent_calls"];

impl Depends {
    pub(crate) fn of<'a>(policies: impl Iterator<Item = &'a Policy>) -> Self {
        let mut depends = Self { named_arguments: Some(BTreeSet::new()), ..Self::default() };
        for policy in policies {
            let Ok(json) = policy.to_json() else {
                (depends.moment, depends.objects, depends.named_arguments) = (true, true, None);
                continue;
            };
            let mut used = Used::default();
            used.walk(&json);
            depends.moment |= used.all || MOMENT.iter().any(|name| used.names.contains(*name));
            depends.arguments |= used.all || used.names.contains("arguments");
            depends.objects |= used.all || OBJECTS.iter().any(|name| used.names.contains(*name));
            match &mut depends.named_arguments {
                Some(_) if used.all || used.all_arguments => depends.named_arguments = None,
                Some(named) => named.append(&mut used.arguments),
                None => {}
            }
            depends.rows.add(&json, Watched::Rows);
            depends.bytes.add(&json, Watched::Bytes);
        }
        depends
    }
}

#[derive(Default)]
struct Used {
    names: BTreeSet<String>,
    /// `context` as a whole.
    all: bool,
    /// Names of arguments.
    arguments: BTreeSet<String>,
    /// `context.arguments` as a whole.
    all_arguments: bool,
}

impl Used {
    fn walk(&mut self, json: &Value) {
        match json {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let names = matches!(key.as_str(), "." | "has");
                    if names && is_arguments(value.get("left")) {
                        self.argument(value);
                        continue;
                    }
                    if names && is_context(value.get("left")) {
                        self.attribute(value);
                        continue;
                    }
                    match (key.as_str(), value) {
                        ("Var", Value::String(name)) => self.all |= name == "context",
                        _ => self.walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    /// `context.arguments["$1"]`, or `context.arguments has "$1"`.
    fn argument(&mut self, access: &Value) {
        self.names.insert(ARGUMENTS.to_owned());
        let name = match access.get("attr") {
            Some(Value::Array(path)) => path.first().and_then(Value::as_str),
            name => name.and_then(Value::as_str),
        };
        match name {
            Some(name) => drop(self.arguments.insert(name.to_owned())),
            None => self.all_arguments = true,
        }
    }

    fn attribute(&mut self, access: &Value) {
        match access.get("attr") {
            Some(Value::String(name)) => {
                self.all_arguments |= name == ARGUMENTS;
                self.names.insert(name.clone());
            }
            // `context has a.b.c`
            Some(Value::Array(path)) => {
                let words: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
                match words.as_slice() {
                    [ARGUMENTS, name, ..] => drop(self.arguments.insert((*name).to_owned())),
                    [ARGUMENTS] => self.all_arguments = true,
                    _ => {}
                }
                self.names.extend(path.iter().take(1).filter_map(Value::as_str).map(str::to_owned))
            }
            _ => self.all = true,
        }
    }
}

/// The fact whose members are arguments.
const ARGUMENTS: &str = "arguments";

/// `context.arguments`
fn is_arguments(left: Option<&Value>) -> bool {
    let Some(access) = left.and_then(|left| left.get(".")) else { return false };
    is_context(access.get("left")) && access.get("attr").and_then(Value::as_str) == Some(ARGUMENTS)
}

fn is_context(left: Option<&Value>) -> bool {
    left.and_then(|left| left.get("Var")).and_then(Value::as_str) == Some("context")
}
