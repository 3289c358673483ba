//! Connections: everybody sees those that are open to them; administrators see and change all.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use policy::Part as Administered;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode, administration,
    caller::Caller,
    document::ConnectionDocument,
    guard::{Need, Over, Part},
    input::Body,
    policies,
};
use crate::store::{Change, Connection};

pub(super) fn routes() -> Vec<Part> {
    vec![
        (Need::Caller, OpenApiRouter::new().routes(routes!(list))),
        (Need::Admin(Over::Named), OpenApiRouter::new().routes(routes!(get, put, delete))),
    ]
}

/// A connection that is open to the caller.
#[derive(Serialize, ToSchema)]
struct OpenConnection {
    name: String,
    /// `postgres`, `ssh` or `http`.
    protocol: &'static str,
    labels: BTreeMap<String, String>,
    /// A line to paste into a shell; `$SALLYPORT_TICKET` and `$SALLYPORT_CA` are to be set.
    line: Option<String>,
}

/// The connections that are open to me.
#[utoipa::path(get, path = "/api/v1/connections", responses((status = 200, body = Vec<OpenConnection>)))]
async fn list(State(state): State<ApiState>, caller: Caller) -> Json<Vec<OpenConnection>> {
    let open = state.store.snapshot().connections();
    let open = open.iter().filter(|connection| caller.may_connect(connection)).map(|connection| OpenConnection {
        name: connection.name.clone(),
        protocol: connection.settings.protocol().as_str(),
        labels: connection.labels.clone(),
        line: state.endpoints.line(connection, &caller.subject.name),
    });
    Json(open.collect())
}

/// One connection, whole.
#[utoipa::path(
    get, path = "/api/v1/connections/{name}", params(("name" = String, Path)),
    responses((status = 200, body = ConnectionDocument))
)]
async fn get(
    State(state): State<ApiState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ConnectionDocument>, Problem> {
    administration::must(&state, &caller, Administered::Connection(&name)).await?;
    let found = state.store.connection(&name).ok_or_else(Problem::not_found)?;
    Ok(Json(ConnectionDocument::from(found.as_ref())))
}

/// Creates or replaces a connection.
#[utoipa::path(
    put, path = "/api/v1/connections/{name}", params(("name" = String, Path)), request_body = ConnectionDocument,
    responses((status = 204))
)]
async fn put(
    State(state): State<ApiState>,
    caller: Caller,
    Path(name): Path<String>,
    Body(document): Body<ConnectionDocument>,
) -> Result<StatusCode, Problem> {
    let invalid = |text: String| Problem::new(ProblemCode::Invalid, text);
    if document.name != name {
        return Err(invalid("the name in the path and in the body differ".into()));
    }
    document.check().map_err(invalid)?;
    let event = caller.event("connection.written", serde_json::json!({ "connection": name }));
    let change = Change { connections: vec![Connection::from(document)], ..Change::default() };
    policies::make(&state, &caller, change, event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a connection. Its sessions end.
#[utoipa::path(delete, path = "/api/v1/connections/{name}", params(("name" = String, Path)), responses((status = 204)))]
async fn delete(
    State(state): State<ApiState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    administration::must(&state, &caller, Administered::Connection(&name)).await?;
    if state.store.connection(&name).is_none() {
        return Err(Problem::not_found());
    }
    let event = caller.event("connection.removed", serde_json::json!({ "connection": name }));
    let change = Change { remove_connections: vec![name], ..Change::default() };
    policies::make(&state, &caller, change, event).await?;
    Ok(StatusCode::NO_CONTENT)
}
