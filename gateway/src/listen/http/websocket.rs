//! Requests to switch to a websocket (RFC 6455), and the bytes that follow when the target agrees.

use std::{convert::Infallible, time::Duration};

use bytes::{Bytes, BytesMut};
use proto::Ending;
use protocols::http::{
    Decoder, Frame, ResponseHead,
    h1::{Framing, put_response_head},
    put_data, put_end,
};
use sockets::Scoop;
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf};

use super::h1::{Answer, Broken, Next, pairs, relay_fault};
use crate::session::{Incoming, Outgoing, Session, Turn};

/// How long a target may take to close when its client has.
const FAREWELL: Duration = Duration::from_secs(10);

/// Sends the request, and relays if the target switches. The connection closes afterwards.
pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session,
    decoder: &mut Decoder,
    mut answer: Answer<'_, S>,
    reader: &mut ReadHalf<S>,
    buffer: &mut BytesMut,
    request: BytesMut,
) -> Result<Next, Broken> {
    // If the lane is over, the next turn says why.
    let _over = session.outgoing.payload(request.freeze()).await;
    let first = next(&mut session.incoming, decoder).await.map_err(Broken::Over)?;
    match first {
        Frame::Response(head) if head.status == 101 => {
            switch(&mut answer, &head).await?;
            let down = down(&mut session.incoming, decoder, &mut answer);
            tokio::select! {
                ended = down => ended?,
                _never = up(reader, buffer, &session.outgoing) => {}
            }
            Ok(Next::Close)
        }
        other => {
            let mut end = BytesMut::new();
            put_end(&mut end, std::iter::empty()).map_err(|_| Broken::Connection)?;
            let _over = session.outgoing.payload(end.freeze()).await;
            if answer.pass(other).await?.is_none() {
                answer.run(&mut session.incoming, decoder).await?;
            }
            Ok(Next::Close)
        }
    }
}

async fn switch<S: AsyncRead + AsyncWrite + Unpin>(
    answer: &mut Answer<'_, S>,
    head: &ResponseHead,
) -> Result<(), Broken> {
    put_response_head(&mut answer.out, 101, pairs(&head.fields), Framing::None, true);
    answer.flush(&Bytes::new()).await
}

async fn down<S: AsyncRead + AsyncWrite + Unpin>(
    incoming: &mut Incoming,
    decoder: &mut Decoder,
    answer: &mut Answer<'_, S>,
) -> Result<(), Broken> {
    loop {
        match next(incoming, decoder).await {
            Ok(Frame::Data(data)) => answer.flush(&data).await?,
            _ => return Ok(()),
        }
    }
}

/// Sends what the client sends. When the client has closed, the target gets some time to do so too.
async fn up<S: AsyncRead + AsyncWrite + Unpin>(reader: &mut ReadHalf<S>, buffer: &mut BytesMut, outgoing: &Outgoing) {
    let (mut out, mut scoop) = (BytesMut::new(), Scoop::default());
    loop {
        if !buffer.is_empty() {
            put_data(&mut out, &buffer.split());
            if outgoing.payload(out.split().freeze()).await.is_err() {
                let never: Infallible = std::future::pending().await;
                match never {}
            }
        }
        if !matches!(scoop.read(reader, buffer).await, Ok(1..)) {
            break;
        }
    }
    if put_end(&mut out, std::iter::empty()).is_ok() {
        let _over = outgoing.payload(out.freeze()).await;
    }
    tokio::time::sleep(FAREWELL).await;
}

async fn next(incoming: &mut Incoming, decoder: &mut Decoder) -> Result<Frame, Ending> {
    loop {
        match decoder.frame() {
            Ok(Some(frame)) => return Ok(frame),
            Ok(None) => {}
            Err(error) => return Err(relay_fault(error)),
        }
        match incoming.next().await {
            Turn::Payload(payload) => decoder.push(payload),
            Turn::Ended(ending) => return Err(ending),
        }
    }
}
