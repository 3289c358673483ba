//! The hash chain of one session's records. Each record names its place (`seq`, from 1, without gaps) and the link of the record
//! before it. Who holds the head (the last record's place and link) can tell every edit, loss, repetition and reordering.

use sha2::{Digest as _, Sha256};

const LABEL: &[u8] = b"sallyport/event-chain/v1\0";

/// The hash of a record's bytes.
pub type Link = [u8; 32];

/// What the record after `record` carries as `prev`.
#[must_use]
pub fn link(record: &[u8]) -> Link {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update((record.len() as u64).to_be_bytes());
    hash.update(record);
    hash.finalize().into()
}

/// A record's bytes and what they say about its place. Whoever knows the encoding fills this in.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its place, from 1.
    pub seq: u64,
    /// The link of the record before it; anything but 32 bytes is a break.
    pub prev: &'a [u8],
    /// The bytes as stored.
    pub bytes: &'a [u8],
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last record's place; 0 before the first.
    pub seq: u64,
    /// The last record's link; zeros before the first.
    pub link: Link,
}

impl Head {
    /// Before the first record.
    pub const START: Self = Self { seq: 0, link: [0; 32] };

    /// The head after `record`, if it continues this one.
    ///
    /// # Errors
    /// The break as far as one record shows it: [`Break::Missing`], [`Break::Duplicated`] or [`Break::Edited`].
    pub fn extend(self, record: &Record<'_>) -> Result<Self, Break> {
        let next = self.seq.saturating_add(1);
        if record.seq > next {
            return Err(Break::Missing { from: next, to: record.seq - 1 });
        }
        if record.seq < next {
            return Err(Break::Duplicated { seq: record.seq });
        }
        if record.prev != self.link {
            return Err(Break::Edited { seq: if next == 1 { 1 } else { self.seq } });
        }
        Ok(Self { seq: next, link: link(record.bytes) })
    }
}

impl Default for Head {
    fn default() -> Self {
        Self::START
    }
}

/// Where and how a chain is damaged. The first damage found is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// The record is not the one its successor was written after (or that successor's `prev` was changed).
    #[error("record {seq} or the link to it was edited")]
    Edited {
        /// Its place.
        seq: u64,
    },
    /// A record stands before one that belongs in front of it.
    #[error("record {seq} is out of order")]
    Reordered {
        /// The place that was found too early.
        seq: u64,
    },
    /// Records in the middle are gone.
    #[error("records {from} to {to} are missing")]
    Missing {
        /// The first that is gone.
        from: u64,
        /// The last that is gone.
        to: u64,
    },
    /// A place is taken twice.
    #[error("record {seq} is there twice")]
    Duplicated {
        /// The place.
        seq: u64,
    },
    /// Records at the end are gone.
    #[error("the chain ends at {found}, but went on to {expected}")]
    Truncated {
        /// The last place there is.
        found: u64,
        /// The last place there was.
        expected: u64,
    },
    /// There are more records than the head knows of.
    #[error("the chain goes on to {found}, but ended at {expected}")]
    Extended {
        /// The last place there is.
        found: u64,
        /// The last place there was.
        expected: u64,
    },
}

/// Checks a whole chain from its first record, against `expected` if the head is known. Without it, an edit of the last record and
/// the loss of the last records cannot be seen.
///
/// # Errors
/// The first damage.
pub fn verify(records: &[Record<'_>], expected: Option<Head>) -> Result<Head, Break> {
    let mut head = Head::START;
    for (index, record) in records.iter().enumerate() {
        head = head.extend(record).map_err(|found| explain(found, records.get(index..).unwrap_or_default()))?;
    }
    let Some(expected) = expected else { return Ok(head) };
    match head.seq.cmp(&expected.seq) {
        std::cmp::Ordering::Less => Err(Break::Truncated { found: head.seq, expected: expected.seq }),
        std::cmp::Ordering::Greater => Err(Break::Extended { found: head.seq, expected: expected.seq }),
        std::cmp::Ordering::Equal if head.link != expected.link => Err(Break::Edited { seq: head.seq }),
        std::cmp::Ordering::Equal => Ok(head),
    }
}

/// A gap whose record stands further back is no loss but another order.
fn explain(found: Break, rest: &[Record<'_>]) -> Break {
    match found {
        Break::Missing { from, .. } if rest.iter().any(|record| record.seq == from) => {
            Break::Reordered { seq: rest.first().map_or(from, |record| record.seq) }
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
