//! The two ends of a lane as a listener sees them.

use std::sync::Arc;

use bytes::Bytes;
use proto::{Code, Down, Ending, Refusal, Up, rpc};
use tokio::sync::{mpsc, oneshot, watch};
use tonic::Streaming;

use crate::tunnel::LaneStream;

/// What comes from the target on one lane.
pub struct Incoming {
    /// Taken out when the lane is over and handed to the keeper for the last events.
    up: Option<Streaming<rpc::Up>>,
    keeper: Option<KeeperEnd>,
    stop: watch::Receiver<Option<Ending>>,
    ended: Option<Ending>,
}

/// The first lane's way to the session's keeper.
pub(super) struct KeeperEnd {
    pub(super) events: mpsc::Sender<Vec<Bytes>>,
    pub(super) rest: oneshot::Sender<(Streaming<rpc::Up>, Ending)>,
}

/// One turn of a lane.
#[derive(Debug)]
pub enum Turn {
    /// Whole messages of the protocol.
    Payload(Bytes),
    /// The lane is over: the target closed, the agent was lost, an administrator ended it, it expired. Nothing follows.
    Ended(Ending),
}

impl Incoming {
    pub(super) fn new(
        up: Streaming<rpc::Up>,
        stop: watch::Receiver<Option<Ending>>,
        keeper: Option<KeeperEnd>,
    ) -> Self {
        Self { up: Some(up), keeper, stop, ended: None }
    }

    /// The next turn. Cancel-safe. After `Ended` it is `Ended` for ever.
    pub async fn next(&mut self) -> Turn {
        if let Some(ending) = &self.ended {
            return Turn::Ended(ending.clone());
        }
        match self.turn().await {
            Ok(payload) => Turn::Payload(payload),
            Err(ending) => {
                self.ended = Some(ending.clone());
                Turn::Ended(ending)
            }
        }
    }

    /// Waits for the agent's word that the target is logged in.
    pub(super) async fn ready(&mut self) -> Result<Bytes, Refusal> {
        match self.message().await? {
            Up::Ready(greeting) => Ok(greeting),
            Up::Refused(refusal) | Up::Closed(refusal) => Err(self.over(refusal)),
            _ => Err(self.over(Refusal::new(Code::Internal, "the agent spoke out of turn"))),
        }
    }

    async fn turn(&mut self) -> Result<Bytes, Ending> {
        match self.message().await? {
            Up::Payload(payload) => Ok(payload),
            Up::Closed(ending) | Up::Refused(ending) => Err(ending),
            _ => Err(Ending::new(Code::Internal, "the agent spoke out of turn")),
        }
    }

    /// The next message that is not events.
    async fn message(&mut self) -> Result<Up, Ending> {
        let lost = || Ending::new(Code::AgentLost, "the connection to the target's network was lost");
        loop {
            let up = self.up.as_mut().ok_or_else(lost)?;
            let message = tokio::select! {
                biased;
                message = up.message() => message,
                ending = stopped(&mut self.stop) => return Err(ending),
            };
            let message = message.ok().flatten().and_then(|message| Up::try_from(message).ok()).ok_or_else(lost)?;
            let Up::Events(records) = message else { return Ok(message) };
            // A full queue waits here, and so the agent: never loss.
            if let Some(keeper) = &self.keeper
                && keeper.events.send(records).await.is_err()
            {
                return Err(Ending::new(Code::Internal, "the session cannot be recorded"));
            }
        }
    }

    fn over(&mut self, refusal: Refusal) -> Refusal {
        self.ended = Some(refusal.clone());
        refusal
    }

    /// Waits until the session must end, whatever the lane does; for listeners that are busy writing to a slow client.
    pub fn must_end(&self) -> MustEnd {
        MustEnd(self.stop.clone())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let (Some(up), Some(keeper)) = (self.up.take(), self.keeper.take()) {
            let ending = self.ended.take().unwrap_or_else(|| Ending::new(Code::Done, ""));
            let _gone = keeper.rest.send((up, ending));
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<Option<Ending>>) -> Ending {
    let told = stop.wait_for(Option::is_some).await.ok().and_then(|ending| ending.clone());
    match told {
        Some(ending) => ending,
        None => std::future::pending().await,
    }
}

/// Tells when a session must end.
pub struct MustEnd(watch::Receiver<Option<Ending>>);

impl MustEnd {
    /// Waits for it.
    pub async fn wait(mut self) -> Ending {
        stopped(&mut self.0).await
    }
}

/// What goes to the target on one lane. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing(pub(super) mpsc::Sender<Down>);

impl Outgoing {
    /// Sends messages of the protocol; waits when the target is slower than the client.
    ///
    /// # Errors
    /// If the lane is over; [`Incoming`] says why.
    pub async fn payload(&self, bytes: Bytes) -> Result<(), LaneOver> {
        self.0.send(Down::Payload(bytes)).await.map_err(|_| LaneOver)
    }

    /// Asks to cancel what runs now.
    ///
    /// # Errors
    /// If the lane is over.
    pub async fn cancel(&self) -> Result<(), LaneOver> {
        self.0.send(Down::Cancel).await.map_err(|_| LaneOver)
    }

    /// The client is done: the agent closes the target in an orderly way.
    pub async fn close(&self, ending: Ending) {
        let _gone = self.0.send(Down::Close(ending)).await;
    }
}

/// The lane is over.
#[derive(Debug, thiserror::Error)]
#[error("the lane is over")]
pub struct LaneOver;

/// A further lane of a session.
pub struct Lane {
    /// What comes from the target.
    pub incoming: Incoming,
    /// What goes to the target.
    pub outgoing: Outgoing,
}

impl Lane {
    pub(super) fn new(stream: LaneStream, stop: watch::Receiver<Option<Ending>>) -> Self {
        Self { incoming: Incoming::new(stream.up, stop, None), outgoing: Outgoing(stream.down) }
    }
}

/// Shared by whoever may end a session.
pub(super) type Stop = Arc<watch::Sender<Option<Ending>>>;
