//! Which host keys a target may show. There is no connection without a pin.

use std::path::PathBuf;

use proto::{Code, Ending, SshSettings};
use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyBase64 as _, known_hosts};

/// The host keys that are accepted for one target.
#[derive(Debug)]
pub(super) struct HostKeys {
    keys: Vec<PublicKey>,
    fingerprints: Vec<String>,
    revoked: Vec<String>,
}

impl HostKeys {
    /// Reads the pins of the settings and of the known_hosts file for `host` and `port`.
    ///
    /// # Errors
    /// [`Code::TargetIdentity`] if a pin cannot be read or there is none.
    pub(super) async fn load(settings: &SshSettings, host: &str, port: u16) -> Result<Self, Ending> {
        let mut pins = Self { keys: Vec::new(), fingerprints: Vec::new(), revoked: Vec::new() };
        for line in settings.host_keys.iter().map(|line| line.trim()) {
            if line.starts_with("SHA256:") {
                pins.fingerprints.push(line.trim_end_matches('=').to_owned());
            } else {
                pins.keys.push(PublicKey::from_openssh(line).map_err(|_| unreadable())?);
            }
        }
        if let Some(path) = settings.known_hosts.clone().map(PathBuf::from) {
            let host = host.to_owned();
            let read = tokio::task::spawn_blocking(move || read_known_hosts(&path, &host, port));
            let (keys, revoked) = read.await.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
            pins.keys.extend(keys);
            pins.revoked = revoked;
        }
        if pins.keys.is_empty() && pins.fingerprints.is_empty() {
            return Err(Ending::new(Code::TargetIdentity, "no host key of the target is known"));
        }
        Ok(pins)
    }

    /// Whether the target may show this key.
    pub(super) fn accepts(&self, key: &PublicKey) -> bool {
        let is_revoked = self.revoked.contains(&key.public_key_base64());
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let is_pinned = self.keys.iter().any(|pinned| pinned.key_data() == key.key_data())
            || self.fingerprints.contains(&fingerprint);
        is_pinned && !is_revoked
    }

    /// The algorithms to ask for, so that the target shows a key that is pinned; `None` if any may be.
    pub(super) fn algorithms(&self) -> Option<Vec<Algorithm>> {
        if !self.fingerprints.is_empty() {
            return None;
        }
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for key in &self.keys {
            match key.algorithm() {
                Algorithm::Rsa { .. } => {
                    algorithms
                        .extend([HashAlg::Sha512, HashAlg::Sha256].map(|hash| Algorithm::Rsa { hash: Some(hash) }));
                }
                other => algorithms.push(other),
            }
        }
        Some(algorithms)
    }
}

fn unreadable() -> Ending {
    Ending::new(Code::TargetIdentity, "the known host keys of the target cannot be read")
}

type KnownHosts = (Vec<PublicKey>, Vec<String>);

fn read_known_hosts(path: &std::path::Path, host: &str, port: u16) -> Result<KnownHosts, russh::keys::Error> {
    let text = std::fs::read_to_string(path)?;
    let revoked = text.lines().filter_map(|line| line.strip_prefix("@revoked"));
    let revoked = revoked.filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect();
    let keys = known_hosts::known_host_keys_path(host, port, path)?;
    Ok((keys.into_iter().map(|(_, key)| key).collect(), revoked))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";

    fn settings(host_keys: &[&str], known_hosts: Option<&std::path::Path>) -> SshSettings {
        let known_hosts = known_hosts.map(|path| path.to_str().unwrap());
        serde_json::from_value(serde_json::json!({
            "login": "deploy", "host_keys": host_keys, "known_hosts": known_hosts,
        }))
        .unwrap()
    }

    fn key(line: &str) -> PublicKey {
        PublicKey::from_openssh(line).unwrap()
    }

    #[tokio::test]
    async fn without_a_pin_there_is_no_connection() {
        let refused = HostKeys::load(&settings(&[], None), "web", 22).await.unwrap_err();
        assert_eq!(refused.code, Code::TargetIdentity);
        assert!(HostKeys::load(&settings(&["nonsense"], None), "web", 22).await.is_err());
    }

    #[tokio::test]
    async fn a_pinned_line_or_fingerprint_accepts_that_key_only() {
        let fingerprint = key(ONE).fingerprint(HashAlg::Sha256).to_string();
        for pin in [ONE, fingerprint.as_str()] {
            let pins = HostKeys::load(&settings(&[pin], None), "web", 22).await.unwrap();
            assert!(pins.accepts(&key(ONE)));
            assert!(!pins.accepts(&key(OTHER)));
        }
    }

    #[tokio::test]
    async fn known_hosts_counts_for_its_host_and_port_and_honours_revocation() {
        let folder = std::env::temp_dir().join(format!("known-hosts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("known_hosts");
        std::fs::write(&path, format!("[web]:2222 {ONE}\n[web]:2222 {OTHER}\n@revoked * {OTHER}\n")).unwrap();
        let pins = HostKeys::load(&settings(&[], Some(&path)), "web", 2222).await.unwrap();
        assert!(pins.accepts(&key(ONE)));
        assert!(!pins.accepts(&key(OTHER)));
        assert!(HostKeys::load(&settings(&[], Some(&path)), "web", 22).await.is_err());
        assert!(HostKeys::load(&settings(&[], Some(&folder.join("none"))), "web", 22).await.is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
