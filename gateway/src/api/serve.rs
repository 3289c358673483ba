//! One connection of a browser or command line: TLS, then HTTP/1.1 or HTTP/2.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// How long TLS and each request's head may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(20);
/// Requests that one HTTP/2 connection may have open.
const STREAMS: u32 = 64;

/// Serves `app` ([`super::app`]) on a connection until the client is done. `tls` should offer `h2` and `http/1.1`.
pub async fn serve(app: Router, tls: Arc<ServerConfig>, stream: TcpStream, source: SocketAddr) {
    let _late = stream.set_nodelay(true);
    let handshake = tokio::time::timeout(HEAD_DEADLINE, TlsAcceptor::from(tls).accept(stream));
    let Ok(Ok(stream)) = handshake.await else {
        tracing::debug!(%source, "no TLS on the console's listener");
        return;
    };
    let service = TowerToHyperService::new(app.layer(Extension(ConnectInfo(source))));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
    if let Err(error) = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
        tracing::debug!(%source, %error, "a connection to the console failed");
    }
}
