//! Values in dumps: lines of hexadecimal, octal, decimal or binary bytes as `xxd`, `od` and `hexdump` print them, letters with gaps
//! between, and base64 that is cut into lines. Lines that follow each other are read together, a window at a time, so that a value
//! may be cut by them; a hit masks the lines it stands in. A string in quotes counts as a line of its own.

mod decode;
mod glance;
mod line;

use crate::hit::{Rule, Span};
use crate::packed;
use crate::scan::{Cursor, Plan};
use crate::surface::{Surface, is_odd};
use crate::syntax::Syntax;
use crate::wrapped;

use self::decode::Decoded;
use self::line::{Kinds, Line};

/// `od -t x1c` has two lines for the same bytes.
const ROWS: usize = 2;
/// How many decoded bytes are looked at together.
const WINDOW: usize = 512;
/// How many bytes of lines with nothing but an offset or a star are read together with others.
const LONGEST_EMPTY: usize = 4096;
/// How many of them are looked at again with what follows.
const OVERLAP: usize = 128;
/// A shorter text is looked at first for how many digits it has, in bytes.
const SHORT_TEXT: usize = 512;
/// The digits of the shortest value that a dump can hold: two for each byte.
const LEAST_DIGITS: usize = 14;

/// Whether a text has too few digits for a value in a dump, and no letters that could stand for others.
fn has_few(text: &[u8]) -> bool {
    text.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\\' | b'+' | b'/')).count()
        < LEAST_DIGITS
}

/// Where the search for dumps stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct DumpCursor {
    /// Everything before is decided, and a line begins here unless `skips`.
    pub(crate) at: usize,
    /// The rest of this line is no dump.
    skips: bool,
    /// The dump under way.
    block: Option<Block>,
}

/// A dump whose first lines are decided.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// As what its lines can be read: those with offsets, or all, and those below them.
    kinds: [Kinds; ROWS],
    /// Its lines begin with offsets.
    has_offsets: bool,
    /// How many characters its first line has.
    width: usize,
    /// How many characters stand before the cursor, modulo eight.
    phase: usize,
}

impl Block {
    fn kinds_of(&self, row: usize) -> Kinds {
        self.kinds.get(row).copied().unwrap_or(Kinds::NONE)
    }

    fn is_joined(&self) -> bool {
        self.kinds_of(0).is_joined()
    }
}

impl DumpCursor {
    pub(crate) fn forget(&mut self, count: usize) {
        self.at -= count;
    }
}

/// How far lines were collected.
enum Collected {
    /// More input may change everything from the cursor on.
    Waits,
    /// The window is full; the dump goes on.
    Full,
    /// The dump ends here; whether the line that begins here is none and its end has not come.
    Ends(usize, bool),
}

/// Whether a line of a whole text may open a dump.
pub(crate) fn may_hold(text: &[u8]) -> bool {
    glance::next_open(text, 0, true) < text.len()
}

/// Goes on from the cursor; appends spans in order. Everything before the new place is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, cursor: &mut DumpCursor, spans: &mut Vec<Span>) {
    if last && cursor.at == 0 && cursor.block.is_none() && !cursor.skips && text.len() < SHORT_TEXT && has_few(text) {
        cursor.at = text.len();
        return;
    }
    loop {
        if cursor.skips {
            let rest = text.get(cursor.at..).unwrap_or_default();
            let Some(end) = line::end(rest) else {
                cursor.at = text.len();
                return;
            };
            (cursor.at, cursor.skips) = (cursor.at + end + 1, false);
        }
        if cursor.block.is_none() {
            cursor.at = glance::next_open(text, cursor.at, last);
            if last && cursor.at == text.len() {
                return;
            }
        }
        let mut lines = Vec::new();
        let mut block = cursor.block;
        match collect(text, last, cursor.at, &mut block, &mut lines) {
            Collected::Waits => return,
            Collected::Full => {
                if let Some(block) = &block {
                    look(plan, text, cursor, block, &lines, spans);
                }
                slide(cursor, block, &lines);
            }
            Collected::Ends(at, cut) => {
                if let Some(block) = &block {
                    look(plan, text, cursor, block, &lines, spans);
                }
                let begins_none = at == cursor.at && cursor.block.is_none();
                (cursor.block, cursor.skips) = (None, cut || begins_none);
                cursor.at = at;
                if at >= text.len() {
                    return;
                }
            }
        }
    }
}

