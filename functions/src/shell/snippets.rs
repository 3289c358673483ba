//! Code of other languages in the command line, as far as people type it every day: print a version, pick a member of a JSON answer,
//! count, replace a word. It is harmless if every name in it is known to be; whatever is not known is not judged to be harmless.

/// Names that Python code may use: its words, functions, modules and what these give.
const PYTHON: &str = include_str!("snippets/python.txt");
/// Names that code for Node may use.
const NODE: &str = include_str!("snippets/node.txt");
/// Names that no assignment makes harmless.
const NEVER: [&str; 32] = [
    "eval",
    "exec",
    "open",
    "compile",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "dir",
    "breakpoint",
    "memoryview",
    "super",
    "type",
    "help",
    "object",
    "Function",
    "this",
    "global",
    "globalThis",
    "module",
    "exports",
    "require",
    "import",
    "Reflect",
    "Proxy",
    "WebAssembly",
    "fetch",
    "Buffer",
    "process",
    "console",
];
/// Members of an object that lead to code.
const LEADS: [&str; 6] = ["constructor", "prototype", "__proto__", "mainmodule", "binding", "require"];
/// How deep code may lie in strings of code.
const DEPTH: u8 = 3;

/// Whether Python code does nothing but compute, read files that it names, and print.
pub(super) fn python(code: &str) -> bool {
    asks_version(code) || python_at(code, DEPTH)
}

