//! The classes of the bytes of a block as bit masks, sixteen bytes at a time.

use wide::u8x16;

use crate::unit::DASH;

/// The bytes of a block: one for each bit of a mask.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block, the first the lowest, for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    pub(crate) digit: u64,
    /// Joins digits: space, dash, dot, slash.
    pub(crate) joint: u64,
    pub(crate) letter: u64,
    /// Assigns a value to a name: `:`, `=`, `|`, `>`, `'`.
    pub(crate) sign: u64,
    /// Begins a telephone number, arguments or a word for a sign: `+`, `(`.
    pub(crate) opener: u64,
    /// Other marks: `@`, `_`, `-`, `.`, `$`, `[`, the end of a line, and letters that stand in tokens.
    pub(crate) mark: u64,
    /// What is not there yet.
    pub(crate) beyond: u64,
}

impl Masks {
    /// The masks of the first 64 bytes, or of all if they are fewer.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut masks = Self::default();
        if let Some(block) = bytes.first_chunk::<BLOCK>() {
            for (place, lane) in block.as_chunks().0.iter().enumerate() {
                masks.put(place, lane);
            }
            return masks;
        }
        let (lanes, rest) = bytes.as_chunks();
        for (place, lane) in lanes.iter().enumerate() {
            masks.put(place, lane);
        }
        if !rest.is_empty() {
            masks.put(lanes.len(), &padded(rest, 0));
        }
        masks
    }

    #[inline]
    fn put(&mut self, place: usize, lane: &[u8; LANE]) {
        let [digit, joint, letter, sign, opener, mark] = classes(*lane);
        let shift = place * LANE;
        self.digit |= u64::from(digit) << shift;
        self.joint |= u64::from(joint) << shift;
        self.letter |= u64::from(letter) << shift;
        self.sign |= u64::from(sign) << shift;
        self.opener |= u64::from(opener) << shift;
        self.mark |= u64::from(mark) << shift;
    }
}

/// How many bytes are looked at together.
const LANE: usize = 16;

/// Fewer bytes than a lane with others behind them.
#[inline]
fn padded(rest: &[u8], fill: u8) -> [u8; LANE] {
    let mut lane = [fill; LANE];
    if let Some(start) = lane.get_mut(..rest.len()) {
        start.copy_from_slice(rest);
    }
    lane
}

/// Whether no byte is beyond ASCII, a control before the tabulator or one of these.
#[inline]
pub(crate) fn has_none_of(bytes: &[u8], marks: [u8; 4]) -> bool {
    let (lanes, rest) = bytes.as_chunks();
    let found = |bytes: [u8; LANE]| {
        let lane = u8x16::new(bytes);
        let low = lane.min(u8x16::splat(8)).simd_eq(lane);
        marks.iter().fold(lane | low, |any, mark| any | lane.simd_eq(u8x16::splat(*mark)))
    };
    let whole = lanes.iter().fold(u8x16::splat(0), |any, lane| any | found(*lane));
    (whole | found(padded(rest, b' '))).to_bitmask() == 0
}

/// A bit for each byte of a block that is the first of two, and for each that is the other; the first byte's is the lowest.
#[inline]
pub(crate) fn each_of(bytes: &[u8], each: [u8; 2]) -> (u64, u64) {
    let [one, other] = each.map(u8x16::splat);
    let found = |place: usize, bytes: &[u8; LANE]| {
        let lane = u8x16::new(*bytes);
        let mask = |byte: u8x16| u64::from(lane.simd_eq(byte).to_bitmask()) << (place * LANE);
        (mask(one), mask(other))
    };
    let join = |all: (u64, u64), more: (u64, u64)| (all.0 | more.0, all.1 | more.1);
    if let Some([a, b, c, d]) = bytes.as_chunks().0.first_chunk() {
        return join(join(found(0, a), found(1, b)), join(found(2, c), found(3, d)));
    }
    let (lanes, rest) = bytes.as_chunks();
    let whole = lanes.iter().enumerate().fold((0, 0), |all, (place, lane)| join(all, found(place, lane)));
    if rest.is_empty() { whole } else { join(whole, found(lanes.len(), &padded(rest, 0))) }
}

