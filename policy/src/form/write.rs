//! A rule as Cedar, in one spelling.

use std::fmt::Write as _;

use super::{
    Comparison, Conditions, Over, Rule, Sense, Value, Who,
    literal::{entity, quoted, set},
};
use crate::ActorKind;

/// A document of rules as Cedar.
#[must_use]
pub fn text(rules: &[Rule]) -> String {
    rules.iter().map(text_of).collect::<Vec<_>>().join("\n")
}

/// One rule as Cedar: exactly one policy.
#[must_use]
pub fn text_of(rule: &Rule) -> String {
    let mut text = String::new();
    let mut annotate = |name: &str, value: &str| {
        let _infallible = writeln!(text, "@{name}({})", quoted(value));
    };
    annotate("id", &rule.id);
    for (name, value) in [("reason", &rule.reason), ("fix", &rule.fix)] {
        value.iter().for_each(|value| annotate(name, value));
    }
    rule.approvers.iter().for_each(|approvers| annotate("approvers", &approvers.join(", ")));
    if rule.shadow {
        annotate("shadow", "true");
    }
    if rule.incident {
        annotate("incident", "true");
    }
    rule.note.iter().for_each(|note| annotate("note", note));
    let effect = if rule.kind.permits() { "permit" } else { "forbid" };
    let _infallible = write!(text, "{effect} ({}, {}, {})", principal(&rule.who), action(rule), resource(&rule.on));
    if let Some(until) = rule.until {
        let _infallible = write!(text, "\nwhen {{ context.now < datetime({}) }}", quoted(&until.to_string()));
    }
    let when = if rule.kind.permits() { Sense::Only } else { Sense::Any };
    for (word, conditions, sense) in [("when", &rule.when, when), ("unless", &rule.unless, Sense::Only)] {
        if let Some(conditions) = conditions {
            let _infallible = write!(text, "\n{word} {{ {} }}", all(conditions, sense).join(" && "));
        }
    }
    text.push_str(";\n");
    text
}

fn principal(who: &Who) -> String {
    match who {
        Who::Everybody => "principal".into(),
        Who::Group(name) => format!("principal in {}", entity("Group", name)),
        Who::One(kind, name) => format!("principal == {}", entity(kind.entity(), name)),
        Who::Every(kind) => format!("principal is {}", ActorKind::entity(*kind)),
    }
}

fn action(rule: &Rule) -> String {
    let actions: Vec<String> = rule.kind.actions().iter().map(|action| entity("Action", action)).collect();
    match actions.as_slice() {
        [only] => format!("action == {only}"),
        all => format!("action in [{}]", all.join(", ")),
    }
}

fn resource(on: &Over) -> String {
    match on {
        Over::Everything => "resource".into(),
        Over::Connection(name) => format!("resource in {}", entity("Connection", name)),
        Over::Zone(name) => format!("resource in {}", entity("Zone", name)),
        Over::Function(name) => format!("resource == {}", entity("Function", name)),
        Over::Label(name) => format!("resource == {}", entity("Label", name)),
    }
}

/// Every condition as an expression.
fn all(conditions: &Conditions, sense: Sense) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(connection) = &conditions.connection {
        all.push(format!("context.connection == {}", entity("Connection", connection)));
    }
    if !conditions.effects.is_empty() {
        let effects = set(conditions.effects.iter().map(|effect| effect.as_str()));
        all.push(format!("{effects}.contains(context.effect)"));
    }
    if !conditions.functions.is_empty() {
        all.push(format!("{}.contains(resource.name)", texts(&conditions.functions)));
    }
    for (fact, listed) in [
        ("reads", &conditions.reads),
        ("writes", &conditions.writes),
        ("columns", &conditions.columns),
        ("commands", &conditions.commands),
    ] {
        match sense {
            _ if listed.is_empty() => {}
            Sense::Only => all.push(format!("{}.containsAll(context.{fact})", texts(listed))),
            Sense::Any => all.push(format!("context.{fact}.containsAny({})", texts(listed))),
        }
    }
    conditions.arguments.iter().for_each(|comparison| compare(comparison, &mut all));
    if let Some(rows) = conditions.rows_over {
        all.push(format!("context.rows > {rows}"));
    }
    around(conditions, sense, &mut all);
    all
}

/// Conditions about how somebody comes.
fn around(conditions: &Conditions, sense: Sense, all: &mut Vec<String>) {
    if let Some(hours) = conditions.hours {
        let (from, to) = (hours.from, hours.to);
        all.push(if from < to {
            format!("context.hour >= {from} && context.hour < {to}")
        } else {
            format!("(context.hour >= {from} || context.hour < {to})")
        });
    }
    if !conditions.weekdays.is_empty() {
        let days = set(conditions.weekdays.iter().map(|day| day.as_str()));
        all.push(format!("{days}.contains(context.weekday)"));
    }
    if !conditions.networks.is_empty() {
        let each = conditions.networks.iter();
        let each: Vec<String> =
            each.map(|network| format!("context.source.isInRange(ip({}))", quoted(network))).collect();
        // Who comes from nobody knows where is stopped by what stops, and not let in by what lets in.
        let unknown = sense == Sense::Any;
        all.push(format!("(if context has source then {} else {unknown})", each.join(" || ")));
    }
    if let Some(mfa) = conditions.mfa {
        all.push(if mfa { "context.mfa".into() } else { "!context.mfa".into() });
    }
    if let Some(seconds) = conditions.signed_in_within {
        all.push(format!("context.auth_age <= {seconds}"));
    }
    if let Some(reason) = &conditions.given_reason {
        all.push(format!("context has reason && context.reason like {}", quoted(reason)));
    }
}

fn compare(comparison: &Comparison, all: &mut Vec<String>) {
    let name = quoted(&comparison.name);
    let argument = format!("context.arguments[{name}]");
    all.push(format!("context.arguments has {name}"));
    let sides = [(&comparison.over, ">", "greaterThan"), (&comparison.under, "<", "lessThan")];
    for (side, sign, method) in sides {
        match side {
            Some(Value::Decimal(number)) => all.push(format!("{argument}.{method}({})", decimal(*number))),
            Some(Value::Long(number)) => all.push(format!("{argument} {sign} {number}")),
            _ => {}
        }
    }
    match &comparison.is {
        Some(Value::Flag(flag)) => all.push(format!("{argument} == {flag}")),
        Some(Value::Long(number)) => all.push(format!("{argument} == {number}")),
        Some(Value::Decimal(number)) => all.push(format!("{argument} == {}", decimal(*number))),
        Some(Value::Text(text)) => all.push(format!("{argument} == {}", quoted(text))),
        None => {}
    }
}

fn decimal(ten_thousandths: i64) -> String {
    format!("decimal(\"{}\")", Value::decimal_text(ten_thousandths))
}

fn texts(listed: &[String]) -> String {
    set(listed.iter().map(String::as_str))
}