/// The files that such code reads.
pub(super) fn python_reads(code: &str) -> Vec<&str> {
    let tokens = tokens(code, false).unwrap_or_default();
    let opens =
        |(place, token): (usize, &Token<'_>)| matches!(token, Token::Name("open" | "Path")).then_some(place + 2);
    let file = |place: usize| match tokens.get(place) {
        Some(Token::Text { text, .. }) => Some(*text),
        _ => None,
    };
    tokens.iter().enumerate().filter_map(opens).filter_map(file).collect()
}

fn python_at(code: &str, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Some(tokens) = tokens(code, false) else { return false };
    let own = assigned(&tokens);
    let imports = imported(&tokens);
    tokens.iter().enumerate().all(|(place, token)| match token {
        Token::Name("open") => opens_to_read(&tokens, place),
        Token::Name("Path" | "pathlib" | "os") => looks(&tokens, place, imports.contains(&place)),
        Token::Name(name) if is_known(PYTHON, name) => true,
        Token::Name(name) => {
            let member = place.checked_sub(1).and_then(|before| tokens.get(before)) == Some(&Token::Mark('.'));
            !member && !imports.contains(&place) && own.contains(name)
        }
        Token::Text { text, formatted: true } => {
            braces(text).is_some_and(|parts| parts.iter().all(|part| python_at(part, depth)))
        }
        _ => true,
    })
}

/// `open('a.txt')`, `open('a.txt', 'rb')`, `open('a.txt', encoding='utf-8')`.
fn opens_to_read(tokens: &[Token<'_>], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| tokens.get(before));
    let Some([Token::Mark('('), Token::Text { formatted: false, .. }, rest @ ..]) = tokens.get(place + 1..) else {
        return false;
    };
    let reads = |mode: &str| matches!(mode, "r" | "rb" | "rt" | "br");
    let mut rest = rest;
    while let [Token::Mark(','), after @ ..] = rest {
        rest = match after {
            [Token::Text { text, formatted: false }, after @ ..] if reads(text) => after,
            [Token::Name("mode"), Token::Mark('='), Token::Text { text, formatted: false }, after @ ..]
                if reads(text) =>
            {
                after
            }
            [
                Token::Name("encoding" | "errors" | "newline"),
                Token::Mark('='),
                Token::Text { formatted: false, .. },
                after @ ..,
            ] => after,
            _ => return false,
        };
    }
    before != Some(&Token::Mark('.')) && matches!(rest, [Token::Mark(')'), ..])
}

/// `Path('a.txt').read_text()` and `os.getcwd()`: what only looks, and the words that bring it in.
fn looks(tokens: &[Token<'_>], place: usize, imported: bool) -> bool {
    let before = place.checked_sub(1).and_then(|before| tokens.get(before));
    match (tokens.get(place), tokens.get(place + 1..).unwrap_or_default()) {
        // By another name it could be anything.
        (Some(Token::Name("os" | "pathlib" | "Path")), [Token::Name("as"), ..]) => false,
        (Some(Token::Name("os")), _) if imported => matches!(before, Some(Token::Name("import") | Token::Mark(','))),
        (Some(Token::Name("os")), [Token::Mark('.'), Token::Name(member), ..]) => {
            before != Some(&Token::Mark('.'))
                && matches!(*member, "getcwd" | "listdir" | "cpu_count" | "getpid" | "sep" | "name")
        }
        (Some(Token::Name("pathlib")), _) => true,
        (Some(Token::Name("Path")), _) if imported => true,
        (Some(Token::Name("Path")), rest) => matches!(
            rest,
            [
                Token::Mark('('),
                Token::Text { formatted: false, .. },
                Token::Mark(')'),
                Token::Mark('.'),
                Token::Name("read_text" | "read_bytes" | "exists" | "is_file" | "is_dir"),
                Token::Mark('('),
                Token::Mark(')'),
                ..
            ]
        ),
        _ => false,
    }
}

/// Whether code for Node does nothing but compute and print.
pub(super) fn node(code: &str) -> bool {
    let Some(tokens) = tokens(code, true) else { return false };
    let own = assigned(&tokens);
    let at = |place: Option<usize>| place.and_then(|place| tokens.get(place));
    tokens.iter().enumerate().all(|(place, token)| {
        let before = at(place.checked_sub(1));
        match token {
            Token::Name(name) if *name == "require" => {
                let asked = (at(Some(place + 1)), at(Some(place + 2)), at(Some(place + 3)));
                let tame = |text: &str| {
                    matches!(text, "path" | "url" | "util") || text.starts_with('.') && text.ends_with(".json")
                };
                before != Some(&Token::Mark('.'))
                    && matches!(asked, (Some(Token::Mark('(')), Some(Token::Text { text, .. }), Some(Token::Mark(')'))) if tame(text))
            }
            Token::Name(name) if is_known(NODE, name) => true,
            // The key of an object that is written out.
            Token::Name(name)
                if matches!(before, Some(Token::Mark('{' | ','))) && at(Some(place + 1)) == Some(&Token::Mark(':')) =>
            {
                leads_nowhere(name)
            }
            Token::Name(name) => before != Some(&Token::Mark('.')) && own.contains(name),
            Token::Text { text, formatted } => !formatted && leads_nowhere(text),
            // A member by what is computed could be any.
            Token::Mark('[') if matches!(before, Some(Token::Name(_) | Token::Mark(')' | ']' | '}') | Token::Text { .. })) => {
                matches!(at(Some(place + 1)), Some(Token::Number | Token::Text { .. })) && at(Some(place + 2)) == Some(&Token::Mark(']'))
            }
            _ => true,
        }
    })
}

/// Whether a line of Perl only replaces words or chooses lines: `s/a/b/g`, `print if /x/`.
pub(super) fn perl(code: &str) -> bool {
    code.split(';').map(str::trim).filter(|part| !part.is_empty()).all(|part| {
        if prints_fields(part) {
            return true;
        }
        let part = part.strip_prefix("print if ").or_else(|| part.strip_prefix("print unless ")).unwrap_or(part);
        is_perl_pattern(part.trim_start_matches('!'))
    })
}

/// `print $F[0]`, `print "$_\n"`, `print $., " ", $F[-1]`.
fn prints_fields(part: &str) -> bool {
    let Some(told) = part.strip_prefix("print ") else { return false };
    told.split(',').map(str::trim).all(|one| {
        let number = |text: &str| text.trim_start_matches('-').chars().all(|c| c.is_ascii_digit());
        matches!(one, "$_" | "$." | "\"$_\\n\"" | "\"\\n\"" | "\"\\t\"" | "\" \"")
            || one.strip_prefix("$F[").and_then(|rest| rest.strip_suffix(']')).is_some_and(number)
    })
}

fn is_perl_pattern(part: &str) -> bool {
    let (body, parts) = match part {
        _ if part.starts_with('/') => (part, 1),
        _ if part.starts_with("m/") => (part.get(1..).unwrap_or_default(), 1),
        _ if part.starts_with("tr") || part.starts_with("s") => {
            (part.trim_start_matches(|c: char| c.is_ascii_alphabetic()), 2)
        }
        _ => return false,
    };
    let Some(mark @ ('/' | '#' | '|' | ',' | '!')) = body.chars().next() else { return false };
    let pieces: Vec<&str> = body.split(mark).collect();
    let interpolates = |text: &str| {
        ["@", "`", "${", "$(", "->", "(?{", "(??"].iter().any(|mark| text.contains(mark))
            || text.char_indices().any(|(place, c)| {
                let rest = text.get(place + 1..).unwrap_or_default();
                let name =
                    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '&' | '$' | ':'));
                c == '$' && name.starts_with(['[', '{'])
            })
    };
    pieces.len() == parts + 2
        && pieces.last().is_some_and(|flags| flags.chars().all(|c| "gimsx".contains(c)))
        && !interpolates(body)
        && !body.contains('\\') | !pieces.iter().any(|piece| piece.ends_with('\\'))
}

/// `import x; print(x.__version__)`.
fn asks_version(code: &str) -> bool {
    let told = || {
        let (module, rest) = code.strip_prefix("import ")?.split_once(';')?;
        let member = rest.trim().strip_prefix("print(")?.strip_suffix(')')?.strip_prefix(module.trim())?;
        let name = module.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        Some(name && matches!(member, ".__version__" | ".VERSION" | ".version" | ".get_version()"))
    };
    told().unwrap_or(false)
}

fn is_known(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

fn leads_nowhere(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !LEADS.iter().any(|name| text.contains(name))
}

/// Names that the code gives something to itself.
fn assigned<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let named = tokens.iter().enumerate().filter_map(|(place, token)| match token {
        Token::Name(name) if !NEVER.contains(name) && !name.starts_with('_') => Some((place, *name)),
        _ => None,
    });
    let at = |place: Option<usize>| place.and_then(|place| tokens.get(place));
    let gives = |place: usize| {
        let (before, next) = (at(place.checked_sub(1)), at(Some(place + 1)));
        let declares = matches!(before, Some(Token::Name("for" | "as" | "const" | "let" | "var" | "lambda")));
        let equals = next == Some(&Token::Mark('=')) && at(Some(place + 2)) != Some(&Token::Mark('='));
        before != Some(&Token::Mark('.')) && (declares || equals)
    };
    named.filter(|(place, _)| gives(*place)).map(|(_, name)| name).collect()
}

/// Places of names that are brought in by `import` or `from`.
fn imported(tokens: &[Token<'_>]) -> Vec<usize> {
    let (mut places, mut brings) = (Vec::new(), false);
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Name("import" | "from") => brings = true,
            Token::Name("as") | Token::Mark(';' | '\n') => brings = false,
            Token::Mark(',') => {}
            Token::Name(_) if brings => places.push(place),
            _ => {}
        }
    }
    places
}

