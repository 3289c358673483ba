//! Packed data inside encoded text: what begins as a gzip file (RFC 1952) or a zlib stream (RFC 1950) is inflated, within bounds; what
//! is UTF-16 becomes UTF-8.

use flate2::{Decompress, FlushDecompress, Status};

use crate::hit::Rule;
use crate::label::Label;
use crate::zip::{Unzip, ZipPart};

/// How much of packed data is read, in bytes.
const MOST: usize = 1 << 20;
/// By how much room for it grows, in bytes.
const STEP: usize = 16 << 10;
/// What stands behind the data of a gzip member: a sum and a length.
const TRAILER: usize = 8;
/// How many characters of encoded packed data are held until their end is known. What is longer is masked so far; without its beginning
/// the rest cannot be unpacked.
pub(crate) const MOST_HELD: usize = 256 << 10;
/// Why packed data are masked that are too long to be read.
pub(crate) const UNREAD: Rule = Rule::new(Label::Secret, "packed");

/// Whether base64 or hexadecimal digits begin packed data.
pub(crate) fn begins(token: &[u8]) -> bool {
    // Compared without a call: every token is asked.
    matches!(
        token,
        [b'H', b'4', b's', b'I', ..]
            | [b'1', b'f' | b'F', b'8', b'b' | b'B', b'0', b'8', ..]
            | [b'Q', b'l', b'p', b'o', ..]
            | [b'/', b'T', b'd', b'6', ..]
            | [b'K', b'L', b'U', b'v', ..]
            | [b'N', b'3', b'q', b'8', ..]
            | [b'U', b'E', b's', b'D', ..]
    )
}

/// Whether base64 characters begin data that are packed in a way that is not read here: bzip2, xz, zstd (RFC 8878) and 7z.
pub(crate) fn is_unread(token: &[u8]) -> bool {
    match token {
        [b'Q', b'l', b'p', b'o', _, _, rest @ ..] => rest.starts_with(b"FBWSZTW"),
        [b'K', b'L', b'U', b'v', rest @ ..] => matches!(rest, [b'/' | b'_', b'Q'..=b'Z' | b'a'..=b'f', ..]),
        _ => token.starts_with(b"/Td6WFoA") || token.starts_with(b"N3q8ryc"),
    }
}

/// Whether these first three bytes may be those of packed data or of UTF-16.
pub(crate) fn may_begin(first: [u8; 3]) -> bool {
    matches!(
        first,
        [0x1F, 0x8B, 8]
            | [b'P', b'K', 3]
            | [0x78, 0x01 | 0x5E | 0x9C | 0xDA, _]
            | [_, 0, 1..=0xFF]
            | [0, 1..=0xFF, 0]
            | [0xFF, 0xFE, _]
            | [0xFE, 0xFF, _]
    )
}

/// What packed data hold, if the bytes are some. What is cut off at its end is read as far as it goes.
pub(crate) fn open(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match bytes {
        [0x1F, 0x8B, 8, ..] => {
            let mut rest = bytes;
            // One member may follow another.
            while let Some(data) = member(rest).filter(|_| out.len() < MOST) {
                let read = inflate(data, false, &mut out);
                rest = data.get(read + TRAILER..).unwrap_or_default();
            }
        }
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => _ = inflate(bytes, true, &mut out),
        [b'P', b'K', 3, 4, ..] => members(bytes, &mut out),
        _ => return wide(bytes),
    }
    (!out.is_empty()).then_some(out)
}

/// Appends what the members of a ZIP archive hold, as far as they can be read.
fn members(bytes: &[u8], out: &mut Vec<u8>) {
    let mut unzip = Unzip::default();
    // In pieces, so that no more is unpacked than is looked at.
    for piece in bytes.chunks(STEP) {
        let read = unzip.push(piece, &mut |part| match part {
            ZipPart::Content(content) => {
                let room = MOST.saturating_sub(out.len());
                out.extend_from_slice(content.get(..room).unwrap_or(content));
            }
            ZipPart::Begins(_) | ZipPart::Ends => out.push(b'\n'),
        });
        if read.is_err() || out.len() >= MOST {
            break;
        }
    }
}

/// The data of a gzip member, behind its header (RFC 1952 section 2.3).
fn member(bytes: &[u8]) -> Option<&[u8]> {
    let [0x1F, 0x8B, 8, flags, _, _, _, _, _, _, rest @ ..] = bytes else { return None };
    let mut rest = rest;
    if flags & 4 != 0 {
        let (length, extra) = rest.split_first_chunk::<2>()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            rest = rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?;
        }
    }
    if flags & 2 != 0 { rest.get(2..) } else { Some(rest) }
}

/// Appends what deflated data hold; how many bytes they are.
fn inflate(bytes: &[u8], zlib: bool, out: &mut Vec<u8>) -> usize {
    let (mut state, mut read) = (Decompress::new(zlib), 0);
    while out.len() < MOST {
        let before = (read, out.len());
        out.reserve(STEP);
        let status = state.decompress_vec(bytes.get(read..).unwrap_or_default(), out, FlushDecompress::None);
        read = usize::try_from(state.total_in()).unwrap_or(bytes.len());
        let goes_on = matches!(status, Ok(Status::Ok | Status::BufError)) && (read, out.len()) != before;
        if !goes_on {
            break;
        }
    }
    read
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let named = flate2::GzBuilder::new().filename("a").comment("b").extra(vec![1, 2, 3]);
        let mut packer = named.write(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn packed_data_are_opened_whole_or_as_far_as_they_go(bytes in proptest::collection::vec(any::<u8>(), 1..5000), cut in 0_usize..5000) {
            let packed = [gzip(&bytes), gzip(b"and more")].concat();
            prop_assert_eq!(open(&packed), Some([&bytes[..], b"and more"].concat()));
            let begun = open(&packed[..cut.min(packed.len())]).unwrap_or_default();
            prop_assert!([&bytes[..], b"and more"].concat().starts_with(&begun));
        }

        #[test]
        fn nothing_that_only_begins_as_packed_data_does_harm(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
            for begin in [&[0x1F, 0x8B, 8][..], &[0x1F, 0x8B, 8, 0x1F], &[0x78, 0x9C], &[0xFF, 0xFE]] {
                let opened = open(&[begin, &tail].concat());
                prop_assert!(opened.is_none_or(|opened| opened.len() <= MOST + STEP));
            }
        }
    }
}
