//! The part of a text that a detector may look at: bounded context to the left, and to the right as far as input has come.
//! Looking past the end of unfinished input is an error value, so that no detector can decide too early.

/// How far a detector may look to the left of its trigger, in bytes.
pub(crate) const LEFT_CONTEXT: usize = 128;

/// How far to the left noise shows, in bytes. Less than detectors may look, as a hit may begin before its trigger.
const NOISE_CONTEXT: usize = LEFT_CONTEXT - 32;
/// Less than this says nothing, in bytes.
const LEAST_NOISE: usize = 24;

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

    /// Whether what stands before `at` is no text in any script or encoding: packed, encrypted or a picture. In a few megabytes
    /// of that, addresses and passwords turn up by chance, and masking them would break a file.
    pub(crate) fn is_noise_before(&self, at: usize) -> bool {
        let left = self.slice(at.saturating_sub(NOISE_CONTEXT), at);
        if left.len() < LEAST_NOISE {
            return false;
        }
        // Nearly all text lacks one or the other, which is seen at once.
        if left.is_ascii() || !left.iter().any(|byte| is_control(*byte)) {
            return false;
        }
        let (mut invalid, mut controls) = (0, 0);
        for chunk in left.utf8_chunks() {
            invalid += chunk.invalid().len();
            controls += chunk.valid().bytes().filter(|byte| is_control(*byte)).count();
        }
        // Text in an older encoding has no such controls, what a terminal gets has few bytes that are no UTF-8.
        controls > 0 && invalid * 6 >= left.len()
    }

    /// The bytes from `start` to `end`, as far as they exist.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default()
    }
}

/// Controls that text and terminals have no use for.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=0x06 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}
