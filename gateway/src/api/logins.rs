//! Signing the command line in: it asks here, shows a code, and polls until its person confirmed the code in a browser.

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem,
    caller::{Caller, Source, Via},
    guard::{Need, Part},
    input::Body,
};
use crate::auth::CliPolled;

/// How often the command line may ask, seconds.
const INTERVAL: u64 = 2;

pub(super) fn routes() -> Vec<Part> {
    vec![
        (Need::Nobody, OpenApiRouter::new().routes(routes!(begin)).routes(routes!(poll))),
        (Need::Caller, OpenApiRouter::new().routes(routes!(end))),
    ]
}

/// A login that waits for its person.
#[derive(Serialize, ToSchema)]
struct Waiting {
    /// Where to go in a browser.
    url: String,
    /// What to type there.
    code: String,
    /// What to poll with; a secret.
    poll: String,
    /// How often to poll, seconds.
    interval: u64,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PollRequest {
    poll: String,
}

/// What became of a login.
#[derive(Serialize, ToSchema)]
struct Polled {
    /// `waiting`, `approved` or `gone`.
    status: &'static str,
    /// When approved, once: the bearer token for the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    expires: Option<OffsetDateTime>,
}

/// Begins to sign the command line in.
#[utoipa::path(post, path = "/api/v1/logins", responses((status = 201, body = Waiting)))]
async fn begin(State(state): State<ApiState>, Source(source): Source) -> Result<(StatusCode, Json<Waiting>), Problem> {
    let begun = state.auth.begin_cli_login(source).await?;
    let waiting = Waiting {
        url: format!("{}/auth/cli", state.auth.public_url()),
        code: begun.user_code,
        poll: begun.poll.reveal().to_owned(),
        interval: INTERVAL,
        expires: begun.expires,
    };
    Ok((StatusCode::CREATED, Json(waiting)))
}

/// Asks what became of it.
#[utoipa::path(
    post, path = "/api/v1/logins/poll", request_body = PollRequest, responses((status = 200, body = Polled))
)]
async fn poll(State(state): State<ApiState>, Body(asked): Body<PollRequest>) -> Result<Json<Polled>, Problem> {
    Ok(Json(match state.auth.poll_cli_login(&asked.poll).await? {
        CliPolled::Waiting => Polled { status: "waiting", token: None, expires: None },
        CliPolled::Gone => Polled { status: "gone", token: None, expires: None },
        CliPolled::Approved(started) => Polled {
            status: "approved",
            token: Some(started.secret.reveal().to_owned()),
            expires: Some(started.expires),
        },
    }))
}

/// Ends the sign-in that this request is made with.
#[utoipa::path(delete, path = "/api/v1/login", responses((status = 204)))]
async fn end(State(state): State<ApiState>, caller: Caller) -> Result<StatusCode, Problem> {
    caller.must_have_signed_in()?;
    if let Via::Cookie { id, .. } | Via::Token { id } = caller.via {
        state.store.end_browser_session(id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
