//! What a client asks for: Parse, Bind, Describe, Execute, Close, Query, read from whole bodies or, where a body is larger
//! than a buffer, from its head.

use super::{Malformed, cstring};

/// Parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parse<'a> {
    /// The statement's name; empty for the unnamed one.
    pub statement: &'a [u8],
    /// The text; cut short if the head ends in it.
    pub text: &'a [u8],
}

/// Bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// The portal's name; empty for the unnamed one.
    pub portal: &'a [u8],
    /// The statement's name.
    pub statement: &'a [u8],
    /// The parameters that stand in the head.
    pub parameters: Vec<Parameter<'a>>,
    /// Formats of the result columns: none (all text), one for all, or one each. `None` if the head does not reach them.
    pub result_formats: Option<Vec<i16>>,
}

/// A parameter of a Bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Whether it is binary.
    pub binary: bool,
    /// Its bytes (as far as the head goes), or `None` for null.
    pub value: Option<&'a [u8]>,
    /// Its whole length in bytes.
    pub length: usize,
}

/// Describe and Close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// A prepared statement.
    Statement(&'a [u8]),
    /// A portal.
    Portal(&'a [u8]),
}

/// The text of a Query. `whole` says whether `body` is all of it.
///
/// # Errors
/// If it does not end where the text ends.
pub fn query(body: &[u8], whole: bool) -> Result<&[u8], Malformed> {
    match cstring(body) {
        Some((text, [])) if whole => Ok(text),
        None if !whole => Ok(body),
        _ => Err(Malformed("query")),
    }
}

/// Reads a Parse.
///
/// # Errors
/// If it is cut short.
pub fn parse(body: &[u8], whole: bool) -> Result<Parse<'_>, Malformed> {
    let (statement, rest) = cstring(body).ok_or(Malformed("parse"))?;
    match cstring(rest) {
        Some((text, _types)) => Ok(Parse { statement, text }),
        None if !whole => Ok(Parse { statement, text: rest }),
        None => Err(Malformed("parse")),
    }
}

/// The types that a whole Parse declares for its parameters, by oid; 0 for those that it leaves to the server.
#[must_use]
pub fn parameter_types(body: &[u8]) -> Option<Vec<u32>> {
    let (_statement, rest) = cstring(body)?;
    let (_text, rest) = cstring(rest)?;
    oids(rest)
}

/// The types in a ParameterDescription, by oid.
#[must_use]
pub fn described_types(body: &[u8]) -> Option<Vec<u32>> {
    oids(body)
}

/// A count and that many oids, and nothing more.
fn oids(bytes: &[u8]) -> Option<Vec<u32>> {
    let (count, rest) = bytes.split_first_chunk::<2>()?;
    let oid = |word: &[u8]| word.first_chunk::<4>().map_or(0, |word| u32::from_be_bytes(*word));
    (rest.len() == usize::from(u16::from_be_bytes(*count)) * 4).then(|| rest.chunks_exact(4).map(oid).collect())
}

/// Reads a Bind.
///
/// # Errors
/// If it is cut short, its counts do not fit, or something is left over.
pub fn bind(body: &[u8], whole: bool) -> Result<Bind<'_>, Malformed> {
    const BROKEN: Malformed = Malformed("bind");
    let (portal, rest) = cstring(body).ok_or(BROKEN)?;
    let (statement, rest) = cstring(rest).ok_or(BROKEN)?;
    let (formats, rest) = codes(rest).ok_or(BROKEN)?;
    let (count, mut rest) = rest.split_first_chunk::<2>().ok_or(BROKEN)?;
    let count = usize::from(u16::from_be_bytes(*count));
    let mut parameters = Vec::with_capacity(count.min(rest.len() / 4));
    for number in 0..count {
        let Some((length, tail)) = rest.split_first_chunk::<4>() else {
            return cut(Bind { portal, statement, parameters, result_formats: None }, whole);
        };
        let binary =
            formats.get(number).or(formats.first().filter(|_| formats.len() == 1)).is_some_and(|code| *code == 1);
        let length = i32::from_be_bytes(*length);
        if length == -1 {
            parameters.push(Parameter { binary, value: None, length: 0 });
            rest = tail;
            continue;
        }
        let length = usize::try_from(length).map_err(|_| BROKEN)?;
        let Some((value, tail)) = tail.split_at_checked(length) else {
            parameters.push(Parameter { binary, value: Some(tail), length });
            return cut(Bind { portal, statement, parameters, result_formats: None }, whole);
        };
        parameters.push(Parameter { binary, value: Some(value), length });
        rest = tail;
    }
    match codes(rest) {
        Some((formats, [])) => Ok(Bind { portal, statement, parameters, result_formats: Some(formats) }),
        _ => cut(Bind { portal, statement, parameters, result_formats: None }, whole),
    }
}

