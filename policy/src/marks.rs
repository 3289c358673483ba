//! At which numbers of rows or bytes a running call is asked about again: where a policy compares them with a number, there; where
//! it compares them with anything else, now and then.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    Rows,
    Bytes,
}

impl Watched {
    /// The facts that count it.
    fn facts(self) -> [&'static str; 2] {
        match self {
            Self::Rows => ["rows", "session_rows"],
            Self::Bytes => ["bytes", "session_bytes"],
        }
    }

    /// How often to ask where the limit is no number.
    fn every(self) -> u64 {
        match self {
            Self::Rows => 100,
            Self::Bytes => 64 * 1024,
        }
    }
}

/// The numbers at which policy is asked again while a call runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// What policies compare with.
    limits: BTreeSet<u64>,
    /// Some limit depends on other facts: policy is asked whenever so many more were sent.
    every: Option<u64>,
}

/// Comparisons of Cedar, as its JSON names them.
const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

impl Marks {
    /// The first number above `sent` at which policy must be asked: a limit is met there, or has just been passed. What was sent
    /// before, for each count that goes on from there, makes it earlier.
    #[must_use]
    pub fn next(&self, before: [u64; 2], sent: u64) -> Option<u64> {
        let marks = self.limits.iter().flat_map(|limit| [*limit, limit.saturating_add(1)]);
        let met = marks.flat_map(|mark| before.map(|before| mark.checked_sub(before))).flatten();
        let regular = self.every.map(|every| sent.saturating_add(every - sent.saturating_add(before[0]) % every));
        met.filter(|mark| *mark > sent).chain(regular).min()
    }

    /// Adds what a policy, as Cedar writes it in JSON, compares with what is watched.
    pub(crate) fn add(&mut self, policy: &Value, watched: Watched) {
        match policy {
            Value::Object(fields) => {
                for (key, value) in fields {
                    if COMPARISONS.contains(&key.as_str()) && mentions(value, watched) {
                        self.compare(value, watched);
                    } else if is_read(key, value, watched) {
                        // Anything may be done with it.
                        self.every = Some(watched.every());
                    } else {
                        self.add(value, watched);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item, watched)),
            _ => {}
        }
    }

    fn compare(&mut self, sides: &Value, watched: Watched) {
        let side = |name| sides.get(name).unwrap_or(&Value::Null);
        let (left, right) = (side("left"), side("right"));
        let limit = match (is_fact(left, watched), is_fact(right, watched)) {
            (true, false) => constant(right),
            (false, true) => constant(left),
            _ => None,
        };
        match limit {
            // Below nothing there is nothing to be asked about.
            Some(limit) => self.limits.extend(u64::try_from(limit).ok()),
            None => self.every = Some(watched.every()),
        }
    }
}

/// `context.rows` and nothing else.
fn is_fact(side: &Value, watched: Watched) -> bool {
    side.get(".").is_some_and(|access| is_read(".", access, watched))
}

/// The access of `context.rows`, under the key for accesses.
fn is_read(key: &str, access: &Value, watched: Watched) -> bool {
    let is_context = access.get("left").and_then(|left| left.get("Var")).and_then(Value::as_str) == Some("context");
    let attribute = access.get("attr").and_then(Value::as_str).unwrap_or_default();
    key == "." && is_context && watched.facts().contains(&attribute)
}

fn mentions(value: &Value, watched: Watched) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| is_read(key, value, watched) || mentions(value, watched))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, watched)),
        _ => false,
    }
}

/// The number that an expression is whatever the facts are.
fn constant(expression: &Value) -> Option<i64> {
    let fields = expression.as_object().filter(|fields| fields.len() == 1)?;
    let (key, value) = fields.iter().next()?;
    let side = |name| value.get(name).and_then(constant);
    match key.as_str() {
        "Value" => value.as_i64(),
        "+" => side("left")?.checked_add(side("right")?),
        "-" => side("left")?.checked_sub(side("right")?),
        "*" => side("left")?.checked_mul(side("right")?),
        "neg" => side("arg")?.checked_neg(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(condition: &str) -> Marks {
        let text = format!("forbid (principal, action, resource) when {{ {condition} }};");
        let json = cedar_policy::Policy::parse(None, text).ok().and_then(|policy| policy.to_json().ok());
        let mut marks = Marks::default();
        json.iter().for_each(|json| marks.add(json, Watched::Rows));
        marks
    }

    fn exact(limits: &[u64]) -> Marks {
        Marks { limits: limits.iter().copied().collect(), every: None }
    }

    #[test]
    fn a_limit_is_met_at_its_number_however_it_is_written() {
        assert_eq!(marks("context.rows > 1000"), exact(&[1000]));
        assert_eq!(marks("context.rows > 500 + 500"), exact(&[1000]));
        assert_eq!(marks("10 * 100 <= context.session_rows && context.hour > 8"), exact(&[1000]));
        assert_eq!(marks("context.bytes > 7 || context.hour == 3"), exact(&[]));
        assert_eq!(marks("context.rows > 3 || context.rows > -1 || context.session_rows == 9"), exact(&[3, 9]));
    }

    #[test]
    fn a_limit_that_other_facts_make_is_asked_about_now_and_then() {
        for condition in [
            "context.rows * 2 > 1000",
            "context.rows > context.hour * 100",
            "context.rows > context.limit",
            "context.rows > context.session_rows",
            "[10, 20].contains(context.rows)",
            "(if context.mfa then context.rows else 0) > 10",
        ] {
            assert_eq!(marks(condition), Marks { limits: BTreeSet::new(), every: Some(100) }, "{condition}");
        }
    }

    #[test]
    fn the_next_mark_is_the_first_that_any_count_meets() {
        assert_eq!(exact(&[100]).next([0, 0], 0), Some(100));
        assert_eq!(exact(&[100]).next([0, 0], 100), Some(101));
        assert_eq!(exact(&[100]).next([0, 0], 101), None);
        assert_eq!(exact(&[100]).next([70, 0], 5), Some(30));
        assert_eq!(exact(&[100]).next([500, 90], 0), Some(10));
        assert_eq!(exact(&[100]).next([0, 100], 0), Some(1));
        let often = Marks { limits: BTreeSet::new(), every: Some(100) };
        assert_eq!(
            (often.next([0, 0], 0), often.next([0, 0], 100), often.next([30, 0], 0)),
            (Some(100), Some(200), Some(70))
        );
    }
}
