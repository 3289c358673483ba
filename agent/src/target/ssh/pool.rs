//! The connections of one session to its target. Channels that are open at the same time get a connection each as long as
//! that is reasonable: the SSH library cannot hold back one channel of a connection without the others, so that a
//! shared connection is as slow as its slowest client channel. Free connections are used again.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use proto::{Code, Ending};
use russh::{Disconnect, client::Handle};
use tokio_util::sync::CancellationToken;

use super::{
    connect::{Connected, KEEPALIVE},
    gate::Gate,
    handler::TargetHandler,
    session::{Over, Session, lock},
};

/// Connections of one session to its target.
const MOST: usize = 8;

/// Free connections that are kept for the next channel.
const SPARE: usize = 2;

/// So many keepalives without any answer mean that the target is gone.
const SILENCE: u32 = 3;

/// One connection to the target.
pub(super) struct Peer {
    pub(super) handle: Handle<TargetHandler>,
    pub(super) gate: Arc<Gate>,
    pub(super) lost: CancellationToken,
    load: AtomicUsize,
}

/// The connections of one session.
pub(super) struct Pool {
    session: Arc<Session>,
    peers: Mutex<Vec<Arc<Peer>>>,
    dialling: AtomicUsize,
}

/// A connection while a channel uses it.
pub(super) struct Lease {
    pub(super) peer: Arc<Peer>,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new(session: Arc<Session>, first: Connected) -> Arc<Self> {
        let pool = Arc::new(Self { session, peers: Mutex::default(), dialling: AtomicUsize::new(0) });
        pool.add(first, 0);
        pool
    }

    /// A connection for one more channel: a free one, else a new one, else the least used.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Ending> {
        if let Some(peer) = self.take(|load| load == 0) {
            return Ok(Lease { peer, pool: Arc::clone(self) });
        }
        if self.may_dial() {
            let dialled = self.session.dialler.connect().await;
            self.dialling.fetch_sub(1, Ordering::AcqRel);
            match dialled {
                Ok(connected) => return Ok(Lease { peer: self.add(connected, 1), pool: Arc::clone(self) }),
                Err(refused) => tracing::debug!(code = %refused.code, "no further connection to the target"),
            }
        }
        match self.take(|_| true) {
            Some(peer) => Ok(Lease { peer, pool: Arc::clone(self) }),
            None => Err(lost()),
        }
    }

    /// Drops connections that no longer answer; runs as long as the session.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut seen: Vec<(Arc<Peer>, u64, u32)> = Vec::new();
        loop {
            tokio::time::sleep(KEEPALIVE + Duration::from_secs(5)).await;
            let peers = lock(&self.peers).clone();
            seen.retain(|(peer, ..)| peers.iter().any(|known| Arc::ptr_eq(known, peer)));
            for peer in peers {
                let reads = peer.gate.reads();
                match seen.iter_mut().find(|(known, ..)| Arc::ptr_eq(known, &peer)) {
                    Some((_, before, silent)) if *before == reads && !peer.gate.is_closed() => {
                        *silent += 1;
                        if *silent >= SILENCE {
                            peer.lost.cancel();
                        }
                    }
                    Some((_, before, silent)) => (*before, *silent) = (reads, 0),
                    None => seen.push((peer, reads, 0)),
                }
            }
        }
    }

    /// Says goodbye to the target.
    pub(super) async fn close(&self) {
        let peers = std::mem::take(&mut *lock(&self.peers));
        for peer in peers {
            let _gone = peer.handle.disconnect(Disconnect::ByApplication, "the session is over", "en").await;
        }
    }

    fn take(&self, fits: impl Fn(usize) -> bool) -> Option<Arc<Peer>> {
        let peers = lock(&self.peers);
        let load = |peer: &Arc<Peer>| peer.load.load(Ordering::Acquire);
        let peer = peers.iter().filter(|peer| !peer.lost.is_cancelled()).min_by_key(|peer| load(peer))?;
        fits(load(peer)).then(|| {
            peer.load.fetch_add(1, Ordering::AcqRel);
            Arc::clone(peer)
        })
    }

    fn may_dial(&self) -> bool {
        let open = lock(&self.peers).len();
        let before = self.dialling.fetch_add(1, Ordering::AcqRel);
        let may = open + before < MOST;
        if !may {
            self.dialling.fetch_sub(1, Ordering::AcqRel);
        }
        may
    }

    fn add(self: &Arc<Self>, connected: Connected, load: usize) -> Arc<Peer> {
        let Connected { handle, gate, lost } = connected;
        let peer = Arc::new(Peer { handle, gate, lost: lost.clone(), load: AtomicUsize::new(load) });
        lock(&self.peers).push(Arc::clone(&peer));
        let (pool, watched) = (Arc::downgrade(self), Arc::downgrade(&peer));
        tokio::spawn(async move {
            lost.cancelled().await;
            if let (Some(pool), Some(peer)) = (pool.upgrade(), watched.upgrade()) {
                pool.remove(&peer);
            }
        });
        peer
    }

    /// A connection is gone; without any, the session is over.
    fn remove(&self, peer: &Arc<Peer>) {
        let mut peers = lock(&self.peers);
        peers.retain(|known| !Arc::ptr_eq(known, peer));
        if peers.is_empty() {
            self.session.end(lost());
        }
    }
}

impl Lease {
    /// Waits until the connection is lost.
    pub(super) async fn lost(&self) -> Over {
        self.peer.lost.cancelled().await;
        Over
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.peer.load.fetch_sub(1, Ordering::AcqRel);
        let mut peers = lock(&self.pool.peers);
        let free = peers.iter().filter(|peer| peer.load.load(Ordering::Acquire) == 0).count();
        if free > SPARE {
            // Dropping its last handle ends the connection.
            peers.retain(|known| !Arc::ptr_eq(known, &self.peer));
        }
    }
}

fn lost() -> Ending {
    Ending::new(Code::TargetLost, "the target closed the connection")
}
