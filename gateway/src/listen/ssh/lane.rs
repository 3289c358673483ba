//! One channel's way from the agent to the client: a queue that the window bounds, and the task that writes it out within the
//! client's window.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use protocols::ssh::{Channel, Message, Queue, Receive, Request, STDERR, WindowExceeded};
use russh::{
    Channel as SshChannel, ChannelWriteHalf, Sig,
    server::{ChannelOpenHandle, Handle, Msg},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{farewell, link::Link};

/// A channel as the router sees it.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) inlet: Arc<Inlet>,
    /// Cancelled when the client has closed the channel.
    pub(super) closed: CancellationToken,
    /// A forwarded connection that waits for the target: what to start and to answer then.
    pub(super) opening: Arc<Mutex<Option<Opening>>>,
}

/// A forwarded connection of the client that the target has not yet opened.
pub(super) struct Opening {
    pub(super) reply: ChannelOpenHandle,
    pub(super) write: ChannelWriteHalf<Msg>,
}

impl Lane {
    pub(super) fn new(inlet: Arc<Inlet>) -> Self {
        Self { inlet, closed: CancellationToken::new(), opening: Arc::default() }
    }

    /// Takes what waits for the target, once.
    pub(super) fn take_opening(&self) -> Option<Opening> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What came for one channel, in order.
#[derive(Default)]
pub(super) struct Inlet {
    state: Mutex<Inner>,
    came: Notify,
}

#[derive(Default)]
struct Inner {
    queue: Queue,
    window: Receive,
    notices: VecDeque<String>,
}

/// What to write next.
pub(super) enum Step {
    /// From the agent.
    Message(Message),
    /// From the gateway itself.
    Notice(String),
}

impl Inlet {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message of the agent.
    ///
    /// # Errors
    /// If it is more data than was granted.
    pub(super) fn push(&self, message: Message) -> Result<(), WindowExceeded> {
        let mut inner = self.inner();
        if let Message::Data { data, .. } | Message::ExtendedData { data, .. } = &message {
            inner.window.received(data.len())?;
        }
        inner.queue.push(message);
        drop(inner);
        self.came.notify_one();
        Ok(())
    }

    /// Adds words of our own.
    pub(super) fn notice(&self, text: String) {
        self.inner().notices.push_back(text);
        self.came.notify_one();
    }

    /// What comes next. For one reader.
    pub(super) async fn next(&self) -> Step {
        loop {
            if let Some(step) = self.take() {
                return step;
            }
            self.came.notified().await;
        }
    }

    /// What is there now.
    pub(super) fn take(&self) -> Option<Step> {
        let mut inner = self.inner();
        let notice = inner.notices.pop_front().map(Step::Notice);
        notice.or_else(|| inner.queue.pop().map(Step::Message))
    }

    fn consumed(&self, bytes: usize) -> Option<u32> {
        self.inner().window.consumed(bytes)
    }
}

/// The half that writes. The other is dropped here and now: nobody reads from it, and when its queue is full the library's loop
/// stops for the whole connection.
pub(super) fn writing_half(channel: SshChannel<Msg>) -> ChannelWriteHalf<Msg> {
    channel.split().1
}

/// Writes one channel to the client.
pub(super) struct Writer {
    pub(super) link: Arc<Link>,
    pub(super) channel: Channel,
    pub(super) lane: Lane,
    pub(super) write: ChannelWriteHalf<Msg>,
    pub(super) handle: Handle,
    /// Whether people read it: a session, not a forwarded connection.
    pub(super) speaks: bool,
    /// Whether the target's end of output waits for the exit status. A client whose both directions have ended closes the
    /// channel at once and would miss a status that comes later.
    pub(super) ended: AtomicBool,
}

/// The channel or the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over;

impl Writer {
    /// Runs until the channel is closed by either side or the session ends.
    pub(super) async fn run(self) {
        let done = tokio::select! {
            done = self.relay() => done,
            () = self.lane.closed.cancelled() => Err(Over),
            () = self.link.gone.cancelled() => Err(Over),
            () = self.link.over.cancelled() => Ok(()),
        };
        if done.is_ok() && self.link.over.is_cancelled() {
            let last = farewell::tell(&self);
            let _slow = tokio::time::timeout(farewell::PATIENCE, last).await;
        }
        self.link.forget(self.write.id(), self.channel);
    }

    async fn relay(&self) -> Result<(), Over> {
        loop {
            match self.lane.inlet.next().await {
                Step::Notice(text) => self.say(&text).await?,
                Step::Message(Message::Close(_)) => {
                    self.end().await?;
                    return self.sent(self.write.close().await);
                }
                Step::Message(message) => self.pass(message).await?,
            }
        }
    }

    /// Passes on what came before the session ended.
    pub(super) async fn rest(&self) -> Result<(), Over> {
        while let Some(step) = self.lane.inlet.take() {
            match step {
                Step::Notice(text) => self.say(&text).await?,
                Step::Message(message) => self.pass(message).await?,
            }
        }
        Ok(())
    }

    async fn pass(&self, message: Message) -> Result<(), Over> {
        match message {
            Message::Data { data, .. } => {
                let length = data.len();
                self.sent(self.write.data_bytes(data).await)?;
                self.consumed(length);
                Ok(())
            }
            Message::ExtendedData { stream, data, .. } => {
                let length = data.len();
                self.sent(self.write.extended_data_bytes(stream, data).await)?;
                self.consumed(length);
                Ok(())
            }
            Message::Eof(_) => {
                self.ended.store(true, Ordering::Relaxed);
                if self.speaks { Ok(()) } else { self.end().await }
            }
            Message::Request { request, .. } => self.report(request).await,
            // Success and failure were answered by the handler; a failure that matters comes with words.
            _ => Ok(()),
        }
    }

    async fn report(&self, request: Request) -> Result<(), Over> {
        match request {
            Request::ExitStatus(status) => {
                self.sent(self.write.exit_status(status).await)?;
                self.end().await
            }
            Request::ExitSignal { name, core_dumped, message } => {
                let signal = Sig::Custom(name);
                let told =
                    self.handle.exit_signal_request(self.write.id(), signal, core_dumped, message, String::new());
                told.await.map_err(|()| Over)?;
                self.end().await
            }
            Request::XonXoff(can) => self.handle.xon_xoff_request(self.write.id(), can).await.map_err(|()| Over),
            _ => Ok(()),
        }
    }

    /// Passes on the end of the output that waited.
    async fn end(&self) -> Result<(), Over> {
        if self.ended.swap(false, Ordering::Relaxed) { self.sent(self.write.eof().await) } else { Ok(()) }
    }

    /// Tells the user something, on standard error.
    pub(super) async fn say(&self, text: &str) -> Result<(), Over> {
        let line = Bytes::from(format!("sallyport: {text}\r\n"));
        self.sent(self.write.extended_data_bytes(STDERR, line).await)
    }

    fn consumed(&self, bytes: usize) {
        if let Some(bytes) = self.lane.inlet.consumed(bytes) {
            self.link.send(Message::WindowAdjust { channel: self.channel, bytes });
        }
    }

    fn sent(&self, result: Result<(), russh::Error>) -> Result<(), Over> {
        result.map_err(|_| Over)
    }
}
