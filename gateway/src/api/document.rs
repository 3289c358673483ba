//! The declarative document: what `sallyport apply` reads and `sallyport export` writes. YAML or JSON.

use std::collections::{BTreeMap, BTreeSet};

use masking::{Detector, Label, Masker, Options};
use proto::{ColumnMask, Guarantee, Lookup, Protocol, RequestMode, Settings, Sources, Transform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::policy_document::PolicyDocument;
use crate::store::Connection;

/// Where a credential reference may point to. What has no such beginning could be a secret, and is refused.
const REFERENCES: [&str; 2] = ["env:", "file:"];
const CONNECTIONS_LIMIT: usize = 10_000;

/// Everything that is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The registered targets.
    #[serde(default)]
    pub connections: Vec<ConnectionDocument>,
    /// Policy documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyDocument>,
}

/// Who may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Groups; what they may do is up to the policies. Empty: nobody.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A connection as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionDocument {
    /// Letters, digits and `-`; what callers use.
    pub name: String,
    /// The agent that serves it.
    pub agent: String,
    /// `host:port`, as the agent reaches it.
    pub address: String,
    /// `protocol` and what it needs to know.
    #[schema(value_type = Object)]
    pub settings: Settings,
    /// References by role, such as `password: env:NAME`; never a credential.
    #[serde(default)]
    pub credentials: BTreeMap<String, String>,
    /// Who may connect. Nobody when absent.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub access: Access,
    /// What is masked in what comes back.
    #[serde(default)]
    pub masking: Masking,
    /// For people to find it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What is masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Masking {
    /// Labels whose detectors run: `card`, `ssn`, `email`, `phone`, `iban`, `secret`.
    #[serde(default)]
    pub labels: Vec<String>,
    /// More labels, and detectors of this connection's own: a name with a pattern or words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub detectors: Vec<Detector>,
    /// PostgreSQL: how sure masks of marked columns are, `enforced`, `strict` or `assist`.
    #[serde(default, skip_serializing_if = "is_strict")]
    #[schema(value_type = String)]
    pub guarantee: Guarantee,
    /// PostgreSQL: marked columns, `schema.table.column: label`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub columns: BTreeMap<String, ColumnMask>,
    /// What stands in place of values of a label, marked or detected: `label: full`, `partial`, `constant`, `null`, `year` or
    /// `token`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub transforms: BTreeMap<String, Transform>,
    /// PostgreSQL: functions that may be called where columns are marked, `schema.name: SHA-256 of its source`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub functions: BTreeMap<String, Sources>,
    /// PostgreSQL, strict: labels whose columns may be compared with a bind parameter, `label: {purpose, per_hour}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub lookups: BTreeMap<String, Lookup>,
    /// PostgreSQL, strict: how many different values one subject may learn of in an hour by errors of constraints on masked
    /// columns; 20 if nothing is said. With 0, writes that could bring one are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collisions_per_hour: Option<u32>,
}

fn is_strict(guarantee: &Guarantee) -> bool {
    *guarantee == Guarantee::Strict
}

impl Masking {
    /// What the agent gets of it.
    fn of_columns(&self) -> proto::Masking {
        proto::Masking {
            guarantee: self.guarantee,
            columns: self.columns.clone(),
            functions: self.functions.clone(),
            lookups: self.lookups.clone(),
            collisions_per_hour: self.collisions_per_hour,
            ..proto::Masking::default()
        }
    }

    /// Whether tokens are made of anything.
    fn has_tokens(&self) -> bool {
        proto::Masking { transforms: self.transforms.clone(), ..self.of_columns() }.has_tokens()
    }

