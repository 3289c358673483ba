//! What a value is written in, which decides how detectors read it and what a mask may look like.

/// The syntax a mask must keep valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Any text: masked characters become `*`, separators (space, dash, dot, `@`) and control characters stay.
    Text,
    /// JSON: inside strings as text, bare numbers become another number of the same length. Escapes are read before detection.
    Json,
    /// The whole value is a number in text form: digits become `0`.
    Number,
}
