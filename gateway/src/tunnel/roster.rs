//! What the tunnel needs to know about agents, kept in the store.

use async_trait::async_trait;
use proto::SessionId;

use super::AgentPeer;

/// Which agents exist and which certificate generation each is at.
#[async_trait]
pub trait Roster: Send + Sync {
    /// Uses a join token up: the name it was made for, or `None` if it is unknown, expired or used. The agent starts
    /// anew at the generation given back.
    async fn join(&self, secret_sha256: [u8; 32]) -> Result<Option<AgentPeer>, RosterError>;

    /// Whether an agent with this certificate may connect now. Sees cloned keys: a certificate older than one that has already
    /// been used locks the agent.
    async fn admit(&self, peer: &AgentPeer) -> Result<Admission, RosterError>;

    /// The generation of the next certificate.
    async fn renew(&self, peer: &AgentPeer) -> Result<Result<u64, Admission>, RosterError>;

    /// Whether the session was given to this agent.
    async fn owns(&self, agent: &str, session: SessionId) -> Result<bool, RosterError>;
}

/// The answer to an agent that shows its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may come in.
    Welcome,
    /// It was removed, or never was.
    Unknown,
    /// It is locked.
    Locked,
    /// Its key exists twice; both are locked from now on.
    Cloned,
}

/// The roster cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the store does not answer: {0}")]
pub struct RosterError(pub String);
