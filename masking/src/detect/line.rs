//! Secrets in lines that a word at their beginning explains: settings of network devices and daemons (`enable secret 5 x`,
//! `masterauth x`), and commands that take a password as a word of their own (`net user x y /add`). Nothing of a line is held back before
//! its secret begins.

use super::assign::PASSWORD;
use super::name;
use super::spoken::is_value;
use super::strength::{is_argument, is_mixed, is_password, is_token, is_told};
use crate::hit::{Match, Pending};
use crate::window::Window;

/// How much of a line is looked at, in bytes: less than what a stream keeps to the left.
const LONGEST: usize = 120;
/// The longest first word, in bytes.
const LONGEST_FIRST: usize = 16;
/// The most blanks a line begins with.
const MOST_BLANKS: usize = 12;
const MOST_WORDS: usize = 14;

/// What follows the first word of a line.
#[derive(Clone, Copy)]
enum Form {
    /// So many words, then the secret.
    Nth(usize, fn(&[u8]) -> bool),
    /// What is done, to whom, and the secret.
    Third,
    /// One of these words, perhaps the number of a kind, then the secret.
    Behind(&'static [&'static [u8]]),
    /// The secret alone, in quotes or with the number of a kind before it.
    Alone,
    /// A name of the environment, then its value.
    Named,
    /// `IDENTIFIED BY`, then the secret.
    Identified,
    /// What is piped into a command that reads a password.
    Piped,
    /// A login with a slash: `scott/tiger@orcl`.
    Slashed,
}

const DEVICE: Form = Form::Behind(&[
    b"secret",
    b"password",
    b"key",
    b"community",
    b"md5",
    b"sha",
    b"key-string",
    b"authentication-key",
    b"pre-shared-key",
    b"ascii-text",
    b"encrypted-password",
    b"psksecret",
    b"passwd",
    b"psk",
]);

/// The first words, in small letters.
const FIRST: [(&[u8], Form); 45] = [
    (b"alter", Form::Identified),
    (b"com2sec", Form::Nth(2, is_argument)),
    (b"create", Form::Identified),
    (b"crypto", DEVICE),
    (b"echo", Form::Piped),
    (b"enable", DEVICE),
    (b"env", Form::Named),
    (b"exp", Form::Slashed),
    (b"expdp", Form::Slashed),
    (b"grant", Form::Identified),
    (b"imp", Form::Slashed),
    (b"impdp", Form::Slashed),
    (b"ip", DEVICE),
    (b"isis", DEVICE),
    (b"key", Form::Alone),
    (b"key-string", DEVICE),
    (b"login", DEVICE),
    (b"masterauth", Form::Nth(0, is_told)),
    (b"neighbor", DEVICE),
    (b"net", Form::Third),
    (b"ntp", DEVICE),
    (b"passphrase", Form::Alone),
    (b"password", Form::Alone),
    (b"ppp", DEVICE),
    (b"pragma", Form::Behind(&[b"key"])),
    (b"pre-shared-key", DEVICE),
    (b"printf", Form::Piped),
    (b"psk", Form::Alone),
    (b"rabbitmqctl", Form::Third),
    (b"radius", DEVICE),
    (b"radius-server", DEVICE),
    (b"rman", Form::Slashed),
    (b"rocommunity", Form::Nth(0, is_argument)),
    (b"rocommunity6", Form::Nth(0, is_argument)),
    (b"rwcommunity", Form::Nth(0, is_argument)),
    (b"rwcommunity6", Form::Nth(0, is_argument)),
    (b"secret", Form::Alone),
    (b"set", DEVICE),
    (b"setx", Form::Named),
    (b"snmp-server", DEVICE),
    (b"sqlplus", Form::Slashed),
    (b"standby", DEVICE),
    (b"tacacs-server", DEVICE),
    (b"user", DEVICE),
    (b"username", DEVICE),
];
/// What is done with a password as the third word.
const THIRD: [&[u8]; 5] = [b"user", b"use", b"add_user", b"change_password", b"authenticate_user"];
/// Commands that read a password from their input.
const READERS: [&[u8]; 5] = [b"sudo -S", b"passwd --stdin", b"--password-stdin", b"kinit", b"cryptsetup"];
/// The one that reads a user's name before it.
const PAIR_READER: &[u8] = b"chpasswd";

/// What a line has been found to be, as far as it has come.
#[derive(Debug)]
pub(crate) enum Line {
    /// It holds no secret.
    Plain,
    /// It may come to hold one, of which nothing was seen yet.
    Open,
    /// What may be a secret has begun.
    Begun(Pending),
    Found(Match),
}

