//! Who may administer what. Administrators may, by their role, unless a policy forbids it; a policy that names `Administer` can let
//! others. What is changed is asked about as it is and as it would be, so that no change of a label carries a connection
//! out of a rule. Operators, whom the gateway's own configuration names, may whatever policies say.

use policy::{Engine, Opinion, Part};

use super::{
    ApiState, Problem, ProblemCode,
    caller::{Caller, Via},
};
use crate::{auth::Asks, store::Change};

/// Goes on if the caller may administer that, and writes a refusal down.
///
/// # Errors
/// If not.
pub(super) async fn must(state: &ApiState, caller: &Caller, part: Part<'_>) -> Result<(), Problem> {
    match may(state, caller, part, None) {
        Ok(()) => Ok(()),
        Err(rules) => Err(refused(state, caller, part, &rules).await?),
    }
}

/// Whether the caller may administer that by the policies in force, or by others.
///
/// # Errors
/// The policies that forbid it; none if nothing permits it.
pub(super) fn may(state: &ApiState, caller: &Caller, part: Part<'_>, by: Option<&Engine>) -> Result<(), Vec<String>> {
    if caller.roles.operator {
        return Ok(());
    }
    let (method, whole) = match (&caller.via, part) {
        (Via::Cookie { .. } | Via::Token { .. }, _) => ("sign-in", true),
        (Via::Ticket { api, connection: Some(only), .. }, Part::Connection(name)) => ("ticket", *api && only == name),
        (Via::Ticket { api, connection, .. }, _) => ("ticket", *api && connection.is_none()),
    };
    let opinion = match state.auth.administration(&asks(caller, method), part, by) {
        // A ticket gives no more than it was minted for.
        Opinion::Permitted if !whole => Opinion::Silent,
        opinion => opinion,
    };
    opinion.with_role(caller.roles.admin)
}

/// Whether the caller may perhaps administer something; what it is, the one who knows asks.
pub(super) fn may_something(state: &ApiState, caller: &Caller) -> bool {
    let api = !matches!(caller.via, Via::Ticket { api: false, .. });
    caller.roles.admin || (api && state.auth.may_give_administration(&asks(caller, "")))
}

/// Goes on if the caller may make a change to what is there.
///
/// # Errors
/// If not.
pub(super) async fn must_change(state: &ApiState, caller: &Caller, change: &Change) -> Result<(), Problem> {
    let written = change.connections.iter().map(|connection| &connection.name);
    let present = written.filter(|name| state.store.connection(name).is_some());
    for name in present.chain(&change.remove_connections) {
        must(state, caller, Part::Connection(name)).await?;
    }
    if touches_policies(change) {
        must(state, caller, Part::Policies).await?;
    }
    Ok(())
}

/// Goes on if the caller may administer what a change makes, by the policies that it makes. Who changes policies must be able
/// to change them back.
///
/// # Errors
/// If not.
pub(super) async fn must_keep(
    state: &ApiState,
    caller: &Caller,
    change: &Change,
    next: &Engine,
) -> Result<(), Problem> {
    for written in &change.connections {
        let part = Part::Connection(&written.name);
        if let Err(rules) = may(state, caller, part, Some(next)) {
            return Err(refused(state, caller, part, &rules).await?);
        }
    }
    if !touches_policies(change) {
        return Ok(());
    }
    may(state, caller, Part::Policies, Some(next)).map_err(|rules| {
        let by =
            if rules.is_empty() { "nothing would permit it".to_owned() } else { format!("by {}", rules.join(", ")) };
        let text = format!(
            "policies: with these you could not change policies any more ({by}), so nobody might be left who can mend \
             them; leave Administer on Gateway::\"policies\" to yourself"
        );
        Problem::new(ProblemCode::Invalid, text)
    })
}

fn touches_policies(change: &Change) -> bool {
    !change.documents.is_empty() || !change.remove_documents.is_empty()
}

/// The refusal, after the audit log has it.
async fn refused(state: &ApiState, caller: &Caller, part: Part<'_>, rules: &[String]) -> Result<Problem, Problem> {
    let what = match part {
        Part::Connection(name) => format!("connection {name}"),
        Part::Policies => "policies".to_owned(),
        Part::Agents => "agents".to_owned(),
    };
    let detail = serde_json::json!({ "administer": what, "rules": rules });
    state.store.audit(caller.event("api.forbidden", detail)).await?;
    let text = match rules {
        [] => "this needs a role that you do not have".to_owned(),
        rules => format!("policies do not let you administer this: {}", rules.join(", ")),
    };
    Ok(Problem::new(ProblemCode::Forbidden, text))
}

fn asks<'a>(caller: &'a Caller, method: &'a str) -> Asks<'a> {
    Asks { subject: &caller.subject, groups: &caller.groups, method, source: caller.source.ip() }
}
