//! Values that conditions compare columns with: which of them leave rows out, and which parameters decide it that come with
//! an Execute only.

use std::{cmp::Ordering, collections::BTreeMap};

use crate::written::{quoted, with_some};

/// Most rows that LIMIT with a parameter may ask for without a second look.
const FEW: u64 = 10_000;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A parameter whose value decides whether a statement is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// 1 for `$1`.
    pub parameter: usize,
    pub(crate) place: Place,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// `LIMIT $1`
    Count,
    /// `column > $1`
    Compared(Test),
    /// Anywhere else in a condition.
    Anywhere,
}

/// What an Execute gives for a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// A number, as PostgreSQL prints it.
    Number(String),
    /// True or false.
    Bool(bool),
    /// The text form of any other.
    Text(String),
}

impl Value {
    /// How it is written in a statement.
    fn written(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) if is_number(text) => text.clone(),
            Self::Number(text) | Self::Text(text) => quoted(text),
        }
    }

    /// Its text; `None` for NULL.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(if *value { "true" } else { "false" }),
            Self::Number(text) | Self::Text(text) => Some(text),
        }
    }
}

/// Digits, with a sign and a point at most.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, rest].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A statement with these values in place of its parameters; others stay as they are. `None` if it cannot be told where they stand.
#[must_use]
pub fn written_in(text: &str, values: &BTreeMap<usize, Value>) -> Option<String> {
    with_some(text, |number| values.get(&number).map(Value::written))
}

impl Doubt {
    /// Whether with this value (`None` for NULL) the statement is what it was taken for without knowing it.
    #[must_use]
    pub fn is_settled_by(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return false };
        match self.place {
            Place::Count => value.trim().parse::<u64>().is_ok_and(|count| count <= FEW),
            Place::Compared(test) => test.limits(&Literal::read(value)),
            Place::Anywhere => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    /// Computed of numbers, give or take what rounding does.
    About(f64),
    Text(String),
    /// Text that stands for a value of another type, which may be spelt in several ways.
    Typed(String),
    /// The value of a parameter that comes later.
    Given(usize),
    /// Something computed without any column.
    Some,
    /// The same, by what makes any number or text of constants.
    Made,
}

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) operator: &'static str,
    /// The column names a row.
    pub(crate) identity: bool,
    /// It is nothing but a column, casts aside.
    pub(crate) plain: bool,
}

impl Test {
    /// Whether it depends on the value what it leaves out.
    pub(crate) fn depends(self) -> bool {
        !matches!(self.operator, "=" | "null" | "not null")
    }

    /// Does it leave out rows that a real table is likely to have?
    pub(crate) fn limits(self, value: &Literal) -> bool {
        // A pattern that nobody has read may be any.
        let text = if *value == Literal::Made { Some("") } else { value.text().map(str::trim) };
        match self.operator {
            "=" | "null" => true,
            "not null" => !self.identity,
            "<>" => !self.identity && text != Some(""),
            ">" | ">=" => self.is_lower_limit(value),
            "<" | "<=" => self.is_upper_limit(value),
            "~~" | "~~*" => text.is_none_or(|pattern| pattern.chars().any(|c| c != '%' && c != '_')),
            // Without a sign for any text, it leaves out one value.
            "!~~" | "!~~*" => text.is_none_or(|pattern| pattern.contains(['%', '_'])),
            "~" | "~*" => text.is_none_or(narrows),
            "similar" => text.is_none_or(|pattern| narrows(&pattern.replace(['%', '_'], "."))),
            "!~" | "!~*" => text.is_none_or(|pattern| !pattern.is_empty() && !is_impossible(pattern)),
            "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@@" | "^@" => {
                text.is_none_or(|t| !matches!(t, "" | "{}" | "[]" | "{ }") && !self.is_in_all_of(t))
            }
            _ => false,
        }
    }

