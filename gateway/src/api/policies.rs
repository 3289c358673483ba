//! Policies: the documents, the bundle they make, and whether a change of them would be valid.

use axum::{Json, extract::State};
use policy::{Bundle, CompileError, Engine};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode, administration,
    caller::Caller,
    guard::{Need, Over, Part},
    policy_document::PolicyDocument,
};
use crate::store::{AuditEvent, Change, StoreError, compose};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Admin(Over::Policies), OpenApiRouter::new().routes(routes!(bundle)))]
}

/// The newest bundle: policy documents, connections as policies see them, and the version.
#[utoipa::path(get, path = "/api/v1/policies/bundle", responses((status = 200, body = serde_json::Value)))]
async fn bundle(State(state): State<ApiState>) -> Result<Json<serde_json::Value>, Problem> {
    let snapshot = state.store.snapshot();
    let engine = snapshot.engine().ok_or_else(Problem::not_found)?;
    let body = serde_json::json!({
        "version": engine.version(),
        "hash": engine.hash(),
        "bundle": engine.bundle(),
    });
    Ok(Json(body))
}

/// The documents as they are declared: as rules where they are such.
pub(super) fn documents(state: &ApiState) -> Vec<PolicyDocument> {
    let snapshot = state.store.snapshot();
    let documents = snapshot.engine().map(|engine| engine.bundle().documents.as_slice()).unwrap_or_default();
    documents.iter().map(PolicyDocument::from).collect()
}

/// How often a change is checked anew because another came before it: each time one of those that are made at once gets through.
const ATTEMPTS: usize = 32;

/// Makes a change if the caller may, and the bundle is valid after it: what was checked is what is changed. A change that
/// expects a version is made to that one only; any other is checked anew when another change came before it.
///
/// # Errors
/// As [`check`]; a conflict if policies changed meanwhile.
pub(super) async fn make(state: &ApiState, caller: &Caller, change: Change, event: AuditEvent) -> Result<(), Problem> {
    for _ in 0..ATTEMPTS {
        // Where no bundle can be read there is no version to check with; what mends it must get through.
        let checked = state.store.snapshot().engine().map(|engine| engine.version());
        if change.expected.is_some() && change.expected != checked {
            break;
        }
        let _next = check(state, caller, &change).await?;
        match state.store.change(Change { expected: checked, ..change.clone() }, vec![event.clone()]).await {
            Err(StoreError::Moved) if change.expected.is_none() => state.store.catch_up().await?,
            made => return Ok(made?),
        }
    }
    Err(StoreError::Moved.into())
}

/// Whether the caller may make a change, and the bundle would be valid after it. Gives what would decide then; `None` if
/// that is what decides now.
///
/// # Errors
/// What the caller may not change; what is wrong with the bundle, with documents and positions.
pub(super) async fn check(state: &ApiState, caller: &Caller, change: &Change) -> Result<Option<Engine>, Problem> {
    administration::must_change(state, caller, change).await?;
    let next = after(state, change);
    let snapshot = state.store.snapshot();
    if snapshot.engine().is_some_and(|engine| engine.hash() == next.hash()) {
        return Ok(None);
    }
    // Validation takes milliseconds of a processor.
    let checked = tokio::task::spawn_blocking(move || Engine::compile(next)).await;
    match checked {
        Ok(Ok(engine)) => {
            administration::must_keep(state, caller, change, &engine).await?;
            Ok(Some(engine))
        }
        Ok(Err(error @ CompileError::Documents(_))) => {
            Err(Problem::new(ProblemCode::Invalid, format!("policies: {error}")))
        }
        Ok(Err(error)) => Err(Problem::new(ProblemCode::Invalid, error.to_string())),
        Err(_) => Err(Problem::new(ProblemCode::Internal, "the policies could not be checked")),
    }
}

fn after(state: &ApiState, change: &Change) -> Bundle {
    let snapshot = state.store.snapshot();
    let documents = snapshot.engine().map(|engine| engine.bundle().documents.clone()).unwrap_or_default();
    let replaced = |name: &str| {
        change.remove_documents.iter().any(|gone| gone == name) || change.documents.iter().any(|new| new.name == name)
    };
    let mut documents: Vec<_> = documents.into_iter().filter(|document| !replaced(&document.name)).collect();
    documents.extend(change.documents.iter().cloned());
    documents.sort_by(|a, b| a.name.cmp(&b.name));
    let kept = snapshot.connections();
    let kept = kept.iter().filter(|known| !change.remove_connections.contains(&known.name));
    let kept = kept.filter(|known| change.connections.iter().all(|new| new.name != known.name));
    compose(documents, kept.map(AsRef::as_ref).chain(&change.connections))
}