/// From where text must not be shown yet, if it is asked for before the dump under way is over: the line in which a value begins that
/// more of the dump may complete, and packed data.
pub(crate) fn keep(plan: &Plan, text: &[u8], cursor: &DumpCursor) -> usize {
    let (mut block, mut lines) = (cursor.block, Vec::new());
    if cursor.skips {
        return usize::MAX;
    }
    let goes_on =
        matches!(collect(text, true, cursor.at, &mut block, &mut lines), Collected::Ends(at, _) if at >= text.len());
    let Some(block) = block.filter(|_| goes_on) else { return usize::MAX };
    if waits_for_packed(text, &block, &lines) {
        return lines.first().map_or(usize::MAX, |line| line.begin);
    }
    let mut least = usize::MAX;
    for row in 0..ROWS {
        let lines: Vec<Line> = lines.iter().filter(|line| line.row == row).copied().collect();
        for kind in block.kinds_of(row).each() {
            if !Decoded::may_hold(kind, text, &lines, block.phase) {
                continue;
            }
            let decoded = Decoded::of(kind, text, &lines, block.phase, false);
            if decoded.is_likely() {
                let pending = begun(plan, &decoded.bytes).and_then(|at| lines.get(decoded.line_at(at)));
                least = least.min(pending.map_or(least, |line| line.begin));
            }
        }
    }
    least
}

/// Where in decoded bytes a value begins that more of them may complete.
fn begun(plan: &Plan, bytes: &[u8]) -> Option<usize> {
    let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
    while !plan.scan(bytes, false, &mut cursor, &mut spans) {}
    cursor.pending.map(|pending| pending.keep).filter(|keep| *keep < bytes.len())
}

/// Collects the lines of one dump from `at` on.
fn collect(text: &[u8], last: bool, at: usize, block: &mut Option<Block>, lines: &mut Vec<Line>) -> Collected {
    let mut next = at;
    let (mut decoded, mut first, is_fresh) = (0, None, block.is_none());
    loop {
        let rest = text.get(next..).unwrap_or_default();
        let end = line::end(rest);
        let length = end.unwrap_or(rest.len());
        let content = rest.get(..length).unwrap_or_default();
        if end.is_none() && !last {
            return match line::may_be(content, block.is_none()) {
                true => Collected::Waits,
                // Of this dump it is none, but may open one.
                false => Collected::Ends(next, block.is_none()),
            };
        }
        if rest.is_empty() {
            return Collected::Ends(next, false);
        }
        if block.is_some_and(|block| block.has_offsets && line::is_only_offset(content)) {
            next += length + usize::from(end.is_some());
            if end.is_none() || next - at >= LONGEST_EMPTY {
                return Collected::Ends(next, false);
            }
            continue;
        }
        // A text in quotes that is one piece is a token like others.
        let is_token = |line: &Line| block.is_none() && line.kinds.is_joined() && rest.get(length) == Some(&b'"');
        let Some(line) = read(content, next, block.as_ref()).filter(|line| !is_token(line)) else {
            return Collected::Ends(next, false);
        };
        let width = block.map_or(line.width, |block| block.width);
        if line.kinds.is_joined() && line.width > width {
            return Collected::Ends(next, false);
        }
        let begun = Block { kinds: [line.kinds, Kinds::ALL], has_offsets: line.start > line.begin, width, phase: 0 };
        let before = block.get_or_insert(begun);
        if let Some(kinds) = before.kinds.get_mut(line.row) {
            *kinds = line.kinds;
        }
        next += length + usize::from(end.is_some());
        decoded += line.decoded;
        let is_short = line.kinds.is_joined() && line.width < width;
        // One piece alone is a token like others, and costs nothing.
        let line = Line { next, ..line };
        if is_fresh && line.kinds.is_joined() && line.begin == at {
            first = Some(line);
        } else {
            lines.extend(first.take());
            lines.push(line);
        }
        if is_short || end.is_none() {
            return Collected::Ends(next, false);
        }
        if decoded >= WINDOW && !waits_for_packed(text, before, lines) {
            return Collected::Full;
        }
    }
}

/// Reads a line of a dump, of which `block` is what came before: one like those, or one below.
fn read(content: &[u8], begin: usize, block: Option<&Block>) -> Option<Line> {
    let Some(block) = block else { return line::read(content, begin, None) };
    let is_below = block.has_offsets && content.starts_with(line::BELOW);
    if !is_below {
        return line::read(content, begin, Some(block.kinds_of(0)));
    }
    let line = line::read(content, begin, Some(block.kinds_of(1))).filter(|line| !line.kinds.is_joined())?;
    Some(Line { row: 1, ..line })
}

