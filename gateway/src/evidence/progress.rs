//! What the session's row and the audit log are told about its recording.

use async_trait::async_trait;
use ledger::chain::Head;
use proto::{
    Code, Protocol, SessionId,
    event::{Closed, Refused},
};

use crate::store::{AuditEvent, Counts, Store};

/// Learns how far sessions are stored.
#[async_trait]
pub trait SessionProgress: Send + Sync {
    /// Everything up to `head` is stored; `closed` once that includes the session's end. May be told again.
    ///
    /// # Errors
    /// Why it cannot be noted; the records are then not acknowledged yet.
    async fn stored(&self, session: SessionId, head: Head, closed: Option<&Closed>) -> Result<(), String>;

    /// A policy stopped a call: the first that this rule stopped in the session, as far as is known.
    ///
    /// # Errors
    /// Why it cannot be noted; the records are then not acknowledged yet.
    async fn halted(&self, session: SessionId, refused: &Refused) -> Result<(), String>;

    /// A policy put the session on hold. May be told again.
    ///
    /// # Errors
    /// Why it cannot be noted; the records are then not acknowledged yet.
    async fn incident(&self, session: SessionId, refused: &Refused) -> Result<(), String>;

    /// Records were refused.
    async fn refused(&self, session: SessionId, reason: &str);
}

#[async_trait]
impl SessionProgress for Store {
    async fn stored(&self, session: SessionId, head: Head, closed: Option<&Closed>) -> Result<(), String> {
        self.session_progress(session, head.seq, head.link).await.map_err(|error| error.to_string())?;
        let Some(closed) = closed else { return Ok(()) };
        let code = closed.code.parse().unwrap_or(Code::Internal);
        let counts = Counts { requests: closed.requests, bytes_in: closed.bytes_in, bytes_out: closed.bytes_out };
        self.close_session(session, code, &closed.message, counts).await.map_err(|error| error.to_string())?;
        Ok(())
    }

    async fn halted(&self, session: SessionId, refused: &Refused) -> Result<(), String> {
        let code = refused.code.parse().unwrap_or(Code::Denied);
        let kind = if code == Code::NeedsApproval { "call.held" } else { "call.refused" };
        let row = self.session(session).await.map_err(|error| error.to_string())?;
        let event = AuditEvent {
            subject: row.as_ref().map(|row| row.caller.subject.clone()),
            connection: row.as_ref().map(|row| row.connection.clone()),
            protocol: row.as_ref().and_then(|row| Protocol::parse(&row.protocol)),
            session: Some(session),
            code: Some(code),
            reason: Some(refused.rule.clone()),
            detail: serde_json::json!({ "bundle": refused.bundle }),
            ..AuditEvent::new(kind)
        };
        self.audit(event).await.map_err(|error| error.to_string())
    }

    async fn incident(&self, session: SessionId, refused: &Refused) -> Result<(), String> {
        self.raise_incident(session, refused).await.map_err(|error| error.to_string())
    }

    async fn refused(&self, session: SessionId, reason: &str) {
        let event = AuditEvent {
            session: Some(session),
            reason: Some(reason.to_owned()),
            ..AuditEvent::new("recording.refused")
        };
        if let Err(error) = self.audit(event).await {
            tracing::error!(%session, %error, reason, "records were refused, and the audit log does not answer");
        }
    }
}
