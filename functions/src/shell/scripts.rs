//! Small scripts inside a command line: sed (POSIX and GNU) and awk. They are read just far enough to see whether they write
//! to files or run commands; whatever is not recognised counts as that.

/// What a script does besides changing the text that passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Nothing.
    Harmless,
    /// It writes to these files, and only adds to them if so; without a name where that is not written out.
    Writes { files: Vec<Option<String>>, appends: bool },
    /// It runs commands, or it is not understood.
    Runs,
}

/// Reads a sed script.
pub(super) fn sed(text: &str) -> Script {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Sed { chars: &chars, at: 0, writes: Vec::new() };
    match reader.script() {
        None => Script::Runs,
        Some(()) if reader.writes.is_empty() => Script::Harmless,
        Some(()) => Script::Writes { files: reader.writes, appends: false },
    }
}

struct Sed<'a> {
    chars: &'a [char],
    at: usize,
    writes: Vec<Option<String>>,
}

impl Sed<'_> {
    /// `None` as soon as something could run a command or is not understood.
    fn script(&mut self) -> Option<()> {
        loop {
            self.skip(" \t\n;");
            if self.peek().is_none() {
                return Some(());
            }
            self.address()?;
            self.skip(" \t!");
            match self.next()? {
                '{' => continue,
                '}' => {}
                '#' | ':' | 'b' | 't' | 'T' if self.label() => {}
                'a' | 'i' | 'c' | 'r' | 'R' => self.line(),
                'w' | 'W' => self.file(),
                's' => self.substitute()?,
                'y' => {
                    let delimiter = self.next()?;
                    self.delimited(delimiter)?;
                    self.delimited(delimiter)?;
                }
                'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | '=' | 'F' => {}
                'q' | 'Q' | 'l' | 'L' => self.skip(" 0123456789"),
                _ => return None,
            }
            self.skip(" \t");
            if !matches!(self.peek(), None | Some(';' | '\n' | '}' | '{' | '#')) {
                return None;
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|c| set.contains(c)) {
            self.at += 1;
        }
    }

    /// The name of a file that is written, up to the end of the line.
    fn file(&mut self) {
        self.skip(" \t");
        let from = self.at;
        self.line();
        let name: String = self.chars.get(from..self.at.min(self.chars.len())).unwrap_or_default().iter().collect();
        self.writes.push(Some(name.trim_end_matches('\n').to_owned()));
    }

    fn line(&mut self) {
        // Text of several lines continues after a backslash.
        while let Some(c) = self.next() {
            match c {
                '\\' => self.at += 1,
                '\n' => break,
                _ => {}
            }
        }
    }

    fn label(&mut self) -> bool {
        while self.peek().is_some_and(|c| !"\n;}".contains(c)) {
            self.at += 1;
        }
        true
    }

    fn address(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(c) if c.is_ascii_digit() || "$,+~ \t".contains(c) => self.at += 1,
                Some(super::word::HOLE) => self.at += 1,
                Some('/') => {
                    self.at += 1;
                    self.delimited('/')?;
                    self.skip("IM");
                }
                Some('\\') => {
                    self.at += 1;
                    let delimiter = self.next()?;
                    self.delimited(delimiter)?;
                    self.skip("IM");
                }
                _ => return Some(()),
            }
        }
    }

    /// Up to and over the next delimiter that is not escaped. Inside brackets programs disagree on what ends it.
    fn delimited(&mut self, delimiter: char) -> Option<()> {
        let mut in_class = false;
        loop {
            match self.next()? {
                '\\' => self.at += 1,
                c if c == delimiter => return (!in_class).then_some(()),
                '[' => in_class = true,
                ']' => in_class = false,
                '\n' => return None,
                _ => {}
            }
        }
    }

    fn substitute(&mut self) -> Option<()> {
        let delimiter = self.next().filter(|c| !c.is_alphanumeric() && !"\\\n ".contains(*c))?;
        self.delimited(delimiter)?;
        self.delimited(delimiter)?;
        loop {
            match self.peek() {
                Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => self.at += 1,
                Some('w') => {
                    self.at += 1;
                    self.file();
                    return Some(());
                }
                Some('e') => return None,
                _ => return Some(()),
            }
        }
    }
}

/// Reads an awk program.
pub(super) fn awk(text: &str) -> Script {
    let Some(code) = without_literals(text) else { return Script::Runs };
    let words: Vec<&str> = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    if words.iter().any(|word| matches!(*word, "system" | "getline" | "load" | "include" | "extension" | "popen")) {
        return Script::Runs;
    }
    if code.contains('@') || code.replace("||", "").contains('|') {
        return Script::Runs;
    }
    let writes = code.split([';', '\n', '{', '}']).any(|statement| {
        let mut level = 0_i32;
        let mut outside = String::new();
        for c in statement.chars() {
            match c {
                '(' => level += 1,
                ')' => level -= 1,
                _ if level <= 0 => outside.push(c),
                _ => {}
            }
        }
        outside.contains("print") && outside.contains('>')
    });
    match writes {
        true => Script::Writes {
            files: awk_files(text),
            appends: text.contains(">>") && !text.replace(">>", "").contains('>'),
        },
        false => Script::Harmless,
    }
}

/// What stands behind each `>` of an awk program that is not compared with a number.
fn awk_files(text: &str) -> Vec<Option<String>> {
    let targets = text
        .split('>')
        .skip(1)
        .map(str::trim_start)
        .filter(|target| !target.is_empty() && !target.starts_with(|c: char| c == '=' || c.is_ascii_digit()));
    let name = |target: &str| {
        let (name, rest) = target.strip_prefix('"')?.split_once('"')?;
        let ends = rest.trim_start().chars().next().is_none_or(|c| matches!(c, ';' | '}' | '\n'));
        (ends && !name.contains('\\')).then(|| name.to_owned())
    };
    targets.map(name).collect()
}

/// The code without strings, regular expressions and comments; `None` if one does not end.
fn without_literals(text: &str) -> Option<String> {
    let mut code = String::new();
    let mut chars = text.chars();
    let mut before = '\n';
    while let Some(c) = chars.next() {
        let opens_pattern = c == '/' && "(,{};!~&|\n?:".contains(before);
        if c == '#' {
            for c in chars.by_ref() {
                if c == '\n' {
                    break;
                }
            }
            code.push('\n');
            continue;
        }
        if c != '"' && !opens_pattern {
            code.push(c);
            if !c.is_whitespace() || c == '\n' {
                before = c;
            }
            continue;
        }
        loop {
            match chars.next()? {
                '\\' => {
                    chars.next()?;
                }
                end if end == c => break,
                '\n' => return None,
                _ => {}
            }
        }
        code.push('0');
        before = '0';
    }
    Some(code)
}
