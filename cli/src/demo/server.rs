//! A small HTTP server inside this process, for the demo's API and identity provider.

use std::net::IpAddr;

use anyhow::{Context, Result};
use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running server. Stops when dropped.
#[derive(Debug)]
pub struct Server(JoinHandle<()>);

impl Server {
    /// Serves `router` on `address` and `port`.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start(address: IpAddr, port: u16, router: Router) -> Result<Self> {
        let listener =
            TcpListener::bind((address, port)).await.with_context(|| format!("listening on {address}:{port}"))?;
        let listener = listener.tap_io(|stream| {
            let _unsupported = stream.set_nodelay(true);
        });
        Ok(Self(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a demo server ended");
            }
        })))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}
