//! What lines say that are joined: one behind the other, with an end where a line is shorter than others, with gaps where letters and
//! digits meet, and as the numbers of bytes.

use super::line::{Kind, Line, counter, listed};
use crate::detect::card;
use crate::hit::{Rule, Span};
use crate::label::Label;
use crate::likeness::reads_as_text;
use crate::scan::{Cursor, Plan};
use crate::wrapped;

/// Cards without anything between them, in digits: the shortest, and all lengths that are read.
const CARDS: [usize; 3] = [14, 15, 16];
/// The fewest digits of several cards.
const LEAST_CARDS: usize = 28;
/// The fewest characters of base64 that are decoded before all of them are there.
const LEAST_TOKEN: usize = 8;
/// Fewer characters hold no value.
const SHORTEST: usize = 6;

/// Joined text, and where its bytes stand.
#[derive(Default)]
struct Joined {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Joined {
    fn push(&mut self, byte: u8, place: usize) {
        self.bytes.push(byte);
        self.places.push(place);
    }

    /// One line behind the other; `parted` has an end behind those that are shorter than the longest, which end what was cut.
    fn of(text: &[u8], lines: &[Line], parted: bool) -> Self {
        let mut this = Self::default();
        let width = lines.iter().map(|line| line.end - line.start).max().unwrap_or_default();
        for line in lines {
            let content = text.get(line.start..line.end).unwrap_or_default();
            // Room around what is written stands on each line alike, and says nothing unless lines are cut at one length.
            let skipped = if parted { 0 } else { content.len() - content.trim_ascii_start().len() };
            for (index, byte) in content.iter().enumerate().skip(skipped) {
                if parted || !byte.is_ascii_whitespace() {
                    this.push(*byte, line.start + index);
                }
            }
            if parted && content.len() < width {
                this.push(b'\n', line.end);
            }
        }
        this
    }

    /// The same with gaps around social security numbers, and where letters and digits meet.
    fn spaced(&self) -> Self {
        let mut this = Self::default();
        let mut before = 0_u8;
        for (index, (byte, place)) in self.bytes.iter().zip(&self.places).enumerate() {
            let rest = self.bytes.get(index..).unwrap_or_default();
            let meets = before.is_ascii_alphabetic() && byte.is_ascii_digit()
                || before.is_ascii_digit() && byte.is_ascii_alphabetic();
            let behind = index.checked_sub(SSN).and_then(|start| self.bytes.get(start..)).is_some_and(is_ssn);
            if meets || is_ssn(rest) || behind && byte.is_ascii_digit() {
                this.push(b'\n', *place);
            }
            this.push(*byte, *place);
            before = *byte;
        }
        this
    }

    /// The same without what all lines are dressed with: counters, marks of a list, quotes, and what stands at the end of each.
    fn undressed(text: &[u8], lines: &[Line]) -> Option<Self> {
        let bare = undress(text, lines)?;
        let mut this = Self::default();
        for (start, end) in bare {
            for (index, byte) in text.get(start..end)?.iter().enumerate() {
                this.push(*byte, start + index);
            }
        }
        Some(this)
    }

    /// What base64 says.
    fn decoded(&self) -> Option<Self> {
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        let length = self.bytes.iter().take_while(|byte| is_token(byte)).count();
        let token = self.bytes.get(..length).filter(|token| token.len() >= LEAST_TOKEN)?;
        if !self.bytes.get(length..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'=')) {
            return None;
        }
        let bytes: Vec<u8> = wrapped::octets(token).collect();
        if !reads_as_text(bytes.iter().copied()) {
            return None;
        }
        let places = (0..bytes.len()).filter_map(|at| self.places.get(at / 3 * 4 + at % 3).copied()).collect();
        Some(Self { bytes, places })
    }

    /// What the numbers on the lines stand for, if each of them is a byte in hexadecimal, octal or decimal.
    fn numbers(text: &[u8], lines: &[Line], radix: u32) -> Option<Self> {
        let mut this = Self::default();
        for line in lines {
            let content = text.get(line.start..line.end)?;
            let mut at = line.start;
            for piece in content.split(|byte| matches!(byte, b' ' | b'\t' | b',')) {
                if !piece.is_empty() {
                    this.push(number(piece, radix)?, at);
                }
                at += piece.len() + 1;
            }
        }
        Some(this)
    }
}

