//! Keyed tokens: HMAC-SHA256 (RFC 2104, FIPS 180-4) of a value, written in a form like the value's own. Equal values of one label
//! have equal tokens, and without the key nobody can tell a value from its token, or try values out. Each label is a domain
//! of its own. A token is not the beginning of a way back: there is none.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::detect::{iban::mod_97, passes_luhn};

/// The shortest key, in bytes.
const SHORTEST_KEY: usize = 16;
const DOMAIN: &[u8] = b"sallyport token v1\0";
/// Crockford's base32 in small letters: no letter that reads like a digit.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 120 bits.
const TOKEN_LENGTH: usize = 24;
/// How many letters of an address' token say that it is one: one in 3e8 addresses has them by chance.
const SEAL: usize = 6;
/// Shorter ones have no room for them.
const SHORTEST_SEALED: usize = 10;
/// Above that, JSON numbers are not whole numbers everywhere.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// The key of a connection's tokens. Only the agent has it.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    /// A key of at least 16 bytes; `None` if these are fewer.
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        let long = secret.len() >= SHORTEST_KEY;
        long.then(|| Hmac::new_from_slice(secret).ok()).flatten().map(Self)
    }

    /// The token of a whole text: of the same form and length if it has the form of its label (a card, an address ...), else
    /// `tok_` and 24 characters.
    #[must_use]
    pub fn text(&self, label: &str, value: &[u8]) -> Vec<u8> {
        if has_form(label, value) {
            return self.shaped(label, value);
        }
        let mut stream = self.stream(label, value);
        let letter = |byte: u8| LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
        b"tok_".iter().copied().chain((0..TOKEN_LENGTH).map(|_| letter(stream.next()))).collect()
    }

    /// The token of a whole number that is given in digits: from 1 to `largest`, and below 2^53.
    #[must_use]
    pub fn number(&self, label: &str, digits: &[u8], largest: u64) -> u64 {
        if has_form(label, digits)
            && let Some(number) = whole_number(&self.shaped(label, digits)).filter(|number| *number <= largest)
        {
            return number;
        }
        let mut stream = self.stream(label, digits);
        let wide = (0..8).fold(0_u64, |wide, _| wide << 8 | u64::from(stream.next()));
        1 + wide % largest.clamp(1, LARGEST_NUMBER)
    }

    /// The token of a UUID that is given in text form: a UUID of version 8 (RFC 9562).
    #[must_use]
    pub fn uuid(&self, label: &str, text: &[u8]) -> [u8; 16] {
        let mut stream = self.stream(label, text);
        let mut uuid = [0; 16];
        uuid.iter_mut().for_each(|byte| *byte = stream.next());
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut uuid;
        *version = *version & 0x0F | 0x80;
        *variant = *variant & 0x3F | 0x80;
        uuid
    }

    /// The token in the form of the value: digits for digits, letters for letters, separators where they were. It is no value of
    /// its kind that anybody could have: no issuer, area or country begins so.
    pub(crate) fn shaped(&self, label: &str, value: &[u8]) -> Vec<u8> {
        let mut stream = self.stream(label, value);
        let mut out = value.to_vec();
        for byte in &mut out {
            *byte = match *byte {
                b'0'..=b'9' => b'0' + stream.below(10),
                b'a'..=b'z' => b'a' + stream.below(26),
                b'A'..=b'Z' if label == "email" => b'a' + stream.below(26),
                b'A'..=b'Z' => b'A' + stream.below(26),
                other => other,
            };
        }
        settle(label, &mut out);
        if label == "email" {
            self.seal(&mut out);
        }
        out
    }

    /// Whether a text is a token that this key made, where the label's detector would find it again.
    pub(crate) fn is_own(&self, label: &str, found: &[u8]) -> bool {
        let mut sealed = found.to_vec();
        label == "email" && self.seal(&mut sealed) && sealed == found
    }

    /// Makes the last letters follow from those before them; `false` if there is no room.
    fn seal(&self, token: &mut [u8]) -> bool {
        let letters: Vec<u8> = token.iter().copied().filter(u8::is_ascii_lowercase).collect();
        let Some(body) = letters.get(..letters.len().saturating_sub(SEAL)) else { return false };
        if letters.len() < SHORTEST_SEALED {
            return false;
        }
        let mut stream = self.stream("seal\0email", body);
        let places = token.iter_mut().filter(|byte| byte.is_ascii_lowercase()).skip(body.len());
        places.for_each(|byte| *byte = b'a' + stream.below(26));
        true
    }

    fn stream(&self, label: &str, value: &[u8]) -> Stream<'_> {
        let mut message = [DOMAIN, label.as_bytes(), &[0]].concat();
        message.extend(normal(label, value));
        Stream { key: self, message, block: [0; 32], at: 32, count: 0 }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

