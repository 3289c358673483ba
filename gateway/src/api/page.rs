//! The landing page: who you are, what is open to you, what you did.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::State,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, header};

use super::{
    ApiState, Problem, administration,
    caller::{Caller, Source, Via},
    html::{self, Escaped},
};
use crate::store::SessionFilter;

/// Sessions that the page shows.
const SESSIONS: u64 = 20;

pub(super) fn routes(_state: &ApiState) -> Router<ApiState> {
    Router::new().route("/", get(landing)).route("/style.css", get(style))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], html::STYLE)
}

async fn landing(
    State(state): State<ApiState>,
    Source(source): Source,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = Caller::find(&state, &headers, source).await?;
    Ok(match caller {
        None => welcome().into_response(),
        Some(caller) => overview(&state, &caller).await?.into_response(),
    })
}

fn welcome() -> Html<String> {
    let body = "<h1>Sallyport</h1><p>Sign in to see what is open to you.</p>\
                <p><a class=\"button\" href=\"/auth/login\">Sign in</a></p>";
    html::page("Sign in", body)
}

async fn overview(state: &ApiState, caller: &Caller) -> Result<Html<String>, Problem> {
    let mut body = String::new();
    let groups = caller.groups.join(", ");
    let _ = write!(
        body,
        "<h1>{}</h1><p class=\"quiet\">Groups: {}</p>",
        Escaped(&caller.subject.name),
        Escaped(if groups.is_empty() { "none" } else { &groups })
    );
    if caller.roles.auditor || administration::may(state, caller, policy::Part::Policies, None).is_ok() {
        body.push_str("<p><a href=\"/policies\">Policies</a></p>");
    }
    connections(state, caller, &mut body);
    sessions(state, caller, &mut body).await?;
    if let Via::Cookie { csrf, .. } = &caller.via {
        let _ = write!(
            body,
            "<form method=\"post\" action=\"/auth/logout\"><input type=\"hidden\" name=\"csrf\" value=\"{}\">\
             <p><button>Sign out</button></p></form>",
            Escaped(csrf)
        );
    }
    Ok(html::page("Overview", &body))
}

fn connections(state: &ApiState, caller: &Caller, body: &mut String) {
    let open = state.store.snapshot().connections();
    let mut rows = String::new();
    for connection in open.iter().filter(|connection| caller.may_connect(connection)) {
        let line = state.endpoints.line(connection, &caller.subject.name).unwrap_or_default();
        let protocol = connection.settings.protocol().as_str();
        let (name, line) = (Escaped(&connection.name), Escaped(&line));
        let _ = write!(rows, "<tr><td>{name}</td><td>{protocol}</td><td><code>{line}</code></td></tr>");
    }
    body.push_str("<h2>Connections</h2>");
    if rows.is_empty() {
        body.push_str("<p>No connection is open to you.</p>");
        return;
    }
    body.push_str(
        "<p class=\"quiet\">A ticket comes from <code>sallyport ticket</code>; set it as SALLYPORT_TICKET, and the file \
         of this gateway's authority as SALLYPORT_CA. SSH also takes your registered key.</p>",
    );
    let _ = write!(body, "<table><tr><th>Name</th><th>Protocol</th><th>To paste</th></tr>{rows}</table>");
}

async fn sessions(state: &ApiState, caller: &Caller, body: &mut String) -> Result<(), Problem> {
    let subject = Some(caller.subject.name.clone());
    let rows = state.store.sessions(SessionFilter { subject, limit: SESSIONS, ..SessionFilter::default() }).await?;
    body.push_str("<h2>Your sessions</h2>");
    if rows.is_empty() {
        body.push_str("<p>None yet.</p>");
        return Ok(());
    }
    body.push_str(
        "<table><tr><th>Opened (UTC)</th><th>Connection</th><th>Status</th><th>Requests</th><th>Id</th></tr>",
    );
    for row in rows.iter().filter(|row| row.caller.issuer == caller.subject.issuer) {
        let ended = row.code.as_deref().unwrap_or_default();
        let _ = write!(
            body,
            "<tr><td>{} {:02}:{:02}</td><td>{}</td><td>{} {}</td><td>{}</td><td><code>{}</code></td></tr>",
            row.opened.date(),
            row.opened.hour(),
            row.opened.minute(),
            Escaped(&row.connection),
            row.status.as_str(),
            Escaped(ended),
            row.counts.requests,
            row.id
        );
    }
    body.push_str("</table>");
    Ok(())
}
