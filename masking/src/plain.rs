//! The plain form of a character: what NFKC and a reader's eye make of digits, letters and separators of other scripts and styles.
//! It covers what values are written with, not all of Unicode, and never depends on neighbours.

/// Stands for a dash that is no hyphen (U+2012 and on). It joins digits, but no words. Never part of UTF-8.
pub(crate) const DASH: u8 = 0xFF;

/// What a character is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    Same,
    As(u8),
    /// Nothing can be seen of it.
    Nothing,
}

/// The zeros of decimal digits (general category Nd) that are followed by one to nine.
const ZEROS: [u32; 59] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

/// The plain form of a character beyond ASCII.
pub(crate) fn plain(code: u32) -> Plain {
    match code {
        0xFF01..=0xFF5E => ascii(code - 0xFEE0),
        0x00AD
        | 0x0300..=0x036F
        | 0x061C
        | 0x115F..=0x1160
        | 0x17B4..=0x17B5
        | 0x180B..=0x180E
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0x20D0..=0x20FF
        | 0x3164
        | 0xFE00..=0xFE0F
        | 0xFEFF
        | 0xFFA0
        | 0xE0000..=0xE0FFF => Plain::Nothing,
        0x00A0 | 0x1680 | 0x2000..=0x200A | 0x2028..=0x2029 | 0x202F | 0x205F | 0x2800 | 0x3000 => Plain::As(b' '),
        0x2010 | 0x2011 | 0xFE63 => Plain::As(b'-'),
        0x2012..=0x2015 | 0x2043 | 0x207B | 0x208B | 0x2212 | 0x2E3A..=0x2E3B | 0xFE58 => Plain::As(DASH),
        0x00B7 | 0x2024 | 0x3002 | 0xFE52 | 0xFF61 => Plain::As(b'.'),
        0xFE6B => Plain::As(b'@'),
        0x2044 | 0x2215 => Plain::As(b'/'),
        0x2236 | 0xA789 | 0xFE55 => Plain::As(b':'),
        _ => letter_or_digit(code),
    }
}

fn letter_or_digit(code: u32) -> Plain {
    match code {
        0xBA..0x660 | 0x3004..0xA620 | 0xAC00..0xD800 => Plain::Same,
        0x00B2 | 0x00B3 => ascii(code - 0x80),
        0x00B9 => Plain::As(b'1'),
        0x2070 | 0x2074..=0x2079 => ascii(code - 0x2040),
        0x2080..=0x2089 => ascii(code - 0x2050),
        0x2460..=0x2468 => ascii(code - 0x2460 + 0x31),
        0x24EA | 0x24FF => Plain::As(b'0'),
        0x2776..=0x277E => ascii(code - 0x2776 + 0x31),
        0x24B6..=0x24CF => ascii(code - 0x24B6 + 0x41),
        0x24D0..=0x24E9 => ascii(code - 0x24D0 + 0x61),
        0x1D400..=0x1D6A3 => match (code - 0x1D400) % 52 {
            index @ 0..26 => ascii(index + 0x41),
            index => ascii(index - 26 + 0x61),
        },
        0x1D7CE..=0x1D7FF => ascii((code - 0x1D7CE) % 10 + 0x30),
        _ => {
            let index = ZEROS.partition_point(|zero| *zero <= code);
            let zero = index.checked_sub(1).and_then(|index| ZEROS.get(index)).copied().unwrap_or(u32::MAX);
            if code.wrapping_sub(zero) < 10 { ascii(code - zero + 0x30) } else { Plain::Same }
        }
    }
}

fn ascii(code: u32) -> Plain {
    u8::try_from(code).map_or(Plain::Same, Plain::As)
}
