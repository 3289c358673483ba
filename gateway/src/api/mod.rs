//! The HTTP API and the pages of the gateway itself. Described by its own OpenAPI document; errors are problem details
//! (RFC 9457) with stable codes.
//!
//! Rules: every route stands in a sub-router that says who may call it (`guard`); what says nothing is not reachable.
//! The guard is the only place that reads credentials. Pages are rendered here, escaped, and run no script.

mod administration;
mod agents;
mod audit;
mod caller;
mod connections;
mod console;
mod control;
mod cookie;
mod document;
mod endpoints;
mod export;
mod guard;
mod health;
mod html;
mod http_settings;
mod input;
mod logins;
mod me;
mod page;
mod person;
mod policies;
mod policy_document;
mod problem;
mod recordings;
mod rules;
mod serve;
mod sessions;
mod sign_in;
mod ssh_keys;
#[cfg(test)]
mod tests;
mod tickets;
mod whole;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

pub use control::{AgentControl, SessionControl};
pub use document::{ConnectionDocument, Document, DocumentError, Masking};
pub use endpoints::Endpoints;
pub use policy_document::PolicyDocument;
pub use problem::{Problem, ProblemCode};
pub use serve::serve;

use crate::{auth::Auth, evidence::Recordings, store::Store};

/// The most a request body may hold, bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// What the API works on. Cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<Parts>);

/// The parts of an [`ApiState`].
pub struct Parts {
    /// What is remembered.
    pub store: Store,
    /// Who is calling.
    pub auth: Auth,
    /// Ends live sessions.
    pub sessions: Arc<dyn SessionControl>,
    /// Knows which agents are connected.
    pub agents: Arc<dyn AgentControl>,
    /// What was recorded.
    pub recordings: Recordings,
    /// Where people's clients connect.
    pub endpoints: Endpoints,
    /// SHA-256 of the root that agents pin when they join (DER).
    pub tunnel_root_sha256: [u8; 32],
}

impl ApiState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for ApiState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Everything: API, pages, health. The server must put the peer's address into each request's extensions as
/// [`axum::extract::ConnectInfo`].
pub fn app(state: ApiState) -> Router {
    let (router, document) = routes(&state).split_for_parts();
    let text: Arc<str> = json(&document).into();
    router
        .merge(page::routes(&state))
        .merge(rules::routes())
        .merge(console::routes())
        .merge(sign_in::routes(&state))
        .route("/api/v1/openapi.json", axum::routing::get(move || openapi(Arc::clone(&text))))
        .fallback(|| async { Problem::new(ProblemCode::NotFound, "there is nothing here") })
        .method_not_allowed_fallback(|| async { Problem::new(ProblemCode::Method, "not with this method") })
        .layer(middleware::from_fn(html::headers))
        .layer(middleware::from_fn(whole::small_content))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}

/// The API alone, with its description. Further sub-routers are merged here, each inside `guard::guarded`.
pub fn routes(state: &ApiState) -> OpenApiRouter<ApiState> {
    let parts = [
        health::routes(),
        logins::routes(),
        me::routes(),
        tickets::routes(),
        ssh_keys::routes(),
        connections::routes(),
        policies::routes(),
        agents::routes(),
        sessions::routes(),
        recordings::routes(),
        audit::routes(),
        export::routes(),
    ];
    let described = OpenApiRouter::with_openapi(description());
    parts.into_iter().flatten().fold(described, |all, (need, part)| all.merge(guard::guarded(need, part, state)))
}

fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Sallyport")
        .version("1")
        .description(Some("Errors are `application/problem+json`. Times are RFC 3339."))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    document.components = Some(guard::security_schemes());
    document
}

fn json(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default() + "\n"
}

async fn openapi(text: Arc<str>) -> impl axum::response::IntoResponse {
    ([(http::header::CONTENT_TYPE, "application/json")], text.to_string())
}
