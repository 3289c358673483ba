//! Masks one value in place, whatever its form. The length never changes.

use masking::{Masker, Syntax, Tally};

use super::{
    bytea,
    columns::{Rule, rule},
};

/// How deep arrays and composite values are followed; deeper ones are text.
const DEEPEST: usize = 8;

/// Masks a whole value by its rule.
#[inline]
pub(super) fn mask(masker: &Masker, by: Rule, value: &mut [u8], tally: &mut Tally) {
    #[cfg(test)]
    crate::filter::fault::look(value);
    nested(masker, by, value, tally, 0);
}

fn nested(masker: &Masker, by: Rule, value: &mut [u8], tally: &mut Tally, depth: usize) {
    match by {
        Rule::Skip => {}
        Rule::Text => text(masker, value, tally),
        Rule::Json => {
            masker.mask(value, Syntax::Json, tally);
        }
        Rule::Jsonb => {
            if let Some((_version, json)) = value.split_first_mut() {
                masker.mask(json, Syntax::Json, tally);
            }
        }
        Rule::Number => {
            masker.mask(value, Syntax::Number, tally);
        }
        Rule::Numbers => {
            for number in value.split_mut(|byte| !byte.is_ascii_alphanumeric() && !b".+-".contains(byte)) {
                masker.mask(number, Syntax::Number, tally);
            }
        }
        Rule::Bytea => bytea::mask(masker, value, tally),
        Rule::Byteas => bytea::mask_array(masker, value, tally),
        Rule::Int8 => int8(masker, value, tally),
        Rule::Numeric => numeric(masker, value, tally),
        Rule::Array if depth < DEEPEST => {
            if array(masker, value, tally, depth).is_none() {
                text(masker, value, tally);
            }
        }
        Rule::Record if depth < DEEPEST => {
            if record(masker, value, tally, depth).is_none() {
                text(masker, value, tally);
            }
        }
        Rule::Array | Rule::Record => text(masker, value, tally),
    }
}

fn text(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    masker.mask(value, Syntax::Text, tally);
}

/// A number in text form that a detector hits becomes another number; its binary form follows.
fn int8(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some(bytes) = value.first_chunk_mut::<8>() else { return };
    let number = i64::from_be_bytes(*bytes);
    // Eight digits are no label.
    if number.unsigned_abs() < 100_000_000 {
        return;
    }
    let mut digits = number.to_string().into_bytes();
    if masker.mask(&mut digits, Syntax::Number, tally) {
        let masked = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse::<i64>().ok());
        *bytes = masked.unwrap_or(0).to_be_bytes();
    }
}

/// Binary numeric: count, weight, sign, scale, then digits of base 10,000. If a detector hits the number, its digits become
/// those of its mask.
fn numeric(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    let Some((_head, words)) = value.split_at_mut_checked(8) else { return };
    let mut digits = Vec::with_capacity(words.len() * 2);
    for word in words.chunks_exact(2) {
        let word = word.first_chunk::<2>().map_or(0, |word| u16::from_be_bytes(*word));
        digits.extend_from_slice(format!("{word:04}").as_bytes());
    }
    let start = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    if let Some(significant) = digits.get_mut(start..)
        && masker.mask(significant, Syntax::Number, tally)
    {
        for (word, four) in words.chunks_exact_mut(2).zip(digits.chunks_exact(4)) {
            let masked = std::str::from_utf8(four).ok().and_then(|four| four.parse::<u16>().ok());
            word.copy_from_slice(&masked.unwrap_or(0).to_be_bytes());
        }
    }
}

/// Binary array: dimensions, a flag, the element type, two words per dimension, then elements.
fn array(masker: &Masker, value: &mut [u8], tally: &mut Tally, depth: usize) -> Option<()> {
    let (head, rest) = value.split_first_chunk_mut::<12>()?;
    let [a, b, c, d, _, _, _, _, e, f, g, h] = *head;
    let dimensions = usize::try_from(i32::from_be_bytes([a, b, c, d])).ok()?;
    let by = rule(u32::from_be_bytes([e, f, g, h]), true);
    let (_, mut rest) = rest.split_at_mut_checked(dimensions.checked_mul(8)?)?;
    while !rest.is_empty() {
        rest = element(masker, by, rest, tally, depth)?;
    }
    Some(())
}

/// Binary composite value: a count, then a type and a value for each field.
fn record(masker: &Masker, value: &mut [u8], tally: &mut Tally, depth: usize) -> Option<()> {
    let (_count, mut rest) = value.split_first_chunk_mut::<4>()?;
    while !rest.is_empty() {
        let (oid, tail) = rest.split_first_chunk_mut::<4>()?;
        rest = element(masker, rule(u32::from_be_bytes(*oid), true), tail, tally, depth)?;
    }
    Some(())
}

/// A length word and a value; gives what follows.
fn element<'a>(
    masker: &Masker,
    by: Rule,
    bytes: &'a mut [u8],
    tally: &mut Tally,
    depth: usize,
) -> Option<&'a mut [u8]> {
    let (length, rest) = bytes.split_first_chunk_mut::<4>()?;
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        return Some(rest);
    }
    let (value, rest) = rest.split_at_mut_checked(usize::try_from(length).ok()?)?;
    nested(masker, by, value, tally, depth + 1);
    Some(rest)
}
