//! How a spool file looks: a header that says whose records follow and from which head they go on, then frames. Every part
//! carries the first bytes of its hash, so that a torn end is told from a record.
//!
//! ```text
//!  "SPOOLv1\n" | session 16 | seq before 8 | link before 32 | check 8
//!  length 4    | check 8    | record ...                               (repeated; numbers little-endian)
//! ```

use bytes::Bytes;
use ledger::chain::{self, Head};
use proto::SessionId;

/// Bytes of the header.
pub(super) const HEADER: usize = 72;
/// Bytes in front of each record.
pub(super) const PREFIX: usize = 12;
/// A longer record is no record of ours.
pub(super) const MAX_RECORD: usize = 3 << 20;

const MAGIC: &[u8; 8] = b"SPOOLv1\n";

/// The header of a file whose first record goes on from `base`.
pub(super) fn header(session: SessionId, base: Head) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    let (head, check) = bytes.split_at_mut(HEADER - 8);
    for (place, byte) in head
        .iter_mut()
        .zip(MAGIC.iter().chain(session.uuid().as_bytes()).chain(&base.seq.to_le_bytes()).chain(&base.link))
    {
        *place = *byte;
    }
    check.copy_from_slice(&short(&chain::link(head)));
    bytes
}

/// Whose file it is and which head it goes on from; `None` if these bytes are no whole header.
pub(super) fn parse_header(bytes: &[u8]) -> Option<(SessionId, Head)> {
    let (head, check) = bytes.get(..HEADER)?.split_at_checked(HEADER - 8)?;
    if short(&chain::link(head)) != check || !head.starts_with(MAGIC) {
        return None;
    }
    let session = uuid::Uuid::from_slice(head.get(8..24)?).ok()?;
    let seq = u64::from_le_bytes(head.get(24..32)?.try_into().ok()?);
    let link = head.get(32..64)?.try_into().ok()?;
    Some((session.into(), Head { seq, link }))
}

/// Appends a frame: `write` appends the record. Returns the record's link.
pub(super) fn append(buffer: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> chain::Link {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; PREFIX]);
    write(buffer);
    let link = chain::link(buffer.get(start + PREFIX..).unwrap_or_default());
    let length = u32::try_from(buffer.len() - start - PREFIX).unwrap_or(u32::MAX);
    if let Some((len, check)) = buffer.get_mut(start..start + PREFIX).and_then(|prefix| prefix.split_at_mut_checked(4))
    {
        len.copy_from_slice(&length.to_le_bytes());
        check.copy_from_slice(&short(&link));
    }
    link
}

/// How long the record of the frame at the start of `bytes` says it is; `None` if there is no whole, sane prefix.
pub(super) fn record_length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    (length <= MAX_RECORD && bytes.len() >= PREFIX).then_some(length)
}

/// Takes the whole frames at the start of `bytes` apart, without checking them: they were checked or written by this
/// process. Returns the records and how many bytes their frames take.
pub(super) fn split(bytes: &Bytes) -> (Vec<Bytes>, usize) {
    let mut records = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at..).and_then(record_length) {
        let end = at + PREFIX + length;
        if end > bytes.len() {
            break;
        }
        records.push(bytes.slice(at + PREFIX..end));
        at = end;
    }
    (records, at)
}

/// Whether `check` (from a frame's prefix) fits the record's link.
pub(super) fn fits(prefix: &[u8], link: &chain::Link) -> bool {
    prefix.get(4..PREFIX) == Some(short(link).as_slice())
}

fn short(link: &chain::Link) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *link;
    [a, b, c, d, e, f, g, h]
}
