//! One client connection: who called on it, and the sessions that were opened for them. A connection may carry several
//! tickets and name several connections; each pair is a session of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proto::{Protocol, Refusal};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::problem::Problem;
use crate::{
    auth::Identity,
    listen::{Edge, opening},
    session::Session,
};

/// For how long a ticket that was good counts as good without asking again.
const TRUST: Duration = Duration::from_secs(5);
/// Most tickets that are remembered.
const MAX_KNOWN: usize = 8;
/// Wrong tickets after which the client connection is closed.
const MAX_FAILURES: u32 = 10;

/// One client connection.
pub(super) struct Client {
    edge: Edge,
    source: SocketAddr,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tickets: Vec<Ticket>,
    failures: u32,
}

struct Ticket {
    hash: [u8; 32],
    identity: Arc<Identity>,
    checked: Instant,
}

/// Which session: the credential's id and the connection's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) credential: String,
    pub(super) connection: String,
}

impl Client {
    pub(super) fn new(edge: Edge, source: SocketAddr) -> Self {
        Self { edge, source, known: Mutex::default() }
    }

    /// How long the client may take to say something.
    pub(super) fn deadline(&self) -> Duration {
        self.edge.login_deadline
    }

    /// Below which domain each connection has a host name.
    pub(super) fn domain(&self) -> Option<&str> {
        self.edge.http_domain.as_deref()
    }

    /// Whether so many tickets were wrong that the client should be left.
    pub(super) fn is_tiresome(&self) -> bool {
        self.lock().failures >= MAX_FAILURES
    }

    /// Who calls, by the `Authorization` field.
    pub(super) async fn identify(
        &self,
        authorization: Option<&[u8]>,
        connection: &str,
    ) -> Result<Arc<Identity>, Problem> {
        let Some(ticket) = authorization.and_then(ticket) else {
            let reason = if authorization.is_some() { "unknown" } else { "none" };
            return Err(self.unauthorized(connection, reason).await);
        };
        let hash: [u8; 32] = Sha256::digest(ticket.as_bytes()).into();
        let now = Instant::now();
        if let Some(known) = self.lock().tickets.iter().find(|known| known.hash == hash)
            && now.duration_since(known.checked) < TRUST
        {
            return Ok(Arc::clone(&known.identity));
        }
        match self.edge.auth.ticket(&ticket, self.source).await {
            Ok(identity) => {
                let identity = Arc::new(identity);
                self.remember(Ticket { hash, identity: Arc::clone(&identity), checked: now });
                Ok(identity)
            }
            Err(denial) => {
                self.forget(&hash);
                Err(self.unauthorized(connection, denial.reason).await)
            }
        }
    }

    async fn unauthorized(&self, connection: &str, reason: &str) -> Problem {
        let problem = Problem::unauthorized();
        self.record_failure("", connection, &problem.refusal(), reason).await;
        problem
    }

    /// Writes down that something came which is no proper request, or none in time.
    pub(super) async fn record_malformed(&self, problem: &Problem) {
        let reason = if problem.code() == proto::Code::LoginTimeout { "timeout" } else { "malformed" };
        self.record_failure("", "", &problem.refusal(), reason).await;
    }

    /// Opens a session for `identity`.
    pub(super) async fn open(&self, identity: &Identity, connection: &str, agent: &[u8]) -> Result<Session, Problem> {
        let permit = match self.edge.auth.permit(identity, connection, Protocol::Http, self.source.ip()).await {
            Ok(permit) => permit,
            Err(refusal) => {
                let reason = self.edge.auth.why_refused(identity, connection);
                self.record_failure(&identity.subject, connection, &refusal, reason).await;
                return Err(refusal.into());
            }
        };
        let agent = String::from_utf8_lossy(agent.get(..200.min(agent.len())).unwrap_or_default()).into_owned();
        let opening = opening(&self.edge.auth, identity.clone(), self.source, agent, BTreeMap::new());
        Ok(self.edge.sessions.open(permit, opening).await?)
    }

    async fn record_failure(&self, claimed: &str, connection: &str, refusal: &Refusal, reason: &str) {
        self.edge.auth.record_failure(Protocol::Http, self.source, claimed, connection, refusal, reason).await;
    }

    fn remember(&self, ticket: Ticket) {
        let mut known = self.lock();
        known.tickets.retain(|other| other.hash != ticket.hash);
        if known.tickets.len() >= MAX_KNOWN {
            known.tickets.remove(0);
        }
        known.tickets.push(ticket);
    }

    fn forget(&self, hash: &[u8; 32]) {
        let mut known = self.lock();
        known.tickets.retain(|other| other.hash != *hash);
        known.failures += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ticket in `Bearer <ticket>`, or the password in `Basic <user:password>` for clients that know nothing else.
fn ticket(authorization: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, credential) = text.split_once(' ')?;
    let credential = credential.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Zeroizing::new(credential.to_owned())).filter(|ticket| !ticket.is_empty());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = Zeroizing::new(STANDARD.decode(credential).ok()?);
    let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(Zeroizing::new(password.to_owned())).filter(|ticket| !ticket.is_empty())
}
