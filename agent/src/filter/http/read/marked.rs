//! JSON by where values stand: members that are marked are masked whole, and numbers written with a fraction or an exponent are
//! looked at as the whole number they are. Streams; every other byte stays, and the length does. It is a lexer, not a validator:
//! what is no JSON passes through, and is read as text after this. JSON inside a string, a comment or other text is followed, too.

mod comments;
mod nested;
mod numbers;
mod places;

use functions::http::{Step, json_place};
use masking::{Label, Masker, Tally, Transform};

use self::{
    comments::Comment,
    nested::Nest,
    numbers::{hides_value, is_bare},
    places::{advance, decode, spread},
};

/// Deepest level whose place is known; what is deeper is masked as if it were marked.
const MAX_DEPTH: usize = 2048;
/// Longest key that is compared, and longest number that is looked at, in bytes.
const MAX_TOKEN: usize = 256;
/// Longest marked text that becomes anything but stars, in bytes.
const MAX_WHOLE: usize = 4096;
/// What is marked, and whether strings are texts of another language, in which no JSON is looked for.
#[derive(Clone, Debug, Default)]
pub struct Markings(Vec<Marking>, bool);

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
            .map(|all| Self(all, false))
    }

    /// The same where strings are texts of another language, as GraphQL's documents are: braces in them are not JSON's.
    #[must_use]
    pub fn beside_documents(self) -> Self {
        Self(self.0, true)
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

    /// A whole document with what is marked in it masked.
    pub(in crate::filter::http) fn mask(&self, masker: &Masker, text: &[u8], tally: &mut Tally) -> Vec<u8> {
        Lexer::new(self).all(self, masker, text, tally)
    }

    /// A whole text with what is marked in the JSON within it masked.
    pub(in crate::filter::http) fn mask_within(&self, masker: &Masker, text: &[u8], tally: &mut Tally) -> Vec<u8> {
        Lexer::within(self).all(self, masker, text, tally)
    }

    /// Those that stay when a caller may see some labels.
    #[must_use]
    pub fn without(&self, revealed: &[String]) -> Self {
        let shown = |one: &Marking| one.label.is_some_and(|label| revealed.iter().any(|name| name == label.as_str()));
        Self(self.0.iter().filter(|one| !shown(one)).cloned().collect(), self.1)
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
    /// Whether JSON stands within other text, which counts only from a bracket to its end.
    within: bool,
    /// The quote that ends the string here: some write `'`.
    quote: u8,
    /// An escape so far.
    held: Vec<u8>,
    /// The last byte between strings that is no blank, whether it was just now, and the word that it ends.
    before: (u8, bool),
    word: Vec<u8>,
    nest: Nest,
    comment: Comment,
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
    Comment,
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
            within: false,
            quote: b'"',
            held: Vec::new(),
            before: (0, false),
            word: Vec::new(),
            nest: Nest::of(markings.1),
            comment: Comment::default(),
        };
        lexer.restart(markings);
        lexer
    }

    /// For JSON that stands somewhere in a text.
    pub(in crate::filter::http) fn within(markings: &Markings) -> Self {
        Self { within: true, ..Self::new(markings) }
    }

    fn all(mut self, markings: &Markings, masker: &Masker, text: &[u8], tally: &mut Tally) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        self.push(markings, masker, text, &mut out, tally);
        self.finish(markings, masker, &mut out, tally);
        out
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
            if self.within {
                return out.extend_from_slice(text);
            }
            return self.numbers(markings, masker, text, out, tally);
        }
        let mut rest = text;
        while let Some((&byte, behind)) = rest.split_first() {
            if self.is_outside() {
                let (text, json) = rest.split_at(self.begins(rest));
                out.extend_from_slice(text);
                rest = json;
                if !text.is_empty() {
                    continue;
                }
            }
            if matches!(self.state, State::Key | State::Text) && self.escape == Escape::None {
                let (plain, marked) = rest.split_at(memchr::memchr2(self.quote, b'\\', rest).unwrap_or(rest.len()));
                self.plain(plain, out, tally);
                rest = marked;
                if !plain.is_empty() {
                    continue;
                }
            }
            rest = behind;
            match self.state {
                State::Key | State::Text => self.quoted(markings, masker, byte, out, tally),
                State::Comment => self.comment(markings, masker, byte, out, tally),
                State::Bare if is_bare(byte) => {
                    self.token.push(byte);
                    self.named_by(byte);
                }
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
        let held = std::mem::take(&mut self.held);
        self.content(&held, out, tally);
        if self.state == State::Comment {
            self.skipped(markings, masker, out, tally);
        }
        self.nest.give_up(markings, masker, out, tally);
        self.give_up(out, tally);
    }

    /// Whether it is in text that is no JSON.
    fn is_outside(&self) -> bool {
        self.within && self.state == State::Between && self.levels.is_empty() && self.deeper == 0
    }

    /// How much of a text is no JSON: up to a bracket, or to a quote before anything else.
    fn begins(&mut self, text: &[u8]) -> usize {
        if self.before.0 == 0 {
            match text.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(at) if text.get(at) == Some(&b'"') => return at,
                Some(_) => self.before.0 = b' ',
                None => {}
            }
        }
        memchr::memchr2(b'{', b'[', text).unwrap_or(text.len())
    }

    /// Whether a key comes next.
    fn expects_key(&self) -> bool {
        self.deeper == 0 && self.levels.last().is_some_and(|level| level.object && level.expects_key)
    }

    fn between(&mut self, markings: &Markings, masker: &Masker, byte: u8, out: &mut Vec<u8>, tally: &mut Tally) {
        let before = self.before;
        if !byte.is_ascii_whitespace() {
            self.before.0 = byte;
        }
        self.before.1 = !byte.is_ascii_whitespace();
        // An apostrophe is no quote.
        let quotes = byte == b'"' || byte == b'\'' && !self.levels.is_empty() && b"{[,:(".contains(&before.0);
        match byte {
            b'"' | b'\'' if quotes && self.open_text(markings, masker, byte, tally) => return,
            b'"' | b'\'' if quotes => {}
            b'/' | b'*' if before == (b'/', true) => {
                self.state = State::Comment;
                self.comment.block = byte == b'*';
                self.word.clear();
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
                return self.named_by(byte);
            }
            b':' if self.expects_key() && !self.word.is_empty() => {
                let word = std::mem::take(&mut self.word);
                self.named(markings, &word);
            }
            _ if self.expects_key() => self.named_by(byte),
            _ if self.masked.is_some() && (byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_$.".contains(&byte)) => {
                return out.push(b'*');
            }
            _ => {}
        }
        if matches!(byte, b'{' | b'[' | b',' | b'"' | b'\'') {
            self.word.clear();
        }
        out.push(byte);
    }

    /// A word without quotes may be a key.
    fn named_by(&mut self, byte: u8) {
        if self.expects_key() && !byte.is_ascii_whitespace() && self.word.len() < MAX_TOKEN {
            self.word.push(byte);
        }
    }

    /// A string begins; whether its quote waits with it.
    fn open_text(&mut self, markings: &Markings, masker: &Masker, quote: u8, tally: &mut Tally) -> bool {
        let key = self.expects_key();
        self.state = if key { State::Key } else { State::Text };
        self.quote = quote;
        self.token.clear();
        self.escape = Escape::None;
        self.nest.begin();
        if !key && let Some(label) = self.label(markings) {
            if masker.transforms().of(label.as_str()) != Transform::Full {
                self.kept = Some((label, Vec::new()));
                return true;
            }
            tally.add(label, "marking", Transform::Full);
        }
        false
    }

    /// The label of the marking that masks the value here.
    fn label(&self, markings: &Markings) -> Option<Label> {
        self.masked.and_then(|marking| markings.0.get(marking)).and_then(|one| one.label)
    }

    /// What was kept of a marked text becomes stars after all: it is too long, or has no end.
    fn give_up(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        if let Some((label, text)) = self.kept.take() {
            tally.add(label, "marking", Transform::Full);
            out.push(self.quote);
            out.extend(std::iter::repeat_n(b'*', text.len()));
        }
    }

    /// The marked text that was kept is complete: as many bytes stand in its place.
    fn whole(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let Some((label, text)) = self.kept.take() else { return };
        let (mut transform, made) = masker.transforms().whole(label, &text);
        match made {
            // Within a string there may be no room for it.
            None if transform == Transform::Null && text.len() >= 2 && !self.nest.is_within() => {
                out.extend_from_slice(b"null");
                out.extend(std::iter::repeat_n(b' ', text.len() - 2));
            }
            made => {
                if made.is_none() {
                    transform = Transform::Full;
                }
                out.push(self.quote);
                out.extend(made.filter(|made| made.len() == text.len()).unwrap_or_else(|| vec![b'*'; text.len()]));
                out.push(self.quote);
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
        } else if self.state == State::Text {
            self.nest.take(part, out);
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
                if !byte.is_ascii_hexdigit() && byte == self.quote {
                    return self.unquote(markings, masker, out, tally);
                }
            }
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            Escape::None if byte == self.quote => return self.unquote(markings, masker, out, tally),
            Escape::None => {}
        }
        if self.state == State::Key && self.token.len() < MAX_TOKEN {
            self.token.push(byte);
        }
        self.held.push(byte);
        if self.escape == Escape::None {
            self.release(out, tally);
        }
    }

    /// An escape is complete.
    fn release(&mut self, out: &mut Vec<u8>, tally: &mut Tally) {
        let mut held = std::mem::take(&mut self.held);
        self.content(&held, out, tally);
        held.clear();
        self.held = held;
    }

    fn unquote(&mut self, markings: &Markings, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        if self.state == State::Key {
            self.member(markings);
        }
        self.release(out, tally);
        self.nest.end(markings, masker, out, tally);
        self.state = State::Between;
        match self.kept {
            Some(_) => self.whole(masker, out, tally),
            None => out.push(self.quote),
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
        self.before = (b'0', false);
        let number = self.token.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        let marked = self.masked.is_some() || self.deeper > 0;
        let word = marked && !number && !self.expects_key() && self.token != b"null";
        match self.token.as_slice() {
            token if made.1.as_ref().is_some_and(|made| made.len() == token.len()) => {
                out.extend(made.1.into_iter().flatten());
            }
            b"true" if marked => out.extend_from_slice(b"null"),
            b"false" if marked => out.extend_from_slice(b"null "),
            token if number && (marked || !self.nest.is_within() && hides_value(token, masker, tally)) => {
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
            token if word => out.resize(out.len() + token.len(), b'*'),
            token => out.extend_from_slice(token),
        }
        self.token.clear();
    }
}

#[cfg(test)]
mod tests;
