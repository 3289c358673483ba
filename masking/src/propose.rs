//! What a column probably holds, told from samples of it and from its name: proposals that a person confirms before they are markings.

use std::collections::BTreeMap;

use crate::{Hit, Label, Masker};

/// A column counts as holding a label when so many of ten of its values are nothing else.
const MOST_OF_TEN: usize = 5;
/// With so many values that are no hit, a name alone says nothing about what detectors would find.
const ENOUGH: usize = 10;
/// How much of a value is looked at, in bytes.
const LONGEST: usize = 4096;

/// What a column probably holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The label: one of this crate, or a custom one such as `birthday`.
    pub label: Label,
    /// What speaks for it.
    pub evidence: Evidence,
}

/// What speaks for a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// So many of the sampled values are of this label, and hold nothing else.
    Values {
        /// How many are.
        hits: usize,
        /// How many were looked at, without NULLs and empty ones.
        of: usize,
    },
    /// Text that holds such values here and there: detectors find them, a marking would hide all of it.
    Inside {
        /// How many do.
        hits: usize,
        /// How many were looked at.
        of: usize,
    },
    /// The column's name.
    Name,
}

/// The kind of a column's type, as far as names of columns are to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text and whatever else can hold any text.
    Text,
    /// Numbers that can have nine digits and more.
    Number,
    /// Dates, with or without a time.
    Date,
    /// Anything else.
    Other,
}

/// What the column `name` probably holds, by its name and samples of its values in text form; at most one proposal for each label.
#[must_use]
pub fn propose<'a>(name: &str, kind: Kind, values: impl IntoIterator<Item = &'a str>) -> Vec<Proposal> {
    let mut sample = Sample::default();
    let masker = Masker::new(&Label::ALL);
    values.into_iter().for_each(|value| sample.take(&masker, name, value));
    let proposals = sample.proposals();
    let is_told = |proposal: &Proposal| matches!(proposal.evidence, Evidence::Values { .. });
    match by_name(name, kind) {
        // What a detector knows is believed to be absent if it finds none of it.
        Some(label) if !proposals.iter().any(is_told) && (is_unseen(label) || sample.of < ENOUGH) => {
            vec![Proposal { label, evidence: Evidence::Name }]
        }
        _ => proposals,
    }
}

#[derive(Default)]
struct Sample {
    of: usize,
    /// For each label: values that are nothing else, and values that hold one.
    hits: BTreeMap<Label, (usize, usize)>,
}

impl Sample {
    fn take(&mut self, masker: &Masker, name: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.of += 1;
        let cut = value.floor_char_boundary(LONGEST);
        // Behind its name, so that nine digits in a column `ssn` count.
        let before = format!("{name}: ");
        let text = format!("{before}{}", value.get(..cut).unwrap_or_default());
        let mut found = Vec::new();
        masker.scan(text.as_bytes(), &mut found);
        let mut labels: BTreeMap<Label, usize> = BTreeMap::new();
        for hit in found.iter().filter(|hit| hit.range.end > before.len()) {
            *labels.entry(hit.label).or_default() += weight(&text, hit, before.len());
        }
        let all = value.get(..cut).unwrap_or_default().chars().filter(|letter| letter.is_alphanumeric()).count();
        for (label, covered) in labels {
            let (whole, inside) = self.hits.entry(label).or_default();
            *whole += usize::from(covered * 10 >= all * 8);
            *inside += 1;
        }
    }

    fn proposals(&self) -> Vec<Proposal> {
        let is_most = |whole: usize| whole * 10 >= self.of * MOST_OF_TEN;
        let whole = self.hits.iter().filter(|(_, (whole, _))| is_most(*whole)).max_by_key(|(_, (whole, _))| *whole);
        if let Some((label, (hits, _))) = whole {
            return vec![Proposal { label: *label, evidence: Evidence::Values { hits: *hits, of: self.of } }];
        }
        let inside = |(label, (_, hits)): (&Label, &(usize, usize))| Proposal {
            label: *label,
            evidence: Evidence::Inside { hits: *hits, of: self.of },
        };
        self.hits.iter().map(inside).collect()
    }
}

/// How many letters and digits of the value a hit covers.
fn weight(text: &str, hit: &Hit, from: usize) -> usize {
    let covered = text.get(hit.range.start.max(from)..hit.range.end).unwrap_or_default();
    covered.chars().filter(|letter| letter.is_alphanumeric()).count()
}

