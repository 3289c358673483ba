//! Brace expansion (bash, ksh, zsh): `{a,b}` and `{1..9}`, before everything else.

use super::span;

/// Most words that one word may become.
const MOST: usize = 256;

/// The words that `raw` becomes, still quoted; `None` if they are too many.
pub(super) fn expand(raw: &str) -> Option<Vec<String>> {
    if !raw.contains('{') {
        return Some(vec![raw.to_owned()]);
    }
    let mut done = Vec::new();
    let mut waiting = vec![raw.chars().collect::<Vec<char>>()];
    let mut rounds = 0;
    while let Some(chars) = waiting.pop() {
        rounds += 1;
        if rounds > 4 * MOST || done.len() + waiting.len() > MOST {
            return None;
        }
        match first(&chars) {
            None => done.push(chars.into_iter().collect()),
            Some((start, end, alternatives)) => {
                let (before, behind) = (chars.get(..start)?, chars.get(end..)?);
                for alternative in alternatives?.iter().rev() {
                    waiting.push([before, alternative, behind].concat());
                }
            }
        }
    }
    Some(done)
}

type Alternatives = Option<Vec<Vec<char>>>;

/// The first brace expression: where it stands and what it gives.
fn first(chars: &[char]) -> Option<(usize, usize, Alternatives)> {
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if *c == '{' {
            if let Some((end, commas)) = shape(chars, at) {
                let inner = chars.get(at + 1..end - 1)?;
                if !commas.is_empty() {
                    return Some((at, end, Some(split(chars, at, end, &commas))));
                }
                if let Some(sequence) = sequence(inner) {
                    return Some((at, end, sequence));
                }
            }
            at += 1;
        } else {
            at = span::after(chars, at);
        }
    }
    None
}

/// The end of the braces that open at `start`, and the commas that stand directly in them.
fn shape(chars: &[char], start: usize) -> Option<(usize, Vec<usize>)> {
    let (mut at, mut level, mut commas) = (start + 1, 1_usize, Vec::new());
    while let Some(c) = chars.get(at) {
        match c {
            '{' => level += 1,
            '}' => {
                level -= 1;
                if level == 0 {
                    return Some((at + 1, commas));
                }
            }
            ',' if level == 1 => commas.push(at),
            '\\' | '\'' | '"' | '$' | '`' => {
                at = span::after(chars, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn split(chars: &[char], start: usize, end: usize, commas: &[usize]) -> Vec<Vec<char>> {
    let mut from = start + 1;
    let mut parts = Vec::new();
    for to in commas.iter().copied().chain([end - 1]) {
        parts.push(chars.get(from..to).unwrap_or_default().to_vec());
        from = to + 1;
    }
    parts
}

/// `1..9`, `a..e`, with an optional step. The inner `None` is a sequence that is too long.
fn sequence(inner: &[char]) -> Option<Alternatives> {
    let text: String = inner.iter().collect();
    let parts: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match parts.as_slice() {
        [from, to] => (*from, *to, 1),
        [from, to, step] => (*from, *to, step.parse::<i64>().ok()?.checked_abs()?.max(1)),
        _ => return None,
    };
    let one = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|c| chars.next().is_none() && c.is_ascii_alphabetic()).map(|c| i64::from(u32::from(c)))
    };
    let (first, last, letters) = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(first), Ok(last)) => (first, last, false),
        _ => (one(from)?, one(to)?, true),
    };
    let count = first.checked_sub(last)?.checked_abs()? / step;
    if count >= MOST as i64 {
        return Some(None);
    }
    let values = (0..=count).map(|index| if first <= last { first + index * step } else { first - index * step });
    let show = |value: i64| match letters {
        true => u8::try_from(value).map(|byte| char::from(byte).to_string()).unwrap_or_default(),
        false => value.to_string(),
    };
    Some(Some(values.map(|value| show(value).chars().collect()).collect()))
}
