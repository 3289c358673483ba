//! The cells of a terminal as far as they decide which letters stand beside each other: cursor, wrapping, scrolling,
//! erasing, inserting, two screens (ECMA-48, xterm). Colours and the like are not kept.

use unicode_width::UnicodeWidthChar as _;

use super::lexer::Part;

/// Largest terminal that is modelled.
const MOST_COLUMNS: usize = 1024;
const MOST_ROWS: usize = 512;

/// The second cell of a wide letter.
pub(super) const BEHIND: char = '\0';

/// A terminal's screens and cursor.
pub(super) struct Grid {
    columns: usize,
    rows: usize,
    row: usize,
    column: usize,
    /// The cursor stands in the last column and the next letter goes to the next row.
    wraps: bool,
    autowrap: bool,
    origin: bool,
    insert: bool,
    top: usize,
    bottom: usize,
    saved: (usize, usize),
    lines: Vec<Line>,
    /// The lines of the screen that is not shown.
    other: Vec<Line>,
    alternate: bool,
    /// Where the cursor was left by the latest letter.
    behind_letter: Option<(usize, usize, bool)>,
    letter: char,
    /// The cell that the latest letter took.
    printed: (usize, usize),
    /// Rows have moved so that letters stand beside others, or no longer do.
    shifted: bool,
}

/// One row.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub(super) cells: Vec<char>,
    /// Its letters did not come in one run from left to right.
    pub(super) mixed: bool,
}

/// What a part did to the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Nothing that shows.
    Nothing,
    /// A letter came right behind the one before.
    Joined,
    /// A letter came somewhere else.
    Apart,
    /// Cells of this row changed otherwise.
    Edited,
}

