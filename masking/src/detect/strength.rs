//! Whether a value looks like a secret: long and varied enough, and none of the things that stand in a secret's place in source
//! code, documentation and templates.

const LEAST_PASSWORD: usize = 6;
const LEAST_TOKEN: usize = 12;
const LEAST_STRONG: usize = 8;
/// Bits per character below which a text repeats itself too much (Shannon).
const LEAST_ENTROPY: f32 = 2.2;
const LEAST_TOKEN_ENTROPY: f32 = 2.8;
/// How much of a value its entropy is taken from, in bytes.
const SAMPLE: usize = 64;
/// Beginnings of values that point elsewhere.
const REFERENCES: [&[u8]; 17] = [
    b"$", b"{", b"<", b"%", b"*", b"(", b"[", b"/", b"./", b"http:", b"https:", b"env:", b"file:", b"vault:", b"arn:",
    b"op:", b":",
];
/// What is in the place of a secret that is not told.
const PLACEHOLDERS: [&[u8]; 2] = [b"****", b"...."];
/// Words that stand in a secret's place, or in secrets.
const DOUBTFUL: [&[u8]; 17] = [
    b"changeme",
    b"change_me",
    b"change-me",
    b"your_",
    b"your-",
    b"yourpass",
    b"yourtoken",
    b"placeholder",
    b"redacted",
    b"undefined",
    b"xxxx",
    b"dummy",
    b"replace",
    b"insert",
    b"masked",
    b"hidden",
    b"removed",
];
/// The commonest passwords that are a word: nobody writes them for anything else behind the name of a password.
const COMMONEST: [&[u8]; 15] = [
    b"letmein",
    b"sunshine",
    b"iloveyou",
    b"qwerty",
    b"qwertyuiop",
    b"asdfghjkl",
    b"princess",
    b"football",
    b"baseball",
    b"superman",
    b"monkey",
    b"dragon",
    b"jennifer",
    b"trustno1",
    b"starwars",
];
/// What else is in a text that stands in a secret's place.
const NOUNS: [&[u8]; 6] = [b"pass", b"secret", b"token", b"value", b"key", b"with"];

/// Whether the value of a password's name is a password.
pub(crate) fn is_password(value: &[u8], quoted: bool) -> bool {
    if is_digest(value) || COMMONEST.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        return true;
    }
    let classes = Classes::of(value);
    let plain = classes.count() >= 2 || (classes.digit && value.len() >= LEAST_PASSWORD);
    let identifier = !quoted && !classes.digit && !has_symbol(value) && !is_scrambled(value);
    value.len() >= LEAST_PASSWORD
        && plain
        && !identifier
        && !stands_in(value, quoted)
        && entropy(value) >= LEAST_ENTROPY.min(limit(value))
}

/// Whether the value of a key's or token's name is one.
pub(crate) fn is_token(value: &[u8], quoted: bool) -> bool {
    let classes = Classes::of(value);
    let varied = classes.digit && (classes.lower || classes.upper)
        || (classes.lower && classes.upper && value.len() >= 24)
        || is_scrambled(value);
    value.len() >= LEAST_TOKEN
        && varied
        && !value.contains(&b' ')
        && !stands_in(value, quoted)
        && entropy(value) >= LEAST_TOKEN_ENTROPY
        || is_strong(value, quoted)
}

/// Whether a value too short for a token is a password that nothing else looks like.
fn is_strong(value: &[u8], quoted: bool) -> bool {
    let is_plain =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'(' | b'[' | b'{' | b'<' | b'>' | b'|' | b'=');
    value.len() >= LEAST_STRONG
        && Classes::of(value).count() == 4
        && has_symbol(value)
        && value.iter().all(is_plain)
        && is_password(value, quoted)
}

/// Whether the value of an option that takes secrets may be one: documentation has a word in its place.
pub(crate) fn is_argument(value: &[u8]) -> bool {
    let classes = Classes::of(value);
    let varied = classes.digit || has_symbol(value) || (classes.lower && classes.upper) || value.len() >= 16;
    value.len() >= LEAST_PASSWORD
        && varied
        && is_told(value)
        && !value.starts_with(b"id=")
        && !value.starts_with(b"type=")
}

