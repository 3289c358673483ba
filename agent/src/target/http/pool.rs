//! Connections to targets, kept and shared. Sessions share a pool if target, settings and credential references are the
//! same; credentials are added to each request, so a pooled connection carries none (but for a client certificate, which is
//! in the references).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use http::{HeaderName, HeaderValue};
use hyper::client::conn::http2;
use proto::{Code, Grant, HttpSettings, Refusal, Scheme, TlsMode};
use tokio::net::TcpStream;

use super::{
    auth,
    body::RequestBody,
    upstream::{H1, Stream, Upstream, h2},
};
use crate::{
    filter::http::Setup,
    target::{Context, tls},
};

/// How long a connection is kept without use.
const IDLE: Duration = Duration::from_secs(30);
/// Most idle connections per target.
const MAX_IDLE: usize = 64;
/// How long connecting may take, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// For how long a credential that was read is used.
const CREDENTIAL: Duration = Duration::from_secs(1);

/// The connection pools of this agent.
#[derive(Default)]
pub struct Pools(Mutex<HashMap<Key, Arc<Target>>>);

/// Address, settings as text, credential references.
type Key = (String, String, BTreeMap<String, String>);

/// A target with its connections.
pub(super) struct Target {
    pub(super) settings: HttpSettings,
    /// What its requests do, and how its answers are read.
    pub(super) setup: Arc<Setup>,
    address: String,
    /// The `Host` of requests.
    pub(super) host: HeaderValue,
    idle: Mutex<Vec<Idle>>,
    shared: tokio::sync::Mutex<Option<Shared>>,
    credential: Mutex<Option<Credential>>,
}

struct Idle {
    connection: Box<H1>,
    since: Instant,
}

/// The HTTP/2 connection that exchanges share.
struct Shared {
    sender: http2::SendRequest<RequestBody>,
    used: Instant,
}

#[derive(Clone)]
struct Credential {
    field: Option<(HeaderName, HeaderValue)>,
    read: Instant,
}

/// What a request needs of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Whatever the target speaks.
    Any,
    /// HTTP/1.1, to switch protocols.
    H1,
    /// HTTP/2, for gRPC.
    H2,
}

impl Pools {
    /// # Errors
    /// If the settings cannot be used: then nothing may pass.
    pub(super) fn target(&self, grant: &Grant, settings: &HttpSettings) -> Result<Arc<Target>, Refusal> {
        let key = (grant.address.clone(), format!("{settings:?}"), grant.credentials.clone());
        let mut targets = lock(&self.0);
        targets.retain(|_, target| Arc::strong_count(target) > 1 || target.is_connected());
        if let Some(target) = targets.get(&key) {
            return Ok(Arc::clone(target));
        }
        let setup = Setup::new(settings).map_err(|reason| {
            Refusal::new(Code::Internal, format!("the connection's settings cannot be used: {reason}"))
        })?;
        let target = Arc::new(Target::new(&grant.address, settings.clone(), setup));
        targets.insert(key, Arc::clone(&target));
        Ok(target)
    }
}

impl Target {
    fn new(address: &str, settings: HttpSettings, setup: Setup) -> Self {
        let default_port = if settings.scheme == Scheme::Https { ":443" } else { ":80" };
        let host = settings.host.as_deref().unwrap_or_else(|| address.strip_suffix(default_port).unwrap_or(address));
        Self {
            host: HeaderValue::from_str(host).unwrap_or_else(|_| HeaderValue::from_static("target")),
            settings,
            setup: Arc::new(setup),
            address: address.to_owned(),
            idle: Mutex::default(),
            shared: tokio::sync::Mutex::default(),
            credential: Mutex::default(),
        }
    }

    /// Whether a connection is kept for the next session.
    fn is_connected(&self) -> bool {
        // Whoever has the lock is about to use it.
        let shared = self.shared.try_lock();
        !lock(&self.idle).is_empty()
            || shared.map_or(true, |shared| shared.as_ref().is_some_and(|shared| !shared.sender.is_closed()))
    }

    /// The field that authenticates requests. The credential behind it is read at most once a second.
    pub(super) async fn authorization(&self, context: &Context) -> Result<Option<(HeaderName, HeaderValue)>, Refusal> {
        if let Some(known) = lock(&self.credential).as_ref().filter(|known| known.read.elapsed() < CREDENTIAL) {
            return Ok(known.field.clone());
        }
        let field = auth::field(context, &self.settings.auth).await?;
        *lock(&self.credential) = Some(Credential { field: field.clone(), read: Instant::now() });
        Ok(field)
    }

    /// A connection for one exchange, kept or new.
    pub(super) async fn connection(self: &Arc<Self>, context: &Context, want: Want) -> Result<Upstream, Refusal> {
        if want != Want::H1
            && (want == Want::H2 || self.settings.http2_prior_knowledge || self.settings.scheme == Scheme::Https)
        {
            return self.shared(context, want).await;
        }
        if let Some(kept) = self.kept().await {
            return Ok(kept);
        }
        self.fresh(context).await
    }

