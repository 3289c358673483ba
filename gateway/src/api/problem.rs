//! Errors of the API: problem details (RFC 9457) with a stable code.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::{BrowserError, MintError},
    store::StoreError,
};

/// A stable code of the API. Its text never changes once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    /// Nobody is signed in.
    SignIn,
    /// Not with these rights, or not with this kind of credential.
    Forbidden,
    /// The form or script did not prove that it is ours.
    Csrf,
    /// It does not exist, or not for the caller.
    NotFound,
    /// Not with this method.
    Method,
    /// The input is not understood.
    Invalid,
    /// Something is in the way.
    Conflict,
    /// The input is too large.
    TooLarge,
    /// Something that is needed does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl ProblemCode {
    /// The text in `code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    fn row(self) -> (&'static str, StatusCode) {
        match self {
            Self::SignIn => ("SP-API-SIGN-IN", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("SP-API-FORBIDDEN", StatusCode::FORBIDDEN),
            Self::Csrf => ("SP-API-CSRF", StatusCode::FORBIDDEN),
            Self::NotFound => ("SP-API-NOT-FOUND", StatusCode::NOT_FOUND),
            Self::Method => ("SP-API-METHOD", StatusCode::METHOD_NOT_ALLOWED),
            Self::Invalid => ("SP-API-INVALID", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Conflict => ("SP-API-CONFLICT", StatusCode::CONFLICT),
            Self::TooLarge => ("SP-API-TOO-LARGE", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Unavailable => ("SP-API-UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("SP-API-INTERNAL", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// What went wrong, for the caller to read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    code: ProblemCode,
    detail: String,
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// A URN that names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// A stable code, such as `SP-API-NOT-FOUND`.
    code: String,
    detail: String,
}

impl Problem {
    /// A problem with this code and text.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// It does not exist, or not for the caller: nobody can tell which.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "there is nothing of that name or id for you")
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.row().1
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (code, status) = self.code.row();
        let body = ProblemBody {
            kind: format!("urn:sallyport:problem:{code}"),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.detail,
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(text) => Self::new(ProblemCode::Conflict, text),
            StoreError::Moved => Self::new(ProblemCode::Conflict, error.to_string()),
            error => {
                tracing::error!(%error, "a request failed");
                Self::new(ProblemCode::Internal, "the gateway failed to do this")
            }
        }
    }
}

impl From<MintError> for Problem {
    fn from(error: MintError) -> Self {
        match error {
            MintError::NoAccess => Self::new(ProblemCode::NotFound, error.to_string()),
            MintError::Scope => Self::new(ProblemCode::Invalid, error.to_string()),
            MintError::Random => Self::new(ProblemCode::Internal, "the gateway failed to do this"),
            MintError::Store(error) => error.into(),
        }
    }
}

impl From<BrowserError> for Problem {
    fn from(error: BrowserError) -> Self {
        match error {
            BrowserError::Random => Self::new(ProblemCode::Internal, "the gateway failed to do this"),
            BrowserError::Store(error) => error.into(),
        }
    }
}
