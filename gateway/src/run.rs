//! Puts the parts together and runs them until a signal: the only place that knows them all.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::FusedFuture};
use proto::{Code, Ending};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::MissedTickBehavior,
};

use crate::{
    api::{self, ApiState, Endpoints, Parts},
    auth::{Auth, AuthError},
    config::Config,
    evidence::{ReadError, Recordings},
    listen::{self, Door, Edge},
    session::Sessions,
    store::{Store, StoreError},
    tunnel::{Authority, AuthorityError, Directory, ServerIdentity, Tunnel},
};

/// How long sessions may take to tell their clients once they were told to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often sessions are asked about again whose right can end by itself.
const BY_ITSELF: Duration = Duration::from_secs(2);

/// The gateway cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database cannot be used.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// Keys or certificates cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The identity provider's settings cannot be used.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Recordings cannot be kept.
    #[error("recordings: {0}")]
    Recordings(#[from] ReadError),
    /// The SSH endpoint's host key cannot be used.
    #[error(transparent)]
    HostKey(#[from] listen::ssh::HostKeyError),
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

/// Runs the gateway until `shutdown` is done, then drains it.
///
/// # Errors
/// If it cannot start, or a part of it fails.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    Gateway::prepare(config).await?.run(shutdown).await
}

struct Gateway {
    config: Config,
    authority: Arc<Authority>,
    store: Store,
    directory: Directory,
    recordings: Recordings,
    closing: watch::Sender<bool>,
    sessions: Sessions,
    auth: Auth,
}

impl Gateway {
    async fn prepare(config: Config) -> Result<Self, RunError> {
        let authority = Arc::new(Authority::load_or_create(&config.state_dir)?);
        let store = Store::open(&config.store_url).await?;
        let lost = store.lose_sessions(&config.public_url, &[]).await?;
        if !lost.is_empty() {
            tracing::warn!(sessions = lost.len(), "an earlier run of this gateway did not end these sessions");
        }
        let directory = Directory::default();
        let recordings = Recordings::open_dir(&config.recordings_dir, Arc::new(store.clone()))?;
        let sessions = Sessions::new(
            store.clone(),
            directory.clone(),
            Arc::new(recordings.clone()),
            config.limits.session,
            config.public_url.clone(),
        );
        let auth = Auth::open(store.clone(), &config).await?;
        let (closing, _) = watch::channel(false);
        Ok(Self { config, authority, store, directory, recordings, sessions, auth, closing })
    }

    async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let mut doors = JoinSet::new();
        self.open_doors(&mut doors).await?;
        let tunnel = self.open_tunnel().await?.fuse();
        tracing::info!(console = %self.config.listen.console, tunnel = %self.config.listen.tunnel, "the gateway is up");
        tokio::pin!(tunnel);
        tokio::select! {
            ended = &mut tunnel => return ended,
            () = self.revoking() => {}
            () = shutdown => {}
        }
        self.drain(doors, tunnel).await;
        Ok(())
    }

    /// Ends sessions as soon as what their right rests on is gone.
    async fn revoking(&self) {
        let mut changes = self.store.changed();
        let mut clock = tokio::time::interval(BY_ITSELF);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return std::future::pending().await;
                    }
                }
                // A right that ends by itself is no change of the store.
                _ = clock.tick() => {
                    let snapshot = self.store.snapshot();
                    if !snapshot.engine().is_some_and(|engine| engine.connect_depends_on_time()) {
                        continue;
                    }
                }
            }
            self.sessions.recheck().await;
        }
    }

    /// Closes the doors, lets sessions finish for a while, then ends the rest with a word to their clients.
    async fn drain(&self, mut doors: JoinSet<()>, mut tunnel: impl FusedFuture<Output = Result<(), RunError>> + Unpin) {
        tracing::info!(sessions = self.sessions.count(), "draining");
        self.closing.send_replace(true);
        let finished = async { while doors.join_next().await.is_some() {} };
        tokio::pin!(finished);
        let quiet = async {
            while self.sessions.count() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let drained = tokio::select! {
            drained = tokio::time::timeout(self.config.limits.drain, quiet) => drained.is_ok(),
            _ = &mut tunnel => false,
        };
        if !drained {
            self.sessions.stop_all(&Ending::new(Code::Draining, "the gateway is shutting down"));
        }
        let farewell = async {
            while self.sessions.count() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            finished.await;
        };
        tokio::select! {
            _ = tokio::time::timeout(FAREWELL, farewell) => {}
            _ = tunnel => {}
        }
    }

    async fn open_doors(&self, doors: &mut JoinSet<()>) -> Result<(), RunError> {
        let listen = &self.config.listen;
        let identity = self.identity()?;
        let certificate: Option<Arc<[u8]>> = identity.chain.first().map(|leaf| leaf.as_ref().into());
        let cancels = listen::pg::Cancels::default();
        let edge = |alpn: &[&[u8]], plaintext: bool| -> Result<Edge, RunError> {
            let tls = if plaintext { None } else { Some(tls(&identity, alpn)?) };
            Ok(Edge {
                auth: self.auth.clone(),
                sessions: self.sessions.clone(),
                certificate: tls.as_ref().and(certificate.clone()),
                tls,
                http_domain: listen.http_domain.clone(),
                login_deadline: self.config.limits.login_deadline,
                cancels: cancels.clone(),
                ssh_host_key: None,
            })
        };
        if let Some(address) = listen.postgres {
            let edge = edge(&[b"postgresql"], listen.postgres_plaintext)?;
            self.open_door(doors, address, edge, listen::pg::serve).await?;
        }
        if let Some(address) = listen.ssh {
            let host_key = listen::ssh::load_or_generate(&self.config.state_dir.join("ssh_host_key"))?;
            let edge = Edge { ssh_host_key: Some(Arc::new(host_key)), ..edge(&[], true)? };
            self.open_door(doors, address, edge, listen::ssh::serve).await?;
        }
        self.open_console(doors, &identity).await?;
        if let Some(address) = listen.http {
            let edge = edge(&[b"h2", b"http/1.1"], listen.http_plaintext)?;
            self.open_door(doors, address, edge, listen::http::serve).await?;
        }
        Ok(())
    }

    async fn open_door<F>(
        &self,
        doors: &mut JoinSet<()>,
        address: SocketAddr,
        edge: Edge,
        serve: fn(Edge, TcpStream, SocketAddr) -> F,
    ) -> Result<(), RunError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let door = self.door(address).await?;
        doors.spawn(door.serve(move |stream, source| serve(edge.clone(), stream, source)));
        Ok(())
    }

    async fn open_console(&self, doors: &mut JoinSet<()>, identity: &ServerIdentity) -> Result<(), RunError> {
        let address = self.config.listen.console;
        let tls = tls(identity, &[b"h2", b"http/1.1"])?;
        let app = api::app(ApiState::new(Parts {
            store: self.store.clone(),
            auth: self.auth.clone(),
            sessions: Arc::new(self.sessions.clone()),
            agents: Arc::new(self.directory.clone()),
            recordings: self.recordings.clone(),
            endpoints: Endpoints::of(&self.config),
            tunnel_root_sha256: Sha256::digest(self.authority.server_root()).into(),
        }));
        let door = self.door(address).await?;
        doors.spawn(door.serve(move |stream, source| api::serve(app.clone(), Arc::clone(&tls), stream, source)));
        Ok(())
    }

    async fn door(&self, address: SocketAddr) -> Result<Door, RunError> {
        Ok(Door {
            listener: bind(address).await?,
            connections: self.config.limits.connections,
            closing: self.closing.subscribe(),
        })
    }

    async fn open_tunnel(&self) -> Result<impl Future<Output = Result<(), RunError>> + use<>, RunError> {
        let address = self.config.listen.tunnel;
        let listener = bind(address).await?;
        // Agents pin our own authority, whatever certificate people see.
        let identity = self.authority.server_identity(&self.config.names)?;
        let tunnel = Tunnel {
            authority: Arc::clone(&self.authority),
            directory: self.directory.clone(),
            store: self.store.clone(),
            sink: Arc::new(self.recordings.clone()),
            help: self.config.public_url.clone(),
        };
        let mut closing = self.closing.subscribe();
        let closed = async move {
            let _closed = closing.wait_for(|closing| *closing).await;
        };
        Ok(async move {
            let served = tunnel.serve(listener, identity, closed).await;
            served.map_err(|error| RunError::Part("tunnel", error))
        })
    }

    /// The certificate that people's clients see: the operator's own, or one of ours.
    fn identity(&self) -> Result<ServerIdentity, RunError> {
        let Some((certificate, key)) = &self.config.tls else {
            return Ok(self.authority.server_identity(&self.config.names)?);
        };
        let wrong = |error: rustls_pki_types::pem::Error| RunError::Tls(error.to_string());
        let chain =
            CertificateDer::pem_file_iter(certificate).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)?;
        Ok(ServerIdentity { chain, key: PrivateKeyDer::from_pem_file(key).map_err(wrong)? })
    }
}

fn tls(identity: &ServerIdentity, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, RunError> {
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|error| RunError::Tls(error.to_string()))?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|error| RunError::Listen(address, error))
}
