//! Where quoted and substituted parts of a word end, and the command lines inside them. Where shells could disagree about an
//! end, [`is_plain`] says so, and the caller doubts the whole.

/// How deep parts may lie in each other.
const DEEPEST: usize = 24;

/// The index after the part that begins at `at`: a quoted string, a substitution, an escape or one character.
pub(super) fn after(chars: &[char], at: usize) -> usize {
    part(chars, at, 0).min(chars.len())
}

fn part(chars: &[char], at: usize, depth: usize) -> usize {
    if depth > DEEPEST {
        return chars.len();
    }
    let next = chars.get(at + 1).copied();
    match chars.get(at) {
        Some('\\') => at + 2,
        Some('\'') => close(chars, at + 1, '\'', |at| at + 1),
        Some('"') => quoted(chars, at, depth),
        Some('`') => close(chars, at + 1, '`', |at| if chars.get(at) == Some(&'\\') { at + 2 } else { at + 1 }),
        Some('$') => match next {
            Some('(') => nested(chars, at + 2, '(', ')', depth),
            Some('[') => nested(chars, at + 2, '[', ']', depth),
            Some('{') => nested(chars, at + 2, '{', '}', depth),
            Some('\'') => close(chars, at + 2, '\'', |at| if chars.get(at) == Some(&'\\') { at + 2 } else { at + 1 }),
            Some('"') => quoted(chars, at + 1, depth),
            _ => at + 1,
        },
        _ => at + 1,
    }
}

fn quoted(chars: &[char], at: usize, depth: usize) -> usize {
    close(chars, at + 1, '"', |at| match chars.get(at) {
        Some('\'') => at + 1,
        _ => part(chars, at, depth + 1),
    })
}

fn close(chars: &[char], from: usize, end: char, step: impl Fn(usize) -> usize) -> usize {
    let mut at = from;
    while let Some(c) = chars.get(at) {
        if *c == end {
            return at + 1;
        }
        at = step(at);
    }
    at
}

fn nested(chars: &[char], from: usize, open: char, end: char, depth: usize) -> usize {
    let (mut at, mut level) = (from, 1_usize);
    while let Some(c) = chars.get(at) {
        if *c == end {
            level -= 1;
            if level == 0 {
                return at + 1;
            }
            at += 1;
        } else if *c == open {
            level += 1;
            at += 1;
        } else {
            at = part(chars, at, depth + 1);
        }
    }
    at
}

/// The command lines of all substitutions in a text, also inside expansions and arithmetic. Single quotes count as text,
/// since inside double quotes, here-documents and arithmetic they are.
pub(super) fn substitutions(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        match (c, chars.get(at + 1), chars.get(at + 2)) {
            ('\\', _, _) => at += 2,
            ('$', Some('('), third) if third != Some(&'(') => {
                let end = after(&chars, at);
                found.push(chars.get(at + 2..end.saturating_sub(1)).unwrap_or_default().iter().collect());
                at = end;
            }
            ('$', Some('('), _) => {
                // Arithmetic, or a substitution whose command is a subshell: read it as both.
                let end = after(&chars, at);
                let inner: String = chars.get(at + 2..end.saturating_sub(1)).unwrap_or_default().iter().collect();
                if !is_arithmetic(&inner) {
                    found.push(inner);
                }
                at += 3;
            }
            ('`', _, _) => {
                let end = after(&chars, at);
                let inner: String = chars.get(at + 1..end.saturating_sub(1)).unwrap_or_default().iter().collect();
                found.push(inner.replace("\\`", "`").replace("\\$", "$").replace("\\\\", "\\"));
                at = end;
            }
            ('<' | '>', Some('('), _) => {
                let end = nested(&chars, at + 2, '(', ')', 0);
                found.push(chars.get(at + 2..end.saturating_sub(1)).unwrap_or_default().iter().collect());
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// Whether `(..)` is the inside of `$((..))`.
fn is_arithmetic(inner: &str) -> bool {
    inner.strip_suffix(')').is_some_and(|inner| {
        !inner.contains(['\'', '"', '\\', ';', '\n', '`']) && !inner.contains("$(")
            || inner.chars().all(|c| c.is_ascii_alphanumeric() || " +-*/%<>=!&|^~?:_,$()".contains(c))
    })
}

/// Names that arithmetic could set.
pub(super) fn names(text: &str) -> Vec<String> {
    if !text.contains('=') && !text.contains("++") && !text.contains("--") {
        return Vec::new();
    }
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether the inside of a substitution ends where it seems to: no comment, here-document or `case` could hide an end.
pub(super) fn is_plain(code: &str) -> bool {
    !code.contains("<<")
        && !code.contains('#')
        && !code.split(|c: char| !c.is_alphanumeric()).any(|word| word == "case")
}
