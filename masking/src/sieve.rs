//! The search for triggers, 64 bytes at a time: a byte is looked up once for its classes, the classes of a block become bit masks, and
//! a few operations on those leave the places that a detector may have an answer for. It never passes over one that has.

use crate::detect::{line, option, shapes, spread, token, words};
use crate::lanes::{BLOCK, Masks};
use crate::scan::LEAST_DIGITS;

/// As many digits as this, or fewer, are nothing without a word right before.
const SHORT: usize = 8;
/// For each byte the marks that count behind it: a bit of `mark_bit` each.
static BEFORE: [u16; 256] = before();

/// Goes through a text from front to back.
pub(crate) struct Sieve<'a> {
    bytes: &'a [u8],
    /// Whether the text ends with the bytes.
    last: bool,
    /// Where the block begins.
    start: usize,
    behind: Masks,
    here: Masks,
    ahead: Masks,
    /// Digits and joints between them, of the block and the one ahead.
    chains: (u64, u64),
    /// Digits of the block that begin a group in a long chain.
    groups: u64,
    /// Digits of the block behind letters that may be a part of an account number or a token.
    named: u64,
    /// Other places of the block that may begin something.
    places: u64,
    /// Marks of the block that count if the right byte stands before them.
    marks: u64,
}

impl<'a> Sieve<'a> {
    /// A search that begins at `from`.
    pub(crate) fn new(bytes: &'a [u8], last: bool, from: usize) -> Self {
        let mut sieve = Self {
            bytes,
            last,
            start: 0,
            behind: Masks::default(),
            here: Masks::default(),
            ahead: Masks::default(),
            chains: (0, 0),
            groups: 0,
            named: 0,
            places: 0,
            marks: 0,
        };
        sieve.jump(from);
        sieve
    }

    /// A search through a whole text of one block, of which these are the classes.
    pub(crate) fn of_block(bytes: &'a [u8], here: Masks) -> Self {
        let none = Masks::default;
        let (behind, ahead) = (none(), none());
        let (chains, groups, named, places, marks) = ((0, 0), 0, 0, 0, 0);
        let mut sieve = Self { bytes, last: true, start: 0, behind, here, ahead, chains, groups, named, places, marks };
        sieve.look();
        sieve
    }

    /// The first place at or behind `from`, which never goes back, that a detector may have an answer for; and whether it is the
    /// first digit of a long chain.
    pub(crate) fn next(&mut self, from: usize) -> Option<(usize, bool)> {
        if from >= self.start + 2 * BLOCK {
            self.jump(from);
        }
        loop {
            let passed = from.saturating_sub(self.start);
            let left = if passed < BLOCK { u64::MAX << passed } else { 0 };
            let mut left = left & (self.groups | self.named | self.places | self.marks);
            while left != 0 {
                let bit = left & left.wrapping_neg();
                let place = left.trailing_zeros();
                let at = self.start + place as usize;
                let is_group = self.groups & bit != 0 && self.is_long(place);
                let counts = self.places & bit != 0
                    || self.named & bit != 0 && self.is_named(at)
                    || self.marks & bit != 0 && self.counts(at);
                if is_group || counts {
                    return Some((at, is_group));
                }
                left ^= bit;
            }
            if self.start + BLOCK >= self.bytes.len() {
                return None;
            }
            self.advance();
        }
    }

    fn jump(&mut self, from: usize) {
        self.start = from - from % BLOCK;
        self.behind = match self.start.checked_sub(BLOCK) {
            Some(start) => self.masks(start),
            None => Masks::default(),
        };
        self.here = self.masks(self.start);
        self.ahead = self.masks(self.start + BLOCK);
        self.look();
    }

    fn advance(&mut self) {
        self.start += BLOCK;
        self.behind = self.here;
        self.here = self.ahead;
        self.ahead = self.masks(self.start + BLOCK);
        self.look();
    }

