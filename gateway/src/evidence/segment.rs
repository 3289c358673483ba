//! One stored object: some records of one session in order. Its name tells the day, the session and the records.
//!
//! ```text
//!  "SPSEGv1\n" | length 4 (little-endian) | record ... (repeated)
//! ```

use bytes::{Buf as _, Bytes};
use object_store::path::Path;
use proto::SessionId;
use time::OffsetDateTime;

const MAGIC: &[u8] = b"SPSEGv1\n";

/// Where a session's objects are. `None` if the id carries no time, which none of ours lacks.
pub(super) fn folder(session: SessionId) -> Option<Path> {
    let (seconds, _) = session.uuid().get_timestamp()?.to_unix();
    let day = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?.date();
    let (year, month, day) = day.to_calendar_date();
    Some(Path::from(format!("recordings/{year:04}/{:02}/{day:02}/{session}", u8::from(month))))
}

/// The object that holds the records from `first` to `last`.
pub(super) fn path(session: SessionId, first: u64, last: u64) -> Option<Path> {
    Some(folder(session)?.join(format!("{first:012}-{last:012}.seg")))
}

/// The first and last record of an object; `None` if it is none of ours.
pub(super) fn range(path: &Path) -> Option<(u64, u64)> {
    let (first, last) = path.filename()?.strip_suffix(".seg")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The object's content.
pub(super) fn encode(records: &[Bytes]) -> Vec<u8> {
    let length = records.iter().map(|record| record.len() + 4).sum::<usize>();
    let mut bytes = Vec::with_capacity(MAGIC.len() + length);
    bytes.extend_from_slice(MAGIC);
    for record in records {
        frame(record, &mut bytes);
    }
    bytes
}

/// Appends one record and its length.
pub(super) fn frame(record: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(record);
}

/// The records of an object; `None` if it is damaged.
pub(super) fn decode(mut bytes: Bytes) -> Option<Vec<Bytes>> {
    if !bytes.starts_with(MAGIC) {
        return None;
    }
    bytes.advance(MAGIC.len());
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.try_get_u32_le().ok()? as usize;
        if length > bytes.len() {
            return None;
        }
        records.push(bytes.split_to(length));
    }
    Some(records)
}
