//! Carries a session's records from its spool file to the gateway and learns from acknowledgements what is stored there.

use std::future::Future;

use bytes::Bytes;

use super::reel::{Reel, Step};

/// Where records go: the session's first lane.
pub trait Sink: Send {
    /// Sends whole records in order; waits while the gateway is slower.
    ///
    /// # Errors
    /// If the stream is gone.
    fn send(&mut self, records: Vec<Bytes>) -> impl Future<Output = Result<(), LinkLost>> + Send;
}

/// The stream to the gateway is gone; what is not acknowledged becomes a [`super::Leftover`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream to the gateway is gone")]
pub struct LinkLost;

/// Runs until the session is sealed and everything is acknowledged.
pub(super) async fn run(reel: &Reel, mut sink: impl Sink) -> Result<(), LinkLost> {
    reel.start_shipping();
    loop {
        match reel.step() {
            Step::Done => return Ok(()),
            Step::Stuck => return Err(LinkLost),
            Step::Wait => reel.wake.notified().await,
            Step::Linger(time) => {
                let _woken_or_due = tokio::time::timeout(time, reel.wake.notified()).await;
            }
            Step::Send(records) => sink.send(records).await?,
        }
    }
}
