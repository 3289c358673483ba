//! What functions and operators make of constants, as far as conditions are judged by it.

use crate::doubt::Literal;

/// Functions of which nobody sees what text or number they make.
const MAKERS: [&str; 44] = [
    "array_to_string",
    "ascii",
    "bit_length",
    "cbrt",
    "ceil",
    "ceiling",
    "char_length",
    "chr",
    "concat_ws",
    "convert_from",
    "decode",
    "encode",
    "exp",
    "factorial",
    "floor",
    "format",
    "initcap",
    "left",
    "length",
    "ln",
    "log",
    "lpad",
    "octet_length",
    "overlay",
    "pi",
    "quote_ident",
    "quote_literal",
    "random",
    "regexp_replace",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "rpad",
    "sign",
    "sqrt",
    "substr",
    "substring",
    "to_char",
    "to_hex",
    "to_number",
    "translate",
    "unistr",
];

/// What a function or an operator makes of these.
pub(super) fn made_by(name: &str, of: &[Literal]) -> Literal {
    if of.iter().any(|literal| matches!(literal, Literal::Some | Literal::Given(_))) {
        return Literal::Some;
    }
    let texts: Option<Vec<&str>> = of.iter().map(Literal::text).collect();
    match (name, texts.as_deref(), of) {
        ("concat", Some(texts), _) => Literal::Text(texts.concat()),
        ("lower", Some([text]), _) => Literal::Text(text.to_lowercase()),
        ("upper", Some([text]), _) => Literal::Text(text.to_uppercase()),
        ("trim" | "btrim", Some([text]), _) => Literal::Text(text.trim_matches(' ').to_owned()),
        ("ltrim", Some([text]), _) => Literal::Text(text.trim_start_matches(' ').to_owned()),
        ("rtrim", Some([text]), _) => Literal::Text(text.trim_end_matches(' ').to_owned()),
        ("pow" | "power", _, [base, exponent]) => sum(base, "^", exponent),
        ("round" | "floor" | "ceil" | "ceiling", _, [one]) => one.number().map_or(Literal::Made, Literal::About),
        ("abs", _, [one]) => one.number().map_or(Literal::Made, |number| Literal::About(number.abs())),
        ("concat" | "trim" | "btrim" | "ltrim" | "rtrim" | "lower" | "upper" | "pow" | "power", ..) => Literal::Made,
        _ if MAKERS.contains(&name) || !name.starts_with(|c: char| c.is_alphabetic()) => Literal::Made,
        _ => Literal::Some,
    }
}

/// What two numbers come to.
pub(super) fn sum(one: &Literal, operator: &str, two: &Literal) -> Literal {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let (Some(a), Some(b)) = (one.number(), two.number()) else { return Literal::Made };
    let exact = matches!((one, two), (Literal::Number(_), Literal::Number(_))) && a.fract() == 0.0 && b.fract() == 0.0;
    let result = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" if b != 0.0 => return Literal::About(a / b),
        "^" => return Literal::About(a.powf(b)),
        _ => return Literal::Made,
    };
    if exact && result.abs() < EXACT { Literal::Number(result) } else { Literal::About(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_certain_is_never_a_number_or_a_text_as_it_is_written() {
        let number = |number: f64| Literal::Number(number);
        assert_eq!(sum(&number(2.0), "*", &number(5.0)), number(10.0));
        assert_eq!(sum(&number(1.0), "/", &number(2.0)), Literal::About(0.5));
        assert_eq!(sum(&number(1.5), "+", &number(1.0)), Literal::About(2.5));
        assert_eq!(sum(&number(10.0), "^", &number(30.0)), Literal::About(10_f64.powf(30.0)));
        assert_eq!(sum(&number(1e15), "*", &number(1e15)), Literal::About(1e30));
        assert_eq!(sum(&number(7.0), "%", &number(5.0)), Literal::Made);
        assert_eq!(made_by("chr", &[number(37.0)]), Literal::Made);
        assert_eq!(made_by("upper", &[Literal::Text("a%".into())]), Literal::Text("A%".into()));
        assert_eq!(made_by("own_function", &[number(1.0)]), Literal::Some);
        assert_eq!(made_by("concat", &[Literal::Some, Literal::Text("%".into())]), Literal::Some);
    }
}
