//! Words of a command line as the shell would expand them, as far as that is known before it runs: quotes, escapes,
//! ANSI-C strings, braces and variables with one known value are resolved; what is not known leaves a hole. Follows the
//! order of POSIX 2.6 with the additions of bash.

use std::collections::HashMap;

use super::{ansi, braces, span};

/// Stands in a text for what is not known.
pub(super) const HOLE: char = '\u{FFFC}';

/// Stands in a text for the number of the shell itself or of a process that it started (`$$`, `$!`).
pub(super) const OWN_PROCESS: char = '\u{FFFB}';

/// One field after expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// What is known of it, with a [`HOLE`] for each part that is not.
    pub(super) text: String,
    /// It has a hole.
    pub(super) hole: bool,
    /// It is a pattern that file names may replace.
    pub(super) glob: bool,
    /// A variable, substitution or pattern took part, so that the name of a command is not written out.
    pub(super) made: bool,
    /// It begins with something that is known not to be a dash, although what it is may not be known.
    pub(super) solid: bool,
    /// It names a file that was made just now and holds nothing.
    pub(super) fresh: bool,
}

impl Word {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A word of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { text: HOLE.to_string(), hole: true, made: true, ..Self::default() }
    }

    /// Its text, if all of it is known.
    pub(super) fn exact(&self) -> Option<&str> {
        (!self.hole && !self.glob).then_some(self.text.as_str())
    }

    /// Whether it could turn out to be an option that is not seen here.
    pub(super) fn may_be_option(&self) -> bool {
        let open = self.text.starts_with([HOLE, OWN_PROCESS]) && self.hole
            || self.text.starts_with(['*', '?', '[']) && self.glob;
        !self.solid && (open || self.hole && self.text.starts_with('-'))
    }

    fn push_hole(&mut self, solid: bool) {
        self.solid |= self.text.is_empty() && solid;
        self.text.push(HOLE);
        (self.hole, self.made) = (true, true);
    }
}

/// What is known of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Its value.
    Text(String),
    /// Only that it is one word that does not begin with a dash.
    Solid,
}

/// The variables of which something is known.
pub(super) type Variables = HashMap<String, Known>;

/// What came of a word.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Its fields: none, one or several.
    pub(super) words: Vec<Word>,
    /// Command lines of its substitutions, which run.
    pub(super) code: Vec<String>,
    /// Names of variables that the expansion itself sets (`${a:=b}`).
    pub(super) set: Vec<String>,
    /// Why it cannot be relied upon, if so.
    pub(super) doubt: Option<&'static str>,
}

/// Expands the raw text of one word.
pub(super) fn expand(raw: &str, variables: &Variables) -> Expanded {
    let mut out = Expanded::default();
    match braces::expand(raw) {
        Some(alternatives) => {
            for alternative in alternatives {
                Expander::new(&alternative, variables, &mut out).run();
            }
        }
        None => {
            out.doubt = Some("braces that expand to too many words");
            out.words.push(Word::unknown());
            out.code.extend(span::substitutions(raw));
        }
    }
    out
}

/// Expands to one text without splitting, as in an assignment or a redirection.
pub(super) fn expand_one(raw: &str, variables: &Variables) -> (Word, Expanded) {
    let mut out = Expanded::default();
    Expander::new(raw, variables, &mut out).run();
    let word = match out.words.len() {
        0 => Word::default(),
        1 => out.words.pop().unwrap_or_default(),
        _ => Word::unknown(),
    };
    (word, out)
}

struct Expander<'a> {
    chars: Vec<char>,
    at: usize,
    variables: &'a Variables,
    out: &'a mut Expanded,
    word: Option<Word>,
}

impl<'a> Expander<'a> {
    fn new(raw: &str, variables: &'a Variables, out: &'a mut Expanded) -> Self {
        Self { chars: raw.chars().collect(), at: 0, variables, out, word: None }
    }

