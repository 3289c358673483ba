//! What is counted per request, and how much of its data is kept.

use std::time::Instant;

use proto::event::{Stream, Truncated};
use sha2::{Digest as _, Sha256};

/// The counters of one request that is not completed.
pub(super) struct Progress {
    /// When it began.
    pub(super) started: Instant,
    /// Whether a `Request` was recorded for it.
    pub(super) begun: bool,
    /// Bytes from the target, kept or not.
    pub(super) bytes_out: u64,
    /// Bytes from the client, kept or not.
    pub(super) bytes_in: u64,
    kept: u64,
    omitted: Vec<Omitted>,
}

/// What is left out of one stream.
struct Omitted {
    stream: Stream,
    bytes: u64,
    hash: Sha256,
}

impl Progress {
    pub(super) fn new(begun: bool) -> Self {
        Self { started: Instant::now(), begun, bytes_out: 0, bytes_in: 0, kept: 0, omitted: Vec::new() }
    }

    /// Counts bytes and splits off what may be kept when the request may keep `limit` in all and the session `left` more.
    pub(super) fn keep<'a>(&mut self, stream: Stream, bytes: &'a [u8], limit: u64, left: u64) -> &'a [u8] {
        let count = bytes.len() as u64;
        match stream {
            Stream::In => self.bytes_in += count,
            _ => self.bytes_out += count,
        }
        let room = limit.saturating_sub(self.kept).min(left);
        let (kept, rest) = bytes.split_at_checked(usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or((bytes, &[]));
        self.kept += kept.len() as u64;
        if !rest.is_empty() {
            self.omit(stream, rest);
        }
        kept
    }

    /// One event per stream of which something was left out; they are told once.
    pub(super) fn truncations(&mut self) -> Vec<Truncated> {
        self.omitted.drain(..).map(Omitted::told).collect()
    }

    fn omit(&mut self, stream: Stream, bytes: &[u8]) {
        let known = self.omitted.iter().position(|omitted| omitted.stream == stream).unwrap_or_else(|| {
            self.omitted.push(Omitted { stream, bytes: 0, hash: Sha256::new() });
            self.omitted.len() - 1
        });
        let Some(omitted) = self.omitted.get_mut(known) else { return };
        omitted.bytes += bytes.len() as u64;
        omitted.hash.update(bytes);
    }
}

impl Omitted {
    fn told(self) -> Truncated {
        Truncated {
            stream: self.stream.into(),
            omitted_bytes: self.bytes,
            omitted_sha256: self.hash.finalize().to_vec().into(),
        }
    }
}
