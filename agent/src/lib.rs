//! The agent: faces targets. It dials out to the gateway, holds the targets' credentials, enforces the decision on every
//! message and records. It has no listener and never decides who may do what.
//!
//! ```text
//!  tunnel  >  session  >  { target, filter, record }  >  { vault, config }
//!    dial       one          speak pg/ssh/http, inspect,      credentials, settings
//!    enrol     session       spool
//! ```
//!
//! Rules: `filter` is pure (no async, no I/O). A credential never leaves this process except to its target. A request
//! is in the spool before the target sees it. Whatever cannot be decided, masked or recorded ends the session.

pub mod config;
pub mod filter;
pub mod record;
pub mod rights;
pub mod session;
pub mod target;
pub mod tunnel;
pub mod vault;

use std::{sync::Arc, time::Duration};

use proto::{Code, Ending};

use crate::{
    config::Config,
    record::{Spool, SpoolError},
    rights::Rights,
    session::Sessions,
    tunnel::{Tunnel, TunnelError},
    vault::Vault,
};

/// The agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The gateways cannot be used.
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
}

/// How long sessions may take to end in order once the agent is asked to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Runs the agent until `shutdown` is done, then ends its sessions in order.
///
/// # Errors
/// If it cannot start.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    let spool = Spool::open(config.record.clone())?;
    let vault = Arc::new(Vault::new(config.targets.clone()));
    let sessions = Sessions::new(vault, spool, Rights::default());
    let tunnel = Tunnel::open(&config, sessions.clone()).await?;
    tokio::pin!(shutdown);
    tokio::select! {
        () = tunnel.run() => {}
        () = &mut shutdown => {}
    }
    tracing::info!(sessions = sessions.count(), "stopping");
    sessions.stop_all(&Ending::new(Code::Draining, "the agent is shutting down"));
    let drained = async {
        while sessions.count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The last acknowledgements travel.
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let _late = tokio::time::timeout(DRAIN, drained).await;
    Ok(())
}
