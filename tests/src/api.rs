//! An HTTP target that lets in only who shows the right credential, in clear or over TLS.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A running target. Stops when dropped.
#[derive(Debug)]
pub struct Guarded {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// How many connections it has accepted.
    pub accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// A header and the only value that opens.
pub type Door = Option<(&'static str, String)>;

impl Guarded {
    /// Starts it on a free port, with TLS if there is a configuration for it.
    pub async fn start(tls: Option<rustls::ServerConfig>, door: Door) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (tls, door) = (tls.clone(), door.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, door).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, door).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, accepted, task }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, door: Door) {
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        let open = door.as_ref().is_none_or(|(name, value)| {
            let shown = request.headers().get_all(*name);
            shown.iter().map(http::HeaderValue::as_bytes).eq([value.as_bytes()])
        });
        let version = format!("in over {:?}\n", request.version());
        let (status, body) = if open { (200, version) } else { (401, "who are you?\n".to_owned()) };
        let response = Response::builder().status(status).header("content-type", "text/plain");
        async move { Ok::<_, Infallible>(response.body(Full::new(Bytes::from(body))).unwrap()) }
    });
    let _gone = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}
