//! JSON by where values stand: members that are marked are masked whole, and numbers written with a fraction or an exponent are
//! looked at as the whole number they are. Streams; every other byte stays. It is a lexer, not a validator: what is no JSON
//! passes through, and is read as text after this.

use std::borrow::Cow;

use functions::http::{Step, json_place};
use masking::{Label, Masker, Tally, Transform};

/// Deepest level whose place is known; what is deeper is masked as if it were marked.
const MAX_DEPTH: usize = 2048;
/// Longest key that is compared, and longest number that is looked at, in bytes.
const MAX_TOKEN: usize = 256;
/// Longest marked text that becomes anything but stars, in bytes.
const MAX_WHOLE: usize = 4096;

/// What is marked.
#[derive(Clone, Debug, Default)]
pub struct Markings(Vec<Marking>);

#[derive(Clone, Debug)]
struct Marking {
    steps: Vec<Step>,
    label: Option<Label>,
}

impl Markings {
    /// Reads markings: a bare key counts anywhere, `$.a.b[*].c` and `$..c` from the root.
    ///
    /// # Errors
    /// The place that cannot be read.
    pub fn new<'a>(places: impl IntoIterator<Item = (&'a str, Option<Label>)>) -> Result<Self, String> {
        let places = places.into_iter();
        places
            .map(|(place, label)| Ok(Marking { steps: json_place(place).ok_or_else(|| place.to_owned())?, label }))
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

impl Markings {
    /// Whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The label of a key that counts anywhere.
    pub(in crate::filter::http) fn key(&self, name: &str) -> Option<Label> {
        let anywhere =
            |one: &&Marking| matches!(&*one.steps, [Step::Below, Step::Member(key)] if *key == name.to_lowercase());
        self.0.iter().find(anywhere).and_then(|one| one.label)
    }

    /// A whole text with what is marked in it masked.
    pub(in crate::filter::http) fn mask(&self, masker: &Masker, text: &[u8], tally: &mut Tally) -> Vec<u8> {
        let (mut lexer, mut out) = (Lexer::new(self), Vec::with_capacity(text.len()));
        lexer.push(self, masker, text, &mut out, tally);
        lexer.finish(self, masker, &mut out, tally);
        out
    }

    /// Those that stay when a caller may see some labels.
    #[must_use]
    pub fn without(&self, revealed: &[String]) -> Self {
        let shown = |one: &Marking| one.label.is_some_and(|label| revealed.iter().any(|name| name == label.as_str()));
        Self(self.0.iter().filter(|one| !shown(one)).cloned().collect())
    }
}

/// Follows a JSON text.
pub(in crate::filter::http) struct Lexer {
    levels: Vec<Level>,
    deeper: usize,
    state: State,
    /// The key or number so far.
    token: Vec<u8>,
    escape: Escape,
    /// Positions in markings that the next value continues.
    next: Vec<(usize, usize)>,
    /// Whether the value here is masked, and by which marking.
    masked: Option<usize>,
    /// A marked text so far, without its quotes, if it becomes something else than stars.
    kept: Option<(Label, Vec<u8>)>,
}

struct Level {
    object: bool,
    index: usize,
    expects_key: bool,
    active: Vec<(usize, usize)>,
    masked: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Key,
    Text,
    /// A number or a word.
    Bare,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Digits(u8),
}

impl Lexer {
    pub(in crate::filter::http) fn new(markings: &Markings) -> Self {
        let mut lexer = Self {
            levels: Vec::new(),
            deeper: 0,
            state: State::Between,
            token: Vec::new(),
            escape: Escape::None,
            next: Vec::new(),
            masked: None,
            kept: None,
        };
        lexer.restart(markings);
        lexer
    }

    fn restart(&mut self, markings: &Markings) {
        self.next = (0..markings.0.len()).map(|marking| (marking, 0)).collect();
        self.next = spread(markings, &self.next);
        self.masked = None;
    }

    /// Takes the next text; appends it with what is marked masked.
    pub(in crate::filter::http) fn push(
        &mut self,
        markings: &Markings,
        masker: &Masker,
        text: &[u8],
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) {
        if markings.is_empty() {
            return self.numbers(markings, masker, text, out, tally);
        }
        let mut rest = text;
        while let Some((&byte, behind)) = rest.split_first() {
            if matches!(self.state, State::Key | State::Text) && self.escape == Escape::None {
                let (plain, marked) = rest.split_at(memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len()));
                self.plain(plain, out, tally);
                rest = marked;
                if !plain.is_empty() {
                    continue;
                }
            }
            rest = behind;
            match self.state {
                State::Key | State::Text => self.quoted(markings, masker, byte, out, tally),
                State::Bare if is_bare(byte) => self.token.push(byte),
                State::Bare => {
                    self.bare(markings, masker, out, tally);
                    self.between(markings, masker, byte, out, tally);
                }
                State::Between => self.between(markings, masker, byte, out, tally),
            }
            if self.state == State::Bare && self.token.len() > MAX_TOKEN {
                self.bare(markings, masker, out, tally);
            }
        }
    }

    /// The same where nothing is marked: only numbers matter, so it need not be known where anything stands.
    fn numbers(&mut self, markings: &Markings, masker: &Masker, text: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        // What has been read and is not appended yet begins with `from`; `rest` is not read yet.
        let (mut from, mut rest) = (text, text);
        while !rest.is_empty() {
            if matches!(self.state, State::Key | State::Text) {
                rest = self.text_end(rest);
                continue;
            }
            if self.state == State::Between {
                let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'0'..=b'9' | b'-' | b'a'..=b'z'))
                else {
                    break;
                };
                rest = rest.get(at..).unwrap_or_default();
                if let Some(behind) = rest.strip_prefix(b"\"") {
                    (self.state, self.escape, rest) = (State::Text, Escape::None, behind);
                    continue;
                }
            }
            let room = MAX_TOKEN + 1 - self.token.len();
            let length = rest.iter().take(room).position(|byte| !is_bare(*byte));
            let (token, behind) = rest.split_at(length.unwrap_or(room.min(rest.len())));
            let complete = length.is_some() || token.len() == room;
            if complete && self.token.is_empty() && !is_fraction(token) {
                rest = behind;
                continue;
            }
            // Everything before the token; what of it came earlier is in `self.token`, and then this is empty.
            out.extend_from_slice(from.get(..from.len() - rest.len()).unwrap_or_default());
            self.token.extend_from_slice(token);
            self.state = State::Bare;
            if complete {
                self.bare(markings, masker, out, tally);
            }
            (from, rest) = (behind, behind);
        }
        out.extend_from_slice(from);
    }

    /// Reads a string on to its end; what comes behind it.
    fn text_end<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        if self.escape != Escape::None {
            self.escape = Escape::None;
            return text.get(1..).unwrap_or_default();
        }
        let Some(at) = memchr::memchr2(b'"', b'\\', text) else { return &[] };
        match text.get(at) {
            Some(b'"') => self.state = State::Between,
            _ => self.escape = Escape::Begun,
        }
        text.get(at + 1..).unwrap_or_default()
    }

    /// Nothing follows.
    pub(in crate::filter::http) fn finish(
        &mut self,
        markings: &Markings,
        masker: &Masker,
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) {
        if self.state == State::Bare {
            self.bare(markings, masker, out, tally);
        }
        self.give_up(out, tally);
    }

    fn between(&mut self, markings: &Markings, masker: &Masker, byte: u8, out: &mut Vec<u8>, tally: &mut Tally) {
        match byte {
            b'"' => {
                let key = self.levels.last().is_some_and(|level| level.object && level.expects_key) && self.deeper == 0;
                self.state = if key { State::Key } else { State::Text };
                self.token.clear();
                self.escape = Escape::None;
                if !key && let Some(label) = self.label(markings) {
                    if masker.transforms().of(label.as_str()) != Transform::Full {
                        self.kept = Some((label, Vec::new()));
                        return;
                    }
                    tally.add(label, "marking", Transform::Full);
                }
            }
            b'{' | b'[' => {
                self.open(markings, byte == b'{');
            }
            b'}' | b']' => self.close(markings),
            b',' => self.comma(markings),
            b'0'..=b'9' | b'-' | b'a'..=b'z' => {
                self.state = State::Bare;
                self.token.clear();
                self.token.push(byte);
                return;
            }
            _ => {}
        }
        out.push(byte);
    }

    /// The label of the marking that masks the value here.
    fn label(&self, markings: &Markings) -> Option<Label> {
        self.masked.and_then(|marking| markings.0.get(marking)).and_then(|one| one.label)
    }

    /// What was kept of a marked text becomes stars after all: it is too long, or has no end.
    fn give_up(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        if let Some((label, text)) = self.kept.take() {
            tally.add(label, "marking", Transform::Full);
            out.push(b'"');
            out.extend(std::iter::repeat_n(b'*', text.len()));
        }
    }

    /// The marked text that was kept is complete: as many bytes stand in its place.
    fn whole(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let Some((label, text)) = self.kept.take() else { return };
        let (mut transform, made) = masker.transforms().whole(label, &text);
        match made {
            None if transform == Transform::Null && text.len() >= 2 => {
                out.extend_from_slice(b"null");
                out.extend(std::iter::repeat_n(b' ', text.len() - 2));
            }
            made => {
                if made.is_none() {
                    transform = Transform::Full;
                }
                out.push(b'"');
                out.extend(made.unwrap_or_else(|| vec![b'*'; text.len()]));
                out.push(b'"');
            }
        }
        tally.add(label, "marking", transform);
    }

    fn open(&mut self, markings: &Markings, object: bool) {
        if self.levels.len() >= MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        let active = std::mem::take(&mut self.next);
        let level = Level { object, index: 0, expects_key: object, active, masked: self.masked };
        self.levels.push(level);
        if !object {
            self.item(markings);
        }
    }

    fn close(&mut self, markings: &Markings) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        self.levels.pop();
        if self.levels.is_empty() {
            // Another document may follow.
            return self.restart(markings);
        }
        self.next.clear();
        self.masked = self.levels.last().and_then(|level| level.masked);
    }

    fn comma(&mut self, markings: &Markings) {
        if self.deeper > 0 {
            return;
        }
        match self.levels.last_mut() {
            Some(level) if level.object => {
                level.expects_key = true;
                self.next.clear();
                self.masked = level.masked;
            }
            Some(level) => {
                level.index += 1;
                self.item(markings);
            }
            None => self.restart(markings),
        }
    }

    /// The value that comes is an item of the array here.
    fn item(&mut self, markings: &Markings) {
        let Some(level) = self.levels.last() else { return };
        let index = level.index;
        let fits = |step: &Step| *step == Step::Any || *step == Step::Item(index);
        let (next, masked) = advance(markings, &level.active, fits);
        (self.next, self.masked) = (next, level.masked.or(masked));
    }

    /// A member's key is complete.
    fn member(&mut self, markings: &Markings) {
        let mut token = std::mem::take(&mut self.token);
        self.named(markings, &token);
        token.clear();
        self.token = token;
    }

    fn named(&mut self, markings: &Markings, token: &[u8]) {
        let Some(level) = self.levels.last_mut() else { return };
        level.expects_key = false;
        if level.active.is_empty() {
            self.next.clear();
            self.masked = level.masked;
            return;
        }
        let key = decode(token);
        let fits = |step: &Step| match step {
            Step::Any => true,
            Step::Member(name) => *name == key,
            Step::Item(_) | Step::Below => false,
        };
        let (next, masked) = advance(markings, &level.active, fits);
        (self.next, self.masked) = (next, level.masked.or(masked));
    }

    /// Whether strings here are masked.
    fn masks(&self) -> bool {
        self.state == State::Text && (self.masked.is_some() || self.deeper > 0)
    }

    /// A part of a string without quotes and escapes.
    fn plain(&mut self, part: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        if self.state == State::Key {
            let room = MAX_TOKEN.saturating_sub(self.token.len());
            self.token.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        self.content(part, out, tally);
    }

    /// Content of a string.
    fn content(&mut self, part: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        if let Some((_, text)) = self.kept.as_mut().filter(|(_, text)| text.len() + part.len() <= MAX_WHOLE) {
            return text.extend_from_slice(part);
        }
        self.give_up(out, tally);
        if self.masks() {
            out.resize(out.len() + part.len(), b'*');
        } else {
            out.extend_from_slice(part);
        }
    }

    fn quoted(&mut self, markings: &Markings, masker: &Masker, byte: u8, out: &mut Vec<u8>, tally: &mut Tally) {
        match self.escape {
            Escape::Begun => self.escape = if byte == b'u' { Escape::Digits(4) } else { Escape::None },
            Escape::Digits(left) => {
                self.escape =
                    if left > 1 && byte.is_ascii_hexdigit() { Escape::Digits(left - 1) } else { Escape::None };
                if !byte.is_ascii_hexdigit() && byte == b'"' {
                    return self.unquote(markings, masker, out, tally);
                }
            }
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            Escape::None if byte == b'"' => return self.unquote(markings, masker, out, tally),
            Escape::None => {}
        }
        if self.state == State::Key && self.token.len() < MAX_TOKEN {
            self.token.push(byte);
        }
        self.content(&[byte], out, tally);
    }

    fn unquote(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        if self.state == State::Key {
            self.member(markings);
        }
        self.state = State::Between;
        match self.kept {
            Some(_) => self.whole(masker, out, tally),
            None => out.push(b'"'),
        }
    }

    /// A number or a word is complete.
    fn bare(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        self.state = State::Between;
        let label = self.label(markings);
        let made = label.map(|label| masker.transforms().whole_number(label, &self.token)).unwrap_or_default();
        if let Some(label) = label {
            tally.add(label, "marking", made.0);
        }
        let number = self.token.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        let marked = self.masked.is_some() || self.deeper > 0;
        match self.token.as_slice() {
            token if made.1.as_ref().is_some_and(|made| made.len() == token.len()) => {
                out.extend(made.1.into_iter().flatten());
            }
            b"true" if marked => out.extend_from_slice(b"null"),
            b"false" if marked => out.extend_from_slice(b"null "),
            token if number && (marked || hides_value(token, masker, tally)) => {
                let mut before = None;
                for byte in token {
                    out.push(match byte {
                        b'0'..=b'9' if before.is_some_and(|byte: u8| byte.is_ascii_digit()) => b'0',
                        b'0'..=b'9' => b'1',
                        other => *other,
                    });
                    before = Some(*byte);
                }
            }
            token => out.extend_from_slice(token),
        }
        self.token.clear();
    }
}

