//! Whether the gateway lives and can serve.

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode,
    guard::{Need, Part},
};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Nobody, OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)))]
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The store answers, so that people can be served.
#[utoipa::path(get, path = "/readyz", responses((status = 200, body = String), (status = 503)))]
async fn readyz(State(state): State<ApiState>) -> Result<&'static str, Problem> {
    let unavailable = |_| Problem::new(ProblemCode::Unavailable, "the store does not answer");
    state.store.ping().await.map_err(unavailable)?;
    Ok("ready\n")
}
