//! The lanes of one session, for clients whose requests run side by side. A lane that finished its exchange cleanly serves
//! the next one; a lane whose exchange was given up is dropped, which cancels the exchange at the agent.

use std::sync::{Arc, Mutex, PoisonError};

use proto::{Ending, SessionId};
use protocols::http::{Decoder, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::problem::Problem;
use crate::session::{Lane, Lanes, Session, Turn};

/// Most exchanges of one session at a time.
pub(super) const MAX_LANES: usize = 100;

/// The lanes of one session.
pub(super) struct Pool {
    pub(super) id: SessionId,
    lanes: Lanes,
    free: Mutex<Vec<(Lane, Decoder)>>,
    slots: Arc<Semaphore>,
    ended: watch::Receiver<Option<Ending>>,
}

/// A lane while it serves an exchange.
pub(super) struct Lease {
    pub(super) lane: Lane,
    pub(super) decoder: Decoder,
    pool: Arc<Pool>,
    _slot: OwnedSemaphorePermit,
}

impl Pool {
    /// Over a session. Its first lane serves no exchange: it carries the session's events, and a task watches it until the
    /// session is over or the pool is gone.
    pub(super) fn new(session: Session) -> Arc<Self> {
        let (over, ended) = watch::channel(None);
        let Session { id, mut incoming, outgoing, lanes, .. } = session;
        tokio::spawn(async move {
            let ending = loop {
                tokio::select! {
                    turn = incoming.next() => if let Turn::Ended(ending) = turn { break ending },
                    () = over.closed() => {
                        outgoing.close(Ending::new(proto::Code::Done, "the client left")).await;
                        return;
                    }
                }
            };
            over.send_replace(Some(ending));
        });
        Arc::new(Self { id, lanes, free: Mutex::default(), slots: Arc::new(Semaphore::new(MAX_LANES)), ended })
    }

    /// How the session ended, if it did.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.ended.borrow().clone()
    }

    /// A lane for one exchange.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Problem> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|_| Problem::from(Ending::new(proto::Code::Busy, "the session is over")))?;
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (lane, decoder) = match free {
            Some(lane) => lane,
            None => (self.lanes.open().await?, Decoder::responses()),
        };
        Ok(Lease { lane, decoder, pool: Arc::clone(self), _slot: slot })
    }
}

impl Lease {
    /// The next frame from the agent. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Frame, Ending> {
        loop {
            match self.decoder.frame() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(Ending::new(proto::Code::Internal, format!("relay: {error}"))),
            }
            match self.lane.incoming.next().await {
                Turn::Payload(payload) => self.decoder.push(payload),
                Turn::Ended(ending) => return Err(ending),
            }
        }
    }

    /// The next frame that has already arrived.
    pub(super) fn arrived(&mut self) -> Option<Frame> {
        // What is wrong is told by `next`, again.
        self.decoder.frame().ok().flatten()
    }

    /// Both directions of the exchange have ended: the lane may serve another.
    pub(super) fn finish(self) {
        if self.decoder.is_idle() {
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push((self.lane, self.decoder));
        }
    }
}
