//! What the configuration file says, before any check. Absent and empty sections mean the same.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// `gateway.toml` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawConfig {
    /// `production` (default) or `development`.
    pub mode: Option<String>,
    /// Keys, certificates, the default database and recordings.
    pub state_dir: Option<PathBuf>,
    /// `https://host:port` of console and API, as browsers reach it.
    pub public_url: Option<String>,
    /// Host names and addresses in the gateway's own certificate.
    pub names: Vec<String>,
    /// Worker threads; one for two cores when absent.
    pub workers: Option<usize>,
    /// Addresses to listen on.
    pub listen: RawListen,
    /// A certificate of your own for people-facing listeners.
    pub tls: RawTls,
    /// The gateway's own database.
    pub store: RawStore,
    /// Where recordings go.
    pub recordings: RawRecordings,
    /// The OpenID provider.
    pub oidc: Option<RawOidc>,
    /// Who administers and who audits.
    pub roles: RawRoles,
    /// Bounds.
    pub limits: RawLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawListen {
    pub console: Option<String>,
    pub tunnel: Option<String>,
    pub postgres: Option<String>,
    pub ssh: Option<String>,
    pub http: Option<String>,
    /// Listeners that speak plain text: `postgres`, `http`. Only for a loopback or another encrypted hop.
    pub plaintext: Vec<String>,
    /// `<connection>.<http_domain>` reaches a connection by host name.
    pub http_domain: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTls {
    /// PEM chain, leaf first.
    pub certificate: Option<PathBuf>,
    /// PEM key.
    pub key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawStore {
    /// `sqlite://path?mode=rwc` or `postgres://...`; may be a reference `env:NAME` or `file:/path`.
    pub url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRecordings {
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawOidc {
    pub issuer: String,
    pub client_id: String,
    /// A reference: `env:NAME` or `file:/path`. Absent for public clients.
    pub client_secret: Option<String>,
    pub scopes: Vec<String>,
    pub groups_claim: Option<String>,
    pub name_claim: Option<String>,
    /// PEM to trust for the provider, besides the public roots.
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRoles {
    /// They administer whatever policies say.
    pub operator_groups: Vec<String>,
    pub admin_groups: Vec<String>,
    pub auditor_groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLimits {
    /// Connections before and after login, per listener.
    pub connections: Option<usize>,
    pub login_deadline_seconds: Option<u64>,
    pub session_hours: Option<u64>,
    pub ticket_hours: Option<u64>,
    pub drain_seconds: Option<u64>,
    #[serde(flatten)]
    pub unknown: BTreeMap<String, toml::Value>,
}
