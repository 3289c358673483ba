//! What an administrator says about masking of a database: which columns hold what, and how sure the mask must be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// The label, for example `ssn`; values are replaced by a constant of their type.
    Label(String),
    /// A label and a transform.
    Transform {
        /// The label.
        label: String,
        /// What stands in place of a value.
        transform: Transform,
    },
}

/// What stands in place of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transform {
    /// A constant of the column's type.
    #[default]
    Full,
    /// The last four characters of a longer text.
    Partial,
    /// NULL.
    Null,
    /// The first day of a date's year.
    Year,
}

impl ColumnMask {
    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Label(label) | Self::Transform { label, .. } => label,
        }
    }

    /// What stands in place of a value.
    #[must_use]
    pub fn transform(&self) -> Transform {
        match self {
            Self::Label(_) => Transform::Full,
            Self::Transform { transform, .. } => *transform,
        }
    }
}

impl Masking {
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
        assert_eq!(parts.last().map(|(_, mask)| mask.transform()), Some(Transform::Partial));
        let back: Masking = serde_json::from_str(&serde_json::to_string(&masking).unwrap()).unwrap();
        assert_eq!(back, masking);
    }

    #[test]
    fn a_name_of_two_parts_is_no_column() {
        let masking: Masking = serde_json::from_str(r#"{"columns": {"t.a": "ssn"}}"#).unwrap();
        assert!(masking.parts().is_err());
    }
}
