//! Precision and recall on a generated, labelled corpus: every line carries one value or one hard negative.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs
)]

use masking::{Hit, Label, Masker, Syntax, Tally};

const LINES: usize = 40_000;

/// A small generator of repeatable numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len() as u64) as usize]
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        (0..length).map(|_| char::from(alphabet.as_bytes()[self.roll(alphabet.len() as u64) as usize])).collect()
    }

    fn digits(&mut self, length: usize) -> String {
        self.of("0123456789", length)
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const TOKEN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";

fn card(dice: &mut Dice) -> String {
    let (prefix, length) = [
        ("4", 16),
        ("51", 16),
        ("55", 16),
        ("2221", 16),
        ("2719", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("65", 16),
        ("3528", 16),
        ("36", 14),
        ("62", 16),
        ("62", 19),
    ][dice.roll(13) as usize];
    let body = prefix.to_owned() + &dice.digits(length - prefix.len() - 1);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0') * if index % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    let number = body + &((10 - sum % 10) % 10).to_string();
    let sizes: &[usize] = if length == 16 {
        &[4, 4, 4, 4]
    } else if length == 15 {
        &[4, 6, 5]
    } else if length == 14 {
        &[4, 6, 4]
    } else {
        &[4, 4, 4, 4, 3]
    };
    let joint = dice.pick(&["", "", "", " ", "-", ".", "\u{a0}"]);
    let mut at = 0;
    sizes
        .iter()
        .map(|size| {
            at += size;
            number[at - size..at].to_owned()
        })
        .collect::<Vec<_>>()
        .join(joint)
}

fn ssn(dice: &mut Dice) -> (String, String) {
    let area = loop {
        let area = 1 + dice.roll(899);
        if area != 666 {
            break area;
        }
    };
    let (group, serial) = (1 + dice.roll(99), 1 + dice.roll(9999));
    if dice.roll(5) == 0 {
        return (
            dice.pick(&["SSN: ", "ssn=", "Social Security Number ", "\"customer_ssn\": "]).to_owned(),
            format!("{area:03}{group:02}{serial:04}"),
        );
    }
    let joint = dice.pick(&["-", "-", "-", " ", "."]);
    (dice.pick(&["", "number ", "id: "]).to_owned(), format!("{area:03}{joint}{group:02}{joint}{serial:04}"))
}

fn email(dice: &mut Dice) -> String {
    let words = (3 + dice.roll(6) as usize, 3 + dice.roll(8) as usize, 2 + dice.roll(8) as usize);
    let (first, last, host) = (dice.of(LOWER, words.0), dice.of(LOWER, words.1), dice.of(LOWER, words.2));
    let tail = dice.digits(2);
    let local = [format!("{first}.{last}"), format!("{first}+{last}"), format!("{first}_{tail}"), first]
        [dice.roll(4) as usize]
        .clone();
    format!("{local}@{host}.{}", dice.pick(&["com", "org", "co.uk", "de", "io", "example.net", "museum"]))
}

fn phone(dice: &mut Dice) -> (String, String) {
    let area = dice.pick(&["212", "415", "305", "646", "780", "905"]);
    let (exchange, line) = (format!("{}{}", 2 + dice.roll(8), dice.of("02345678", 2)), dice.digits(4));
    match dice.roll(6) {
        0 => (String::new(), format!("+1 ({area}) {exchange}-{line}")),
        1 => (String::new(), format!("({area}) {exchange}-{line}")),
        2 => (String::new(), format!("{area}-{exchange}-{line}")),
        3 => ("phone: ".to_owned(), format!("{area}{exchange}{line}")),
        4 => (String::new(), format!("+44 20 7{} {}", dice.digits(3), dice.digits(4))),
        _ => (String::new(), format!("+49 30 {}", dice.digits(8))),
    }
}

fn iban(dice: &mut Dice) -> String {
    let (country, bank) = [("DE", ""), ("GB", "NWBK"), ("FR", ""), ("NL", "ABNA")][dice.roll(4) as usize];
    let length = match country {
        "DE" => 18,
        "FR" => 23,
        "GB" => 14,
        _ => 10,
    };
    let body = bank.to_owned() + &dice.digits(length);
    let number: u128 = 0;
    let rest = format!("{body}{country}00").bytes().fold(number, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u128::from(byte - b'0')) % 97,
        _ => (rest * 100 + u128::from(byte - b'A') + 10) % 97,
    });
    let compact = format!("{country}{:02}{body}", 98 - rest);
    match dice.roll(3) {
        0 => compact,
        1 => compact.to_lowercase(),
        _ => compact.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" "),
    }
}

