//! What the API asks of the living parts of the gateway.

use async_trait::async_trait;
use proto::SessionId;

use crate::{session::Sessions, tunnel::Directory};

/// Ends live sessions.
#[async_trait]
pub trait SessionControl: Send + Sync {
    /// Ends a session. False if it is not live on this gateway.
    async fn kill(&self, session: SessionId, reason: &str) -> bool;
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
}

impl AgentControl for Directory {
    fn connected(&self) -> Vec<String> {
        Directory::connected(self)
    }

    fn expel(&self, agent: &str) {
        Directory::expel(self, agent);
    }
}
