//! COPY, byte by byte: large rows, and whatever a target could send.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::tests::{Lines, Open, answer, frame, guarded, text};

/// A COPY to the client of these frames of data, and what is seen of it.
fn copied(binary: bool, data: &[Vec<u8>], piece: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut filter, journal) = (guarded(Arc::new(Open)), Lines::default());
    let ask = frame(b'Q', b"copy t to stdout\0");
    assert_eq!(filter.requests(&ask, &journal).unwrap().bytes, ask.len());
    let format = u8::from(binary);
    let mut out = frame(b'H', &[format, 0, 1, 0, format]);
    out.extend(data.iter().flat_map(|body| frame(b'd', body)));
    out.extend([frame(b'c', b""), frame(b'C', b"COPY 1\0"), frame(b'Z', b"I")].concat());
    let seen = answer(&mut filter, &journal, &out, &[piece]).unwrap();
    (out, seen)
}

const BEGIN: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

fn tuple(values: &[&[u8]]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value);
    }
    body
}

#[test]
fn a_large_row_of_a_binary_copy_is_masked_wherever_its_value_stands() {
    for place in [0, 100_000, 131_060, 299_000] {
        let mut long = vec![b'x'; 300_000];
        long[place..place + 18].copy_from_slice(b" 4111111111111111 ");
        let rows = [
            [BEGIN, &tuple(&[&[0, 0, 0, 1], &long])].concat(),
            tuple(&[&[0, 0, 0, 2], b"4111111111111111"]),
            vec![0xff, 0xff],
        ];
        for piece in [4093, 65_537, usize::MAX] {
            let (sent, seen) = copied(true, &rows, piece);
            assert_eq!(seen.len(), sent.len(), "{place} {piece}");
            assert!(!text(&seen).contains("41111111"), "{place} {piece}");
        }
    }
}

#[test]
fn a_large_row_of_a_text_or_csv_copy_is_masked_wherever_its_value_stands() {
    for place in [10, 100_000, 131_060, 299_000] {
        let mut long = vec![b'x'; 300_000];
        long[place..place + 18].copy_from_slice(b" 4111111111111111 ");
        for end in [&b"\t7\n"[..], b"\",7\r\n"] {
            let rows = [[&long[..], end].concat(), [b"4111111111111111", end].concat()];
            for piece in [4093, usize::MAX] {
                let (sent, seen) = copied(false, &rows, piece);
                assert_eq!(seen.len(), sent.len(), "{place} {piece}");
                assert!(!text(&seen).contains("41111111"), "{place} {piece}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is in the frames, nothing falls over, no length changes, and pieces change nothing.
    #[test]
    fn any_copy_data_is_taken_and_pieces_change_nothing(
        binary: bool,
        data in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[0-9a-z@.\t, \"\\\\\n-]{0,60}".prop_map(String::into_bytes),
            Just(BEGIN.to_vec()),
            prop::collection::vec("[0-9 -]{0,20}", 0..4).prop_map(|values| tuple(&values.iter().map(String::as_bytes).collect::<Vec<_>>())),
        ], 0..8),
        piece in 1_usize..80,
    ) {
        let (sent, whole) = copied(binary, &data, usize::MAX);
        let (_, pieces) = copied(binary, &data, piece);
        prop_assert_eq!(whole.len(), sent.len());
        prop_assert_eq!(whole, pieces);
    }
}