fn secret(dice: &mut Dice) -> String {
    match dice.roll(6) {
        0 => format!("AKIA{}", dice.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        1 => format!("{}{}", dice.pick(&["ghp_", "gho_", "ghs_"]), dice.of(TOKEN, 36)),
        2 => format!("xoxb-{}-{}", dice.digits(11), dice.of(TOKEN, 24)),
        3 => format!("AIza{}", dice.of(TOKEN, 35)),
        4 => format!("sk_live_{}", dice.of(TOKEN, 24)),
        _ => format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", dice.of(TOKEN, 40), dice.of(TOKEN, 43)),
    }
}

fn negative(dice: &mut Dice) -> String {
    match dice.roll(16) {
        0 => format!("order {}", dice.digits(9)),
        1 => format!("at {}", 1_600_000_000_000 + dice.roll(200_000_000_000)),
        2 => format!(
            "{}-{}-4{}-a{}-{}",
            dice.of(HEX, 8),
            dice.of(HEX, 4),
            dice.of(HEX, 3),
            dice.of(HEX, 3),
            dice.of(HEX, 12)
        ),
        3 => format!("+1 ({}) 0{}-{}", 200 + dice.roll(700), dice.digits(2), dice.digits(4)),
        4 => format!("v{}.{}.{}", dice.roll(30), dice.roll(99), dice.roll(9999)),
        5 => {
            format!("{}.{}.{}.{}:{}", dice.roll(256), dice.roll(256), dice.roll(256), dice.roll(256), dice.roll(65536))
        }
        6 => format!("0.{}", dice.digits(16)),
        7 => dice.of(HEX, 64),
        8 => format!("invoice 1{}", dice.digits(15)),
        9 => format!("{}@{}", dice.of(LOWER, 5), dice.of(LOWER, 6)),
        10 => format!("{}@{}.{}.{}", dice.of(LOWER, 5), dice.roll(20), dice.roll(20), dice.roll(20)),
        11 => format!("9{}-{}-{}", dice.digits(2), dice.digits(2), dice.digits(4)),
        12 => format!("{}-{}", dice.digits(5), dice.digits(4)),
        13 => {
            format!("2024-01-{:02} 10:{:02}:{:02}.{}", 1 + dice.roll(28), dice.roll(60), dice.roll(60), dice.digits(6))
        }
        14 => format!("page=eyJ{}", dice.of(TOKEN, 30)),
        _ => format!("{} {} {}", dice.roll(10_000), dice.roll(10_000), dice.roll(10_000)),
    }
}

#[derive(Default)]
struct Score {
    right: u64,
    wrong: u64,
    missed: u64,
}

fn slot(label: Label) -> usize {
    Label::ALL.iter().position(|known| *known == label).unwrap()
}

#[test]
fn detectors_are_precise_and_complete_on_a_labelled_corpus() {
    let (masker, mut dice) = (Masker::new(&Label::ALL), Dice(0x9E37_79B9_7F4A_7C15));
    let mut scores: [Score; 6] = Default::default();
    for _ in 0..LINES {
        let (lead, value, label) = match dice.roll(12) {
            0 => (String::new(), card(&mut dice), Some(Label::Card)),
            1 => {
                let (lead, value) = ssn(&mut dice);
                (lead, value, Some(Label::Ssn))
            }
            2 => (String::new(), email(&mut dice), Some(Label::Email)),
            3 => (String::new(), secret(&mut dice), Some(Label::Secret)),
            4 => {
                let (lead, value) = phone(&mut dice);
                (lead, value, Some(Label::Phone))
            }
            5 => (String::new(), iban(&mut dice), Some(Label::Iban)),
            _ => (String::new(), negative(&mut dice), None),
        };
        let lead = dice.pick(&["", "note: ", "INSERT INTO t VALUES ('", "{\"v\":\"", "<td>", "x,"]).to_owned() + &lead;
        let line = format!("{lead}{value}{}", dice.pick(&["", ".", "')", "\"}", "</td>", ", then more", "\n"]));
        let mut hits: Vec<Hit> = Vec::new();
        masker.scan(line.as_bytes(), &mut hits);
        let right = hits
            .iter()
            .position(|hit| Some(hit.label) == label && line[hit.range.clone()].trim_end_matches('.') == value);
        for (index, hit) in hits.iter().enumerate().filter(|(index, _)| Some(*index) != right) {
            scores[slot(hit.label)].wrong += 1;
            println!("wrong: {} {:?} in {line:?} ({index})", hit.detector, &line[hit.range.clone()]);
        }
        if let Some(label) = label {
            let score = &mut scores[slot(label)];
            if right.is_some() {
                score.right += 1
            } else {
                score.missed += 1;
                println!("missed: {label} in {line:?}")
            }
        }
        let (mut masked, mut tally) = (line.into_bytes(), Tally::default());
        masker.mask(&mut masked, Syntax::Text, &mut tally);
        assert!(
            !masker.mask(&mut masked, Syntax::Text, &mut tally),
            "a mask matches no detector: {}",
            String::from_utf8_lossy(&masked)
        );
    }
    for label in Label::ALL {
        let score = &scores[slot(label)];
        let precision = score.right as f64 / (score.right + score.wrong) as f64;
        let recall = score.right as f64 / (score.right + score.missed) as f64;
        println!("{label}: precision {precision:.4} recall {recall:.4}");
        assert!(precision >= 0.995 && recall >= 0.99, "{label}: precision {precision:.4}, recall {recall:.4}");
    }
}
