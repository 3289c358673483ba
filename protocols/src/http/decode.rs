//! Reads the relay form, in whatever pieces it arrives, and checks everything in it: order of frames, lengths, counts,
//! names and values. Content is handed on as it arrives, without being collected.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{
    frame::{Abort, Fields, Frame, MAX_DATA, MAX_FIELDS, MAX_HEAD, RequestHead, ResponseHead, Version, tag},
    names::{is_method, is_token, is_value},
    target::check_target,
};

/// Reads one direction of a lane.
#[derive(Debug)]
pub struct Decoder {
    head_tag: u8,
    /// The piece that is being read.
    piece: Bytes,
    /// The beginning of a frame whose rest has not arrived.
    partial: BytesMut,
    /// What is left of a data frame.
    data_left: usize,
    /// Whether an exchange has begun and not ended.
    open: bool,
    broken: bool,
}

/// What is wrong with the bytes of a lane. The lane must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No frame has this tag.
    #[error("unknown frame")]
    UnknownFrame,
    /// A frame of this kind cannot come now.
    #[error("frame out of order")]
    OutOfOrder,
    /// A length or count above its limit.
    #[error("{0} too large")]
    TooLarge(&'static str),
    /// A part that is missing, too short, or not what it must be.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// More bytes in a frame than its parts need.
    #[error("leftover bytes in a frame")]
    Leftover,
}

impl Decoder {
    /// Reads what a gateway sends.
    #[must_use]
    pub fn requests() -> Self {
        Self::new(tag::REQUEST)
    }

    /// Reads what an agent sends.
    #[must_use]
    pub fn responses() -> Self {
        Self::new(tag::RESPONSE)
    }

    fn new(head_tag: u8) -> Self {
        Self { head_tag, piece: Bytes::new(), partial: BytesMut::new(), data_left: 0, open: false, broken: false }
    }

    /// Takes the next piece. Frames must be taken out before the next piece is put in, or they are copied.
    pub fn push(&mut self, piece: Bytes) {
        if self.piece.is_empty() && self.partial.is_empty() {
            self.piece = piece;
        } else {
            self.partial.extend_from_slice(&self.piece);
            self.partial.extend_from_slice(&piece);
            self.piece = self.partial.split().freeze();
        }
    }

    /// Whether nothing is begun: no exchange open, no bytes waiting.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.open && !self.broken && self.piece.is_empty() && self.partial.is_empty()
    }

    /// The next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// If the bytes are no frame that may come now; also on every later call.
    pub fn frame(&mut self) -> Result<Option<Frame>, RelayError> {
        if self.broken {
            return Err(RelayError::OutOfOrder);
        }
        let frame = self.read();
        self.broken = frame.is_err();
        frame
    }

    fn read(&mut self) -> Result<Option<Frame>, RelayError> {
        loop {
            if self.data_left > 0 {
                if self.piece.is_empty() {
                    return Ok(None);
                }
                let data = self.piece.split_to(self.data_left.min(self.piece.len()));
                self.data_left -= data.len();
                return Ok(Some(Frame::Data(data)));
            }
            let Some((tag, len)) = self.peek()? else { return Ok(self.wait()) };
            if tag == tag::DATA {
                self.piece.advance(5);
                self.data_left = len;
                continue;
            }
            if self.piece.len() < 5 + len {
                return Ok(self.wait());
            }
            self.piece.advance(5);
            let body = self.piece.split_to(len);
            self.open = tag == self.head_tag;
            return parse(tag, body).map(Some);
        }
    }

    /// Tag and length of the frame at the front, checked before anything waits for the rest.
    fn peek(&self) -> Result<Option<(u8, usize)>, RelayError> {
        let Some(&first) = self.piece.first() else { return Ok(None) };
        self.check_order(first)?;
        let Some(&[_, a, b, c, d]) = self.piece.first_chunk::<5>() else { return Ok(None) };
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        match first {
            tag::DATA if len == 0 => Err(RelayError::Malformed("data")),
            tag::DATA if len > MAX_DATA => Err(RelayError::TooLarge("data")),
            tag::DATA => Ok(Some((first, len))),
            _ if len > MAX_HEAD => Err(RelayError::TooLarge("head")),
            _ => Ok(Some((first, len))),
        }
    }

    fn check_order(&self, tag: u8) -> Result<(), RelayError> {
        match tag {
            tag::REQUEST | tag::RESPONSE if tag == self.head_tag && !self.open => Ok(()),
            tag::DATA | tag::END if self.open => Ok(()),
            // A refusal before there is a head, or a cancellation that crosses the other side's end.
            tag::ABORT => Ok(()),
            tag::REQUEST..=tag::END => Err(RelayError::OutOfOrder),
            _ => Err(RelayError::UnknownFrame),
        }
    }

    /// Keeps an unfinished frame, which is at most one head long.
    fn wait(&mut self) -> Option<Frame> {
        let rest = std::mem::take(&mut self.piece);
        self.partial.extend_from_slice(&rest);
        None
    }
}

