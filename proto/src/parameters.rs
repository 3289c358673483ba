//! Parameters of HTTP requests that are marked by their place, and what becomes of them. Part of a connection's settings.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Marked parameters of requests, by where they stand. Names are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestMask {
    /// Parameters of the path, by their names in the OpenAPI document or the routes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub path: BTreeMap<String, ParameterMask>,
    /// Parameters of the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, ParameterMask>,
    /// Header fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, ParameterMask>,
    /// Cookies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, ParameterMask>,
    /// Members of JSON content: `ssn` for a key anywhere, `$.a.b[*].c` or `$..c` for a place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, ParameterMask>,
    /// Fields of a form (`application/x-www-form-urlencoded`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, ParameterMask>,
    /// Fields of gRPC messages: `package.Message.field`, or a name anywhere.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grpc: BTreeMap<String, ParameterMask>,
}

/// What is marked in a parameter: a label, or a label and who gets the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ParameterMask {
    /// The label; the target gets the value, the record does not.
    Label(String),
    /// A label and a mode.
    Mode {
        /// The label.
        label: String,
        /// Who gets the value.
        mode: RequestMode,
    },
}

/// Who gets the value of a marked parameter. The record never does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestMode {
    /// The target.
    #[default]
    Record,
    /// Nobody: the target gets what stands in place of values of the label.
    InFlight,
    /// Nobody: the target gets the keyed token of the value.
    Token,
}

impl RequestMask {
    /// Every marked parameter: which kind, name and mask.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str, &ParameterMask)> {
        let kinds = [
            ("path", &self.path),
            ("query", &self.query),
            ("headers", &self.headers),
            ("cookies", &self.cookies),
            ("json", &self.json),
            ("form", &self.form),
            ("grpc", &self.grpc),
        ];
        kinds.into_iter().flat_map(|(kind, named)| named.iter().map(move |(name, mask)| (kind, name.as_str(), mask)))
    }

    /// Whether tokens are made of anything.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        self.each().any(|(_, _, mask)| mask.mode() == RequestMode::Token)
    }
}

impl ParameterMask {
    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Label(label) | Self::Mode { label, .. } => label,
        }
    }

    /// Who gets the value.
    #[must_use]
    pub fn mode(&self) -> RequestMode {
        match self {
            Self::Label(_) => RequestMode::default(),
            Self::Mode { mode, .. } => *mode,
        }
    }
}

/// By hand, because an untagged enum cannot say what is wrong.
impl<'de> Deserialize<'de> for ParameterMask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = ParameterMask;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label, or { label, mode }")
    }

    fn visit_str<E: Error>(self, label: &str) -> Result<ParameterMask, E> {
        Ok(ParameterMask::Label(label.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ParameterMask, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Mode {
            label: String,
            #[serde(default)]
            mode: RequestMode,
        }
        let Mode { label, mode } = Mode::deserialize(MapAccessDeserializer::new(members))?;
        Ok(ParameterMask::Mode { label, mode })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_parameter_is_marked_by_a_label_or_with_a_mode() {
        let text = r#"{"query": {"email": "email", "card": {"label": "card", "mode": "in-flight"}},
            "json": {"$.a": {"label": "ssn"}, "b": {"label": "ssn", "mode": "token"}}}"#;
        let mask: RequestMask = serde_json::from_str(text).unwrap();
        let modes: Vec<_> = mask.each().map(|(kind, name, mask)| (kind, name, mask.label(), mask.mode())).collect();
        assert_eq!(
            modes,
            [
                ("query", "card", "card", RequestMode::InFlight),
                ("query", "email", "email", RequestMode::Record),
                ("json", "$.a", "ssn", RequestMode::Record),
                ("json", "b", "ssn", RequestMode::Token),
            ]
        );
        assert!(mask.has_tokens());
        let back: RequestMask = serde_json::from_str(&serde_json::to_string(&mask).unwrap()).unwrap();
        assert_eq!(back, mask);
    }

    #[test]
    fn what_is_wrong_with_a_parameter_is_said() {
        for (wrong, said) in [
            (r#"{"query": {"a": {"label": "ssn", "mode": "inflight"}}}"#, "`record`, `in-flight`, `token`"),
            (r#"{"query": {"a": {"label": "ssn", "moed": "token"}}}"#, "unknown field `moed`"),
            (r#"{"query": {"a": {"mode": "token"}}}"#, "missing field `label`"),
            (r#"{"query": {"a": 1}}"#, "a label, or { label, mode }"),
            (r#"{"body": {"a": "ssn"}}"#, "unknown field `body`"),
        ] {
            let error = serde_json::from_str::<RequestMask>(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
