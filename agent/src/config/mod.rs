//! What the agent was told, checked. Every mistake in the file is reported at once.

use std::path::PathBuf;

use serde::Deserialize;

use crate::vault::{Allow, AllowList};

/// `agent.toml` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawConfig {
    gateways: Vec<String>,
    state_dir: Option<PathBuf>,
    join_token: Option<String>,
    workers: Option<usize>,
    connections_per_gateway: Option<usize>,
    targets: Vec<Allow>,
    record: RawRecord,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRecord {
    spool_dir: Option<PathBuf>,
    durability: Option<String>,
    quota_mib: Option<u64>,
    min_free_mib: Option<u64>,
    exchange_mib: Option<u64>,
    session_mib: Option<u64>,
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port` of every gateway replica's tunnel listener.
    pub gateways: Vec<String>,
    /// Key, certificate, spool.
    pub state_dir: PathBuf,
    /// Where the join token is, if the agent is not enrolled yet: the token, `env:NAME` or `file:/path`.
    pub join_token: Option<String>,
    /// Worker threads.
    pub workers: usize,
    /// TCP connections to each gateway for sessions.
    pub connections_per_gateway: usize,
    /// The only targets that sessions may go to, and the credentials that each may get.
    pub targets: AllowList,
    /// Recording.
    pub record: Record,
}

/// How recording works.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where events wait until the gateway has stored them; made if it is not there. One agent process at a time.
    pub dir: PathBuf,
    /// When a commit counts as done.
    pub durability: Durability,
    /// Most bytes of all sessions together; when full, sessions end.
    pub quota: u64,
    /// Bytes that must stay free on the file system; looked at when a session starts and, while anything is written, each time the background syncs.
    pub min_free: u64,
    /// Most bytes of data kept of one exchange; the rest is counted and hashed.
    pub exchange_limit: u64,
    /// Most bytes of data kept of one session.
    pub session_limit: u64,
    /// Acknowledged bytes at the start of a live session's file that are worth giving back.
    pub trim_at: u64,
}

impl Record {
    /// The defaults: 2 GiB in all, 256 MiB left free, 5 MiB per exchange, 100 MiB per session.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::default(),
            quota: 2 << 30,
            min_free: 256 << 20,
            exchange_limit: 5 << 20,
            session_limit: 100 << 20,
            trim_at: 16 << 20,
        }
    }
}

/// When what was recorded counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The bytes are in the operating system's page cache: they survive the death of the process, not a loss of power
    /// (that can cost what was written since the last background `fdatasync`: about 50 ms, a quarter of a second while many
    /// sessions write or the disk is slow).
    #[default]
    Process,
    /// The bytes are on the disk (`fdatasync`; commits of one session that wait together share one).
    Disk,
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
        let mut wrong = Vec::new();
        if raw.gateways.is_empty() {
            wrong.push("gateways: at least one `host:port` is needed".to_owned());
        }
        for gateway in &raw.gateways {
            let port = gateway.rsplit_once(':').map(|(_, port)| port.parse::<u16>().is_ok());
            if port != Some(true) {
                wrong.push(format!("gateways: `{gateway}` is not `host:port`"));
            }
        }
        let state_dir = raw.state_dir.unwrap_or_else(|| {
            wrong.push("state_dir is missing".to_owned());
            PathBuf::new()
        });
        let durability = match raw.record.durability.as_deref() {
            None | Some("process") => Durability::Process,
            Some("disk") => Durability::Disk,
            Some(other) => {
                wrong.push(format!("record.durability: `{other}` is neither `process` nor `disk`"));
                Durability::Process
            }
        };
        let mut record = Record::new(raw.record.spool_dir.unwrap_or_else(|| state_dir.join("spool")));
        record.durability = durability;
        let set = |field: &mut u64, mib: Option<u64>| *field = mib.map_or(*field, |mib| mib << 20);
        set(&mut record.quota, raw.record.quota_mib);
        set(&mut record.min_free, raw.record.min_free_mib);
        set(&mut record.exchange_limit, raw.record.exchange_mib);
        set(&mut record.session_limit, raw.record.session_mib);
        let config = Self {
            gateways: raw.gateways,
            join_token: raw.join_token,
            workers: raw.workers.unwrap_or_else(workers).max(1),
            connections_per_gateway: raw.connections_per_gateway.unwrap_or(2).clamp(1, 64),
            targets: AllowList::new(raw.targets),
            record,
            state_dir,
        };
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError(wrong)) }
    }
}

/// The value behind `env:NAME` or `file:/path`, or the text itself; `None` if it cannot be read.
#[must_use]
pub fn reference(text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("env:") {
        return std::env::var(name).ok();
    }
    if let Some(path) = text.strip_prefix("file:") {
        return std::fs::read_to_string(path).ok().map(|value| value.trim().to_owned());
    }
    Some(text.to_owned())
}

/// Half the cores: a message crosses two tasks on its way, and waking a second thread for it costs more than it gains until
/// one thread is busy (measured on two cores: 1.5 times the queries, two thirds of the processor time of two threads).
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).div_ceil(2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_short_file_is_enough() {
        let text = "gateways = ['gw.example:8444']\nstate_dir = '/s'\n\
                    [[targets]]\naddress = 'db:5432'\ncredentials = ['env:PW']";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.record.durability, Durability::Process);
        assert!(config.targets.lends("db:5432", "env:PW"));
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error = Config::parse("gateways = ['nowhere']\n[record]\ndurability = 'maybe'").unwrap_err().to_string();
        for part in ["nowhere", "state_dir", "durability"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