fn cut(bind: Bind<'_>, whole: bool) -> Result<Bind<'_>, Malformed> {
    if whole { Err(Malformed("bind")) } else { Ok(bind) }
}

/// A count and that many format codes.
fn codes(bytes: &[u8]) -> Option<(Vec<i16>, &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<2>()?;
    let (codes, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*count)) * 2)?;
    let code = |pair: &[u8]| pair.first_chunk::<2>().map_or(0, |pair| i16::from_be_bytes(*pair));
    Some((codes.chunks_exact(2).map(code).collect(), rest))
}

/// Reads the portal's name of an Execute.
///
/// # Errors
/// If it is cut short or something is left over.
pub fn execute(body: &[u8]) -> Result<&[u8], Malformed> {
    match cstring(body) {
        Some((portal, limit)) if limit.len() == 4 => Ok(portal),
        _ => Err(Malformed("execute")),
    }
}

/// Reads a Describe or a Close.
///
/// # Errors
/// If it names neither a statement nor a portal.
pub fn named(body: &[u8]) -> Result<Named<'_>, Malformed> {
    let (kind, rest) = body.split_first().ok_or(Malformed("name"))?;
    match (kind, cstring(rest)) {
        (b'S', Some((name, []))) => Ok(Named::Statement(name)),
        (b'P', Some((name, []))) => Ok(Named::Portal(name)),
        _ => Err(Malformed("name")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    const BIND: &[u8] = b"p\0s\0\0\x02\0\0\0\x01\0\x03\0\0\0\x02ab\0\0\0\x01\x07\xff\xff\xff\xff\0\x01\0\x01";

    #[test]
    fn a_bind_gives_names_parameters_and_result_formats() {
        let bind = bind(BIND, true).unwrap();
        assert_eq!((bind.portal, bind.statement), (&b"p"[..], &b"s"[..]));
        assert_eq!(bind.parameters[0], Parameter { binary: false, value: Some(b"ab"), length: 2 });
        assert_eq!(bind.parameters[1], Parameter { binary: true, value: Some(&[7]), length: 1 });
        assert_eq!(bind.parameters[2].value, None);
        assert_eq!(bind.result_formats, Some(vec![1]));
    }

    #[test]
    fn a_whole_bind_that_is_cut_short_is_malformed_but_a_head_is_not() {
        for cut in 0..BIND.len() {
            assert!(bind(&BIND[..cut], true).is_err());
        }
        let head = bind(&BIND[..17], false).unwrap();
        assert_eq!(head.parameters, [Parameter { binary: false, value: Some(b"a"), length: 2 }]);
        assert_eq!(head.result_formats, None);
        assert!(bind(&[BIND, b"x"].concat(), true).is_err());
    }

    #[test]
    fn texts_and_names_are_read() {
        assert_eq!(query(b"select 1\0", true), Ok(&b"select 1"[..]));
        assert_eq!(query(b"select", false), Ok(&b"select"[..]));
        assert!(query(b"select 1\0x", true).is_err() && query(b"select 1", true).is_err());
        assert!(query(b"a\0b", false).is_err(), "more text behind the text");
        assert_eq!(parse(b"s\0select\0\0\0", true), Ok(Parse { statement: b"s", text: b"select" }));
        assert!(parse(b"s\0select", true).is_err());
        assert_eq!(parameter_types(b"s\0select\0\0\x02\0\0\0\x17\0\0\0\0"), Some(vec![23, 0]));
        assert_eq!(parameter_types(b"s\0select\0\0\x02\0\0\0\x17"), None);
        assert_eq!(described_types(b"\0\x01\0\0\0\x19"), Some(vec![25]));
        assert_eq!(execute(b"p\0\0\0\0\0"), Ok(&b"p"[..]));
        assert!(execute(b"p\0\0\0\0").is_err() && execute(b"p").is_err());
        assert_eq!(named(b"Ss\0"), Ok(Named::Statement(b"s")));
        assert_eq!(named(b"P\0"), Ok(Named::Portal(b"")));
        assert!(named(b"Xs\0").is_err() && named(b"").is_err() && named(b"Ss\0\0").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..80), whole in any::<bool>()) {
            let _any = (query(&body, whole).is_ok(), parse(&body, whole).is_ok(), bind(&body, whole).is_ok());
            let _any = (execute(&body).is_ok(), named(&body).is_ok());
        }
    }
}
