//! Cancels what the target runs: a connection of its own that carries the target's key (section "Canceling Requests in
//! Progress"). The key never leaves the agent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use proto::TargetTls;
use protocols::pg::encode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connect::{self, Wire};

/// How long a cancel may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends cancels for one session; one at a time, as a second one on its way adds nothing.
#[derive(Clone)]
pub(super) struct Canceller(Option<Arc<Inner>>);

struct Inner {
    address: String,
    tls: TargetTls,
    pid: u32,
    key: Bytes,
    busy: AtomicBool,
}

impl Canceller {
    /// For the session that `key` was given to; a target that gave none cannot be cancelled.
    pub(super) fn new(address: &str, tls: &TargetTls, key: Option<(u32, Bytes)>) -> Self {
        Self(key.map(|(pid, key)| {
            let busy = AtomicBool::new(false);
            Arc::new(Inner { address: address.to_owned(), tls: tls.clone(), pid, key, busy })
        }))
    }

    /// Sends a cancel without waiting for it.
    pub(super) fn cancel(&self) {
        let Some(inner) = self.0.clone() else { return };
        if inner.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        tokio::spawn(async move {
            let _late = tokio::time::timeout(DEADLINE, inner.send()).await;
            inner.busy.store(false, Ordering::Release);
        });
    }
}

impl Inner {
    async fn send(&self) {
        let Ok(wire) = connect::dial(&self.address, &self.tls, None).await else { return };
        let mut message = BytesMut::new();
        encode::cancel_request(&mut message, self.pid, &self.key);
        match wire {
            Wire::Plain(mut stream) => {
                let _gone = stream.write_all(&message).await;
                // The target closes when it has passed the cancel on.
                let _closed = stream.read(&mut [0]).await;
            }
            Wire::Tls(mut stream) => {
                let _gone = stream.write_all(&message).await;
                let _gone = stream.flush().await;
                let _closed = stream.read(&mut [0]).await;
            }
        }
    }
}