/// A bit for each byte of a block that text has: from the space to the tilde, tabulators and ends of lines. The first byte's is the lowest.
#[inline]
pub(crate) fn text(block: &[u8; BLOCK]) -> u64 {
    let of = |(place, bytes): (usize, &[u8; LANE])| {
        let lane = u8x16::new(*bytes);
        let is = |byte| lane.simd_eq(u8x16::splat(byte));
        u64::from((within(lane, b' ', b'~') | is(b'\t') | is(b'\n') | is(b'\r')).to_bitmask()) << (place * LANE)
    };
    block.as_chunks().0.iter().enumerate().map(of).fold(0, |all, lane| all | lane)
}

/// Whether all bytes are hexadecimal digits.
#[inline]
pub(crate) fn is_hexadecimal(bytes: &[u8]) -> bool {
    let (lanes, rest) = bytes.as_chunks();
    let digits = |bytes: &[u8; LANE]| {
        let lane = u8x16::new(*bytes);
        within(lane, b'0', b'9') | within(lane | u8x16::splat(0x20), b'a', b'f')
    };
    let whole = lanes.iter().fold(u8x16::splat(0xFF), |all, lane| all & digits(lane));
    (whole & digits(&padded(rest, b'0'))).to_bitmask() == (1 << LANE) - 1
}

/// A bit for each byte of a block, or of fewer, that is a letter or digit of ASCII. The first byte's is the lowest.
#[inline]
pub(crate) fn words(bytes: &[u8]) -> u64 {
    let of = |place: usize, bytes: &[u8; LANE]| {
        let lane = u8x16::new(*bytes);
        let word = within(lane, b'0', b'9') | within(lane | u8x16::splat(0x20), b'a', b'z');
        u64::from(word.to_bitmask()) << (place * LANE)
    };
    if let Some([a, b, c, d]) = bytes.as_chunks().0.first_chunk() {
        return of(0, a) | of(1, b) | of(2, c) | of(3, d);
    }
    let (lanes, rest) = bytes.as_chunks();
    let whole = lanes.iter().enumerate().fold(0, |all, (place, lane)| all | of(place, lane));
    if rest.is_empty() { whole } else { whole | of(lanes.len(), &padded(rest, 0)) }
}

/// A bit for each byte of a block, or of fewer, that stands in tokens: letters, digits, plus, slash, dash, underscore.
#[inline]
pub(crate) fn tokens(bytes: &[u8]) -> u64 {
    let (lanes, rest) = bytes.as_chunks();
    let of = |place: usize, bytes: &[u8; LANE]| {
        let lane = u8x16::new(*bytes);
        let is = |byte| lane.simd_eq(u8x16::splat(byte));
        let word = within(lane, b'0', b'9') | within(lane | u8x16::splat(0x20), b'a', b'z');
        u64::from((word | is(b'+') | is(b'/') | is(b'-') | is(b'_')).to_bitmask()) << (place * LANE)
    };
    let whole = lanes.iter().take(BLOCK / LANE).enumerate().fold(0, |all, (place, lane)| all | of(place, lane));
    if rest.is_empty() || lanes.len() >= BLOCK / LANE { whole } else { whole | of(lanes.len(), &padded(rest, 0)) }
}

/// The bytes between two, as a mask.
#[inline]
fn within(lane: u8x16, first: u8, last: u8) -> u8x16 {
    let distance = lane - u8x16::splat(first);
    distance.min(u8x16::splat(last - first)).simd_eq(distance)
}

/// Whether a token may be hexadecimal digits of text: not if two of the first twelve bytes that it stands for begin with a digit that
/// no text has, unless all of them may be UTF-8. Random digits nearly always have those.
#[inline]
pub(crate) fn may_be_hexadecimal_text(token: &[u8]) -> bool {
    let Some(([one, other], _)) = token.as_chunks().0.split_first_chunk::<2>() else { return true };
    let (one, other) = (highs(one), highs(other));
    let firsts = |one: u32, other: u32| (one | (other & 0xFF) << LANE) & 0x0055_5555;
    let (control, next, lead) = (firsts(one.0, other.0), firsts(one.1, other.1), firsts(one.2, other.2));
    if (control | next).count_ones() < 2 {
        return true;
    }
    // The first bytes may go on with a character that began before, and the last may begin one.
    let alone = next & !((next | lead) << 2) & !1 | lead & !(next >> 2) & !(1 << 22);
    alone == 0 && control.count_ones() < 2
}

