//! A rule as fields of a form, and back.

use policy::{
    Bundle, Kind as Type,
    form::{Comparison, Conditions, Rule, Value},
};
use serde_json::{Value as Json, json};

use crate::api::html::Escaped;

/// Fields of a form, in order; a name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

/// How many comparisons of arguments a form has room for.
pub(super) const ARGUMENTS: usize = 3;

impl From<Vec<(String, String)>> for Fields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }
}

impl Fields {
    /// What a field holds; nothing if it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// Whether one of the fields of a name holds that.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, held)| known == name && held == value)
    }

    fn put(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Everything that fields of a name hold, by line.
    fn lines(&self, name: &str) -> Vec<String> {
        let all = self.0.iter().filter(|(known, _)| known == name).flat_map(|(_, value)| value.lines());
        all.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The rule that was filled in. Arguments are compared as what the function says they are.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn rule(&self, bundle: &Bundle) -> Result<Rule, String> {
        let named = |kind: &str, name: &str| match self.get(kind) {
            word if word == "everything" || word.starts_with("every") => word.to_owned(),
            word => format!("{word}:{}", self.get(name)),
        };
        let on = named("on_kind", "on_name");
        let mut rule = json!({
            "id": self.get("id"), "kind": self.get("kind"), "who": named("who_kind", "who_name"), "on": on,
        });
        for name in ["reason", "fix", "note"] {
            self.copy(name, &mut rule, |text| json!(text));
        }
        self.copy("until", &mut rule, |text| json!(utc(text)));
        if !self.lines("approvers").is_empty() {
            put(&mut rule, "approvers", json!(self.lines("approvers")));
        }
        for name in ["shadow", "incident"] {
            if self.has(name, "true") {
                put(&mut rule, name, json!(true));
            }
        }
        let conditions = self.conditions(&types(bundle, &on))?;
        if conditions.as_object().is_some_and(|conditions| !conditions.is_empty()) {
            let place = if self.get("sense") == "unless" { "unless" } else { "when" };
            put(&mut rule, place, conditions);
        }
        let rule: Rule = serde_json::from_value(rule).map_err(|error| error.to_string())?;
        rule.check()?;
        Ok(rule)
    }

    fn copy(&self, name: &str, into: &mut Json, value: impl Fn(&str) -> Json) {
        if !self.get(name).is_empty() {
            put(into, name, value(self.get(name)));
        }
    }

    fn conditions(&self, typed: &dyn Fn(&str) -> Option<Type>) -> Result<Json, String> {
        let mut conditions = json!({});
        for name in ["connection", "given_reason"] {
            self.copy(name, &mut conditions, |text| json!(text));
        }
        for name in ["effects", "functions", "reads", "writes", "columns", "commands", "weekdays", "networks"] {
            let lines = self.lines(name);
            if !lines.is_empty() {
                put(&mut conditions, name, json!(lines));
            }
        }
        for name in ["rows_over", "signed_in_within"] {
            if !self.get(name).is_empty() {
                let number: u32 = self.get(name).parse().map_err(|_| format!("{name}: write a whole number"))?;
                put(&mut conditions, name, json!(number));
            }
        }
        match (self.get("hours_from"), self.get("hours_to")) {
            ("", "") => {}
            (from, to) => put(&mut conditions, "hours", json!(format!("{from}-{to}"))),
        }
        self.copy("mfa", &mut conditions, |text| json!(text == "yes"));
        let comparisons = self.comparisons(typed)?;
        if !comparisons.is_empty() {
            put(&mut conditions, "arguments", json!(comparisons));
        }
        Ok(conditions)
    }

    fn comparisons(&self, typed: &dyn Fn(&str) -> Option<Type>) -> Result<Vec<Comparison>, String> {
        let mut all: Vec<Comparison> = Vec::new();
        for place in 0..ARGUMENTS {
            let name = self.get(&format!("argument_{place}"));
            if name.is_empty() {
                continue;
            }
            let value = value(self.get(&format!("argument_{place}_value")), typed(name))
                .map_err(|wrong| format!("argument {name}: {wrong}"))?;
            let known = all.iter().position(|known| known.name == name);
            let at = known.unwrap_or(all.len());
            if known.is_none() {
                all.push(Comparison { name: name.to_owned(), ..Comparison::default() });
            }
            let Some(comparison) = all.get_mut(at) else { continue };
            let side = match self.get(&format!("argument_{place}_is")) {
                "over" => &mut comparison.over,
                "under" => &mut comparison.under,
                _ => &mut comparison.is,
            };
            if side.replace(value).is_some() {
                return Err(format!("argument {name}: it is compared twice in the same way"));
            }
        }
        Ok(all)
    }

    /// The fields of a rule; `None` if a form cannot carry it unchanged.
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let mut fields = Self::default();
        fields.put("id", &rule.id);
        fields.put("kind", rule.kind.as_str());
        for (kind, name, word) in
            [("who_kind", "who_name", rule.who.to_string()), ("on_kind", "on_name", rule.on.to_string())]
        {
            let (first, rest) = word.split_once(':').unwrap_or((&word, ""));
            fields.put(kind, first);
            fields.put(name, rest);
        }
        rule.until.iter().for_each(|until| fields.put("until", until.to_string()));
        for (name, text) in [("reason", &rule.reason), ("fix", &rule.fix), ("note", &rule.note)] {
            text.iter().for_each(|text| fields.put(name, text));
        }
        rule.approvers.iter().for_each(|approvers| fields.put("approvers", approvers.join("\n")));
        for (name, marked) in [("shadow", rule.shadow), ("incident", rule.incident)] {
            if marked {
                fields.put(name, "true");
            }
        }
        if let Some(conditions) = rule.when.as_ref().or(rule.unless.as_ref()) {
            fields.put("sense", if rule.unless.is_some() { "unless" } else { "when" });
            fields.put_conditions(conditions)?;
        }
        let shown = |text: &str| text.lines().all(Escaped::shows_all);
        let carried = fields.0.iter().all(|(_, value)| shown(value));
        // Types of arguments are in the rule; only those that the text alone does not give away differ.
        let again = carried.then(|| fields.rule(&typed_by(rule)).ok()).flatten()?;
        (again == *rule).then_some(fields)
    }

    fn put_conditions(&mut self, conditions: &Conditions) -> Option<()> {
        conditions.connection.iter().for_each(|name| self.put("connection", name));
        conditions.effects.iter().for_each(|effect| self.put("effects", effect.as_str()));
        conditions.weekdays.iter().for_each(|day| self.put("weekdays", day.as_str()));
        for (name, texts) in [
            ("functions", &conditions.functions),
            ("reads", &conditions.reads),
            ("writes", &conditions.writes),
            ("columns", &conditions.columns),
            ("commands", &conditions.commands),
            ("networks", &conditions.networks),
        ] {
            self.put(name, texts.join("\n"));
        }
        conditions.rows_over.iter().for_each(|rows| self.put("rows_over", rows.to_string()));
        conditions.signed_in_within.iter().for_each(|seconds| self.put("signed_in_within", seconds.to_string()));
        if let Some(hours) = conditions.hours {
            self.put("hours_from", hours.from.to_string());
            self.put("hours_to", hours.to.to_string());
        }
        conditions.mfa.iter().for_each(|mfa| self.put("mfa", if *mfa { "yes" } else { "no" }));
        conditions.given_reason.iter().for_each(|reason| self.put("given_reason", reason));
        let sides = conditions.arguments.iter().flat_map(|comparison| {
            let sides = [("over", &comparison.over), ("under", &comparison.under), ("is", &comparison.is)];
            sides.into_iter().filter_map(|(side, value)| Some((&comparison.name, side, value.as_ref()?)))
        });
        for (place, (name, side, value)) in sides.enumerate() {
            if place >= ARGUMENTS {
                return None;
            }
            self.put(&format!("argument_{place}"), name);
            self.put(&format!("argument_{place}_is"), side);
            self.put(&format!("argument_{place}_value"), value.to_string());
        }
        Some(())
    }
}

