//! What travels on a Session stream.

use bytes::Bytes;

use crate::{Code, SessionId};

/// From the agent.
#[derive(Clone, Debug)]
pub enum Up {
    /// First message of a lane.
    Open(LaneOpen),
    /// The target is logged in; the greeting is in the protocol's relay form.
    Ready(Bytes),
    /// The target could not be reached or refused.
    Refused(Refusal),
    /// Whole messages of the protocol.
    Payload(Bytes),
    /// Records of the event chain, in order.
    Events(Vec<Bytes>),
    /// The session (or lane) is over.
    Closed(Ending),
}

/// To the agent.
#[derive(Clone, Debug)]
pub enum Down {
    /// Whole messages of the protocol.
    Payload(Bytes),
    /// All records up to `seq` are stored.
    Ack {
        /// The last stored record.
        seq: u64,
    },
    /// Cancel what runs now.
    Cancel,
    /// The client is gone, or the session must end.
    Close(Ending),
}

/// Which lane of which session a stream is, and the proof that it was asked for.
#[derive(Clone, Debug)]
pub struct LaneOpen {
    /// The session.
    pub session: SessionId,
    /// The single-use nonce of the Open request.
    pub nonce: Bytes,
    /// 0 is the session's first lane; HTTP opens more for concurrent exchanges.
    pub lane: u32,
}

/// A refusal that a client may read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// One sentence for the client; carries no secret and no name the caller did not give.
    pub message: String,
}

impl Refusal {
    /// A refusal with this code and text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// How something ended; same shape as a refusal, but not always an error ([`Code::Done`]).
pub type Ending = Refusal;
