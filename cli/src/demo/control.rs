//! What the demo asks of the gateway's API: signs in as one of the people, as a browser would, and does what an
//! administrator does by hand. There is no back door.

use std::path::Path;

use anyhow::Result;

use super::site::Plan;

/// A signed-in person's hands.
#[derive(Debug)]
pub struct Control(());

impl Control {
    pub(super) async fn sign_in(_plan: &Plan, _person: &str) -> Result<Self> {
        anyhow::bail!("not wired")
    }

    /// A one-time token with which the agent of that name may enrol.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn join_token(&self, _agent: &str) -> Result<String> {
        anyhow::bail!("not wired")
    }

    /// Whether the agent is connected.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn agent_is_online(&self, _agent: &str) -> Result<bool> {
        anyhow::bail!("not wired")
    }

    /// Applies a file of connections.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn apply(&self, _file: &Path) -> Result<()> {
        anyhow::bail!("not wired")
    }

    /// A ticket, for one connection or for all.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn ticket(&self, _connection: Option<&str>) -> Result<String> {
        anyhow::bail!("not wired")
    }

    /// Registers a public key (an OpenSSH line) to the person.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn register_ssh_key(&self, _line: &str) -> Result<()> {
        anyhow::bail!("not wired")
    }
}
