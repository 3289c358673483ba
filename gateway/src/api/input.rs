//! Input, checked once: JSON bodies, queries and ids, each refused as a problem.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Problem, ProblemCode};

/// A JSON body. Unknown fields are refused by the types themselves, with their position.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !json {
            return Err(Problem::new(ProblemCode::Invalid, "send application/json"));
        }
        let bytes = body(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| Problem::new(ProblemCode::Invalid, error.to_string()))
    }
}

/// The body's bytes, within the limit.
pub(super) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|error| match error {
        BytesRejection::FailedToBufferBody(_) => Problem::new(ProblemCode::TooLarge, "the body is too large"),
        _ => Problem::new(ProblemCode::Invalid, "the body cannot be read"),
    })
}

/// Parameters of the query.
pub(super) struct Filter<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Filter<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(filter)| Self(filter)).map_err(|error| Problem::new(ProblemCode::Invalid, error.body_text()))
    }
}

/// An id out of a path; what is none does not exist.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// How many rows to give: 100 when nobody says, 1,000 at most.
pub(super) fn limit(asked: Option<u64>) -> u64 {
    asked.unwrap_or(100).clamp(1, 1000)
}
