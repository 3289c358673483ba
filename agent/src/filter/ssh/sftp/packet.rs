//! Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02): cut out of the stream, and read as far as a decision needs.

use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};

/// Largest packet that OpenSSH sends or takes, with some room.
const LARGEST: usize = 300 * 1024;

/// The stream is not SFTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid SFTP packet")]
pub(super) struct Malformed;

/// Cuts a stream into packets.
#[derive(Default)]
pub(super) struct Packets {
    buffer: BytesMut,
}

impl Packets {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet, with its length.
    pub(super) fn next(&mut self) -> Result<Option<BytesMut>, Malformed> {
        let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*head) as usize;
        if length == 0 || length > LARGEST {
            return Err(Malformed);
        }
        if self.buffer.len() < length + 4 {
            return Ok(None);
        }
        Ok(Some(self.buffer.split_to(length + 4)))
    }
}

/// A cursor over a packet's fields.
pub(super) struct Fields(Bytes);

impl Fields {
    /// Behind the length, of a packet that is given away.
    pub(super) fn in_packet(packet: BytesMut) -> Self {
        let packet = packet.freeze();
        Self(packet.slice(4.min(packet.len())..))
    }

    /// What is left.
    pub(super) fn rest(self) -> Bytes {
        self.0
    }

    /// Behind the length.
    pub(super) fn of(packet: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(packet.get(4..).unwrap_or_default()))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.0.try_get_u8().map_err(|_| Malformed)
    }

    pub(super) fn number(&mut self) -> Result<u32, Malformed> {
        self.0.try_get_u32().map_err(|_| Malformed)
    }

    pub(super) fn place(&mut self) -> Result<u64, Malformed> {
        self.0.try_get_u64().map_err(|_| Malformed)
    }

    pub(super) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let length = self.number()? as usize;
        if length > self.0.len() {
            return Err(Malformed);
        }
        Ok(self.0.split_to(length))
    }

    /// A path or name, which must be text.
    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        let bytes = self.bytes()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// `SSH_FXP_STATUS` that says permission denied.
pub(super) fn denied(id: u32, text: &str, out: &mut Vec<u8>) {
    status(id, 3, text, out);
}

/// `SSH_FXP_STATUS`.
pub(super) fn status(id: u32, code: u32, text: &str, out: &mut Vec<u8>) {
    head(1 + 4 + 4 + 4 + text.len() + 4 + 2, 101, id, out);
    out.extend_from_slice(&code.to_be_bytes());
    string(text.as_bytes(), out);
    string(b"en", out);
}

/// `SSH_FXP_DATA`.
pub(super) fn data(id: u32, content: &[u8], out: &mut Vec<u8>) {
    head(1 + 4 + 4 + content.len(), 103, id, out);
    string(content, out);
}

/// `SSH_FXP_READ` of these places of a file.
pub(super) fn read(id: u32, handle: &[u8], range: &Range<u64>, out: &mut Vec<u8>) {
    head(1 + 4 + 4 + handle.len() + 8 + 4, 5, id, out);
    string(handle, out);
    out.extend_from_slice(&range.start.to_be_bytes());
    out.extend_from_slice(&u32::try_from(range.end - range.start).unwrap_or(0).to_be_bytes());
}

fn head(length: usize, tag: u8, id: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(0).to_be_bytes());
    out.push(tag);
    out.extend_from_slice(&id.to_be_bytes());
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(bytes);
}
