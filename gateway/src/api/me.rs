//! Who the caller is.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::{Caller, Via},
    guard::{Need, Part},
};

pub(super) fn routes() -> Vec<Part> {
    vec![(Need::Caller, OpenApiRouter::new().routes(routes!(me)))]
}

/// The caller.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The name in records.
    subject: String,
    issuer: String,
    groups: Vec<String>,
    admin: bool,
    auditor: bool,
    /// `cookie`, `token` or `ticket`.
    signed_in_with: &'static str,
    /// With a cookie: what to send as `x-csrf-token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

/// Who I am.
#[utoipa::path(get, path = "/api/v1/me", responses((status = 200, body = Me)))]
async fn me(caller: Caller) -> Json<Me> {
    let (signed_in_with, csrf_token) = match caller.via {
        Via::Cookie { csrf, .. } => ("cookie", Some(csrf)),
        Via::Token { .. } => ("token", None),
        Via::Ticket { .. } => ("ticket", None),
    };
    Json(Me {
        subject: caller.subject.name.clone(),
        issuer: caller.subject.issuer.clone(),
        groups: caller.groups,
        admin: caller.roles.admin,
        auditor: caller.roles.auditor,
        signed_in_with,
        csrf_token,
    })
}
