//! Which request targets are forwarded. A target is never rewritten: it is in the one form that every server reads the
//! same way, and forwarded byte for byte, or it is refused.
//!
//! Refused in the path: anything but visible ASCII, `\`, `#`, `//`, the segments `.` and `..` in clear or encoded, encoded
//! slashes, backslashes and control characters, broken percent signs, and what would decode a second time (`%252e`).
//! Refused in the query: anything but visible ASCII, and `#`.

/// Longest request target, in bytes.
const MAX_TARGET: usize = 32 * 1024;

/// Why a request target is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than 32 KiB.
    #[error("the request target is too long")]
    TooLong,
    /// It does not begin with a slash.
    #[error("the request target is not a path")]
    NotAPath,
    /// A byte that must not stand in a request target.
    #[error("the request target has a character that is not allowed")]
    Character,
    /// A percent sign without two hex digits, or an encoding that is ambiguous.
    #[error("the path has an ambiguous percent-encoding")]
    Encoding,
    /// `.`, `..` or an empty segment.
    #[error("the path has dot or empty segments")]
    Segment,
}

/// Checks a path with an optional query.
///
/// # Errors
/// If it is not in canonical form.
pub fn check_target(target: &[u8]) -> Result<(), TargetError> {
    if target.len() > MAX_TARGET {
        return Err(TargetError::TooLong);
    }
    let (path, query) = match memchr::memchr(b'?', target) {
        Some(at) => (target.get(..at).unwrap_or_default(), target.get(at + 1..).unwrap_or_default()),
        None => (target, &[][..]),
    };
    let visible = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
    if !path.iter().all(|byte| visible(byte) && *byte != b'\\') || !query.iter().all(visible) {
        return Err(TargetError::Character);
    }
    let Some((b'/', rest)) = path.split_first() else { return Err(TargetError::NotAPath) };
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        // Only the last segment may be empty: a trailing slash.
        if segment.is_empty() && segments.peek().is_some() {
            return Err(TargetError::Segment);
        }
        check_segment(segment)?;
    }
    Ok(())
}

fn check_segment(segment: &[u8]) -> Result<(), TargetError> {
    if !segment.contains(&b'%') {
        return if is_dots(segment) { Err(TargetError::Segment) } else { Ok(()) };
    }
    let decoded = decode(segment).ok_or(TargetError::Encoding)?;
    if is_dots(&decoded) {
        return Err(TargetError::Segment);
    }
    let ambiguous = |byte: &u8| matches!(byte, b'/' | b'\\' | 0x7f) || *byte < 0x20;
    let decodes_again = decoded.windows(3).any(|three| matches!(three, [b'%', a, b] if hex(*a).and(hex(*b)).is_some()));
    if decoded.iter().any(ambiguous) || decodes_again {
        return Err(TargetError::Encoding);
    }
    Ok(())
}

/// `.` and `..`, also in front of a path parameter (`..;x`), which some servers cut off first.
fn is_dots(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    matches!(name, b"." | b"..")
}

fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            decoded.push(hex(*bytes.next()?)? * 16 + hex(*bytes.next()?)?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_targets_pass_as_they_are() {
        for target in
            ["/", "/a", "/a/", "/a/b%20c?x=1&y=%2F..%2f", "/a/...", "/a/.hidden", "/100%25", "/a;v=1/b", "/a?q=a//b"]
        {
            assert_eq!(check_target(target.as_bytes()), Ok(()), "{target}");
        }
    }

    #[test]
    fn every_ambiguous_target_is_refused() {
        use TargetError::{Character, Encoding, NotAPath, Segment};
        for (target, error) in [
            ("", NotAPath),
            ("a", NotAPath),
            ("*", NotAPath),
            ("?x", NotAPath),
            ("//a", Segment),
            ("/a//b", Segment),
            ("/.", Segment),
            ("/a/../b", Segment),
            ("/a/..", Segment),
            ("/a/..;x/b", Segment),
            ("/%2e%2E/b", Segment),
            ("/.%2e", Segment),
            ("/a%2fb", Encoding),
            ("/a%5Cb", Encoding),
            ("/a%00", Encoding),
            ("/a%0d%0a", Encoding),
            ("/a%7f", Encoding),
            ("/%252e%252e/", Encoding),
            ("/a%", Encoding),
            ("/a%2", Encoding),
            ("/a%zz", Encoding),
            ("/a\\b", Character),
            ("/a#b", Character),
            ("/a?b#c", Character),
            ("/a b", Character),
            ("/a\u{e9}", Character),
            ("/a\0", Character),
            ("/a?\u{7f}", Character),
        ] {
            assert_eq!(check_target(target.as_bytes()), Err(error), "{target}");
        }
        assert_eq!(check_target(format!("/{}", "a".repeat(MAX_TARGET)).as_bytes()), Err(TargetError::TooLong));
    }
}
