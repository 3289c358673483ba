//! Values that are cut into lines as they are, by `fold`, `grep -o .` or a loop: very short lines in a row, and words that go on on the
//! next line. Lines are joined and judged as one text; a hit that stands in more than one of them masks its part of each. Lists of
//! words and numbers stay as they are, unless they join to a value.

mod line;
mod read;

use crate::hit::Span;
use crate::scan::Plan;

use self::line::{Kind, Line};

/// How many bytes of lines are looked at together.
const WINDOW: usize = 3000;
/// How many of them are looked at again with what follows.
const OVERLAP: usize = 256;

/// Where the search stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoldCursor {
    /// Everything before is decided, and a line begins here unless `skips`.
    pub(crate) at: usize,
    /// The rest of this line begins no run.
    skips: bool,
    /// The run under way, of which the beginning is decided.
    run: Option<Run>,
}

/// Lines that are joined.
#[derive(Clone, Copy, Debug)]
struct Run {
    kind: Kind,
    /// How long its longest line is, or may be.
    width: usize,
}

/// How far lines were collected.
enum Collected {
    /// More input may change everything from the cursor on.
    Waits,
    /// The window is full; the run goes on.
    Full,
    /// The run ends here; whether the line that begins here is none of it and its end has not come.
    Ends(usize, bool),
}

/// Whether lines of a whole text may be joined.
pub(crate) fn may_hold(text: &[u8]) -> bool {
    line::next_open(text, 0, true) < text.len()
}

/// Goes on from the cursor; appends spans. Everything before the new place is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, cursor: &mut FoldCursor, spans: &mut Vec<Span>) {
    // Most cells and rows are one line, which is joined with none.
    let one = || memchr::memchr(b'\n', text.get(..text.len().saturating_sub(1)).unwrap_or_default()).is_none();
    if last && cursor.at == 0 && cursor.run.is_none() && !cursor.skips && one() {
        cursor.at = text.len();
        return;
    }
    loop {
        if cursor.skips {
            let Some(end) = line::end(text.get(cursor.at..).unwrap_or_default()) else {
                cursor.at = text.len();
                return;
            };
            (cursor.at, cursor.skips) = (cursor.at + end + 1, false);
        }
        if cursor.run.is_none() {
            cursor.at = line::next_open(text, cursor.at, last);
            if last && cursor.at == text.len() {
                return;
            }
        }
        let (mut run, mut lines) = (cursor.run, Vec::new());
        let continued = run.is_some();
        match collect(text, last, cursor.at, &mut run, &mut lines) {
            Collected::Waits => return,
            Collected::Full => {
                look(plan, text, run, &lines, continued, spans);
                cursor.at = slide(&lines);
                cursor.run = run;
            }
            Collected::Ends(at, cut) => {
                look(plan, text, run, &lines, continued, spans);
                let begins_none = at == cursor.at && !continued;
                (cursor.run, cursor.skips, cursor.at) = (None, cut || begins_none, at);
                if at >= text.len() {
                    return;
                }
            }
        }
    }
}

/// From where text must not be shown yet, if it is asked for before the run under way is over.
pub(crate) fn keep(plan: &Plan, text: &[u8], cursor: &FoldCursor) -> usize {
    if cursor.skips {
        return usize::MAX;
    }
    let (mut run, mut lines) = (cursor.run, Vec::new());
    let collected = collect(text, true, cursor.at, &mut run, &mut lines);
    match (collected, run) {
        (Collected::Ends(at, _), Some(run)) if at >= text.len() => {
            let content = text.get(cursor.at..).unwrap_or_default();
            let first = line::read(content.strip_suffix(b"\n").unwrap_or(content), cursor.at, None);
            // One line alone is collected by nobody.
            lines.extend(first.filter(|_| lines.is_empty()).map(|(_, line)| line));
            read::keep(plan, text, run.kind, &lines)
        }
        _ => usize::MAX,
    }
}

fn look(plan: &Plan, text: &[u8], run: Option<Run>, lines: &[Line], continued: bool, spans: &mut Vec<Span>) {
    if let Some(run) = run.filter(|_| !lines.is_empty()) {
        read::look(plan, text, run.kind, lines, continued, spans);
    }
}

/// Collects the lines of one run from `at` on.
fn collect(text: &[u8], last: bool, at: usize, run: &mut Option<Run>, lines: &mut Vec<Line>) -> Collected {
    let (mut next, mut first) = (at, None);
    loop {
        let rest = text.get(next..).unwrap_or_default();
        if rest.is_empty() {
            return if last { Collected::Ends(next, false) } else { Collected::Waits };
        }
        let end = line::end(rest);
        let content = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if end.is_none() && !last {
            return match line::may_be(content, run.map(|run| (run.kind, run.width))) {
                true => Collected::Waits,
                // Of a run it is none, but may open one.
                false => Collected::Ends(next, run.is_none()),
            };
        }
        let Some((kind, line)) = line::read(content, next, run.map(|run| (run.kind, run.width))) else {
            return Collected::Ends(next, false);
        };
        let (before, length) = (run.get_or_insert(Run { kind, width: 0 }), line.end - line.start);
        let is_short = kind == Kind::Word && length < before.width;
        before.width = before.width.max(length);
        next += content.len() + usize::from(end.is_some());
        let line = Line { next, ..line };
        // One line alone says nothing by itself, and costs nothing.
        if first.is_none() && lines.is_empty() {
            first = Some(line);
        } else {
            lines.extend(first.take());
            lines.push(line);
        }
        // What stands in quotes is a text of its own.
        let is_quoted = end.is_some_and(|end| rest.get(end) == Some(&b'"'));
        if is_short || is_quoted || end.is_none() {
            return Collected::Ends(next, false);
        }
        if next - at >= WINDOW && !lines.is_empty() {
            return Collected::Full;
        }
    }
}

/// Where the lines begin that are looked at again with what follows.
fn slide(lines: &[Line]) -> usize {
    let mut kept = 0;
    let again = lines.iter().skip(1).rev().take_while(|line| {
        kept += line.end - line.start + 1;
        kept <= OVERLAP
    });
    let again = again.last().or(lines.last());
    again.map_or(0, |line| line.begin)
}

#[cfg(test)]
mod tests;
