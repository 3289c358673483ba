//! Which facts a set of policies looks at: what may be remembered for a text, and when a running call is asked about again.

use std::collections::BTreeSet;

use cedar_policy::Policy;
use serde_json::Value;

/// What decisions depend on besides the text of a call and the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depends {
    /// On the time, the risk or what the session did before: nothing may be remembered.
    pub moment: bool,
    /// On arguments: what is remembered holds for one set of arguments.
    pub arguments: bool,
    /// On rows sent so far; the numbers that policies compare them with, in order.
    pub rows: BTreeSet<u64>,
    /// On bytes sent so far.
    pub bytes: bool,
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

    /// Whether some policy looks at a fact.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }
}

const MOMENT: [&str; 8] =
    ["now", "hour", "weekday", "auth_age", "risk", "risk_reasons", "session_rows", "session_bytes"];

impl Depends {
    pub(crate) fn of<'a>(policies: impl Iterator<Item = &'a Policy>) -> Self {
        let mut depends = Self::default();
        for policy in policies {
            let Ok(json) = policy.to_json() else {
                depends.moment = true;
                continue;
            };
            let mut used = Used::default();
            used.walk(&json);
            depends.moment |= used.all || MOMENT.iter().any(|name| used.names.contains(*name));
            depends.arguments |= used.all || used.names.contains("arguments");
            depends.bytes |= used.names.contains("bytes") || used.names.contains("session_bytes");
            if used.names.contains("rows") || used.names.contains("session_rows") {
                depends.rows.extend(used.numbers);
            }
        }
        depends
    }

    /// Whether a call must be asked about again when `rows` rows have been sent: just at a limit or just above one.
    #[must_use]
    pub fn asks_at(&self, rows: u64) -> bool {
        !self.rows.is_empty()
            && (self.rows.contains(&rows) || rows.checked_sub(1).is_some_and(|less| self.rows.contains(&less)))
    }
}

#[derive(Default)]
struct Used {
    names: BTreeSet<String>,
    numbers: BTreeSet<u64>,
    /// `context` as a whole.
    all: bool,
}

impl Used {
    fn walk(&mut self, json: &Value) {
        match json {
            Value::Object(fields) => {
                for (key, value) in fields {
                    if matches!(key.as_str(), "." | "has") && is_context(value.get("left")) {
                        self.attribute(value);
                        continue;
                    }
                    match (key.as_str(), value) {
                        ("Var", Value::String(name)) => self.all |= name == "context",
                        ("Value", Value::Number(number)) => self.numbers.extend(number.as_u64()),
                        _ => self.walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    fn attribute(&mut self, access: &Value) {
        match access.get("attr") {
            Some(Value::String(name)) => drop(self.names.insert(name.clone())),
            // `context has a.b.c`
            Some(Value::Array(path)) => {
                self.names.extend(path.iter().take(1).filter_map(Value::as_str).map(str::to_owned))
            }
            _ => self.all = true,
        }
    }
}

fn is_context(left: Option<&Value>) -> bool {
    left.and_then(|left| left.get("Var")).and_then(Value::as_str) == Some("context")
}
