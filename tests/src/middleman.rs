//! A relay that ends TLS on one side and begins it anew on the other, and so sees everything in clear. It needs the keys of
//! both sides, which only a test has.

use std::sync::{Arc, Mutex};

use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What asks for TLS in clear before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prelude {
    /// Nothing.
    None,
    /// PostgreSQL's SSLRequest.
    Postgres,
}

/// How the relay looks to both sides.
#[derive(Clone)]
pub struct Sides {
    /// Towards who connects.
    pub accept: Arc<rustls::ServerConfig>,
    /// Towards the server.
    pub connect: Arc<rustls::ClientConfig>,
    /// The server's port on this machine.
    pub port: u16,
    /// What comes before TLS.
    pub prelude: Prelude,
}

/// A running relay. Stops when dropped.
#[derive(Debug)]
pub struct Middleman {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    seen: Seen,
    task: JoinHandle<()>,
}

/// One text per direction of each connection.
type Seen = Arc<Mutex<Vec<Arc<Mutex<Vec<u8>>>>>>;

impl Middleman {
    /// Starts it on a free port.
    pub async fn start(sides: Sides) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let record = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(relay(stream, sides.clone(), Arc::clone(&record)));
            }
        });
        Self { port, seen, task }
    }

    /// Everything that passed so far, one text per direction of each connection.
    #[must_use]
    pub fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().iter().map(|text| text.lock().unwrap().clone()).collect()
    }
}

impl Drop for Middleman {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(mut near: TcpStream, sides: Sides, seen: Seen) -> Option<()> {
    let mut far = TcpStream::connect(("127.0.0.1", sides.port)).await.ok()?;
    if sides.prelude == Prelude::Postgres {
        let mut request = [0; 8];
        near.read_exact(&mut request).await.ok()?;
        far.write_all(&request).await.ok()?;
        near.write_all(&[far.read_u8().await.ok()?]).await.ok()?;
    }
    let near = TlsAcceptor::from(sides.accept).accept(near).await.ok()?;
    let name = ServerName::try_from("127.0.0.1").ok()?;
    let far = TlsConnector::from(sides.connect).connect(name, far).await.ok()?;
    let (near_in, near_out) = tokio::io::split(near);
    let (far_in, far_out) = tokio::io::split(far);
    let [up, down] = [(); 2].map(|()| Arc::<Mutex<Vec<u8>>>::default());
    seen.lock().unwrap().extend([Arc::clone(&up), Arc::clone(&down)]);
    tokio::join!(copy(near_in, far_out, up), copy(far_in, near_out, down));
    Some(())
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, text: Arc<Mutex<Vec<u8>>>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        text.lock().unwrap().extend_from_slice(&piece[..count]);
        if to.write_all(&piece[..count]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _gone = to.shutdown().await;
}
