//! The client's socket as the SSH library sees it: it can be cut at any time, and its first bytes are checked.

use std::{
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{entry::Entry, link::Link};

/// A socket that ends when it is cut.
pub(super) struct Socket {
    inner: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    entry: Entry,
    link: Arc<Link>,
}

impl Socket {
    pub(super) fn new(inner: TcpStream, link: Arc<Link>) -> Self {
        let cut = Box::pin(link.cut.clone().cancelled_owned());
        Self { inner, cut, entry: Entry::default(), link }
    }

    /// Looks at what came. Nothing is encrypted yet when it is no proper beginning, so the client can be told in clear.
    fn check(&mut self, came: &[u8]) -> io::Result<()> {
        let Entry::Reading(_) = self.entry else { return Ok(()) };
        self.entry.read(came).map_err(|error| {
            self.link.no_ssh.store(true, Ordering::Relaxed);
            let _told = self.inner.try_write(&error.farewell());
            io::Error::new(io::ErrorKind::InvalidData, error)
        })?;
        if matches!(self.entry, Entry::Lax) {
            self.link.lax.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn poll_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let came = buf.filled().get(before..).unwrap_or_default();
                Poll::Ready(self.check(came))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Only where the library would wait: the token need not be looked at for every packet.
            Poll::Pending => match self.poll_cut(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(cx, buf) {
            Poll::Pending => match self.poll_cut(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            ready => ready,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
