//! One task per session that stores its events and closes its row: it outlives the client by as long as the last
//! events need.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use proto::{Code, Down, Ending, SessionId, Up, rpc};
use tokio::sync::{mpsc, oneshot};
use tonic::Streaming;

use super::lane::{KeeperEnd, Stop};
use crate::tunnel::{EventSink, SinkError};

/// Batches of events that may wait for the store, per session.
const WAITING: usize = 4;
/// How long the agent may take to send its last events once the client is gone.
const LAST_EVENTS: Duration = Duration::from_secs(15);

/// Stores one session's events.
pub(super) struct Keeper {
    session: SessionId,
    sink: Arc<dyn EventSink>,
    down: mpsc::Sender<Down>,
    stop: Stop,
    events: mpsc::Receiver<Vec<Bytes>>,
    rest: oneshot::Receiver<(Streaming<rpc::Up>, Ending)>,
}

impl Keeper {
    /// A keeper and the lane's way to it.
    pub(super) fn new(
        session: SessionId,
        sink: Arc<dyn EventSink>,
        down: mpsc::Sender<Down>,
        stop: Stop,
    ) -> (Self, KeeperEnd) {
        let (events_in, events) = mpsc::channel(WAITING);
        let (rest_in, rest) = oneshot::channel();
        let end = KeeperEnd { events: events_in, rest: rest_in };
        (Self { session, sink, down, stop, events, rest }, end)
    }

    /// Runs to the end of the session; gives back how it ended.
    pub(super) async fn run(mut self) -> Ending {
        while let Some(records) = self.events.recv().await {
            self.store(records).await;
        }
        let Ok((stream, ending)) = (&mut self.rest).await else {
            return Ending::new(Code::Internal, "the session was dropped");
        };
        let told = tokio::time::timeout(LAST_EVENTS, self.finish(stream, ending.clone())).await;
        // What is still missing stays in the agent's spool and is delivered later.
        told.unwrap_or(ending)
    }

    /// Tells the agent that the client is gone and takes what is left: events until the stream ends.
    async fn finish(&self, mut stream: Streaming<rpc::Up>, mut ending: Ending) -> Ending {
        let close = async {
            let _gone = self.down.send(Down::Close(ending.clone())).await;
        };
        // The agent may be waiting to send before it reads, so both go on at once.
        let first = async { stream.message().await };
        let (_, mut message) = tokio::join!(close, first);
        while let Ok(Some(wire)) = message {
            match Up::try_from(wire) {
                Ok(Up::Events(records)) => self.store(records).await,
                Ok(Up::Closed(told)) if ending.code == Code::Done => ending = told,
                Ok(_) => {}
                Err(_) => break,
            }
            message = stream.message().await;
        }
        ending
    }

    async fn store(&self, records: Vec<Bytes>) {
        match self.sink.accept(self.session, records).await {
            Ok(seq) => {
                // Never wait here: an acknowledgement that does not fit is covered by the next one, or by a delivery.
                let _full = self.down.try_send(Down::Ack { seq });
            }
            Err(SinkError::Unavailable(reason)) => {
                tracing::error!(session = %self.session, reason, "events not stored; they stay with the agent");
            }
            Err(SinkError::Broken(reason)) => {
                tracing::error!(session = %self.session, reason, "events refused");
                let ending = Ending::new(Code::Internal, "the session cannot be recorded");
                self.stop.send_replace(Some(ending));
            }
        }
    }
}
