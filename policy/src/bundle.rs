//! A bundle: all policies and what they speak about, at one version. Immutable; a change makes the next one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Everything a decision rests on, besides the caller and the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Counts up by one with every change.
    pub version: u64,
    /// Policy documents by name.
    pub documents: Vec<Document>,
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// Where people read more about a rule: a URL without a trailing slash; empty if there is none.
    #[serde(default)]
    pub help: String,
}

/// One policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its name: `default`, `shop`.
    pub name: String,
    /// Cedar policies.
    pub text: String,
}

/// What policy knows about a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// `postgres`, `ssh`, `http`.
    pub protocol: String,
    /// Groups that the connection names.
    #[serde(default)]
    pub access: BTreeSet<String>,
    /// Free labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Functions that the connection itself describes (an OpenAPI document, route templates). Those that every
    /// connection of its protocol has are not listed.
    #[serde(default)]
    pub functions: Vec<Described>,
    /// Hex SHA-256 of what describes them, so that a change of it is another bundle; empty if nothing does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub described_by: String,
}

/// A function that a connection describes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// Its name: the operation id.
    pub name: String,
    /// Labels that the document gives it, such as `money`.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Its parameters.
    #[serde(default)]
    pub arguments: BTreeMap<String, Kind>,
}

/// The type of an argument, as policies see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `Bool`.
    Flag,
    /// `Long`.
    Long,
    /// `decimal`: four digits after the point.
    Decimal,
    /// `String`.
    Text,
    /// `Set<String>`.
    Texts,
}

impl Bundle {
    /// SHA-256 over everything but the version, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let unversioned = (&self.documents, &self.connections, &self.help);
        // Maps are ordered, so equal bundles have equal text.
        let text = serde_json::to_vec(&unversioned).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

/// The parts of a gateway that are no connections, as policies name them.
pub(crate) const GATEWAY_PARTS: [&str; 2] = ["policies", "agents"];

/// Functions that every connection of a protocol has.
#[must_use]
pub fn builtin(protocol: &str) -> &'static [&'static str] {
    match protocol {
        "postgres" => &[
            "select",
            "insert",
            "update",
            "delete",
            "merge",
            "truncate",
            "create",
            "alter",
            "drop",
            "comment",
            "grant",
            "revoke",
            "copy_in",
            "copy_out",
            "call",
            "do",
            "set",
            "show",
            "listen",
            "notify",
            "lock",
            "vacuum",
            "maintain",
            "sequence",
            "explain",
            "prepare",
            "execute",
            "cursor",
            "transaction",
            "discard",
            "admin",
            "unknown",
        ],
        "ssh" => &[
            "shell",
            "exec",
            "sftp",
            "sftp-read",
            "sftp-write",
            "sftp-remove",
            "scp-read",
            "scp-write",
            "rsync-read",
            "rsync-write",
            "git-read",
            "git-write",
            "subsystem",
            "forward",
            "remote-forward",
        ],
        "http" => &["get", "head", "options", "post", "put", "patch", "delete", "connect", "trace", "unknown"],
        _ => &[],
    }
}