    /// Finds the places of the block.
    fn look(&mut self) {
        let (behind, here, ahead) = (&self.behind, &self.here, &self.ahead);
        let after_digit = here.digit << 1 | behind.digit >> 63;
        // What joins digits is no mark, but two dashes may begin a key, and two marks at a certain distance may part a token or end
        // its number.
        let joint = |count| shifted(here, ahead, count, |masks| masks.joint | masks.beyond);
        let parted = joint(1) | joint(2) | joint(shapes::BETWEEN_DOTS as u32) | joint(shapes::BETWEEN_DASHES as u32);
        self.marks = here.mark & !(here.joint & after_digit & !parted);
        self.places = self.named_signs() | self.openers();
        let starts = here.digit & !after_digit;
        (self.groups, self.named, self.chains) = (0, 0, (0, 0));
        if starts == 0 {
            return;
        }
        self.places |= starts & (self.before_opener() | self.spread(starts));
        self.named = self.after_letters();
        self.chains = self.joined();
        let run = |mask: (u64, u64), count| (mask.0 & shift(mask, count).0, mask.1 & shift(mask, count).1);
        let eight = run(run(run(self.chains, 1), 2), 4);
        self.groups = starts & eight.0;
    }

    /// Signs behind what may end a name, or before what counts behind a colon.
    fn named_signs(&self) -> u64 {
        let (mut left, mut named) = (self.here.sign, 0);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let at = self.start + left.trailing_zeros() as usize;
            let before = at.checked_sub(1).and_then(|before| self.bytes.get(before));
            let ends = before.and_then(|byte| ENDS_NAME.get(usize::from(*byte))).copied().unwrap_or_default();
            if ends || self.may_announce(at) {
                named |= bit;
            }
            left ^= bit;
        }
        named
    }

    /// Whether what counts behind a sign may follow the one at `at`, whatever stands before it.
    fn may_announce(&self, at: usize) -> bool {
        let Some(next) = self.bytes.get(at + 1) else { return !self.last };
        match next {
            b'/' | b'A' => true,
            b'4' => self.is(at + 2, |byte| byte == b'0'),
            b'5' | b'6' => self.is(at + 5, |byte| byte == b':'),
            b'*' => self.is(at + 2, |byte| byte == b':'),
            _ => false,
        }
    }

    /// Openers before digits or one another, and parentheses before quotes or the word for an at sign.
    fn openers(&self) -> u64 {
        let (mut left, mut calls) = (self.here.opener, 0);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let at = self.start + left.trailing_zeros() as usize;
            let counts = match self.bytes.get(at + 1) {
                Some(b'0'..=b'9' | b'(' | b'+') => true,
                Some(b'a' | b'A' | b'"' | b'\'') => self.bytes.get(at) == Some(&b'('),
                Some(_) => false,
                None => !self.last,
            };
            if counts {
                calls |= bit;
            }
            left ^= bit;
        }
        calls
    }

    /// Digits and the joints between digits; what is not known counts.
    fn joined(&self) -> (u64, u64) {
        let (behind, here, ahead) = (&self.behind, &self.here, &self.ahead);
        let before = (here.digit << 1 | behind.digit >> 63, ahead.digit << 1 | here.digit >> 63);
        let unknown = 1 << 63;
        let after = (
            here.digit >> 1 | ahead.digit << 63 | here.beyond >> 1 | ahead.beyond << 63,
            ahead.digit >> 1 | ahead.beyond >> 1 | unknown,
        );
        (
            here.digit | here.joint & before.0 & after.0 | here.beyond,
            ahead.digit | ahead.joint & before.1 & after.1 | ahead.beyond,
        )
    }

    /// Where digits right behind letters may be a part of an account number, a token or a hexadecimal key.
    fn after_letters(&self) -> u64 {
        let (behind, here, ahead) = (&self.behind, &self.here, &self.ahead);
        let one = here.letter << 1 | behind.letter >> 63;
        let digits = here.digit & one;
        if digits == 0 {
            return 0;
        }
        let two = here.letter << 2 | behind.letter >> 62;
        let mut places = digits & two;
        if digits & !two != 0 {
            let words = |masks: &Masks| masks.digit | masks.letter | masks.beyond;
            let words = (words(here), words(ahead));
            let run = |mask: (u64, u64), count| (mask.0 & shift(mask, count).0, mask.1 & shift(mask, count).1);
            places |= digits & run(run(run(run(words, 1), 2), 4), 8).0;
        }
        places
    }

    /// Digits that may begin a card's number in groups that something unusual joins; what is not known counts.
    fn spread(&self, starts: u64) -> u64 {
        let (here, ahead) = (&self.here, &self.ahead);
        let digits = (here.digit | here.beyond, ahead.digit | ahead.beyond);
        let others = (!here.digit, !ahead.digit);
        let usual = (here.joint & (here.digit >> 1 | ahead.digit << 63), ahead.joint & ahead.digit >> 1);
        let at = |mask: (u64, u64), place: u32| mask.0 >> place | mask.1 << (64 - place);
        // Nearly all digits are fewer or more, or joined as usual.
        let parted = at(others, 4) & !at(usual, 4);
        let first = starts & at(digits, 1) & at(digits, 2) & at(digits, 3) & parted;
        if first == 0 {
            return 0;
        }
        let and = |one: (u64, u64), other: (u64, u64)| (one.0 & other.0, one.1 & other.1);
        let run = |mask, count| and(mask, shift(mask, count));
        let four = run(run(digits, 1), 2);
        let group = and(four, shift(others, 4));
        let six = and(run(four, 2), shift(others, 6));
        let five = and(run(four, 1), shift(others, 5));
        (1..=spread::LONGEST_JOINT as u32).fold(0, |places, joint| {
            let step = 4 + joint;
            let fours = at(group, step) & at(group, 2 * step) & at(group, 3 * step);
            places | first & (fours | at(six, step) & at(five, step + 6 + joint))
        })
    }

    /// Digits before a parenthesis, with or without a joint between.
    fn before_opener(&self) -> u64 {
        let (here, ahead) = (&self.here, &self.ahead);
        let next = shifted(here, ahead, 1, |masks| masks.opener | masks.beyond);
        let joint = shifted(here, ahead, 1, |masks| masks.joint);
        next | joint & shifted(here, ahead, 2, |masks| masks.opener | masks.beyond)
    }

    /// Whether the chain from this place of the block on has enough digits for anything, or an end that is not known.
    fn is_long(&self, place: u32) -> bool {
        let cut = |mask: (u64, u64)| mask.0 >> place | (mask.1 << 1) << (63 - place);
        let length = cut(self.chains).trailing_ones();
        let digits = cut((self.here.digit, self.ahead.digit)) & !u64::MAX.checked_shl(length).unwrap_or(0);
        let unknown = cut((self.here.beyond, self.ahead.beyond)) & !u64::MAX.checked_shl(length).unwrap_or(0);
        let count = digits.count_ones() as usize;
        length == 64 || unknown != 0 || count > SHORT || count >= LEAST_DIGITS && self.may_be_told(place)
    }

    /// Whether the few digits from this place of the block on may be a telephone number: words before say so, or nothing does.
    /// Dates at the start of a line, addresses of the Internet and decimals are most of what looks like it.
    fn may_be_told(&self, place: u32) -> bool {
        let at = self.start + place as usize;
        let left = self.bytes.get(at.saturating_sub(words::REACH)..at).unwrap_or_default();
        let group = self.bytes.get(at..).unwrap_or_default();
        words::may_name(left)
            && !matches!(group, [_, b'.', ..] | [_, _, b'.', ..] | [_, _, _, b'.', ..] | [b'2', b'0', _, _, b'-', ..])
    }

    /// Whether the letters before the digit at `at` let it count: a country's code, or what a token has there.
    fn is_named(&self, at: usize) -> bool {
        let back = |count| at.checked_sub(count).and_then(|place| self.bytes.get(place)).copied();
        let (digit, a) = (self.bytes.get(at).copied().unwrap_or_default(), back(1).unwrap_or_default());
        let (b, c) = (back(2).unwrap_or_default(), back(3));
        if token::may_be_digit(digit, a) && (a != b'b' || b == b'4') {
            return true;
        }
        // Nothing begins behind a digit, as nearly all letters in a hash stand.
        if c.is_some_and(|byte| byte.is_ascii_digit()) || !b.is_ascii_alphabetic() {
            return false;
        }
        // The word IBAN may stand right before the country.
        let country = c.is_none_or(|byte| !byte.is_ascii_alphanumeric() || matches!(byte, b'N' | b'n'));
        let key = match (b, a) {
            (_, b'i' | b'K' | b'A') => true,
            (b'a'..=b'f', b'a'..=b'f') => c.is_none_or(|byte| matches!(byte, b'a'..=b'f' | b'i' | b'K' | b'A')),
            (_, b'a'..=b'f') => matches!(b, b'i' | b'K' | b'A'),
            _ => false,
        };
        country || key
    }

    /// Whether what stands beside the mark at `at` lets it count.
    fn counts(&self, at: usize) -> bool {
        let mark = self.bytes.get(at).copied().unwrap_or_default();
        let previous = at.checked_sub(1).and_then(|before| self.bytes.get(before)).copied().unwrap_or_default();
        let allowed = BEFORE.get(usize::from(previous)).copied().unwrap_or_default();
        match mark {
            b'.' => self.may_be_dot(at, allowed),
            b'-' => self.may_be_dash(at, previous, allowed),
            b'\n' => line::may_begin(self.bytes, at + 1, self.last),
            b'[' => self.is(at + 1, |byte| matches!(byte, b'a' | b'A')),
            b'$' => self.is(at + 1, |byte| byte.is_ascii_alphanumeric()),
            b'B' if previous == b' ' => self.is(at + 1, |byte| byte == b'Y'),
            _ => allowed & mark_bit(mark) != 0,
        }
    }

    /// Whether the byte at `place` is of a class; what is not there yet is.
    fn is(&self, place: usize, class: fn(u8) -> bool) -> bool {
        self.bytes.get(place).map_or(!self.last, |byte| class(*byte))
    }

    /// Whether words stand so many bytes before `at`.
    fn is_behind(&self, at: usize, distances: [usize; 3]) -> bool {
        distances.into_iter().all(|back| {
            at.checked_sub(back)
                .and_then(|at| self.bytes.get(at))
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        })
    }

    fn may_be_dot(&self, at: usize, allowed: u16) -> bool {
        if !self.is(at + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
            return false;
        }
        let parted = || self.is(at + shapes::BETWEEN_DOTS, |byte| byte == b'.') && self.is_behind(at, [4, 12, 20]);
        let headed = || at.checked_sub(shapes::AIRTABLE_HEAD).and_then(|at| self.bytes.get(at)) == Some(&b'p');
        let numbered = || at.checked_sub(2).and_then(|two| self.bytes.get(two..at + 2)) == Some(b"v1.0");
        allowed & mark_bit(b'.') != 0 || parted() || headed() || numbered()
    }

    fn may_be_dash(&self, at: usize, previous: u8, allowed: u16) -> bool {
        let begins = || self.is(at + 1, |byte| byte == b'-') || previous == b' ' && self.is(at + 1, option::is_letter);
        let parted = || self.is(at + shapes::BETWEEN_DASHES, |byte| byte == b'-') && self.is_behind(at, [8, 20, 32]);
        let named = || previous == b'3' && self.is(at + shapes::BETWEEN_DOTS, |byte| byte == b'-');
        allowed & mark_bit(b'-') != 0 || begins() || parted() || named()
    }

    #[inline]
    fn masks(&self, start: usize) -> Masks {
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let mut masks = Masks::of(bytes);
        if !self.last && bytes.len() < BLOCK {
            masks.beyond = u64::MAX << bytes.len();
        }
        masks
    }
}

