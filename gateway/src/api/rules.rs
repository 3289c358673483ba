//! What a refusal's link leads to: a page about one rule. It needs a sign-in, and shows no more than the refused person has been
//! told already; who audits or administers also sees the rule itself.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode};
use policy::Told;

use super::{
    ApiState, Problem,
    caller::{Caller, Source},
    html::{self, Escaped},
};

/// What stands in a link where no rule permits.
const NO_RULE: &str = "no-rule";

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/rules/{rule}", get(rule))
}

async fn rule(
    State(state): State<ApiState>,
    Source(source): Source,
    headers: HeaderMap,
    Path(rule): Path<String>,
) -> Result<Response, Problem> {
    let id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if rule.len() > 64 || !rule.bytes().all(id) {
        return Ok(unknown());
    }
    let Some(caller) = Caller::find(&state, &headers, source).await? else {
        let body = format!(
            "<h1>Why was this refused?</h1><p>Sign in to read about the rule.</p>\
             <p><a class=\"button\" href=\"/auth/login?next=/rules/{rule}\">Sign in</a></p>"
        );
        return Ok(html::page("Sign in", &body).into_response());
    };
    if rule == NO_RULE {
        return Ok(html::page("No rule permits it", NOTHING_PERMITS).into_response());
    }
    let snapshot = state.store.snapshot();
    let Some(told) = snapshot.engine().and_then(|engine| engine.told(&rule)) else { return Ok(unknown()) };
    let whole = caller.roles.auditor || caller.roles.admin;
    Ok(html::page(&rule, &about(&rule, &told, whole)).into_response())
}

const NOTHING_PERMITS: &str = "<h1>No rule permits it</h1><p>Whatever no policy permits is refused, and what no policy lets run \
     unapproved waits for a human. Nothing is wrong with your request: a right is missing.</p><h2>What to do</h2>\
     <p>Ask the owners of the connection for a policy that lets your group use this function. <code>sallyport policy explain</code> \
     says what is missing.</p>";

fn unknown() -> Response {
    let page =
        html::message("No such rule", "The policies in force have no rule of that name; it may have been changed.");
    (StatusCode::NOT_FOUND, page).into_response()
}

fn about(rule: &str, told: &Told, whole: bool) -> String {
    let mut body = format!("<h1>Rule <code>{}</code></h1><p>It {}.</p>", Escaped(rule), told.does);
    let mut section = |title: &str, text: &str| {
        if !text.is_empty() {
            let _ = write!(body, "<h2>{title}</h2><p>{}</p>", Escaped(text));
        }
    };
    section("Why", &told.reason);
    section("What to do", &told.fix);
    section("Who may approve", &told.approvers);
    if told.shadow {
        section("Only tried out", "This rule is recorded and not enforced.");
    }
    if whole {
        let _ = write!(
            body,
            "<h2>For whom and when</h2><p>{}</p><pre>{}</pre>",
            Escaped(&told.sentence.text),
            Escaped(&told.sentence.source)
        );
    } else {
        body.push_str("<p class=\"quiet\">Auditors and administrators also see for whom and when it holds.</p>");
    }
    body
}