/// Whether the lines are the beginning of packed data, of which more is held.
fn waits_for_packed(text: &[u8], block: &Block, lines: &[Line]) -> bool {
    let held = lines.iter().map(|line| line.width).sum::<usize>();
    let first = lines.first().and_then(|line| text.get(line.start..line.end)).unwrap_or_default();
    block.phase == 0 && held < packed::MOST_HELD && block.is_joined() && packed::begins(first)
}

/// Leaves in front of the cursor what is looked at again with what follows.
fn slide(cursor: &mut DumpCursor, block: Option<Block>, lines: &[Line]) {
    let mut kept = 0;
    let again = lines.iter().skip(1).rev().take_while(|line| {
        kept += line.decoded;
        kept <= OVERLAP
    });
    let count = lines.len() - again.count();
    let phase = lines.iter().take(count).map(|line| line.width).sum::<usize>();
    cursor.at = lines
        .get(count)
        .or(lines.last())
        .map_or(cursor.at, |line| if count < lines.len() { line.begin } else { line.next });
    cursor.block = block.map(|block| Block { phase: (block.phase + phase) % 8, ..block });
}

/// Looks for values in the lines, in every way they can be read; masks the lines of a hit.
fn look(plan: &Plan, text: &[u8], cursor: &mut DumpCursor, block: &Block, lines: &[Line], spans: &mut Vec<Span>) {
    let single = lines.len() < 2 && cursor.block.is_none();
    for row in 0..ROWS {
        let lines: Vec<Line> = lines.iter().filter(|line| line.row == row).copied().collect();
        if !lines.is_empty() {
            look_at(plan, text, block, row, &lines, single, spans);
        }
    }
}

/// The same for the lines of one row.
fn look_at(plan: &Plan, text: &[u8], block: &Block, row: usize, lines: &[Line], single: bool, spans: &mut Vec<Span>) {
    for kind in block.kinds_of(row).each().filter(|kind| !(single && kind.is_joined())) {
        for apart in [false, true] {
            if apart && (kind.is_joined() || lines.len() < 2) {
                continue;
            }
            if !Decoded::may_hold(kind, text, lines, block.phase) {
                continue;
            }
            let decoded = Decoded::of(kind, text, lines, block.phase, apart);
            for (start, end, rule) in inside(plan, &decoded, lines) {
                let (first, past) = (decoded.line_at(start), decoded.line_at(end.saturating_sub(1)) + 1);
                for line in lines.get(first..past).unwrap_or_default() {
                    let (start, end) = decoded.place(start, end, line).unwrap_or((line.start, line.end));
                    spans.push(Span { rule, start, end, continues: false, extra: true, whole: false });
                }
            }
        }
    }
}

/// What is found in decoded bytes: from where to where, and by what.
fn inside(plan: &Plan, decoded: &Decoded, lines: &[Line]) -> Vec<(usize, usize, Rule)> {
    let bytes = &decoded.bytes;
    if let Some(opened) = packed::open(bytes) {
        let held = lines.iter().map(|line| line.width).sum::<usize>();
        let unread = || (held >= packed::MOST_HELD).then_some(packed::UNREAD);
        let found = wrapped::find(plan, &opened, wrapped::DEEPEST - 1).or_else(unread);
        return found.map(|rule| (0, bytes.len(), rule)).into_iter().collect();
    }
    if !decoded.is_likely() {
        return Vec::new();
    }
    if is_odd(bytes, Syntax::Text) {
        let (mut seen, mut surface) = (Vec::new(), Surface::new(Syntax::Text));
        surface.take(bytes, &mut seen);
        surface.settle(&mut seen);
        let found = wrapped::find(plan, &seen, wrapped::DEEPEST - 1);
        return found.map(|rule| (0, bytes.len(), rule)).into_iter().collect();
    }
    let (mut scan, mut spans) = (Cursor::default(), Vec::new());
    while !plan.scan(bytes, true, &mut scan, &mut spans) {}
    let mut found: Vec<_> = spans.iter().map(|span| (span.start, span.end, span.rule)).collect();
    found.extend(wrapped::nested(plan, bytes, wrapped::DEEPEST - 1));
    found
}

#[cfg(test)]
mod tests;
