//! Faults on purpose, for tests: a value that makes whoever looks at it panic.
#![allow(clippy::panic)]

/// What sets it off.
pub(crate) const TRIGGER: &[u8] = b"4111111111111111-makes-a-detector-panic";

/// Panics if the bytes hold the trigger.
pub(crate) fn look(bytes: &[u8]) {
    assert!(!bytes.windows(TRIGGER.len()).any(|part| part == TRIGGER), "a detector panics on purpose");
}
