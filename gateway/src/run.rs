//! Puts the parts together and runs them until a signal: the only place that knows them all.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use proto::{Code, Ending};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    config::Config,
    listen::Door,
    store::{Store, StoreError},
    tunnel::{Authority, AuthorityError, ServerIdentity},
};

/// How long sessions may take to tell their clients once they were told to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// The gateway cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database cannot be used.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// Keys or certificates cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The configured certificate cannot be used.
    #[error("tls: {0}")]
    Tls(String),
    /// A part failed while running.
    #[error("{0}: {1}")]
    Part(&'static str, std::io::Error),
}

async fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|error| RunError::Listen(address, error))
}
