//! The PostgreSQL endpoint: TLS, login with a ticket through SCRAM, database name = connection, then a relay of whole
//! messages to the agent. Spec: issue of the foundation, section PostgreSQL; PostgreSQL documentation, "Frontend/Backend
//! Protocol".

mod cancels;
mod login;
mod refusal;
mod relay;
mod stream;

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::BytesMut;
use proto::{Code, Protocol, Refusal};
use protocols::pg::{
    encode::{self, VERSION_3_2},
    startup::Startup,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

pub use self::cancels::Cancels;
use self::{
    cancels::Registered,
    login::{Client, Outcome},
};
use super::{Edge, opening};
use crate::{auth::Identity, session::Session};

/// How long a client may take to read why it was refused.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(5);

/// Serves one accepted connection until its end. The accept loop, the connection budget and the span are the caller's.
pub async fn serve(edge: Edge, stream: TcpStream, source: SocketAddr) {
    let _best_effort = stream.set_nodelay(true);
    let until = tokio::time::Instant::now() + edge.login_deadline;
    // Each stage is boxed: a task is as large as the largest future in it, and most of a session's life is the relay.
    let begun = Box::pin(Client::new(&edge, stream, source));
    let (mut client, accept) = match tokio::time::timeout_at(until, begun).await {
        Ok(Some(begun)) => begun,
        Ok(None) => return,
        Err(_) => return edge.too_late(Protocol::Postgres, source).await,
    };
    let outcome = tokio::time::timeout_at(until, Box::pin(client.log_in(&edge, accept))).await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(_) => Err(client.late(&edge).await),
    };
    match outcome {
        Ok(Outcome::Known(known)) => {
            let (startup, identity) = *known;
            match Box::pin(open(&edge, &client, &startup, identity)).await {
                Ok(session) => Box::pin(welcome(&edge, client, &startup, session)).await,
                Err(refusal) => refuse(client, &refusal).await,
            }
        }
        Ok(Outcome::Cancel(cancel)) => {
            edge.cancels.cancel(&cancel, source).await;
            // Over TLS a client takes anything but a proper close for a failure.
            let _gone = tokio::time::timeout(LAST_WORDS, client.stream.shutdown()).await;
        }
        Ok(Outcome::Gone) => {}
        Err(refusal) => refuse(client, &refusal).await,
    }
}

/// From an identity to a session, through a permit.
async fn open(edge: &Edge, client: &Client, startup: &Startup, identity: Identity) -> Result<Session, Refusal> {
    let (connection, database) = match startup.database.split_once('/') {
        Some((connection, database)) => (connection, Some(database)),
        None => (startup.database.as_str(), None),
    };
    let permit = match edge.auth.permit(&identity, connection, Protocol::Postgres, client.source.ip()).await {
        Ok(permit) => permit,
        Err(refusal) => {
            let (auth, claimed) = (&edge.auth, &identity.subject);
            let reason = auth.why_refused(&identity, connection);
            auth.record_failure(Protocol::Postgres, client.source, claimed, connection, &refusal, reason).await;
            return Err(refusal);
        }
    };
    let mut requested: BTreeMap<String, String> =
        startup.parameters.iter().map(|(name, value)| (format!("param.{name}"), value.clone())).collect();
    if let Some(database) = database {
        requested.insert("database".to_owned(), database.to_owned());
    }
    let client_name = startup.parameters.get("application_name").cloned().unwrap_or_default();
    let opening = opening(&edge.auth, identity, client.source, client_name, requested);
    edge.sessions.open(permit, opening).await
}

/// Completes the client's login and relays.
async fn welcome(edge: &Edge, mut client: Client, startup: &Startup, session: Session) {
    let length = if startup.spoken() >= VERSION_3_2 { 32 } else { 4 };
    let Some(greeting) = Greeting::read(&session.greeting) else {
        return refuse(client, &Refusal::new(Code::TargetProtocol, "the target's greeting is incomplete")).await;
    };
    let registered = edge.cancels.register(greeting.pid, length, session.outgoing.clone());
    greeting.render(&registered, &mut client.out);
    if client.send().await.is_ok() {
        let Client { stream, received, .. } = client;
        relay::relay(stream, session, received).await;
    }
    drop(registered);
}

/// The relay form of a target's greeting: parameters and notices, BackendKeyData with a process number and no key,
/// ReadyForQuery.
struct Greeting<'a> {
    parameters: &'a [u8],
    pid: u32,
    ready: &'a [u8],
}

impl<'a> Greeting<'a> {
    fn read(greeting: &'a [u8]) -> Option<Self> {
        let (rest, ready) = greeting.split_last_chunk::<6>()?;
        let (parameters, key) = rest.split_last_chunk::<9>()?;
        let [b'K', 0, 0, 0, 8, a, b, c, d] = *key else { return None };
        let pid = u32::from_be_bytes([a, b, c, d]);
        ready.starts_with(b"Z\0\0\0\x05").then_some(Self { parameters, pid, ready })
    }

    /// AuthenticationOk, then the greeting with our own key.
    fn render(&self, registered: &Registered, out: &mut BytesMut) {
        encode::authentication(out, 0, &[]);
        out.extend_from_slice(self.parameters);
        encode::backend_key(out, registered.pid, &registered.key);
        out.extend_from_slice(self.ready);
    }
}

/// Tells the client why, and closes.
async fn refuse(mut client: Client, refusal: &Refusal) {
    refusal::render(refusal, &mut client.out);
    let told = async {
        client.send().await?;
        client.stream.shutdown().await
    };
    let _gone = tokio::time::timeout(LAST_WORDS, told).await;
}
