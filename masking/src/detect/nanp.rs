//! The North American Numbering Plan: area codes in use and the rule for exchanges. It is checked by table because these numbers are
//! the commonest and the table is small.

/// Area codes in use, one bit each from the lowest, a row for each first digit from 2 to 9.
const AREAS: [u128; 8] = [
    0x0020a9568d37f419cbf9ff7fe,
    0x00065003bb07ccab5efbff7fe,
    0x00011cd718405af6dd38ff7fe,
    0x001f7afcdea091387fffff7ff,
    0x0024f41e87f0ce392f4dff7ff,
    0x000e7cfe2d6618d65df1ff3fe,
    0x00100f35fdfc7b9cbf63ff7ff,
    0x00279cbc0095baff4f21ff7ff,
];
/// The area of examples and films, which is in no list but reads as a number to everybody.
const FICTIONAL: usize = 555;

/// Whether ten digits could be a number of the plan, if all its areas were in use. That is enough where they are written as its
/// numbers are.
pub(crate) fn is_written(digits: &[u8]) -> bool {
    matches!(digits, [b'2'..=b'9', _, _, b'2'..=b'9', ..] if digits.len() == 10)
}

/// Whether ten digits are a number of the plan.
pub(crate) fn is_number(digits: &[u8]) -> bool {
    let &[a, b, c, exchange, second, third, ..] = digits else { return false };
    let value = |digit: u8| usize::from(digit.wrapping_sub(b'0'));
    let area = value(a) * 100 + value(b) * 10 + value(c);
    let row = AREAS.get(value(a).wrapping_sub(2)).copied().unwrap_or_default();
    let in_use = row >> (area % 100) & 1 == 1 || area == FICTIONAL;
    digits.len() == 10 && in_use && exchange >= b'2' && (second, third) != (b'1', b'1')
}
