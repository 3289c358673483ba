//! Whether a value looks like a secret: long and varied enough, and none of the things that stand in a secret's place in source
//! code, documentation and templates.

const LEAST_PASSWORD: usize = 6;
const LEAST_TOKEN: usize = 12;
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
const PLACEHOLDERS: [&[u8]; 20] = [
    b"changeme",
    b"change_me",
    b"change-me",
    b"your_",
    b"your-",
    b"yourpass",
    b"yourtoken",
    b"placeholder",
    b"redacted",
    b"xxxx",
    b"dummy",
    b"replace",
    b"insert",
    b"masked",
    b"hidden",
    b"removed",
    b"****",
    b"....",
    b"undefined",
    b"_here",
];

/// Whether the value of a password's name is a password.
pub(crate) fn is_password(value: &[u8], quoted: bool) -> bool {
    let classes = Classes::of(value);
    let plain = classes.count() >= 2 || (classes.digit && value.len() >= LEAST_PASSWORD);
    let identifier = !quoted && !classes.digit && !has_symbol(value);
    value.len() >= LEAST_PASSWORD
        && plain
        && !identifier
        && !stands_in(value, quoted)
        && entropy(value) >= LEAST_ENTROPY.min(limit(value))
}

/// Whether the value of a key's or token's name is one.
pub(crate) fn is_token(value: &[u8], quoted: bool) -> bool {
    let classes = Classes::of(value);
    let varied =
        classes.digit && (classes.lower || classes.upper) || (classes.lower && classes.upper && value.len() >= 24);
    value.len() >= LEAST_TOKEN
        && varied
        && !value.contains(&b' ')
        && !stands_in(value, quoted)
        && entropy(value) >= LEAST_TOKEN_ENTROPY
}

/// Short values cannot reach the floor of long ones.
fn limit(value: &[u8]) -> f32 {
    if value.len() < 9 { 1.7 } else { LEAST_ENTROPY }
}

/// Whether the value is a reference, an expression or a placeholder.
fn stands_in(value: &[u8], quoted: bool) -> bool {
    let refers = REFERENCES.iter().any(|start| value.starts_with(start));
    let computes = !quoted && value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'{'));
    refers || computes || PLACEHOLDERS.iter().any(|word| contains(value, word))
}

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
