#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

/// seq (8 bytes), prev (32 bytes), content.
type Stored = Vec<u8>;

fn chain(count: u64) -> (Vec<Stored>, Head) {
    let mut head = Head::START;
    let mut stored = Vec::new();
    for seq in 1..=count {
        let mut bytes = seq.to_be_bytes().to_vec();
        bytes.extend_from_slice(&head.link);
        bytes.extend_from_slice(format!("event {seq}").as_bytes());
        head = Head { seq, link: link(&bytes) };
        stored.push(bytes);
    }
    (stored, head)
}

fn check(stored: &[Stored], expected: Option<Head>) -> Result<Head, Break> {
    let records: Vec<_> = stored
        .iter()
        .map(|bytes| Record { seq: u64::from_be_bytes(bytes[..8].try_into().unwrap()), prev: &bytes[8..40], bytes })
        .collect();
    verify(&records, expected)
}

#[test]
fn an_untouched_chain_gives_its_head() {
    for count in 0..6 {
        let (stored, head) = chain(count);
        assert_eq!(check(&stored, Some(head)), Ok(head));
        assert_eq!(check(&stored, None), Ok(head));
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let (stored, head) = chain(4);
    for record in 0..stored.len() {
        for bit in 0..stored[record].len() * 8 {
            let mut damaged = stored.clone();
            damaged[record][bit / 8] ^= 1 << (bit % 8);
            let found = check(&damaged, Some(head)).unwrap_err();
            // A flip in the content names the record itself; one in `prev` names the link that leads to it.
            if bit / 8 >= 40 {
                assert_eq!(found, Break::Edited { seq: record as u64 + 1 }, "bit {bit} of record {record}");
            }
        }
    }
}

#[test]
fn a_dropped_record_is_missing_in_the_middle_and_a_truncation_at_the_end() {
    let (stored, head) = chain(4);
    for dropped in 0..4_usize {
        let mut damaged = stored.clone();
        damaged.remove(dropped);
        let seq = dropped as u64 + 1;
        let expected =
            if seq == 4 { Break::Truncated { found: 3, expected: 4 } } else { Break::Missing { from: seq, to: seq } };
        assert_eq!(check(&damaged, Some(head)), Err(expected));
    }
}

#[test]
fn every_swap_is_a_reordering() {
    let (stored, head) = chain(4);
    for a in 0..4 {
        for b in a + 1..4 {
            let mut damaged = stored.clone();
            damaged.swap(a, b);
            assert_eq!(check(&damaged, Some(head)), Err(Break::Reordered { seq: b as u64 + 1 }));
        }
    }
}

#[test]
fn a_repeated_record_is_named() {
    let (stored, head) = chain(3);
    for repeated in 0..3_usize {
        let mut damaged = stored.clone();
        damaged.insert(repeated + 1, stored[repeated].clone());
        assert_eq!(check(&damaged, Some(head)), Err(Break::Duplicated { seq: repeated as u64 + 1 }));
    }
}

#[test]
fn a_forged_continuation_is_found_only_with_the_head() {
    let (_, head) = chain(3);
    let (longer, longer_head) = chain(4);
    assert_eq!(check(&longer, None), Ok(longer_head));
    assert_eq!(check(&longer, Some(head)), Err(Break::Extended { found: 4, expected: 3 }));
}

#[test]
fn a_link_never_changes() {
    assert_eq!(
        link(b"record"),
        <Link>::try_from(Sha256::digest(b"sallyport/event-chain/v1\0\0\0\0\0\0\0\0\x06record").as_slice()).unwrap()
    );
}
