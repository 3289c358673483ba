//! What EXECUTE gives for the parameters of a prepared statement, in the text that PostgreSQL prints of them. Where the text is not
//! certain (an expression, a literal that its type prints otherwise), that is told instead, so that rules that need it fail closed.

use std::collections::BTreeMap;

use pg_query::{
    NodeEnum,
    protobuf::{AConst, Node, Token, TypeName, a_const::Val},
};

use super::{each, text_of};
use crate::written::with_values;

/// Parameters beyond are not told.
const MOST: usize = 16;
/// Longer literals are not told.
const LONGEST: usize = 64 * 1024;

/// What a declared type makes of a literal.
#[derive(Clone, Copy)]
enum Kind {
    /// Not declared: the server finds out.
    Open,
    Text,
    Whole,
    Numeric,
    Float,
    Flag,
    Other,
}

/// `$1` ... with their texts, `None` where one is not certain; NULL is left out.
pub(super) fn given(params: &[Node], types: &[Node]) -> BTreeMap<String, Option<String>> {
    let mut kinds = each(types).map(|node| match node {
        NodeEnum::TypeName(name) => kind(name),
        _ => Kind::Other,
    });
    let mut found = BTreeMap::new();
    for (number, node) in each(params).take(MOST).enumerate() {
        let kind = kinds.next().unwrap_or(Kind::Open);
        let text = match node {
            NodeEnum::AConst(constant) if constant.isnull => continue,
            NodeEnum::AConst(constant) => printed(constant, kind).filter(|text| text.len() <= LONGEST),
            _ => None,
        };
        found.insert(format!("${}", number + 1), text);
    }
    found
}

/// A text that prepares a statement, with what `execute` gives in place of its parameters, so that a condition is judged by what it is
/// compared with.
pub(super) fn written_in(text: &str, execute: &str) -> Option<String> {
    let values = values_of(execute)?;
    with_values(text, &values).filter(|text| text.len() <= 16 * LONGEST)
}

/// The expressions between the brackets of `EXECUTE name (...)`, as they are written.
fn values_of(execute: &str) -> Option<Vec<String>> {
    let scanned = pg_query::scan(execute).ok()?;
    let at = |place: i32| usize::try_from(place).ok();
    let mut tokens = scanned.tokens.iter().skip_while(|token| token.token() != Token::Execute).skip(2);
    let mut begins = match tokens.next() {
        Some(open) if open.token() == Token::Ascii40 => at(open.end)?,
        _ => return None,
    };
    let (mut depth, mut values) = (0_usize, Vec::new());
    for token in tokens {
        match token.token() {
            Token::Ascii40 | Token::Ascii91 => depth += 1,
            Token::Ascii41 | Token::Ascii44 if depth == 0 => {
                values.push(format!("({})", execute.get(begins..at(token.start)?)?));
                begins = at(token.end)?;
                if token.token() == Token::Ascii41 {
                    return Some(values);
                }
            }
            Token::Ascii41 | Token::Ascii93 => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

fn kind(name: &TypeName) -> Kind {
    if name.setof || name.pct_type || !name.typmods.is_empty() || !name.array_bounds.is_empty() {
        return Kind::Other;
    }
    let words: Vec<&str> = each(&name.names).filter_map(text_of).collect();
    match words.as_slice() {
        ["text"] | ["pg_catalog", "text" | "varchar"] => Kind::Text,
        ["int2" | "int4" | "int8"] | ["pg_catalog", "int2" | "int4" | "int8"] => Kind::Whole,
        ["numeric"] | ["pg_catalog", "numeric"] => Kind::Numeric,
        ["float4" | "float8"] | ["pg_catalog", "float4" | "float8"] => Kind::Float,
        ["bool"] | ["pg_catalog", "bool"] => Kind::Flag,
        ["unknown"] | ["pg_catalog", "unknown"] => Kind::Open,
        _ => Kind::Other,
    }
}

fn printed(constant: &AConst, kind: Kind) -> Option<String> {
    match (constant.val.as_ref()?, kind) {
        (Val::Ival(number), Kind::Open | Kind::Text | Kind::Whole | Kind::Numeric | Kind::Float) => {
            Some(number.ival.to_string())
        }
        (Val::Fval(number), Kind::Open | Kind::Whole) => is_whole(&number.fval).then(|| number.fval.clone()),
        (Val::Fval(number), Kind::Numeric) => is_plain(&number.fval).then(|| number.fval.clone()),
        (Val::Boolval(flag), Kind::Open | Kind::Text | Kind::Flag) => Some(flag.boolval.to_string()),
        (Val::Sval(text), Kind::Text) => Some(text.sval.clone()),
        (Val::Sval(text), Kind::Whole) => is_whole(&text.sval).then(|| text.sval.clone()),
        (Val::Sval(text), Kind::Numeric) => is_plain(&text.sval).then(|| text.sval.clone()),
        (Val::Sval(text), Kind::Flag) => matches!(text.sval.as_str(), "true" | "false").then(|| text.sval.clone()),
        _ => None,
    }
}

/// A whole number as PostgreSQL prints it.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "0" || (!digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A number as `numeric` prints it.
fn is_plain(text: &str) -> bool {
    match text.split_once('.') {
        None => is_whole(text),
        Some((whole, rest)) => {
            (is_whole(whole) || whole == "-0") && !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use crate::Session;

    /// What `EXECUTE p (...)` gives for its first parameter.
    fn first(types: &str, list: &str) -> Option<Option<String>> {
        let text = format!("PREPARE p {types} AS SELECT 1; EXECUTE p ({list})");
        let facts = Session::new("").read(&text, None).facts.clone();
        assert_eq!(facts.unknown, None, "{text}");
        facts.parameters.get("$1").cloned()
    }

    #[test]
    fn a_literal_is_told_as_the_server_prints_it_or_not_at_all() {
        for (types, list, told) in [
            ("", "7", "7"),
            ("(int)", "7", "7"),
            ("(int)", "-7", "-7"),
            ("(int)", "'7'", "7"),
            ("(bigint)", "1099511627776", "1099511627776"),
            ("(text)", "'seven'", "seven"),
            ("(varchar)", "U&'s\\0065ven'", "seven"),
            ("(text)", "7", "7"),
            ("(bool)", "true", "true"),
            ("(numeric)", "12.50", "12.50"),
            ("(numeric)", "-0.5", "-0.5"),
        ] {
            assert_eq!(first(types, list), Some(Some(told.to_owned())), "{types} {list}");
        }
        for (types, list) in [
            ("", "'seven'"),
            ("(int)", "7.0"),
            ("(int)", "'07'"),
            ("(int)", "3 + 4"),
            ("(int)", "7::bigint"),
            ("(numeric)", "1e2"),
            ("(numeric(9,1))", "12.50"),
            ("(date)", "'20260224'"),
            ("(bool)", "'on'"),
            ("(int[])", "'{7}'"),
        ] {
            assert_eq!(first(types, list), Some(None), "{types} {list}");
        }
        assert_eq!(first("(int)", "NULL"), None);
    }

    #[test]
    fn two_that_differ_are_not_certain() {
        let text = "PREPARE p (int) AS SELECT 1; EXECUTE p (7); EXECUTE p (8)";
        assert_eq!(Session::new("").read(text, None).facts.parameters["$1"], None);
        let text = "PREPARE p (int) AS SELECT 1; EXPLAIN EXECUTE p (7); CREATE TEMP TABLE t AS EXECUTE p (7)";
        assert_eq!(Session::new("").read(text, None).facts.parameters["$1"].as_deref(), Some("7"));
    }
}
