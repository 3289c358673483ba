//! What waits to be sent to the other side: encoded frames that may go now, and per channel what must wait for its
//! window. Keeps the order within a channel; channels do not wait for each other.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::{
    MAX_DATA, MAX_PAYLOAD, MAX_WINDOW,
    encode::{begin_data, end_data},
    message::{Channel, Message, Request},
};

/// Frames to be sent.
#[derive(Debug, Default)]
pub struct Outbox {
    ready: Vec<u8>,
    lanes: HashMap<Channel, Lane>,
    waiting: usize,
}

/// One channel's sending side.
#[derive(Debug, Default)]
struct Lane {
    credit: usize,
    backlog: VecDeque<Item>,
}

#[derive(Debug)]
enum Item {
    Data(Vec<u8>),
    Control(Message),
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that wait, ready or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ready.len() + self.waiting
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the frames that may be sent now.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        // Bulk data fills about as much again before the next take; a lone keystroke reserves next to nothing.
        let next = Vec::with_capacity(self.ready.len().min(MAX_PAYLOAD));
        std::mem::replace(&mut self.ready, next)
    }

    /// Adds data of a channel. Data of a channel that is not open is dropped.
    pub fn data(&mut self, channel: Channel, data: &[u8]) {
        let Some(lane) = self.lanes.get_mut(&channel) else {
            return;
        };
        let now = if lane.backlog.is_empty() { lane.credit.min(data.len()) } else { 0 };
        let (send, wait) = data.split_at(now);
        lane.credit -= now;
        write_data(&mut self.ready, channel, send);
        self.waiting += wait.len();
        lane.wait(wait);
    }

    /// Adds any message but data. It waits behind its channel's waiting data unless its meaning is urgent.
    pub fn message(&mut self, message: Message) {
        match &message {
            Message::Open { channel, .. } => {
                self.lanes.insert(*channel, Lane::default());
            }
            Message::OpenConfirm { channel, .. } => {
                self.lanes.entry(*channel).or_default();
            }
            Message::Eof(channel) | Message::Close(channel) => {
                return self.ordered(*channel, message);
            }
            Message::Request { channel, request, .. } if !is_urgent(request) => {
                return self.ordered(*channel, message);
            }
            _ => {}
        }
        message.encode(&mut self.ready);
    }

    /// The other side may be sent `bytes` more on the channel.
    pub fn grant(&mut self, channel: Channel, bytes: u32) {
        if let Some(lane) = self.lanes.get_mut(&channel) {
            lane.credit = lane.credit.saturating_add(bytes as usize).min(MAX_WINDOW as usize);
            self.release(channel);
        }
    }

    /// Forgets a channel that the other side did not open or has closed.
    pub fn forget(&mut self, channel: Channel) {
        if let Some(lane) = self.lanes.remove(&channel) {
            self.waiting = self.waiting.saturating_sub(lane.held());
        }
    }

    fn ordered(&mut self, channel: Channel, message: Message) {
        let Some(lane) = self.lanes.get_mut(&channel) else {
            return;
        };
        if !lane.backlog.is_empty() {
            return lane.backlog.push_back(Item::Control(message));
        }
        message.encode(&mut self.ready);
        if matches!(message, Message::Close(_)) {
            self.lanes.remove(&channel);
        }
    }

    /// Moves what the window now allows from the channel's backlog to the ready frames.
    fn release(&mut self, channel: Channel) {
        let Some(lane) = self.lanes.get_mut(&channel) else {
            return;
        };
        while let Some(item) = lane.backlog.pop_front() {
            match item {
                Item::Data(mut data) => {
                    let now = lane.credit.min(data.len());
                    let rest = data.split_off(now);
                    lane.credit -= now;
                    self.waiting = self.waiting.saturating_sub(now);
                    write_data(&mut self.ready, channel, &data);
                    if !rest.is_empty() {
                        lane.backlog.push_front(Item::Data(rest));
                        return;
                    }
                }
                Item::Control(message) => {
                    message.encode(&mut self.ready);
                    if matches!(message, Message::Close(_)) {
                        self.lanes.remove(&channel);
                        return;
                    }
                }
            }
        }
    }
}

impl Lane {
    fn wait(&mut self, data: &[u8]) {
        match self.backlog.back_mut() {
            _ if data.is_empty() => {}
            Some(Item::Data(tail)) if tail.len() < MAX_DATA => tail.extend_from_slice(data),
            _ => self.backlog.push_back(Item::Data(data.to_vec())),
        }
    }

    fn held(&self) -> usize {
        self.backlog.iter().map(|item| if let Item::Data(data) = item { data.len() } else { 0 }).sum()
    }
}

/// Takes whole frames of together about `limit` bytes off the front of encoded frames, so that no payload of the tunnel
/// grows too large.
#[must_use]
pub fn split_payload(frames: &mut Bytes, limit: usize) -> Bytes {
    let mut end = 0usize;
    while end < limit {
        let Some(head) = frames.get(end..).and_then(|rest| rest.first_chunk::<4>()) else { break };
        end += 4 + u32::from_be_bytes(*head) as usize;
    }
    frames.split_to(end.min(frames.len()))
}

fn write_data(out: &mut Vec<u8>, channel: Channel, data: &[u8]) {
    for piece in data.chunks(MAX_DATA) {
        out.reserve(piece.len() + 9);
        let start = begin_data(out, channel, None);
        out.extend_from_slice(piece);
        end_data(out, start);
    }
}

/// A signal or a new size must not wait behind input that the target does not read.
fn is_urgent(request: &Request) -> bool {
    matches!(request, Request::Signal(_) | Request::Break(_) | Request::WindowChange { .. })
}
