//! What the gateway was told, checked. Every mistake in the file is reported at once.

mod raw;
mod reference;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use raw::RawConfig;
pub use reference::{ReferenceError, resolve};

/// How strict the gateway is about its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Refuses development identity providers and development shortcuts.
    Production,
    /// For demonstrations and tests.
    Development,
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Production or development.
    pub mode: Mode,
    /// Keys, certificates, the default database and recordings.
    pub state_dir: PathBuf,
    /// `https://host:port` of console and API, without a trailing slash.
    pub public_url: String,
    /// Host names and addresses in the gateway's own certificate.
    pub names: Vec<String>,
    /// Worker threads.
    pub workers: usize,
    /// Where to listen.
    pub listen: Listen,
    /// A certificate of the operator's own: PEM chain and key files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Database URL.
    pub store_url: String,
    /// Where recordings go.
    pub recordings_dir: PathBuf,
    /// The OpenID provider, if people may sign in.
    pub oidc: Option<Oidc>,
    /// Members administer whatever policies say; for when a rule has locked out everybody else.
    pub operator_groups: Vec<String>,
    /// Members administer, unless a policy forbids it.
    pub admin_groups: Vec<String>,
    /// Members audit.
    pub auditor_groups: Vec<String>,
    /// Bounds.
    pub limits: Limits,
}

/// Addresses to listen on.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Console and API, TLS.
    pub console: SocketAddr,
    /// Agents, mutual TLS.
    pub tunnel: SocketAddr,
    /// PostgreSQL clients.
    pub postgres: Option<SocketAddr>,
    /// SSH clients.
    pub ssh: Option<SocketAddr>,
    /// HTTP callers.
    pub http: Option<SocketAddr>,
    /// PostgreSQL without TLS.
    pub postgres_plaintext: bool,
    /// HTTP without TLS.
    pub http_plaintext: bool,
    /// `<connection>.<http_domain>` reaches a connection by host name.
    pub http_domain: Option<String>,
}

/// The OpenID provider.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Issuer URL; discovery is below it.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// A reference to our client secret there.
    pub client_secret: Option<String>,
    /// Asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// The claim that becomes the subject's name in records.
    pub name_claim: String,
    /// PEM to trust for the provider, besides the public roots.
    pub ca_file: Option<PathBuf>,
}

/// Bounds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections per listener.
    pub connections: usize,
    /// How long a client may take to log in.
    pub login_deadline: Duration,
    /// How long a session may last.
    pub session: Duration,
    /// The longest life of a ticket.
    pub ticket: Duration,
    /// How long open sessions may go on after SIGTERM.
    pub drain: Duration,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads and checks a TOML text.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text).map_err(|error| ConfigError(vec![error.to_string()]))?;
        Self::check(raw)
    }

    fn check(raw: RawConfig) -> Result<Self, ConfigError> {
        let mut wrong = Vec::new();
        let state_dir = raw.state_dir.unwrap_or_else(|| {
            wrong.push("state_dir is missing".to_owned());
            PathBuf::new()
        });
        let mode = match raw.mode.as_deref() {
            None | Some("production") => Mode::Production,
            Some("development") => Mode::Development,
            Some(other) => {
                wrong.push(format!("mode: `{other}` is neither `production` nor `development`"));
                Mode::Production
            }
        };
        let public_url = raw.public_url.unwrap_or_default().trim_end_matches('/').to_owned();
        if !public_url.starts_with("https://") {
            wrong.push("public_url must be the https:// address of the console".to_owned());
        }
        let listen = check_listen(raw.listen, &mut wrong);
        let tls = match (raw.tls.certificate, raw.tls.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                wrong.push("tls: certificate and key go together".to_owned());
                None
            }
        };
        let store_url = match raw.store.url {
            Some(url) => resolve(&url).unwrap_or_else(|error| {
                wrong.push(format!("store.url: {error}"));
                String::new()
            }),
            None => format!("sqlite://{}?mode=rwc", state_dir.join("gateway.db").display()),
        };
        for key in raw.limits.unknown.keys() {
            wrong.push(format!("limits.{key} is not known"));
        }
        let config = Self {
            mode,
            public_url,
            names: if raw.names.is_empty() { vec!["localhost".into(), "127.0.0.1".into()] } else { raw.names },
            workers: raw.workers.unwrap_or_else(workers).max(1),
            listen,
            tls,
            store_url,
            recordings_dir: raw.recordings.dir.unwrap_or_else(|| state_dir.join("recordings")),
            oidc: raw.oidc.map(|oidc| check_oidc(oidc, &mut wrong)),
            operator_groups: raw.roles.operator_groups,
            admin_groups: raw.roles.admin_groups,
            auditor_groups: raw.roles.auditor_groups,
            limits: Limits {
                connections: raw.limits.connections.unwrap_or(20_000),
                login_deadline: Duration::from_secs(raw.limits.login_deadline_seconds.unwrap_or(20)),
                session: Duration::from_secs(raw.limits.session_hours.unwrap_or(12) * 3600),
                ticket: Duration::from_secs(raw.limits.ticket_hours.unwrap_or(24) * 3600),
                drain: Duration::from_secs(raw.limits.drain_seconds.unwrap_or(10)),
            },
            state_dir,
        };
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError(wrong)) }
    }
}

