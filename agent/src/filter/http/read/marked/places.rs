//! Where a value stands, against the places that are marked.

use std::borrow::Cow;

use functions::http::Step;

use super::Markings;

/// Positions that a value continues after one step, and whether it is marked.
pub(super) fn advance(
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
pub(super) fn spread(markings: &Markings, positions: &[(usize, usize)]) -> Vec<(usize, usize)> {
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
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
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