    /// Whether transforms can be what they say.
    fn check_transforms(&self, credentials: &BTreeMap<String, String>) -> Result<(), String> {
        let known = |label: &str| {
            self.columns.values().any(|mask| mask.label() == label)
                || self.detectors.iter().any(|detector| detector.name() == label)
                || Label::ALL.iter().any(|known| known.as_str() == label)
        };
        if let Some(label) = self.transforms.keys().find(|label| !known(label)) {
            return Err(format!("masking.transforms: `{label}` is a label of nothing here"));
        }
        self.check_modes()?;
        if !self.has_tokens() {
            return Ok(());
        }
        if !credentials.contains_key("token_key") {
            return Err("masking: tokens need a key: name it as credentials.token_key".into());
        }
        let column = self.columns.values().any(|mask| {
            mask.transform().or_else(|| self.transforms.get(mask.label()).copied()) == Some(Transform::Token)
        });
        if column && self.guarantee == Guarantee::Enforced {
            return Err(
                "masking.columns: a database that keeps values from the login cannot make tokens of them".into()
            );
        }
        Ok(())
    }

    /// Whether values can be kept from the database as columns say.
    fn check_modes(&self) -> Result<(), String> {
        for (column, mask) in &self.columns {
            if mask.mode() != RequestMode::Record && self.guarantee != Guarantee::Strict {
                return Err(format!("masking.columns: {column}: `mode` needs `guarantee: strict`"));
            }
            if mask.holds_tokens() && (mask.mode() != RequestMode::Token || mask.transform().is_some()) {
                return Err(format!("masking.columns: {column}: `holds_tokens` needs `mode: token`, and no transform"));
            }
        }
        Ok(())
    }

    /// As a connection keeps it: the name of a label, or a detector as JSON. Each once.
    fn stored(self) -> Vec<String> {
        let mut stored: Vec<String> = Vec::new();
        for detector in self.labels.into_iter().chain(self.detectors.iter().map(Detector::to_string)) {
            if !stored.contains(&detector) {
                stored.push(detector);
            }
        }
        stored
    }

    /// What `stored` gave.
    fn read(stored: &[String]) -> Self {
        let mut masking = Self::default();
        for text in stored {
            match text.parse() {
                Ok(detector @ Detector::Custom(_)) => masking.detectors.push(detector),
                _ => masking.labels.push(text.clone()),
            }
        }
        masking
    }
}

/// The document is not usable. The text says where and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DocumentError(String);

impl Document {
    /// Reads YAML, of which JSON is a part, and checks everything.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let document: Self = serde_yaml_ng::from_str(text).map_err(|error| DocumentError(error.to_string()))?;
        document.check()?;
        Ok(document)
    }

    /// Writes YAML, in the order of the fields.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn to_yaml(&self) -> Result<String, DocumentError> {
        let wrong = |error: &dyn std::error::Error| DocumentError(error.to_string());
        // By way of JSON, so that enums are written as maps and not as YAML tags, which would not be read back.
        let json = serde_json::to_string(self).map_err(|error| wrong(&error))?;
        let plain: serde_yaml_ng::Value = serde_json::from_str(&json).map_err(|error| wrong(&error))?;
        serde_yaml_ng::to_string(&plain).map_err(|error| wrong(&error))
    }

    /// Checks what the types do not say.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub(super) fn check(&self) -> Result<(), DocumentError> {
        if self.connections.len() > CONNECTIONS_LIMIT {
            return Err(DocumentError(format!("more than {CONNECTIONS_LIMIT} connections")));
        }
        let mut names = BTreeSet::new();
        for (index, connection) in self.connections.iter().enumerate() {
            let place = |text: String| DocumentError(format!("connections[{index}] ({}): {text}", connection.name));
            connection.check().map_err(place)?;
            if !names.insert(&connection.name) {
                return Err(place("the name is used twice".into()));
            }
        }
        let mut names = BTreeSet::new();
        for (index, document) in self.policies.iter().enumerate() {
            let place = |text: String| DocumentError(format!("policies[{index}] ({}){text}", document.name));
            document.check().map_err(place)?;
            if !names.insert(&document.name) {
                return Err(place(": the name is used twice".into()));
            }
        }
        Ok(())
    }
}