/// As many pseudorandom bytes as are wanted: HMAC in counter mode (NIST SP 800-108).
struct Stream<'a> {
    key: &'a TokenKey,
    message: Vec<u8>,
    block: [u8; 32],
    at: usize,
    count: u32,
}

impl Stream<'_> {
    fn next(&mut self) -> u8 {
        if self.at >= self.block.len() {
            let mut mac = self.key.0.clone();
            mac.update(&self.count.to_be_bytes());
            mac.update(&self.message);
            self.block = mac.finalize().into_bytes().into();
            (self.at, self.count) = (0, self.count.wrapping_add(1));
        }
        self.at += 1;
        self.block.get(self.at - 1).copied().unwrap_or_default()
    }

    /// A number below `most`, each with the same chance.
    fn below(&mut self, most: u8) -> u8 {
        let fair = u8::MAX - u8::MAX % most;
        loop {
            let byte = self.next();
            if byte < fair {
                return byte % most;
            }
        }
    }
}

/// What makes two values of a label the same: how a number is grouped, or an address capitalised, does not part them.
fn normal(label: &str, value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    match label {
        "card" | "ssn" | "phone" if has_form(label, value) => {
            value.iter().copied().filter(u8::is_ascii_digit).collect()
        }
        "iban" if has_form(label, value) => {
            let kept = value.iter().filter(|byte| byte.is_ascii_alphanumeric());
            kept.map(u8::to_ascii_uppercase).collect()
        }
        "email" => value.to_ascii_lowercase(),
        _ => value.to_vec(),
    }
}

/// Whether a whole text has the form of its label.
fn has_form(label: &str, value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let only = |more: &[u8]| value.iter().all(|byte| byte.is_ascii_digit() || more.contains(byte));
    match label {
        "card" => (12..=19).contains(&digits) && only(b" -."),
        "ssn" => digits == 9 && only(b" -."),
        "phone" => (7..=15).contains(&digits) && only(b" -.()+/"),
        "iban" => {
            let kept: Vec<u8> = value.iter().copied().filter(|byte| !matches!(byte, b' ' | b'-')).collect();
            let begins = matches!(kept.as_slice(), [a, b, c, d, ..]
                if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit());
            begins && (15..=34).contains(&kept.len()) && kept.iter().all(u8::is_ascii_alphanumeric)
        }
        "email" => {
            let at = value.iter().position(|byte| *byte == b'@');
            at.is_some_and(|at| at > 0 && at + 3 < value.len()) && value.iter().all(|byte| matches!(byte, b'!'..=b'~'))
        }
        _ => false,
    }
}

/// What makes a token valid for its kind, and nobody's.
fn settle(label: &str, token: &mut [u8]) {
    match label {
        "card" => {
            set_digit(token, 0, b'9');
            set_check_digit(token);
        }
        // An area above 899 is no one's.
        "ssn" => set_digit(token, 0, b'9'),
        // No country's code begins so.
        "phone" => set_digit(token, 0, b'0'),
        "iban" => {
            token.iter_mut().filter(|byte| byte.is_ascii_alphanumeric()).take(2).for_each(|byte| *byte = b'Z');
            set_check(token, 0);
            let kept: Vec<u8> = token.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
            let length = kept.len();
            let remainder = mod_97(kept.into_iter().cycle().skip(4).take(length));
            set_check(token, 98_u8.saturating_sub(u8::try_from(remainder).unwrap_or_default()));
        }
        _ => {}
    }
}

fn set_digit(token: &mut [u8], number: usize, digit: u8) {
    if let Some(byte) = token.iter_mut().filter(|byte| byte.is_ascii_digit()).nth(number) {
        *byte = digit;
    }
}

/// The last digit becomes the one that passes the Luhn check.
fn set_check_digit(token: &mut [u8]) {
    let last = token.iter().filter(|byte| byte.is_ascii_digit()).count().saturating_sub(1);
    for digit in b'0'..=b'9' {
        set_digit(token, last, digit);
        let digits: Vec<u8> = token.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
        if passes_luhn(&digits) {
            return;
        }
    }
}

/// The two check digits behind an account number's country.
fn set_check(token: &mut [u8], check: u8) {
    let places = token.iter_mut().filter(|byte| byte.is_ascii_alphanumeric()).skip(2);
    places.zip([b'0' + check / 10, b'0' + check % 10]).for_each(|(byte, digit)| *byte = digit);
}

fn whole_number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
