//! Sessions: everybody sees their own, auditors and administrators see all, administrators end them.

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use policy::{Opinion, Part as Administered, Recall};
use proto::{SessionId, rpc::Release};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiState, Problem, ProblemCode, administration,
    caller::{Caller, Via},
    guard::{Need, Over, Part},
    input::{self, Body, Filter},
};
use crate::{
    auth::Asks,
    store::{AuditEvent, Incident, SessionFilter, SessionRow, SessionStatus},
};

pub(super) fn routes() -> Vec<Part> {
    vec![
        (Need::Caller, OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))),
        (Need::Admin(Over::Named), OpenApiRouter::new().routes(routes!(kill)).routes(routes!(release))),
    ]
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this subject; only for auditors and administrators.
    subject: Option<String>,
    /// On this connection.
    connection: Option<String>,
    /// `open`, `closed`, `lost`, or `held`.
    status: Option<String>,
    /// Only older ones than this.
    before: Option<Uuid>,
    /// At most so many; 100 when absent, 1,000 at most.
    limit: Option<u64>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedSession {
    pub id: Uuid,
    pub connection: String,
    pub protocol: String,
    pub subject: String,
    issuer: String,
    groups: Vec<String>,
    /// How the caller logged in: `ticket`, `ssh-key`.
    method: String,
    /// Which credential it was; never the credential.
    credential: String,
    source: String,
    /// What the client says it is.
    client: String,
    agent: String,
    /// What gave the right.
    permitted_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub opened: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    ended: Option<OffsetDateTime>,
    /// `open`, `closed`, `lost`; `held` if it is open and on hold.
    pub status: &'static str,
    /// What has its subject on hold on the connection; also after the session ended.
    hold: Option<Hold>,
    /// The code it ended with.
    code: Option<String>,
    message: Option<String>,
    pub requests: u64,
    bytes_in: u64,
    bytes_out: u64,
    /// The last event that is stored.
    last_event: u64,
    /// Hex of the head of its event chain.
    chain_head: Option<String>,
}

/// Why a session is on hold.
#[derive(Serialize, ToSchema)]
struct Hold {
    /// From 1, within the session.
    incident: u32,
    rules: Vec<String>,
    reason: String,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

impl ListedSession {
    /// A session, and what has it on hold.
    fn new(row: SessionRow, incident: Option<Incident>) -> Self {
        let hold = incident.map(|incident| Hold {
            incident: incident.number,
            rules: incident.rules,
            reason: incident.reason,
            since: incident.at,
        });
        let status = if hold.is_some() && row.status == SessionStatus::Open { "held" } else { row.status.as_str() };
        Self { status, hold, ..Self::from(row) }
    }
}

impl From<SessionRow> for ListedSession {
    fn from(row: SessionRow) -> Self {
        Self {
            hold: None,
            id: row.id.uuid(),
            connection: row.connection,
            protocol: row.protocol,
            subject: row.caller.subject,
            issuer: row.caller.issuer,
            groups: row.caller.groups,
            method: row.caller.method,
            credential: row.caller.credential_id,
            source: row.caller.source,
            client: row.caller.client,
            agent: row.agent,
            permitted_by: row.permitted_by,
            opened: row.opened,
            ended: row.ended,
            status: row.status.as_str(),
            code: row.code,
            message: row.message,
            requests: row.counts.requests,
            bytes_in: row.counts.bytes_in,
            bytes_out: row.counts.bytes_out,
            last_event: row.last_seq,
            chain_head: row.chain_head.map(hex::encode),
        }
    }
}

/// Sessions, newest first: mine, or everybody's for auditors and administrators, and of one connection for those whom a policy lets
/// replay them.
#[utoipa::path(get, path = "/api/v1/sessions", params(ListQuery), responses((status = 200, body = Vec<ListedSession>)))]
async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Filter(query): Filter<ListQuery>,
) -> Result<Json<Vec<ListedSession>>, Problem> {
    let open = |name: &String| opinion(&state, &caller, name, Recall::Replay) == Opinion::Permitted;
    let of_connection = query.connection.as_ref().is_some_and(open);
    let all = sees_all(&caller) || of_connection;
    let subject = if all { query.subject } else { Some(caller.subject.name.clone()) };
    let unknown = || Problem::new(ProblemCode::Invalid, "status is open, closed, lost or held");
    let held = query.status.as_deref() == Some("held");
    let status = query.status.filter(|_| !held);
    let filter = SessionFilter {
        subject,
        connection: query.connection,
        status: status.map(|word| SessionStatus::parse(&word).ok_or_else(unknown)).transpose()?,
        held,
        before: query.before.map(SessionId::from),
        limit: input::limit(query.limit),
    };
    let rows = state.store.sessions(filter).await?;
    let seen: Vec<_> = rows.into_iter().filter(|row| of_connection || visible(&caller, row)).collect();
    let ids: Vec<_> = seen.iter().map(|row| row.id).collect();
    let mut held = state.store.incidents_of(&ids).await?;
    let listed = seen.into_iter().map(|row| {
        let incident = held.remove(&row.id);
        ListedSession::new(row, incident)
    });
    Ok(Json(listed.collect()))
}

