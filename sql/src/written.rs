//! Values as they are written in a statement.

use pg_query::protobuf::Token;

/// Longer statements are not written out.
const LONGEST: usize = 4 * 1024 * 1024;

pub(crate) fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!(" E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// The text with what is given for its parameters, where something is.
pub(crate) fn with_some(text: &str, given: impl Fn(usize) -> Option<String>) -> Option<String> {
    let scanned = pg_query::scan(text).ok()?;
    let mut out = text.to_owned();
    for token in scanned.tokens.iter().rev().filter(|token| token.token() == Token::Param) {
        let place = usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?;
        let number: usize = out.get(place.clone())?.strip_prefix('$')?.parse().ok()?;
        if let Some(value) = given(number) {
            if out.len() + value.len() > LONGEST {
                return None;
            }
            out.replace_range(place, &format!("({value})"));
        }
    }
    Some(out)
}

/// The text with values in place of its parameters; `None` if it has others.
pub(crate) fn with_values(text: &str, values: &[String]) -> Option<String> {
    let scanned = pg_query::scan(text).ok()?;
    let mut out = text.to_owned();
    for token in scanned.tokens.iter().rev().filter(|token| token.token() == Token::Param) {
        let place = usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?;
        let number: usize = out.get(place.clone())?.strip_prefix('$')?.parse().ok()?;
        let value = values.get(number.checked_sub(1)?)?;
        out.replace_range(place, value);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_place_of_parameters_and_nowhere_else() {
        let values = ["'7'".to_owned(), "'b'".to_owned()];
        let text = "DELETE FROM t WHERE a = $2 AND id = $1 AND c <> '$1' -- $1";
        let whole = "DELETE FROM t WHERE a = 'b' AND id = '7' AND c <> '$1' -- $1";
        assert_eq!(with_values(text, &values).as_deref(), Some(whole));
        assert_eq!(with_values("SELECT $3", &values), None);
        assert_eq!(with_values("SELECT 1", &[]).as_deref(), Some("SELECT 1"));
    }

    #[test]
    fn only_what_is_given_is_written_in() {
        let given = |number| (number == 2).then(|| "'x'".to_owned());
        let filled = with_some("SELECT $1 FROM t WHERE a LIKE $2 LIMIT $1", given);
        assert_eq!(filled.as_deref(), Some("SELECT $1 FROM t WHERE a LIKE ('x') LIMIT $1"));
    }
}
