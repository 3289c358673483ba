//! Places in JSON that an administrator marks: a part of JSONPath (RFC 9535) that can be followed while text streams by.

/// One step from the root to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of this name, in lower case: names are compared without regard to case.
    Member(String),
    /// Any member or item.
    Any,
    /// The item at this index.
    Item(usize),
    /// Anything below, at any depth.
    Below,
}

/// Reads a place: a bare key counts anywhere; `$.a.b[*].c`, `$.a[0]` and `$..c` from the root. `None` if it cannot be read.
#[must_use]
pub fn json_place(place: &str) -> Option<Vec<Step>> {
    let Some(mut rest) = place.strip_prefix('$') else {
        let plain = !place.is_empty() && !place.contains(['[', ']', '*']);
        return plain.then(|| vec![Step::Below, Step::Member(place.to_lowercase())]);
    };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Below);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        } else if !rest.starts_with('[') {
            return None;
        }
        let (step, after) = step(rest)?;
        steps.push(step);
        rest = after;
    }
    (!steps.is_empty()).then_some(steps)
}

fn step(rest: &str) -> Option<(Step, &str)> {
    if let Some(after) = rest.strip_prefix('[') {
        let (inside, after) = after.split_once(']')?;
        let step = match inside {
            "*" => Step::Any,
            text if text.starts_with(['\'', '"']) => Step::Member(text.trim_matches(['\'', '"']).to_lowercase()),
            number => Step::Item(number.parse().ok()?),
        };
        return Some((step, after));
    }
    let (name, after) = rest.split_at_checked(rest.find(['.', '[']).unwrap_or(rest.len()))?;
    let step = match name {
        "" => return None,
        "*" => Step::Any,
        name => Step::Member(name.to_lowercase()),
    };
    Some((step, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let member = |name: &str| Step::Member(name.into());
        assert_eq!(json_place("SSN"), Some(vec![Step::Below, member("ssn")]));
        assert_eq!(
            json_place("$.a['b c'][*][2]..d.*"),
            Some(vec![member("a"), member("b c"), Step::Any, Step::Item(2), Step::Below, member("d"), Step::Any,])
        );
        for place in ["", "$", "$.", "$a", "$.a[", "$.a[x]", "a[0]", "$..", "*"] {
            assert_eq!(json_place(place), None, "{place}");
        }
    }
}
