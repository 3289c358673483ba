//! Refusals as HTTP has them: a status and an `application/problem+json` document (RFC 9457). The one place that maps our
//! codes to statuses.

use bytes::Bytes;
use http::StatusCode;
use proto::{Code, Refusal, SessionId};
use protocols::http::h1::Rejection;

/// A refusal on its way to an HTTP client.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    code: Code,
    detail: String,
    session: Option<SessionId>,
}

impl Problem {
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::from(Refusal::new(Code::Malformed, detail))
    }

    pub(super) fn unauthorized() -> Self {
        Self::from(Refusal::new(Code::Login, "a valid ticket is needed: Authorization: Bearer <ticket>"))
    }

    /// The same in this session.
    pub(super) fn within(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// Whether no session knows of it, because what came is no proper request.
    pub(super) fn is_malformed(&self) -> bool {
        self.session.is_none() && matches!(self.code, Code::Malformed | Code::TooLarge)
    }

    /// What is said, as the audit log has it.
    pub(super) fn refusal(&self) -> Refusal {
        Refusal::new(self.code, self.detail.clone())
    }

    /// Whether the client may try again on this connection.
    pub(super) fn challenge(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Header fields, without a length.
    pub(super) fn fields(&self) -> Vec<(&'static [u8], &'static [u8])> {
        let mut fields =
            vec![(&b"content-type"[..], &b"application/problem+json"[..]), (&b"cache-control"[..], &b"no-store"[..])];
        if self.challenge() {
            fields.push((b"www-authenticate", b"Bearer realm=\"sallyport\""));
        }
        fields
    }

    /// The document.
    pub(super) fn document(&self) -> Bytes {
        let mut document = serde_json::json!({
            "type": format!("urn:sallyport:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code.as_str(),
        });
        if let (Some(session), Some(fields)) = (self.session, document.as_object_mut()) {
            fields.insert("session".into(), session.to_string().into());
        }
        let mut bytes = document.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.into()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { status: status(refusal.code), code: refusal.code, detail: refusal.message, session: None }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (status, code) = match rejection {
            Rejection::TooLarge(_) => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Code::TooLarge),
            Rejection::Malformed(_) | Rejection::Conflict(_) | Rejection::Unsupported(_) => {
                (StatusCode::BAD_REQUEST, Code::Malformed)
            }
        };
        Self { status, code, detail: rejection.to_string(), session: None }
    }
}

/// Which status says what a code says.
fn status(code: Code) -> StatusCode {
    match code {
        Code::Malformed => StatusCode::BAD_REQUEST,
        Code::Login => StatusCode::UNAUTHORIZED,
        Code::NoAccess | Code::Denied | Code::NeedsApproval | Code::ForwardDenied | Code::Expired | Code::Killed => {
            StatusCode::FORBIDDEN
        }
        Code::LoginTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unmaskable => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        Code::Unsupported => StatusCode::NOT_IMPLEMENTED,
        Code::TlsRequired => StatusCode::UPGRADE_REQUIRED,
        Code::Busy
        | Code::NoPolicy
        | Code::AgentOffline
        | Code::AgentLost
        | Code::GatewayLost
        | Code::Draining
        | Code::Guarantee
        | Code::Spool => StatusCode::SERVICE_UNAVAILABLE,
        Code::TargetTimeout => StatusCode::GATEWAY_TIMEOUT,
        Code::TargetNotAllowed
        | Code::Credential
        | Code::TargetUnreachable
        | Code::TargetRefused
        | Code::TargetLogin
        | Code::TargetIdentity
        | Code::TargetProtocol
        | Code::TargetLost
        | Code::Uninspectable => StatusCode::BAD_GATEWAY,
        Code::Done | Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