fn parse(tag: u8, body: Bytes) -> Result<Frame, RelayError> {
    let mut parts = Parts(body);
    let frame = match tag {
        tag::REQUEST => Frame::Request(parts.request()?),
        tag::RESPONSE => Frame::Response(parts.response()?),
        tag::END => Frame::End(parts.fields()?),
        _ => Frame::Abort(parts.abort()?),
    };
    if parts.0.is_empty() { Ok(frame) } else { Err(RelayError::Leftover) }
}

struct Parts(Bytes);

impl Parts {
    fn request(&mut self) -> Result<RequestHead, RelayError> {
        let len = usize::from(self.u8("method")?);
        let method = self.take(len, "method")?;
        if !is_method(&method) {
            return Err(RelayError::Malformed("method"));
        }
        let version = Version::from_wire(self.u8("version")?).ok_or(RelayError::Malformed("version"))?;
        let upgrade = match self.u8("flags")? {
            0 => false,
            1 => true,
            _ => return Err(RelayError::Malformed("flags")),
        };
        let target = self.short("target")?;
        check_target(&target).map_err(|_| RelayError::Malformed("target"))?;
        Ok(RequestHead { method, target, version, upgrade, fields: self.fields()? })
    }

    fn response(&mut self) -> Result<ResponseHead, RelayError> {
        let status = self.u16("status")?;
        if status != 101 && !(200..=999).contains(&status) {
            return Err(RelayError::Malformed("status"));
        }
        Ok(ResponseHead { status, fields: self.fields()? })
    }

    fn abort(&mut self) -> Result<Abort, RelayError> {
        let mut text = |what| {
            let bytes = self.short(what)?;
            String::from_utf8(bytes.into()).map_err(|_| RelayError::Malformed(what))
        };
        Ok(Abort { code: text("code")?, message: text("message")? })
    }

    fn fields(&mut self) -> Result<Fields, RelayError> {
        let count = usize::from(self.u16("field count")?);
        if count > MAX_FIELDS {
            return Err(RelayError::TooLarge("field count"));
        }
        let mut fields = Fields::with_capacity(count);
        for _ in 0..count {
            let name = self.short("field name")?;
            if !is_token(&name) || name.iter().any(u8::is_ascii_uppercase) {
                return Err(RelayError::Malformed("field name"));
            }
            let value = self.short("field value")?;
            if !is_value(&value) {
                return Err(RelayError::Malformed("field value"));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }

    fn short(&mut self, what: &'static str) -> Result<Bytes, RelayError> {
        let len = usize::from(self.u16(what)?);
        self.take(len, what)
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, RelayError> {
        self.0.try_get_u8().map_err(|_| RelayError::Malformed(what))
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, RelayError> {
        self.0.try_get_u16().map_err(|_| RelayError::Malformed(what))
    }

    fn take(&mut self, len: usize, what: &'static str) -> Result<Bytes, RelayError> {
        if self.0.len() < len {
            return Err(RelayError::Malformed(what));
        }
        Ok(self.0.split_to(len))
    }
}