    fn run(mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => self.escape(),
                '$' | '`' => self.dollar(false),
                '*' | '?' | '[' if c != '[' || self.closes_bracket() => {
                    self.plain(c);
                    let word = self.word();
                    (word.glob, word.made) = (true, true);
                }
                '(' | ')' => {
                    // An extended pattern, `@(a|b)`.
                    self.plain(c);
                    let word = self.word();
                    (word.glob, word.made) = (true, true);
                }
                _ => self.plain(c),
            }
        }
        self.out.words.extend(self.word.take());
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Whether the bracket here is closed in the word; alone it is a character like any other.
    fn closes_bracket(&self) -> bool {
        self.chars.iter().skip(self.at + 1).any(|c| *c == ']')
    }

    fn word(&mut self) -> &mut Word {
        self.word.get_or_insert_default()
    }

    fn plain(&mut self, c: char) {
        self.word().text.push(c);
        self.at += 1;
    }

    fn single(&mut self) {
        self.word();
        self.at += 1;
        while let Some(c) = self.peek(0) {
            if c == '\'' {
                break;
            }
            self.plain(c);
        }
        self.at += 1;
    }

    fn escape(&mut self) {
        self.at += 1;
        match self.peek(0) {
            Some('\n') => self.at += 1,
            Some(c) => self.plain(c),
            None => self.word().text.push('\\'),
        }
    }

    fn double(&mut self) {
        self.word();
        self.at += 1;
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('"', _) => break,
                ('\\', Some('\n')) => self.at += 2,
                ('\\', Some('$' | '`' | '"' | '\\')) => {
                    self.at += 1;
                    self.escape_in_quotes();
                }
                ('$' | '`', _) => self.dollar(true),
                _ => self.plain(c),
            }
        }
        self.at += 1;
    }

    fn escape_in_quotes(&mut self) {
        if let Some(c) = self.peek(0) {
            self.plain(c);
        }
    }

    /// A dollar sign or a backquote, inside double quotes or not.
    fn dollar(&mut self, quoted: bool) {
        if self.peek(0) == Some('`') {
            return self.substitution();
        }
        match self.peek(1) {
            Some('(' | '[') => self.substitution(),
            Some('{') => self.braced(quoted),
            Some('\'') if !quoted => self.ansi(),
            Some('"') if !quoted => self.at += 1,
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name: String = self.chars.iter().skip(self.at + 1).take_while(|c| is_name_character(**c)).collect();
                self.at += 1 + name.len();
                self.variable(&name, quoted);
            }
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                self.at += 2;
                if matches!(c, '$' | '!') {
                    let word = self.word();
                    word.text.push(OWN_PROCESS);
                    // Before a process was started, `$!` is empty.
                    word.hole |= c == '!';
                } else {
                    // Counts and statuses are numbers.
                    self.word().push_hole("#?".contains(c));
                }
            }
            _ => self.plain('$'),
        }
    }

    /// `$(..)`, `$((..))`, `$[..]` or backquotes: what it gives is not known.
    fn substitution(&mut self) {
        let end = span::after(&self.chars, self.at);
        let whole: String = self.chars.get(self.at..end).unwrap_or_default().iter().collect();
        let number = whole.starts_with("$((") || whole.starts_with("$[");
        self.out.code.extend(span::substitutions(&whole));
        if number {
            self.out.set.extend(span::names(&whole));
        }
        self.at = end;
        let makes = whole.trim_start_matches(['$', '(', '`', ' ']).trim_end_matches([')', '`', ' ']);
        let word = self.word();
        word.fresh = word.text.is_empty() && makes.split(' ').next() == Some("mktemp");
        word.push_hole(false);
    }

    /// `${..}`.
    fn braced(&mut self, quoted: bool) {
        let end = span::after(&self.chars, self.at);
        let inner: String = self.chars.get(self.at + 2..end.saturating_sub(1)).unwrap_or_default().iter().collect();
        self.at = end;
        let name: String = inner.chars().take_while(|c| is_name_character(*c)).collect();
        let rest = inner.get(name.len()..).unwrap_or_default();
        if rest.is_empty() && !name.is_empty() {
            return self.variable(&name, quoted);
        }
        if name == "IFS" && !quoted && !self.variables.contains_key("IFS") && rest.starts_with(['%', '#', ':', '/']) {
            return self.separator();
        }
        self.out.code.extend(span::substitutions(&inner));
        if rest.starts_with(":=") || rest.starts_with('=') {
            self.out.set.push(name);
        }
        let transforms = rest.rsplit_once('@').is_some_and(|(_, how)| how.len() == 1 && how != "]");
        if transforms && !rest.starts_with(['%', '#', '/', ':']) {
            self.out.doubt = Some("an expansion that evaluates text");
        }
        if rest.contains(['\'', '"', '\\']) {
            self.out.doubt = Some("quotes inside an expansion");
        }
        self.word().push_hole(inner.starts_with('#') && inner.len() > 1);
    }

    fn variable(&mut self, name: &str, quoted: bool) {
        match self.variables.get(name) {
            Some(Known::Text(value)) if quoted || !value.contains([' ', '\t', '\n', '*', '?', '[']) => {
                let value = value.clone();
                let word = self.word();
                word.text.push_str(&value);
                word.made = true;
            }
            Some(Known::Solid) => self.word().push_hole(true),
            None if name == "IFS" && !quoted => self.separator(),
            _ => self.word().push_hole(false),
        }
    }

    /// `$IFS` without quotes: ends the field, and the command's name was not written out.
    fn separator(&mut self) {
        if let Some(mut word) = self.word.take() {
            word.made = true;
            self.out.words.push(word);
        }
    }

    fn ansi(&mut self) {
        let end = span::after(&self.chars, self.at);
        let inner: String = self.chars.get(self.at + 2..end.saturating_sub(1)).unwrap_or_default().iter().collect();
        self.at = end;
        if inner.contains("\\'") {
            self.out.doubt = Some("a quoted string that shells end at different places");
        }
        let (text, clean) = ansi::decode(&inner);
        let word = self.word();
        word.text.push_str(&text);
        if !clean {
            word.push_hole(false);
        }
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
