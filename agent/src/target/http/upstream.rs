//! One connection to a target. An HTTP/1.1 connection is driven by the task that uses it, so that a small exchange costs no
//! change of task; an HTTP/2 connection is shared and has a task of its own.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use super::body::RequestBody;

/// A byte stream to a target.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
pub(super) type Io = TokioIo<Box<dyn Stream>>;

/// Largest read from a target.
const READ_BUFFER: usize = 128 * 1024;
/// Largest response head, in fields.
const MAX_FIELDS: usize = 200;
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// A connection that can carry an exchange.
pub(super) enum Upstream {
    /// This exchange's alone.
    H1(Box<H1>),
    /// Shared.
    H2(http2::SendRequest<RequestBody>),
}

/// An HTTP/1.1 connection.
pub(super) struct H1 {
    sender: http1::SendRequest<RequestBody>,
    connection: http1::Connection<Io, RequestBody>,
    over: bool,
}

/// The request was not answered.
pub(super) struct SendError {
    pub(super) error: hyper::Error,
    /// The request, if not one byte of it went out.
    pub(super) unsent: Option<Request<RequestBody>>,
}

impl Upstream {
    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        let sent = match self {
            Self::H1(h1) => {
                let sent = h1.sender.try_send_request(request);
                self.drive(sent).await
            }
            Self::H2(sender) => sender.try_send_request(request).await,
        };
        sent.map_err(|mut failed| SendError { unsent: failed.take_message(), error: failed.into_error() })
    }

    /// Waits for something that happens on this connection. Within one wake-up the future is polled twice: before and after
    /// the connection had its turn.
    pub(super) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if let Self::H1(h1) = self {
                h1.poll(cx);
            }
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Whether requests must carry scheme and authority.
    pub(super) fn is_h2(&self) -> bool {
        matches!(self, Self::H2(_))
    }
}

impl H1 {
    /// Speaks HTTP/1.1 on `io`.
    pub(super) async fn handshake(io: Box<dyn Stream>) -> hyper::Result<Box<Self>> {
        let (sender, connection) =
            http1::Builder::new().max_buf_size(READ_BUFFER).max_headers(MAX_FIELDS).handshake(TokioIo::new(io)).await?;
        Ok(Box::new(Self { sender, connection, over: false }))
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = self.connection.poll_without_shutdown(cx).is_ready();
        }
    }

    /// Whether it can carry a request now: looks whether the target has closed it.
    pub(super) async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| {
            self.poll(cx);
            Poll::Ready(!self.over && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(()))))
        })
        .await
    }

    /// The byte stream, after the target agreed to switch protocols, and what was read of it already.
    pub(super) async fn into_stream(mut self) -> (Io, Bytes) {
        poll_fn(|cx| {
            self.poll(cx);
            if self.over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let parts = self.connection.into_parts();
        (parts.io, parts.read_buf)
    }
}

/// Speaks HTTP/2 on `io`, in a task that ends with the connection or when nobody holds a handle any more.
pub(super) async fn h2(io: Box<dyn Stream>) -> hyper::Result<http2::SendRequest<RequestBody>> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(64 * 1024)
        .max_header_list_size(64 * 1024)
        .handshake(TokioIo::new(io))
        .await?;
    tokio::spawn(async move {
        let _lost = connection.await;
    });
    Ok(sender)
}
