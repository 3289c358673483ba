//! SSH between gateway and agent: the channel messages of RFC 4254 without the transport (RFC 4253) and the login
//! (RFC 4252), in a compact framing of our own. Each side ends one SSH connection and relays meaning, not packets.
//!
//! ```text
//! frame  = length u32 (of what follows) | tag u8 | fields
//! text   = length u32 | UTF-8          data = the rest of the frame
//! ```
//!
//! Rules: numbers are big-endian. A channel has one number on both sides: the gateway opens even ones, the agent odd
//! ones. Flow control is per channel and end to end: a side sends no more data than the other side granted, so that one
//! slow channel never holds back the others.

mod decode;
mod encode;
mod message;
mod outbox;
mod queue;
mod window;

pub use self::{
    decode::{Decoder, Malformed},
    encode::{begin_data, end_data},
    message::{Address, Channel, Message, OpenKind, Pty, Request},
    outbox::{Outbox, split_payload},
    queue::Queue,
    window::{Receive, WindowExceeded},
};

#[cfg(test)]
mod tests;

/// Bytes of data that either side may send on a new channel before the other grants more.
pub const WINDOW: u32 = 2 * 1024 * 1024;

/// Largest window a side may hold.
pub const MAX_WINDOW: u32 = 16 * 1024 * 1024;

/// Largest frame, without its length.
pub const MAX_FRAME: usize = 256 * 1024;

/// Most data that one frame should carry; several frames share one payload of the tunnel.
pub const MAX_DATA: usize = 32 * 1024;

/// About how many bytes of frames share one payload of the tunnel.
pub const MAX_PAYLOAD: usize = 64 * 1024;

/// Largest text (names, addresses, messages), in bytes.
pub const MAX_TEXT: usize = 32 * 1024;

/// Largest command line of an exec request, in bytes.
pub const MAX_COMMAND: usize = 128 * 1024;

/// Largest encoded list of terminal modes, in bytes.
pub const MAX_MODES: usize = 1024;

/// The extended data stream that is standard error (RFC 4254 section 5.2).
pub const STDERR: u32 = 1;
