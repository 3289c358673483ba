//! Apply and export: the whole configuration of connections as one document. Applying what was exported changes nothing.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};
use policy::{Engine, Part as Administered};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiState, Problem, ProblemCode, administration,
    caller::Caller,
    document::{ConnectionDocument, Document},
    guard::{Need, Over, Part},
    input::{self, Filter},
    policies,
    policy_document::PolicyDocument,
};
use crate::store::{self, Connection, Snapshot};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Admin(Over::Named), OpenApiRouter::new().routes(routes!(apply)).routes(routes!(export)))]
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ApplyQuery {
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
    /// Remove connections that the document does not name.
    #[serde(default)]
    prune: bool,
}

/// What was changed, or would be.
#[derive(Serialize, ToSchema)]
pub(super) struct Applied {
    dry_run: bool,
    /// Only what differs; empty if the document describes what is there.
    changes: Vec<Change>,
    unchanged: usize,
}

/// One difference.
#[derive(Serialize, ToSchema)]
struct Change {
    /// The connection or policy document.
    connection: String,
    /// `create`, `change` or `remove`.
    action: &'static str,
    /// What differs.
    fields: Vec<&'static str>,
}

/// Applies a document of connections, access and detectors, all or nothing.
#[utoipa::path(
    post, path = "/api/v1/apply", params(ApplyQuery),
    request_body(content((Document = "application/yaml"), (Document = "application/json"))),
    responses((status = 200, body = Applied))
)]
async fn apply(
    State(state): State<ApiState>,
    caller: Caller,
    Filter(query): Filter<ApplyQuery>,
    request: Request,
) -> Result<Json<Applied>, Problem> {
    let invalid = |text: String| Problem::new(ProblemCode::Invalid, text);
    let bytes = input::body(request, &state).await?;
    let text = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
    let document = Document::parse(text).map_err(|error| invalid(error.to_string()))?;
    let wish = Wish { document, prune: query.prune, ..Wish::default() };
    let (plan, _next) = Plan::of(&state, &caller, wish).await?;
    Ok(Json(plan.carry_out(&state, &caller, query.dry_run).await?))
}

/// What somebody wants to be there.
#[derive(Default)]
pub(super) struct Wish {
    /// This, checked.
    pub document: Document,
    /// Without what it does not name.
    pub prune: bool,
    /// Policy documents that are to go.
    pub remove_documents: Vec<String>,
    /// Only if this is the version of the bundle that is in force.
    pub expected: Option<u64>,
}

/// Whether the caller may administer everything that a document names: what is not changed tells what is there.
async fn must_name(state: &ApiState, caller: &Caller, document: &Document) -> Result<(), Problem> {
    for declared in &document.connections {
        if state.store.connection(&declared.name).is_some() {
            administration::must(state, caller, Administered::Connection(&declared.name)).await?;
        }
    }
    if !document.policies.is_empty() {
        administration::must(state, caller, Administered::Policies).await?;
    }
    Ok(())
}

/// What a wish changes.
pub(super) struct Plan {
    change: store::Change,
    changes: Vec<Change>,
    unchanged: usize,
}

impl Plan {
    /// What a wish changes, and the policies that would decide then if they differ.
    ///
    /// # Errors
    /// What the caller may not change; what would not be valid.
    pub(super) async fn of(state: &ApiState, caller: &Caller, wish: Wish) -> Result<(Self, Option<Engine>), Problem> {
        must_name(state, caller, &wish.document).await?;
        let mut plan = Self::new(state, wish.document, wish.prune);
        for gone in wish.remove_documents {
            plan.note(&gone, "remove");
            plan.change.remove_documents.push(gone);
        }
        plan.change.expected = wish.expected;
        let next = if plan.changes.is_empty() { None } else { policies::check(state, caller, &plan.change).await? };
        Ok((plan, next))
    }

