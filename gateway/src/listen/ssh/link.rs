//! What the two directions of one client connection share.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

use proto::Ending;
use protocols::ssh::{Address, Channel, Message, OpenKind, Outbox, Request, WINDOW};
use russh::{Channel as SshChannel, ChannelId, server::Msg};
use tokio::sync::{Notify, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    lane::{Inlet, Lane},
    login::Login,
};

/// Channels that one connection may have open.
const MOST_CHANNELS: usize = 60;

/// One client connection.
pub(super) struct Link {
    /// Cancelled when the client has logged in.
    pub(super) logged_in: CancellationToken,
    /// Cancelled when the client's connection is over.
    pub(super) gone: CancellationToken,
    /// Set when what the client said first is no SSH.
    pub(super) no_ssh: AtomicBool,
    /// Set when the client did not offer strict key exchange.
    pub(super) lax: AtomicBool,
    /// Cancelled when such a client wants to log in all the same.
    pub(super) insecure: CancellationToken,
    /// Cancelled when the session is over; [`Link::ending`] says how.
    pub(super) over: CancellationToken,
    /// Cuts the client's socket.
    pub(super) cut: CancellationToken,
    /// Frames wait to be sent to the agent.
    pub(super) wake: Notify,
    /// The outbox has shrunk.
    pub(super) room: Notify,
    /// The writers of the channels.
    pub(super) writers: TaskTracker,
    state: Mutex<State>,
}

/// What is known of the connection.
#[derive(Default)]
pub(super) struct State {
    pub(super) login: Option<Login>,
    pub(super) client: String,
    /// The last credential that was not accepted: the user name it came with, and why.
    pub(super) denied: Option<(String, &'static str)>,
    pub(super) outbox: Outbox,
    pub(super) lanes: HashMap<Channel, Lane>,
    /// The client's numbers of channels.
    pub(super) numbers: HashMap<ChannelId, Channel>,
    /// Channels of the target that the client took and that have no number yet, with what came on them.
    pub(super) early: HashMap<ChannelId, Early>,
    /// Forwarding requests that wait for the agent's answer, oldest first.
    pub(super) forwards: VecDeque<oneshot::Sender<Result<u32, String>>>,
    /// What the next session channel shall tell the user.
    pub(super) notices: Vec<String>,
    /// Whether a session channel was ever opened.
    pub(super) had_session: bool,
    ending: Option<Ending>,
}

/// What came on a channel before it had a number.
#[derive(Default)]
pub(super) struct Early {
    data: Vec<u8>,
    eof: bool,
    closed: bool,
}

impl Link {
    pub(super) fn new(cut: CancellationToken) -> Self {
        let token = CancellationToken::new;
        let (logged_in, gone, insecure, over) = (token(), token(), token(), token());
        let (no_ssh, lax) = (AtomicBool::new(false), AtomicBool::new(false));
        let (wake, room, writers) = (Notify::new(), Notify::new(), TaskTracker::new());
        let state = Mutex::default();
        Self { logged_in, gone, no_ssh, lax, insecure, over, cut, wake, room, writers, state }
    }

    /// The state; a plain lock, never held across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message into the outbox.
    pub(super) fn send(&self, message: Message) {
        self.state().outbox.message(message);
        self.wake.notify_one();
    }

    /// Registers a channel that the client opens and asks the agent for it. `None` if there are too many.
    pub(super) fn open(&self, kind: OpenKind, ssh: &SshChannel<Msg>, lane: Lane) -> Option<Channel> {
        let mut state = self.state();
        if state.lanes.len() >= MOST_CHANNELS {
            return None;
        }
        let channel = Channel(ssh.id().number().wrapping_mul(2));
        state.had_session |= kind == OpenKind::Session;
        state.numbers.insert(ssh.id(), channel);
        state.lanes.insert(channel, lane);
        state.outbox.message(Message::Open { channel, kind, window: WINDOW });
        drop(state);
        self.wake.notify_one();
        Some(channel)
    }

