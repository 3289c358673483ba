//! Changes to a stream whose length they change: rare, so they are listed beside the bytes that otherwise pass as they lie.

use bytes::{Bytes, BytesMut};

/// Bytes that pass differently, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where they begin.
    pub at: usize,
    /// Where they end.
    pub end: usize,
    /// What passes instead.
    pub with: Bytes,
}

/// Edits in order, without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// Whether everything passes as it lies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces `at..end`.
    pub(super) fn replace(&mut self, at: usize, end: usize, with: Bytes) {
        if let Some(last) = self.0.last_mut().filter(|last| last.end == at && last.with.is_empty() && with.is_empty()) {
            last.end = end;
            return;
        }
        self.0.push(Edit { at, end, with });
    }

    /// The bytes that pass.
    #[must_use]
    pub fn apply(&self, bytes: &[u8]) -> BytesMut {
        let mut out = BytesMut::with_capacity(bytes.len());
        let mut at = 0;
        for edit in &self.0 {
            out.extend_from_slice(bytes.get(at..edit.at).unwrap_or_default());
            out.extend_from_slice(&edit.with);
            at = edit.end;
        }
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
        out
    }
}