/// What stands on the lines between what all are dressed with; `None` if that is nothing.
fn undress(text: &[u8], lines: &[Line]) -> Option<Vec<(usize, usize)>> {
    let room = |line: &Line| -> Option<(usize, usize)> {
        let content = text.get(line.start..line.end)?;
        let start = line.start + content.len() - content.trim_ascii_start().len();
        Some((start, start + content.trim_ascii().len()))
    };
    let mut bare = lines.iter().map(room).collect::<Option<Vec<_>>>()?;
    bare.retain(|(start, end)| start < end);
    let before: usize = bare.iter().map(|(start, end)| end - start).sum();
    let of = |(start, end): &(usize, usize)| text.get(*start..*end).unwrap_or_default();
    let counters: Option<Vec<(usize, usize)>> = bare.iter().map(|line| counter(of(line))).collect();
    let listed_at: Option<Vec<usize>> = bare.iter().map(|line| listed(of(line))).collect();
    let counted = counters.filter(|all| all.iter().zip(all.iter().skip(1)).all(|(one, next)| next.0 == one.0 + 1));
    if let Some(skips) = counted.map(|all| all.into_iter().map(|one| one.1).collect()).or(listed_at) {
        for (line, skip) in bare.iter_mut().zip(skips) {
            line.0 = (line.0 + skip).min(line.1);
        }
    }
    let mark = bare.first().and_then(|line| of(line).last().copied()).filter(|mark| b"$,;\\=|".contains(mark));
    let (last, body) = bare.split_last()?;
    if let Some(mark) = mark.filter(|mark| body.iter().all(|line| of(line).last() == Some(mark))) {
        let ends_too = of(last).last() == Some(&mark);
        let count = body.len() + usize::from(ends_too);
        bare.iter_mut().take(count).for_each(|line| line.1 -= 1);
    }
    if bare.iter().all(|line| matches!(of(line), [b'\'', .., b'\''])) {
        bare.iter_mut().for_each(|line| *line = (line.0 + 1, line.1 - 1));
    }
    (bare.iter().map(|(start, end)| end - start).sum::<usize>() < before).then_some(bare)
}

/// The length of a social security number.
const SSN: usize = 11;

fn is_ssn(text: &[u8]) -> bool {
    text.get(..SSN).is_some_and(|text| {
        text.iter()
            .enumerate()
            .all(|(index, byte)| if matches!(index, 3 | 6) { *byte == b'-' } else { byte.is_ascii_digit() })
    })
}