/// A mask of two blocks as seen so many bytes earlier; what comes behind counts.
fn shift(mask: (u64, u64), count: u32) -> (u64, u64) {
    (mask.0 >> count | mask.1 << (64 - count), mask.1 >> count | u64::MAX << (64 - count))
}

/// A mask of the block as seen so many bytes earlier.
fn shifted(here: &Masks, ahead: &Masks, count: u32, mask: impl Fn(&Masks) -> u64) -> u64 {
    mask(here) >> count | mask(ahead) << (64 - count)
}

/// What may end a name that counts: some letters, quotes and the like.
static ENDS_NAME: [bool; 256] = ends_name();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn ends_name() -> [bool; 256] {
    let mut table = [false; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let letter = matches!(
            byte.to_ascii_lowercase(),
            b'd' | b't' | b'y' | b'n' | b'e' | b's' | b'w' | b'l' | b'g' | b'a' | b'h' | b'k'
        );
        // The last bytes of words for passwords in other scripts.
        let foreign = matches!(byte, 0x81 | 0x89 | 0x8C | 0xB8);
        table[index] = letter || foreign || matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b']' | b'`');
        index += 1;
    }
    table
}

const fn mark_bit(mark: u8) -> u16 {
    match mark {
        b'@' => 1,
        b'_' => 1 << 1,
        b'-' => 1 << 2,
        b'.' => 1 << 3,
        b'I' => 1 << 4,
        b'J' => 1 << 5,
        b'A' => 1 << 6,
        b'B' => 1 << 7,
        b'C' => 1 << 8,
        b'Q' => 1 << 9,
        b'R' => 1 << 10,
        b'S' => 1 << 11,
        b'V' => 1 << 12,
        b'Z' => 1 << 13,
        b'w' | b'W' => 1 << 14,
        b'q' => 1 << 15,
        _ => 0,
    }
}

