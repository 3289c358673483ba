//! The gRPC service that agents call. Who the agent is comes from its certificate alone.

use std::{pin::Pin, sync::Arc};

use futures::{Stream, StreamExt as _};
use proto::{
    SessionId, Up,
    convert::unix_ms,
    rpc::{self, from_agent, to_agent, tunnel_server},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{
    AgentPeer, Authority, EventSink, SinkError,
    authority::AgentRequest,
    directory::{Directory, Presence},
    peer::PeerInfo,
    policies,
    roster::{Admission, Roster},
};
use crate::store::StoreError;

/// Control messages that may wait for one agent.
const CONTROL_DEPTH: usize = 256;

/// Answers agents.
pub(super) struct Service {
    pub(super) authority: Arc<Authority>,
    pub(super) directory: Directory,
    pub(super) roster: Roster,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) help: String,
}

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl tunnel_server::Tunnel for Service {
    type ControlStream = Answer<rpc::ToAgent>;
    type SessionStream = Answer<rpc::Down>;
    type DeliverStream = Answer<rpc::Ack>;

    async fn enroll(&self, request: Request<rpc::EnrollRequest>) -> Result<Response<rpc::Enrolled>, Status> {
        let message = request.into_inner();
        let csr = csr(&message.csr_der)?;
        let secret = Sha256::digest(message.join_secret.as_bytes()).into();
        let Some(peer) = self.roster.join(secret, csr.key()).await.map_err(unavailable)? else {
            tracing::warn!("enrolment refused: the join token is unknown, used or expired");
            return Err(Status::permission_denied("the join token is unknown, used or expired"));
        };
        tracing::info!(agent = peer.name, "agent enrolled");
        self.certificate(&peer, csr)
    }

    async fn renew(&self, request: Request<rpc::RenewRequest>) -> Result<Response<rpc::Enrolled>, Status> {
        let peer = agent(&request)?;
        let message = request.into_inner();
        if message.generation != peer.generation {
            return Err(Status::invalid_argument("the generation is not the certificate's"));
        }
        let csr = csr(&message.csr_der)?;
        let generation = self.roster.renew(&peer, csr.key()).await.map_err(unavailable)?.map_err(refused)?;
        self.certificate(&AgentPeer { generation, ..peer }, csr)
    }

    async fn control(
        &self,
        request: Request<Streaming<rpc::FromAgent>>,
    ) -> Result<Response<Self::ControlStream>, Status> {
        let peer = agent(&request)?;
        match self.roster.admit(&peer).await.map_err(unavailable)? {
            Admission::Welcome => {}
            other => {
                tracing::warn!(agent = peer.name, reason = ?other, "agent refused");
                return Err(refused(other));
            }
        }
        let (to_agent, outgoing) = mpsc::channel(CONTROL_DEPTH);
        let welcome = to_agent::Kind::Welcome(rpc::Welcome { agent: peer.name.clone() });
        let _open = to_agent.send(rpc::ToAgent { kind: Some(welcome) }).await;
        tokio::spawn(policies::inform(self.roster.0.clone(), self.help.clone(), to_agent.clone()));
        let presence = self.directory.enter(&peer.name, to_agent);
        tracing::info!(agent = peer.name, "agent connected");
        tokio::spawn(attend(self.directory.clone(), presence, peer.name, request.into_inner()));
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing).map(Ok))))
    }

    async fn session(&self, request: Request<Streaming<rpc::Up>>) -> Result<Response<Self::SessionStream>, Status> {
        let peer = agent(&request)?;
        let mut up = request.into_inner();
        let first = up.message().await?.and_then(|message| Up::try_from(message).ok());
        let Some(Up::Open(open)) = first else {
            return Err(Status::invalid_argument("a session stream starts with its name"));
        };
        let arrival = self.directory.arrived(&peer.name, &open);
        let arrival = arrival.ok_or_else(|| Status::permission_denied("nobody asked for this stream"))?;
        let down = ReceiverStream::new(arrival.deliver(up));
        Ok(Response::new(Box::pin(down.map(|message| Ok(rpc::Down::from(message))))))
    }

    async fn deliver(
        &self,
        request: Request<Streaming<rpc::SpooledEvents>>,
    ) -> Result<Response<Self::DeliverStream>, Status> {
        let peer = agent(&request)?;
        let (acks, outgoing) = mpsc::channel(1);
        tokio::spawn(receive(self.roster.clone(), Arc::clone(&self.sink), peer, request.into_inner(), acks));
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing))))
    }
}