    /// A range, or several, in which every value lies: `(,)`, `[0,2000000000]`, `{[0,5],[6,infinity)}`.
    fn is_in_all_of(self, range: &str) -> bool {
        if !range.starts_with(['(', '[', '{']) {
            return false;
        }
        let bound = |text: &str| text.trim_matches(|c: char| "{}[]()\" ".contains(c)).to_owned();
        let (Some((low, _)), Some((_, high))) = (range.split_once(','), range.rsplit_once(',')) else { return false };
        let end = |operator| Self { operator, ..self };
        let (low, high) = (bound(low), bound(high));
        let low_open = low.is_empty() || !end(">=").is_lower_limit(&Literal::Text(low));
        let high_open = high.is_empty() || !end("<=").is_upper_limit(&Literal::Text(high));
        low_open && high_open
    }

    fn is_lower_limit(self, value: &Literal) -> bool {
        // Above one key stand all that come later: only an upper end makes it a range.
        if self.identity {
            return false;
        }
        let from = |number: f64| number > 0.0 || (number == 0.0 && self.operator == ">" && self.plain);
        match value {
            Literal::Number(number) | Literal::About(number) => from(*number),
            Literal::Text(text) | Literal::Typed(text) => {
                !is_early(text.trim()) && text.trim().parse::<f64>().map_or(true, from)
            }
            Literal::Some | Literal::Given(_) => true,
            _ => false,
        }
    }

    fn is_upper_limit(self, value: &Literal) -> bool {
        let high = if self.identity { 999_999_999.0 } else { 2_147_483_647.0 };
        match value {
            Literal::Number(number) | Literal::About(number) => *number < high,
            Literal::Text(text) | Literal::Typed(text) => {
                !is_late(text.trim()) && text.trim().parse::<f64>().map_or(true, |number| number < high)
            }
            Literal::Some | Literal::Given(_) => true,
            _ => false,
        }
    }
}

/// A regular expression that not every text matches.
fn narrows(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    let mut literal = false;
    while let Some(c) = chars.next() {
        if c == '[' {
            literal |= narrow_class(&mut chars);
            continue;
        }
        // A class of characters, or a sign of its own.
        if c == '\\' {
            literal |= chars.next().is_some_and(|c| !c.is_alphanumeric());
            continue;
        }
        if c == '|' {
            return false;
        }
        if c.is_alphanumeric() || matches!(c, '@' | '-' | '/' | ' ' | ':' | '_') {
            literal |= !matches!(chars.peek(), Some('*' | '?' | '{'));
        }
    }
    literal
}

/// Whether a class of characters, of which the bracket is read, is more than a few letters or digits.
fn narrow_class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut class = String::new();
    for c in chars.by_ref() {
        // A bracket that comes first is a sign like others.
        if c == ']' && !matches!(class.as_str(), "" | "^") {
            break;
        }
        class.push(c);
    }
    let optional = matches!(chars.peek(), Some('*' | '?' | '{'));
    let wide = class.starts_with('^')
        || class.contains(['\\', ':'])
        || ["a-z", "A-Z", "0-9", "!-~", " -~"].iter().any(|range| class.contains(range));
    !optional && !wide
}

/// A regular expression that no text matches: something stands before the beginning or behind the end.
fn is_impossible(pattern: &str) -> bool {
    let signs: Vec<char> = pattern.chars().collect();
    let inside = signs.windows(2).any(|pair| match pair {
        ['$', next] => next.is_alphanumeric() || *next == '^',
        [before, '^'] => before.is_alphanumeric(),
        _ => false,
    });
    inside || ["(?!)", "[^\\s\\S]", "[^\\w\\W]", "[^\\d\\D]"].iter().any(|never| pattern.contains(never))
}

/// The year of a date: `2026-02-24`, `20260224`, `24.02.2026`, `Feb 24, 2026`.
fn year(text: &str) -> Option<u32> {
    let runs: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    if let [run] = runs.as_slice()
        && run.len() == text.len()
    {
        let (year, rest) = run.split_at_checked(4).filter(|_| run.len() == 8)?;
        let (month, day) = rest.split_at_checked(2)?;
        let within = |text: &str, most: u32| text.parse::<u32>().is_ok_and(|number| (1..=most).contains(&number));
        return if within(month, 12) && within(day, 31) { year.parse().ok() } else { None };
    }
    let named = MONTHS.iter().any(|month| text.to_lowercase().starts_with(month));
    let first = runs.first().filter(|run| text.strip_prefix(**run).is_some_and(|rest| rest.starts_with('-')));
    let dated = match runs.len() {
        0 | 1 => false,
        2 => named || first.is_some(),
        _ => named || text.starts_with(|c: char| c.is_ascii_digit()),
    };
    runs.iter().find(|run| matches!(run.len(), 4..=6)).filter(|_| dated)?.parse().ok()
}

