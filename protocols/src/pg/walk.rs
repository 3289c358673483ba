//! Walks the body of a frame that is larger than a buffer, piece by piece, and tells which bytes are values. Keeps nothing
//! of what it has passed.

use super::Malformed;

/// How the body is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A DataRow: a count, then length words and values.
    Row,
    /// One value from end to end.
    One,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// That many bytes of structure.
    Raw(usize),
    /// That many bytes of a value; `last` when it ends with them.
    Value {
        /// Which column.
        column: usize,
        /// How many bytes.
        bytes: usize,
        /// Whether the value ends here.
        last: bool,
    },
}

/// A body on its way.
#[derive(Debug)]
pub struct Walk {
    layout: Layout,
    /// Bytes of the body still to come.
    left: usize,
    /// Bytes of the count or the length word so far.
    word: [u8; 4],
    have: usize,
    /// The row's count; unknown at first.
    columns: Option<usize>,
    column: usize,
    /// Bytes of the current value still to come.
    value: usize,
}

impl Walk {
    /// A body of `length` bytes.
    #[must_use]
    pub fn new(layout: Layout, length: usize) -> Self {
        let value = if layout == Layout::One { length } else { 0 };
        Self { layout, left: length, word: [0; 4], have: 0, columns: None, column: 0, value }
    }

    /// Bytes of the body still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// What stands at the front of `input`, which must not be empty nor reach over the body's end. The bytes named are
    /// passed.
    ///
    /// # Errors
    /// If a length does not fit into the body, or something is left over.
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        const BROKEN: Malformed = Malformed("data row");
        let available = input.len().min(self.left);
        if self.value > 0 {
            let bytes = self.value.min(available);
            self.value -= bytes;
            self.left -= bytes;
            let step = Step::Value { column: self.column, bytes, last: self.value == 0 };
            self.column += usize::from(self.value == 0);
            return Ok(step);
        }
        if self.layout == Layout::One || self.columns.is_some_and(|columns| self.column >= columns) {
            return Err(BROKEN);
        }
        let wanted = if self.columns.is_some() { 4 } else { 2 };
        let bytes = available.min(wanted - self.have);
        for byte in input.iter().take(bytes) {
            if let Some(place) = self.word.get_mut(self.have) {
                *place = *byte;
            }
            self.have += 1;
        }
        self.left -= bytes;
        if self.have == wanted {
            self.have = 0;
            self.word_is_whole(BROKEN)?;
        }
        Ok(Step::Raw(bytes))
    }

    fn word_is_whole(&mut self, broken: Malformed) -> Result<(), Malformed> {
        let [a, b, _, _] = self.word;
        let Some(columns) = self.columns else {
            self.columns = Some(usize::from(u16::from_be_bytes([a, b])));
            return Ok(());
        };
        match i32::from_be_bytes(self.word) {
            -1 | 0 => self.column += 1,
            length => {
                self.value = usize::try_from(length).map_err(|_| broken)?;
                if self.value > self.left {
                    return Err(broken);
                }
            }
        }
        if self.left == 0 && self.column < columns { Err(broken) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn row(values: &[Option<Vec<u8>>]) -> Vec<u8> {
        let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
        for value in values {
            match value {
                None => body.extend_from_slice(&[0xff; 4]),
                Some(value) => {
                    body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
                    body.extend_from_slice(value);
                }
            }
        }
        body
    }

    fn walk(body: &[u8], cuts: &[usize]) -> Result<Vec<Vec<u8>>, Malformed> {
        let mut walk = Walk::new(Layout::Row, body.len());
        let mut values: Vec<Vec<u8>> = Vec::new();
        let (mut at, mut open, mut turn) = (0, false, 0);
        while walk.left() > 0 {
            let end = (at + cuts[turn % cuts.len()]).min(body.len());
            turn += 1;
            while at < end {
                match walk.step(&body[at..end])? {
                    Step::Raw(bytes) => at += bytes,
                    Step::Value { bytes, last, .. } => {
                        if !open {
                            values.push(Vec::new());
                        }
                        values.last_mut().unwrap().extend_from_slice(&body[at..at + bytes]);
                        open = !last;
                        at += bytes;
                    }
                }
            }
        }
        Ok(values)
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_values(
            values in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..30)), 0..6),
            cuts in prop::collection::vec(1_usize..12, 1..20),
        ) {
            let wanted: Vec<_> = values.iter().flatten().filter(|value| !value.is_empty()).cloned().collect();
            prop_assert_eq!(walk(&row(&values), &cuts), Ok(wanted));
        }

        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 1..60)) {
            let _any = walk(&body, &[3]);
        }
    }

    #[test]
    fn a_value_that_reaches_over_the_end_is_malformed() {
        assert!(walk(&[0, 1, 0, 0, 0, 9, 1], &[100]).is_err());
        assert!(walk(&[0, 0, 1], &[100]).is_err(), "left over");
        assert!(walk(&[0, 2, 0, 0, 0, 1, 7, 0, 0, 0, 0], &[100]).is_ok());
        assert!(walk(&[0, 2, 0xff, 0xff, 0xff, 0xff], &[100]).is_err(), "a column is missing");
    }
}