/// Each letter that may stand in a token, with what stands before it there.
const PAIRS: [(u8, &[u8]); 13] = [
    (b'I', b"ABKS"),
    (b'J', b"yQ"),
    (b'A', b"A"),
    (b'B', b"T"),
    (b'C', b"CK"),
    (b'Q', b"A78"),
    (b'R', b"N"),
    (b'S', b"BL"),
    (b'V', b"m"),
    (b'Z', b"E"),
    (b'w', b"sSpP"),
    (b'q', b"e"),
    (b'.', b"Gsbrpktla"),
];

/// Each is a glance at what the detectors of `token`, `shapes`, `spoken` and `jwt` look at first.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn before() -> [u16; 256] {
    let mut table = [mark_bit(b'@'); 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        if byte.is_ascii_alphanumeric() {
            table[index] |= mark_bit(b'_');
        }
        if byte.is_ascii_alphabetic() {
            table[index] |= mark_bit(b'-');
        }
        index += 1;
    }
    let mut pair = 0;
    while pair < PAIRS.len() {
        let (mark, befores) = PAIRS[pair];
        let mut index = 0;
        while index < befores.len() {
            table[befores[index] as usize] |= mark_bit(mark);
            index += 1;
        }
        pair += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::ask_mark;
    use crate::window::Window;

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_search_passes_over_nothing_that_detectors_find_whatever_comes_after(
            text in "(ghp_|sk-|AKIA|AIza|SG\\.|eyJ|EZAK|ATBB|EAA|EAAA|abc8Q~|[0-9a-f]{32}-us1|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}|[0-9a-f]{36}NRAL|MTA0[A-Za-z0-9]{20}\\.[a-z0-9]{6}\\.|[a-z]{14}\\.atlasv1\\.|A3-[A-Z]{6}-[A-Z]{6}-|AAAAAAAAAAAAAAAAAAAAAA|[a-zA-Z0-9]{52}JQQJ99|[a-z]{6}_[a-z0-9]{29}_mmk|pat[a-z0-9]{14}\\.|curl -u a:|sshpass -p |machine x login b password |requirepass |bindpw |IDENTIFIED BY \"|jdbc:oracle:thin:a/|the password is |name: pwd value|-us6|sha256~|GR1348941|4b1d|oy2|-----BEGIN |\\$6\\$|\\$2b\\$12\\$|connect\\('a','|setPassword\\(\"|hunter2X!|'\\)|bob\\[at\\]example.com|bob \\(at\\) b.de|a.b:5432:c:d:|a : PSK \"|=\\?utf-8\\?q\\?bob=40b.de|password|api_key|aws_secret|[a-z]{1,9}|dapi|SK|[a-f0-9]{32}|[:=|>\"'_@ .+(-]|://|6123456789:AA|[a-zA-Z0-9_]{20,41}|[0-9]{1,19}|GB82|DE89 3704|1 ?\\(212\\) |555-0123|123-45-6789|tel |ATATT3|\u{a0}|\u{e9}){1,24}",
            cut in any::<prop::sample::Index>()
        ) {
            let bytes = text.as_bytes();
            let whole = Window { bytes, last: true, floor: 0 };
            for (seen, last) in [(bytes, true), (bytes.get(..cut.index(bytes.len() + 1)).unwrap_or_default(), false)] {
                let (mut sieve, mut from) = (Sieve::new(seen, last, 0), 0);
                while from < seen.len() {
                    let next = sieve.next(from).map_or(seen.len(), |(at, _)| at);
                    for at in from..next {
                        let inside = |back| whole.before(at + 1, back).is_some_and(|byte| byte.is_ascii_digit());
                        let found = ask_mark(&whole, at);
                        prop_assert!(inside(1) && inside(2) || matches!(found, Ok(None)), "{} at {}: {:?}", text, at, found);
                    }
                    from = next + 1;
                }
            }
        }
    }
}
