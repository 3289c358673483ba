//! What a connection says about its target, per protocol. Written by administrators (`sallyport apply`), checked
//! by the gateway when saved, and read by the agent. No secret stands here: credentials are references.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::functions::{FunctionEffect, HttpKind, HttpMask};
use crate::masking::{Masking, Transform};

/// The protocols that are proxied. Adding one adds a variant here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// PostgreSQL frontend/backend protocol 3.
    Postgres,
    /// SSH connection protocol (RFC 4254).
    Ssh,
    /// HTTP/1.1, HTTP/2, gRPC, websockets.
    Http,
}

impl Protocol {
    /// The word used in files, records and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Ssh => "ssh",
            Self::Http => "http",
        }
    }

    /// The protocol of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Postgres, Self::Ssh, Self::Http].into_iter().find(|protocol| protocol.as_str() == word)
    }
}

/// Typed settings of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Settings {
    /// A PostgreSQL server.
    Postgres(PostgresSettings),
    /// An SSH server.
    Ssh(SshSettings),
    /// An HTTP server.
    Http(HttpSettings),
}

impl Settings {
    /// Which protocol these settings are for.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Postgres(_) => Protocol::Postgres,
            Self::Ssh(_) => Protocol::Ssh,
            Self::Http(_) => Protocol::Http,
        }
    }

    /// What stands in place of values of each label.
    #[must_use]
    pub fn transforms(&self) -> &BTreeMap<String, Transform> {
        match self {
            Self::Postgres(settings) => &settings.masking.transforms,
            Self::Ssh(settings) => &settings.transforms,
            Self::Http(settings) => &settings.mask.transforms,
        }
    }

    /// The same, to be changed.
    pub fn transforms_mut(&mut self) -> &mut BTreeMap<String, Transform> {
        match self {
            Self::Postgres(settings) => &mut settings.masking.transforms,
            Self::Ssh(settings) => &mut settings.transforms,
            Self::Http(settings) => &mut settings.mask.transforms,
        }
    }

    /// Whether tokens are made of anything, so that a key is needed.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        let marked = match self {
            Self::Postgres(settings) => settings.masking.has_tokens(),
            Self::Http(settings) => settings.mask.requests.has_tokens(),
            Self::Ssh(_) => false,
        };
        marked || self.transforms().values().any(|transform| *transform == Transform::Token)
    }
}

/// A PostgreSQL target. Credential references used: `password`, `client_cert`, `client_key`, `token_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// The role to log in as.
    pub login: String,
    /// The database opened when the caller names none.
    pub database: String,
    /// Whether `connection/database` may pick another database.
    #[serde(default)]
    pub any_database: bool,
    /// TLS towards the target.
    #[serde(default)]
    pub tls: TargetTls,
    /// What is masked by column.
    #[serde(default, skip_serializing_if = "Masking::is_default")]
    pub masking: Masking,
}

/// An SSH target. Credential references used: `key`, `key_passphrase`, `certificate`, `password`, `token_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshSettings {
    /// The login used when the caller names none.
    pub login: String,
    /// Further logins the caller may name (`login@connection@gateway`).
    #[serde(default)]
    pub logins: Vec<String>,
    /// The target's host keys: OpenSSH public key lines (`ssh-ed25519 AAAA...`) or `SHA256:...` fingerprints. At
    /// least one is needed, here or in `known_hosts`.
    #[serde(default)]
    pub host_keys: Vec<String>,
    /// A known_hosts file on the agent's host.
    #[serde(default)]
    pub known_hosts: Option<String>,
    /// Where `ssh -L` may lead: `host:port`, either part may be `*`.
    #[serde(default)]
    pub forwards: Vec<String>,
    /// Where `ssh -R` may listen on the target: `host:port`, either part may be `*`.
    #[serde(default)]
    pub remote_forwards: Vec<String>,
    /// Environment variables a client may set; a trailing `*` matches any end.
    #[serde(default = "SshSettings::default_env")]
    pub env: Vec<String>,
    /// What stands in place of detected values of each label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transforms: BTreeMap<String, Transform>,
}

impl SshSettings {
    fn default_env() -> Vec<String> {
        ["LANG", "LC_*", "TERM", "GIT_PROTOCOL"].map(str::to_owned).to_vec()
    }
}

/// An HTTP target. Credential references used: `token`, `password`, `header`, `client_cert`, `client_key`, `token_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// `http` or `https` towards the target.
    #[serde(default)]
    pub scheme: Scheme,
    /// Put before every path, for example `/v1`.
    #[serde(default)]
    pub base_path: String,
    /// The `Host` sent to the target; the address when absent.
    #[serde(default)]
    pub host: Option<String>,
    /// How the agent authenticates to the target.
    #[serde(default)]
    pub auth: HttpAuth,
    /// Speak HTTP/2 to the target without asking (gRPC over plain text).
    #[serde(default)]
    pub http2_prior_knowledge: bool,
    /// TLS towards the target; only with `https`.
    #[serde(default)]
    pub tls: TargetTls,
    /// What it speaks, so that its functions are known.
    #[serde(default)]
    pub kind: HttpKind,
    /// The text of an OpenAPI 3.0 or 3.1 document, JSON or YAML: its operations are the functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<String>,
    /// Hex SHA-256 of that text. If given, another text is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi_sha256: Option<String>,
    /// Functions without a document: `METHOD /path/{template}` to name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, String>,
    /// Refuse requests that break the document's schemas.
    #[serde(default)]
    pub validate: bool,
    /// Refuse requests whose content cannot be read whole.
    #[serde(default)]
    pub require_inspection: bool,
    /// What functions do at most, where the document does not say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<String, FunctionEffect>,
    /// Texts of persisted GraphQL documents, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub persisted: BTreeMap<String, String>,
    /// Base64 of a serialised `FileDescriptorSet` (`protoc --descriptor_set_out`): fields of gRPC messages become arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<String>,
    /// What is masked by its place.
    #[serde(default, skip_serializing_if = "HttpMask::is_default")]
    pub mask: Box<HttpMask>,
}

/// The scheme of an HTTP target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plain text.
    #[default]
    Http,
    /// TLS.
    Https,
}

/// How the agent authenticates to an HTTP target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum HttpAuth {
    /// Not at all, or by client certificate.
    #[default]
    None,
    /// `Authorization: Bearer <token>`; the reference is `token`.
    Bearer,
    /// `Authorization: Basic`; the reference is `password`.
    Basic {
        /// The user name.
        user: String,
    },
    /// A header of its own; the reference is `header`.
    Header {
        /// The header's name.
        name: String,
    },
}

/// TLS towards a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetTls {
    /// Whether and how strictly.
    #[serde(default)]
    pub mode: TlsMode,
    /// PEM certificates to trust instead of the public ones. A certificate is no secret.
    #[serde(default)]
    pub ca_pem: Option<String>,
    /// Hex SHA-256 of the target's leaf certificate (DER); replaces chain and name checks.
    #[serde(default)]
    pub pin_sha256: Option<String>,
    /// The name to verify; the host of the address when absent.
    #[serde(default)]
    pub server_name: Option<String>,
}

/// Whether TLS is used towards a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Plain text.
    #[default]
    Disable,
    /// TLS with the chain and the name verified, or the pinned certificate.
    VerifyFull,
}