    /// Makes the changes, with what the audit log says about them.
    ///
    /// # Errors
    /// If policies changed meanwhile and the wish was for those before; if the store fails.
    pub(super) async fn carry_out(self, state: &ApiState, caller: &Caller, dry_run: bool) -> Result<Applied, Problem> {
        if !dry_run && !self.changes.is_empty() {
            let event = caller.event("connections.applied", serde_json::json!(self.changes));
            policies::make(state, caller, self.change, event).await?;
        }
        Ok(Applied { dry_run, changes: self.changes, unchanged: self.unchanged })
    }

    fn new(state: &ApiState, document: Document, prune: bool) -> Self {
        let snapshot = state.store.snapshot();
        let mut plan = Self { change: store::Change::default(), changes: Vec::new(), unchanged: 0 };
        let mut named = std::collections::HashSet::new();
        for declared in document.connections {
            let declared = Connection::from(declared);
            named.insert(declared.name.clone());
            let (action, fields) = match snapshot.connection(&declared.name) {
                None => ("create", Vec::new()),
                Some(present) => ("change", differences(&present, &declared)),
            };
            if action == "change" && fields.is_empty() {
                plan.unchanged += 1;
                continue;
            }
            plan.changes.push(Change { connection: declared.name.clone(), action, fields });
            plan.change.connections.push(declared);
        }
        let gone = snapshot.connections().into_iter().filter(|present| prune && !named.contains(&present.name));
        for present in gone {
            plan.changes.push(Change { connection: present.name.clone(), action: "remove", fields: Vec::new() });
            plan.change.remove_connections.push(present.name.clone());
        }
        plan.policies(&snapshot, document.policies, prune);
        plan
    }

    /// Policy documents likewise; a document that declares none leaves them alone.
    fn policies(&mut self, snapshot: &Snapshot, declared: Vec<PolicyDocument>, prune: bool) {
        let present: Vec<policy::Document> =
            snapshot.engine().map(|engine| engine.bundle().documents.clone()).unwrap_or_default();
        let prune = prune && !declared.is_empty();
        for gone in present.iter().filter(|old| prune && declared.iter().all(|new| new.name != old.name)) {
            self.note(&gone.name, "remove");
            self.change.remove_documents.push(gone.name.clone());
        }
        for new in declared.into_iter().map(policy::Document::from) {
            match present.iter().find(|old| old.name == new.name) {
                Some(old) if old.text == new.text => {
                    self.unchanged += 1;
                    continue;
                }
                Some(_) => self.note(&new.name, "change"),
                None => self.note(&new.name, "create"),
            }
            self.change.documents.push(new);
        }
    }

    fn note(&mut self, name: &str, action: &'static str) {
        self.changes.push(Change { connection: format!("policy {name}"), action, fields: Vec::new() });
    }
}

fn differences(a: &Connection, b: &Connection) -> Vec<&'static str> {
    [
        ("agent", a.agent != b.agent),
        ("address", a.address != b.address),
        ("settings", a.settings != b.settings),
        ("credentials", a.credentials != b.credentials),
        ("access", a.groups != b.groups),
        ("masking", a.detectors != b.detectors),
        ("labels", a.labels != b.labels),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// The document that describes what is there, as far as the caller may administer it; JSON, or YAML for those who accept it.
#[utoipa::path(
    get, path = "/api/v1/export",
    responses((status = 200, content((Document = "application/json"), (Document = "application/yaml"))))
)]
async fn export(State(state): State<ApiState>, caller: Caller, headers: HeaderMap) -> Result<Response, Problem> {
    let connections = state.store.snapshot().connections();
    let may = |part| administration::may(&state, &caller, part, None).is_ok();
    let shown = connections.iter().filter(|connection| may(Administered::Connection(&connection.name)));
    let document = Document {
        connections: shown.map(|connection| ConnectionDocument::from(connection.as_ref())).collect(),
        policies: if may(Administered::Policies) { policies::documents(&state) } else { Vec::new() },
    };
    let yaml = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/yaml"));
    if !yaml {
        return Ok(Json(document).into_response());
    }
    let unwritable = |_| Problem::new(ProblemCode::Internal, "the document cannot be written");
    let text = document.to_yaml().map_err(unwritable)?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], text).into_response())
}
