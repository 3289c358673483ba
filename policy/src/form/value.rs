//! Values in rules: moments, and what arguments are compared with.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::context::date;

/// A moment, in seconds since 1970; written `2026-12-01T18:00:00Z`, always UTC. Reading takes `2026-12-01T18:00Z`, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(i64);

impl Moment {
    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&date(self.0))
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?}: write a time in UTC, such as 2026-12-01T18:00Z");
        let bare = text.strip_suffix('Z').ok_or_else(wrong)?;
        let whole = if bare.len() == "2026-12-01T18:00".len() { format!("{bare}:00Z") } else { text.clone() };
        let time = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| wrong())?;
        let plain = time.offset() == UtcOffset::UTC && time.nanosecond() == 0 && (1970..=9999).contains(&time.year());
        if plain { Ok(Self(time.unix_timestamp())) } else { Err(wrong()) }
    }
}

/// What an argument is compared with. Its type must be that of the argument: `500` is a whole number, `500.0` is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// true or false.
    Flag(bool),
    /// A whole number.
    Long(i64),
    /// A number in ten-thousandths.
    Decimal(i64),
    /// Text.
    Text(String),
}

/// Beyond this, numbers with a fraction are not exact any more.
const LARGEST: f64 = 1.0e11;

impl Value {
    /// A number with at most four digits after the point.
    ///
    /// # Errors
    /// Why it is none.
    pub fn decimal(number: f64) -> Result<Self, String> {
        if !number.is_finite() || number.abs() > LARGEST {
            return Err("this number is too large".into());
        }
        let scaled = (number * 10_000.0).round();
        if (scaled / 10_000.0 - number).abs() > number.abs().max(1.0) * 1.0e-15 {
            return Err("a number has at most four digits after the point".into());
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole, and far within the bounds of i64")]
        Ok(Self::Decimal(scaled as i64))
    }

    /// A decimal as Cedar writes it: one to four digits after the point.
    pub(super) fn decimal_text(ten_thousandths: i64) -> String {
        let (sign, size) = (if ten_thousandths < 0 { "-" } else { "" }, ten_thousandths.unsigned_abs());
        let fraction = format!("{:04}", size % 10_000);
        let fraction = fraction.trim_end_matches('0');
        format!("{sign}{}.{}", size / 10_000, if fraction.is_empty() { "0" } else { fraction })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Long(number) => write!(f, "{number}"),
            Self::Decimal(number) => f.write_str(&Self::decimal_text(*number)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Long(number) => serializer.serialize_i64(*number),
            #[expect(clippy::cast_precision_loss, reason = "within the bounds that `decimal` checks it is exact")]
            Self::Decimal(number) => serializer.serialize_f64(*number as f64 / 10_000.0),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, a text, true or false")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Long(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Long).map_err(|_| E::custom("this number is too large"))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Value::decimal(number).map_err(E::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
}
