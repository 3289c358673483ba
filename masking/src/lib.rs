//! To be written by the masking work; the interface below is what drivers use.

use std::str::FromStr;

/// A class of sensitive data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label { /// Payment card numbers.
    Card, /// US social security numbers.
    Ssn, /// E-mail addresses.
    Email, /// Credentials.
    Secret }

impl FromStr for Label {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text { "card" => Ok(Self::Card), "ssn" => Ok(Self::Ssn), "email" => Ok(Self::Email), "secret" => Ok(Self::Secret), _ => Err("unknown label".into()) }
    }
}

/// The syntax a mask must keep valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax { /// Any text: masked characters become `*`.
    Text, /// JSON: inside strings as text, bare numbers become another number of the same length.
    Json, /// The whole value is a number in text form: digits become `0`.
    Number }

/// What was masked, by label and detector, since it was last drained.
#[derive(Clone, Debug, Default)]
pub struct Tally { /// Label, detector, count.
    pub entries: Vec<(Label, &'static str, u64)> }

/// The compiled detectors of a connection.
#[derive(Debug)]
pub struct Masker(Vec<Label>);

impl Masker {
    /// Compiles the detectors of these labels.
    #[must_use]
    pub fn new(labels: &[Label]) -> Self { Self(labels.to_vec()) }
    /// Whether nothing is masked.
    #[must_use]
    pub fn is_off(&self) -> bool { self.0.is_empty() }
    /// Masks a whole value in place; its length never changes. Returns whether anything was masked.
    pub fn mask(&self, _value: &mut [u8], _syntax: Syntax, _tally: &mut Tally) -> bool { false }
    /// A masker for a stream that arrives in pieces.
    #[must_use]
    pub fn stream(&self, _syntax: Syntax) -> StreamMasker { StreamMasker {} }
}

/// Masks a stream: any way of splitting it gives the same output. Holds back only what could still become a hit.
#[derive(Debug)]
pub struct StreamMasker {}

impl StreamMasker {
    /// Takes the next piece; appends to `out` what is decided.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>, _tally: &mut Tally) { out.extend_from_slice(piece); }
    /// The stream is over: appends the rest.
    pub fn finish(&mut self, _out: &mut Vec<u8>, _tally: &mut Tally) {}
    /// How many bytes are held back now.
    #[must_use]
    pub fn held(&self) -> usize { 0 }
}