impl ConnectionDocument {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err("name: use 1 to 63 of a-z, 0-9 and -, not at an end".into());
        }
        if !is_name(&self.agent) {
            return Err("agent: use 1 to 63 of a-z, 0-9 and -, not at an end".into());
        }
        if !is_address(&self.address) {
            return Err("address: write host:port".into());
        }
        let roles = roles(self.settings.protocol());
        for (role, reference) in &self.credentials {
            if !roles.contains(&role.as_str()) {
                return Err(format!("credentials.{role}: not one of {}", roles.join(", ")));
            }
            if !REFERENCES.iter().any(|start| reference.strip_prefix(start).is_some_and(|rest| !rest.is_empty())) {
                return Err(format!("credentials.{role}: write a reference, env:NAME or file:/path, not a value"));
            }
        }
        if let Some(label) =
            self.masking.labels.iter().find(|label| Label::ALL.iter().all(|known| known.as_str() != **label))
        {
            return Err(format!("masking.labels: `{label}` is no label with a detector"));
        }
        Masker::compile(&self.masking.detectors, Options::default())
            .map_err(|error| format!("masking.detectors: {error}"))?;
        match &self.settings {
            Settings::Postgres(settings) if settings.masking.is_default() => {}
            Settings::Postgres(_) => return Err("settings.masking: write masking.columns instead".into()),
            _ if self.masking.of_columns().is_default() => {}
            _ => return Err("masking.columns: only PostgreSQL has columns".into()),
        }
        if !self.settings.transforms().is_empty() {
            return Err("settings: write masking.transforms instead".into());
        }
        self.masking.check_transforms(&self.credentials)?;
        if self.settings.has_tokens() && !self.credentials.contains_key("token_key") {
            return Err("settings: tokens need a key: name it as credentials.token_key".into());
        }
        self.masking.of_columns().parts().map_err(|wrong| format!("masking.columns: {wrong}"))?;
        self.masking.of_columns().allowed().map_err(|wrong| format!("masking.functions: {wrong}"))?;
        self.masking.of_columns().check_lookups().map_err(|wrong| format!("masking.lookups: {wrong}"))?;
        if let Settings::Http(http) = &self.settings {
            super::http_settings::check(http)?;
        }
        if self.access.groups.iter().any(|group| group.is_empty() || group.len() > 256) {
            return Err("access.groups: a group has 1 to 256 bytes".into());
        }
        Ok(())
    }
}

impl From<ConnectionDocument> for Connection {
    fn from(document: ConnectionDocument) -> Self {
        let mut document = document;
        if let Settings::Postgres(settings) = &mut document.settings {
            settings.masking = document.masking.of_columns();
        }
        *document.settings.transforms_mut() = document.masking.transforms.clone();
        Self {
            name: document.name,
            address: document.address,
            agent: document.agent,
            settings: document.settings,
            credentials: document.credentials,
            groups: document.access.groups,
            detectors: document.masking.stored(),
            labels: document.labels,
        }
    }
}

impl From<&Connection> for ConnectionDocument {
    fn from(connection: &Connection) -> Self {
        let mut settings = connection.settings.clone();
        let transforms = std::mem::take(settings.transforms_mut());
        let marked = match &mut settings {
            Settings::Postgres(settings) => std::mem::take(&mut settings.masking),
            _ => proto::Masking::default(),
        };
        Self {
            name: connection.name.clone(),
            agent: connection.agent.clone(),
            address: connection.address.clone(),
            settings,
            credentials: connection.credentials.clone(),
            access: Access { groups: connection.groups.clone() },
            masking: Masking {
                guarantee: marked.guarantee,
                columns: marked.columns,
                functions: marked.functions,
                lookups: marked.lookups,
                collisions_per_hour: marked.collisions_per_hour,
                transforms,
                ..Masking::read(&connection.detectors)
            },
            labels: connection.labels.clone(),
        }
    }
}

/// The roles that credential references may have.
fn roles(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Postgres => &["password", "client_cert", "client_key", "token_key"],
        Protocol::Ssh => &["key", "key_passphrase", "certificate", "password", "token_key"],
        Protocol::Http => &["token", "password", "header", "client_cert", "client_key", "token_key"],
    }
}

/// Names can stand in a host name, a path and a shell's line.
pub(super) fn is_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inside) && !name.starts_with('-') && !name.ends_with('-')
}

fn is_address(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    (1..=255).contains(&host.len()) && host.bytes().all(plain) && port.parse::<u16>().is_ok_and(|port| port > 0)
}
