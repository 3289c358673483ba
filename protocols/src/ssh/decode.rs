//! Reading the relay form. Every length is checked before anything is kept, a field that is too long or left over is
//! an error, and data is a slice of the payload it came in, not a copy.

use bytes::{Buf, Bytes, BytesMut};

use super::{
    MAX_COMMAND, MAX_FRAME, MAX_MODES, MAX_TEXT, MAX_WINDOW,
    encode::{kind, request, tag},
    message::{Address, Channel, Message, OpenKind, Pty, Request},
};

/// The bytes are not the relay form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A frame is longer than allowed, or empty.
    #[error("a frame of {0} bytes")]
    FrameLength(usize),
    /// A frame ends inside a field.
    #[error("a frame that ends inside a field")]
    Short,
    /// A frame goes on after its last field.
    #[error("{0} bytes left over in a frame")]
    LeftOver(usize),
    /// A field is longer than allowed.
    #[error("a field of {0} bytes")]
    FieldLength(usize),
    /// A text is not UTF-8 or has a NUL.
    #[error("a text that is none")]
    Text,
    /// An unknown tag of a message, kind or request.
    #[error("unknown tag {0}")]
    Tag(u8),
    /// A flag is neither 0 nor 1.
    #[error("a flag of {0}")]
    Flag(u8),
    /// A number is out of its range (window, port, modes).
    #[error("a number out of range")]
    Range,
}

/// Turns payloads into messages; any way of splitting the bytes gives the same messages.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The payload being read.
    current: Bytes,
    /// An unfinished frame of earlier payloads; at most one frame long.
    partial: BytesMut,
}

impl Decoder {
    /// A decoder at the start of the stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the next piece of the stream. All messages of the piece before must have been taken.
    pub fn feed(&mut self, payload: Bytes) {
        if self.current.is_empty() {
            self.current = payload;
        } else {
            let mut joined = BytesMut::from(std::mem::take(&mut self.current).as_ref());
            joined.extend_from_slice(&payload);
            self.current = joined.freeze();
        }
    }

    /// The next message, if a whole one is there.
    ///
    /// # Errors
    /// If the bytes are not the relay form; the stream cannot go on.
    pub fn next_message(&mut self) -> Result<Option<Message>, Malformed> {
        let frame = if self.partial.is_empty() { self.next_whole()? } else { self.next_joined()? };
        frame.map(|frame| decode(Fields(frame))).transpose()
    }

    /// Whether nothing of a message is waiting for its rest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.is_empty() && self.partial.is_empty()
    }

    fn next_whole(&mut self) -> Result<Option<Bytes>, Malformed> {
        let whole = match frame_length(&self.current)? {
            Some(length) if self.current.len() >= 4 + length => 4 + length,
            _ => {
                self.partial.extend_from_slice(&self.current);
                self.current = Bytes::new();
                return Ok(None);
            }
        };
        let mut frame = self.current.split_to(whole);
        frame.advance(4);
        Ok(Some(frame))
    }

    /// Completes the unfinished frame with the head of the current payload.
    fn next_joined(&mut self) -> Result<Option<Bytes>, Malformed> {
        self.take_until(4);
        let Some(length) = frame_length(&self.partial)? else {
            return Ok(None);
        };
        self.take_until(4 + length);
        if self.partial.len() < 4 + length {
            return Ok(None);
        }
        let mut frame = self.partial.split().freeze();
        frame.advance(4);
        Ok(Some(frame))
    }

    fn take_until(&mut self, length: usize) {
        let missing = length.saturating_sub(self.partial.len()).min(self.current.len());
        self.partial.extend_from_slice(&self.current.split_to(missing));
    }
}

fn frame_length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(head) = bytes.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*head) as usize;
    if length == 0 || length > MAX_FRAME { Err(Malformed::FrameLength(length)) } else { Ok(Some(length)) }
}