/// Digits that begin controls, the later bytes of a character in UTF-8, and its first byte.
#[inline]
fn highs(bytes: &[u8; LANE]) -> (u32, u32, u32) {
    let lane = u8x16::new(*bytes);
    let is = |lane: u8x16, byte| lane.simd_eq(u8x16::splat(byte));
    // Capital and small letters are compared at once, as are 8 and 9.
    let small = lane | u8x16::splat(0x20);
    let next = is(lane | u8x16::splat(1), b'9') | within(small, b'a', b'b');
    (is(lane, b'1').to_bitmask(), next.to_bitmask(), within(small, b'c', b'f').to_bitmask())
}

/// Digits, joints, letters, signs, openers, marks.
#[inline]
fn classes(bytes: [u8; LANE]) -> [u32; 6] {
    let lane = u8x16::new(bytes);
    let is = |byte| lane.simd_eq(u8x16::splat(byte));
    // Bytes that differ in a bit or two are compared at once: capital and small letters, `J`, `Z` and the end of a line, and so on.
    let but = |mask: u8, byte: u8| (lane & u8x16::splat(!mask)).simd_eq(u8x16::splat(byte));
    let small = lane | u8x16::splat(0x20);
    let either = |byte| small.simd_eq(u8x16::splat(byte));
    let dash_or_dot = within(lane, b'-', b'.');
    let digit = within(lane, b'0', b'9');
    let joint = is(b' ') | is(DASH) | is(b'/') | dash_or_dot;
    let letter = within(small, b'a', b'z');
    let sign = is(b':') | within(lane, b'=', b'>') | is(b'|') | is(b'\'');
    let opener = is(b'+') | is(b'(');
    let first_letters = but(3, b'@') | is(b'I') | but(0x50, b'\n');
    let last_letters = but(5, b'R') | either(b'q') | either(b'w');
    let mark = dash_or_dot | but(4, b'[') | is(b'$') | first_letters | last_letters;
    // Written out: an array's `map` is a loop of calls.
    let bits = |mask: u8x16| mask.to_bitmask();
    [bits(digit), bits(joint), bits(letter), bits(sign), bits(opener), bits(mark)]
}

#[cfg(test)]
mod tests {
    use super::{DASH, LANE, classes, may_be_hexadecimal_text};

    /// The same byte by byte.
    fn expected(byte: u8) -> [bool; 6] {
        let letter = matches!(byte, b'@'..=b'C' | b'I' | b'J' | b'Q'..=b'S' | b'V' | b'W' | b'Z' | b'q' | b'w');
        let mark = letter || matches!(byte, b'\n' | 0x1A | b'$' | b'-' | b'.' | b'[' | b'_');
        [
            byte.is_ascii_digit(),
            matches!(byte, b' ' | b'-' | b'.' | b'/' | DASH),
            byte.is_ascii_alphabetic(),
            matches!(byte, b':' | b'=' | b'|' | b'>' | b'\''),
            matches!(byte, b'+' | b'('),
            mark,
        ]
    }

    #[test]
    fn each_byte_has_its_classes_at_each_place() {
        for byte in 0..=u8::MAX {
            for place in 0..LANE {
                let mut bytes = [b','; LANE];
                bytes.iter_mut().skip(place).take(1).for_each(|slot| *slot = byte);
                assert_eq!(classes(bytes), expected(byte).map(|is| u32::from(is) << place), "{byte} at {place}");
            }
        }
    }

    #[test]
    fn hexadecimal_digits_of_text_are_never_passed_over() {
        let digits: String =
            "pay 4111111111111111 to Zo\u{eb}, 99\n~ \u{43A}\u{430}\u{440}\u{442}\u{430}: 41 \u{5361}\u{53F7} \u{1F4B3} 4111111"
                .bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect();
        let may = |digits: &str| may_be_hexadecimal_text(digits.as_bytes());
        for start in (0..digits.len() - 32).step_by(2) {
            let digits = digits.get(start..).unwrap_or_default();
            assert!(may(digits) && may(&digits.to_uppercase()), "{start}");
        }
        assert!(!may("d41d8cd98f00b204e9800998ecf8427e"), "a hash");
        assert!(may("81818181"), "too short to tell");
    }
}
