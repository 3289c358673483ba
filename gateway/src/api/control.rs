//! What the API asks of the living parts of the gateway.

use async_trait::async_trait;
use proto::{SessionId, rpc::Release};

use crate::{
    session::Sessions,
    store::{AuditEvent, StoreError},
    tunnel::Directory,
};

/// Ends live sessions, and lets them go on.
#[async_trait]
pub trait SessionControl: Send + Sync {
    /// Ends a session. False if it is not live on this gateway.
    async fn kill(&self, session: SessionId, reason: &str) -> bool;

    /// Lets a session that is on hold go on. `event` is what the audit log is told.
    ///
    /// # Errors
    /// If it is not on hold, or its agent cannot be told.
    async fn release(&self, session: SessionId, release: Release, event: AuditEvent) -> Result<(), StoreError>;
}

/// Knows which agents are connected.
#[async_trait]
pub trait AgentControl: Send + Sync {
    /// Names of the agents that are connected to this gateway.
    fn connected(&self) -> Vec<String>;

    /// Cuts an agent off at once.
    fn expel(&self, agent: &str);
}

#[async_trait]
impl SessionControl for Sessions {
    async fn kill(&self, session: SessionId, reason: &str) -> bool {
        Sessions::kill(self, session, reason).await
    }

    async fn release(&self, session: SessionId, release: Release, event: AuditEvent) -> Result<(), StoreError> {
        Sessions::release(self, release, session, event).await
    }
}

impl AgentControl for Directory {
    fn connected(&self) -> Vec<String> {
        Directory::connected(self)
    }

    fn expel(&self, agent: &str) {
        Directory::expel(self, agent);
    }
}
