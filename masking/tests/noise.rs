//! Packed and encrypted data passes as it is: archives, pictures, pack files of git over a masked stream.
#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

use masking::{Label, Masker, Syntax, Tally};

/// The same noise in every run.
fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        bytes.extend_from_slice(&seed.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn stream(bytes: &[u8], piece: usize) -> Vec<u8> {
    let masker = Masker::new(&Label::ALL);
    let (mut stream, mut out, mut tally) = (masker.stream(Syntax::Text), Vec::new(), Tally::default());
    for piece in bytes.chunks(piece) {
        stream.push(piece, &mut out, &mut tally);
    }
    stream.finish(&mut out, &mut tally);
    out
}

#[test]
fn nothing_is_found_in_noise() {
    for seed in [1, 7, 1_234_567] {
        let bytes = noise(16 << 20, seed);
        assert!(stream(&bytes, 32 * 1024) == bytes);
        let mut value = bytes.clone();
        assert!(!Masker::new(&Label::ALL).mask(&mut value, Syntax::Text, &mut Tally::default()));
    }
}

#[test]
fn text_after_noise_is_text_again() {
    let line = b"\n-- the name of the customer, and how she can be reached: the line goes on for a while, and has her address -- alice@example.com\n";
    let bytes = [noise(100_000, 3), line.to_vec()].concat();
    for piece in [1, 7, 1000] {
        let masked = stream(&bytes, piece);
        assert!(masked.starts_with(&bytes[..100_000]));
        assert!(!String::from_utf8_lossy(&masked).contains("alice@"));
    }
}

#[test]
fn a_few_strange_bytes_hide_nothing() {
    for before in ["\u{1}", "\0\0\0\0", "\u{1b}[31m\u{7}", "пароль: ", "\u{1}".repeat(90).as_str()] {
        let masked = stream(format!("{before}alice@example.com ").as_bytes(), 3);
        assert!(!String::from_utf8_lossy(&masked).contains("alice@"), "{before:?}");
    }
    // KOI8-R has a high byte for every letter.
    let koi8 = [
        &b"\xd0\xc1\xd2\xcf\xcc\xd8 \xcb\xcc\xc9\xc5\xce\xd4\xc1 \xce\xc1 \xd3\xc1\xca\xd4\xc5: "[..],
        b"alice@example.com\r\n",
    ]
    .concat();
    assert!(!String::from_utf8_lossy(&stream(&koi8, 5)).contains("alice@"));
}

#[test]
fn a_card_is_found_even_in_noise() {
    let mut bytes = noise(10_000, 5);
    bytes.extend_from_slice(b" 4111 1111 1111 1111 ");
    bytes.extend(noise(1000, 6));
    assert!(!stream(&bytes, 100).windows(19).any(|part| part == b"4111 1111 1111 1111"));
}
