//! What a change says and does, before it is saved.

use std::fmt::Write as _;

use axum::response::Html;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use policy::{
    Circumstances, Difference, Engine, Looked,
    form::{Over, Rule, text_of},
};
use time::OffsetDateTime;

use super::{Wrong, edit, edit::Edit, form::Place, words::LABELS};
use crate::api::{
    ApiState, Problem, ProblemCode,
    document::Document,
    html::{self, Escaped},
    person::Person,
    policy_document::PolicyDocument,
};

/// Kinds of call that a preview lists, and connections that it looks at where a rule names none.
const CALLS: usize = 50;
const CONNECTIONS: usize = 20;

/// The page. Nothing is saved yet.
///
/// # Errors
/// What could not be saved.
pub(super) async fn page(state: &ApiState, person: &Person, place: &Place, edit: &Edit) -> Result<Html<String>, Wrong> {
    let version = edit::bundle(state)?.version;
    let (_plan, next) = edit.plan(state, &person.caller, version).await?;
    let mut body = String::from("<p><a href=\"/policies\">Policies</a></p>");
    let (rule, kept) = match edit {
        Edit::Put { rule, .. } => {
            let _ = write!(body, "<h1>Save this rule?</h1>");
            (Rule::clone(rule), ("kept", packed(rule)))
        }
        Edit::Remove { document, rule } => {
            let _ = write!(body, "<h1>Remove this rule?</h1>");
            (edit::present(state, document, rule)?, ("remove", rule.clone()))
        }
    };
    body.push_str(&about(&rule, next.as_ref(), place));
    body.push_str(&changes(state, next, rule.on.clone()).await?);
    let hidden = place.hidden(&person.csrf);
    let _ = write!(
        body,
        "<form method=\"post\" action=\"/policies/save\">{hidden}<input type=\"hidden\" name=\"version\" value=\"{version}\">\
         <input type=\"hidden\" name=\"{0}\" value=\"{1}\"><p><button>{2}</button> <a href=\"/policies\">Leave it</a></p></form>",
        kept.0,
        Escaped(&kept.1),
        if kept.0 == "kept" { "Save" } else { "Remove" }
    );
    if kept.0 == "kept" {
        let _ = write!(
            body,
            "<form method=\"post\" action=\"/policies/rule\">{hidden}<input type=\"hidden\" name=\"kept\" value=\"{}\">\
             <p><button class=\"plain\">Change it</button></p></form>",
            Escaped(&kept.1)
        );
    }
    Ok(html::page("Policies", &body))
}

/// The rule as a sentence, as Cedar and as it stands in a file.
fn about(rule: &Rule, next: Option<&Engine>, place: &Place) -> String {
    let told = next.and_then(|engine| engine.told(&rule.id));
    let sentence = told.map(|told| told.sentence.text).unwrap_or_default();
    let document = PolicyDocument { name: place.document.clone(), text: None, rules: Some(vec![rule.clone()]) };
    format!(
        "<p class=\"sentence\">{}</p><h2>As Cedar</h2><pre>{}</pre><h2>As a file</h2><pre>{}</pre>",
        Escaped(&sentence),
        lines(&text_of(rule)),
        lines(&yaml(document))
    )
}

/// What the change changes.
async fn changes(state: &ApiState, next: Option<Engine>, on: Over) -> Result<String, Wrong> {
    let Some(next) = next else { return Ok("<h2>What changes</h2><p>Nothing: this is in force already.</p>".into()) };
    let Some(present) = state.store.snapshot().engine().cloned() else { return Err(Problem::not_found().into()) };
    let compared = tokio::task::spawn_blocking(move || difference(&present, &next, &on)).await;
    let failed = || Problem::new(ProblemCode::Internal, "the policies could not be compared");
    let difference = compared.ok().and_then(Result::ok).ok_or_else(failed)?;
    let mut text = String::from("<h2>What changes</h2><ul>");
    for (rule, change) in &difference.rules {
        let _ = write!(text, "<li>{change}: <code>{}</code></li>", Escaped(rule));
    }
    for call in difference.calls.iter().take(CALLS) {
        let _ = write!(text, "<li>{}</li>", Escaped(call));
    }
    if difference.calls.len() > CALLS {
        let _ = write!(text, "<li>and {} more kinds of call</li>", difference.calls.len() - CALLS);
    }
    text.push_str("</ul><p class=\"quiet\">Tried for the groups that connections name and for whom the rule names, now, without a second \
                   factor or a reason, with each function in its plainest form. Conditions about tables, arguments or rows do not show here.</p>");
    Ok(text)
}

fn difference(present: &Engine, next: &Engine, on: &Over) -> Result<Difference, policy::CompileError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let around = Circumstances { now, authenticated_at: now, auth_method: "ticket".into(), ..Circumstances::default() };
    let mut labels: Vec<String> = LABELS.map(str::to_owned).to_vec();
    if let Over::Label(label) = on {
        labels.retain(|known| known != label);
        labels.push(label.clone());
    }
    let first: Vec<&String> = next.bundle().connections.keys().take(CONNECTIONS).collect();
    let looks = |name: &str, connection: &policy::Connection| match on {
        Over::Connection(only) => only == name,
        Over::Function(function) => function.split_once('/').is_some_and(|(only, _)| only == name),
        Over::Zone(zone) => connection.labels.get("zone") == Some(zone),
        Over::Label(_) | Over::Everything => first.iter().any(|known| *known == name),
    };
    Difference::between(present, next, &Looked { around: &around, labels: &labels, connection: &looks })
}

/// A document as `export` writes it: the list of policies alone.
pub(super) fn yaml(document: PolicyDocument) -> String {
    let whole = Document { connections: Vec::new(), policies: vec![document] };
    let text = whole.to_yaml().unwrap_or_default();
    text.strip_prefix("connections: []\n").unwrap_or(&text).to_owned()
}

/// Text of several lines, escaped.
pub(super) fn lines(text: &str) -> String {
    text.lines().map(|line| Escaped(line).to_string()).collect::<Vec<_>>().join("\n")
}

/// A rule as one word, so that a form carries it unchanged.
fn packed(rule: &Rule) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(rule).unwrap_or_default())
}

/// The rule that was packed; checked again by whoever uses it.
pub(super) fn unpacked(text: &str) -> Option<Rule> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