/// Whether the value of an option that takes nothing but a secret is one, however weak.
pub(crate) fn is_told(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-');
    value.len() >= 4
        && !stands_in(value, false)
        && !value.iter().all(is_name)
        && !STAND_INS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether what follows the words for a password in a sentence is one: no word, number, date or version is.
pub(crate) fn is_spoken(value: &[u8]) -> bool {
    let classes = Classes::of(value);
    let letters = classes.lower || classes.upper;
    let word_first = value.first().is_some_and(u8::is_ascii_alphabetic);
    let mixed = classes.digit && letters && value.len() >= LEAST_PASSWORD;
    let joined = value.iter().any(|byte| matches!(byte, b'-' | b'/' | b'\'' | b'.' | b':'));
    mixed
        && !stands_in(value, false)
        && (is_phrase(value) || classes.count() >= 3 && (!joined || classes.count() == 4) || word_first && !joined)
}

/// Whether the value is words joined by dashes, one of them a number, as generators of passwords make them.
fn is_phrase(value: &[u8]) -> bool {
    let parts = || value.split(|byte| *byte == b'-');
    let is_word = |part: &[u8]| part.len() >= 4 && part.iter().all(u8::is_ascii_alphabetic);
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts().all(|part| is_word(part) || is_number(part))
        && parts().filter(|part| is_word(part)).count() >= 3
        && parts().any(is_number)
}

/// Whether a word right behind the word for passwords is one: with letters, digits and a mark that words do not have.
pub(crate) fn is_certain(value: &[u8]) -> bool {
    let classes = Classes::of(value);
    classes.digit && has_symbol(value) && !value.contains(&b'=') && value.len() >= LEAST_STRONG && is_spoken(value)
}

/// Whether a word that nothing announces but the one before it is a secret: it has digits and letters of both cases.
pub(crate) fn is_mixed(value: &[u8]) -> bool {
    let classes = Classes::of(value);
    classes.digit && classes.lower && classes.upper && value.len() >= LEAST_STRONG && is_spoken(value)
}

/// Whether the value is what is kept of a password: MySQL's digest, or one of a directory with its scheme in braces.
fn is_digest(value: &[u8]) -> bool {
    if let [b'*', digits @ ..] = value {
        return digits.len() == 40 && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    }
    let Some(close) = value.iter().take(14).position(|byte| *byte == b'}').filter(|_| value.starts_with(b"{")) else {
        return false;
    };
    let scheme = value.get(1..close).unwrap_or_default();
    let rest = value.get(close + 1..).unwrap_or_default();
    scheme.len() >= 3
        && scheme.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-')
        && rest.len() >= 20
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'$' | b'.'))
}

/// Whether letters change between small and capital as often as by chance: names change at each word only.
fn is_scrambled(value: &[u8]) -> bool {
    let is_change = |pair: &&[u8]| match pair {
        [a, b] => {
            a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && a.is_ascii_uppercase() != b.is_ascii_uppercase()
        }
        _ => false,
    };
    let changes = value.windows(2).filter(is_change).count();
    let is_vowel = |byte: &u8| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let unspeakable = changes >= 4 && value.split(is_vowel).any(|part| part.len() >= 6);
    value.len() >= LEAST_TOKEN
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && (changes * 25 >= (value.len() - 1) * 9 || unspeakable)
}

/// Short values cannot reach the floor of long ones.
fn limit(value: &[u8]) -> f32 {
    if value.len() < 9 { 1.7 } else { LEAST_ENTROPY }
}

/// Whether the value is a reference, an expression or a placeholder.
fn stands_in(value: &[u8], quoted: bool) -> bool {
    let refers = REFERENCES.iter().any(|start| value.starts_with(start)) && !is_beyond_reference(value);
    let computes = !quoted && value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'{'));
    let doubtful = || DOUBTFUL.iter().any(|word| contains(value, word) && !is_strong_beside(value, word));
    refers
        || computes
        || PLACEHOLDERS.iter().any(|word| contains(value, word))
        || ends_here(value)
        || is_rule(value)
        || doubtful()
}

