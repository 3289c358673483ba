//! The two ends of a lane: what comes from the gateway and what goes to it.

use bytes::Bytes;
use proto::{Down, Up};
use tokio::sync::mpsc;

use crate::record::{LinkLost, Sink};

/// One lane's two ends.
pub struct Link {
    /// What the gateway sends.
    pub from_gateway: FromGateway,
    /// What goes to the gateway.
    pub to_gateway: ToGateway,
}

/// What the gateway sends on one lane. Acknowledgements of events are taken out before they get here.
pub struct FromGateway(mpsc::Receiver<Down>);

impl FromGateway {
    /// The next payload, cancel or close; `None` when the gateway is lost. Cancel-safe.
    pub async fn next(&mut self) -> Option<Down> {
        self.0.recv().await
    }
}

/// What goes to the gateway on one lane. Waits when the gateway is slower than the target.
#[derive(Clone)]
pub struct ToGateway(mpsc::Sender<Up>);

impl ToGateway {
    /// Tells that the target is logged in. Once per lane, before any payload.
    ///
    /// # Errors
    /// If the gateway is lost.
    pub async fn ready(&self, greeting: Bytes) -> Result<(), GatewayLost> {
        self.send(Up::Ready(greeting)).await
    }

    /// Sends whole messages of the protocol, after they were masked and recorded.
    ///
    /// # Errors
    /// If the gateway is lost.
    pub async fn payload(&self, bytes: Bytes) -> Result<(), GatewayLost> {
        self.send(Up::Payload(bytes)).await
    }

    /// Sends anything.
    ///
    /// # Errors
    /// If the gateway is lost.
    pub async fn send(&self, up: Up) -> Result<(), GatewayLost> {
        self.0.send(up).await.map_err(|_| GatewayLost)
    }
}

impl Sink for ToGateway {
    async fn send(&mut self, records: Vec<Bytes>) -> Result<(), LinkLost> {
        Self::send(self, Up::Events(records)).await.map_err(|_| LinkLost)
    }
}

/// The stream to the gateway is gone.
#[derive(Debug, thiserror::Error)]
#[error("the gateway is lost")]
pub struct GatewayLost;

/// A link and the far ends of its two queues; the tunnel (or a test) works those.
#[must_use]
pub fn pair(depth: usize) -> (Link, mpsc::Sender<Down>, mpsc::Receiver<Up>) {
    let (down_tx, down_rx) = mpsc::channel(depth);
    let (up_tx, up_rx) = mpsc::channel(depth);
    (Link { from_gateway: FromGateway(down_rx), to_gateway: ToGateway(up_tx) }, down_tx, up_rx)
}
