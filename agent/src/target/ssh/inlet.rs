//! What the gateway sent for one channel and is not yet with the target; bounded by the window that was granted.

use std::sync::{Arc, Mutex};

use protocols::ssh::{Message, Queue, Receive, WINDOW, WindowExceeded};
use tokio::sync::{Notify, Semaphore};

use super::session::lock;

/// A channel as the router sees it.
#[derive(Clone)]
pub(super) struct Lane {
    /// What came for it.
    pub(super) inlet: Arc<Inlet>,
    /// Bytes that may be sent to the gateway on it.
    pub(super) credit: Arc<Semaphore>,
}

impl Lane {
    pub(super) fn new(credit: u32) -> Self {
        Self { inlet: Arc::default(), credit: Arc::new(Semaphore::new(credit as usize)) }
    }

    /// The gateway grants more. What is beyond any honest window is not counted.
    pub(super) fn grant(&self, bytes: u32) {
        let room = (WINDOW as usize).saturating_sub(self.credit.available_permits());
        self.credit.add_permits(room.min(bytes as usize));
    }
}

/// Messages for one channel, in order.
#[derive(Default)]
pub(super) struct Inlet {
    state: Mutex<(Queue, Receive)>,
    came: Notify,
}

impl Inlet {
    /// Adds a message.
    ///
    /// # Errors
    /// If it is more data than was granted.
    pub(super) fn push(&self, message: Message) -> Result<(), WindowExceeded> {
        let mut state = lock(&self.state);
        if let Message::Data { data, .. } | Message::ExtendedData { data, .. } = &message {
            state.1.received(data.len())?;
        }
        state.0.push(message);
        drop(state);
        self.came.notify_one();
        Ok(())
    }

    /// The next message. For one reader.
    pub(super) async fn next(&self) -> Message {
        loop {
            if let Some(message) = lock(&self.state).0.pop() {
                return message;
            }
            self.came.notified().await;
        }
    }

    /// Data was passed on; what to grant the gateway now.
    pub(super) fn consumed(&self, bytes: usize) -> Option<u32> {
        lock(&self.state).1.consumed(bytes)
    }
}
