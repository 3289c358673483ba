//! HTTP callers: authenticated by a ticket on each request, and let through to the connection that the path or the host
//! name says. Never the console's origin. RFC 9110, 9112, 9113.
//!
//! `https://gateway/<connection>/...` (path mode) is for API callers: no cookies pass, because all connections share one
//! origin there. `https://<connection>.<domain>/...` (host mode) gives each connection an origin of its own.

mod client;
mod h1;
mod h2;
mod io;
mod lanes;
mod problem;
mod request;
mod route;
mod websocket;

use std::{net::SocketAddr, sync::Arc};

use bytes::BytesMut;
use proto::Protocol;
use sockets::Scoop;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use self::{client::Client, io::Rewound};
use super::Edge;

/// What an HTTP/2 client says first (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves one accepted connection until its end. The accept loop, the connection budget and the span are the caller's.
pub async fn serve(edge: Edge, stream: TcpStream, source: SocketAddr) {
    let deadline = edge.login_deadline;
    let Some(tls) = &edge.tls else {
        return serve_stream(Client::new(edge, source), stream).await;
    };
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(tls));
    match timeout(deadline, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve_stream(Client::new(edge, source), stream).await,
        Ok(Err(error)) => edge.tls_failed(Protocol::Http, source, &error).await,
        Err(_) => edge.too_late(Protocol::Http, source).await,
    }
}

/// Tells by the first bytes which HTTP is spoken.
async fn serve_stream<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(client: Client, mut stream: S) {
    let (mut buffer, mut scoop) = (BytesMut::new(), Scoop::default());
    let first = async {
        while !buffer.is_empty() || scoop.read(&mut stream, &mut buffer).await.is_ok_and(|read| read > 0) {
            let shown = buffer.len().min(PREFACE.len());
            if buffer.get(..shown) != PREFACE.get(..shown) {
                return Some(false);
            }
            if shown == PREFACE.len() {
                return Some(true);
            }
            if !scoop.read(&mut stream, &mut buffer).await.is_ok_and(|read| read > 0) {
                return None;
            }
        }
        None
    };
    match timeout(client.deadline(), first).await {
        Ok(Some(true)) => h2::serve(Arc::new(client), Rewound::new(stream, buffer.freeze())).await,
        Ok(Some(false)) => Box::pin(h1::serve(client, stream, buffer)).await,
        Ok(None) | Err(_) => {}
    }
}