pub(crate) fn is_early(text: &str) -> bool {
    // The places of a table's first page come before all others.
    text.is_empty()
        || matches!(text, "-infinity" | "epoch")
        || text.starts_with("(0,")
        || text.ends_with(" BC")
        || text.strip_prefix('-').is_some_and(is_lifelong)
        || is_first(text)
        || year(text).is_some_and(|year| year <= 1970)
}

pub(crate) fn is_late(text: &str) -> bool {
    let page = text.strip_prefix('(').and_then(|rest| rest.split(',').next()).and_then(|page| page.parse::<u64>().ok());
    text == "infinity"
        || page.is_some_and(|page| page >= 10_000_000)
        || year(text).is_some_and(|year| year >= 2100)
        || text.starts_with(|c: char| c > '\u{d7ff}')
        || is_lifelong(text)
        || !text.is_empty() && text.chars().all(|c| matches!(c, 'z' | 'Z' | '~'))
}

/// A single sign before which no name begins.
fn is_first(text: &str) -> bool {
    let mut signs = text.chars();
    matches!((signs.next(), signs.next()), (Some(sign), None) if (sign < 'A' && !sign.is_ascii_digit()) || sign == 'A' || sign == 'a')
}

/// Whether a text is an interval so long that no row lies further away: `100 years`.
pub(crate) fn is_lifelong(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(number), Some(unit)) = (words.next().and_then(|word| word.parse::<f64>().ok()), words.next()) else {
        return false;
    };
    let years = match unit.trim_end_matches('s').to_lowercase().as_str() {
        "year" | "yr" | "y" => 1.0,
        "decade" => 10.0,
        "century" | "centurie" => 100.0,
        "millennium" | "millennia" => 1000.0,
        "month" | "mon" => 1.0 / 12.0,
        "week" => 1.0 / 52.0,
        "day" => 1.0 / 365.0,
        _ => return false,
    };
    number * years >= 50.0
}

impl Literal {
    /// Of a parameter's text.
    fn read(text: &str) -> Self {
        text.trim().parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }

