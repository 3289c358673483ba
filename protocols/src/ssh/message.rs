//! The messages of the relay form. Names and meaning follow RFC 4254; `want_reply` is kept where the RFC has it.

use std::fmt;

use bytes::Bytes;

/// A channel's number, the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(pub u32);

impl Channel {
    /// Whether the gateway opened it (even), rather than the agent (odd).
    #[must_use]
    pub fn is_gateways(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

/// A host (name or address) and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name or address, as the client wrote it.
    pub host: String,
    /// TCP port.
    pub port: u32,
}

/// What is to be opened (RFC 4254 sections 6.1 and 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenKind {
    /// A session: shell, command or subsystem.
    Session,
    /// A connection from the client through the target (`ssh -L`).
    DirectTcpip {
        /// Where it goes.
        to: Address,
        /// Where the client says it comes from.
        from: Address,
    },
    /// A connection that reached a port the target listens on for the client (`ssh -R`).
    ForwardedTcpip {
        /// The address that was connected to.
        to: Address,
        /// Who connected.
        from: Address,
    },
}

/// A terminal (RFC 4254 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pty {
    /// `TERM`.
    pub term: String,
    /// Width in characters.
    pub columns: u32,
    /// Height in characters.
    pub rows: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Opcode and value pairs (RFC 4254 section 8), five bytes each, without the final zero.
    pub modes: Bytes,
}

/// A request on a channel (RFC 4254 sections 6.2 to 6.10, RFC 4335).
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// A terminal.
    Pty(Pty),
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// The login shell.
    Shell,
    /// A command line, as bytes: its encoding is the target's.
    Exec(Bytes),
    /// A subsystem, such as `sftp`.
    Subsystem(String),
    /// The terminal's new size.
    WindowChange {
        /// Width in characters.
        columns: u32,
        /// Height in characters.
        rows: u32,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A signal for the command, without `SIG`.
    Signal(String),
    /// A break of so many milliseconds.
    Break(u32),
    /// The command's exit status.
    ExitStatus(u32),
    /// The signal that ended the command.
    ExitSignal {
        /// Its name without `SIG`.
        name: String,
        /// Whether a core was dumped.
        core_dumped: bool,
        /// The target's words about it.
        message: String,
    },
    /// Whether the client may do flow control with ^S and ^Q itself.
    XonXoff(bool),
}

/// One message of the relay form.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// Open a channel.
    Open {
        /// Its number, chosen by the opener.
        channel: Channel,
        /// What to open.
        kind: OpenKind,
        /// Bytes of data that the other side may send at first.
        window: u32,
    },
    /// The channel is open.
    OpenConfirm {
        /// Which.
        channel: Channel,
        /// Bytes of data that the opener may send at first.
        window: u32,
    },
    /// The channel was not opened.
    OpenFailure {
        /// Which.
        channel: Channel,
        /// Reason code of RFC 4254 section 5.1.
        reason: u32,
        /// Words for the client.
        text: String,
    },
    /// Data: standard input or output, or the forwarded connection's bytes.
    Data {
        /// On which channel.
        channel: Channel,
        /// The bytes.
        data: Bytes,
    },
    /// Data of a further stream.
    ExtendedData {
        /// On which channel.
        channel: Channel,
        /// Which stream; [`super::STDERR`] is standard error.
        stream: u32,
        /// The bytes.
        data: Bytes,
    },
    /// The other side may send so many more bytes.
    WindowAdjust {
        /// On which channel.
        channel: Channel,
        /// How many.
        bytes: u32,
    },
    /// No more data will follow on the channel.
    Eof(Channel),
    /// The channel is closed; nothing follows on it from this side.
    Close(Channel),
    /// A request on a channel.
    Request {
        /// Which.
        channel: Channel,
        /// Whether the sender wants `Success` or `Failure`.
        want_reply: bool,
        /// What.
        request: Request,
    },
    /// The oldest unanswered request on the channel was granted.
    Success(Channel),
    /// The oldest unanswered request on the channel was not granted.
    Failure(Channel),
    /// Listen on the target for the client (`ssh -R`); always answered, in order.
    Forward(Address),
    /// Stop listening; always answered, in order.
    CancelForward(Address),
    /// The oldest unanswered `Forward` or `CancelForward` was granted.
    ForwardSuccess {
        /// The port, where the target chose it.
        port: u32,
    },
    /// The oldest unanswered `Forward` or `CancelForward` was not granted.
    ForwardFailure {
        /// Words for the client.
        text: String,
    },
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pty(pty) => write!(f, "Pty({}x{})", pty.columns, pty.rows),
            Self::Env { value, .. } => write!(f, "Env({} bytes)", value.len()),
            Self::Shell => f.write_str("Shell"),
            Self::Exec(command) => write!(f, "Exec({} bytes)", command.len()),
            Self::Subsystem(name) => write!(f, "Subsystem({} bytes)", name.len()),
            Self::WindowChange { columns, rows, .. } => write!(f, "WindowChange({columns}x{rows})"),
            Self::Signal(name) => write!(f, "Signal({} bytes)", name.len()),
            Self::Break(length) => write!(f, "Break({length} ms)"),
            Self::ExitStatus(status) => write!(f, "ExitStatus({status})"),
            Self::ExitSignal { name, .. } => write!(f, "ExitSignal({} bytes)", name.len()),
            Self::XonXoff(can) => write!(f, "XonXoff({can})"),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { channel, .. } => write!(f, "Open({})", channel.0),
            Self::OpenConfirm { channel, .. } => write!(f, "OpenConfirm({})", channel.0),
            Self::OpenFailure { channel, reason, .. } => write!(f, "OpenFailure({}, {reason})", channel.0),
            Self::Data { channel, data } => write!(f, "Data({}, {} bytes)", channel.0, data.len()),
            Self::ExtendedData { channel, stream, data } => {
                write!(f, "ExtendedData({}, {stream}, {} bytes)", channel.0, data.len())
            }
            Self::WindowAdjust { channel, bytes } => {
                write!(f, "WindowAdjust({}, {bytes})", channel.0)
            }
            Self::Eof(channel) => write!(f, "Eof({})", channel.0),
            Self::Close(channel) => write!(f, "Close({})", channel.0),
            Self::Request { channel, request, .. } => write!(f, "Request({}, {request:?})", channel.0),
            Self::Success(channel) => write!(f, "Success({})", channel.0),
            Self::Failure(channel) => write!(f, "Failure({})", channel.0),
            Self::Forward(_) => f.write_str("Forward"),
            Self::CancelForward(_) => f.write_str("CancelForward"),
            Self::ForwardSuccess { port } => write!(f, "ForwardSuccess({port})"),
            Self::ForwardFailure { .. } => f.write_str("ForwardFailure"),
        }
    }
}
