//! A person whose browser is signed in: what pages with forms are for.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, request::Parts};
use uuid::Uuid;

use super::{
    ApiState, Problem, ProblemCode,
    caller::{Caller, Source, Via},
    guard,
};

/// Pages that a sign-in leads back to.
const WAYS_BACK: [&str; 2] = ["/auth/cli", "/policies"];

/// A person whose browser is signed in, and what its forms must carry.
pub(super) struct Person {
    /// Who.
    pub caller: Caller,
    /// The sign-in.
    pub id: Uuid,
    /// What its forms must carry.
    pub csrf: String,
}

impl FromRequestParts<ApiState> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        let source = Source::of(&parts.extensions).map_err(IntoResponse::into_response)?;
        let found = Caller::find(state, &parts.headers, source.0).await.map_err(IntoResponse::into_response)?;
        match found {
            Some(caller) => match caller.via.clone() {
                Via::Cookie { id, csrf } => Ok(Self { caller, id, csrf }),
                _ => Err(Problem::new(ProblemCode::Forbidden, "this page is for browsers").into_response()),
            },
            None => {
                let back = WAYS_BACK.into_iter().find(|way| parts.uri.path() == *way);
                let place = back.map_or_else(|| "/".to_owned(), |way| format!("/auth/login?next={way}"));
                Err(Redirect::to(&place).into_response())
            }
        }
    }
}

impl Person {
    /// A form of ours carries what its page was given, and comes from our origin.
    pub(super) fn sent(&self, state: &ApiState, headers: &HeaderMap, csrf: &str) -> Result<(), Problem> {
        guard::same_origin(state, headers)?;
        guard::csrf_matches(csrf.as_bytes(), &self.csrf)
    }
}
