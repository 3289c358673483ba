//! The escapes of `$'..'` (bash, ksh, zsh and POSIX 2024).

/// Decodes the inside of the quotes. The flag is false if it holds a byte that is not text, where the value is cut.
pub(super) fn decode(inner: &str) -> (String, bool) {
    let mut text = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let decoded = match chars.next() {
            Some('a') => Some('\x07'),
            Some('b') => Some('\x08'),
            Some('e' | 'E') => Some('\x1b'),
            Some('f') => Some('\x0c'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('v') => Some('\x0b'),
            Some('x') => number(&mut chars, 16, 2, 0),
            Some('u') => number(&mut chars, 16, 4, 0),
            Some('U') => number(&mut chars, 16, 8, 0),
            Some('c') => chars.next().map(|c| char::from(u8::try_from(c).unwrap_or(b'?') & 0x1f)),
            Some(digit @ '0'..='7') => number(&mut chars, 8, 2, digit.to_digit(8).unwrap_or(0)),
            Some(other) => {
                if !"\\'\"?".contains(other) {
                    text.push('\\');
                }
                Some(other)
            }
            None => Some('\\'),
        };
        match decoded {
            Some(c) if c != '\0' => text.push(c),
            _ => return (text, false),
        }
    }
    (text, true)
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most: usize, start: u32) -> Option<char> {
    let mut value = start;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        value = value.saturating_mul(radix).saturating_add(digit);
        chars.next();
    }
    // Bytes above ASCII may be parts of a character; no command has one in its name.
    char::from_u32(value).filter(|_| radix == 16 && most > 2 || value < 0x80)
}
