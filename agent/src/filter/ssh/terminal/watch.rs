//! The screen as the client has it: values that came together cell by cell, through moves of the cursor and corrections,
//! are found there and painted over before anything else is sent.

use masking::{Hit, Masker, Tally, Transform};

use super::{
    grid::{BEHIND, Done, Grid},
    lexer::{Lexer, Part},
};

/// Rows that are read together, before and behind the one that changed.
const NEIGHBOURS: usize = 8;

/// How often a line is read again after something in it was painted over.
const MOST_PASSES: usize = 8;

/// Follows what the client is shown.
pub(super) struct Watch {
    lexer: Lexer,
    pub(super) grid: Grid,
    masker: Masker,
    text: String,
    /// The cell of each byte of the text.
    cells: Vec<(usize, usize)>,
    hits: Vec<Hit>,
}

impl Watch {
    pub(super) fn new(masker: &Masker, columns: usize, rows: usize) -> Self {
        Self {
            lexer: Lexer::default(),
            grid: Grid::new(columns, rows),
            masker: masker.clone(),
            text: String::new(),
            cells: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// Appends bytes on their way to the client, and what paints over values that come together through them. The letter
    /// that completes a value is not sent at all.
    pub(super) fn show(&mut self, bytes: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        let mut lexer = std::mem::take(&mut self.lexer);
        let mut paint = Vec::new();
        lexer.feed(bytes, |part, raw| {
            let done = self.grid.apply(&part);
            let mut completes = false;
            if self.grid.take_shifted() {
                self.look_everywhere(&mut paint, tally);
            } else if done != Done::Nothing && self.is_mixed() {
                completes = self.look(self.grid.row(), &mut paint, tally).0;
            }
            match part {
                Part::Letter(_) if completes => out.extend_from_slice(self.grid.printed_mask()),
                _ => out.extend_from_slice(raw),
            }
            out.append(&mut paint);
        });
        self.lexer = lexer;
    }

    /// Whether the row of the cursor, or one that it continues, was not written in one run.
    fn is_mixed(&self) -> bool {
        let row = self.grid.row();
        let mixed = |row: usize| self.grid.line(row).is_some_and(|line| line.mixed);
        mixed(row)
            || row > 0 && self.grid.is_full(row - 1) && mixed(row - 1)
            || self.grid.is_full(row) && mixed(row + 1)
    }

    /// Looks at every logical line, after rows have moved.
    fn look_everywhere(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        let mut row = 0;
        while self.grid.line(row).is_some() {
            row = self.look(row, out, tally).1 + 1;
        }
    }

    /// Paints over what is found in the logical line of a row; tells whether the latest letter was part of it, and the last
    /// row of the line.
    fn look(&mut self, row: usize, out: &mut Vec<u8>, tally: &mut Tally) -> (bool, usize) {
        let mut completes = false;
        let mut last = row;
        // What is painted over can leave something beside it that is a value by itself.
        for _ in 0..MOST_PASSES {
            last = self.gather(row);
            self.hits.clear();
            self.masker.scan(self.text.as_bytes(), &mut self.hits);
            if self.hits.is_empty() {
                break;
            }
            // Stars are to replace what is there, not to push it aside.
            let inserts = self.grid.inserts();
            out.extend_from_slice(if inserts { b"\x1b[4l" } else { b"" });
            completes |= self.cover(out, tally);
            self.grid.come_back(out);
            out.extend_from_slice(if inserts { b"\x1b[4h" } else { b"" });
        }
        (completes, last)
    }

    /// Paints over the hits; tells whether the latest letter was part of one.
    fn cover(&mut self, out: &mut Vec<u8>, tally: &mut Tally) -> bool {
        let mut completes = false;
        let hits = std::mem::take(&mut self.hits);
        for hit in &hits {
            tally.add(hit.label, hit.detector, Transform::Full);
            let mut places = self.cells.get(hit.range.clone()).unwrap_or_default().to_vec();
            places.dedup();
            for place in places {
                completes |= place == self.grid.printed();
                self.paint(place, out);
            }
        }
        self.hits = hits;
        completes
    }

    /// Reads the logical line of a row; gives its last row.
    fn gather(&mut self, row: usize) -> usize {
        let (mut first, mut last) = (row, row);
        while first > 0 && row - first < NEIGHBOURS && self.grid.is_full(first - 1) {
            first -= 1;
        }
        while last - row < NEIGHBOURS && self.grid.is_full(last) {
            last += 1;
        }
        self.text.clear();
        self.cells.clear();
        for row in first..=last {
            for (column, cell) in self.grid.line(row).iter().flat_map(|line| line.cells.iter().enumerate()) {
                if *cell != BEHIND {
                    self.text.push(*cell);
                    self.cells.extend(std::iter::repeat_n((row, column), cell.len_utf8()));
                }
            }
        }
        last
    }

    fn paint(&mut self, (row, column): (usize, usize), out: &mut Vec<u8>) {
        let Some(line) = self.grid.line_mut(row) else { return };
        let wide = line.cells.get(column + 1) == Some(&BEHIND);
        for place in line.cells.iter_mut().skip(column).take(if wide { 2 } else { 1 }) {
            *place = '*';
        }
        self.grid.goto(row, column, out);
        out.extend_from_slice(if wide { b"**" } else { b"*" });
    }
}
