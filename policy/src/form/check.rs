//! What the types of the short form do not say: which parts go together.

use core::net::IpAddr;
use std::{collections::HashSet, hash::Hash};

use super::{Comparison, Conditions, Kind, Over, Rule, Value};
use crate::document::is_id;

impl Rule {
    /// Checks that its parts go together. Whether what it names exists is checked with the whole bundle.
    ///
    /// # Errors
    /// Which part is wrong, and why.
    pub fn check(&self) -> Result<(), String> {
        if !is_id(&self.id) {
            return Err("id: use 1 to 64 lower-case letters, digits, '-', '_' and '.'".into());
        }
        self.check_on()?;
        self.check_conditions()?;
        if let Some(approvers) = &self.approvers {
            if self.kind != Kind::NeedsApproval {
                return Err("approvers: only for what needs-approval".into());
            }
            list("approvers", approvers)?;
            if approvers.iter().any(|name| name.contains(',') || name.trim() != name) {
                return Err("approvers: a group here has no comma and no space at an end".into());
            }
        }
        if self.incident && !self.kind.stops_calls() {
            return Err("incident: only for what is-refused or needs-approval".into());
        }
        for (name, text) in [("reason", &self.reason), ("fix", &self.fix), ("note", &self.note)] {
            if text.as_deref() == Some("") {
                return Err(format!("{name}: it is empty; leave it out"));
            }
        }
        Ok(())
    }

    fn check_on(&self) -> Result<(), String> {
        match (&self.on, self.kind) {
            (Over::Label(_), kind) if !kind.is_about_labels() => {
                Err("on: a label is for may-see and stays-masked".into())
            }
            (Over::Connection(_) | Over::Zone(_) | Over::Function(_), kind) if kind.is_about_labels() => {
                Err("on: name a label; a connection goes into `when`".into())
            }
            (Over::Function(_), kind) if kind.connects() => Err("on: nobody connects to a function".into()),
            _ => Ok(()),
        }
    }

    fn check_conditions(&self) -> Result<(), String> {
        match (&self.when, &self.unless) {
            (Some(_), Some(_)) => Err("unless: write either `when` or `unless`, or two rules".into()),
            (None, Some(_)) if self.kind.permits() => Err("unless: only for what stops somebody".into()),
            (Some(when), None) => self.check_each(when).map_err(|wrong| format!("when.{wrong}")),
            (None, Some(unless)) => self.check_each(unless).map_err(|wrong| format!("unless.{wrong}")),
            (None, None) => Ok(()),
        }
    }

    fn check_each(&self, conditions: &Conditions) -> Result<(), String> {
        let given = conditions.given();
        if given.is_empty() {
            return Err("?: no condition is written; leave it out".into());
        }
        for name in given {
            let about_call = CALL.contains(&name);
            if about_call && self.kind.connects() {
                return Err(format!("{name}: nothing is known of a call when somebody connects; write another rule"));
            }
            if name == "connection" && !self.kind.is_about_labels() {
                return Err("connection: name it in `on`".into());
            }
            if name == "functions" && self.kind.is_about_labels() {
                return Err("functions: a label has none".into());
            }
        }
        conditions.check(matches!(self.on, Over::Function(_)))
    }
}

/// Conditions about a call.
const CALL: [&str; 9] =
    ["connection", "effects", "functions", "reads", "writes", "columns", "commands", "arguments", "rows_over"];

impl Conditions {
    /// The names of those that are written.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let all = [
            ("connection", self.connection.is_some()),
            ("effects", !self.effects.is_empty()),
            ("functions", !self.functions.is_empty()),
            ("reads", !self.reads.is_empty()),
            ("writes", !self.writes.is_empty()),
            ("columns", !self.columns.is_empty()),
            ("commands", !self.commands.is_empty()),
            ("arguments", !self.arguments.is_empty()),
            ("rows_over", self.rows_over.is_some()),
            ("hours", self.hours.is_some()),
            ("weekdays", !self.weekdays.is_empty()),
            ("networks", !self.networks.is_empty()),
            ("mfa", self.mfa.is_some()),
            ("signed_in_within", self.signed_in_within.is_some()),
            ("given_reason", self.given_reason.is_some()),
        ];
        all.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
    }

    fn check(&self, one_function: bool) -> Result<(), String> {
        for (name, texts) in [
            ("functions", &self.functions),
            ("reads", &self.reads),
            ("writes", &self.writes),
            ("columns", &self.columns),
            ("commands", &self.commands),
            ("networks", &self.networks),
        ] {
            if !texts.is_empty() {
                list(name, texts)?;
            }
        }
        once("effects", self.effects.iter().map(|effect| effect.as_str()))?;
        once("weekdays", self.weekdays.iter().map(|day| day.as_str()))?;
        if self.connection.as_deref() == Some("") {
            return Err("connection: it is empty".into());
        }
        if self.given_reason.as_deref() == Some("") {
            return Err("given_reason: it is empty; write * for any".into());
        }
        if let Some(wrong) = self.networks.iter().find(|network| !is_network(network)) {
            return Err(format!("networks: {wrong:?} is no network; write 10.0.0.0/8 or one address"));
        }
        if !self.arguments.is_empty() && !one_function {
            return Err("arguments: name the function in `on`, so that their types are known".into());
        }
        once("arguments", self.arguments.iter().map(|comparison| comparison.name.as_str()))?;
        self.arguments.iter().try_for_each(Comparison::check)
    }
}

impl Comparison {
    fn check(&self) -> Result<(), String> {
        let wrong = |text: &str| Err(format!("arguments.{}: {text}", self.name));
        let number = |value: &Option<Value>| !matches!(value, Some(Value::Flag(_) | Value::Text(_)));
        match (&self.over, &self.under, &self.is) {
            (None, None, None) => wrong("write over, under or is"),
            (None, None, Some(_)) => Ok(()),
            (_, _, Some(_)) => wrong("`is` stands alone"),
            (over, under, None) if number(over) && number(under) => Ok(()),
            _ => wrong("only numbers are over or under something"),
        }
    }
}

fn list(name: &str, texts: &[String]) -> Result<(), String> {
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err(format!("{name}: something in it is empty"));
    }
    once(name, texts.iter())
}

fn once<T: Eq + Hash + std::fmt::Display>(name: &str, items: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for item in items {
        if let Some(twice) = seen.replace(item) {
            return Err(format!("{name}: {twice} is written twice"));
        }
    }
    Ok(())
}

/// An address, or a network as `address/length`.
fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let plain = |length: &str| {
        length.bytes().all(|byte| byte.is_ascii_digit()) && !(length.len() > 1 && length.starts_with('0'))
    };
    length.is_none_or(|length| plain(length) && length.parse::<u8>().is_ok_and(|length| length <= most))
}