/// Words of names, joined, with what their columns hold.
const NAMES: [(&[&str], Label); 11] = [
    (&["email", "e mail", "mail address"], Label::Email),
    (&["phone", "telephone", "mobile", "msisdn", "fax"], Label::Phone),
    (&["ssn", "social security"], Label::Ssn),
    (&["iban"], Label::Iban),
    (&["card number", "card no", "cc number", "credit card", "pan", "card"], Label::Card),
    (
        &[
            "password",
            "passwd",
            "pwd",
            "secret",
            "token",
            "api key",
            "private key",
            "access key",
            "pin code",
            "cvv",
            "cvc",
        ],
        Label::Secret,
    ),
    (&["birthday", "birthdate", "birth date", "date of birth", "dob", "born"], Label::Custom("birthday")),
    (&["tax id", "tax number", "vat id", "tin", "national id", "personal id"], Label::Custom("tax-id")),
    (&["passport"], Label::Custom("passport")),
    (&["driver license", "driving licence", "drivers license", "license number"], Label::Custom("licence")),
    (&["salary", "wage"], Label::Custom("salary")),
];

/// The label that a column's name speaks of, if its type can hold one.
fn by_name(name: &str, kind: Kind) -> Option<Label> {
    let words = format!(" {} ", words(name));
    let says = |known: &&str| words.contains(&format!(" {known} "));
    let (_, label) = NAMES.iter().find(|(names, _)| names.iter().any(says))?;
    let fits = match kind {
        Kind::Text => true,
        Kind::Number => matches!(label, Label::Card | Label::Ssn | Label::Phone | Label::Custom("salary" | "tax-id")),
        Kind::Date => *label == Label::Custom("birthday"),
        Kind::Other => false,
    };
    // `card_type`, `email_status`: about one, not one.
    let last = words.trim_end().rsplit(' ').next().unwrap_or_default();
    let about = ["type", "status", "state", "kind", "brand", "count", "verified", "enabled", "template", "id", "at"];
    (fits && (!about.contains(&last) || last == "id" && is_unseen(*label))).then_some(*label)
}

/// The words of a name in small letters: `cardNumber`, `card_number` and `CARD-NUMBER` are the same.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words
}

/// Whether no detector finds such values by themselves: a hash of a password looks like any other.
fn is_unseen(label: Label) -> bool {
    matches!(label, Label::Secret | Label::Custom(_))
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Kind, Proposal, propose};
    use crate::Label;

    fn labels(name: &str, kind: Kind, values: &[&str]) -> Vec<(Label, Evidence)> {
        propose(name, kind, values.iter().copied())
            .into_iter()
            .map(|Proposal { label, evidence }| (label, evidence))
            .collect()
    }

    #[test]
    fn a_column_of_values_is_proposed_by_what_it_holds() {
        let cards = ["4111 1111 1111 1111", "5555555555554444", "", "378282246310005"];
        assert_eq!(labels("ref", Kind::Text, &cards), [(Label::Card, Evidence::Values { hits: 3, of: 3 })]);
        let bare = ["123456789", "219099999"];
        assert_eq!(labels("ssn", Kind::Text, &bare), [(Label::Ssn, Evidence::Values { hits: 2, of: 2 })]);
        let addresses = ["a@example.com", "b@example.org", "unknown", "c@example.net"];
        assert_eq!(labels("contact", Kind::Text, &addresses), [(Label::Email, Evidence::Values { hits: 3, of: 4 })]);
    }

    #[test]
    fn free_text_with_values_in_it_is_told_and_not_proposed_whole() {
        let notes = ["called, will write to ada@example.com on Monday", "wants a refund", "all is well"];
        assert_eq!(labels("note", Kind::Text, &notes), [(Label::Email, Evidence::Inside { hits: 1, of: 3 })]);
    }

    #[test]
    fn names_count_where_detectors_cannot_tell_or_there_is_nothing_to_see() {
        let by_name = |label| vec![(label, Evidence::Name)];
        assert_eq!(labels("email", Kind::Text, &[]), by_name(Label::Email));
        assert_eq!(labels("passwordHash", Kind::Text, &["$2b$12$abcdefghijklmnopqrstuv"]), by_name(Label::Secret));
        assert_eq!(labels("date_of_birth", Kind::Date, &["1815-12-10"]), by_name(Label::Custom("birthday")));
        assert_eq!(labels("tax_id", Kind::Text, &["12/345/67890"]), by_name(Label::Custom("tax-id")));
    }

    #[test]
    fn names_do_not_count_against_what_is_there_or_what_the_type_can_hold() {
        let states = ["open"; 20];
        for (name, kind) in [("email", Kind::Text), ("card", Kind::Text)] {
            assert_eq!(labels(name, kind, &states), []);
        }
        for (name, kind) in [
            ("email_verified", Kind::Other),
            ("phone_verified_at", Kind::Date),
            ("card_type", Kind::Text),
            ("password_id", Kind::Other),
            ("company", Kind::Text),
            ("panel", Kind::Text),
            ("total", Kind::Number),
        ] {
            assert_eq!(labels(name, kind, &[]), [], "{name}");
        }
    }
}
