//! One pass through an open file, from some place in it onwards: what the target sends is put in order and masked, and kept until the
//! client has read it.

use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use masking::Tally;

use super::super::content::{Content, Kind, Unmaskable};

/// The target is asked for so much more than the client wants: what could still become part of a value is held.
const LOOK: u64 = 4 * 1024;
/// The target is asked for so much at least.
const LEAST: u64 = 32 * 1024;
/// The longest piece that the client gets and the target is asked for: OpenSSH takes no more.
pub(super) const MOST: u64 = 255 * 1024;
/// Reads that come out of order leave gaps up to this long, which are read on the way.
const GAP: u64 = 1 << 20;
/// An idle pass keeps no more room than this.
const IDLE: usize = 64 * 1024;

/// A pass through a file.
pub(super) struct Tape {
    pub(super) serial: u64,
    /// The client's reads that are answered from it, in the order of their places.
    pub(super) reads: Vec<u32>,
    /// How many of them wait for the target.
    pub(super) asked: usize,
    /// What the target answers about it, if that is an error: the packet behind its number.
    pub(super) failed: Option<Bytes>,
    content: Content,
    /// Whether it goes through all of the file.
    whole: bool,
    /// Where the next byte stands that is looked at.
    at: u64,
    /// Everything before was asked for.
    planned: u64,
    /// What came too early, by its place.
    pieces: BTreeMap<u64, Bytes>,
    /// What the client may see, and the place of its first byte.
    shown: Vec<u8>,
    start: u64,
    /// Bytes at the beginning that are not needed any more.
    spent: usize,
    /// Where the file ends.
    end: Option<u64>,
    over: bool,
    /// What the client had already.
    served: u64,
}

impl Tape {
    /// A pass that begins at `start`; the client reads from `from`.
    pub(super) fn new(serial: u64, content: Content, start: u64, from: u64) -> Self {
        Self {
            serial,
            reads: Vec::new(),
            asked: 0,
            failed: None,
            content,
            whole: start == 0,
            at: start,
            planned: start,
            pieces: BTreeMap::new(),
            shown: Vec::new(),
            start,
            spent: 0,
            end: None,
            over: false,
            served: from,
        }
    }

    /// Whether a read from there can be answered from it.
    pub(super) fn takes(&self, from: u64) -> bool {
        let first = self.served.max(self.start + self.spent as u64);
        if self.failed.is_some() || from < first {
            return false;
        }
        let gap = if self.whole && self.content.kind() == Some(Kind::Packed) { u64::MAX } else { GAP };
        if self.over { from <= self.at } else { from <= self.planned.saturating_add(gap) }
    }

    /// Whether the file ends there, which the client is told once.
    pub(super) fn ends_at(&self, from: u64) -> bool {
        self.over && from >= self.at
    }

    /// What kind of file it is, once that is known.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.content.kind()
    }

    /// Whether more must be asked for, so that everything before `to` shows.
    pub(super) fn wants(&self, to: u64) -> bool {
        !self.over && self.failed.is_none() && self.planned < to.saturating_add(LOOK)
    }

    /// What is asked for next.
    pub(super) fn next(&mut self, to: u64) -> Range<u64> {
        let from = self.planned;
        let end = to.saturating_add(LOOK).max(from.saturating_add(LEAST)).min(from.saturating_add(MOST));
        self.planned = end;
        from..end
    }

    /// Whether nothing more can come of itself.
    pub(super) fn rests(&self) -> bool {
        self.asked == 0 && !self.over && self.failed.is_none()
    }

    /// What the target has there.
    pub(super) fn put(&mut self, at: u64, piece: Bytes) {
        self.pieces.insert(at, piece);
    }

    /// Where the target says that the file ends.
    pub(super) fn ended(&mut self, at: u64) {
        self.end = Some(self.end.map_or(at, |end| end.min(at)));
    }

    /// Looks at what came, in order.
    ///
    /// # Errors
    /// [`Unmaskable`] if the file must not pass.
    pub(super) fn feed(&mut self, tally: &mut Tally) -> Result<(), Unmaskable> {
        while let Some(piece) = self.pieces.remove(&self.at).filter(|_| !self.over) {
            #[cfg(test)]
            crate::filter::fault::look(&piece);
            self.at += piece.len() as u64;
            self.content.push(&piece, &mut self.shown, tally)?;
        }
        if !self.over && self.end.is_some_and(|end| end <= self.at) {
            self.over = true;
            self.content.finish(&mut self.shown, tally)?;
        }
        Ok(())
    }

    /// What the client gets for these places; `None` if that is not known yet. Nothing, if the file ends before them.
    pub(super) fn show(&mut self, from: u64, to: u64) -> Option<&[u8]> {
        let end = self.start + self.shown.len() as u64;
        if !self.over && end < to {
            return None;
        }
        let place = |offset: u64| usize::try_from(offset.clamp(self.start, end) - self.start).ok();
        self.served = self.served.max(to.min(end));
        self.shown.get(place(from)?..place(to)?)
    }

    /// Drops what no read needs. `least` is the first place that one waits for.
    pub(super) fn trim(&mut self, least: Option<u64>) {
        let keep = least.map_or(self.served, |least| least.min(self.served.max(least.saturating_sub(GAP))));
        let count = usize::try_from(keep.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.shown.len());
        self.spent = self.spent.max(count);
        if self.spent * 2 < self.shown.len() {
            return;
        }
        self.shown.drain(..self.spent);
        self.start += self.spent as u64;
        self.spent = 0;
        if self.shown.len() < IDLE && self.shown.capacity() > IDLE && least.is_none() {
            self.shown.shrink_to(IDLE);
        }
    }

    /// How many bytes wait for those before them.
    pub(super) fn early(&self) -> usize {
        self.pieces.values().map(Bytes::len).sum()
    }
}