/// One session.
#[utoipa::path(
    get, path = "/api/v1/sessions/{id}", params(("id" = Uuid, Path)), responses((status = 200, body = ListedSession))
)]
async fn get(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ListedSession>, Problem> {
    let row = readable(&state, &caller, &id).await?;
    let incident = state.store.incidents_of(&[row.id]).await?.remove(&row.id);
    Ok(Json(ListedSession::new(row, incident)))
}

/// Why a session is ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KillRequest {
    /// For the caller and the audit log.
    #[serde(default)]
    reason: String,
}

/// Ends a session.
#[utoipa::path(
    post, path = "/api/v1/sessions/{id}/kill", params(("id" = Uuid, Path)), request_body = KillRequest,
    responses((status = 204))
)]
async fn kill(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<KillRequest>,
) -> Result<StatusCode, Problem> {
    let (id, _row) = administered(&state, &caller, &id).await?;
    let reason = plain(&asked.reason);
    let reason = if reason.is_empty() { "ended by an administrator".to_owned() } else { reason };
    let mut event = caller.event("session.killed", serde_json::json!({ "reason": reason }));
    event.session = Some(id);
    state.store.audit(event).await?;
    if !state.sessions.kill(id, &reason).await {
        return Err(Problem::new(ProblemCode::Conflict, "no such session is live on this gateway"));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Why a session that is on hold may go on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseRequest {
    /// For the audit log and the recording.
    reason: String,
}

/// Lets a session that is on hold go on, and its subject open others on the connection. Nobody releases their own.
#[utoipa::path(
    post, path = "/api/v1/sessions/{id}/release", params(("id" = Uuid, Path)), request_body = ReleaseRequest,
    responses((status = 204))
)]
async fn release(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ReleaseRequest>,
) -> Result<StatusCode, Problem> {
    let (id, row) = administered(&state, &caller, &id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let reason = plain(&asked.reason);
    if reason.trim().is_empty() {
        return Err(Problem::new(ProblemCode::Invalid, "say why: reason"));
    }
    if row.caller.subject == caller.subject.name && row.caller.issuer == caller.subject.issuer {
        state
            .store
            .audit(AuditEvent { session: Some(id), ..caller.event("release.refused", serde_json::json!({})) })
            .await?;
        return Err(Problem::new(ProblemCode::Forbidden, "nobody releases their own session"));
    }
    let incident =
        state.store.last_incident(id).await?.ok_or_else(|| Problem::new(ProblemCode::Conflict, "it is not on hold"))?;
    let detail = serde_json::json!({ "incident": incident.number, "rules": incident.rules, "reason": reason });
    let event = caller.event("session.released", detail);
    let event = AuditEvent { session: Some(id), connection: Some(row.connection), ..event };
    let by = caller.subject.name.clone();
    let release = Release { session: id.to_string(), incident: incident.number, by, reason };
    state.sessions.release(id, release, event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The session of that id, if the caller may administer its connection. One that nobody knows is on no connection, and only a role
/// reaches it.
async fn administered(state: &ApiState, caller: &Caller, id: &str) -> Result<(SessionId, Option<SessionRow>), Problem> {
    let id: SessionId = input::id(id)?;
    let row = state.store.session(id).await?;
    let on = row.as_ref().map(|row| row.connection.as_str()).unwrap_or_default();
    administration::must(state, caller, Administered::Connection(on)).await?;
    Ok((id, row))
}

/// A reason as it is kept: one line of a bounded length.
fn plain(reason: &str) -> String {
    reason.chars().filter(|char| !char.is_control()).take(200).collect()
}

/// The session of that id, if the caller may read it: what others did does not exist for those who may not see it.
pub(super) async fn readable(state: &ApiState, caller: &Caller, id: &str) -> Result<SessionRow, Problem> {
    let row = state.store.session(input::id(id)?).await?;
    let open = |row: &SessionRow| {
        visible(caller, row) || opinion(state, caller, &row.connection, Recall::Replay) == Opinion::Permitted
    };
    row.filter(open).ok_or_else(Problem::not_found)
}

/// The session of that id, if the caller may read what was said in it: their own, or any for auditors, unless a policy forbids it;
/// and what a policy permits. Administration is no reason to read. To export it takes both rights.
pub(super) async fn replayable(
    state: &ApiState,
    caller: &Caller,
    id: &str,
    exports: bool,
) -> Result<SessionRow, Problem> {
    let row = readable(state, caller, id).await?;
    let by_role = caller.roles.auditor || is_own(caller, &row);
    let wanted = [Recall::Replay, Recall::Export];
    for what in wanted.into_iter().take(if exports { 2 } else { 1 }) {
        let rules = match opinion(state, caller, &row.connection, what).with_role(by_role) {
            Ok(()) => continue,
            Err(rules) => rules,
        };
        let told = match rules.as_slice() {
            [] => "only auditors read what others did".to_owned(),
            rules => format!("a policy keeps what was recorded on this connection from you: {}", rules.join(", ")),
        };
        let detail =
            serde_json::json!({ "connection": row.connection, "export": what == Recall::Export, "rules": rules });
        let event = AuditEvent { session: Some(row.id), ..caller.event("recording.refused", detail) };
        state.store.audit(event).await?;
        return Err(Problem::new(ProblemCode::Forbidden, told));
    }
    Ok(row)
}

/// What policy says to the caller. A ticket for its owner's own things gives no more than these.
fn opinion(state: &ApiState, caller: &Caller, connection: &str, what: Recall) -> Opinion {
    let (method, whole) = match &caller.via {
        Via::Cookie { .. } | Via::Token { .. } => ("sign-in", true),
        Via::Ticket { api, connection: only, .. } => {
            ("ticket", *api && only.as_ref().is_none_or(|only| only == connection))
        }
    };
    let asks = Asks { subject: &caller.subject, groups: &caller.groups, method, source: caller.source.ip() };
    match state.auth.recall(&asks, connection, what) {
        Opinion::Permitted if !whole => Opinion::Silent,
        opinion => opinion,
    }
}

fn sees_all(caller: &Caller) -> bool {
    caller.roles.auditor || caller.roles.admin
}

/// Whether the caller may see that there was a session.
fn visible(caller: &Caller, row: &SessionRow) -> bool {
    sees_all(caller) || is_own(caller, row)
}

/// Names can change hands over the years, so the issuer must be the same too.
fn is_own(caller: &Caller, row: &SessionRow) -> bool {
    let own = row.caller.subject == caller.subject.name && row.caller.issuer == caller.subject.issuer;
    let bound = matches!(&caller.via, Via::Ticket { connection: Some(only), .. } if *only != row.connection);
    own && !bound
}
