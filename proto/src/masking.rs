//! What an administrator says about masking of a database: which columns hold what, and how sure the mask must be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parameters::RequestMode;

/// The SHA-256 of nothing: functions whose text is kept elsewhere have it.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Masking of a PostgreSQL connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masking {
    /// How sure the mask must be.
    #[serde(default)]
    pub guarantee: Guarantee,
    /// Marked columns of base tables, as `schema.table.column`, in any database of the connection.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnMask>,
    /// What stands in place of values of each label, marked or detected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transforms: BTreeMap<String, Transform>,
    /// Functions, as `schema.name`, that an administrator has read and found to let nothing out, each with the SHA-256 of its
    /// source in hexadecimal. Another source is not allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, Sources>,
    /// Labels whose columns may be compared with a value that the caller knows, and for what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lookups: BTreeMap<String, Lookup>,
    /// How many different values one subject may learn of in an hour by errors of constraints on masked columns. Where it is none, what
    /// could bring such an error is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collisions_per_hour: Option<u32>,
}

/// What one subject may learn by errors if nothing is said: applications write what is unique, and meet what is there.
const COLLISIONS: u32 = 20;

/// A look-up by equality that a label allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// What it is for; every look-up is written down with it.
    pub purpose: String,
    /// How many different values one subject may look up in an hour.
    #[serde(default = "Lookup::default_per_hour")]
    pub per_hour: u32,
}

impl Lookup {
    fn default_per_hour() -> u32 {
        20
    }
}

/// The source of a function, or those of several of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Sources {
    /// Each of them.
    #[must_use]
    pub fn each(&self) -> &[String] {
        match self {
            Self::One(source) => std::slice::from_ref(source),
            Self::Several(sources) => sources,
        }
    }
}

/// How sure a mask must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guarantee {
    /// Statements only ever see masks in place of marked columns; what cannot be proven is refused.
    #[default]
    Strict,
    /// Detectors only. Stops accidents; no protection.
    Assist,
    /// The database itself cannot give a marked value to the login: it has no right to read marked columns, and masked
    /// views in their place. Proven before a session begins; without proof there is none.
    Enforced,
}

/// What is marked in a column: a label, or a label and what stands in place of its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ColumnMask {
    /// The label, for example `ssn`; values become what the label's transform says.
    Label(String),
    /// A label and more.
    Rule(ColumnRule),
}

/// What is marked in a column, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// The label.
    pub label: String,
    /// What stands in place of a value, if not what the label says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// What the database gets of values that statements give it.
    #[serde(default, skip_serializing_if = "is_record")]
    pub mode: RequestMode,
    /// The column holds tokens and nothing else (`mode: token`): it is shown and compared as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_tokens: bool,
}

fn is_record(mode: &RequestMode) -> bool {
    *mode == RequestMode::Record
}

/// What stands in place of a value. What a value's type or form cannot bear becomes [`Transform::Full`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transform {
    /// A constant of the column's type; of a hit in a text, stars.
    #[default]
    Full,
    /// The last four characters of a longer text.
    Partial,
    /// A constant in the form of the label: zeros for digits, `x` for letters.
    Constant,
    /// NULL, of whole values.
    Null,
    /// The first day of a date's year.
    Year,
    /// A keyed token: equal values have equal tokens. The key is the credential `token_key` of the connection.
    Token,
}

impl ColumnMask {
    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Label(label) | Self::Rule(ColumnRule { label, .. }) => label,
        }
    }

    /// What stands in place of a value, if the column says so itself.
    #[must_use]
    pub fn transform(&self) -> Option<Transform> {
        match self {
            Self::Label(_) => None,
            Self::Rule(rule) => rule.transform,
        }
    }

    /// What the database gets of values that statements give to the column.
    #[must_use]
    pub fn mode(&self) -> RequestMode {
        match self {
            Self::Label(_) => RequestMode::Record,
            Self::Rule(rule) => rule.mode,
        }
    }

    /// Whether the column holds tokens and nothing else.
    #[must_use]
    pub fn holds_tokens(&self) -> bool {
        matches!(self, Self::Rule(rule) if rule.holds_tokens)
    }
}

impl Masking {
    /// How many different values one subject may learn of in an hour by errors.
    #[must_use]
    pub fn collisions(&self) -> u32 {
        self.collisions_per_hour.unwrap_or(COLLISIONS)
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether marked columns are enforced.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.guarantee == Guarantee::Strict && !self.columns.is_empty()
    }

