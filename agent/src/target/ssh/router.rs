//! Hands what the gateway sends to the channels, and starts and ends them. Never waits for any of them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use proto::{Code, Down, Ending};
use protocols::ssh::{Channel, Decoder, Message, OpenKind, STDERR};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::{
    channel, forward,
    handler::Forwarded,
    inlet::Lane,
    pool::Pool,
    session::{Session, gateway_lost, lock},
};
use crate::target::{FromGateway, contained};

/// Channels that one session may have open.
const MOST_CHANNELS: usize = 64;

/// How long the channels may take to write their ends into the record.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs the session until its end.
pub(super) async fn run(
    session: Arc<Session>,
    pool: Arc<Pool>,
    mut from_gateway: FromGateway,
    mut incoming: mpsc::Receiver<Forwarded>,
) -> Ending {
    let tasks = TaskTracker::new();
    let watch = tokio::spawn(Arc::clone(&pool).watch());
    let forwards = forward::start(Arc::clone(&session), &tasks);
    let mut router = Router { session, pool, tasks, forwards, decoder: Decoder::new(), next_own: 1 };
    let ending = loop {
        tokio::select! {
            down = from_gateway.next() => match down {
                Some(Down::Payload(payload)) => if let Err(ending) = router.payload(payload) { break ending },
                Some(Down::Close(ending)) => break ending,
                Some(Down::Cancel | Down::Ack { .. }) => {}
                None => break gateway_lost(),
            },
            Some(forwarded) = incoming.recv() => router.take(forwarded),
            () = router.session.over.cancelled() => break router.session.ending(),
        }
    };
    watch.abort();
    router.farewell(ending).await
}

/// Serves a channel; a fault in it ends the session, because nothing more could be told about it.
async fn served(session: Arc<Session>, serve: impl Future<Output = ()>) {
    if let Err(fault) = contained(serve).await {
        session.end(fault);
    }
}

struct Router {
    session: Arc<Session>,
    pool: Arc<Pool>,
    tasks: TaskTracker,
    forwards: mpsc::Sender<forward::Ask>,
    decoder: Decoder,
    /// The next number for a channel that starts at the target.
    next_own: u32,
}

impl Router {
    fn payload(&mut self, payload: Bytes) -> Result<(), Ending> {
        self.decoder.feed(payload);
        while let Some(message) = self.decoder.next_message().map_err(|_| malformed())? {
            self.message(message)?;
        }
        Ok(())
    }

    fn message(&mut self, message: Message) -> Result<(), Ending> {
        match message {
            Message::Open { channel, kind, window } => self.open(channel, kind, window),
            Message::WindowAdjust { channel, bytes } => {
                if let Some(lane) = lock(&self.session.lanes).get(&channel) {
                    lane.grant(bytes);
                }
                Ok(())
            }
            Message::Forward(at) => self.forward(forward::Ask::Listen(at)),
            Message::CancelForward(at) => self.forward(forward::Ask::Stop(at)),
            Message::ForwardSuccess { .. } | Message::ForwardFailure { .. } => Err(malformed()),
            Message::OpenConfirm { channel, .. }
            | Message::OpenFailure { channel, .. }
            | Message::Data { channel, .. }
            | Message::ExtendedData { channel, stream: STDERR, .. }
            | Message::Eof(channel)
            | Message::Close(channel)
            | Message::Request { channel, .. } => self.pass(channel, message),
            // Replies to requests that sshd itself makes (keepalive) end at the library; nothing else is asked.
            Message::ExtendedData { .. } | Message::Success(_) | Message::Failure(_) => Ok(()),
        }
    }

    fn open(&self, channel: Channel, kind: OpenKind, window: u32) -> Result<(), Ending> {
        let mut lanes = lock(&self.session.lanes);
        if !channel.is_gateways() || lanes.contains_key(&channel) || matches!(kind, OpenKind::ForwardedTcpip { .. }) {
            return Err(malformed());
        }
        if lanes.len() >= MOST_CHANNELS {
            return Err(Ending::new(Code::TooLarge, "more channels than one session may open"));
        }
        let lane = Lane::new(window);
        lanes.insert(channel, lane.clone());
        let (session, pool) = (Arc::clone(&self.session), Arc::clone(&self.pool));
        let serve = channel::serve(Arc::clone(&session), pool, channel, kind, lane);
        self.tasks.spawn(served(session, serve));
        Ok(())
    }

    /// A connection came to a port the target listens on.
    fn take(&mut self, forwarded: Forwarded) {
        let mut lanes = lock(&self.session.lanes);
        let listening = lock(&self.session.listening).iter().any(|at| at.port == forwarded.to.port);
        if !listening || lanes.len() >= MOST_CHANNELS {
            // Dropping the reply turns it away.
            return;
        }
        let channel = Channel(self.next_own);
        self.next_own = self.next_own.wrapping_add(2);
        let lane = Lane::new(0);
        lanes.insert(channel, lane.clone());
        let session = Arc::clone(&self.session);
        let serve = channel::serve_forwarded(Arc::clone(&session), channel, forwarded, lane);
        self.tasks.spawn(served(session, serve));
    }

    /// What comes for a channel that is already closed here has crossed our close on the way.
    fn pass(&self, channel: Channel, message: Message) -> Result<(), Ending> {
        let lanes = lock(&self.session.lanes);
        let Some(lane) = lanes.get(&channel) else { return Ok(()) };
        lane.inlet.push(message).map_err(|_| malformed())
    }

    fn forward(&self, ask: forward::Ask) -> Result<(), Ending> {
        self.forwards.try_send(ask).map_err(|_| Ending::new(Code::TooLarge, "too many forwarding requests at once"))
    }

    /// Ends the channels, lets them finish their records, and leaves the target.
    async fn farewell(self, ending: Ending) -> Ending {
        self.session.end(ending);
        self.tasks.close();
        let _late = tokio::time::timeout(FAREWELL, self.tasks.wait()).await;
        self.pool.close().await;
        self.session.ending()
    }
}

fn malformed() -> Ending {
    Ending::new(Code::Internal, "the gateway and the agent do not understand each other")
}
