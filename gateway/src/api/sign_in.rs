//! Signing in and out with a browser, and confirming the command line's code.

use axum::{
    Form, Router,
    extract::{Query, State},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{
    ApiState, Problem,
    caller::Source,
    cookie,
    html::{self, Escaped},
    person::Person,
};
use crate::{auth::SignInError, store::BrowserSessionKind};

/// How long a person may take at the provider, and how long a sign-in lasts, seconds.
const STATE_LIFE: i64 = 600;
const LIFE: i64 = 12 * 3600;

pub(super) fn routes(_state: &ApiState) -> Router<ApiState> {
    Router::new()
        .route("/auth/login", get(login))
        .route("/auth/callback", get(callback))
        .route("/auth/logout", post(logout))
        .route("/auth/cli", get(ask_code).post(confirm_code))
}

#[derive(Deserialize)]
struct LoginQuery {
    #[serde(default)]
    next: String,
}

async fn login(State(state): State<ApiState>, Query(query): Query<LoginQuery>) -> Response {
    match state.auth.begin_sign_in(&query.next).await {
        Ok(begun) => {
            let cookie = cookie::set(cookie::STATE, begun.state.reveal(), STATE_LIFE);
            let cookies = cookie.map(|cookie| (header::SET_COOKIE, cookie));
            (AppendHeaders(cookies), Redirect::to(begun.url.as_str())).into_response()
        }
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
}

async fn callback(
    State(state): State<ApiState>,
    Source(source): Source,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Response {
    let browser = cookie::get(&headers, cookie::STATE).unwrap_or_default();
    let (Some(code), Some(returned)) = (query.code, query.state) else {
        return (StatusCode::FORBIDDEN, html::message("Not signed in", "The identity provider said no."))
            .into_response();
    };
    let finished = match state.auth.finish_sign_in(&code, &returned, browser, source).await {
        Ok(finished) => finished,
        Err(error) => return failed(&error),
    };
    let started = match state.auth.start(finished.subject.id, BrowserSessionKind::Cookie).await {
        Ok(started) => started,
        Err(error) => return Problem::from(error).into_response(),
    };
    let cookies = [cookie::set(cookie::SIGNED_IN, started.secret.reveal(), LIFE), cookie::remove(cookie::STATE)];
    let cookies = cookies.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)).collect::<Vec<_>>();
    (AppendHeaders(cookies), Redirect::to(&finished.next)).into_response()
}

/// What a person may read of a failed sign-in; the rest is in the audit log.
fn failed(error: &SignInError) -> Response {
    tracing::info!(%error, "a sign-in failed");
    let (status, text) = match error {
        SignInError::NotConfigured => (StatusCode::SERVICE_UNAVAILABLE, "No identity provider is configured."),
        SignInError::State => (StatusCode::FORBIDDEN, "This sign-in is not valid any more. Begin again."),
        SignInError::Oidc(crate::auth::OidcError::Development) => {
            (StatusCode::FORBIDDEN, "The identity provider is for development only; this gateway is not.")
        }
        SignInError::Oidc(crate::auth::OidcError::Provider(_)) => {
            (StatusCode::BAD_GATEWAY, "The identity provider does not answer as it should.")
        }
        SignInError::Oidc(_) => (StatusCode::FORBIDDEN, "The identity provider's answer is not acceptable."),
        SignInError::Store(crate::store::StoreError::Conflict(_)) => {
            (StatusCode::CONFLICT, "This name cannot sign in now. Ask an administrator.")
        }
        SignInError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "The gateway failed to do this."),
    };
    (status, html::message("Not signed in", text)).into_response()
}

#[derive(Deserialize)]
struct CsrfForm {
    #[serde(default)]
    csrf: String,
}

async fn logout(
    State(state): State<ApiState>,
    person: Person,
    headers: HeaderMap,
    Form(form): Form<CsrfForm>,
) -> Result<Response, Problem> {
    person.sent(&state, &headers, &form.csrf)?;
    state.store.end_browser_session(person.id).await?;
    let cookies = cookie::remove(cookie::SIGNED_IN).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), Redirect::to("/")).into_response())
}

async fn ask_code(person: Person) -> Html<String> {
    code_form(&person, "")
}

fn code_form(person: &Person, remark: &str) -> Html<String> {
    let body = format!(
        "<h1>Sign in the command line</h1><p>{}</p><p>Type the code that <code>sallyport login</code> shows. Never type a \
         code that somebody sent you.</p><form method=\"post\" action=\"/auth/cli\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{}\"><p><input name=\"code\" autocomplete=\"off\" required \
         maxlength=\"20\" aria-label=\"Code\"> <button>Go on</button></p></form>",
        Escaped(remark),
        Escaped(&person.csrf)
    );
    html::page("Sign in the command line", &body)
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    csrf: String,
    code: String,
    #[serde(default)]
    confirm: bool,
}

/// First shows where the command line runs, then lets it in.
async fn confirm_code(
    State(state): State<ApiState>,
    person: Person,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Html<String>, Problem> {
    person.sent(&state, &headers, &form.csrf)?;
    let Some(login) = state.auth.waiting_cli_login(&form.code).await? else {
        return Ok(code_form(&person, "No command line waits with this code."));
    };
    if !form.confirm {
        return Ok(confirmation(&person, &form.code, &login.source));
    }
    let approved = state.auth.approve_cli_login(&login, &person.caller.subject, person.caller.source).await?;
    Ok(if approved {
        html::message("Done", "The command line is signed in. You may close this page.")
    } else {
        code_form(&person, "This code is not valid any more.")
    })
}

fn confirmation(person: &Person, code: &str, source: &str) -> Html<String> {
    let body = format!(
        "<h1>Sign in the command line?</h1><p>The command line at <strong>{}</strong> will act as <strong>{}</strong>.</p>\
         <form method=\"post\" action=\"/auth/cli\"><input type=\"hidden\" name=\"csrf\" value=\"{}\">\
         <input type=\"hidden\" name=\"code\" value=\"{}\"><input type=\"hidden\" name=\"confirm\" value=\"true\">\
         <p><button>Yes, sign it in</button> <a href=\"/\">No</a></p></form>",
        Escaped(source),
        Escaped(&person.caller.subject.name),
        Escaped(&person.csrf),
        Escaped(code)
    );
    html::page("Sign in the command line?", &body)
}
