//! Recordings: whoever may replay a session may read its events, and export them if they may that, too; every reading is itself in the audit log.

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::header;
use ledger::chain::Head;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode,
    caller::Caller,
    guard::{Need, Part},
    input::Filter,
    sessions::replayable,
};
use crate::evidence::{
    ReadError,
    render::{self, Format, Renderer},
};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Caller, OpenApiRouter::new().routes(routes!(events)))]
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// `ndjson` (the default), `records`, `asciicast` or `asciicast2`.
    format: Option<String>,
    /// Of a terminal recording, only this channel.
    exchange: Option<u64>,
}

/// What happened in a session, as its client saw it. The chain is verified while it is read; damage ends the answer early.
#[utoipa::path(
    get, path = "/api/v1/sessions/{id}/events", params(("id" = Uuid, Path), EventsQuery),
    responses((status = 200, body = String))
)]
async fn events(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Filter(query): Filter<EventsQuery>,
) -> Result<Response, Problem> {
    let format: Format = query
        .format
        .as_deref()
        .unwrap_or("ndjson")
        .parse()
        .map_err(|error: render::UnknownFormat| Problem::new(ProblemCode::Invalid, error.to_string()))?;
    // What the command line shows is made of records.
    let row = replayable(&state, &caller, &id, format != Format::Records).await?;
    let mut event = caller.event("recording.read", serde_json::json!({ "format": format.content_type() }));
    event.session = Some(row.id);
    state.store.audit(event).await?;
    let expected = row.chain_head.map(|link| Head { seq: row.last_seq, link });
    let reader = match state.recordings.reader(row.id, expected).await {
        Ok(reader) => reader,
        // A session that was refused before it began has no events.
        Err(ReadError::Absent) if row.last_seq == 0 => {
            return Ok(([(header::CONTENT_TYPE, format.content_type())], Body::empty()).into_response());
        }
        Err(ReadError::Unavailable(_)) => {
            return Err(Problem::new(ProblemCode::Unavailable, "the recordings do not answer"));
        }
        Err(damage) => return Err(Problem::new(ProblemCode::Conflict, damage.to_string())),
    };
    let body = Body::from_stream(render::stream(reader, Renderer::new(format, query.exchange)));
    Ok(([(header::CONTENT_TYPE, format.content_type())], body).into_response())
}
