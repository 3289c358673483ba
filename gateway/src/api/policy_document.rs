//! A policy document as it is declared: as Cedar, or as rules of the short form. Only the Cedar text is kept; what the short form
//! made is given back as rules.

use policy::form::{self, Rule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::is_name;

/// A policy document as it is declared; with either `text` or `rules`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// Letters, digits and `-`; `default` is the one of a fresh install.
    pub name: String,
    /// Cedar policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Rules of the short form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub rules: Option<Vec<Rule>>,
}

impl PolicyDocument {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// What is wrong, after its place.
    pub(super) fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(": name: use 1 to 63 of a-z, 0-9 and -, not at an end".into());
        }
        match (&self.text, &self.rules) {
            (Some(_), None) => Ok(()),
            (None, Some(rules)) if !rules.is_empty() => {
                let checked = rules.iter().enumerate().map(|(index, rule)| {
                    rule.check().map_err(|wrong| format!(".rules[{index}] ({}): {wrong}", rule.id))
                });
                checked.collect()
            }
            (None, Some(_)) => Err(": rules: there is none; leave the document out".into()),
            (Some(_), Some(_)) => Err(": write either text or rules".into()),
            (None, None) => Err(": write text or rules".into()),
        }
    }
}

impl From<PolicyDocument> for policy::Document {
    fn from(declared: PolicyDocument) -> Self {
        let text = declared.text.unwrap_or_else(|| form::text(&declared.rules.unwrap_or_default()));
        Self { name: declared.name, text }
    }
}

impl From<&policy::Document> for PolicyDocument {
    fn from(known: &policy::Document) -> Self {
        let rules = form::read(&known.text);
        let text = rules.is_none().then(|| known.text.clone());
        Self { name: known.name.clone(), text, rules }
    }
}
