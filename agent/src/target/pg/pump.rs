//! The two one-way pumps of a session. Each read is one turn: look, write down, make durable, send.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use proto::{Code, Down, Ending};
use protocols::pg::encode;
use sockets::Scoop;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    runtime::{Handle, RuntimeFlavor},
    sync::Notify,
};

use super::{Written, cancel::Canceller, catalog::Reader};
use crate::{
    filter::pg::{Answered, Filter, MOST_WAITING, Passed},
    record::Recorder,
    target::{FromGateway, ToGateway},
};

/// How long a target may take to close after the client said goodbye.
pub(super) const GOODBYE: Duration = Duration::from_secs(5);

/// What is longer keeps its thread to itself.
const LONG: usize = 512 * 1024;

/// What a session may keep of a request that has not come whole, and then some.
const SMALLEST_KEPT: usize = 4 * 1024;

/// What both pumps share. The filter's lock is never held across an await.
pub(super) struct Lane {
    pub(super) filter: Mutex<Filter>,
    /// The target has answered some of what waits.
    pub(super) answered: Notify,
    pub(super) record: Recorder,
    pub(super) canceller: Canceller,
    /// Reads the database's catalog.
    pub(super) reader: Arc<Reader>,
}

impl Lane {
    fn requests(&self, bytes: &[u8]) -> Result<Passed, Ending> {
        self.reader.tend();
        let look =
            || self.filter.lock().unwrap_or_else(PoisonError::into_inner).requests(bytes, &Written(&self.record));
        let threads = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        // Reading megabytes takes milliseconds: other sessions go on meanwhile.
        if bytes.len() > LONG && threads { tokio::task::block_in_place(look) } else { look() }
    }

    /// Reads the catalog anew for what is looked at.
    async fn refresh(&self) {
        self.reader.wait().await;
        self.filter.lock().unwrap_or_else(PoisonError::into_inner).refreshed();
    }

    /// The target has said what names mean.
    async fn settled(&self) {
        while self.filter.lock().unwrap_or_else(PoisonError::into_inner).must_wait() {
            self.answered.notified().await;
        }
    }

    fn waiting(&self) -> usize {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner).waiting()
    }

    /// Masks and writes down; tells the gateway's share of `buffer`.
    fn replies(&self, buffer: &mut BytesMut) -> Result<Answered, Ending> {
        let mut filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, waits) = (filter.waiting(), filter.must_wait());
        let passed = filter.replies(buffer, &Written(&self.record))?;
        if waits && !filter.must_wait() || before >= MOST_WAITING && filter.waiting() < MOST_WAITING {
            self.answered.notify_one();
        }
        if passed.defined {
            self.reader.reread();
        }
        if passed.cancel {
            self.canceller.cancel();
        }
        Ok(passed)
    }

    /// The target closed: by a message of its own, or just so.
    fn closed(&self) -> Ending {
        match self.filter.lock().unwrap_or_else(PoisonError::into_inner).said_goodbye() {
            true => Ending::new(Code::Done, "the target ended the session"),
            false => Ending::new(Code::TargetLost, "the target closed the connection"),
        }
    }
}

/// From the target to the gateway. Gives how it ended.
pub(super) async fn replies<R: AsyncRead + Unpin>(
    lane: &Lane,
    mut reader: R,
    to_gateway: ToGateway,
    mut buffer: BytesMut,
) -> Ending {
    let mut scoop = Scoop::default();
    if buffer.is_empty() {
        // The login's room is not needed any more.
        buffer = BytesMut::new();
    }
    loop {
        if !buffer.is_empty() {
            let passed = match lane.replies(&mut buffer) {
                Ok(passed) => passed,
                Err(ending) => return ending,
            };
            if passed.bytes > 0 || !passed.edits.is_empty() {
                if let Err(ending) = lane.record.commit().await {
                    return ending;
                }
                let bytes = first(&mut buffer, passed.bytes);
                let bytes = if passed.edits.is_empty() { bytes } else { passed.edits.apply(&bytes) };
                if !bytes.is_empty() && to_gateway.payload(bytes.freeze()).await.is_err() {
                    return lost();
                }
            }
        }
        if let Ok(0) | Err(_) = scoop.read(&mut reader, &mut buffer).await {
            return lane.closed();
        }
    }
}