    /// The text that it is written with.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Typed(text) => Some(text),
            _ => None,
        }
    }

    /// The number that it is, or nearly.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::About(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        !matches!(self, Self::Some | Self::Made | Self::Given(_))
    }

    /// Which comes first, as far as their spelling tells.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        if let (Some(one), Some(two)) = (self.number(), other.number()) {
            return one.partial_cmp(&two);
        }
        if let (Some(one), Some(two)) = (self.text(), other.text()) {
            return Some(one.cmp(two));
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value of a comparison of constants, if it can be told.
    pub(crate) fn compare(&self, operator: &str, other: &Self) -> Option<bool> {
        if *self == Self::Null || *other == Self::Null {
            return Some(false);
        }
        let order = self.order(other)?;
        let rough = |literal: &Self| matches!(literal, Self::About(_) | Self::Typed(_));
        if rough(self) || rough(other) {
            return None;
        }
        Some(match operator {
            "=" => order == Ordering::Equal,
            "<>" | "!=" => order != Ordering::Equal,
            _ if matches!(self, Self::Text(_)) => return None,
            "<" => order == Ordering::Less,
            ">" => order == Ordering::Greater,
            "<=" => order != Ordering::Greater,
            ">=" => order != Ordering::Less,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use crate::{Facts, Session};

    fn facts(text: &str) -> Facts {
        Session::new("a").read(text, None).facts.clone()
    }

    fn parameters(text: &str) -> Vec<usize> {
        facts(text).doubts.iter().map(|doubt| doubt.parameter).collect()
    }

    /// What a statement is with these values: whether it is filtered and bounded.
    fn with(text: &str, values: &[Value]) -> (bool, bool) {
        let values: BTreeMap<usize, Value> = (1..).zip(values.iter().cloned()).collect();
        let plain = facts(text);
        let settled = |doubt: &Doubt| doubt.is_settled_by(values[&doubt.parameter].text());
        if plain.doubts.iter().all(settled) {
            return (plain.filtered, plain.bounded);
        }
        let whole = plain.with_values(Some(&facts(&written_in(text, &values).unwrap())));
        (whole.filtered, whole.bounded)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn only_parameters_whose_values_matter_are_noted() {
        for everyday in [
            "SELECT * FROM t WHERE id = $1",
            "SELECT * FROM t WHERE id IN ($1, $2) AND name = $3",
            "SELECT * FROM t WHERE id = ANY($1)",
            "UPDATE t SET name = $1 WHERE id = $2",
            "INSERT INTO t VALUES ($1, $2)",
            "SELECT f($1)",
            "PREPARE p AS SELECT * FROM t LIMIT $1",
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1 FROM t LIMIT $1'",
        ] {
            assert_eq!(parameters(everyday), [0; 0], "{everyday}");
        }
        for (text, noted) in [
            ("SELECT * FROM t LIMIT $1 OFFSET $2", vec![1]),
            ("SELECT * FROM t WHERE name LIKE $2 AND id = $1", vec![2]),
            ("DELETE FROM t WHERE id = $1 OR $2", vec![2]),
            ("DELETE FROM t WHERE $1::text IS NULL OR name = $1", vec![1]),
            ("DELETE FROM t WHERE name LIKE '%' || $1", vec![1]),
            ("DELETE FROM t WHERE a > $1 AND b <= $2", vec![1, 2]),
            ("SELECT * FROM (SELECT * FROM t LIMIT $1) x", vec![1]),
        ] {
            assert_eq!(parameters(text), noted, "{text}");
        }
    }

    #[test]
    fn an_everyday_value_settles_a_doubt_and_one_that_lets_everything_through_does_not() {
        let only = |text: &str| *facts(text).doubts.first().unwrap();
        let limit = only("SELECT * FROM t LIMIT $1");
        assert!(limit.is_settled_by(Some("50")));
        for far in [None, Some("1000000000"), Some("-1"), Some("many")] {
            assert!(!limit.is_settled_by(far), "{far:?}");
        }
        let like = only("DELETE FROM t WHERE name LIKE $1");
        assert!(like.is_settled_by(Some("a%")) && !like.is_settled_by(Some("%")) && !like.is_settled_by(None));
        let since = only("DELETE FROM t WHERE made_at < $1");
        assert!(since.is_settled_by(Some("2026-02-24")) && !since.is_settled_by(Some("infinity")));
    }

    #[test]
    fn values_decide_whether_a_statement_is_limited() {
        let number = |text: &str| Value::Number(text.to_owned());
        for (statement, values, wanted) in [
            ("SELECT * FROM t LIMIT $1", vec![number("10")], (true, true)),
            ("SELECT * FROM t LIMIT $1", vec![Value::Null], (true, false)),
            ("SELECT * FROM t LIMIT $1", vec![number("99999999")], (true, false)),
            ("DELETE FROM t WHERE id = $1 OR $2", vec![number("1"), Value::Bool(true)], (false, true)),
            ("DELETE FROM t WHERE id = $1 OR $2", vec![number("1"), Value::Bool(false)], (true, true)),
            ("DELETE FROM t WHERE id = $1 OR $2", vec![number("1"), text("t")], (false, true)),
            ("DELETE FROM t WHERE name LIKE $1", vec![text("%")], (false, true)),
            ("DELETE FROM t WHERE name LIKE $1", vec![text("a'b%")], (true, true)),
            ("DELETE FROM t WHERE $1::text IS NULL OR name = $1", vec![Value::Null], (false, true)),
            ("DELETE FROM t WHERE $1::text IS NULL OR name = $1", vec![text("x")], (true, true)),
            ("DELETE FROM t WHERE name LIKE $1 || '%'", vec![text("")], (false, true)),
            ("DELETE FROM t WHERE id % $1 = 0", vec![number("1")], (false, true)),
        ] {
            assert_eq!(with(statement, &values), wanted, "{statement} {values:?}");
        }
        let plain = facts("DELETE FROM t WHERE name LIKE $1");
        assert!(plain.filtered && !plain.with_values(None).filtered, "what cannot be read limits nothing");
    }
}