fn put(into: &mut Json, name: &str, value: Json) {
    if let Some(fields) = into.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// A moment as browsers give it, `2026-12-01T18:00`, is in UTC, as its label says.
fn utc(text: &str) -> String {
    if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") }
}

/// The types of the arguments of the function that a rule is about.
fn types<'a>(bundle: &'a Bundle, on: &str) -> impl Fn(&str) -> Option<Type> + use<'a> {
    let function = on.strip_prefix("function:").and_then(|function| function.split_once('/'));
    let known = function.and_then(|(connection, name)| {
        bundle.connections.get(connection)?.functions.iter().find(|function| function.name == name)
    });
    move |argument| known?.arguments.get(argument).copied()
}

/// What is compared: of the type of the argument, or what it looks like where that is not known.
fn value(text: &str, kind: Option<Type>) -> Result<Value, String> {
    let number = || text.parse::<f64>().map_err(|_| "write a number".to_owned()).and_then(Value::decimal);
    match kind {
        Some(Type::Flag) => text.parse().map(Value::Flag).map_err(|_| "write true or false".to_owned()),
        Some(Type::Long) => text.parse().map(Value::Long).map_err(|_| "write a whole number".to_owned()),
        Some(Type::Decimal) => number(),
        Some(Type::Texts) => Err("lists cannot be compared".to_owned()),
        Some(Type::Text) => Ok(Value::Text(text.to_owned())),
        None => {
            Ok(text.parse().map(Value::Long).or_else(|_| number()).unwrap_or_else(|_| Value::Text(text.to_owned())))
        }
    }
}

/// A bundle in which the function of a rule has arguments of the types that the rule compares them with.
fn typed_by(rule: &Rule) -> Bundle {
    let conditions = rule.when.as_ref().or(rule.unless.as_ref());
    let comparisons = conditions.map(|conditions| conditions.arguments.as_slice()).unwrap_or_default();
    let kind = |comparison: &Comparison| {
        let value = comparison.is.as_ref().or(comparison.over.as_ref()).or(comparison.under.as_ref())?;
        Some(match value {
            Value::Flag(_) => Type::Flag,
            Value::Long(_) => Type::Long,
            Value::Decimal(_) => Type::Decimal,
            Value::Text(_) => Type::Text,
        })
    };
    let arguments = comparisons.iter().filter_map(|comparison| Some((comparison.name.clone(), kind(comparison)?)));
    let on = rule.on.to_string();
    let Some((connection, name)) = on.strip_prefix("function:").and_then(|function| function.split_once('/')) else {
        return Bundle::default();
    };
    let described =
        policy::Described { name: name.to_owned(), arguments: arguments.collect(), ..policy::Described::default() };
    let known = policy::Connection { functions: vec![described], ..policy::Connection::default() };
    Bundle { connections: [(connection.to_owned(), known)].into(), ..Bundle::default() }
}
