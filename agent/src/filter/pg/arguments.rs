//! Parameters of a Bind as policy sees them: in the text form that PostgreSQL itself gives values of their types, whichever
//! format they came in. What cannot be read is told apart from what is not there, so that rules that need it fail closed.

use std::{collections::BTreeMap, fmt::Write as _};

use policy::Argument;
use protocols::pg::ask::{Bind, Parameter};

/// Longer values are not read.
const LONGEST: usize = 64 * 1024;
/// Arrays of more dimensions are not read.
const DEEPEST: i32 = 6;

/// What a Bind gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments {
    /// `$1` ...; NULL is left out.
    pub(super) values: BTreeMap<String, Argument>,
    /// One that is looked at and cannot be read.
    pub(super) unreadable: Option<String>,
}

/// Collects the parameters that policy looks at. `types` are their types as far as they are known, 0 where not.
pub(super) fn arguments(bind: &Bind<'_>, types: &[u32], wanted: &dyn Fn(&str) -> bool) -> Arguments {
    let mut arguments = Arguments::default();
    for (number, parameter) in bind.parameters.iter().enumerate() {
        let name = format!("${}", number + 1);
        if parameter.value.is_none() || !wanted(&name) {
            continue;
        }
        match text(parameter, types.get(number).copied().unwrap_or(0)) {
            Some(value) => drop(arguments.values.insert(name, Argument::Text(value))),
            None => drop(arguments.unreadable.get_or_insert(name)),
        }
    }
    // Only the head of a large Bind is here: what is behind it is not known.
    if bind.result_formats.is_none() && (bind.parameters.len() + 1..=16).any(|number| wanted(&format!("${number}"))) {
        arguments.unreadable.get_or_insert_with(|| format!("${}", bind.parameters.len() + 1));
    }
    arguments
}

/// The value in text form; `None` if it is NULL or cannot be read.
pub(super) fn text(parameter: &Parameter<'_>, type_oid: u32) -> Option<String> {
    let value = parameter.value.filter(|value| value.len() == parameter.length && value.len() <= LONGEST)?;
    if parameter.binary {
        return binary(type_oid, value);
    }
    let text = std::str::from_utf8(value).ok()?;
    Some(plain(type_oid, text).unwrap_or_else(|| text.to_owned()))
}

/// A text that the server reads as another one it would print: ` 042` as a number is `42`.
fn plain(type_oid: u32, text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    match type_oid {
        16 => match text.to_lowercase().as_str() {
            "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some("true".into()),
            "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some("false".into()),
            _ => None,
        },
        20 | 21 | 23 => text.parse::<i64>().ok().map(|number| number.to_string()),
        2950 => {
            let digits: String = text.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect();
            hex::decode(digits).ok().and_then(|bytes| uuid(&bytes))
        }
        _ => None,
    }
}

fn binary(type_oid: u32, value: &[u8]) -> Option<String> {
    let utf8 = |value: &[u8]| std::str::from_utf8(value).ok().map(str::to_owned);
    match type_oid {
        16 => match value {
            [0] => Some("false".into()),
            [1] => Some("true".into()),
            _ => None,
        },
        21 => Some(i16::from_be_bytes(value.try_into().ok()?).to_string()),
        23 => Some(i32::from_be_bytes(value.try_into().ok()?).to_string()),
        20 => Some(i64::from_be_bytes(value.try_into().ok()?).to_string()),
        26 => Some(u32::from_be_bytes(value.try_into().ok()?).to_string()),
        // "char" name text bpchar varchar json xml unknown
        18 | 19 | 25 | 1042 | 1043 | 114 | 142 | 705 => utf8(value),
        3802 => value.strip_prefix(&[1]).and_then(utf8),
        700 => Some(float(
            f64::from(f32::from_be_bytes(value.try_into().ok()?)),
            &format!("{:e}", f32::from_be_bytes(value.try_into().ok()?)),
        )),
        701 => {
            let number = f64::from_be_bytes(value.try_into().ok()?);
            Some(float(number, &format!("{number:e}")))
        }
        1700 => numeric(value),
        17 => Some(format!("\\x{}", hex::encode(value))),
        2950 => uuid(value),
        1082 => date(i32::from_be_bytes(value.try_into().ok()?)),
        1083 => time(i64::from_be_bytes(value.try_into().ok()?)),
        1114 => timestamp(i64::from_be_bytes(value.try_into().ok()?)),
        1184 => timestamp(i64::from_be_bytes(value.try_into().ok()?)).map(|text| match text.as_str() {
            "infinity" | "-infinity" => text,
            _ => text + "+00",
        }),
        // Arrays of these.
        1000 | 1001 | 1002 | 1003 | 1005 | 1007 | 1009 | 1014 | 1015 | 1016 | 1021 | 1022 | 1028 | 1115 | 1182
        | 1183 | 1185 | 1231 | 143 | 199 | 2951 | 3807 => array(value),
        _ => None,
    }
}