/// Half the cores: a message crosses two tasks on its way, and waking a second thread for it costs more than it gains until
/// one thread is busy (measured on two cores: 1.5 times the queries, two thirds of the processor time of two threads).
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).div_ceil(2)
}

fn check_listen(raw: raw::RawListen, wrong: &mut Vec<String>) -> Listen {
    let mut address = |name: &str, text: Option<String>, default: Option<&str>| -> Option<SocketAddr> {
        let text = text.or_else(|| default.map(str::to_owned))?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                wrong.push(format!("listen.{name}: `{text}` is no address with a port"));
                None
            }
        }
    };
    let fallback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = Listen {
        console: address("console", raw.console, Some("127.0.0.1:8443")).unwrap_or(fallback),
        tunnel: address("tunnel", raw.tunnel, Some("127.0.0.1:8444")).unwrap_or(fallback),
        postgres: address("postgres", raw.postgres, None),
        ssh: address("ssh", raw.ssh, None),
        http: address("http", raw.http, None),
        postgres_plaintext: raw.plaintext.iter().any(|name| name == "postgres"),
        http_plaintext: raw.plaintext.iter().any(|name| name == "http"),
        http_domain: raw.http_domain,
    };
    for name in &raw.plaintext {
        if name != "postgres" && name != "http" {
            wrong.push(format!("listen.plaintext: `{name}` cannot be without TLS"));
        }
    }
    listen
}

fn check_oidc(raw: raw::RawOidc, wrong: &mut Vec<String>) -> Oidc {
    if raw.issuer.is_empty() || raw.client_id.is_empty() {
        wrong.push("oidc needs issuer and client_id".to_owned());
    }
    Oidc {
        issuer: raw.issuer,
        client_id: raw.client_id,
        client_secret: raw.client_secret,
        scopes: if raw.scopes.is_empty() { vec!["profile".into(), "email".into()] } else { raw.scopes },
        groups_claim: raw.groups_claim.unwrap_or_else(|| "groups".into()),
        name_claim: raw.name_claim.unwrap_or_else(|| "sub".into()),
        ca_file: raw.ca_file,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_short_file_is_enough() {
        let config = Config::parse("state_dir = '/s'\npublic_url = 'https://gw.example/'").unwrap();
        assert_eq!(config.mode, Mode::Production);
        assert_eq!(config.public_url, "https://gw.example");
        assert!(config.store_url.starts_with("sqlite:///s/gateway.db"));
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error =
            Config::parse("mode = 'x'\n[listen]\nssh = 'nowhere'\nplaintext = ['ssh']").unwrap_err().to_string();
        for part in ["state_dir", "mode", "public_url", "listen.ssh", "listen.plaintext"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(Config::parse("state_dir = '/s'\npublic_url = 'https://gw'\nshadow = 1").is_err());
    }
}