/// The code in the braces of a formatted string, without what says how to write it.
fn braces(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((_, inner)) = rest.split_once('{') {
        let (code, after) = inner.split_once('}')?;
        if code.contains('{') {
            return None;
        }
        parts.push(code.split(['!', ':']).next().unwrap_or_default());
        rest = after;
    }
    Some(parts)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number,
    Text { text: &'a str, formatted: bool },
    Mark(char),
}

/// The tokens of code in Python or JavaScript; `None` if it has something that neither has in everyday code.
fn tokens(code: &str, is_node: bool) -> Option<Vec<Token<'_>>> {
    let (mut tokens, mut rest) = (Vec::new(), code);
    while let Some(first) = rest.chars().next() {
        let length = |class: fn(char) -> bool| rest.find(|c| !class(c)).unwrap_or(rest.len());
        let used = match first {
            '\n' => {
                tokens.push(Token::Mark('\n'));
                1
            }
            ' ' | '\t' | '\r' => 1,
            'a'..='z' | 'A'..='Z' | '_' => {
                let used = length(|c| c.is_ascii_alphanumeric() || c == '_');
                let (name, after) = rest.split_at_checked(used)?;
                let is_prefix =
                    matches!(name.to_ascii_lowercase().as_str(), "f" | "r" | "b" | "u" | "fr" | "rf" | "br" | "rb");
                if is_prefix && !is_node && after.starts_with(['"', '\'']) {
                    let (text, width) = string(after)?;
                    tokens.push(Token::Text { text, formatted: name.contains(['f', 'F']) });
                    used + width
                } else {
                    tokens.push(Token::Name(name));
                    used
                }
            }
            '0'..='9' => {
                tokens.push(Token::Number);
                length(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
            }
            '"' | '\'' => {
                let (text, width) = string(rest)?;
                tokens.push(Token::Text { text, formatted: false });
                width
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '.' | ',' | ':' | ';' | '+' | '-' | '*' | '/' | '%' | '<' | '>'
            | '=' | '!' | '&' | '|' | '^' | '?' => {
                tokens.push(Token::Mark(first));
                1
            }
            _ => return None,
        };
        rest = rest.get(used..)?;
    }
    Some(tokens)
}

/// The string at the start of the text, without its quotes, and its width with them. Escapes but for the plainest are not read.
fn string(text: &str) -> Option<(&str, usize)> {
    let quote = text.chars().next()?;
    let body = text.get(1..)?;
    let mut escaped = false;
    for (place, c) in body.char_indices() {
        match c {
            _ if escaped && !matches!(c, 'n' | 't' | '\\' | '"' | '\'') => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some((body.get(..place)?, place + 2)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[path = "snippets/tests.rs"]
mod tests;
