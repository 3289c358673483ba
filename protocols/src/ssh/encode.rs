//! Writing the relay form. What is written here is always within the limits that [`super::Decoder`] enforces, as long
//! as the fields came from an SSH packet or from us.

use super::message::{Address, Channel, Message, OpenKind, Pty, Request};

/// Tags of messages.
pub(super) mod tag {
    pub(crate) const OPEN: u8 = 1;
    pub(crate) const OPEN_CONFIRM: u8 = 2;
    pub(crate) const OPEN_FAILURE: u8 = 3;
    pub(crate) const DATA: u8 = 4;
    pub(crate) const EXTENDED_DATA: u8 = 5;
    pub(crate) const WINDOW_ADJUST: u8 = 6;
    pub(crate) const EOF: u8 = 7;
    pub(crate) const CLOSE: u8 = 8;
    pub(crate) const REQUEST: u8 = 9;
    pub(crate) const SUCCESS: u8 = 10;
    pub(crate) const FAILURE: u8 = 11;
    pub(crate) const FORWARD: u8 = 12;
    pub(crate) const CANCEL_FORWARD: u8 = 13;
    pub(crate) const FORWARD_SUCCESS: u8 = 14;
    pub(crate) const FORWARD_FAILURE: u8 = 15;
}

/// Tags of channel kinds.
pub(super) mod kind {
    pub(crate) const SESSION: u8 = 1;
    pub(crate) const DIRECT_TCPIP: u8 = 2;
    pub(crate) const FORWARDED_TCPIP: u8 = 3;
}

/// Tags of channel requests.
pub(super) mod request {
    pub(crate) const PTY: u8 = 1;
    pub(crate) const ENV: u8 = 2;
    pub(crate) const SHELL: u8 = 3;
    pub(crate) const EXEC: u8 = 4;
    pub(crate) const SUBSYSTEM: u8 = 5;
    pub(crate) const WINDOW_CHANGE: u8 = 6;
    pub(crate) const SIGNAL: u8 = 7;
    pub(crate) const BREAK: u8 = 8;
    pub(crate) const EXIT_STATUS: u8 = 9;
    pub(crate) const EXIT_SIGNAL: u8 = 10;
    pub(crate) const XON_XOFF: u8 = 11;
}

/// Starts a data frame (`stream`: `None` for plain data); the caller appends the data itself, which spares a copy, and
/// then calls [`end_data`] with what this returned.
pub fn begin_data(out: &mut Vec<u8>, channel: Channel, stream: Option<u32>) -> usize {
    let start = begin(out, if stream.is_some() { tag::EXTENDED_DATA } else { tag::DATA });
    number(out, channel.0);
    if let Some(stream) = stream {
        number(out, stream);
    }
    start
}

/// Ends the data frame that began at `start`.
pub fn end_data(out: &mut [u8], start: usize) {
    end(out, start);
}

