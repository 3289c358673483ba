//! A caller's own tickets.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use proto::Actor;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiState, Problem, ProblemCode,
    caller::{Caller, Via},
    guard::{Need, Part},
    input::{self, Body},
};
use crate::{
    auth::Mint,
    config::Mode,
    store::{Purpose, Subject, Ticket},
};

pub(super) fn routes() -> Vec<Part> {
    let routes = OpenApiRouter::new().routes(routes!(list, mint)).routes(routes!(revoke));
    vec![(Need::Caller, routes)]
}

/// A ticket to mint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MintRequest {
    /// Good for this connection only; for every open one when absent.
    connection: Option<String>,
    /// How long it lives; eight hours when absent, at most what the deployment allows.
    life_seconds: Option<u64>,
    /// Whether the API takes it with all its owner's rights.
    #[serde(default)]
    api: bool,
    /// Why: a ticket number, an incident. Policies can ask for it.
    reason: Option<String>,
    /// Who makes the calls with it, if not me: `ai:NAME` or `workload:NAME`.
    actor: Option<String>,
    /// For whom; only administrators in development mode.
    subject: Option<String>,
}

/// A minted ticket. Its secret is shown this once.
#[derive(Serialize, ToSchema)]
struct MintedTicket {
    id: Uuid,
    /// The ticket itself.
    ticket: String,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    /// Lines to paste into a shell, one for each connection it opens.
    lines: Vec<Line>,
}

/// How to use a connection.
#[derive(Serialize, ToSchema)]
struct Line {
    connection: String,
    line: String,
}

/// A ticket without its secret.
#[derive(Serialize, ToSchema)]
struct ListedTicket {
    id: Uuid,
    connection: Option<String>,
    api: bool,
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used: Option<OffsetDateTime>,
    last_source: Option<String>,
}

impl From<Ticket> for ListedTicket {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            connection: ticket.connection,
            api: ticket.api,
            created: ticket.created,
            expires: ticket.expires,
            last_used: ticket.last_used,
            last_source: ticket.last_source,
        }
    }
}

/// My live tickets.
#[utoipa::path(get, path = "/api/v1/tickets", responses((status = 200, body = Vec<ListedTicket>)))]
async fn list(State(state): State<ApiState>, caller: Caller) -> Result<Json<Vec<ListedTicket>>, Problem> {
    let tickets = state.store.tickets_of(caller.subject.id).await?;
    Ok(Json(tickets.into_iter().map(ListedTicket::from).collect()))
}

/// Mints a ticket for me.
#[utoipa::path(
    post, path = "/api/v1/tickets", request_body = MintRequest, responses((status = 201, body = MintedTicket))
)]
async fn mint(
    State(state): State<ApiState>,
    caller: Caller,
    Body(asked): Body<MintRequest>,
) -> Result<(StatusCode, Json<MintedTicket>), Problem> {
    // A ticket made with a ticket neither outlives it nor can do more.
    let not_after = match &caller.via {
        Via::Ticket { expires, .. } if !asked.api => Some(*expires),
        Via::Ticket { .. } => {
            return Err(Problem::new(ProblemCode::Forbidden, "sign in for a ticket that the API takes"));
        }
        _ => None,
    };
    let subject = recipient(&state, &caller, asked.subject.as_deref())?;
    let mint = Mint {
        subject: &subject,
        connection: asked.connection.as_deref(),
        life: asked.life_seconds.map(Duration::from_secs),
        not_after,
        api: asked.api,
        purpose: purpose(&asked)?,
        source: Some(caller.source),
    };
    let minted = state.auth.mint(mint).await?;
    let wanted = |name: &str| asked.connection.as_deref().is_none_or(|only| only == name);
    let open = state.store.snapshot().connections();
    let open = open
        .iter()
        .filter(|open| wanted(&open.name) && state.auth.may_connect(&subject, &open.name, Some(caller.source.ip())));
    let lines = open
        .filter_map(|open| {
            let line = state.endpoints.line(open, &subject.name)?;
            Some(Line { connection: open.name.clone(), line })
        })
        .collect();
    let ticket = minted.secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(MintedTicket { id: minted.id, ticket, expires: minted.expires, lines })))
}

/// What the ticket is to be for.
fn purpose(asked: &MintRequest) -> Result<Purpose, Problem> {
    let invalid = |text: &str| Problem::new(ProblemCode::Invalid, text);
    let plain = |text: &&str| !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control);
    let reason = match asked.reason.as_deref() {
        None => None,
        Some(reason) => Some(Some(reason).filter(plain).ok_or_else(|| invalid("reason: 1 to 256 bytes of text"))?),
    };
    let actor = match &asked.actor {
        None => None,
        Some(actor) => {
            let wrong = || invalid("actor: write ai:NAME or workload:NAME");
            let (kind, name) = actor.split_once(':').ok_or_else(wrong)?;
            if !matches!(kind, "ai" | "workload") || !plain(&name) {
                return Err(wrong());
            }
            Some(Actor { kind: kind.to_owned(), name: name.to_owned(), groups: Vec::new() })
        }
    };
    Ok(Purpose { reason: reason.map(str::to_owned), actor })
}

fn recipient(state: &ApiState, caller: &Caller, named: Option<&str>) -> Result<Subject, Problem> {
    let Some(name) = named.filter(|name| *name != caller.subject.name) else {
        return Ok(Subject::clone(&caller.subject));
    };
    if !caller.roles.admin || state.auth.mode() == Mode::Production {
        return Err(Problem::new(ProblemCode::Forbidden, "a ticket is minted by the one it is for"));
    }
    let subject = state.store.snapshot().subject_named(name).ok_or_else(Problem::not_found)?;
    Ok(Subject::clone(&subject))
}

/// Revokes one of my tickets. Sessions that it opened end.
#[utoipa::path(delete, path = "/api/v1/tickets/{id}", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn revoke(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id: Uuid = input::id(&id)?;
    if !state.store.revoke_ticket(id, Some(caller.subject.id)).await? {
        return Err(Problem::not_found());
    }
    state.store.audit(caller.event("ticket.revoked", serde_json::json!({ "ticket": id }))).await?;
    Ok(StatusCode::NO_CONTENT)
}