    /// Whether the database itself must keep marked columns from the login.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.guarantee == Guarantee::Enforced
    }

    /// What stands in place of a marked column's values: what the column says, or its label.
    #[must_use]
    pub fn transform(&self, mask: &ColumnMask) -> Transform {
        mask.transform().or_else(|| self.transforms.get(mask.label()).copied()).unwrap_or_default()
    }

    /// Whether tokens are made of anything.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        self.columns.values().any(|mask| self.transform(mask) == Transform::Token || mask.mode() == RequestMode::Token)
            || self.transforms.values().any(|transform| *transform == Transform::Token)
    }

    /// Whether every look-up is of a marked label and says what it is for.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_lookups(&self) -> Result<(), String> {
        for (label, lookup) in &self.lookups {
            if self.columns.values().all(|mask| mask.label() != label) {
                return Err(format!("{label} is the label of no marked column"));
            }
            if lookup.purpose.trim().is_empty() || lookup.purpose.len() > 200 || lookup.per_hour == 0 {
                return Err(format!("{label}: say a purpose of 1 to 200 bytes, and at least one value an hour"));
            }
        }
        if self.lookups.is_empty() || self.guarantee == Guarantee::Strict {
            return Ok(());
        }
        Err("only strict masking knows what a statement compares".into())
    }

    /// Schema, name and source of every function that is allowed.
    ///
    /// # Errors
    /// The first that is not `schema.name` with SHA-256 sums of sources.
    pub fn allowed(&self) -> Result<Vec<([&str; 2], &str)>, String> {
        let mut allowed = Vec::new();
        for (name, sources) in &self.functions {
            let parts = name.split_once('.').filter(|(schema, name)| !schema.is_empty() && !name.is_empty());
            let (schema, function) = parts.ok_or_else(|| format!("{name} is not schema.name"))?;
            for source in sources.each() {
                let sum = source.len() == 64 && source.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                if !sum || source == EMPTY {
                    return Err(format!(
                        "{name}: `{source}` is not the SHA-256 of a source in small hexadecimal digits"
                    ));
                }
                allowed.push(([schema, function], source.as_str()));
            }
        }
        Ok(allowed)
    }

    /// The parts of every marked column's name with its mask.
    ///
    /// # Errors
    /// The first name that is not `schema.table.column`.
    pub fn parts(&self) -> Result<Vec<([&str; 3], &ColumnMask)>, String> {
        let parts = self.columns.iter().map(|(name, mask)| {
            let mut parts = name.split('.');
            match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some(schema), Some(table), Some(column), None)
                    if ![schema, table, column, mask.label()].contains(&"") =>
                {
                    Ok(([schema, table, column], mask))
                }
                _ => Err(format!("{name} is not schema.table.column with a label")),
            }
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_column_is_marked_by_a_label_or_with_a_transform() {
        let text = r#"{"columns": {"public.t.a": "ssn", "public.t.b": {"label": "card", "transform": "partial"}}}"#;
        let masking: Masking = serde_json::from_str(text).unwrap();
        assert!(masking.is_strict());
        let parts = masking.parts().unwrap();
        assert_eq!(
            parts.iter().map(|(name, mask)| (name[2], mask.label())).collect::<Vec<_>>(),
            [("a", "ssn"), ("b", "card")]
        );
        assert_eq!(parts.last().map(|(_, mask)| masking.transform(mask)), Some(Transform::Partial));
        let back: Masking = serde_json::from_str(&serde_json::to_string(&masking).unwrap()).unwrap();
        assert_eq!(back, masking);
    }

    #[test]
    fn a_column_says_what_the_database_gets_of_its_values() {
        let text = r#"{"columns": {"public.t.a": {"label": "ssn", "mode": "token", "holds_tokens": true},
            "public.t.b": {"label": "email", "mode": "in-flight", "transform": "partial"}, "public.t.c": "ssn"}}"#;
        let masking: Masking = serde_json::from_str(text).unwrap();
        let modes: Vec<RequestMode> = masking.columns.values().map(ColumnMask::mode).collect();
        assert_eq!(modes, [RequestMode::Token, RequestMode::InFlight, RequestMode::Record]);
        assert!(masking.has_tokens() && masking.columns.values().filter(|mask| mask.holds_tokens()).count() == 1);
        assert_eq!(serde_json::from_str::<Masking>(&serde_json::to_string(&masking).unwrap()).unwrap(), masking);
        let wrong = r#"{"columns": {"public.t.a": {"label": "ssn", "mode": "never"}}}"#;
        assert!(serde_json::from_str::<Masking>(wrong).is_err());
    }

    #[test]
    fn a_column_without_a_transform_of_its_own_has_that_of_its_label() {
        let text = r#"{"columns": {"public.t.a": "email", "public.t.b": {"label": "email", "transform": "year"},
            "public.t.c": "ssn"}, "transforms": {"email": "token"}}"#;
        let masking: Masking = serde_json::from_str(text).unwrap();
        let transforms: Vec<Transform> = masking.columns.values().map(|mask| masking.transform(mask)).collect();
        assert_eq!(transforms, [Transform::Token, Transform::Year, Transform::Full]);
        assert!(masking.has_tokens());
    }

    #[test]
    fn a_function_is_allowed_by_the_sum_of_its_source() {
        let sum = "ab".repeat(32);
        let masking = |value: &str| -> Masking {
            serde_json::from_str(&format!(r#"{{"functions": {{"public.f": {value}}}}}"#)).unwrap()
        };
        assert_eq!(masking(&format!("\"{sum}\"")).allowed().unwrap(), [(["public", "f"], sum.as_str())]);
        assert_eq!(masking(&format!("[\"{sum}\", \"{sum}\"]")).allowed().unwrap().len(), 2);
        for bad in ["\"\"".to_owned(), format!("\"{EMPTY}\""), format!("\"{}\"", "AB".repeat(32))] {
            assert!(masking(&bad).allowed().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_of_two_parts_is_no_column() {
        let masking: Masking = serde_json::from_str(r#"{"columns": {"t.a": "ssn"}}"#).unwrap();
        assert!(masking.parts().is_err());
    }
}
