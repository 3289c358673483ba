//! Back-pressure towards one target connection. The SSH library widens a channel's window as soon as data arrives, not
//! when it was passed on, so what is not yet passed on is bounded here: above the limit the socket is no longer read.
//! Writing goes on, so that a keystroke still reaches the target while its output waits for a slow client.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::task::AtomicWaker;
use russh::ChannelId;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::session::lock;

/// Bytes that may wait on one target connection.
const LIMIT: usize = 2 * 1024 * 1024;

/// What a waiting message costs besides its bytes.
const OVERHEAD: usize = 512;

/// Counts what waits on the channels of one connection; closed above the limit.
#[derive(Default)]
pub(super) struct Gate {
    channels: Mutex<HashMap<ChannelId, usize>>,
    waiting: AtomicUsize,
    reads: AtomicU64,
    reader: AtomicWaker,
}

impl Gate {
    /// Starts to count a channel.
    pub(super) fn register(&self, channel: ChannelId) {
        lock(&self.channels).insert(channel, 0);
    }

    /// Stops to count a channel; what waited on it no longer does.
    pub(super) fn forget(&self, channel: ChannelId) {
        let waited = lock(&self.channels).remove(&channel).unwrap_or(0);
        self.sink(waited);
    }

    /// One more message of so many bytes waits. Of channels that are not counted nobody takes anything away.
    pub(super) fn enter(&self, channel: ChannelId, bytes: usize) {
        if let Some(waiting) = lock(&self.channels).get_mut(&channel) {
            *waiting += bytes + OVERHEAD;
            self.waiting.fetch_add(bytes + OVERHEAD, Ordering::AcqRel);
        }
    }

    /// So many messages of together so many bytes were passed on.
    pub(super) fn leave(&self, channel: ChannelId, messages: usize, bytes: usize) {
        let mut channels = lock(&self.channels);
        let Some(waiting) = channels.get_mut(&channel) else { return };
        // A message can be passed on before it was counted.
        let gone = (bytes + messages * OVERHEAD).min(*waiting);
        *waiting -= gone;
        drop(channels);
        self.sink(gone);
    }

    /// Whether the socket is not read now.
    pub(super) fn is_closed(&self) -> bool {
        self.waiting.load(Ordering::Acquire) >= LIMIT
    }

    /// How often the socket was read; tells whether the target is alive.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    fn sink(&self, gone: usize) {
        let before = self.waiting.fetch_sub(gone, Ordering::AcqRel);
        if before >= LIMIT && before.saturating_sub(gone) < LIMIT {
            self.reader.wake();
        }
    }
}

/// A socket whose reading the gate can stop.
pub(super) struct Gated<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Gated<S> {
    pub(super) fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.gate.is_closed() {
            self.gate.reader.register(cx.waker());
            // It may have opened just before the waker was there.
            if self.gate.is_closed() {
                return Poll::Pending;
            }
        }
        self.gate.reads.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gated<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn above_the_limit_reading_stops_and_writing_goes_on() {
        let gate = Arc::new(Gate::default());
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Gated::new(near, Arc::clone(&gate));
        far.write_all(b"x").await.unwrap();
        gate.waiting.store(LIMIT, Ordering::Release);
        assert!(near.read_u8().now_or_never().is_none());
        near.write_all(b"y").await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'y');
        let read = tokio::spawn(async move { near.read_u8().await });
        gate.sink(1);
        assert_eq!(read.await.unwrap().unwrap(), b'x');
    }
}
