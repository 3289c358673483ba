//! Bytes that went through masking, as a type: writers towards the client and the recording accept nothing else.

use bytes::Bytes;

/// Bytes that were inspected and masked, or that carry a stated reason why not. Only this crate makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Masked {
    bytes: Bytes,
    uninspected: Option<Uninspected>,
}

/// Why bytes were let through without inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uninspected {
    /// The connection looks for nothing.
    DetectorsOff,
    /// The content policy of the connection exempts this media type or column.
    Exempt,
    /// Protocol framing that this side made itself and that holds no data of the target.
    Framing,
    /// The subject may see the values clear.
    Revealed,
}

impl Masked {
    pub(crate) fn sealed(bytes: Bytes) -> Self {
        Self { bytes, uninspected: None }
    }

    /// Lets bytes through as they are, for a reason that shows in the code and in events.
    #[must_use]
    pub fn uninspected(bytes: Bytes, reason: Uninspected) -> Self {
        Self { bytes, uninspected: Some(reason) }
    }

    /// Why the bytes were not inspected; `None` if they were.
    #[must_use]
    pub fn reason(&self) -> Option<Uninspected> {
        self.uninspected
    }

    /// The bytes, for writing.
    #[must_use]
    pub fn into_inner(self) -> Bytes {
        self.bytes
    }
}

impl AsRef<[u8]> for Masked {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masked").field("len", &self.bytes.len()).field("uninspected", &self.uninspected).finish()
    }
}
