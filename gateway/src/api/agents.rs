//! Agents: which there are, how one joins, and how one is removed. For administrators.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode,
    caller::Caller,
    document::is_name,
    guard::{Need, Over, Part},
};
use crate::{auth::Secret, store::Agent};

/// How long a join token is good.
const JOIN_WITHIN: Duration = Duration::from_secs(15 * 60);

pub(super) fn routes() -> Vec<Part> {
    let routes = OpenApiRouter::new().routes(routes!(list)).routes(routes!(join_token)).routes(routes!(remove));
    vec![(Need::Admin(Over::Agents), routes)]
}

/// An agent.
#[derive(Serialize, ToSchema)]
struct ListedAgent {
    name: String,
    /// Whether it is connected to this gateway now.
    connected: bool,
    generation: u64,
    /// Why it may not connect, if so.
    locked: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    last_seen: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    certificate_expires: Option<OffsetDateTime>,
}

impl ListedAgent {
    fn new(agent: Agent, connected: &[String]) -> Self {
        Self {
            connected: connected.contains(&agent.name),
            name: agent.name,
            generation: agent.generation,
            locked: agent.locked,
            created: agent.created,
            last_seen: agent.last_seen,
            certificate_expires: agent.certificate_expires,
        }
    }
}

/// A join token. It is shown this once and is good once.
#[derive(Serialize, ToSchema)]
struct JoinToken {
    agent: String,
    /// For `join_token` in the agent's configuration; also pins this gateway's root.
    token: String,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
}

/// All agents.
#[utoipa::path(get, path = "/api/v1/agents", responses((status = 200, body = Vec<ListedAgent>)))]
async fn list(State(state): State<ApiState>) -> Result<Json<Vec<ListedAgent>>, Problem> {
    let connected = state.agents.connected();
    let agents = state.store.agents().await?;
    Ok(Json(agents.into_iter().map(|agent| ListedAgent::new(agent, &connected)).collect()))
}

/// Lets an agent of that name join within 15 minutes.
#[utoipa::path(
    post, path = "/api/v1/agents/{name}/join-tokens", params(("name" = String, Path)),
    responses((status = 201, body = JoinToken))
)]
async fn join_token(
    State(state): State<ApiState>,
    caller: Caller,
    Path(agent): Path<String>,
) -> Result<(StatusCode, Json<JoinToken>), Problem> {
    if !is_name(&agent) {
        return Err(Problem::new(ProblemCode::Invalid, "an agent's name is 1 to 63 of a-z, 0-9 and -, not at an end"));
    }
    let secret = Secret::generate("").map_err(|_| Problem::new(ProblemCode::Internal, "no randomness"))?;
    let expires = OffsetDateTime::now_utc() + JOIN_WITHIN;
    state.store.create_join_token(&agent, secret.digest(), expires).await?;
    state.store.audit(caller.event("join-token.created", serde_json::json!({ "agent": agent }))).await?;
    let token = format!("spj.{}.{}", secret.reveal(), hex::encode(state.tunnel_root_sha256));
    Ok((StatusCode::CREATED, Json(JoinToken { agent, token, expires })))
}

/// Removes an agent: it is cut off at once.
#[utoipa::path(delete, path = "/api/v1/agents/{name}", params(("name" = String, Path)), responses((status = 204)))]
async fn remove(
    State(state): State<ApiState>,
    caller: Caller,
    Path(agent): Path<String>,
) -> Result<StatusCode, Problem> {
    if !state.store.remove_agent(&agent).await? {
        return Err(Problem::not_found());
    }
    state.agents.expel(&agent);
    state.store.audit(caller.event("agent.removed", serde_json::json!({ "agent": agent }))).await?;
    Ok(StatusCode::NO_CONTENT)
}
