//! The path and the query as the target reads them: decoded once. What would decode again, or stands for another path, is
//! refused; nothing is rewritten, so what is judged is what is forwarded.

use super::Fault;

/// A request target, split and decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Segments, decoded. A trailing slash gives an empty last one.
    pub(crate) segments: Vec<String>,
    /// Name and value of each query parameter, decoded.
    pub(crate) query: Vec<(String, String)>,
}

impl Target {
    pub(crate) fn parse(target: &[u8]) -> Result<Self, Fault> {
        let target =
            std::str::from_utf8(target).map_err(|_| Fault::malformed("the path has bytes that are not ASCII"))?;
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Fault::malformed("the path has characters that are not allowed"));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let rest = path.strip_prefix('/').ok_or_else(|| Fault::malformed("the request names no path"))?;
        let segments: Vec<String> = rest.split('/').map(segment).collect::<Result<_, _>>()?;
        let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.iter().any(String::is_empty) {
            return Err(Fault::malformed("the path has empty segments"));
        }
        Ok(Self { segments, query: form(query)? })
    }

    /// The decoded path.
    pub(crate) fn path(&self) -> String {
        self.segments.iter().fold(String::new(), |path, segment| path + "/" + segment)
    }
}

fn segment(raw: &str) -> Result<String, Fault> {
    if raw.contains('\\') {
        return Err(Fault::malformed("the path has a backslash"));
    }
    let decoded = decode(raw, false)?;
    if decodes_again(&decoded) {
        return Err(Fault::malformed("the path is percent-encoded twice"));
    }
    if decoded.contains(['/', '\\']) || decoded.chars().any(char::is_control) {
        return Err(Fault::malformed("the path hides a separator or a control character"));
    }
    let name = decoded.split(';').next().unwrap_or_default();
    if matches!(name, "." | "..") {
        return Err(Fault::malformed("the path has dot segments"));
    }
    Ok(decoded)
}

/// Reads `application/x-www-form-urlencoded` text.
pub(crate) fn form(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name, true)?, decode(value, true)?))
        })
        .collect()
}

fn decode(raw: &str, plus: bool) -> Result<String, Fault> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => high * 16 + low,
                _ => return Err(Fault::malformed("a percent sign without two hexadecimal digits")),
            },
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| Fault::malformed("percent-encoded bytes that are not UTF-8"))
}

pub(crate) fn decodes_again(text: &str) -> bool {
    text.as_bytes().windows(3).any(|three| matches!(three, [b'%', a, b] if hex(*a).and(hex(*b)).is_some()))
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn encodings_of_the_same_target_read_the_same() {
        let plain =
            Target::parse(b"/customers/a b?q=x y".map(|byte| if byte == b' ' { b'+' } else { byte }).as_slice());
        assert_eq!(plain.unwrap().segments, ["customers", "a+b"]);
        let a = Target::parse(b"/customers/a%20b?q=x+y&r=1").unwrap();
        let b = Target::parse(b"/%63ustomers/%61%20b?%71=x%20%79&r=%31").unwrap();
        assert_eq!(a, b);
        assert_eq!(a.path(), "/customers/a b");
    }

    #[test]
    fn ambiguous_targets_are_refused() {
        for target in [
            "",
            "a",
            "*",
            "//a",
            "/a//b",
            "/.",
            "/a/..",
            "/a/%2e%2e/b",
            "/a/..;x/b",
            "/a%2fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0a",
            "/%2561",
            "/a%",
            "/a%zz",
            "/a%ff",
            "/a#b",
            "/a b",
            "/a?x=%zz",
            "/a?x=%ff",
        ] {
            assert!(Target::parse(target.as_bytes()).is_err(), "{target}");
        }
    }
}
