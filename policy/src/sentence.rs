//! Policies as plain sentences, for those who do not read Cedar.

use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};

use crate::document::{is_incident, is_shadow};

/// One policy in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The document it stands in.
    pub document: String,
    /// Its id.
    pub rule: String,
    /// What it says.
    pub text: String,
    /// How it is written.
    pub source: String,
}

/// What somebody whom a rule stopped may know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it does to a call, as the end of a sentence that begins with "It".
    pub does: &'static str,
    /// Why.
    pub reason: String,
    /// What the caller can do about it.
    pub fix: String,
    /// Who may approve.
    pub approvers: String,
    /// It is only tried out.
    pub shadow: bool,
    /// The whole rule, for those who may see it.
    pub sentence: Sentence,
}

/// What a policy tells those whom it stops.
pub(crate) fn told(policy: &Policy, sentence: Sentence) -> Told {
    let actions = actions(policy);
    let has = |name: &str| actions.iter().any(|action| action == name);
    let does = match (policy.effect(), has("Invoke"), has("RunUnapproved"), has("Reveal") || has("SendRaw")) {
        (Effect::Permit, ..) => "permits something",
        (Effect::Forbid, true, ..) => "refuses a call",
        (Effect::Forbid, false, true, _) => "makes a call wait: what it is about waits for approval",
        (Effect::Forbid, false, false, true) => "keeps data masked",
        (Effect::Forbid, ..) => "refuses something",
    };
    let annotated = |name: &str| policy.annotation(name).unwrap_or_default().to_owned();
    Told {
        does,
        reason: annotated("reason"),
        fix: annotated("fix"),
        approvers: annotated("approvers"),
        shadow: is_shadow(policy),
        sentence,
    }
}

/// A policy in words.
pub(crate) fn of(policy: &Policy, document: &str) -> Sentence {
    let who = who(policy);
    let what = what(policy);
    let actions = actions(policy);
    let permits = policy.effect() == Effect::Permit;
    let has = |name: &str| actions.iter().any(|action| action == name);
    let mut text = match (permits, has("RunUnapproved"), has("Invoke")) {
        (true, true, true) if has("Connect") => format!("{who} may connect to and use {what} without approval"),
        (true, true, true) => format!("{who} may use {what} without approval"),
        (true, true, false) => format!("{who} may use {what} without approval, where they may use it"),
        (true, false, true) => format!("{who} may ask for {what}"),
        (false, true, false) => format!("{what} needs approval for {who}"),
        (false, _, true) => format!("{what} is refused to {who}"),
        (permits, ..) => general(permits, &who, &what, &actions),
    };
    let conditions = conditions(policy);
    if !conditions.is_empty() {
        text.push_str(&format!(" {conditions}"));
    }
    if is_incident(policy) {
        text.push_str("; that puts the session on hold");
    }
    if let Some(approvers) = policy.annotation("approvers").filter(|approvers| !approvers.is_empty()) {
        text.push_str(&format!("; {approvers} may approve"));
    }
    if let Some(reason) = policy.annotation("reason").filter(|reason| !reason.is_empty()) {
        text.push_str(&format!(", because {reason}"));
    }
    if is_shadow(policy) {
        text.push_str(" (only tried out)");
    }
    Sentence { document: document.to_owned(), rule: policy.id().to_string(), text, source: policy.to_string() }
}

fn general(permits: bool, who: &str, what: &str, actions: &[String]) -> String {
    let verbs = actions.iter().map(|action| match action.as_str() {
        "Connect" => "connect to",
        "Reveal" => "see in clear",
        "SendRaw" => "send in clear",
        "Approve" => "approve",
        "Replay" => "replay",
        "Export" => "export",
        "BreakGlass" => "break the glass for",
        "Administer" => "administer",
        _ => "do everything with",
    });
    let verbs = verbs.collect::<Vec<_>>().join(", ");
    let verbs = if verbs.is_empty() { "do everything with".to_owned() } else { verbs };
    format!("{who} {} {verbs} {what}", if permits { "may" } else { "may not" })
}

fn who(policy: &Policy) -> String {
    match policy.principal_constraint() {
        PrincipalConstraint::Any => "everybody".into(),
        PrincipalConstraint::Eq(uid) => name(&uid),
        PrincipalConstraint::In(uid) => format!("group {}", name(&uid)),
        PrincipalConstraint::Is(kind) => kind_of(&kind.to_string()).into(),
        PrincipalConstraint::IsIn(kind, uid) => format!("{} of group {}", kind_of(&kind.to_string()), name(&uid)),
    }
}

fn kind_of(kind: &str) -> &str {
    match kind {
        "Person" => "every person",
        "Workload" => "every workload",
        "Ai" => "every AI agent",
        other => other,
    }
}

fn what(policy: &Policy) -> String {
    match policy.resource_constraint() {
        ResourceConstraint::Any => "everything".into(),
        ResourceConstraint::Eq(uid) if uid.type_name().to_string() == "Gateway" => {
            format!("the {} of the gateway", name(&uid))
        }
        ResourceConstraint::Eq(uid) => name(&uid),
        ResourceConstraint::In(uid) if uid.type_name().to_string() == "Zone" => {
            format!("everything in zone {}", name(&uid))
        }
        ResourceConstraint::In(uid) => format!("everything on {}", name(&uid)),
        ResourceConstraint::Is(kind) => format!("every {}", kind.to_string().to_lowercase()),
        ResourceConstraint::IsIn(kind, uid) => format!("every {} of {}", kind.to_string().to_lowercase(), name(&uid)),
    }
}

fn actions(policy: &Policy) -> Vec<String> {
    match policy.action_constraint() {
        ActionConstraint::Any => Vec::new(),
        ActionConstraint::Eq(uid) => vec![name(&uid)],
        ActionConstraint::In(uids) => uids.iter().map(name).collect(),
    }
}

fn name(uid: &EntityUid) -> String {
    uid.id().unescaped().to_owned()
}

/// `when` and `unless`, with Cedar's signs in words.
fn conditions(policy: &Policy) -> String {
    let source = policy.to_string();
    let Some(at) = [" when {", "\nwhen {", " unless {", "\nunless {"].iter().filter_map(|word| source.find(word)).min()
    else {
        return String::new();
    };
    let text = source.get(at..).unwrap_or_default().trim().trim_end_matches(';');
    let words = [
        ("(if context has source then ", "("),
        (" else false)", ")"),
        (" else true)", " or where they come from is not known)"),
        ("context has reason && ", ""),
        ("context.now < datetime(", "it is before ("),
        (" like ", " is like "),
        ("context.arguments.", ""),
        ("context.arguments has ", "it has "),
        ("context.", ""),
        ("resource.connection.", "its connection's "),
        ("resource.", "its "),
        (" == ", " is "),
        (" && ", " and "),
        (" || ", " or "),
        (".containsAny(", " contains any of ("),
        (".containsAll(", " contains all of ("),
        (".contains(", " contains ("),
        (".greaterThan(decimal(", " is over (("),
        (".lessThan(decimal(", " is under (("),
        (".isInRange(ip(", " is in (("),
        ("{", ""),
        ("}", ""),
        ("!", "not "),
    ];
    let spoken = words.iter().fold(text.to_owned(), |text, (sign, word)| text.replace(sign, word));
    spoken.split_whitespace().collect::<Vec<_>>().join(" ")
}