/// Whether the value begins like a reference but has what none has: marks that only passwords have, or the padding of base64.
fn is_beyond_reference(value: &[u8]) -> bool {
    let marked = value.iter().skip(1).any(|byte| matches!(byte, b'!' | b'^' | b'#' | b'~' | b'&'));
    let marks = matches!(value.first(), Some(b'$' | b'%' | b'*'));
    let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let padded =
        value.len() >= 40 && value.ends_with(b"=") && value.len().is_multiple_of(4) && value.iter().all(is_body);
    let braced = value.iter().any(|byte| matches!(byte, b'{' | b'(' | b'[' | b'<'));
    marks && marked && !braced && Classes::of(value).count() >= 3 || padded
}

/// Whether the value is words in one case that end with `here`, as in `your-token-here`.
fn ends_here(value: &[u8]) -> bool {
    let is_joint = |byte: &u8| matches!(byte, b'-' | b'_' | b'.' | b' ');
    let mut words = value.split(is_joint);
    let one_case = !value.iter().any(u8::is_ascii_uppercase) || !value.iter().any(u8::is_ascii_lowercase);
    one_case
        && value.iter().any(is_joint)
        && value.iter().all(|byte| byte.is_ascii_alphabetic() || is_joint(byte))
        && words.next_back().is_some_and(|word| word.eq_ignore_ascii_case(b"here"))
}

/// Whether the value is what a form demands of a field, as in `required|min:8`.
fn is_rule(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    value.contains(&b'|')
        && value.split(|byte| *byte == b'|').all(|part| {
            let name = part.split(|byte| *byte == b':').next().unwrap_or_default();
            name.len() >= 3 && name.iter().all(is_name)
        })
}

/// Whether what stands beside the word is a secret on its own.
fn is_strong_beside(value: &[u8], word: &[u8]) -> bool {
    let is_joint = |byte: &u8| matches!(byte, b'-' | b'_' | b'.' | b' ' | b'/' | b':');
    let is_cross = |byte: &u8| matches!(byte, b'x' | b'X');
    let is_strong = |part: &[u8]| {
        let classes = Classes::of(part);
        let letters = classes.lower && classes.upper && classes.digit && part.len() >= LEAST_PASSWORD - 1;
        let varied = classes.count() >= 3 && part.len() >= LEAST_PASSWORD && !part.contains(&b'=');
        let mixed = classes.digit && (classes.lower || classes.upper) && part.len() >= LEAST_PASSWORD + 2;
        let crossed = part.windows(2).any(|pair| pair.iter().all(is_cross));
        (letters || varied || mixed) && !crossed && !NOUNS.iter().any(|noun| contains(part, noun))
    };
    value.split(is_joint).any(|part| {
        let Some(at) = part.windows(word.len()).position(|place| place.eq_ignore_ascii_case(word)) else {
            return is_strong(part);
        };
        let (before, after) = (part.get(..at).unwrap_or_default(), part.get(at + word.len()..).unwrap_or_default());
        is_strong(before) || is_strong(after)
    })
}

/// Words that stand for a secret in documentation.
const STAND_INS: [&[u8]; 12] = [
    b"password",
    b"passwd",
    b"pass",
    b"secret",
    b"token",
    b"string",
    b"value",
    b"prompt",
    b"text",
    b"file",
    b"stdin",
    b"mypassword",
];

fn contains(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn has_symbol(value: &[u8]) -> bool {
    value.iter().any(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_' | b'-' | b':' | b'/' | b'?'))
}

#[derive(Default)]
struct Classes {
    lower: bool,
    upper: bool,
    digit: bool,
    symbol: bool,
}

impl Classes {
    fn of(value: &[u8]) -> Self {
        value.iter().fold(Self::default(), |mut classes, byte| {
            match byte {
                b'a'..=b'z' => classes.lower = true,
                b'A'..=b'Z' => classes.upper = true,
                b'0'..=b'9' => classes.digit = true,
                b' ' => {}
                _ => classes.symbol = true,
            }
            classes
        })
    }

    fn count(&self) -> u8 {
        u8::from(self.lower) + u8::from(self.upper) + u8::from(self.digit) + u8::from(self.symbol)
    }
}

/// Bits per character (Shannon), of the beginning of the value.
#[expect(clippy::cast_precision_loss, reason = "counts up to 64")]
fn entropy(value: &[u8]) -> f32 {
    let sample = value.get(..value.len().min(SAMPLE)).unwrap_or_default();
    let mut counts = [0_u8; 256];
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = sample.len().max(1) as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f32::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