/// The letter that a number stands for.
fn number(piece: &[u8], radix: u32) -> Option<u8> {
    let marks: [&[u8]; 4] = [b"0x", b"0X", b"\\x", b"\\"];
    let digits = marks.iter().find_map(|mark| piece.strip_prefix(*mark)).unwrap_or(piece);
    let fits = match radix {
        16 => digits.len() == 2 || digits.len() == 1 && piece.len() == 3,
        8 => digits.len() == 3,
        _ => matches!(digits.len(), 2 | 3),
    };
    if !fits {
        return None;
    }
    let digit = |value: Option<u32>, byte: &u8| Some(value? * radix + char::from(*byte).to_digit(radix)?);
    let value = digits.iter().fold(Some(0), digit)?;
    u8::try_from(value).ok().filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

/// Looks for values in joined lines; masks what of the lines they stand in.
pub(super) fn look(plan: &Plan, text: &[u8], kind: Kind, lines: &[Line], continued: bool, spans: &mut Vec<Span>) {
    let joined = Joined::of(text, lines, false);
    if joined.bytes.len() < SHORTEST {
        return;
    }
    let mut mark = |joined: &Joined, (start, end, rule): (usize, usize, Rule)| {
        let places = joined.places.get(start).zip(end.checked_sub(1).and_then(|last| joined.places.get(last)));
        let Some((start, last)) = places else { return };
        for line in lines.iter().filter(|line| line.next > *start && line.begin <= *last) {
            let (start, end) = (line.start.max(*start), line.end.min(line_end(kind, *last, line)));
            if start < end {
                spans.push(Span { rule, start, end, continues: false, extra: true, whole: false });
            }
        }
    };
    let mut readings = vec![Joined::of(text, lines, true)];
    readings.extend(Joined::undressed(text, lines));
    if kind == Kind::Short {
        readings.push(joined.spaced());
    }
    for read in std::iter::once(&joined).chain(&readings) {
        for (start, end, rule) in hits(plan, &read.bytes) {
            // What begins where this window does began before it, where it was looked at.
            if !(continued && start == 0) && counts(plan, text, kind, lines, read, (start, end), rule) {
                mark(read, (start, end, rule));
            }
        }
    }
    if kind == Kind::Short {
        for (start, end) in cards(&joined.bytes) {
            mark(&joined, (start, end, card::CARD));
        }
        for numbers in [16, 8, 10].iter().filter_map(|radix| Joined::numbers(text, lines, *radix)) {
            hits(plan, &numbers.bytes).into_iter().for_each(|hit| mark(&numbers, hit));
        }
    }
}

/// Where a hit that ends with the byte at `last` ends in a line.
fn line_end(kind: Kind, last: usize, line: &Line) -> usize {
    // Of a short line nothing is left: it may be the number of a byte.
    if kind == Kind::Short { line.end } else { (last + 1).min(line.end) }
}

/// What is found in joined text.
fn hits(plan: &Plan, bytes: &[u8]) -> Vec<(usize, usize, Rule)> {
    let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
    while !plan.scan(bytes, true, &mut cursor, &mut spans) {}
    let mut found: Vec<_> = spans.iter().map(|span| (span.start, span.end, span.rule)).collect();
    found.extend(wrapped::nested(plan, bytes, wrapped::DEEPEST - 1));
    found
}

/// Whether a hit is one that the end of a line hid: it stands in more than one line, and of words on lines it is one that chance does
/// not make, and of which no part is a hit by itself.
fn counts(
    plan: &Plan,
    text: &[u8],
    kind: Kind,
    lines: &[Line],
    joined: &Joined,
    (start, end): (usize, usize),
    rule: Rule,
) -> bool {
    let places = joined.places.get(start).zip(end.checked_sub(1).and_then(|last| joined.places.get(last)));
    let Some((first, last)) = places else { return false };
    let held: Vec<&Line> = lines.iter().filter(|line| line.next > *first && line.begin <= *last).collect();
    if held.len() < 2 {
        return false;
    }
    let starts_number = joined.bytes.get(start) == Some(&b'+');
    let is_named = matches!(rule.detector, "password" | "api-key" | "authorization" | "phone-named" | "ssn-named");
    match kind {
        Kind::Short => rule.label != Label::Phone || starts_number,
        Kind::Word => {
            let is_hit = |line: &&Line| text.get(line.start..line.end).is_some_and(|line| !hits(plan, line).is_empty());
            (rule.label != Label::Phone || starts_number) && !is_named && !held.iter().any(is_hit)
        }
    }
}

/// Runs of digits that are cards without anything between them.
fn cards(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    for run in bytes.split(|byte| !byte.is_ascii_digit()) {
        if run.len() >= LEAST_CARDS && are_cards(run) {
            found.push((at, at + run.len()));
        }
        at += run.len() + 1;
    }
    found
}

/// Whether digits are nothing but cards, one behind the other.
fn are_cards(digits: &[u8]) -> bool {
    let mut reached = vec![false; digits.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for at in 0..digits.len() {
        if !reached.get(at).copied().unwrap_or_default() {
            continue;
        }
        for length in CARDS {
            let values: Option<Vec<u8>> =
                digits.get(at..at + length).map(|some| some.iter().map(|byte| byte & 15).collect());
            if values.is_some_and(|values| card::is_card(&values))
                && let Some(end) = reached.get_mut(at + length)
            {
                *end = true;
            }
        }
    }
    reached.last().copied().unwrap_or_default()
}

/// From where joined lines must not be shown yet, as more of them may come.
pub(super) fn keep(plan: &Plan, text: &[u8], kind: Kind, lines: &[Line]) -> usize {
    let mut least = usize::MAX;
    let is_hit = |line: &Line| text.get(line.start..line.end).is_some_and(|line| !hits(plan, line).is_empty());
    if kind == Kind::Word && lines.iter().any(is_hit) {
        // What is a value by itself goes on nowhere.
        return usize::MAX;
    }
    let joined = Joined::of(text, lines, false);
    let mut readings: Vec<Joined> = Joined::undressed(text, lines).into_iter().chain(joined.decoded()).collect();
    if kind == Kind::Short {
        readings.extend([16, 8, 10].iter().filter_map(|radix| Joined::numbers(text, lines, *radix)));
        readings.push(Joined::of(text, lines, true));
    }
    for joined in readings.iter().chain([&joined]) {
        let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
        while !plan.scan(&joined.bytes, false, &mut cursor, &mut spans) {}
        let pending = cursor.pending.map(|pending| pending.keep);
        let found = spans.iter().map(|span| span.start).chain(pending);
        least = found.filter_map(|at| joined.places.get(at).copied()).chain([least]).min().unwrap_or(least);
    }
    least
}
