//! Sessions: opened with a permit, relayed, ended by one owner on one path. Skeleton of the interface for listeners.

use std::collections::BTreeMap;

use bytes::Bytes;
use policy::Permit;
use proto::{Ending, Refusal, SessionId};

use crate::auth::Identity;

/// Opens sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(());

/// What a caller brings besides the permit.
pub struct Opening {
    /// Who.
    pub identity: Identity,
    /// From where.
    pub source: std::net::SocketAddr,
    /// What the client says it is; untrusted.
    pub client: String,
    /// What the caller asked of the target at login (`login`, `database`, startup parameters), per protocol.
    pub requested: BTreeMap<String, String>,
}

/// An open session's first lane. Dropping it ends the session.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the agent says about the target, in the protocol's relay form.
    pub greeting: Bytes,
    /// What comes from the target.
    pub incoming: Incoming,
    /// What goes to the target.
    pub outgoing: Outgoing,
}

/// What comes from the target on one lane.
pub struct Incoming(tokio::sync::mpsc::Receiver<Turn>);

/// One turn of a lane.
#[derive(Debug)]
pub enum Turn {
    /// Whole messages of the protocol.
    Payload(Bytes),
    /// The lane is over: the target closed, the agent was lost, an administrator ended it, it expired. Nothing follows.
    Ended(Ending),
}

impl Incoming {
    /// The next turn. Cancel-safe. After `Ended` it is `Ended` for ever.
    pub async fn next(&mut self) -> Turn {
        match self.0.recv().await {
            Some(turn) => turn,
            None => Turn::Ended(Ending::new(proto::Code::AgentLost, "the connection to the target's network was lost")),
        }
    }
}

/// What goes to the target on one lane. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing(tokio::sync::mpsc::Sender<proto::Down>);

impl Outgoing {
    /// Sends messages of the protocol; waits when the target is slower than the client.
    ///
    /// # Errors
    /// If the lane is over; [`Incoming`] says why.
    pub async fn payload(&self, bytes: Bytes) -> Result<(), LaneOver> {
        self.0.send(proto::Down::Payload(bytes)).await.map_err(|_| LaneOver)
    }

    /// Asks to cancel what runs now.
    ///
    /// # Errors
    /// If the lane is over.
    pub async fn cancel(&self) -> Result<(), LaneOver> {
        self.0.send(proto::Down::Cancel).await.map_err(|_| LaneOver)
    }

    /// The client is done: the agent closes the target in an orderly way.
    pub async fn close(&self, ending: Ending) {
        let _gone = self.0.send(proto::Down::Close(ending)).await;
    }
}

/// The lane is over.
#[derive(Debug, thiserror::Error)]
#[error("the lane is over")]
pub struct LaneOver;

impl Sessions {
    /// Opens a session: stores it, asks the connection's agent, waits until the target is logged in.
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn open(&self, _permit: Permit, _opening: Opening) -> Result<Session, Refusal> {
        Err(Refusal::new(proto::Code::Internal, "not written"))
    }
}

impl Session {
    /// Opens a further lane of this session (HTTP: one exchange at a time per lane).
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn lane(&self) -> Result<Lane, Refusal> {
        Err(Refusal::new(proto::Code::Internal, "not written"))
    }
}

/// A further lane of a session.
pub struct Lane {
    /// What comes from the target.
    pub incoming: Incoming,
    /// What goes to the target.
    pub outgoing: Outgoing,
}
