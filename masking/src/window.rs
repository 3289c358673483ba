//! The part of a text that a detector may look at: bounded context to the left, and to the right as far as input has come.
//! Looking past the end of unfinished input is an error value, so that no detector can decide too early.

/// How far a detector may look to the left of its trigger, in bytes.
pub(crate) const LEFT_CONTEXT: usize = 128;

/// The input ends before the question can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beyond;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether the text ends with `bytes`.
    pub(crate) last: bool,
    /// Where the last hit ended: what stands before is masked and joins nothing.
    pub(crate) floor: usize,
}

impl Window<'_> {
    /// The byte at `at`; `None` past the end of the text.
    pub(crate) fn peek(&self, at: usize) -> Result<Option<u8>, Beyond> {
        match self.bytes.get(at) {
            Some(byte) => Ok(Some(*byte)),
            None if self.last => Ok(None),
            None => Err(Beyond),
        }
    }

    /// Whether `word` stands at `at`.
    pub(crate) fn follows(&self, at: usize, word: &[u8]) -> Result<bool, Beyond> {
        for (offset, expected) in word.iter().enumerate() {
            if self.peek(at + offset)? != Some(*expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many bytes from `at` satisfy `class`, at most `most`.
    pub(crate) fn run(&self, at: usize, most: usize, class: fn(u8) -> bool) -> Result<usize, Beyond> {
        for length in 0..most {
            match self.peek(at + length)? {
                Some(byte) if class(byte) => {}
                _ => return Ok(length),
            }
        }
        Ok(most)
    }

    /// The byte `back` places before `at`.
    pub(crate) fn before(&self, at: usize, back: usize) -> Option<u8> {
        at.checked_sub(back).and_then(|index| self.bytes.get(index)).copied()
    }

    /// Whether the text up to `at` ends with `word`.
    pub(crate) fn ends_with(&self, at: usize, word: &[u8]) -> bool {
        self.slice(at.saturating_sub(word.len()), at) == word
    }

    /// The bytes from `start` to `end`, as far as they exist.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default()
    }
}
