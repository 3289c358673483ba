//! Numbers whose digits are not their bytes: binary int8, numeric, float8 and money, and money in text form. What a detector hits
//! becomes another number.

use masking::{Masker, Syntax, Tally};

/// Numbers below have eight digits at most, which are no label.
const LEAST: u64 = 100_000_000;
/// From here on not every whole number is a float8.
const MOST_FLOAT: f64 = 1e18;
/// The least number of 16 digits.
const LEAST_UNTYPED: u64 = 1_000_000_000_000_000;
/// The most words of a numeric whose end is looked at; no label has more than 19 digits.
const MOST_WORDS: usize = 8;

/// A number in text form that a detector hits becomes another number; its binary form follows.
pub(super) fn mask_int8(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some(bytes) = value.first_chunk_mut::<8>() else { return };
    if let Some(masked) = masked(masker, i64::from_be_bytes(*bytes), tally) {
        *bytes = masked.to_be_bytes();
    }
}

/// Binary money: whole units with what the language has behind them, mostly hundredths.
pub(super) fn mask_cents(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some(bytes) = value.first_chunk_mut::<8>() else { return };
    let number = i64::from_be_bytes(*bytes);
    let units = |part: i64| (number % part == 0).then_some(number / part);
    if [1, 100, 1000].into_iter().filter_map(units).any(|number| masked(masker, number, tally).is_some()) {
        *bytes = 0_i64.to_be_bytes();
    }
}

/// Money in text form: `$4,111,111,111,111,111.00`.
pub(super) fn mask_money(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let mut digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let cents = digits.len().saturating_sub(2);
    let is_hit = masker.mask(&mut digits, Syntax::Number, tally)
        || digits.get_mut(..cents).is_some_and(|units| masker.mask(units, Syntax::Number, tally));
    if is_hit {
        value.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|digit| *digit = b'0');
    }
}

/// float8 in text form, which large numbers have a power of ten in: `4.111111111111111e+15`.
pub(super) fn mask_float_text(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    if !value.contains(&b'e') {
        masker.mask(value, Syntax::Number, tally);
        return;
    }
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).and_then(whole);
    if number.is_some_and(|number| masked(masker, number, tally).is_some()) {
        value.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|digit| *digit = b'0');
    }
}

/// Binary float8: a whole number that is not too large to be told from its neighbours.
pub(super) fn mask_float8(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some(bytes) = value.first_chunk_mut::<8>() else { return };
    if whole(f64::from_be_bytes(*bytes)).is_some_and(|number| masked(masker, number, tally).is_some()) {
        *bytes = 0_f64.to_be_bytes();
    }
}

/// The number, if it is a whole one that is not too large to be told from its neighbours.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^63")]
    (number.fract() == 0.0 && number.abs() < MOST_FLOAT).then_some(number as i64)
}

/// Binary numeric: count, weight, sign, scale, then digits of base 10,000. If a detector hits what stands before the point, its
/// digits become those of its mask, and those behind it zeros.
pub(super) fn mask_numeric(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some((head, words)) = value.split_at_mut_checked(8) else { return };
    let weight = head.get(2..4).and_then(|weight| weight.first_chunk()).map_or(0, |weight| i16::from_be_bytes(*weight));
    let whole = usize::try_from(weight).map_or(0, |weight| weight + 1);
    if whole > MOST_WORDS {
        return;
    }
    let mut digits = Vec::with_capacity(whole * 4);
    for word in words.chunks_exact(2).take(whole) {
        let word = word.first_chunk::<2>().map_or(0, |word| u16::from_be_bytes(*word));
        digits.extend_from_slice(format!("{word:04}").as_bytes());
    }
    // Zeros at the end are not sent.
    digits.resize(whole * 4, b'0');
    let start = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    if let Some(significant) = digits.get_mut(start..)
        && masker.mask(significant, Syntax::Number, tally)
    {
        let masked =
            digits.chunks_exact(4).map(|four| std::str::from_utf8(four).ok().and_then(|four| four.parse::<u16>().ok()));
        for (word, masked) in words.chunks_exact_mut(2).zip(masked.chain(std::iter::repeat(None))) {
            word.copy_from_slice(&masked.unwrap_or(0).to_be_bytes());
        }
    }
}

/// A value of a binary COPY, which does not say its type: a numeric is told by its form, and among eight bytes only what can be
/// nothing but a card's number: 16 digits of an int8, which no time of this age has, or a whole float8.
pub(super) fn mask_untyped(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    if is_numeric(value) {
        return mask_numeric(masker, value, tally);
    }
    let &mut [a, b, c, d, e, f, g, h] = value else { return };
    let number = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
    if (LEAST_UNTYPED..10 * LEAST_UNTYPED).contains(&number.unsigned_abs()) {
        mask_int8(masker, value, tally);
    } else {
        mask_float8(masker, value, tally);
    }
}

fn is_numeric(value: &[u8]) -> bool {
    let Some((&[c, d, _, _, sign, tail, scale, _], words)) = value.split_first_chunk::<8>() else { return false };
    let count = usize::from(u16::from_be_bytes([c, d]));
    let is_word = |word: &[u8]| word.first_chunk::<2>().is_some_and(|word| u16::from_be_bytes(*word) < 10_000);
    count > 0
        && words.len() == count * 2
        && matches!((sign, tail), (0 | 0x40, 0))
        && scale < 0x40
        && words.chunks_exact(2).all(is_word)
}

