//! Detectors that a connection defines itself, as data: patterns and word lists with hot words, exclusions and a validator. They are
//! compiled when the configuration is read, so that a bad one is refused there and never ignored.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::label::Label;

/// How many names of custom labels one process knows at most; names are never forgotten.
const MOST_NAMES: usize = 4096;
const LONGEST_NAME: usize = 63;

/// What a connection looks for: a label of this crate by its name, or a detector of its own. Written as a string or a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detector {
    /// All detectors of a label.
    Label(Label),
    /// A detector defined as data.
    Custom(Box<Custom>),
}

/// A detector defined as data. It needs a `pattern` or `words`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// The label of what it finds: 1 to 63 of a-z, 0-9 and `-`.
    pub name: String,
    /// A regular expression without anchors, back references and unbounded repeats: a match has at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whole words or phrases, in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// If any are given, a match counts only with one of them in the 64 bytes before it, in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hotwords: Vec<String>,
    /// Patterns of matches that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What a match must pass besides.
    #[serde(default, skip_serializing_if = "Validator::is_none")]
    pub validator: Validator,
}

/// A check of digits or letters within a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Validator {
    /// The pattern is enough.
    #[default]
    None,
    /// The digits pass the Luhn check (ISO/IEC 7812-1).
    Luhn,
    /// Letters and digits pass MOD 97-10 (ISO 7064), with the first four moved to the end.
    Mod97,
}

impl Validator {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A detector that cannot be used; the text says which and why, and is safe to show to who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("detector `{name}`: {reason}")]
pub struct DetectorError {
    /// The name of the detector.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Detector {
    /// The name of the label of what it finds.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Label(label) => label.as_str(),
            Self::Custom(custom) => &custom.name,
        }
    }
}

/// A name for a label, or JSON for a detector defined as data; `FromStr` reads it back.
impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => label.fmt(f),
            Self::Custom(custom) => f.write_str(&serde_json::to_string(custom).map_err(|_| fmt::Error)?),
        }
    }
}

impl FromStr for Detector {
    type Err = DetectorError;

    fn from_str(text: &str) -> Result<Self, DetectorError> {
        let wrong = |reason: String| DetectorError { name: text.chars().take(LONGEST_NAME).collect(), reason };
        if !text.starts_with('{') {
            return text.parse().map(Self::Label).map_err(|error: crate::UnknownLabel| wrong(error.to_string()));
        }
        serde_json::from_str(text).map(Self::Custom).map_err(|error| wrong(error.to_string()))
    }
}

impl Serialize for Detector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Label(label) => serializer.serialize_str(label.as_str()),
            Self::Custom(custom) => custom.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Detector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DetectorVisitor)
    }
}

struct DetectorVisitor;

impl<'de> Visitor<'de> for DetectorVisitor {
    type Value = Detector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a label, or a detector with a name and a pattern or words")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Detector, E> {
        text.parse().map(Detector::Label).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Detector, A::Error> {
        let custom = Custom::deserialize(MapAccessDeserializer::new(map))?;
        crate::layer::Layer::new(&custom).map_err(A::Error::custom)?;
        Ok(Detector::Custom(Box::new(custom)))
    }
}

/// The label of a custom detector's name; refused if it is none or too many are in use.
pub(crate) fn label(name: &str) -> Result<Label, String> {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(inside) || name.parse::<Label>().is_ok() {
        return Err("name: use 1 to 63 of a-z, 0-9 and -, and no label's name".into());
    }
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Ok(Label::Custom(known));
    }
    if names.len() >= MOST_NAMES {
        return Err("name: this process knows too many names already; restart it".into());
    }
    // Events carry the name for as long as the process lives.
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    Ok(Label::Custom(name))
}
