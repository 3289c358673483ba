//! Conditions that people need, each one line. All that are written must hold. Times are UTC.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{given, value::Value};
use crate::Effect;

/// Conditions of a rule. Those up to `rows_over` are about a call, the others about how somebody comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// The connection, for rules about labels.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The strongest thing the whole call does: one of these.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// The function: one of these. A call with several functions is asked about with each.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Tables (`schema.table`) and files read.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Tables and files written.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
    /// Columns (`schema.table.column`).
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Programs that a shell command runs.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Arguments of the function that the rule names. All of these must hold.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Comparison>,
    /// More rows than this were sent.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub rows_over: Option<u32>,
    /// Hours of the day.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Days of the week: one of these.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// Where the caller connects from: one of these networks.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Whether the identity provider vouched for a second factor.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
    /// Seconds since the caller last proved who they are, at most.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub signed_in_within: Option<u32>,
    /// The reason that the caller gave, `*` for any text: `INC-*`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub given_reason: Option<String>,
}

/// What an argument must be for the condition to hold. One of the comparisons, or `over` and `under` for what lies between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The argument.
    pub name: String,
    /// It is more than this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub over: Option<Value>,
    /// It is less than this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub under: Option<Value>,
    /// It is this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
}

/// Hours of the day, `8-18`: from the first until just before the second. `22-6` is the night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    /// 0 to 23.
    pub from: u8,
    /// 1 to 24.
    pub to: u8,
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let parts = text.split_once('-').and_then(|(from, to)| Some((digits(from)?, digits(to)?)));
        match parts {
            Some((from @ 0..=23, to @ 1..=24)) if from != to && (from, to) != (0, 24) => Ok(Self { from, to }),
            _ => Err(format!("{text:?}: write hours as 8-18 (0 to 24, not the whole day)")),
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The word in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// A list that is written names something: an empty one would be no condition at all.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() { Err(de::Error::custom("an empty list is no condition: leave it out")) } else { Ok(list) }
}
