//! Which agents exist and which certificate each is at: what keeps a cloned key out.

use proto::SessionId;
use time::OffsetDateTime;

use super::{AgentPeer, authority::AGENT_CERTIFICATE};
use crate::store::{AuditEvent, Generation, Store, StoreError};

/// The answer to an agent that shows its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may come in.
    Welcome,
    /// It was removed, or never was.
    Unknown,
    /// It is locked.
    Locked,
    /// Its key exists twice; whoever has it is locked out from now on.
    Cloned,
}

/// Reads and writes agents in the store.
#[derive(Clone)]
pub(super) struct Roster(pub(super) Store);

impl Roster {
    /// Uses a join token up; the agent starts anew. `None` if the token is unknown, expired or used.
    pub(super) async fn join(&self, secret: [u8; 32], key: &str) -> Result<Option<AgentPeer>, StoreError> {
        let Some(name) = self.0.use_join_token(secret).await? else {
            self.0.audit(AuditEvent { reason: Some("join token".into()), ..AuditEvent::new("agent.refused") }).await?;
            return Ok(None);
        };
        let generation = self.0.enroll_agent(&name, key, expires()).await?;
        let event = AuditEvent { detail: serde_json::json!({ "agent": name }), ..AuditEvent::new("agent.enrolled") };
        self.0.audit(event).await?;
        Ok(Some(AgentPeer { name, generation }))
    }

    /// Whether an agent with this certificate may connect now. The generation before the latest may, since the answer to a
    /// renewal can be lost on the way; an older one is a clone.
    pub(super) async fn admit(&self, peer: &AgentPeer) -> Result<Admission, StoreError> {
        let Some(agent) = self.0.agent(&peer.name).await? else { return Ok(Admission::Unknown) };
        if agent.locked.is_some() {
            return Ok(Admission::Locked);
        }
        if peer.generation == agent.generation || peer.generation + 1 == agent.generation {
            self.0.agent_seen(&peer.name).await?;
            return Ok(Admission::Welcome);
        }
        self.lock(peer).await
    }

    /// The generation of the next certificate, for the key in the request. Asking again with the same key gives the same
    /// generation; asking with another key out of an old certificate is a clone at work.
    pub(super) async fn renew(&self, peer: &AgentPeer, key: &str) -> Result<Result<u64, Admission>, StoreError> {
        let Some(agent) = self.0.agent(&peer.name).await? else { return Ok(Err(Admission::Unknown)) };
        if agent.locked.is_some() {
            return Ok(Err(Admission::Locked));
        }
        if peer.generation + 1 == agent.generation && agent.certificate_serial.as_deref() == Some(key) {
            return Ok(Ok(agent.generation));
        }
        let number = peer.generation + 1;
        let next = Generation { number, certificate_serial: key.to_owned(), expires: expires() };
        if self.0.set_agent_generation(&peer.name, peer.generation, next).await? {
            return Ok(Ok(number));
        }
        self.lock(peer).await.map(Err)
    }

    /// Whether the session was given to this agent.
    pub(super) async fn owns(&self, agent: &str, session: SessionId) -> Result<bool, StoreError> {
        Ok(self.0.session(session).await?.is_some_and(|row| row.agent == agent))
    }

    async fn lock(&self, peer: &AgentPeer) -> Result<Admission, StoreError> {
        tracing::error!(agent = peer.name, generation = peer.generation, "an agent's key was seen twice: locked");
        self.0.lock_agent(&peer.name, "its key was seen twice").await?;
        let detail = serde_json::json!({ "agent": peer.name, "generation": peer.generation });
        let reason = Some("key seen twice".into());
        self.0.audit(AuditEvent { detail, reason, ..AuditEvent::new("agent.locked") }).await?;
        Ok(Admission::Cloned)
    }
}

fn expires() -> OffsetDateTime {
    OffsetDateTime::now_utc() + AGENT_CERTIFICATE
}
