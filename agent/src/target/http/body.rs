//! The content of a request on its way to the target.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A request's content.
pub(super) enum RequestBody {
    /// All of it is here.
    Whole(Option<Bytes>),
    /// It comes in parts.
    Stream(mpsc::Receiver<Part>),
    /// It has come.
    Done,
}

/// A part of content.
pub(super) enum Part {
    Data(Bytes),
    /// The good end. A stream that ends without it was cut off, and the target must not take it for complete.
    End(HeaderMap),
}

/// The client cut its request off.
#[derive(Debug, thiserror::Error)]
#[error("the client cut its request off")]
pub(super) struct CutOff;

impl Body for RequestBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let part = match &mut *self {
            Self::Whole(content) => return Poll::Ready(content.take().map(|content| Ok(Frame::data(content)))),
            Self::Done => return Poll::Ready(None),
            Self::Stream(parts) => ready!(parts.poll_recv(cx)),
        };
        match part {
            Some(Part::Data(content)) => Poll::Ready(Some(Ok(Frame::data(content)))),
            Some(Part::End(trailers)) => {
                *self = Self::Done;
                Poll::Ready((!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers))))
            }
            None => Poll::Ready(Some(Err(CutOff))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(content) => SizeHint::with_exact(content.as_ref().map_or(0, |content| content.len() as u64)),
            Self::Done => SizeHint::with_exact(0),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
