//! What came for one channel and is not yet passed on. Small neighbouring pieces of data are joined, so that a window
//! full of single bytes costs no more memory than its bytes.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::message::Message;

/// Pieces below this size are joined.
const SMALL: usize = 2048;

/// Messages of one channel, in order.
#[derive(Debug, Default)]
pub struct Queue(VecDeque<Message>);

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message at the end.
    pub fn push(&mut self, message: Message) {
        match (self.0.back_mut(), message) {
            (Some(Message::Data { data: tail, .. }), Message::Data { data, .. })
                if tail.len() < SMALL && data.len() < SMALL =>
            {
                let mut joined = BytesMut::from(std::mem::take(tail));
                joined.extend_from_slice(&data);
                *tail = joined.freeze();
            }
            (_, message) => self.0.push_back(message),
        }
    }

    /// Takes the oldest message.
    pub fn pop(&mut self) -> Option<Message> {
        self.0.pop_front()
    }
}
