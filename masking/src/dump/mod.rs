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

/// How many decoded bytes are looked at together.
const WINDOW: usize = 512;
/// How many of them are looked at again with what follows.
const OVERLAP: usize = 128;

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
    /// As what its lines can be read.
    kinds: Kinds,
    /// How many characters its first line has.
    width: usize,
    /// How many characters stand before the cursor, modulo eight.
    phase: usize,
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

/// Decides what has come, as if the dump under way ended here; what follows on the line is none of it.
pub(crate) fn settle(plan: &Plan, text: &[u8], cursor: &mut DumpCursor, spans: &mut Vec<Span>) {
    scan(plan, text, true, cursor, spans);
    cursor.skips = text.last().is_some_and(|byte| !line::ends(*byte));
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
                false => Collected::Ends(next, true),
            };
        }
        if rest.is_empty() {
            return Collected::Ends(next, false);
        }
        // A text in quotes that is one piece is a token like others.
        let is_token = |line: &Line| block.is_none() && line.kinds.is_joined() && rest.get(length) == Some(&b'"');
        let Some(line) = line::read(content, next, block.map(|block| block.kinds)).filter(|line| !is_token(line))
        else {
            return Collected::Ends(next, false);
        };
        let width = block.map_or(line.width, |block| block.width);
        if line.kinds.is_joined() && line.width > width {
            return Collected::Ends(next, false);
        }
        let before = block.get_or_insert(Block { kinds: line.kinds, width, phase: 0 });
        before.kinds = line.kinds;
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

/// Whether the lines are the beginning of packed data, of which more is held.
fn waits_for_packed(text: &[u8], block: &Block, lines: &[Line]) -> bool {
    let held = lines.iter().map(|line| line.width).sum::<usize>();
    let first = lines.first().and_then(|line| text.get(line.start..line.end)).unwrap_or_default();
    block.phase == 0 && held < packed::MOST_HELD && block.kinds.is_joined() && packed::begins(first)
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
    for kind in block.kinds.each().filter(|kind| !(single && kind.is_joined())) {
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
