//! Masks one value in place, whatever its form. The length never changes.

use masking::{Masker, Syntax, Tally};

use super::{
    bytea,
    columns::{Rule, rule},
    number,
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
        Rule::Float => number::mask_float_text(masker, value, tally),
        Rule::Floats => {
            for number in value.split_mut(|byte| b"{},\"".contains(byte)) {
                number::mask_float_text(masker, number, tally);
            }
        }
        Rule::Bytea => bytea::mask(masker, value, tally),
        Rule::Byteas => bytea::mask_array(masker, value, tally),
        Rule::Int8 => number::mask_int8(masker, value, tally),
        Rule::Numeric => number::mask_numeric(masker, value, tally),
        Rule::Float8 => number::mask_float8(masker, value, tally),
        Rule::Cents => number::mask_cents(masker, value, tally),
        Rule::Money => number::mask_money(masker, value, tally),
        Rule::Moneys => {
            for money in value.split_mut(|byte| b"{}\"".contains(byte)) {
                number::mask_money(masker, money, tally);
            }
        }
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
