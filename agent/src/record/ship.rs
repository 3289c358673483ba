//! Carries a session's records from its spool file to the gateway and learns from acknowledgements what is stored there.

use std::future::Future;

use bytes::Bytes;

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
