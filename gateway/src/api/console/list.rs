//! All policies: each rule as a sentence with its source.

use std::fmt::Write as _;

use axum::response::Html;
use policy::{Sentence, form};

use super::{Wrong, edit, preview};
use crate::api::{ApiState, Problem, ProblemCode, html, html::Escaped, policy_document::PolicyDocument};

/// The page; with what its forms must carry for those who may change policies.
pub(super) fn page(state: &ApiState, csrf: Option<&str>) -> Result<Html<String>, Wrong> {
    let snapshot = state.store.snapshot();
    let engine = snapshot.engine().ok_or_else(|| Problem::new(ProblemCode::Internal, "the policies cannot be read"))?;
    let mut body = format!(
        "<p><a href=\"/\">Overview</a></p><h1>Policies</h1><p class=\"quiet\">Version {}. Whatever no rule permits is refused, and what no \
         rule lets run waits for approval.</p>",
        edit::bundle(state)?.version
    );
    if csrf.is_some() {
        body.push_str("<p><a class=\"button\" href=\"/policies/rule\">Add a rule</a></p>");
    }
    let sentences = engine.sentences();
    for known in &engine.bundle().documents {
        let declared = PolicyDocument::from(known);
        let rules = declared.rules.is_some();
        let _ = write!(body, "<h2>{}</h2>", Escaped(&known.name));
        if !rules {
            body.push_str("<p class=\"quiet\">Written in Cedar; it is changed in its file.</p>");
        }
        body.push_str("<table><tr><th>Rule</th><th>What it says</th></tr>");
        for sentence in sentences.iter().filter(|sentence| sentence.document == known.name) {
            row(sentence, csrf.filter(|_| rules), &mut body);
        }
        body.push_str("</table>");
        if rules {
            let file = preview::yaml(declared);
            let _ = write!(body, "<details><summary>As a file</summary><pre>{}</pre></details>", preview::lines(&file));
        }
    }
    Ok(html::page("Policies", &body))
}

fn row(sentence: &Sentence, csrf: Option<&str>, body: &mut String) {
    let (rule, text) = (Escaped(&sentence.rule), Escaped(&sentence.text));
    let _ = write!(body, "<tr><td><a href=\"/rules/{rule}\"><code>{rule}</code></a>");
    if let Some(csrf) = csrf {
        let (document, csrf) = (Escaped(&sentence.document), Escaped(csrf));
        let _ = write!(
            body,
            "<p><a href=\"/policies/rule?document={document}&amp;rule={rule}\" aria-label=\"Change {rule}\">Change</a></p>\
             <form method=\"post\" action=\"/policies/preview\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
             <input type=\"hidden\" name=\"document\" value=\"{document}\"><input type=\"hidden\" name=\"remove\" value=\"{rule}\">\
             <button class=\"plain\" aria-label=\"Remove {rule}\">Remove</button></form>"
        );
    }
    let source = preview::lines(&sentence.source);
    let short = if csrf.is_none() && form::of(&sentence.source).is_some() { " (fits the form)" } else { "" };
    let _ =
        write!(body, "</td><td>{text}<details><summary>Cedar{short}</summary><pre>{source}</pre></details></td></tr>");
}
