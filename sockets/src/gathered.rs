//! A connection for a library that writes a frame's head and its content apart, and wants both to go out as one: small pieces
//! wait for what follows or for the flush. Without it each would be a TLS record and a system call of its own. Where many tasks
//! write through one connection, a flush gives the others a turn first, so that what they have goes out with it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Pieces up to this many bytes wait.
const SMALL: usize = 4 * 1024;
/// So many bytes wait at most.
const ROOM: usize = 16 * 1024;

/// Flushes closer to one another than this come from many writers, and wait a turn: one writer that waits for its answers, which
/// a turn would only delay, is not so quick.
const CROWD: Duration = Duration::from_micros(250);

/// A connection whose small pieces are written together. Reading goes straight through.
#[derive(Debug)]
pub struct Gathered<S> {
    inner: S,
    waiting: BytesMut,
    /// Flushes closer to one another than this wait a turn.
    crowd: Duration,
    /// When the last flush was.
    flushed: Option<Instant>,
    /// Whether the flush under way has given the others their turn.
    gave_turn: bool,
}

impl<S> Gathered<S> {
    /// Over a connection that can write several pieces at once.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self { inner, waiting: BytesMut::new(), crowd: CROWD, flushed: None, gave_turn: false }
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Writes what waits, and `more` behind it; gives how much of `more` went. Nothing waits afterwards.
    fn poll_out(&mut self, cx: &mut Context<'_>, more: &[u8]) -> Poll<io::Result<usize>> {
        while !self.waiting.is_empty() {
            let pieces = [IoSlice::new(&self.waiting), IoSlice::new(more)];
            let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &pieces))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let waited = self.waiting.len();
            self.waiting.advance(written.min(waited));
            if written > waited {
                return Poll::Ready(Ok(written - waited));
            }
        }
        if more.is_empty() { Poll::Ready(Ok(0)) } else { Pin::new(&mut self.inner).poll_write(cx, more) }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.len() <= SMALL && self.waiting.len() + buf.len() <= ROOM {
            self.waiting.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        self.poll_out(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.waiting.is_empty() {
            let now = Instant::now();
            if !self.gave_turn && self.flushed.is_some_and(|last| now.duration_since(last) < self.crowd) {
                self.gave_turn = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            (self.gave_turn, self.flushed) = (false, Some(now));
        }
        ready!(self.poll_out(cx, &[]))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx, &[]))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn pieces_of_every_size_come_out_in_order() {
        // A pipe that takes a few bytes at a time breaks each write somewhere.
        let (near, mut far) = tokio::io::duplex(1000);
        let sent: Vec<u8> = (0..300_000usize).map(|number| (number % 251) as u8).collect();
        let writing = async {
            let mut near = Gathered::new(near);
            let mut rest = sent.as_slice();
            for size in [9, 20_000, 3_000, 1, 9, 5_000].into_iter().cycle() {
                let (piece, after) = rest.split_at(size.min(rest.len()));
                near.write_all(piece).await.unwrap();
                if size == 1 {
                    near.flush().await.unwrap();
                }
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            near.shutdown().await.unwrap();
        };
        let mut came = Vec::new();
        let (_, read) = tokio::join!(writing, far.read_to_end(&mut came));
        read.unwrap();
        assert!(came == sent);
    }

    #[tokio::test]
    async fn what_others_write_goes_out_with_a_flush_that_follows_another_closely() {
        let (near, mut far) = tokio::io::duplex(1000);
        let mut near = Gathered { crowd: Duration::MAX, ..Gathered::new(near) };
        near.write_all(b"alone ").await.unwrap();
        near.flush().await.unwrap();
        let mut came = [0; 100];
        assert_eq!(far.read(&mut came).await.unwrap(), 6);

        near.write_all(b"one ").await.unwrap();
        assert!(futures::future::poll_immediate(near.flush()).await.is_none());
        near.write_all(b"other").await.unwrap();
        near.flush().await.unwrap();
        assert_eq!(far.read(&mut came).await.unwrap(), 9);

        // It takes its turn without anyone's doing.
        near.write_all(b"last").await.unwrap();
        near.flush().await.unwrap();
        assert_eq!(far.read(&mut came).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_small_piece_goes_out_with_the_flush() {
        let (near, mut far) = tokio::io::duplex(1000);
        let mut near = Gathered::new(near);
        near.write_all(b"head").await.unwrap();
        assert!(futures::future::poll_immediate(Box::pin(far.read_u8())).await.is_none());
        near.flush().await.unwrap();
        let mut came = [0; 4];
        far.read_exact(&mut came).await.unwrap();
        assert_eq!(&came, b"head");
    }
}
