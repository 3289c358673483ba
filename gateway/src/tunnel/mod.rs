//! The gateway's end of the tunnel: agents enrol, connect, and open a stream for each session they are asked to serve.

mod authority;
mod directory;
mod peer;
mod policies;
mod roster;
mod service;

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use proto::{SessionId, rpc::tunnel_server::TunnelServer};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::store::Store;

pub use self::{
    authority::{AgentPeer, Authority, AuthorityError, ServerIdentity},
    directory::{Directory, LaneStream},
};

/// A stream's flow-control window: what one stalled session may hold in memory.
const STREAM_WINDOW: u32 = 1 << 20;
/// The connection's window must never be what stops a session, so it is as large as HTTP/2 allows.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
const FRAME: u32 = 256 * 1024;
const KEEPALIVE: Duration = Duration::from_secs(5);
const STREAMS: u32 = 100_000;

/// Where the records that agents send are stored. Implemented by `evidence`.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Stores records, given in order exactly as the agent wrote them; safe to call again with the same ones. Returns the
    /// sequence number up to which all of the session's records are stored, which is what the agent may be told.
    ///
    /// # Errors
    /// If they cannot be stored (try again later) or must not be (the chain is broken: never acknowledged).
    async fn accept(&self, session: SessionId, records: Vec<Bytes>) -> Result<u64, SinkError>;
}

/// Records were not stored.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The store failed; the same records may be sent again.
    #[error("records cannot be stored now: {0}")]
    Unavailable(String),
    /// The records do not continue what is stored, or are no records. Sending them again does not help.
    #[error("records refused: {0}")]
    Broken(String),
}

/// The tunnel's server.
pub struct Tunnel {
    /// Signs agents' certificates.
    pub authority: Arc<Authority>,
    /// Who is connected.
    pub directory: Directory,
    /// Who exists.
    pub store: Store,
    /// Where records go.
    pub sink: Arc<dyn EventSink>,
    /// Where people read about the rules that refuse them; see [`policy::Bundle::help`].
    pub help: String,
}

impl Tunnel {
    /// Serves agents on `listener` until `shutdown`; then asks them to reconnect elsewhere and lets streams finish.
    ///
    /// # Errors
    /// If TLS cannot be set up or the server fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        identity: ServerIdentity,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), io::Error> {
        let tls = peer::tls(&self.authority, identity).map_err(io::Error::other)?;
        let (ready, accepted) = mpsc::channel(64);
        let accepting = tokio::spawn(peer::accept(listener, tls, ready));
        let directory = self.directory.clone();
        let service = service::Service {
            authority: self.authority,
            directory: self.directory,
            roster: roster::Roster(self.store),
            sink: self.sink,
            help: self.help,
        };
        let stop = async {
            shutdown.await;
            directory.drain().await;
        };
        let served = Server::builder()
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME)
            .max_concurrent_streams(STREAMS)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE))
            .add_service(TunnelServer::new(service))
            .serve_with_incoming_shutdown(ReceiverStream::new(accepted), stop)
            .await;
        accepting.abort();
        served.map_err(io::Error::other)
    }
}
