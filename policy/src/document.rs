//! Policy documents: read, named and checked before they count. What does not validate is refused with its position.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, ResourceConstraint, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use crate::{
    bundle::{Bundle, Document, GATEWAY_PARTS, builtin},
    schema,
    slice::is_about,
};

/// Longest document, in bytes.
pub const LONGEST: usize = 256 * 1024;

/// Something is wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Which document.
    pub document: String,
    /// Which policy, if it is known.
    pub rule: Option<String>,
    /// Line, from 1; 0 if it is not known.
    pub line: usize,
    /// Column in characters, from 1; 0 if it is not known.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: ", self.document, self.line, self.column)?;
        if let Some(rule) = &self.rule {
            write!(f, "{rule}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Annotations that mean something.
const ANNOTATIONS: [&str; 7] = ["id", "reason", "fix", "approvers", "shadow", "incident", "note"];

/// Reads every document of a bundle: policies, named by their `@id`, with the document each stands in.
///
/// # Errors
/// Everything that is wrong, in order.
pub(crate) fn read(bundle: &Bundle) -> Result<Vec<(String, Policy)>, Vec<Problem>> {
    let checker = Checker::new(bundle);
    read_with(bundle, |document, policy, problems| checker.check(document, policy, problems))
}

/// The same for a bundle that was checked when it was saved.
///
/// # Errors
/// What cannot be read.
pub(crate) fn read_checked(bundle: &Bundle) -> Result<Vec<(String, Policy)>, Vec<Problem>> {
    read_with(bundle, |_, _, _| {})
}

fn read_with(
    bundle: &Bundle,
    check: impl Fn(&Document, &Policy, &mut Vec<Problem>),
) -> Result<Vec<(String, Policy)>, Vec<Problem>> {
    let mut policies: Vec<(String, Policy)> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for document in &bundle.documents {
        let read = match parse(document) {
            Ok(read) => read,
            Err(found) => {
                problems.extend(found);
                continue;
            }
        };
        for policy in read {
            let rule = policy.id().to_string();
            if let Some(other) = seen.insert(rule.clone(), document.name.clone()) {
                problems.push(at(document, Some(rule), None, format!("another policy in {other} has this id")));
                continue;
            }
            check(document, &policy, &mut problems);
            policies.push((document.name.clone(), policy));
        }
    }
    if problems.is_empty() { Ok(policies) } else { Err(problems) }
}

fn parse(document: &Document) -> Result<Vec<Policy>, Vec<Problem>> {
    if document.text.len() > LONGEST {
        return Err(vec![at(document, None, None, format!("longer than {LONGEST} bytes"))]);
    }
    let set: PolicySet = document.text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        let each = errors.iter().map(|error| at(document, None, offset(error), explained(error)));
        each.collect::<Vec<_>>()
    })?;
    let mut problems = Vec::new();
    if let Some(template) = set.templates().next() {
        problems.push(at(document, Some(template.id().to_string()), None, "templates are not supported".into()));
    }
    let mut policies = Vec::new();
    let mut inorder: Vec<&Policy> = set.policies().collect();
    inorder.sort_by_key(|policy| position_number(policy.id()));
    for policy in inorder {
        match name(policy) {
            Ok(named) => policies.push(named),
            Err(message) => problems.push(at(document, None, document.text.find(&first_line(policy)), message)),
        }
    }
    if problems.is_empty() { Ok(policies) } else { Err(problems) }
}

/// Cedar numbers policies as `policy0`, `policy1` ... in the order of the text.
pub(crate) fn position_number(id: &PolicyId) -> usize {
    let text = id.to_string();
    text.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
}

fn first_line(policy: &Policy) -> String {
    policy.to_string().lines().next().unwrap_or_default().to_owned()
}

fn name(policy: &Policy) -> Result<Policy, String> {
    let id = policy.annotation("id").ok_or("every policy needs an @id(\"...\")")?;
    if !is_id(id) {
        return Err("an @id is 1 to 64 lower-case letters, digits, '-', '_' and '.'".into());
    }
    if let Some((unknown, _)) = policy.annotations().find(|(name, _)| !ANNOTATIONS.contains(name)) {
        return Err(format!("unknown annotation @{unknown}: use {}", ANNOTATIONS.join(", ")));
    }
    if let Some(shadow) = policy.annotation("shadow")
        && !matches!(shadow, "" | "true" | "false")
    {
        return Err("@shadow is \"true\" or \"false\"".into());
    }
    incident(policy)?;
    Ok(policy.new_id(PolicyId::new(id)))
}

/// Whether a text can name a rule.
pub(crate) fn is_id(id: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(inside)
}

/// Only what stops a call can be an incident.
fn incident(policy: &Policy) -> Result<(), String> {
    match policy.annotation("incident") {
        None | Some("false") => return Ok(()),
        Some("" | "true") => {}
        Some(_) => return Err("@incident is \"true\" or \"false\"".into()),
    }
    if policy.effect() == Effect::Forbid && (is_about(policy, "Invoke") || is_about(policy, "RunUnapproved")) {
        return Ok(());
    }
    Err("@incident is for what forbids Invoke or RunUnapproved".into())
}

