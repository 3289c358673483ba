//! The classes of sensitive data (the labels of the glossary) and their names in configuration.

use std::fmt;
use std::str::FromStr;

/// A class of sensitive data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// Payment card numbers.
    Card,
    /// US social security numbers.
    Ssn,
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// International bank account numbers.
    Iban,
    /// Credentials: cloud keys, tokens, private keys, passwords in URLs and assignments.
    Secret,
    /// A label that a connection defines itself, by its name.
    Custom(&'static str),
}

impl Label {
    /// Every label that this crate detects by itself, in the order of the enum.
    pub const ALL: [Self; 6] = [Self::Card, Self::Ssn, Self::Email, Self::Phone, Self::Iban, Self::Secret];

    /// The name used in configuration and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ssn => "ssn",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::Secret => "secret",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Label {
    type Err = UnknownLabel;

    fn from_str(text: &str) -> Result<Self, UnknownLabel> {
        Self::ALL.into_iter().find(|label| label.as_str() == text).ok_or(UnknownLabel)
    }
}

/// The text names no label; it is safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown label: use card, ssn, email, phone, iban or secret")]
pub struct UnknownLabel;
