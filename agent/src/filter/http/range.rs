//! Byte ranges over masked content. A target that answered a range could hand out a value in two halves, neither of which
//! looks like one; so the target is asked for all of it, and the range is cut out after masking (RFC 9110 section 14).

use bytes::Bytes;

/// One range that a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From the first offset to the second, both included.
    FromTo(u64, u64),
    /// From here to the end.
    From(u64),
    /// So many bytes at the end.
    Last(u64),
}

/// Cuts a range out of content that passes in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Offset of the first byte that is kept.
    pub first: u64,
    /// Offset of the last byte that is kept.
    pub last: u64,
    /// Length of the whole content.
    pub whole: u64,
    at: u64,
}

impl Range {
    /// Reads a `Range` field. Several ranges, other units and nonsense give `None`: the client then gets the whole, as
    /// every server may answer.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (first, last) = std::str::from_utf8(value).ok()?.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        match (first, last) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::FromTo(first, last))
            }
        }
    }

    /// The cut that gives this range of content that is `whole` bytes long; `None` if no byte is in the range.
    #[must_use]
    pub fn of(self, whole: u64) -> Option<Cut> {
        let end = whole.checked_sub(1)?;
        let (first, last) = match self {
            Self::FromTo(first, last) => (first, last.min(end)),
            Self::From(first) => (first, end),
            Self::Last(0) => return None,
            Self::Last(count) => (whole.saturating_sub(count), end),
        };
        (first <= last).then_some(Cut { first, last, whole, at: 0 })
    }
}

impl Cut {
    /// How many bytes are kept.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Never: a cut keeps at least one byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The kept part of the next piece.
    pub fn take(&mut self, piece: Bytes) -> Bytes {
        let start = self.at;
        self.at += piece.len() as u64;
        let clamp = |offset: u64| usize::try_from(offset.clamp(start, self.at) - start).unwrap_or(piece.len());
        piece.slice(clamp(self.first)..clamp(self.last + 1))
    }

    /// Whether nothing more is kept.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at > self.last
    }
}
