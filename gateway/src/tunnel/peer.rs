//! Accepting agents: TCP, TLS with an optional client certificate, and who that makes the peer.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use sockets::{Ahead, Gathered};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tonic::transport::server::Connected;

use super::{
    AgentPeer, Authority,
    authority::{AuthorityError, ServerIdentity},
};

const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes under way at once: idle sockets cost nothing more than their slot.
const HANDSHAKES: usize = 256;

/// What tonic hands to each call.
#[derive(Clone, Debug)]
pub(super) struct PeerInfo {
    /// The agent, if it showed a certificate.
    pub(super) agent: Option<AgentPeer>,
}

/// One agent's connection.
pub(super) struct PeerStream {
    stream: Gathered<TlsStream<Ahead<TcpStream>>>,
    info: PeerInfo,
}

/// TLS for the tunnel: our certificate, and agents' certificates against the agents' authority. Enrolment comes without one.
pub(super) fn tls(authority: &Authority, identity: ServerIdentity) -> Result<Arc<ServerConfig>, AuthorityError> {
    let malformed = |_| AuthorityError::Pem(authority.server_ca_file());
    let mut roots = RootCertStore::empty();
    roots.add(authority.agent_root().clone()).map_err(malformed)?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
        .allow_unauthenticated()
        .build()
        .map_err(|_| AuthorityError::Pem(authority.server_ca_file()))?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .map_err(malformed)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Accepts agents for ever; each handshake is a task of its own, so that a silent socket stops nobody.
pub(super) async fn accept(listener: TcpListener, tls: Arc<ServerConfig>, ready: mpsc::Sender<io::Result<PeerStream>>) {
    let acceptor = TlsAcceptor::from(tls);
    let slots = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: give others a moment to close theirs.
                tracing::warn!(%error, "accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let _slot = slot;
            let _slow = stream.set_nodelay(true);
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(Ahead::new(stream))).await {
                let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                let info = PeerInfo { agent: certificate.and_then(AgentPeer::from_certificate) };
                let _gone = ready.send(Ok(PeerStream { stream: Gathered::new(stream), info })).await;
            }
        });
    }
}

impl Connected for PeerStream {
    type ConnectInfo = PeerInfo;

    fn connect_info(&self) -> PeerInfo {
        self.info.clone()
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