impl Message {
    /// Appends the message's frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Data { channel, data } => {
                let start = begin_data(out, *channel, None);
                out.extend_from_slice(data);
                end(out, start);
            }
            Self::ExtendedData { channel, stream, data } => {
                let start = begin_data(out, *channel, Some(*stream));
                out.extend_from_slice(data);
                end(out, start);
            }
            other => other.encode_control(out),
        }
    }

    fn encode_control(&self, out: &mut Vec<u8>) {
        let start = begin(out, self.tag());
        match self {
            Self::Data { .. } | Self::ExtendedData { .. } => {}
            Self::Open { channel, kind, window } => {
                number(out, channel.0);
                number(out, *window);
                encode_kind(out, kind);
            }
            Self::OpenConfirm { channel, window: n } | Self::WindowAdjust { channel, bytes: n } => {
                number(out, channel.0);
                number(out, *n);
            }
            Self::OpenFailure { channel, reason, text } => {
                number(out, channel.0);
                number(out, *reason);
                bytes(out, text.as_bytes());
            }
            Self::Eof(channel) | Self::Close(channel) | Self::Success(channel) | Self::Failure(channel) => {
                number(out, channel.0);
            }
            Self::Request { channel, want_reply, request } => {
                number(out, channel.0);
                out.push(u8::from(*want_reply));
                encode_request(out, request);
            }
            Self::Forward(at) | Self::CancelForward(at) => address(out, at),
            Self::ForwardSuccess { port } => number(out, *port),
            Self::ForwardFailure { text } => bytes(out, text.as_bytes()),
        }
        end(out, start);
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Open { .. } => tag::OPEN,
            Self::OpenConfirm { .. } => tag::OPEN_CONFIRM,
            Self::OpenFailure { .. } => tag::OPEN_FAILURE,
            Self::Data { .. } => tag::DATA,
            Self::ExtendedData { .. } => tag::EXTENDED_DATA,
            Self::WindowAdjust { .. } => tag::WINDOW_ADJUST,
            Self::Eof(_) => tag::EOF,
            Self::Close(_) => tag::CLOSE,
            Self::Request { .. } => tag::REQUEST,
            Self::Success(_) => tag::SUCCESS,
            Self::Failure(_) => tag::FAILURE,
            Self::Forward(_) => tag::FORWARD,
            Self::CancelForward(_) => tag::CANCEL_FORWARD,
            Self::ForwardSuccess { .. } => tag::FORWARD_SUCCESS,
            Self::ForwardFailure { .. } => tag::FORWARD_FAILURE,
        }
    }
}

fn encode_kind(out: &mut Vec<u8>, open: &OpenKind) {
    let (tag, addresses) = match open {
        OpenKind::Session => (kind::SESSION, None),
        OpenKind::DirectTcpip { to, from } => (kind::DIRECT_TCPIP, Some((to, from))),
        OpenKind::ForwardedTcpip { to, from } => (kind::FORWARDED_TCPIP, Some((to, from))),
    };
    out.push(tag);
    if let Some((to, from)) = addresses {
        address(out, to);
        address(out, from);
    }
}

fn encode_request(out: &mut Vec<u8>, what: &Request) {
    match what {
        Request::Pty(pty) => encode_pty(out, pty),
        Request::Env { name, value } => {
            out.push(request::ENV);
            bytes(out, name.as_bytes());
            bytes(out, value.as_bytes());
        }
        Request::Shell => out.push(request::SHELL),
        Request::Exec(command) => {
            out.push(request::EXEC);
            bytes(out, command);
        }
        Request::Subsystem(name) => {
            out.push(request::SUBSYSTEM);
            bytes(out, name.as_bytes());
        }
        Request::WindowChange { columns, rows, width, height } => {
            out.push(request::WINDOW_CHANGE);
            for n in [columns, rows, width, height] {
                number(out, *n);
            }
        }
        Request::Signal(name) => {
            out.push(request::SIGNAL);
            bytes(out, name.as_bytes());
        }
        Request::Break(length) => {
            out.push(request::BREAK);
            number(out, *length);
        }
        Request::ExitStatus(status) => {
            out.push(request::EXIT_STATUS);
            number(out, *status);
        }
        Request::ExitSignal { name, core_dumped, message } => {
            out.push(request::EXIT_SIGNAL);
            bytes(out, name.as_bytes());
            out.push(u8::from(*core_dumped));
            bytes(out, message.as_bytes());
        }
        Request::XonXoff(can) => out.extend_from_slice(&[request::XON_XOFF, u8::from(*can)]),
    }
}

fn encode_pty(out: &mut Vec<u8>, pty: &Pty) {
    out.push(request::PTY);
    bytes(out, pty.term.as_bytes());
    for n in [pty.columns, pty.rows, pty.width, pty.height] {
        number(out, n);
    }
    bytes(out, &pty.modes);
}

fn begin(out: &mut Vec<u8>, tag: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, tag]);
    start
}

fn end(out: &mut [u8], start: usize) {
    let length = u32::try_from(out.len().saturating_sub(start + 4)).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

fn number(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(&n.to_be_bytes());
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    number(out, u32::try_from(value.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(value);
}

fn address(out: &mut Vec<u8>, at: &Address) {
    bytes(out, at.host.as_bytes());
    number(out, at.port);
}
