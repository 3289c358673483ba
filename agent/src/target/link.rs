//! The two ends of a lane: what comes from the gateway and what goes to it.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use proto::{Down, Up};
use tokio::sync::{Mutex, mpsc};

use crate::record::Recorder;

/// One lane's two ends.
pub struct Link {
    /// What the gateway sends.
    pub from_gateway: FromGateway,
    /// What goes to the gateway.
    pub to_gateway: ToGateway,
}

/// What arrives on a lane, in order; ends when the gateway is lost.
pub type DownStream = Pin<Box<dyn Stream<Item = Down> + Send>>;

impl Link {
    /// A link over what arrives and a queue towards the gateway.
    #[must_use]
    pub fn new(down: DownStream, up: mpsc::Sender<Up>) -> Self {
        let shared = Shared { stream: Mutex::new(down), acks: OnceLock::new() };
        Self {
            from_gateway: FromGateway(Arc::new(shared)),
            to_gateway: ToGateway { up, ready: Arc::new(AtomicBool::new(false)) },
        }
    }
}

/// What the gateway sends on one lane. Acknowledgements of events go to the recorder and are not seen here.
pub struct FromGateway(Arc<Shared>);

struct Shared {
    stream: Mutex<DownStream>,
    acks: OnceLock<Recorder>,
}

impl FromGateway {
    /// The next payload, cancel or close; `None` when the gateway is lost. Cancel-safe.
    pub async fn next(&mut self) -> Option<Down> {
        let mut stream = self.0.stream.lock().await;
        loop {
            match stream.next().await? {
                Down::Ack { seq } => {
                    if let Some(recorder) = self.0.acks.get() {
                        recorder.acked(seq);
                    }
                }
                other => return Some(other),
            }
        }
    }

    /// Where acknowledgements go.
    pub(crate) fn acknowledge(&self, recorder: &Recorder) {
        let _already = self.0.acks.set(recorder.clone());
    }

    /// A second handle, to go on reading when the driver is done.
    pub(crate) fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What goes to the gateway on one lane. Waits when the gateway is slower than the target.
#[derive(Clone)]
pub struct ToGateway {
    up: mpsc::Sender<Up>,
    ready: Arc<AtomicBool>,
}

impl ToGateway {
    /// Tells that the target is logged in. Once per lane, before any payload.
    ///
    /// # Errors
    /// If the gateway is lost.
    pub async fn ready(&self, greeting: Bytes) -> Result<(), GatewayLost> {
        self.ready.store(true, Ordering::Relaxed);
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
        self.up.send(up).await.map_err(|_| GatewayLost)
    }

    /// Whether [`ToGateway::ready`] was called on this lane.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// The stream to the gateway is gone.
#[derive(Debug, thiserror::Error)]
#[error("the gateway is lost")]
pub struct GatewayLost;

/// A link and the far ends of its two queues, for driving a target without a tunnel.
#[must_use]
pub fn pair(depth: usize) -> (Link, mpsc::Sender<Down>, mpsc::Receiver<Up>) {
    let (down_tx, down_rx) = mpsc::channel(depth);
    let (up_tx, up_rx) = mpsc::channel(depth);
    (Link::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(down_rx)), up_tx), down_tx, up_rx)
}
