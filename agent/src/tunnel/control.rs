//! One gateway replica: the Control stream stays up; each `Open` becomes a Session stream of its own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::StreamExt as _;
use proto::{
    Code, Down, Ending, Grant, LaneOpen, Refusal, SessionId, Up,
    event::Released,
    rpc::{self, to_agent::Kind, tunnel_client::TunnelClient},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

use crate::{session::Sessions, target::Link};

/// Messages that may wait towards the gateway on one lane.
const LANE_DEPTH: usize = 4;

/// Connections to one gateway: the first carries Control, all carry sessions.
#[derive(Clone)]
pub struct Replica {
    clients: Arc<[TunnelClient<Channel>]>,
    next: Arc<AtomicUsize>,
    sessions: Sessions,
}

/// Why the Control stream is over.
#[derive(Debug, PartialEq, Eq)]
pub enum ControlEnd {
    /// The gateway asks to be left.
    Drain,
    /// The stream broke.
    Lost(String),
    /// The gateway does not know this agent, or has locked it.
    Refused(String),
}

impl Replica {
    /// Over these connections.
    #[must_use]
    pub fn new(clients: Vec<TunnelClient<Channel>>, sessions: Sessions) -> Self {
        Self { clients: clients.into(), next: Arc::default(), sessions }
    }

    /// The connection for the next session, in turn.
    #[must_use]
    pub fn client(&self) -> Option<TunnelClient<Channel>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.clients.get(turn % self.clients.len().max(1)).cloned()
    }

    /// Keeps the Control stream until it ends. Calls `up` once the gateway has welcomed the agent.
    pub async fn control(&self, up: impl FnOnce()) -> ControlEnd {
        let Some(mut client) = self.clients.first().cloned() else { return ControlEnd::Lost("no connection".into()) };
        let (to_gateway, from_agent) = mpsc::channel(64);
        let hello = rpc::Hello { version: env!("CARGO_PKG_VERSION").to_owned() };
        let _open = to_gateway.send(rpc::FromAgent { kind: Some(rpc::from_agent::Kind::Hello(hello)) }).await;
        let mut stream = match client.control(ReceiverStream::new(from_agent)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == tonic::Code::PermissionDenied => {
                return ControlEnd::Refused(status.message().to_owned());
            }
            Err(status) => return ControlEnd::Lost(status.message().to_owned()),
        };
        let mut up = Some(up);
        loop {
            let kind = match stream.message().await {
                Ok(Some(message)) => message.kind,
                Ok(None) => return ControlEnd::Lost("closed by the gateway".into()),
                Err(status) => return ControlEnd::Lost(status.message().to_owned()),
            };
            match kind {
                Some(Kind::Welcome(_)) => {
                    if let Some(up) = up.take() {
                        up();
                    }
                }
                Some(Kind::Open(open)) => self.spawn(open, to_gateway.clone()),
                Some(Kind::Kill(kill)) => {
                    if let Ok(session) = kill.session.parse() {
                        self.sessions.kill(session, Ending::from(kill));
                    }
                }
                Some(Kind::Drain(_)) => return ControlEnd::Drain,
                Some(Kind::Bundle(bundle)) => {
                    if let Err(error) = self.sessions.rights().install(&bundle.hash, &bundle.body) {
                        tracing::error!(version = bundle.version, %error, "policy bundle refused");
                    }
                }
                Some(Kind::Current(current)) => self.sessions.rights().current(current.version),
                Some(Kind::Caller(now)) => {
                    if let (Ok(session), Some(caller)) = (now.session.parse(), now.caller) {
                        self.sessions.caller_is(session, caller.into());
                    }
                }
                Some(Kind::Release(release)) => {
                    if let Ok(session) = release.session.parse() {
                        let (incident, by, reason) = (release.incident, release.by, release.reason);
                        self.sessions.release(session, Released { incident, by, reason });
                    }
                }
                None => {}
            }
        }
    }

    fn spawn(&self, open: rpc::Open, to_gateway: mpsc::Sender<rpc::FromAgent>) {
        let replica = self.clone();
        tokio::spawn(async move {
            let (session, lane) = (open.session.clone(), open.lane);
            if let Err(refusal) = replica.serve(open).await {
                let refused = rpc::Refused { session, lane, ..refusal.into() };
                let kind = Some(rpc::from_agent::Kind::Refused(refused));
                let _gone = to_gateway.send(rpc::FromAgent { kind }).await;
            }
        });
    }

    async fn serve(&self, open: rpc::Open) -> Result<(), Refusal> {
        let internal = |_| Refusal::new(Code::Internal, "the agent does not understand the gateway");
        let session: SessionId = open.session.parse().map_err(|_| internal(()))?;
        let grant = open.grant.map(Grant::try_from).transpose().map_err(|_| internal(()))?;
        if let Some(grant) = &grant {
            self.sessions.admit(grant)?;
        }
        let link = self.lane(LaneOpen { session, nonce: open.nonce, lane: open.lane }).await?;
        match grant {
            Some(grant) => self.sessions.serve(session, grant, link).await,
            None => self.sessions.serve_lane(session, link).await,
        }
        Ok(())
    }

    async fn lane(&self, open: LaneOpen) -> Result<Link, Refusal> {
        let lost = || Refusal::new(Code::AgentLost, "the agent cannot reach the gateway");
        let mut client = self.client().ok_or_else(lost)?;
        let (up, outgoing) = mpsc::channel(LANE_DEPTH);
        up.send(Up::Open(open)).await.map_err(|_| lost())?;
        let outgoing = ReceiverStream::new(outgoing).map(rpc::Up::from);
        let incoming = client.session(outgoing).await.map_err(|_| lost())?.into_inner();
        Ok(Link::new(Box::pin(domain(incoming)), up))
    }
}

/// Wire messages as domain messages; whatever cannot be understood ends the lane.
fn domain(stream: Streaming<rpc::Down>) -> impl futures::Stream<Item = Down> + Send {
    stream
        .map(|message| message.ok().and_then(|message| Down::try_from(message).ok()))
        .take_while(|message| std::future::ready(message.is_some()))
        .filter_map(std::future::ready)
}
