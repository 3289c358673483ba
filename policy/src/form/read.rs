//! Cedar as rules, where it fits. What is read is written again and compared, so that a policy that says anything else, or more,
//! is never taken for a rule.

mod expression;

use std::str::FromStr as _;

use cedar_policy::{Policy, PolicySet};
use serde_json::Value as Json;

use self::expression::{conditions, parts, until};
use super::{Kind, Over, Rule, Who, text, text_of};
use crate::{ActorKind, document::position_number};

/// The rules of a document, if it is one of rules: [`text`] of them is the same text.
#[must_use]
pub fn read(document: &str) -> Option<Vec<Rule>> {
    let set = PolicySet::from_str(document).ok()?;
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| position_number(policy.id()));
    let rules: Vec<Rule> = policies.into_iter().map(likely).collect::<Option<_>>()?;
    (!rules.is_empty() && text(&rules) == document).then_some(rules)
}

/// The rule that one policy is, whatever its spelling.
#[must_use]
pub fn of(policy: &str) -> Option<Rule> {
    let policy = Policy::parse(None, policy).ok()?;
    let rule = likely(&policy)?;
    let again = Policy::parse(None, text_of(&rule)).ok()?;
    (again.to_json().ok()? == policy.to_json().ok()?).then_some(rule)
}

/// What rule a policy can only be, if it is one.
fn likely(policy: &Policy) -> Option<Rule> {
    let json = policy.to_json().ok()?;
    let annotated = |name: &str| policy.annotation(name).map(str::to_owned);
    let mut rule = Rule {
        id: annotated("id")?,
        who: who(json.get("principal")?)?,
        kind: kind(&json)?,
        on: on(json.get("resource")?)?,
        until: None,
        when: None,
        unless: None,
        reason: annotated("reason"),
        fix: annotated("fix"),
        approvers: annotated("approvers").map(|all| all.split(", ").map(str::to_owned).collect()),
        shadow: annotated("shadow").is_some(),
        incident: annotated("incident").is_some(),
        note: annotated("note"),
    };
    for condition in json.get("conditions")?.as_array()? {
        let body = condition.get("body")?;
        if let Some(moment) = until(body) {
            rule.until = Some(moment);
            continue;
        }
        let place = if condition.get("kind")?.as_str()? == "when" { &mut rule.when } else { &mut rule.unless };
        let mut each = Vec::new();
        parts(body, "&&", &mut each);
        *place = Some(conditions(&each)?);
    }
    rule.check().ok()?;
    Some(rule)
}

fn who(principal: &Json) -> Option<Who> {
    let text = |name: &str| principal.get(name).and_then(Json::as_str);
    let kind = |name: &str| ActorKind::of_entity(name);
    Some(match text("op")? {
        "All" => Who::Everybody,
        "is" if principal.get("in").is_none() => Who::Every(kind(text("entity_type")?)?),
        "in" => match entity(principal)? {
            ("Group", id) => Who::Group(id.to_owned()),
            _ => return None,
        },
        "==" => {
            let (kind_of, id) = entity(principal)?;
            Who::One(kind(kind_of)?, id.to_owned())
        }
        _ => return None,
    })
}

fn on(resource: &Json) -> Option<Over> {
    Some(match (resource.get("op")?.as_str()?, entity(resource)) {
        ("All", _) => Over::Everything,
        ("in", Some(("Connection", id))) => Over::Connection(id.to_owned()),
        ("in", Some(("Zone", id))) => Over::Zone(id.to_owned()),
        ("==", Some(("Function", id))) => Over::Function(id.to_owned()),
        ("==", Some(("Label", id))) => Over::Label(id.to_owned()),
        _ => return None,
    })
}

fn kind(policy: &Json) -> Option<Kind> {
    let permits = policy.get("effect")?.as_str()? == "permit";
    let action = policy.get("action")?;
    let named: Vec<&str> = match action.get("entities").and_then(Json::as_array) {
        Some(all) => all.iter().filter_map(|one| one.get("id")?.as_str()).collect(),
        None => vec![entity(action)?.1],
    };
    Kind::ALL.into_iter().find(|kind| kind.permits() == permits && kind.actions() == named)
}

/// The type and id of a scope's entity.
fn entity(scope: &Json) -> Option<(&str, &str)> {
    let entity = scope.get("entity")?;
    Some((entity.get("type")?.as_str()?, entity.get("id")?.as_str()?))
}
