//! A frame larger than a buffer, masked while it passes. The masker holds back what it has not decided; those bytes stay in
//! the caller's buffer, so nothing is copied aside and memory stays flat.

use std::sync::Arc;

use masking::{Masker, StreamMasker, Syntax, Tally};
use protocols::pg::{
    Malformed,
    walk::{Layout, Step, Walk},
};

use super::{
    bytea::Bytea,
    columns::{Plan, Rule},
};

/// One large frame on its way.
pub(super) struct Stream {
    walk: Walk,
    plan: Option<Arc<Plan>>,
    masker: Option<StreamMasker>,
    /// Bytes at the front of a value that are none of its text.
    raw: usize,
    /// How the value's bytes are written, if they are.
    bytea: Option<Bytea>,
    /// Bytes at the front of the buffer that the masker has taken and not given back.
    ahead: usize,
    inside: bool,
    scratch: Vec<u8>,
}

impl Stream {
    /// A frame body of `length` bytes; its header has passed.
    pub(super) fn new(layout: Layout, length: usize, plan: Option<Arc<Plan>>) -> Self {
        let walk = Walk::new(layout, length);
        Self { walk, plan, masker: None, raw: 0, bytea: None, ahead: 0, inside: false, scratch: Vec::new() }
    }

    /// The same, where `raw` bytes precede the value.
    pub(super) fn behind(raw: usize, length: usize) -> Self {
        Self { raw, ..Self::new(Layout::One, length, None) }
    }

    /// Whether the whole body has passed.
    pub(super) fn is_over(&self) -> bool {
        self.walk.left() == 0 && self.ahead == 0
    }

    /// Masks what `buffer` holds of the body. Gives how many bytes at its front are decided; the rest must be shown again,
    /// with more behind it.
    ///
    /// # Errors
    /// If a length does not fit, or a mask would change one.
    pub(super) fn pass(
        &mut self,
        masker: &Masker,
        buffer: &mut [u8],
        tallies: &mut Vec<Tally>,
    ) -> Result<usize, Malformed> {
        let (mut taken, mut done) = (self.ahead, 0);
        while let Some(rest) = buffer.get(taken..).filter(|rest| !rest.is_empty() && self.walk.left() > 0) {
            match self.walk.step(rest)? {
                Step::Raw(bytes) => {
                    taken += bytes;
                    done = taken;
                }
                Step::Value { column, bytes, last } => {
                    self.enter(masker, column);
                    let end = taken + bytes;
                    let raw = self.raw.min(bytes);
                    self.raw -= raw;
                    taken += raw;
                    match &mut self.masker {
                        None => (taken, done) = (end, end),
                        Some(stream) => {
                            done += raw;
                            if tallies.len() <= column {
                                tallies.resize_with(column + 1, Tally::default);
                            }
                            let Some(tally) = tallies.get_mut(column) else { return Err(Malformed("data row")) };
                            self.scratch.clear();
                            let piece = buffer.get(taken..end).unwrap_or_default();
                            match &mut self.bytea {
                                None => stream.push(piece, &mut self.scratch, tally),
                                Some(bytea) => stream.push(&bytea.read(piece, last)?, &mut self.scratch, tally),
                            }
                            if last {
                                stream.finish(&mut self.scratch, tally);
                            }
                            if let Some(bytea) = &mut self.bytea {
                                self.scratch = bytea.write(&self.scratch);
                            }
                            taken = end;
                            done = put(buffer, done, taken, &self.scratch)?;
                        }
                    }
                    self.inside = !last;
                    if last && done != taken {
                        return Err(Malformed("masked value length"));
                    }
                }
            }
        }
        self.ahead = taken - done;
        Ok(done)
    }

    fn enter(&mut self, masker: &Masker, column: usize) {
        if std::mem::replace(&mut self.inside, true) {
            return;
        }
        let rule = match &self.plan {
            Some(plan) => plan.rule(column),
            None => Rule::Text,
        };
        self.bytea = None;
        let syntax = match rule {
            _ if masker.is_off() => None,
            Rule::Skip => None,
            Rule::Json => Some(Syntax::Json),
            Rule::Jsonb => {
                self.raw = 1;
                Some(Syntax::Json)
            }
            Rule::Bytea => {
                self.bytea = Some(Bytea::default());
                Some(Syntax::Text)
            }
            Rule::Number => Some(Syntax::Number),
            // Rows with these do not pass in pieces.
            Rule::Byteas
            | Rule::Text
            | Rule::Int8
            | Rule::Numbers
            | Rule::Numeric
            | Rule::Float
            | Rule::Floats
            | Rule::Float8
            | Rule::Money
            | Rule::Moneys
            | Rule::Cents
            | Rule::Array
            | Rule::Record => Some(Syntax::Text),
        };
        self.masker = syntax.map(|syntax| masker.stream(syntax));
    }
}

/// Puts what the masker gave back in front of what it still holds; never over bytes it has not taken.
fn put(buffer: &mut [u8], at: usize, taken: usize, masked: &[u8]) -> Result<usize, Malformed> {
    let end = at + masked.len();
    let place = buffer.get_mut(at..end).filter(|_| end <= taken).ok_or(Malformed("masked value length"))?;
    place.copy_from_slice(masked);
    Ok(end)
}
