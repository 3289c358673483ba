//! The small shop that every demo target shows: the same customers and orders each time, made up by arithmetic. Card
//! numbers pass the Luhn check and social security numbers are well formed, so that detectors have something to find.

use std::fmt::Write;

use serde::Serialize;

/// How many customers there are.
pub const CUSTOMERS: u32 = 500;
const ORDERS: u32 = 1500;

const FIRST: [&str; 16] = [
    "Amara", "Bruno", "Chiara", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Keiko", "Liam", "Maya",
    "Noor", "Oskar", "Priya",
];
const LAST: [&str; 16] = [
    "Adler", "Brandt", "Costa", "Dunn", "Eriksen", "Fischer", "Garcia", "Hansen", "Ito", "Jensen", "Kaplan", "Lopez",
    "Meyer", "Novak", "Okafor", "Petrov",
];
const CITIES: [&str; 8] = ["Lisbon", "Graz", "Turku", "Leeds", "Ghent", "Porto", "Malmo", "Basel"];
const ITEMS: [&str; 8] =
    ["Lantern", "Drawbridge kit", "Rope, 20 m", "Oak door", "Iron hinge", "Portcullis poster", "Banner", "Well bucket"];

/// A customer.
#[derive(Clone, Debug, Serialize)]
pub struct Customer {
    /// From 1.
    pub id: u32,
    /// First and last name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Phone number.
    pub phone: String,
    /// A payment card number, 16 digits, Luhn valid.
    pub card: String,
    /// A US social security number.
    pub ssn: String,
    /// What support wrote down; now and then with a card, a number or an address in the middle of a sentence.
    pub note: String,
    /// Structured extras.
    pub profile: Profile,
}

/// A customer's structured extras (jsonb in the database).
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Where they live.
    pub city: &'static str,
    /// `bronze`, `silver`, `gold`.
    pub tier: &'static str,
    /// How to reach them.
    pub contact: Contact,
    /// Whether they want the newsletter.
    pub newsletter: bool,
}

/// How to reach a customer.
#[derive(Clone, Debug, Serialize)]
pub struct Contact {
    /// E-mail address.
    pub email: String,
    /// Phone number.
    pub phone: String,
}

/// An order.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// From 1.
    pub id: u32,
    /// Who ordered.
    pub customer_id: u32,
    /// What.
    pub item: &'static str,
    /// How many.
    pub quantity: u32,
    /// Total in cents.
    pub total_cents: u32,
    /// The card it was paid with.
    pub card: String,
    /// Days since 2026-01-01.
    pub day: u32,
}

/// All customers.
#[must_use]
pub fn customers() -> Vec<Customer> {
    (1..=CUSTOMERS).map(customer).collect()
}

/// All orders.
#[must_use]
pub fn orders() -> Vec<Order> {
    (1..=ORDERS).map(order).collect()
}

/// The customer with this id, whether or not the shop has that many.
#[must_use]
pub fn customer(id: u32) -> Customer {
    let mut dice = Dice(u64::from(id));
    let first = dice.pick(&FIRST);
    let last = dice.pick(&LAST);
    let email = format!("{}.{}{id}@example.com", first.to_lowercase(), last.to_lowercase());
    let phone = format!("+1 555 {:03} {:04}", dice.below(1000), dice.below(10_000));
    let card = card(&mut dice);
    let ssn = format!("{:03}-{:02}-{:04}", 100 + dice.below(500), 1 + dice.below(99), 1 + dice.below(9999));
    let note = note(id, &card, &ssn, &email);
    let profile = Profile {
        city: dice.pick(&CITIES),
        tier: dice.pick(&["bronze", "silver", "gold"]),
        contact: Contact { email: email.clone(), phone: phone.clone() },
        newsletter: dice.below(2) == 1,
    };
    Customer { id, name: format!("{first} {last}"), email, phone, card, ssn, note, profile }
}

fn order(id: u32) -> Order {
    let mut dice = Dice(1_000_000 + u64::from(id));
    let customer_id = 1 + dice.below(CUSTOMERS);
    let quantity = 1 + dice.below(4);
    Order {
        id,
        customer_id,
        item: dice.pick(&ITEMS),
        quantity,
        total_cents: quantity * (500 + dice.below(20_000)),
        card: customer(customer_id).card,
        day: dice.below(300),
    }
}

fn note(id: u32, card: &str, ssn: &str, email: &str) -> String {
    match id % 5 {
        0 => format!("Called about a refund, read out card {} over the phone.", grouped(card, ' ')),
        1 => "Prefers delivery in the morning.".to_owned(),
        2 => format!("Identity checked with SSN {ssn}; also uses {email}."),
        3 => format!("Asked to move the subscription to {}.", grouped(card, '-')),
        _ => "Friendly; collects lanterns. Order numbers 1002003004 and 20261121 were swapped once.".to_owned(),
    }
}

/// `4111 1111 ...`: the way people write card numbers.
fn grouped(card: &str, separator: char) -> String {
    let mut text = String::new();
    for (place, digit) in card.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

fn card(dice: &mut Dice) -> String {
    let mut text = String::from("4");
    for _ in 0..14 {
        let _infallible = write!(text, "{}", dice.below(10));
    }
    let check = luhn_check_digit(&text);
    let _infallible = write!(text, "{check}");
    text
}

/// The digit that makes `digits` pass the Luhn check (ISO/IEC 7812-1 annex B).
fn luhn_check_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    (10 - sum % 10) % 10
}

/// A small fixed sequence of numbers (splitmix64); not random, on purpose.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.roll() % u64::from(limit.max(1))).unwrap_or_default()
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        let index = self.below(u32::try_from(choices.len()).unwrap_or(1));
        choices.get(index as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_card_number_has_a_known_check_digit() {
        assert_eq!(luhn_check_digit("411111111111111"), 1);
    }

    #[test]
    fn the_shop_is_the_same_each_time() {
        let one = customer(7);
        assert_eq!(one.card, customer(7).card);
        assert_eq!(one.card.len(), 16);
        assert_eq!(one.ssn.len(), 11);
    }
}