    /// Data from the client. Returns how much waits now, and how many channels are open.
    pub(super) fn data(&self, id: ChannelId, data: &[u8]) -> (usize, usize) {
        let mut state = self.state();
        if let Some(channel) = state.numbers.get(&id).copied() {
            state.outbox.data(channel, data);
        } else if let Some(early) = state.early.get_mut(&id) {
            early.data.extend_from_slice(data);
        }
        let waiting = (state.outbox.len(), state.lanes.len());
        drop(state);
        self.wake.notify_one();
        waiting
    }

    /// The client will send no more on the channel.
    pub(super) fn eof(&self, id: ChannelId) {
        let mut state = self.state();
        if let Some(channel) = state.numbers.get(&id).copied() {
            state.outbox.message(Message::Eof(channel));
        } else if let Some(early) = state.early.get_mut(&id) {
            early.eof = true;
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The client closed the channel.
    pub(super) fn close(&self, id: ChannelId) {
        let mut state = self.state();
        if let Some(channel) = state.numbers.remove(&id) {
            state.outbox.message(Message::Close(channel));
            if let Some(lane) = state.lanes.remove(&channel) {
                lane.closed.cancel();
            }
        } else if let Some(early) = state.early.get_mut(&id) {
            early.closed = true;
        }
        drop(state);
        self.wake.notify_one();
    }

    /// A request of the client on a channel.
    pub(super) fn request(&self, id: ChannelId, want_reply: bool, request: Request) {
        let mut state = self.state();
        if let Some(channel) = state.numbers.get(&id).copied() {
            state.outbox.message(Message::Request { channel, want_reply, request });
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Asks the agent to listen or to stop; the answer comes later.
    pub(super) fn forward(&self, at: Address, stop: bool) -> oneshot::Receiver<Result<u32, String>> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state();
        if state.ending.is_none() {
            state.forwards.push_back(answer);
            state.outbox.message(if stop { Message::CancelForward(at) } else { Message::Forward(at) });
        }
        drop(state);
        self.wake.notify_one();
        answered
    }

    /// Tells the user something: on the channel, or on the next session channel.
    pub(super) fn notice(&self, id: Option<ChannelId>, text: String) {
        let mut state = self.state();
        let channel = id.and_then(|id| state.numbers.get(&id).copied());
        match channel.and_then(|channel| state.lanes.get(&channel)) {
            Some(lane) => lane.inlet.notice(text),
            None => state.notices.push(text),
        }
    }

    /// Gives a channel of the target, which the client has taken, its number, and passes on what came on it already.
    pub(super) fn register(&self, id: ChannelId, channel: Channel, window: u32, inlet: &Arc<Inlet>) -> Lane {
        let lane = Lane::new(Arc::clone(inlet));
        let mut state = self.state();
        let early = state.early.remove(&id).unwrap_or_default();
        state.numbers.insert(id, channel);
        state.lanes.insert(channel, lane.clone());
        state.outbox.message(Message::OpenConfirm { channel, window: WINDOW });
        state.outbox.grant(channel, window);
        state.outbox.data(channel, &early.data);
        drop(state);
        if early.eof {
            self.eof(id);
        }
        if early.closed {
            self.close(id);
        }
        self.wake.notify_one();
        lane
    }

    /// The channel is closed on this side.
    pub(super) fn forget(&self, id: ChannelId, channel: Channel) {
        let mut state = self.state();
        state.numbers.remove(&id);
        state.lanes.remove(&channel);
        state.outbox.forget(channel);
        drop(state);
        self.room.notify_one();
    }

    /// Ends the session; the first reason counts.
    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.state();
        state.ending.get_or_insert(ending);
        state.forwards.clear();
        drop(state);
        self.over.cancel();
    }

    /// How the session ended, once it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.state().ending.clone()
    }
}
