//! The stars: how single bytes of a hit are hidden in full, always by as many bytes.

/// Replaces text: separators and control characters stay, everything else becomes `*`.
pub(crate) fn mask_text(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| !stays(**byte)) {
        *byte = b'*';
    }
}

/// Replaces the digits of bare JSON numbers: each number starts with `1`, which no card does, and goes on with zeros.
pub(crate) fn mask_number(bytes: &mut [u8], before: Option<u8>) {
    let mut before = before;
    for byte in bytes {
        let raw = *byte;
        *byte = number_mask(raw, before);
        before = Some(raw);
    }
}

/// Replaces the digits of a value that is a number in text form.
pub(crate) fn mask_zeros(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        *byte = b'0';
    }
}

/// Whether a byte of a hit is kept.
pub(crate) fn stays(byte: u8) -> bool {
    byte < b' ' || byte == 0x7F || matches!(byte, b' ' | b'-' | b'.' | b'@')
}

pub(crate) fn number_mask(byte: u8, before: Option<u8>) -> u8 {
    match byte {
        b'0'..=b'9' if before.is_some_and(|byte| byte.is_ascii_digit()) => b'0',
        b'0'..=b'9' => b'1',
        // A comma parts the numbers of a list.
        byte if stays(byte) || matches!(byte, b'"' | b'\\' | b',') => byte,
        _ => b'*',
    }
}