/// For each letter that a first word begins with, its second and its third letters: a bit for each, the lowest for no letter.
static STARTS: [(u32, u32); 32] = starts();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn starts() -> [(u32, u32); 32] {
    let (mut table, mut index) = ([(0, 0); 32], 0);
    while index < FIRST.len() {
        let word = FIRST[index].0;
        let entry = &mut table[(word[0] & 31) as usize];
        entry.0 |= 1 << (word[1] & 31);
        entry.1 |= 1 << if word.len() > 2 { word[2] & 31 } else { 0 };
        index += 1;
    }
    table
}

/// Whether a line that counts may begin at `start`; what is not there yet counts.
#[inline]
pub(crate) fn may_begin(bytes: &[u8], start: usize, last: bool) -> bool {
    let rest = bytes.get(start..).unwrap_or_default();
    let rest = match rest {
        [b' ' | b'\t', ..] => {
            let blanks = rest.iter().take(MOST_BLANKS).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            rest.get(blanks..).unwrap_or_default()
        }
        rest => rest,
    };
    match rest {
        [a, ..] if !a.is_ascii_alphabetic() => false,
        [a, b, c, ..] => {
            let (seconds, thirds) = STARTS.get(usize::from(*a & 31)).copied().unwrap_or_default();
            let third = if is_blank(*c) { 0 } else { *c & 31 };
            seconds >> (*b & 31) & thirds >> third & 1 == 1 && b.is_ascii_alphabetic()
        }
        _ => !last,
    }
}