/// Whether a call that the policy stops puts its session on hold.
pub(crate) fn is_incident(policy: &Policy) -> bool {
    matches!(policy.annotation("incident"), Some("" | "true"))
}

/// Whether a policy is only tried out.
pub(crate) fn is_shadow(policy: &Policy) -> bool {
    policy.annotation("shadow").is_some_and(|value| value != "false")
}

/// Validates policies, each against the schema of the function it names.
struct Checker<'a> {
    bundle: &'a Bundle,
    general: Option<Validator>,
    names: Names,
}

/// Everything that policies may name.
struct Names {
    connections: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl<'a> Checker<'a> {
    fn new(bundle: &'a Bundle) -> Self {
        let connections = bundle.connections.keys().cloned().collect();
        let functions = bundle.connections.iter().flat_map(|(name, connection)| {
            let builtin = builtin(&connection.protocol).iter().map(move |function| format!("{name}/{function}"));
            let described = connection.functions.iter().map(move |function| format!("{name}/{}", function.name));
            builtin.chain(described)
        });
        let names = Names { connections, functions: functions.collect() };
        Self { bundle, general: schema::with(&schema::all_arguments(bundle)).map(Validator::new), names }
    }

    fn check(&self, document: &Document, policy: &Policy, problems: &mut Vec<Problem>) {
        let rule = Some(policy.id().to_string());
        let (special, arguments) = self.special(policy).unzip();
        let special = special.map(Validator::new);
        let hint = arguments.map(|names: Vec<String>| format!("; its arguments are {}", names.join(", ")));
        let told = |message: String| message + hint.as_deref().unwrap_or_default();
        let Some(validator) = special.as_ref().or(self.general.as_ref()) else {
            problems.push(at(document, rule, None, "the schema is broken".into()));
            return;
        };
        let mut set = PolicySet::new();
        if set.add(policy.clone()).is_err() {
            return;
        }
        let result = validator.validate(&set, ValidationMode::Strict);
        for error in result.validation_errors() {
            problems.push(at(document, rule.clone(), offset(error), told(explained(error))));
        }
        if !result.validation_passed() {
            return;
        }
        for warning in result.validation_warnings() {
            problems.push(at(document, rule.clone(), offset(warning), told(explained(warning))));
        }
        for unknown in self.unknown_names(policy) {
            let position = document.text.find(&format!("\"{}\"", unknown.1));
            problems.push(at(document, rule.clone(), position, format!("no {} is called {:?}", unknown.0, unknown.1)));
        }
    }

    /// The schema of the one function that the policy is about, with exactly its arguments, and their names.
    fn special(&self, policy: &Policy) -> Option<(Schema, Vec<String>)> {
        let ResourceConstraint::Eq(uid) = policy.resource_constraint() else { return None };
        if uid.type_name().to_string() != "Function" {
            return None;
        }
        let arguments = schema::arguments_of(self.bundle, uid.id().unescaped())?;
        Some((schema::with(&arguments)?, arguments.into_keys().collect()))
    }

    /// Connections and functions that the policy names and nobody registered.
    fn unknown_names(&self, policy: &Policy) -> Vec<(&'static str, String)> {
        let Ok(json) = policy.to_json() else { return Vec::new() };
        let mut found = Vec::new();
        entities(&json, &mut found);
        let unknown = found.into_iter().filter_map(|(kind, id)| match kind.as_str() {
            "Connection" if !self.names.connections.contains(&id) => Some(("connection", id)),
            "Function" if !self.names.functions.contains(&id) => Some(("function", id)),
            "Gateway" if !GATEWAY_PARTS.contains(&id.as_str()) => Some(("part of the gateway", id)),
            _ => None,
        });
        unknown.collect()
    }
}

/// Every `{"type": ..., "id": ...}` in a policy's JSON form.
pub(crate) fn entities(json: &serde_json::Value, found: &mut Vec<(String, String)>) {
    match json {
        serde_json::Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(serde_json::Value::as_str);
            if let (Some(kind), Some(id)) = (text("type"), text("id")) {
                found.push((kind.to_owned(), id.to_owned()));
            }
            fields.values().for_each(|value| entities(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| entities(value, found)),
        _ => {}
    }
}

fn offset(error: &dyn Diagnostic) -> Option<usize> {
    error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset())
}

/// The message with what helps.
fn explained(error: &(impl Diagnostic + std::fmt::Display)) -> String {
    match error.help() {
        Some(help) => format!("{error} ({help})"),
        None => error.to_string(),
    }
}

fn at(document: &Document, rule: Option<String>, offset: Option<usize>, message: String) -> Problem {
    let (line, column) = offset.map_or((0, 0), |offset| {
        let before = document.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    });
    Problem { document: document.name.clone(), rule, line, column, message }
}