impl Grid {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let mut grid = Self {
            columns: 80,
            rows: 24,
            row: 0,
            column: 0,
            wraps: false,
            autowrap: true,
            origin: false,
            insert: false,
            top: 0,
            bottom: 23,
            saved: (0, 0),
            lines: Vec::new(),
            other: Vec::new(),
            alternate: false,
            behind_letter: None,
            letter: ' ',
            printed: (0, 0),
            shifted: false,
        };
        grid.resize(columns, rows);
        grid
    }

    /// The terminal has another size; 0 leaves a side as it is.
    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        if columns > 0 {
            self.columns = columns.min(MOST_COLUMNS);
        }
        if rows > 0 {
            self.rows = rows.min(MOST_ROWS);
        }
        for lines in [&mut self.lines, &mut self.other] {
            lines.resize(self.rows, Line::default());
            for line in lines {
                line.cells.truncate(self.columns);
                line.mixed = !line.cells.is_empty();
            }
        }
        (self.top, self.bottom, self.behind_letter, self.shifted) = (0, self.rows - 1, None, true);
        self.place(self.row, self.column);
    }

    /// The row of the cursor.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// The letters that a repetition (`CSI b`) stands for: the latest one, so many times.
    pub(super) fn repeated(&self, part: &Part) -> Option<(char, usize)> {
        match part {
            Part::Csi { marker: 0, numbers, last: 'b' } => {
                let count = usize::from(numbers.first().copied().unwrap_or(0)).max(1);
                Some((self.letter, count.min(self.columns * self.rows)))
            }
            _ => None,
        }
    }

    /// Whether rows have moved since this was last asked, so that any of them may read differently.
    pub(super) fn take_shifted(&mut self) -> bool {
        std::mem::take(&mut self.shifted)
    }

    /// Whether letters push aside what stands where they come.
    pub(super) fn inserts(&self) -> bool {
        self.insert
    }

    /// The cell that the latest letter took.
    pub(super) fn printed(&self) -> (usize, usize) {
        self.printed
    }

    /// What stands for the latest letter when it is masked; as wide as it.
    pub(super) fn printed_mask(&self) -> &'static [u8] {
        if self.letter.width() == Some(2) { b"**" } else { b"*" }
    }

    /// The row with this number.
    pub(super) fn line(&self, row: usize) -> Option<&Line> {
        self.lines.get(row)
    }

    pub(super) fn line_mut(&mut self, row: usize) -> Option<&mut Line> {
        self.lines.get_mut(row)
    }

    /// Whether the row reaches the last column, so that the next one may be its continuation.
    pub(super) fn is_full(&self, row: usize) -> bool {
        self.lines.get(row).is_some_and(|line| line.cells.len() == self.columns && line.cells.last() != Some(&' '))
    }

    /// Control sequences that put the cursor at a cell, as the terminal counts them now.
    pub(super) fn goto(&self, row: usize, column: usize, out: &mut Vec<u8>) {
        let row = if self.origin { row.saturating_sub(self.top) } else { row };
        out.extend_from_slice(format!("\x1b[{};{}H", row + 1, column + 1).as_bytes());
    }

    /// Control sequences that put the cursor back where it is.
    pub(super) fn come_back(&self, out: &mut Vec<u8>) {
        self.goto(self.row, self.column, out);
        if self.wraps {
            // Only printing in the last column brings the waiting wrap back.
            let cell = self.lines.get(self.row).and_then(|line| line.cells.get(self.column)).copied();
            let mut buffer = [0; 4];
            match cell {
                Some(BEHIND) => {
                    let wide = self.lines.get(self.row).and_then(|line| line.cells.get(self.column.wrapping_sub(1)));
                    self.goto(self.row, self.column.saturating_sub(1), out);
                    out.extend_from_slice(wide.copied().unwrap_or(' ').encode_utf8(&mut buffer).as_bytes());
                }
                cell => out.extend_from_slice(cell.unwrap_or(' ').encode_utf8(&mut buffer).as_bytes()),
            }
        }
    }

    /// Whether a letter now would stand right behind the latest one.
    fn joins(&self) -> bool {
        self.behind_letter == Some((self.row, self.column, self.wraps))
    }

    /// Takes one part.
    pub(super) fn apply(&mut self, part: &Part) -> Done {
        match part {
            Part::Letter(c) => self.print(*c),
            Part::Control(byte) => self.control(*byte),
            Part::Csi { marker, numbers, last } => self.csi(*marker, numbers, *last),
            Part::Esc { marker: 0, last } => self.esc(*last),
            Part::Esc { .. } | Part::Osc | Part::Text => Done::Nothing,
        }
    }

    fn print(&mut self, c: char) -> Done {
        let width = c.width().unwrap_or(0);
        if width == 0 {
            return Done::Nothing;
        }
        // Without wrapping, the last column is written over.
        let joined = self.joins() && (self.autowrap || !self.wraps);
        let wrapped = self.wraps && self.autowrap || self.column + width > self.columns;
        // A row behind a blank in the last column reads by itself, though its letters go on in the text.
        let alone = wrapped && !self.is_full(self.row);
        if wrapped {
            self.column = 0;
            self.feed();
        }
        self.wraps = false;
        let (row, column, insert) = (self.row, self.column, self.insert);
        let (crowded, was_full) = (self.is_crowded(row), self.is_full(row));
        if let Some(line) = self.lines.get_mut(row) {
            if line.cells.len() < column {
                line.cells.resize(column, ' ');
            }
            for offset in 0..width {
                let cell = if offset == 0 { c } else { BEHIND };
                if insert && line.cells.len() > column + offset {
                    line.cells.insert(column + offset, cell);
                } else if let Some(place) = line.cells.get_mut(column + offset) {
                    *place = cell;
                } else {
                    line.cells.push(cell);
                }
            }
            line.cells.truncate(self.columns);
            line.mixed |= !joined && crowded || insert || alone;
        }
        self.part(row, was_full);
        (self.letter, self.printed) = (c, (row, column));
        self.column += width;
        if self.column >= self.columns {
            (self.column, self.wraps) = (self.columns - 1, true);
        }
        self.behind_letter = Some((self.row, self.column, self.wraps));
        if joined { Done::Joined } else { Done::Apart }
    }

    /// Whether a run that begins in this row could stand beside letters that are there.
    fn is_crowded(&self, row: usize) -> bool {
        let blank = |row: usize| self.lines.get(row).is_none_or(|line| line.cells.iter().all(|cell| *cell == ' '));
        !blank(row) || row > 0 && self.is_full(row - 1) || !blank(row + 1)
    }

    fn control(&mut self, byte: u8) -> Done {
        match byte {
            b'\n' | 0x0b | 0x0c => {
                self.feed();
                self.behind_letter = None;
            }
            b'\r' => {
                self.place(self.row, 0);
                self.behind_letter = None;
            }
            0x08 => self.place(self.row, self.column.saturating_sub(1)),
            b'\t' => {
                let joined = self.joins();
                self.place(self.row, (self.column / 8 + 1) * 8);
                if joined {
                    self.behind_letter = Some((self.row, self.column, self.wraps));
                }
            }
            _ => {}
        }
        Done::Nothing
    }

    fn esc(&mut self, last: u8) -> Done {
        if matches!(last, b'D' | b'E' | b'M') {
            self.behind_letter = None;
        }
        match last {
            b'7' => self.saved = (self.row, self.column),
            b'8' => self.place(self.saved.0, self.saved.1),
            b'D' => self.feed(),
            b'E' => {
                self.column = 0;
                self.feed();
            }
            b'M' if self.row == self.top => {
                self.scroll_down(self.top, 1);
                return Done::Edited;
            }
            b'M' => self.place(self.row.saturating_sub(1), self.column),
            b'c' => *self = Self::new(self.columns, self.rows),
            _ => {}
        }
        Done::Nothing
    }

    fn csi(&mut self, marker: u8, numbers: &[u16], last: char) -> Done {
        let number = |index: usize| usize::from(numbers.get(index).copied().unwrap_or(0));
        let count = number(0).max(1);
        let (row, column) = (self.row, self.column);
        match (marker, last) {
            (0, 'A') => self.place(row.saturating_sub(count).max(if row >= self.top { self.top } else { 0 }), column),
            (0, 'B' | 'e') => {
                self.place((row + count).min(if row <= self.bottom { self.bottom } else { row + count }), column)
            }
            (0, 'C' | 'a') => self.place(row, column + count),
            (0, 'D') => self.place(row, column.saturating_sub(count)),
            (0, 'E') => self.place(row + count, 0),
            (0, 'F') => self.place(row.saturating_sub(count), 0),
            (0, 'G' | '`') => self.place(row, count - 1),
            (0, 'd') => self.place(self.row_of(count - 1), column),
            (0, 'H' | 'f') => self.place(self.row_of(count - 1), number(1).max(1) - 1),
            (0, 'I') => self.place(row, (column / 8 + count) * 8),
            (0, 'Z') => self.place(row, (column.div_ceil(8)).saturating_sub(count) * 8),
            (0, 'r') => self.region(number(0), number(1)),
            (0, 's') => self.saved = (row, column),
            (0, 'u') => self.place(self.saved.0, self.saved.1),
            (0, 'J' | 'K' | 'X' | 'P' | '@' | 'L' | 'M' | 'S' | 'T') => return self.edit(last, number(0)),
            (0, 'h' | 'l') if numbers.contains(&4) => self.insert = last == 'h',
            (b'?', 'h' | 'l') => numbers.iter().for_each(|mode| self.mode(*mode, last == 'h')),
            (b'!', 'p') => (self.origin, self.insert, self.autowrap) = (false, false, true),
            _ => {}
        }
        Done::Nothing
    }

    fn mode(&mut self, mode: u16, on: bool) {
        match mode {
            6 => {
                self.origin = on;
                self.place(if on { self.top } else { 0 }, 0);
            }
            7 => self.autowrap = on,
            47 | 1047 | 1049 if on != self.alternate => {
                if mode == 1049 && on {
                    self.saved = (self.row, self.column);
                }
                std::mem::swap(&mut self.lines, &mut self.other);
                (self.behind_letter, self.shifted) = (None, true);
                self.alternate = on;
                if on {
                    self.lines.iter_mut().for_each(|line| *line = Line::default());
                }
                if mode == 1049 && !on {
                    self.place(self.saved.0, self.saved.1);
                }
            }
            _ => {}
        }
    }

    fn edit(&mut self, last: char, number: usize) -> Done {
        let (row, column, count) = (self.row, self.column, number.max(1));
        let (top, bottom, columns) = (self.top, self.bottom, self.columns);
        // A cursor that waits to wrap stands on the latest letter, so that an edit there takes it away.
        if self.wraps || matches!(last, 'L' | 'M' | 'S' | 'T') || matches!(last, 'J' | 'K') && number != 0 {
            self.behind_letter = None;
        }
        self.shifted |= last == 'J';
        let was_full = self.is_full(row);
        match last {
            'J' => self.erase_display(number),
            'K' => self.erase_line(number),
            'L' if (top..=bottom).contains(&row) => self.scroll_down(row, count),
            'M' if (top..=bottom).contains(&row) => self.scroll_up(row, count),
            'S' => self.scroll_up(top, count),
            'T' => self.scroll_down(top, count),
            _ => {
                if let Some(line) = self.lines.get_mut(row) {
                    let end = line.cells.len();
                    match last {
                        'X' => line.cells.iter_mut().skip(column).take(count).for_each(|cell| *cell = ' '),
                        'P' if column < end => {
                            line.cells.drain(column..(column + count).min(end));
                        }
                        '@' if column < end => {
                            line.cells.splice(column..column, std::iter::repeat_n(' ', count.min(columns)));
                            line.cells.truncate(columns);
                        }
                        _ => {}
                    }
                }
            }
        }
        self.mark(row);
        self.part(row, was_full);
        Done::Edited
    }

    /// A row that no longer reaches the last column leaves the one below to be read by itself.
    fn part(&mut self, row: usize, was_full: bool) {
        self.shifted |= was_full && !self.is_full(row);
    }

    fn mark(&mut self, row: usize) {
        if let Some(line) = self.lines.get_mut(row).filter(|line| !line.cells.is_empty()) {
            line.mixed = true;
        }
    }

    fn erase_line(&mut self, how: usize) {
        let (row, column) = (self.row, self.column);
        let Some(line) = self.lines.get_mut(row) else { return };
        match how {
            0 => line.cells.truncate(column),
            1 => line.cells.iter_mut().take(column + 1).for_each(|cell| *cell = ' '),
            _ => *line = Line::default(),
        }
    }

    fn erase_display(&mut self, how: usize) {
        let row = self.row;
        match how {
            0 => {
                self.erase_line(0);
                self.lines.iter_mut().skip(row + 1).for_each(|line| *line = Line::default());
            }
            1 => {
                self.erase_line(1);
                self.lines.iter_mut().take(row).for_each(|line| *line = Line::default());
            }
            2 => self.lines.iter_mut().for_each(|line| *line = Line::default()),
            _ => {}
        }
    }

    fn region(&mut self, top: usize, bottom: usize) {
        let (top, bottom) = (top.max(1) - 1, if bottom == 0 { self.rows } else { bottom.min(self.rows) });
        if top + 1 < bottom {
            (self.top, self.bottom) = (top, bottom - 1);
            self.place(if self.origin { top } else { 0 }, 0);
        }
    }

    fn row_of(&self, row: usize) -> usize {
        if self.origin { (row + self.top).min(self.bottom) } else { row }
    }

    fn place(&mut self, row: usize, column: usize) {
        (self.row, self.column, self.wraps) = (row.min(self.rows - 1), column.min(self.columns - 1), false);
    }

    /// One row down; scrolls at the end of the region.
    fn feed(&mut self) {
        self.wraps = false;
        if self.row == self.bottom {
            self.scroll_up(self.top, 1);
        } else {
            self.row = (self.row + 1).min(self.rows - 1);
        }
    }

    fn scroll_up(&mut self, from: usize, count: usize) {
        self.shifted |= (from..from + count).any(|row| self.is_full(row))
            || self.is_full(self.bottom)
            || from > 0 && self.is_full(from - 1);
        for _ in 0..count.min(self.rows) {
            if from <= self.bottom && self.bottom < self.lines.len() {
                self.lines.remove(from);
                self.lines.insert(self.bottom, Line::default());
            }
        }
    }

    fn scroll_down(&mut self, from: usize, count: usize) {
        let last = self.bottom.saturating_sub(count);
        self.shifted |= (last..=self.bottom).any(|row| self.is_full(row)) || from > 0 && self.is_full(from - 1);
        for _ in 0..count.min(self.rows) {
            if from <= self.bottom && self.bottom < self.lines.len() {
                self.lines.remove(self.bottom);
                self.lines.insert(from, Line::default());
            }
        }
    }

    /// What stands on the screen, row by row, without blanks at the ends.
    #[cfg(test)]
    pub(super) fn shown(&self) -> Vec<String> {
        let text =
            |line: &Line| line.cells.iter().filter(|cell| **cell != BEHIND).collect::<String>().trim_end().to_owned();
        self.lines.iter().map(text).collect()
    }
}