/// What the line that begins at `start` is; a quote may end it, as one of JSON's ends a string.
pub(crate) fn look(window: &Window<'_>, start: usize, quote_ends: bool) -> Line {
    if !may_begin(window.bytes, start, window.last) {
        return Line::Plain;
    }
    let blanks = window.slice(start, start + MOST_BLANKS).iter().take_while(|byte| is_blank(**byte)).count();
    let text = window.slice(start + blanks, start + LONGEST);
    let length = text.iter().take(LONGEST_FIRST).take_while(|byte| is_first(**byte)).count();
    let form = match text.get(length) {
        Some(end) if is_blank(*end) => form(text.get(..length).unwrap_or_default()),
        None if !window.last => return Line::Open,
        _ => None,
    };
    let Some(form) = form else { return Line::Plain };
    let line = window.slice(start, start + LONGEST);
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r') || quote_ends && *byte == b'"';
    let line = line.split(ends).next().unwrap_or_default();
    let whole = line.len() == LONGEST || window.last || window.bytes.get(start + line.len()).is_some();
    if !whole && matches!(form, Form::Piped) {
        // Only what comes last says whether this is a secret.
        return Line::Begun(Pending::weak(start + blanks + length));
    }
    match place(line, form) {
        Some(place) if whole => place.find(line, start).map_or(Line::Plain, Line::Found),
        Some(place) => Line::Begun(Pending::strong(start + place.start)),
        None if whole => Line::Plain,
        None => Line::Open,
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_first(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The form of a line with this first word.
fn form(word: &[u8]) -> Option<Form> {
    let first = word.first()?.to_ascii_lowercase();
    let is_word = |known: &&[u8]| known.len() == word.len() && known.first() == Some(&first);
    let known = FIRST.iter().find(|known| is_word(&known.0) && known.0.eq_ignore_ascii_case(word))?;
    Some(known.1)
}

/// Where a secret begins in a line, and what it must look like.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    /// What it ends before, besides the marks that end every value.
    end: u8,
    holds: fn(&[u8]) -> bool,
}

impl Place {
    fn new(start: usize, holds: fn(&[u8]) -> bool) -> Self {
        Self { start, end: b' ', holds }
    }

    /// The secret, if it is one, in the line that begins at `offset` of the text.
    fn find(self, line: &[u8], offset: usize) -> Option<Match> {
        let rest = line.get(self.start..)?;
        let quote = rest.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let start = self.start + usize::from(quote.is_some());
        let rest = line.get(start..)?;
        let length = match quote {
            Some(quote) => rest.iter().position(|byte| *byte == quote)?,
            None => rest.iter().position(|byte| !is_value(*byte) || *byte == self.end).unwrap_or(rest.len()),
        };
        let text = rest.get(..length)?;
        let text = if quote.is_none() { text.strip_suffix(b";").unwrap_or(text) } else { text };
        let begins = |byte: &u8| !matches!(byte, b'/' | b'-' | b'=' | b',' | b':' | b'|' | b'(' | b'#');
        let holds = text.first().is_some_and(begins) && (self.holds)(text);
        let more: Option<fn(u8) -> bool> = if start + length == LONGEST { Some(is_value) } else { None };
        holds.then(|| Match::until(PASSWORD, offset + start, offset + start + text.len(), more).behind_others())
    }
}

/// The words of a line: where each begins and ends.
fn words(line: &[u8]) -> ([(usize, usize); MOST_WORDS], usize) {
    let (mut words, mut count, mut at) = ([(0, 0); MOST_WORDS], 0, 0);
    while let Some(slot) = words.get_mut(count) {
        let rest = line.get(at..).unwrap_or_default();
        let Some(skip) = rest.iter().position(|byte| !is_blank(*byte)) else { break };
        let length = rest.iter().skip(skip).position(|byte| is_blank(*byte)).unwrap_or(rest.len() - skip);
        *slot = (at + skip, at + skip + length);
        at += skip + length;
        count += 1;
    }
    (words, count)
}

fn place(line: &[u8], form: Form) -> Option<Place> {
    let (words, count) = words(line);
    let words = words.get(..count)?;
    let word = |index: usize| words.get(index).and_then(|(start, end)| line.get(*start..*end));
    let begin = |index: usize| words.get(index).map(|word| word.0);
    match form {
        Form::Third => {
            let shared = word(3)?.starts_with(b"\\\\");
            let place = Place::new(begin(if shared { 4 } else { 3 })?, is_argument);
            THIRD.contains(&word(1)?).then_some(place)
        }
        Form::Nth(skipped, holds) => Some(Place::new(begin(skipped + 1)?, holds)),
        Form::Behind(keys) => {
            let known = |index: &usize| word(*index).is_some_and(|word| keys.iter().any(|key| key == &word));
            behind(line, words, (0..count.saturating_sub(1)).rev().find(known)?)
        }
        Form::Alone => match (begin(1)?, line.get(begin(1)?)) {
            (start, Some(b'"')) if count == 2 || word(2)?.starts_with(b";") => Some(Place::new(start, is_quoted)),
            _ if count == 3 && is_kind(word(1)?) => Some(Place::new(begin(2)?, is_told)),
            (start, _) if count == 2 => Some(Place::new(start, is_mixed)),
            _ => None,
        },
        Form::Named => match name::is_password(word(1)?)? {
            true => Some(Place::new(begin(2)?, |text| is_password(text, false))),
            false => Some(Place::new(begin(2)?, |text| is_token(text, false))),
        },
        Form::Identified => {
            const MARK: &[u8] = b"identified by ";
            let at = line.windows(MARK.len()).position(|part| part.eq_ignore_ascii_case(MARK))?;
            let start = at + MARK.len();
            let quoted = line.get(start) == Some(&b'"');
            Some(Place::new(start, if quoted { is_told } else { is_argument }))
        }
        Form::Piped => piped(line, begin(1)?),
        Form::Slashed => {
            let login = word(1)?;
            let slash = login.iter().position(|byte| *byte == b'/').filter(|slash| *slash > 0)?;
            Some(Place { start: begin(1)? + slash + 1, end: b'@', holds: is_told })
        }
    }
}

/// The secret behind the word `key`: the number of its kind or `ENC` may come first.
fn behind(line: &[u8], words: &[(usize, usize)], key: usize) -> Option<Place> {
    let word = |index: usize| words.get(index).and_then(|(start, end)| line.get(*start..*end)).unwrap_or_default();
    let first = word(key + 1);
    let (next, certain) = match first {
        [] => return None,
        b"=" => (key + 2, false),
        b"ENC" | b"enc" | b"hex" | b"local" | b"remote" => (key + 2, true),
        kind if is_kind(kind) && words.len() > key + 2 => (key + 2, true),
        _ => (key + 1, false),
    };
    Some(Place::new(words.get(next)?.0, if certain { is_told } else { is_argument }))
}

/// Whether this is the number of a kind of encryption.
fn is_kind(word: &[u8]) -> bool {
    matches!(word, [b'0'..=b'9'])
}

fn is_quoted(text: &[u8]) -> bool {
    is_password(text, true)
}

/// What `echo` says to a command that reads a password.
fn piped(line: &[u8], start: usize) -> Option<Place> {
    let pipe = line.iter().position(|byte| *byte == b'|')?;
    let command = line.get(pipe..)?;
    let reads = |reader: &[u8]| command.windows(reader.len()).any(|part| part == reader);
    if !reads(PAIR_READER) {
        return READERS.iter().any(|reader| reads(reader)).then_some(Place { start, end: b'|', holds: is_told });
    }
    let said = line.get(start..pipe)?;
    let colon = said.iter().position(|byte| *byte == b':')?;
    let quoted = matches!(said.first(), Some(b'"' | b'\''));
    let end = if quoted { said.first().copied()? } else { b' ' };
    Some(Place { start: start + colon + 1, end, holds: is_told })
}