fn decode(mut fields: Fields) -> Result<Message, Malformed> {
    let tag = fields.byte()?;
    let message = match tag {
        tag::DATA => {
            return Ok(Message::Data { channel: fields.channel()?, data: fields.0 });
        }
        tag::EXTENDED_DATA => {
            return Ok(Message::ExtendedData { channel: fields.channel()?, stream: fields.number()?, data: fields.0 });
        }
        tag::OPEN => {
            let (channel, window) = (fields.channel()?, fields.window()?);
            Message::Open { channel, window, kind: decode_kind(&mut fields)? }
        }
        tag::OPEN_CONFIRM => Message::OpenConfirm { channel: fields.channel()?, window: fields.window()? },
        tag::OPEN_FAILURE => {
            Message::OpenFailure { channel: fields.channel()?, reason: fields.number()?, text: fields.text()? }
        }
        tag::WINDOW_ADJUST => Message::WindowAdjust { channel: fields.channel()?, bytes: fields.window()? },
        tag::EOF => Message::Eof(fields.channel()?),
        tag::CLOSE => Message::Close(fields.channel()?),
        tag::REQUEST => {
            let (channel, want_reply) = (fields.channel()?, fields.flag()?);
            Message::Request { channel, want_reply, request: decode_request(&mut fields)? }
        }
        tag::SUCCESS => Message::Success(fields.channel()?),
        tag::FAILURE => Message::Failure(fields.channel()?),
        tag::FORWARD => Message::Forward(fields.address()?),
        tag::CANCEL_FORWARD => Message::CancelForward(fields.address()?),
        tag::FORWARD_SUCCESS => Message::ForwardSuccess { port: fields.port()? },
        tag::FORWARD_FAILURE => Message::ForwardFailure { text: fields.text()? },
        other => return Err(Malformed::Tag(other)),
    };
    fields.end()?;
    Ok(message)
}

fn decode_kind(fields: &mut Fields) -> Result<OpenKind, Malformed> {
    Ok(match fields.byte()? {
        kind::SESSION => OpenKind::Session,
        kind::DIRECT_TCPIP => OpenKind::DirectTcpip { to: fields.address()?, from: fields.address()? },
        kind::FORWARDED_TCPIP => OpenKind::ForwardedTcpip { to: fields.address()?, from: fields.address()? },
        other => return Err(Malformed::Tag(other)),
    })
}

fn decode_request(fields: &mut Fields) -> Result<Request, Malformed> {
    Ok(match fields.byte()? {
        request::PTY => Request::Pty(decode_pty(fields)?),
        request::ENV => Request::Env { name: fields.text()?, value: fields.text()? },
        request::SHELL => Request::Shell,
        request::EXEC => Request::Exec(fields.bytes(MAX_COMMAND)?),
        request::SUBSYSTEM => Request::Subsystem(fields.text()?),
        request::WINDOW_CHANGE => Request::WindowChange {
            columns: fields.number()?,
            rows: fields.number()?,
            width: fields.number()?,
            height: fields.number()?,
        },
        request::SIGNAL => Request::Signal(fields.text()?),
        request::BREAK => Request::Break(fields.number()?),
        request::EXIT_STATUS => Request::ExitStatus(fields.number()?),
        request::EXIT_SIGNAL => {
            Request::ExitSignal { name: fields.text()?, core_dumped: fields.flag()?, message: fields.text()? }
        }
        request::XON_XOFF => Request::XonXoff(fields.flag()?),
        other => return Err(Malformed::Tag(other)),
    })
}

fn decode_pty(fields: &mut Fields) -> Result<Pty, Malformed> {
    let pty = Pty {
        term: fields.text()?,
        columns: fields.number()?,
        rows: fields.number()?,
        width: fields.number()?,
        height: fields.number()?,
        modes: fields.bytes(MAX_MODES)?,
    };
    if pty.modes.len().is_multiple_of(5) { Ok(pty) } else { Err(Malformed::Range) }
}

/// The fields of one frame that are not yet read.
struct Fields(Bytes);

impl Fields {
    fn byte(&mut self) -> Result<u8, Malformed> {
        if self.0.is_empty() { Err(Malformed::Short) } else { Ok(self.0.get_u8()) }
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        if self.0.len() < 4 { Err(Malformed::Short) } else { Ok(self.0.get_u32()) }
    }

    fn channel(&mut self) -> Result<Channel, Malformed> {
        self.number().map(Channel)
    }

    fn flag(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed::Flag(other)),
        }
    }

    fn window(&mut self) -> Result<u32, Malformed> {
        let window = self.number()?;
        if window > MAX_WINDOW { Err(Malformed::Range) } else { Ok(window) }
    }

    fn port(&mut self) -> Result<u32, Malformed> {
        let port = self.number()?;
        if port > u32::from(u16::MAX) { Err(Malformed::Range) } else { Ok(port) }
    }

    fn bytes(&mut self, limit: usize) -> Result<Bytes, Malformed> {
        let length = self.number()? as usize;
        if length > limit {
            return Err(Malformed::FieldLength(length));
        }
        if length > self.0.len() {
            return Err(Malformed::Short);
        }
        Ok(self.0.split_to(length))
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let bytes = self.bytes(MAX_TEXT)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Malformed::Text)?;
        if text.contains('\0') { Err(Malformed::Text) } else { Ok(text.to_owned()) }
    }

    fn address(&mut self) -> Result<Address, Malformed> {
        Ok(Address { host: self.text()?, port: self.port()? })
    }

    fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::LeftOver(self.0.len())) }
    }
}
