//! Packed data inside encoded text: what begins as a gzip file (RFC 1952) or a zlib stream (RFC 1950) is inflated, within bounds; what
//! is UTF-16 becomes UTF-8.

use std::io::Read as _;

use crate::hit::Rule;
use crate::label::Label;

/// How much of packed data is read, in bytes.
const MOST: u64 = 1 << 20;
/// How many characters of encoded packed data are held until their end is known. What is longer is masked so far; without its beginning
/// the rest cannot be unpacked.
pub(crate) const MOST_HELD: usize = 256 << 10;
/// Why packed data are masked that are too long to be read.
pub(crate) const UNREAD: Rule = Rule::new(Label::Secret, "packed");

/// Whether base64 or hexadecimal digits begin packed data.
pub(crate) fn begins(token: &[u8]) -> bool {
    token.starts_with(b"H4sI") || token.starts_with(b"1f8b08") || token.starts_with(b"1F8B08")
}

/// Whether these first three bytes may be those of packed data or of UTF-16.
pub(crate) fn may_begin(first: [u8; 3]) -> bool {
    matches!(
        first,
        [0x1F, 0x8B, 8]
            | [0x78, 0x01 | 0x5E | 0x9C | 0xDA, _]
            | [_, 0, 1..=0xFF]
            | [0, 1..=0xFF, 0]
            | [0xFF, 0xFE, _]
            | [0xFE, 0xFF, _]
    )
}

/// What packed data hold, if the bytes are some.
pub(crate) fn open(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match bytes {
        [0x1F, 0x8B, 8, ..] => {
            // What is cut off at its end is read as far as it goes.
            let _cut = flate2::read::MultiGzDecoder::new(bytes).take(MOST).read_to_end(&mut out);
        }
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => {
            let _cut = flate2::read::ZlibDecoder::new(bytes).take(MOST).read_to_end(&mut out);
        }
        _ => return wide(bytes),
    }
    (!out.is_empty()).then_some(out)
}

/// Text in UTF-16, either byte first.
fn wide(bytes: &[u8]) -> Option<Vec<u8>> {
    let unmarked = bytes.strip_prefix(b"\xFF\xFE").or_else(|| bytes.strip_prefix(b"\xFE\xFF")).unwrap_or(bytes);
    let zeros = |first: usize| unmarked.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let pairs = unmarked.len() / 2;
    let (first, second) = (zeros(0), zeros(1));
    let unit: fn([u8; 2]) -> u16 = match () {
        () if pairs < 4 => return None,
        () if second * 8 >= pairs * 7 && first == 0 => u16::from_le_bytes,
        () if first * 8 >= pairs * 7 && second == 0 => u16::from_be_bytes,
        () => return None,
    };
    let units = unmarked.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units).map(|code| code.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.into_bytes())
}