/// What stands in place of a number, if a detector hits it.
fn masked(masker: &Masker, number: i64, tally: &mut Tally) -> Option<i64> {
    if number.unsigned_abs() < LEAST {
        return None;
    }
    let mut digits = number.to_string().into_bytes();
    let is_hit = masker.mask(&mut digits, Syntax::Number, tally);
    is_hit.then(|| std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use masking::{Label, Masker, Tally};

    use super::super::{columns::rule, value::mask};

    fn masked(oid: u32, binary: bool, value: &[u8]) -> Vec<u8> {
        let (mut value, masker) = (value.to_vec(), Masker::new(&[Label::Card, Label::Ssn]));
        mask(&masker, rule(oid, binary), &mut value, &mut Tally::default());
        value
    }

    #[test]
    fn a_card_as_a_number_of_any_type_is_masked_in_text_and_binary() {
        let card = 4_111_111_111_111_111_i64;
        assert_eq!(masked(701, false, b"4.111111111111111e+15"), b"0.000000000000000e+00");
        assert_eq!(masked(701, false, b"378282246310005"), b"000000000000000");
        assert_eq!(masked(701, true, &4_111_111_111_111_111_f64.to_be_bytes()), 0_f64.to_be_bytes());
        assert_eq!(masked(20, true, &card.to_be_bytes()), 0_i64.to_be_bytes());
        assert_eq!(masked(5069, true, &card.to_be_bytes()), 0_i64.to_be_bytes());
        assert_eq!(masked(790, true, &(card * 100).to_be_bytes()), 0_i64.to_be_bytes());
        assert_eq!(masked(790, false, b"$4,111,111,111,111,111.00"), b"$0,000,000,000,000,000.00");
        assert_eq!(
            masked(790, false, "4.111.111.111.111.111,00 €".as_bytes()),
            "0.000.000.000.000.000,00 €".as_bytes()
        );
        assert_eq!(masked(791, false, br#"{"$4,111,111,111,111,111.00"}"#), br#"{"$0,000,000,000,000,000.00"}"#);
        assert_eq!(masked(1022, false, b"{1.5,4.111111111111111e+15}"), b"{1.5,0.000000000000000e+00}");
    }

    #[test]
    fn a_numeric_that_ends_with_zeros_is_masked() {
        // 4242 4200 4242 0000, whose last word is not sent.
        let mut numeric = vec![0, 3, 0, 3, 0, 0, 0, 0];
        for word in [4242_u16, 4200, 4242] {
            numeric.extend_from_slice(&word.to_be_bytes());
        }
        let mut digits = *b"4242420042420000";
        assert!(Masker::new(&[Label::Card]).mask(&mut digits, masking::Syntax::Number, &mut Tally::default()));
        assert_eq!(masked(1700, true, &numeric)[8..], [0; 6]);
    }

    #[test]
    fn the_fraction_of_a_numeric_is_no_card() {
        // 1.4285714285714285714 and the like: some sixteen digits behind the point pass any check.
        for words in [[5_u16, 4111, 1111, 1111, 1111], [0, 4111, 1111, 1111, 1111]] {
            for weight in [0_i16, -1] {
                let mut numeric = vec![0, 5];
                numeric.extend_from_slice(&weight.to_be_bytes());
                numeric.extend_from_slice(&[0, 0, 0, 20]);
                words.iter().for_each(|word| numeric.extend_from_slice(&word.to_be_bytes()));
                assert_eq!(masked(1700, true, &numeric), numeric);
            }
        }
    }

    #[test]
    fn a_binary_copy_shows_no_card_as_a_number_and_keeps_times_and_floats() {
        let untyped = |value: &[u8]| {
            let mut value = value.to_vec();
            super::mask_untyped(&Masker::new(&[Label::Card]), &mut value, &mut Tally::default());
            value
        };
        let card = 4_111_111_111_111_111_i64;
        assert_eq!(untyped(&card.to_be_bytes()), 0_i64.to_be_bytes());
        assert_eq!(untyped(&4_111_111_111_111_111_f64.to_be_bytes()), 0_f64.to_be_bytes());
        let numeric = [0_u16, 4, 3, 0, 0, 4111, 1111, 1111, 1111];
        let numeric: Vec<u8> = numeric[1..].iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(untyped(&numeric)[8..], [0; 8]);
        // Microseconds since 2000: every hour up to 2040, and floats.
        for hour in 0..40 * 365 * 24 {
            let time = hour * 3_600_000_000_i64 + 123_457;
            assert_eq!(untyped(&time.to_be_bytes()), time.to_be_bytes());
        }
        for number in 1..10_000 {
            let number = f64::from(number) * 0.37;
            assert_eq!(untyped(&number.to_be_bytes()), number.to_be_bytes());
        }
    }

    #[test]
    fn other_numbers_stay() {
        for value in [0.1, 1.5e300, -2.0, f64::NAN, f64::INFINITY, 1_700_000_000_000.0] {
            assert_eq!(masked(701, true, &value.to_be_bytes()), value.to_be_bytes());
        }
        assert_eq!(masked(790, false, b"$1,234.50"), b"$1,234.50");
        assert_eq!(masked(701, false, b"1.7e+308"), b"1.7e+308");
    }
}
