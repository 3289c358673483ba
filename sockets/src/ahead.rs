//! A socket for a library that reads in small pieces: TLS asks for 4 KiB at a time, SSH for each packet's length and then for
//! the packet. The socket is asked for all that is there instead, and the library is served from memory.

use std::{
    io::{self, IoSlice},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// Bytes read from the socket at once.
const READ: usize = 64 * 1024;

/// A socket that is read ahead. Writing goes straight through.
#[derive(Debug)]
pub struct Ahead<S> {
    inner: S,
    /// Read and not yet asked for. No memory while there is none.
    ahead: BytesMut,
}

impl<S> Ahead<S> {
    /// Over a socket of which nothing was read.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self { inner, ahead: BytesMut::new() }
    }

    /// The socket.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Gives what was read ahead.
    fn serve(&mut self, buf: &mut ReadBuf<'_>) {
        let served = self.ahead.len().min(buf.remaining());
        buf.put_slice(self.ahead.get(..served).unwrap_or_default());
        self.ahead.advance(served);
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ahead.is_empty() {
            if buf.remaining() >= READ {
                return Pin::new(&mut this.inner).poll_read(cx, buf);
            }
            this.ahead.reserve(READ);
            match pin!(this.inner.read_buf(&mut this.ahead)).poll(cx) {
                Poll::Ready(Ok(_)) => {}
                waits => {
                    this.ahead = BytesMut::new();
                    return waits.map_ok(|_| ());
                }
            }
        }
        this.serve(buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_read_ahead_comes_in_order_and_before_the_end() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut near = Ahead::new(near);
        let sent: Vec<u8> = (0..200_000usize).map(|number| (number % 251) as u8).collect();
        far.write_all(&sent).await.unwrap();
        drop(far);
        let mut came = Vec::new();
        for size in [4, 20_000, 70_000].into_iter().cycle() {
            let mut piece = vec![0; size];
            match near.read(&mut piece).await.unwrap() {
                0 => break,
                read => came.extend_from_slice(&piece[..read]),
            }
        }
        assert!(came == sent);
        assert_eq!(near.ahead.capacity(), 0);
    }
}