/// Takes the first bytes; of a buffer that is taken whole nothing stays.
fn first(buffer: &mut BytesMut, bytes: usize) -> BytesMut {
    if bytes == buffer.len() { std::mem::take(buffer) } else { buffer.split_to(bytes) }
}

/// From the gateway to the target. `None`: the client said goodbye, and the target was told.
pub(super) async fn requests<W: AsyncWrite + Unpin>(
    lane: &Lane,
    mut from_gateway: FromGateway,
    mut writer: W,
) -> Option<Ending> {
    let mut kept = BytesMut::new();
    loop {
        match from_gateway.next().await {
            Some(Down::Payload(bytes)) => match forward(lane, &mut writer, &mut kept, bytes).await {
                Ok(false) => {}
                Ok(true) => return None,
                Err(ending) => return Some(ending),
            },
            Some(Down::Cancel) => lane.canceller.cancel(),
            Some(Down::Close(ending)) => {
                goodbye(lane, &mut writer).await;
                return Some(ending);
            }
            Some(Down::Ack { .. }) => {}
            None => return Some(lost()),
        }
    }
}

/// One payload: looked at where it lies unless the one before ended within a frame. `true` after a goodbye.
async fn forward<W: AsyncWrite + Unpin>(
    lane: &Lane,
    writer: &mut W,
    kept: &mut BytesMut,
    mut bytes: Bytes,
) -> Result<bool, Ending> {
    let mut passed = if kept.is_empty() {
        let passed = lane.requests(&bytes)?;
        send(lane, writer, bytes.get(..passed.bytes).unwrap_or_default(), &passed).await?;
        bytes.advance(passed.bytes);
        kept.extend_from_slice(&bytes);
        passed
    } else {
        kept.extend_from_slice(&bytes);
        let passed = lane.requests(kept)?;
        send(lane, writer, kept.get(..passed.bytes).unwrap_or_default(), &passed).await?;
        kept.advance(passed.bytes);
        passed
    };
    while passed.refresh || passed.wait {
        if passed.wait {
            lane.settled().await;
        } else {
            lane.refresh().await;
        }
        passed = lane.requests(kept)?;
        send(lane, writer, kept.get(..passed.bytes).unwrap_or_default(), &passed).await?;
        kept.advance(passed.bytes);
    }
    if kept.is_empty() && kept.capacity() > SMALLEST_KEPT {
        *kept = BytesMut::new();
    }
    while lane.waiting() >= MOST_WAITING {
        lane.answered.notified().await;
    }
    Ok(passed.over)
}

async fn send<W: AsyncWrite + Unpin>(lane: &Lane, writer: &mut W, bytes: &[u8], passed: &Passed) -> Result<(), Ending> {
    if passed.recorded {
        lane.record.commit().await?;
    }
    let edited = (!passed.edits.is_empty()).then(|| passed.edits.apply(bytes));
    let bytes = edited.as_deref().unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(());
    }
    let sent = async {
        writer.write_all(bytes).await?;
        writer.flush().await
    };
    match sent.await {
        Ok(()) => Ok(()),
        // The target may have said why; the other pump reads it, and finds the close.
        Err(_) => std::future::pending().await,
    }
}

/// The target is told that nothing follows, if it is not in the middle of a frame. It may not listen any more.
async fn goodbye<W: AsyncWrite + Unpin>(lane: &Lane, writer: &mut W) {
    let between = lane.filter.lock().unwrap_or_else(PoisonError::into_inner).is_between_requests();
    if between {
        let mut out = BytesMut::new();
        encode::terminate(&mut out);
        let told = async {
            writer.write_all(&out).await?;
            writer.flush().await
        };
        let _late = tokio::time::timeout(Duration::from_secs(1), told).await;
    }
}

fn lost() -> Ending {
    Ending::new(Code::GatewayLost, "the agent lost its gateway")
}
