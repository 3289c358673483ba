//! Who calls the API, and with what.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, header, request::Parts};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApiState, Problem, ProblemCode, cookie};
use crate::{
    auth::{Credential, Roles},
    store::{AuditEvent, BrowserSessionKind, Subject},
};

/// Put into the request by the guard, and nowhere else.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who.
    pub subject: Arc<Subject>,
    /// The groups that count: those of the credential.
    pub groups: Vec<String>,
    /// What they may do with the gateway itself.
    pub roles: Roles,
    /// With what.
    pub via: Via,
    /// From where.
    pub source: SocketAddr,
}

/// With what somebody calls.
#[derive(Clone, Debug)]
pub(super) enum Via {
    /// A browser's cookie.
    Cookie { id: Uuid, csrf: String },
    /// The command line's token.
    Token { id: Uuid },
    /// A ticket. Reads its subject's own things; with `api`, everything its subject may.
    Ticket { id: Uuid, api: bool, connection: Option<String>, expires: OffsetDateTime },
}

impl Caller {
    /// The caller behind a request's credential, if there is one.
    pub(super) async fn find(
        state: &ApiState,
        headers: &HeaderMap,
        source: SocketAddr,
    ) -> Result<Option<Self>, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
            let (_, secret) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(refused)?;
            return if secret.starts_with("spt_") {
                Self::of_token(state, secret, source).await.map(Some)
            } else {
                Self::of_ticket(state, secret, source).await.map(Some)
            };
        }
        let Some(secret) = cookie::get(headers, cookie::SIGNED_IN) else { return Ok(None) };
        let Some(live) = state.auth.live(secret, BrowserSessionKind::Cookie).await? else { return Ok(None) };
        let via = Via::Cookie { id: live.id, csrf: live.csrf };
        Ok(Some(Self::signed_in(state, live.subject, via, source)))
    }

    async fn of_token(state: &ApiState, secret: &str, source: SocketAddr) -> Result<Self, Problem> {
        let Some(live) = state.auth.live(secret, BrowserSessionKind::Token).await? else {
            return Err(failed(state, source, "unknown").await);
        };
        Ok(Self::signed_in(state, live.subject, Via::Token { id: live.id }, source))
    }

    fn signed_in(state: &ApiState, subject: Arc<Subject>, via: Via, source: SocketAddr) -> Self {
        let (groups, roles) = (subject.groups.clone(), state.auth.roles(&subject.groups));
        Self { subject, groups, roles, via, source }
    }

    async fn of_ticket(state: &ApiState, secret: &str, source: SocketAddr) -> Result<Self, Problem> {
        let (subject, ticket) = match state.auth.api_ticket(secret, source).await {
            Ok(found) => found,
            Err(denial) => return Err(failed(state, source, denial.reason).await),
        };
        let groups: Vec<_> = ticket.groups.iter().filter(|group| subject.groups.contains(group)).cloned().collect();
        let roles = if ticket.api {
            state.auth.roles(&groups)
        } else {
            Roles { operator: false, admin: false, auditor: false }
        };
        let via =
            Via::Ticket { id: ticket.id, api: ticket.api, connection: ticket.connection, expires: ticket.expires };
        Ok(Self { subject, groups, roles, via, source })
    }

    /// Whether a connection is open to the caller.
    pub(super) fn may_connect(&self, connection: &crate::store::Connection) -> bool {
        let bound = matches!(&self.via, Via::Ticket { connection: Some(only), .. } if *only != connection.name);
        !bound && connection.groups.iter().any(|group| self.groups.contains(group))
    }

    /// Only somebody who signed in may go on; a ticket must not make what outlives it.
    pub(super) fn must_have_signed_in(&self) -> Result<(), Problem> {
        match self.via {
            Via::Ticket { .. } => Err(Problem::new(ProblemCode::Forbidden, "sign in for this; a ticket is not enough")),
            _ => Ok(()),
        }
    }

    /// An audit event about what this caller does.
    pub(super) fn event(&self, kind: &'static str, detail: serde_json::Value) -> AuditEvent {
        let with = match &self.via {
            Via::Cookie { .. } => "cookie".to_owned(),
            Via::Token { .. } => "token".to_owned(),
            Via::Ticket { id, .. } => Credential::Ticket(*id).to_string(),
        };
        AuditEvent {
            subject: Some(self.subject.name.clone()),
            source: Some(self.source.to_string()),
            detail: serde_json::json!({ "with": with, "what": detail }),
            ..AuditEvent::new(kind)
        }
    }
}

/// Writes down that a credential was not accepted.
async fn failed(state: &ApiState, source: SocketAddr, reason: &str) -> Problem {
    let refusal = proto::Refusal::new(proto::Code::Login, "the credential is not accepted");
    state.auth.record_failure(proto::Protocol::Http, source, "", "", &refusal, reason).await;
    refused()
}

fn refused() -> Problem {
    Problem::new(ProblemCode::SignIn, "the credential is not accepted; sign in")
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(refused)
    }
}

/// The peer's address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source(pub SocketAddr);

impl Source {
    pub(super) fn of(extensions: &http::Extensions) -> Result<Self, Problem> {
        let found = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| Self(info.0));
        found.ok_or_else(|| Problem::new(ProblemCode::Internal, "the gateway does not know where this comes from"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::of(&parts.extensions)
    }
}