/// As PostgreSQL prints floats: plainly from 1e-4 to 1e15, else with an exponent of two digits.
fn float(number: f64, scientific: &str) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific.to_owned() };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..15).contains(&exponent) {
        let bare: String = digits.chars().filter(char::is_ascii_digit).collect();
        let places = i32::try_from(bare.len()).unwrap_or(0) - 1 - exponent;
        let sign = if digits.starts_with('-') { "-" } else { "" };
        return format!("{sign}{}", placed(&bare, places));
    }
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Digits with that many of them behind the point.
fn placed(digits: &str, places: i32) -> String {
    let Ok(places) = usize::try_from(places) else {
        return format!("{digits}{}", "0".repeat(usize::try_from(-places).unwrap_or(0)));
    };
    if places == 0 {
        return digits.to_owned();
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

/// Binary numeric: count, weight, sign, scale, then digits of base 10,000.
fn numeric(value: &[u8]) -> Option<String> {
    let (head, words) = value.split_first_chunk::<8>()?;
    let [a, b, c, d, e, f, g, h] = *head;
    let (count, weight) = (u16::from_be_bytes([a, b]), i32::from(i16::from_be_bytes([c, d])));
    let (sign, scale) = (u16::from_be_bytes([e, f]), usize::from(u16::from_be_bytes([g, h])));
    match sign {
        0xC000 => return Some("NaN".into()),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => {}
    }
    if words.len() != usize::from(count) * 2 || scale > 16_383 || weight > 33_000 {
        return None;
    }
    let digit = |place: i32| {
        let pair = usize::try_from(weight - place).ok().and_then(|number| words.chunks_exact(2).nth(number));
        pair.and_then(<[u8]>::first_chunk::<2>).map_or(0, |pair| u16::from_be_bytes(*pair))
    };
    let mut text = String::new();
    for place in (0..=weight.max(0)).rev() {
        let _ = write!(text, "{:04}", digit(place));
    }
    let whole = text.trim_start_matches('0');
    let mut text = format!("{}{}", if sign == 0 { "" } else { "-" }, if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let mut fraction = String::new();
        for place in 1..=i32::try_from(scale.div_ceil(4)).ok()? {
            let _ = write!(fraction, "{:04}", digit(-place));
        }
        text.push('.');
        text.push_str(fraction.get(..scale)?);
    }
    Some(text)
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let text = hex::encode(<[u8; 16]>::try_from(bytes).ok()?);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

/// Days since 2000-01-01.
fn date(days: i32) -> Option<String> {
    match days {
        i32::MAX => Some("infinity".into()),
        i32::MIN => Some("-infinity".into()),
        days => Some(day(i64::from(days))),
    }
}

/// The civil date, by eras of 400 years.
fn day(days: i64) -> String {
    let shifted = days + 730_425;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let number = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    if year > 0 {
        format!("{year:04}-{month:02}-{number:02}")
    } else {
        format!("{:04}-{month:02}-{number:02} BC", 1 - year)
    }
}

/// Microseconds since midnight.
fn time(micros: i64) -> Option<String> {
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    if !(0..=86_400).contains(&seconds) {
        return None;
    }
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros > 0 {
        let _ = write!(text, ".{}", format!("{micros:06}").trim_end_matches('0'));
    }
    Some(text)
}

/// Microseconds since 2000-01-01.
fn timestamp(micros: i64) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    match micros {
        i64::MAX => Some("infinity".into()),
        i64::MIN => Some("-infinity".into()),
        micros => {
            let (date, time) = (day(micros.div_euclid(DAY)), time(micros.rem_euclid(DAY))?);
            Some(match date.strip_suffix(" BC") {
                Some(date) => format!("{date} {time} BC"),
                None => format!("{date} {time}"),
            })
        }
    }
}

/// Binary array: dimensions, a flag, the element type, two words per dimension, then elements.
fn array(value: &[u8]) -> Option<String> {
    let (head, rest) = value.split_first_chunk::<12>()?;
    let [a, b, c, d, _, _, _, _, e, f, g, h] = *head;
    let (dimensions, of) = (i32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    if dimensions == 0 && rest.is_empty() {
        return Some("{}".into());
    }
    let (sizes, mut rest) = rest.split_at_checked(usize::try_from(dimensions).ok()?.checked_mul(8)?)?;
    let sizes: Vec<usize> = sizes
        .chunks_exact(8)
        .map(|pair| pair.first_chunk::<4>().and_then(|size| usize::try_from(i32::from_be_bytes(*size)).ok()))
        .collect::<Option<_>>()?;
    if dimensions > DEEPEST || sizes.iter().try_fold(1_usize, |all, size| all.checked_mul(*size))? > LONGEST {
        return None;
    }
    let mut text = String::new();
    items(&sizes, of, &mut rest, &mut text)?;
    rest.is_empty().then_some(text)
}

fn items(sizes: &[usize], of: u32, rest: &mut &[u8], out: &mut String) -> Option<()> {
    let Some((size, inner)) = sizes.split_first() else { return item(of, rest, out) };
    out.push('{');
    for number in 0..*size {
        if number > 0 {
            out.push(',');
        }
        items(inner, of, rest, out)?;
    }
    out.push('}');
    Some(())
}

fn item(of: u32, rest: &mut &[u8], out: &mut String) -> Option<()> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *rest = tail;
        out.push_str("NULL");
        return Some(());
    };
    let (value, tail) = tail.split_at_checked(length)?;
    *rest = tail;
    let text = match of {
        16 => if value == [1] { "t" } else { "f" }.to_owned(),
        of => binary(of, value)?,
    };
    let special = |c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_ascii_whitespace();
    if text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special) {
        let _ = write!(out, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    } else {
        out.push_str(&text);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    fn read(type_oid: u32, value: &[u8]) -> Option<String> {
        text(&Parameter { binary: true, value: Some(value), length: value.len() }, type_oid)
    }

    fn said(type_oid: u32, value: &str) -> Option<String> {
        text(&Parameter { binary: false, value: Some(value.as_bytes()), length: value.len() }, type_oid)
    }

    #[test]
    fn numbers_are_what_the_server_prints() {
        assert_eq!(read(21, &[0xff, 0xfe]).unwrap(), "-2");
        assert_eq!(read(23, &[0, 0, 0, 42]).unwrap(), "42");
        assert_eq!(read(20, &[0, 0, 0, 0, 0, 0, 1, 0]).unwrap(), "256");
        for (number, wanted) in
            [(1.5, "1.5"), (-0.0001, "-0.0001"), (1e20, "1e+20"), (1.25e-7, "1.25e-07"), (100.0, "100")]
        {
            assert_eq!(read(701, &f64::to_be_bytes(number)).unwrap(), wanted);
        }
        assert_eq!(read(700, &f32::to_be_bytes(0.1)).unwrap(), "0.1");
        let numeric = |words: &[u16]| read(1700, &words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>());
        assert_eq!(numeric(&[2, 0, 0, 2, 12, 3400]).unwrap(), "12.34");
        assert_eq!(numeric(&[2, 1, 0x4000, 0, 1, 5]).unwrap(), "-10005");
        assert_eq!(numeric(&[1, 0xffff, 0, 4, 5]).unwrap(), "0.0005");
        assert_eq!(numeric(&[1, 0xfffe, 0, 8, 5]).unwrap(), "0.00000005");
        assert_eq!(numeric(&[0, 0, 0, 0]).unwrap(), "0");
        assert_eq!(numeric(&[1, 2, 0, 0, 3]).unwrap(), "300000000");
        assert_eq!(numeric(&[0, 0, 0xC000, 0]).unwrap(), "NaN");
        assert_eq!(numeric(&[3, 0, 0, 0, 1]), None);
    }

    #[test]
    fn times_are_what_the_server_prints_in_utc() {
        assert_eq!(read(1082, &0_i32.to_be_bytes()).unwrap(), "2000-01-01");
        assert_eq!(read(1082, &(-1_i32).to_be_bytes()).unwrap(), "1999-12-31");
        assert_eq!(read(1082, &9551_i32.to_be_bytes()).unwrap(), "2026-02-24");
        assert_eq!(read(1082, &(-730_119_i32).to_be_bytes()).unwrap(), "0001-01-01");
        assert_eq!(read(1082, &(-730_120_i32).to_be_bytes()).unwrap(), "0001-12-31 BC");
        assert_eq!(read(1082, &i32::MAX.to_be_bytes()).unwrap(), "infinity");
        assert_eq!(read(1114, &1_500_000_i64.to_be_bytes()).unwrap(), "2000-01-01 00:00:01.5");
        assert_eq!(read(1184, &(-1_i64).to_be_bytes()).unwrap(), "1999-12-31 23:59:59.999999+00");
    }

    #[test]
    fn texts_documents_and_arrays_are_read() {
        assert_eq!(read(25, "grüße".as_bytes()).unwrap(), "grüße");
        assert_eq!(read(3802, b"\x01{\"a\": 1}").unwrap(), "{\"a\": 1}");
        assert_eq!(read(2950, &[0x11; 16]).unwrap(), "11111111-1111-1111-1111-111111111111");
        assert_eq!(read(16, &[1]).unwrap(), "true");
        let head = |count: u8, of: u8| [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, of, 0, 0, 0, count, 0, 0, 0, 1].to_vec();
        let numbers = [head(2, 23), vec![0, 0, 0, 4, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(read(1007, &numbers).unwrap(), "{7,NULL}");
        let words = [head(2, 25), b"\0\0\0\x03a,b\0\0\0\x01c".to_vec()].concat();
        assert_eq!(read(1009, &words).unwrap(), "{\"a,b\",c}");
        assert_eq!(read(1007, &[0; 12]).unwrap(), "{}");
        assert_eq!(read(1007, &numbers[..numbers.len() - 1]), None);
    }

    #[test]
    fn text_that_means_another_text_is_that_one() {
        assert_eq!(said(23, " 042 ").unwrap(), "42");
        assert_eq!(said(16, "YES").unwrap(), "true");
        assert_eq!(
            said(2950, "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}").unwrap(),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
        );
        assert_eq!(said(0, " 042 ").unwrap(), " 042 ");
        assert_eq!(said(25, " x ").unwrap(), " x ");
    }

    #[test]
    fn what_is_looked_at_and_cannot_be_read_is_told() {
        let parameter = |binary, value| Parameter { binary, value: Some(value), length: 4 };
        let bind = Bind {
            portal: b"",
            statement: b"",
            parameters: vec![parameter(true, b"\0\0\0\x05"), parameter(true, b"what"), parameter(false, b"text")],
            result_formats: Some(vec![]),
        };
        let all = arguments(&bind, &[23, 99_999, 0], &|_| true);
        assert_eq!(all.values.keys().collect::<Vec<_>>(), ["$1", "$3"]);
        assert_eq!(all.unreadable.as_deref(), Some("$2"));
        assert_eq!(arguments(&bind, &[23, 99_999], &|name| name == "$1").unreadable, None);
        assert_eq!(arguments(&bind, &[], &|name| name == "$1").unreadable.as_deref(), Some("$1"));
        let head = Bind { result_formats: None, ..bind };
        assert_eq!(arguments(&head, &[23], &|name| name == "$7").unreadable.as_deref(), Some("$4"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(type_oid in prop_oneof![Just(1700_u32), Just(1007), Just(1231), Just(1184), 0..4000_u32],
                                  value in prop::collection::vec(any::<u8>(), 0..64)) {
            let _any = read(type_oid, &value);
        }
    }
}
