//! The output of a program on a terminal, masked by what shows and not by how it was sent.
//!
//! ```text
//!  bytes -> lexer -> letters -> weave (masker) -> letters and controls as before -> watch -> client
//!              \---> controls ----^                                                cells: found there, painted over
//! ```
//!
//! Letters that stand beside each other on the screen are one text for the masker, whatever stands between them in the
//! stream: colours, NULs, moves that lead nowhere, the wrap at the last column. What comes together in another order
//! (corrections, moves) is found in the cells. Both see letter by letter, so any split of the stream gives the same screen.
//! The clipboard (OSC 52), inline files and device control strings are dropped; titles and links are looked through.

mod bytes;
mod grid;
mod lexer;
mod watch;
mod weave;

use masking::{Masker, Syntax, Tally};

pub(super) use self::bytes::Bytes;
use self::{
    grid::{Done, Grid},
    lexer::{Lexer, Part},
    watch::Watch,
    weave::Weave,
};

/// One terminal's output on its way.
pub(super) struct Terminal {
    lexer: Lexer,
    /// Where letters come to stand before they are masked.
    grid: Grid,
    weave: Weave,
    watch: Watch,
    masker: Masker,
    woven: Vec<u8>,
    /// The latest byte of the text keeps it apart from what follows.
    apart: bool,
}

impl Terminal {
    pub(super) fn new(masker: &Masker, columns: u32, rows: u32) -> Self {
        let (columns, rows) = (columns as usize, rows as usize);
        Self {
            lexer: Lexer::default(),
            grid: Grid::new(columns, rows),
            weave: Weave::new(masker.stream(Syntax::Text)),
            watch: Watch::new(masker, columns, rows),
            masker: masker.clone(),
            woven: Vec::new(),
            apart: true,
        }
    }

    /// The client's terminal has another size.
    pub(super) fn resize(&mut self, columns: u32, rows: u32) {
        for grid in [&mut self.grid, &mut self.watch.grid] {
            grid.resize(columns as usize, rows as usize);
        }
    }

    /// Takes a piece and appends what is decided.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        let (grid, weave, masker, apart) = (&mut self.grid, &mut self.weave, &self.masker, &mut self.apart);
        self.lexer.feed(piece, |part, raw| match part {
            Part::Letter(_) => letter(grid, weave, apart, &part, raw),
            // Repeated letters are text like others, so they are written out.
            _ if let Some((repeated, count)) = grid.repeated(&part) => {
                let mut buffer = [0; 4];
                let raw = repeated.encode_utf8(&mut buffer).as_bytes();
                (0..count).for_each(|_| letter(grid, weave, apart, &Part::Letter(repeated), raw));
            }
            Part::Control(b'\t') => {
                grid.apply(&part);
                weave.text(raw);
            }
            Part::Control(byte @ (b'\r' | b'\n')) => {
                grid.apply(&part);
                weave.control(raw);
                weave.apart(byte);
                *apart = true;
            }
            Part::Osc if !may_pass(raw, masker, tally) => {}
            Part::Text => {}
            part => {
                grid.apply(&part);
                weave.control(raw);
            }
        });
        self.weave.push(&mut self.woven, tally);
        self.show(out, tally);
    }

    /// Appends what may be shown although it could yet become part of a hit.
    pub(super) fn release(&mut self, typed: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        self.weave.release(typed, &mut self.woven);
        self.show(out, tally);
    }

    /// The stream is over.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        self.weave.finish(&mut self.woven, tally);
        self.show(out, tally);
    }

    /// How many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.weave.held()
    }

    fn show(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        self.watch.show(&self.woven, out, tally);
        self.woven.clear();
    }
}

/// Takes a letter: into the text if it takes a cell, apart from the text before if it does not stand beside it.
fn letter(grid: &mut Grid, weave: &mut Weave, apart: &mut bool, part: &Part, raw: &[u8]) {
    match grid.apply(part) {
        // Joiners, marks, DEL.
        Done::Nothing => weave.control(raw),
        done => {
            if !std::mem::take(apart) && done == Done::Apart {
                weave.apart(b'\n');
            }
            weave.text(raw);
        }
    }
}

/// Whether an operating system command is passed on: a title, colours, a link; nothing with a value in it.
fn may_pass(raw: &[u8], masker: &Masker, tally: &mut Tally) -> bool {
    let text = raw.get(2..).unwrap_or_default();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text.get(..digits).unwrap_or_default();
    if !matches!(
        number,
        b"0" | b"1"
            | b"2"
            | b"4"
            | b"7"
            | b"8"
            | b"9"
            | b"10"
            | b"11"
            | b"12"
            | b"104"
            | b"110"
            | b"111"
            | b"112"
            | b"133"
    ) {
        return false;
    }
    let mut copy = text.to_vec();
    !masker.mask(&mut copy, Syntax::Text, tally)
}

#[cfg(test)]
mod tests;