impl Service {
    fn certificate(&self, peer: &AgentPeer, csr: AgentRequest) -> Result<Response<rpc::Enrolled>, Status> {
        let (leaf, not_after) =
            self.authority.sign_agent(csr, peer).map_err(|_| Status::internal("the certificate cannot be made"))?;
        Ok(Response::new(rpc::Enrolled {
            chain_der: vec![leaf.to_vec().into(), self.authority.agent_root().to_vec().into()],
            root_der: self.authority.server_root().to_vec().into(),
            generation: peer.generation,
            not_after_unix_ms: unix_ms(not_after),
        }))
    }
}

/// Reads an agent's control stream until it breaks; the agent is present that long.
async fn attend(directory: Directory, presence: Presence, agent: String, mut stream: Streaming<rpc::FromAgent>) {
    while let Ok(Some(message)) = stream.message().await {
        if let Some(from_agent::Kind::Refused(refused)) = message.kind
            && let Ok(session) = refused.session.parse()
        {
            directory.refused(&agent, session, refused.lane, refused.into());
        }
    }
    drop(presence);
    tracing::info!(agent, "agent disconnected");
}

/// Stores delivered records and acknowledges them one message at a time.
async fn receive(
    roster: Roster,
    sink: Arc<dyn EventSink>,
    peer: AgentPeer,
    mut stream: Streaming<rpc::SpooledEvents>,
    acks: mpsc::Sender<Result<rpc::Ack, Status>>,
) {
    while let Ok(Some(message)) = stream.message().await {
        let answer = store(&roster, &*sink, &peer, message).await;
        let failed = answer.is_err();
        if acks.send(answer).await.is_err() || failed {
            return;
        }
    }
}

async fn store(
    roster: &Roster,
    sink: &dyn EventSink,
    peer: &AgentPeer,
    message: rpc::SpooledEvents,
) -> Result<rpc::Ack, Status> {
    let session: SessionId = message.session.parse().map_err(|_| Status::invalid_argument("no session id"))?;
    if !roster.owns(&peer.name, session).await.map_err(unavailable)? {
        tracing::warn!(agent = peer.name, %session, "records refused: the session is not this agent's");
        return Err(Status::failed_precondition("the session is not this agent's"));
    }
    match sink.accept(session, message.records).await {
        Ok(seq) => Ok(rpc::Ack { session: message.session, seq }),
        Err(SinkError::Unavailable(_)) => Err(Status::unavailable("records cannot be stored now")),
        Err(SinkError::Broken(_)) => Err(Status::failed_precondition("the records do not continue what is stored")),
    }
}

fn agent<T>(request: &Request<T>) -> Result<AgentPeer, Status> {
    request
        .extensions()
        .get::<PeerInfo>()
        .and_then(|info| info.agent.clone())
        .ok_or_else(|| Status::unauthenticated("an agent's certificate is needed"))
}

fn csr(der: &[u8]) -> Result<AgentRequest, Status> {
    AgentRequest::parse(der).map_err(|_| Status::invalid_argument("the signing request is malformed"))
}

fn unavailable(error: StoreError) -> Status {
    tracing::error!(%error, "the store does not answer");
    Status::unavailable("the gateway's store does not answer")
}

fn refused(admission: Admission) -> Status {
    Status::permission_denied(match admission {
        Admission::Cloned => "this agent's key was seen twice; it is locked",
        Admission::Locked => "this agent is locked",
        Admission::Unknown | Admission::Welcome => "this agent is not known",
    })
}

#[cfg(test)]
mod tests;