    /// A new HTTP/1.1 connection.
    pub(super) async fn fresh(&self, context: &Context) -> Result<Upstream, Refusal> {
        let (io, _) = self.dial(context, &[b"http/1.1"]).await?;
        H1::handshake(io).await.map(Upstream::H1).map_err(|_| unreachable_target())
    }

    async fn kept(&self) -> Option<Upstream> {
        loop {
            let Idle { mut connection, since } = lock(&self.idle).pop()?;
            if since.elapsed() < IDLE && connection.is_ready().await {
                return Some(Upstream::H1(connection));
            }
        }
    }

    /// The shared HTTP/2 connection, or an HTTP/1.1 connection if the target does not speak HTTP/2.
    async fn shared(self: &Arc<Self>, context: &Context, want: Want) -> Result<Upstream, Refusal> {
        let mut shared = self.shared.lock().await;
        if let Some(shared) = shared.as_mut().filter(|shared| !shared.sender.is_closed()) {
            shared.used = Instant::now();
            return Ok(Upstream::H2(shared.sender.clone()));
        }
        if let Some(kept) = self.kept().await.filter(|_| want == Want::Any) {
            return Ok(kept);
        }
        let clear = self.settings.scheme == Scheme::Http;
        let offer: &[&[u8]] = if want == Want::H2 { &[b"h2"] } else { &[b"h2", b"http/1.1"] };
        let (io, agreed) = self.dial(context, offer).await?;
        if clear || agreed {
            let sender = h2(io).await.map_err(|_| unreachable_target())?;
            if shared.replace(Shared { sender: sender.clone(), used: Instant::now() }).is_none() {
                tokio::spawn(let_go(Arc::downgrade(self)));
            }
            return Ok(Upstream::H2(sender));
        }
        H1::handshake(io).await.map(Upstream::H1).map_err(|_| unreachable_target())
    }

    /// Keeps a connection whose exchange is over, if it can carry another.
    pub(super) async fn keep(self: &Arc<Self>, upstream: Upstream) {
        let Upstream::H1(mut connection) = upstream else { return };
        if !connection.is_ready().await {
            return;
        }
        let mut idle = lock(&self.idle);
        if idle.is_empty() {
            tokio::spawn(reap(Arc::downgrade(self)));
        }
        if idle.len() < MAX_IDLE {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Connects. Also gives whether HTTP/2 was agreed on.
    async fn dial(&self, context: &Context, alpn: &[&[u8]]) -> Result<(Box<dyn Stream>, bool), Refusal> {
        match tokio::time::timeout(CONNECT, self.dial_unbounded(context, alpn)).await {
            Ok(dialled) => dialled,
            Err(_) => Err(Refusal::new(Code::TargetTimeout, "the target did not accept a connection in time")),
        }
    }

    async fn dial_unbounded(&self, context: &Context, alpn: &[&[u8]]) -> Result<(Box<dyn Stream>, bool), Refusal> {
        let stream = TcpStream::connect(&self.address).await.map_err(|_| unreachable_target())?;
        let _best_effort = stream.set_nodelay(true);
        if self.settings.scheme == Scheme::Http {
            return Ok((Box::new(stream), false));
        }
        if self.settings.tls.mode == TlsMode::Disable {
            return Err(Refusal::new(Code::TargetIdentity, "the connection says https and switches TLS off"));
        }
        let (certificate, key) = (context.credential("client_cert").await?, context.credential("client_key").await?);
        let client_auth = certificate.as_ref().zip(key.as_ref()).map(|(chain, key)| (chain.expose(), key.expose()));
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let stream = tls::connect(stream, &self.settings.tls, host, client_auth, alpn)
            .await
            .map_err(|refused| refused.refusal())?;
        let agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Box::new(stream), agreed))
    }
}

/// Closes connections that nobody used for a while; ends when there are none.
async fn reap(target: Weak<Target>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(target) = target.upgrade() else { return };
        let mut idle = lock(&target.idle);
        idle.retain(|kept| kept.since.elapsed() < IDLE);
        if idle.is_empty() {
            return;
        }
    }
}

/// Lets go of a shared connection that nobody used for a while; exchanges that still run on it go on.
async fn let_go(target: Weak<Target>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(target) = target.upgrade() else { return };
        let mut shared = target.shared.lock().await;
        if shared.as_ref().is_none_or(|shared| shared.used.elapsed() >= IDLE || shared.sender.is_closed()) {
            *shared = None;
            return;
        }
    }
}

fn unreachable_target() -> Refusal {
    Refusal::new(Code::TargetUnreachable, "the target cannot be reached")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
