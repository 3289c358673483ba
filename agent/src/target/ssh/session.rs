//! What all channels of one SSH session share, and how it ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use bytes::Bytes;
use proto::{Code, Ending, SshSettings};
use protocols::ssh::{Address, Channel, Message};
use tokio_util::sync::CancellationToken;

use super::{connect::Dialler, inlet::Lane};
use crate::target::{Context, ToGateway};

/// One SSH session.
pub(super) struct Session {
    pub(super) dialler: Arc<Dialler>,
    pub(super) to_gateway: ToGateway,
    /// The channels that are open or being opened.
    pub(super) lanes: Mutex<HashMap<Channel, Lane>>,
    /// Where the target listens for the client.
    pub(super) listening: Mutex<Vec<Address>>,
    /// Cancelled when the session must end.
    pub(super) over: CancellationToken,
    ending: OnceLock<Ending>,
}

impl Session {
    pub(super) fn new(dialler: Arc<Dialler>, to_gateway: ToGateway) -> Arc<Self> {
        Arc::new(Self {
            dialler,
            to_gateway,
            lanes: Mutex::default(),
            listening: Mutex::default(),
            over: CancellationToken::new(),
            ending: OnceLock::new(),
        })
    }

    pub(super) fn context(&self) -> &Context {
        &self.dialler.context
    }

    pub(super) fn settings(&self) -> &SshSettings {
        &self.dialler.settings
    }

    /// Ends the session; the first reason counts.
    pub(super) fn end(&self, ending: Ending) {
        let _later = self.ending.set(ending);
        self.over.cancel();
    }

    /// Why the session ended.
    pub(super) fn ending(&self) -> Ending {
        self.ending.get().cloned().unwrap_or_else(|| Ending::new(Code::Done, "the session is over"))
    }

    /// Sends encoded frames; ends the session if the gateway is lost.
    pub(super) async fn send(&self, frames: Vec<u8>) -> Result<(), Over> {
        if self.to_gateway.payload(Bytes::from(frames)).await.is_err() {
            self.end(gateway_lost());
            return Err(Over);
        }
        Ok(())
    }

    /// Sends one message.
    pub(super) async fn send_message(&self, message: Message) -> Result<(), Over> {
        let mut frames = Vec::new();
        message.encode(&mut frames);
        self.send(frames).await
    }

    /// Makes the record durable; ends the session if it cannot.
    pub(super) async fn commit(&self) -> Result<(), Over> {
        self.context().record.commit().await.map_err(|refused| {
            self.end(refused);
            Over
        })
    }
}

/// The session or the channel is over; who ended it has said why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over;

/// The ending when the gateway is gone.
pub(super) fn gateway_lost() -> Ending {
    Ending::new(Code::GatewayLost, "the connection to the gateway was lost")
}

/// A plain lock; never held across an await, so poisoning only means that another task died.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