/// Whether a byte goes on a number or a word.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+')
}

/// Whether it may be a number in scientific or decimal notation.
fn is_fraction(token: &[u8]) -> bool {
    token.first().is_some_and(|byte| !byte.is_ascii_lowercase())
        && token.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// Whether a number in scientific or decimal notation is a whole number that a detector knows.
fn hides_value(token: &[u8], masker: &Masker, tally: &mut Tally) -> bool {
    let Some(whole) = expand(token) else { return false };
    let mut hits = Vec::new();
    masker.scan(&whole, &mut hits);
    for hit in &hits {
        tally.add(hit.label, hit.detector, Transform::Full);
    }
    !hits.is_empty()
}

/// `4.111e15` as its digits.
fn expand(token: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(token).ok()?.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if text.len() == whole.len() {
        return None;
    }
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-30..=30).contains(exponent))?;
    let length = i32::try_from(whole.len()).ok()? + exponent;
    let length = usize::try_from(length).ok().filter(|length| (7..=30).contains(length))?;
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().skip(length).any(|digit| *digit != b'0') {
        return None;
    }
    Some(digits.into_iter().chain(std::iter::repeat(b'0')).take(length).collect())
}

/// Positions that a value continues after one step, and whether it is marked.
fn advance(
    markings: &Markings,
    active: &[(usize, usize)],
    fits: impl Fn(&Step) -> bool,
) -> (Vec<(usize, usize)>, Option<usize>) {
    let mut next = Vec::new();
    for &(marking, at) in active {
        let Some(steps) = markings.0.get(marking).map(|one| &one.steps) else { continue };
        match steps.get(at) {
            Some(Step::Below) => next.push((marking, at)),
            Some(step) if fits(step) => next.push((marking, at + 1)),
            _ => {}
        }
    }
    let done = |&(marking, at): &(usize, usize)| {
        markings.0.get(marking).is_some_and(|one| at == one.steps.len()).then_some(marking)
    };
    let masked = next.iter().find_map(done);
    (spread(markings, &next), masked)
}

/// With `Below`, what comes after it may begin here already.
fn spread(markings: &Markings, positions: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut all = positions.to_vec();
    for &(marking, at) in positions {
        let below = markings.0.get(marking).and_then(|one| one.steps.get(at)) == Some(&Step::Below);
        if below && !all.contains(&(marking, at + 1)) {
            all.push((marking, at + 1));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A key as it is compared: escapes read, in lower case.
fn decode(raw: &[u8]) -> Cow<'_, str> {
    let is_plain = |byte: &u8| byte.is_ascii() && !byte.is_ascii_uppercase() && !matches!(byte, b'\\' | b'"');
    if raw.iter().all(is_plain)
        && let Ok(text) = std::str::from_utf8(raw)
    {
        return text.into();
    }
    let quoted = [b"\"", raw, b"\""].concat();
    let text = serde_json::from_slice::<String>(&quoted);
    text.unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned()).to_lowercase().into()
}

#[cfg(test)]
mod tests;
