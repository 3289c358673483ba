//! A small OpenID provider for development: anyone may be Alice, Bob or Carol by clicking. It implements the
//! authorization code flow with PKCE (OpenID Connect Core section 3.1, RFC 7636) for redirects to this machine only, and
//! says in its metadata that it is not for production, where the gateway refuses it.

mod codes;
mod keys;
mod page;

use std::{net::IpAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    codes::{Code, Codes},
    keys::SigningKey,
};
use super::{people, server::Server};

/// The one client that is known here.
pub const CLIENT_ID: &str = "sallyport";

/// The running provider. Stops when dropped.
#[derive(Debug)]
pub struct Idp {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub issuer: String,
    _server: Server,
}

struct Provider {
    issuer: String,
    key: SigningKey,
    codes: Codes,
}

impl Idp {
    /// Starts the provider. Its name is the same wherever it listens: people reach it from this machine.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start(address: IpAddr, port: u16) -> Result<Self> {
        let issuer = format!("http://127.0.0.1:{port}");
        let provider = Provider { issuer: issuer.clone(), key: SigningKey::generate()?, codes: Codes::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/authorize", get(ask).post(answer))
            .route("/token", post(redeem))
            .with_state(Arc::new(provider));
        Ok(Self { issuer, _server: Server::start(address, port, router).await? })
    }
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "claims_supported": ["sub", "name", "email", "groups", "amr"],
        "sallyport_development": true,
    }))
}

async fn jwks(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({ "keys": [provider.key.public()] }))
}

/// What the client sends along to `/authorize`; the page carries it on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

impl Asked {
    /// Why this cannot be answered with a redirect, if it cannot.
    fn fault(&self) -> Option<&'static str> {
        if self.client_id != CLIENT_ID {
            return Some("unknown client_id");
        }
        if !leads_to_this_machine(&self.redirect_uri) {
            return Some("redirect_uri must lead to this machine");
        }
        if self.response_type != "code" {
            return Some("response_type must be code");
        }
        if self.code_challenge_method != "S256" || self.code_challenge.is_empty() {
            return Some("a PKCE challenge (S256) is needed");
        }
        None
    }
}

fn leads_to_this_machine(uri: &str) -> bool {
    let Ok(uri) = url::Url::parse(uri) else { return false };
    matches!(uri.scheme(), "http" | "https") && matches!(uri.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

async fn ask(Query(asked): Query<Asked>) -> Response {
    match asked.fault() {
        Some(fault) => refuse(StatusCode::BAD_REQUEST, "invalid_request", fault),
        None => Html(page::render(&asked)).into_response(),
    }
}

#[derive(Deserialize)]
struct Answer {
    person: String,
    /// There if the box is ticked.
    second_factor: Option<String>,
    #[serde(flatten)]
    asked: Asked,
}

async fn answer(State(provider): State<Arc<Provider>>, Form(answer): Form<Answer>) -> Response {
    if let Some(fault) = answer.asked.fault() {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", fault);
    }
    let Some(person) = people::find(&answer.person) else {
        return refuse(StatusCode::BAD_REQUEST, "access_denied", "nobody of that name");
    };
    let asked = answer.asked;
    let Ok(mut target) = url::Url::parse(&asked.redirect_uri) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", "redirect_uri");
    };
    let state = asked.state.clone();
    let code = provider.codes.issue(Code {
        person,
        redirect_uri: asked.redirect_uri,
        nonce: asked.nonce,
        challenge: asked.code_challenge,
        second_factor: answer.second_factor.is_some(),
    });
    target.query_pairs_mut().append_pair("code", &code).append_pair("state", &state);
    Redirect::to(target.as_str()).into_response()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Redemption {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn redeem(State(provider): State<Arc<Provider>>, Form(form): Form<Redemption>) -> Response {
    if form.grant_type != "authorization_code" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "authorization_code only");
    }
    let Some(code) = provider.codes.redeem(&form.code, &form.redirect_uri, &form.code_verifier) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant", "the code is not valid here");
    };
    match provider.key.id_token(&provider.issuer, CLIENT_ID, &code) {
        Ok(id_token) => Json(json!({
            "access_token": super::token(), "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        }))
        .into_response(),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "signing failed"),
    }
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

#[cfg(test)]
mod tests;
