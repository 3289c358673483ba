//! The audit log, for auditors.

use axum::{Json, extract::State};
use proto::SessionId;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiState, Problem, ProblemCode,
    guard::{Need, Part},
    input::{self, Filter},
};
use crate::store::{AuditFilter, StoredEvent};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Auditor, OpenApiRouter::new().routes(routes!(list)))]
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only this kind, such as `login.failed`.
    kind: Option<String>,
    subject: Option<String>,
    connection: Option<String>,
    session: Option<Uuid>,
    /// At this time or later (RFC 3339).
    since: Option<String>,
    /// Before this place in the log.
    before: Option<i64>,
    /// At most so many; 100 when absent, 1,000 at most.
    limit: Option<u64>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct ListedEvent {
    /// Its place in the log.
    seq: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    kind: String,
    subject: Option<String>,
    connection: Option<String>,
    session: Option<Uuid>,
    source: Option<String>,
    protocol: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<StoredEvent> for ListedEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            seq: event.seq,
            at: event.at,
            kind: event.kind,
            subject: event.subject,
            connection: event.connection,
            session: event.session.map(SessionId::uuid),
            source: event.source,
            protocol: event.protocol,
            code: event.code,
            reason: event.reason,
            detail: event.detail,
        }
    }
}

/// What happened, newest first.
#[utoipa::path(get, path = "/api/v1/audit", params(ListQuery), responses((status = 200, body = Vec<ListedEvent>)))]
async fn list(
    State(state): State<ApiState>,
    Filter(query): Filter<ListQuery>,
) -> Result<Json<Vec<ListedEvent>>, Problem> {
    let since = query.since.map(|text| OffsetDateTime::parse(&text, &Rfc3339)).transpose();
    let filter = AuditFilter {
        kind: query.kind,
        subject: query.subject,
        connection: query.connection,
        session: query.session.map(SessionId::from),
        since: since.map_err(|_| Problem::new(ProblemCode::Invalid, "since is no RFC 3339 time"))?,
        before: query.before,
        limit: input::limit(query.limit),
    };
    let events = state.store.audit_events(filter).await?;
    Ok(Json(events.into_iter().map(ListedEvent::from).collect()))
}
