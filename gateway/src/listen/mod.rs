//! The edge: accept, limit, authenticate, hand over. One file (or folder) per protocol; each drives a machine of
//! `protocols`, asks `auth` and `session`, and renders refusals in its protocol.

pub mod http;
pub mod pg;
pub mod ssh;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use proto::{Caller, Code, Ending, Protocol, Refusal};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    auth::{Auth, Identity},
    session::{Opening, Sessions, Standing},
};

/// What every listener needs. Cheap to clone.
#[derive(Clone)]
pub struct Edge {
    /// Who is calling.
    pub auth: Auth,
    /// Opens sessions.
    pub sessions: Sessions,
    /// The gateway's certificate, if this listener speaks TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The DER of the gateway's leaf certificate (channel binding `tls-server-end-point`).
    pub certificate: Option<Arc<[u8]>>,
    /// `<connection>.<http_domain>` reaches an HTTP connection by host name; without it only paths do.
    pub http_domain: Option<String>,
    /// How long a client may take to log in.
    pub login_deadline: Duration,
    /// Cancel keys of the PostgreSQL sessions that are live here.
    pub cancels: pg::Cancels,
    /// The host key of the SSH endpoint.
    pub ssh_host_key: Option<Arc<russh::keys::PrivateKey>>,
}

impl Edge {
    /// Writes down that a client's TLS handshake failed. A client that only hung up is none.
    async fn tls_failed(&self, protocol: Protocol, source: SocketAddr, error: &std::io::Error) {
        tracing::debug!(%source, %error, "TLS handshake failed");
        if error.kind() == std::io::ErrorKind::InvalidData {
            let refusal = Refusal::new(Code::Malformed, "the TLS handshake failed");
            self.auth.record_failure(protocol, source, "", "", &refusal, "tls").await;
        }
    }

    /// Writes down that a client did not log in in time.
    async fn too_late(&self, protocol: Protocol, source: SocketAddr) {
        let refusal = Refusal::new(Code::LoginTimeout, "the login took too long");
        self.auth.record_failure(protocol, source, "", "", &refusal, "timeout").await;
    }
}

/// One listening address and its bound.
pub struct Door {
    /// What is accepted from.
    pub listener: TcpListener,
    /// How many connections may be open at once.
    pub connections: usize,
    /// Closes the door when it turns true; connections that are open go on.
    pub closing: watch::Receiver<bool>,
}

impl Door {
    /// Accepts until the door closes, then waits for the connections that are open. Each is a task of its own; one past
    /// the bound is closed at once, so that it costs nothing.
    pub async fn serve<F>(mut self, handle: impl Fn(TcpStream, SocketAddr) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let slots = Arc::new(Semaphore::new(self.connections));
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = open.join_next() => continue,
                _ = self.closing.wait_for(|closing| *closing) => break,
            };
            let (stream, source) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: give others a moment to close theirs.
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                tracing::warn!(%source, "too many connections");
                continue;
            };
            let _slow = stream.set_nodelay(true);
            let served = handle(stream, source);
            open.spawn(async move {
                served.await;
                drop(slot);
            });
        }
        drop(self.listener);
        while open.join_next().await.is_some() {}
    }
}

/// What a listener brings to [`Sessions::open`] once policy has given its permit. `client` is what the client says it is;
/// `requested` is what it asked of the target at login.
#[must_use]
pub fn opening(
    auth: &Auth,
    identity: Identity,
    source: SocketAddr,
    client: String,
    requested: BTreeMap<String, String>,
) -> Opening {
    let not_after = identity.not_after;
    let standing = Arc::new(Rests { auth: auth.clone(), identity: identity.clone(), source });
    let caller = caller(identity, source.to_string(), client);
    Opening { caller, standing, not_after, requested }
}

fn caller(identity: Identity, source: String, client: String) -> Caller {
    Caller {
        subject: identity.subject,
        issuer: identity.issuer,
        groups: identity.groups,
        method: identity.method.to_owned(),
        credential_id: identity.credential_id,
        source,
        client,
        authenticated_at_unix_ms: proto::convert::unix_ms(identity.authenticated),
        mfa: identity.mfa,
        reason: identity.purpose.reason.unwrap_or_default(),
        actor: identity.purpose.actor,
    }
}

/// A session's right rests on its credential and on policy.
struct Rests {
    auth: Auth,
    identity: Identity,
    source: SocketAddr,
}

#[async_trait]
impl Standing for Rests {
    async fn check(&self, connection: &str, known: &Caller) -> Result<Caller, Ending> {
        let now = self.auth.still_permits(&self.identity, connection, self.source.ip()).await?;
        Ok(caller(now, known.source.clone(), known.client.clone()))
    }
}
