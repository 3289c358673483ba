//! An open session: bytes one way, frames the other. The gateway reads no SQL and changes nothing; it only knows where
//! frames end, so that an error of its own never lands inside one.

use bytes::BytesMut;
use proto::{Code, Ending};
use protocols::pg::boundary::Boundary;
use sockets::Scoop;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{refusal, stream::Stream};
use crate::session::{Incoming, MustEnd, Outgoing, Session, Turn};

/// How long a client that does not read may hold up the end of its session.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);
/// How long a client may take to hear why its session is over.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(5);

/// Relays until the session is over, however it ends. `received` came with the login.
pub(super) async fn relay(stream: Stream, mut session: Session, received: BytesMut) {
    let outgoing = session.outgoing.clone();
    let incoming = &mut session.incoming;
    match stream {
        Stream::Plain(stream) => {
            let (reader, writer) = stream.into_split();
            both(reader, writer, incoming, &outgoing, received).await;
        }
        Stream::Tls(stream) => {
            let (reader, writer) = tokio::io::split(*stream);
            both(reader, writer, incoming, &outgoing, received).await;
        }
        Stream::Closed => {}
    }
}

async fn both<R, W>(reader: R, mut writer: W, incoming: &mut Incoming, outgoing: &Outgoing, received: BytesMut)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut boundary = Boundary::default();
    let must_end = incoming.must_end();
    let ending = tokio::select! {
        ending = to_client(&mut writer, incoming, &mut boundary) => ending,
        () = to_agent(reader, outgoing, received) => None,
        // Usually the first branch sees it, too; not while it waits for a client that does not read. Such a client may
        // hold half a frame, and gets no word.
        () = overdue(must_end) => return,
    };
    match ending {
        Some(ending) => {
            let _late = tokio::time::timeout(LAST_WORDS, last_words(&mut writer, &ending, boundary.between())).await;
        }
        None => outgoing.close(Ending::new(Code::Done, "the client left")).await,
    }
}

async fn overdue(must_end: MustEnd) {
    let _ending = must_end.wait().await;
    tokio::time::sleep(GRACE).await;
}

/// Frames of the target to the client. Gives how the session ended, or `None` if the client is gone.
async fn to_client<W: AsyncWrite + Unpin>(
    writer: &mut W,
    incoming: &mut Incoming,
    boundary: &mut Boundary,
) -> Option<Ending> {
    loop {
        match incoming.next().await {
            Turn::Payload(bytes) => {
                boundary.advance(&bytes);
                writer.write_all(&bytes).await.ok()?;
                writer.flush().await.ok()?;
            }
            Turn::Ended(ending) => return Some(ending),
        }
    }
}

/// Bytes of the client to the agent, until the client closes or nobody takes them any more.
async fn to_agent<R: AsyncRead + Unpin>(mut reader: R, outgoing: &Outgoing, mut buffer: BytesMut) {
    let mut scoop = Scoop::default();
    loop {
        if !buffer.is_empty() && outgoing.payload(std::mem::take(&mut buffer).freeze()).await.is_err() {
            // The lane is over; the other direction tells why.
            return std::future::pending().await;
        }
        if let Ok(0) | Err(_) = scoop.read(&mut reader, &mut buffer).await {
            return;
        }
    }
}

/// Tells why, if the client can still understand it, and closes.
async fn last_words<W: AsyncWrite + Unpin>(writer: &mut W, ending: &Ending, between: bool) {
    if between && ending.code != Code::Done {
        let mut out = BytesMut::new();
        refusal::render(ending, &mut out);
        let _gone = writer.write_all(&out).await;
        let _gone = writer.flush().await;
    }
    let _gone = writer.shutdown().await;
}
