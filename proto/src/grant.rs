//! A decision as data.

use std::{collections::BTreeMap, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::Settings;

/// Who may talk to which target until when, and what is masked on the way. Made by the gateway out of a
/// permit; the agent obeys it within its own allow-list.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The connection's name.
    pub connection: String,
    /// `host:port` of the target.
    pub address: String,
    /// What the protocol needs to know about the target.
    pub settings: Settings,
    /// Credential references by role (`password`, `key`, ...), such as `env:NAME` or `file:/path`.
    pub credentials: BTreeMap<String, String>,
    /// Who calls.
    pub caller: Caller,
    /// When the session must be over.
    pub not_after: SystemTime,
    /// Labels whose detectors run over what comes back.
    pub detectors: Vec<String>,
    /// What the caller asked for at login, per protocol: `database`, `login`, startup parameters.
    pub requested: BTreeMap<String, String>,
}

/// An authenticated caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The identity provider's subject, or its configured name claim.
    pub subject: String,
    /// The issuer that vouched for the subject.
    pub issuer: String,
    /// Groups from the identity provider's claims.
    pub groups: Vec<String>,
    /// `ticket`, `ssh-key`.
    pub method: String,
    /// Opaque id of the credential used; never the credential.
    pub credential_id: String,
    /// Source address, `ip:port`.
    pub source: String,
    /// What the client says it is; untrusted.
    pub client: String,
    /// When the caller signed in at the identity provider, in milliseconds since 1970; 0 if it is not known.
    #[serde(default)]
    pub authenticated_at_unix_ms: i64,
    /// Whether the identity provider vouched for a second factor.
    #[serde(default)]
    pub mfa: bool,
    /// Why, if the caller said so.
    #[serde(default)]
    pub reason: String,
    /// Who makes the call, if not the subject.
    #[serde(default)]
    pub actor: Option<Actor>,
}

/// A workload or AI agent that acts for a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `workload` or `ai`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its groups.
    pub groups: Vec<String>,
}
