//! The agent's key and certificate, on disk. The key is made here and never leaves.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What the agent proves itself with, and the gateway root it trusts.
#[derive(Clone)]
pub struct Identity {
    /// PKCS#8 DER.
    key: Zeroizing<Vec<u8>>,
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The authority of the gateway's listeners.
    pub root: CertificateDer<'static>,
    /// Counts renewals.
    pub generation: u64,
    /// When the certificate was issued and when it ends.
    pub issued: SystemTime,
    /// When it ends.
    pub not_after: SystemTime,
}

/// A key that has no certificate yet.
pub struct Request {
    key: Zeroizing<Vec<u8>>,
    /// The signing request, DER.
    pub csr: Vec<u8>,
}

/// What stands in `identity.json`.
#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    chain: Vec<String>,
    root: String,
    generation: u64,
    issued_unix: u64,
    not_after_unix: u64,
}

/// What went wrong with the agent's identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The file's content is not usable.
    #[error("{0} is damaged; remove it and enrol again")]
    Damaged(PathBuf),
    /// A key or request could not be made.
    #[error("key: {0}")]
    Key(#[from] rcgen::Error),
}

impl Request {
    /// Makes a key and a signing request for it.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, IdentityError> {
        Self::with(&KeyPair::generate()?)
    }

    /// The request for the next certificate. Its key is kept in `directory` until [`Identity::save`], so that a request whose
    /// answer was lost can be made again with the same key: another key would look like a clone.
    ///
    /// # Errors
    /// If the key cannot be kept.
    pub fn renewal(directory: &Path) -> Result<Self, IdentityError> {
        let path = directory.join("renewal.key");
        if let Ok(pem) = std::fs::read_to_string(&path).map(Zeroizing::new)
            && let Ok(key) = KeyPair::from_pem(&pem)
        {
            return Self::with(&key);
        }
        let key = KeyPair::generate()?;
        write_private(&path, key.serialize_pem().as_bytes()).map_err(|error| IdentityError::File(path, error))?;
        Self::with(&key)
    }

    fn with(key: &KeyPair) -> Result<Self, IdentityError> {
        let csr = CertificateParams::new(Vec::new())?.serialize_request(key)?;
        Ok(Self { key: Zeroizing::new(key.serialize_der()), csr: csr.der().to_vec() })
    }

    /// The identity, once the gateway has signed.
    #[must_use]
    pub fn signed(self, answer: proto::rpc::Enrolled) -> Identity {
        Identity {
            key: self.key,
            chain: answer.chain_der.into_iter().map(|der| CertificateDer::from(der.to_vec())).collect(),
            root: CertificateDer::from(answer.root_der.to_vec()),
            generation: answer.generation,
            issued: SystemTime::now(),
            not_after: proto::convert::from_unix_ms(answer.not_after_unix_ms),
        }
    }
}

impl Identity {
    /// The private key, for TLS.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.to_vec()).into()
    }

    /// When to renew: at half life.
    #[must_use]
    pub fn renew_at(&self) -> SystemTime {
        let life = self.not_after.duration_since(self.issued).unwrap_or_default();
        self.issued + life / 2
    }

    /// Reads the identity from `directory`; `None` if the agent is not enrolled.
    ///
    /// # Errors
    /// If the file is there but not usable.
    pub fn load(directory: &Path) -> Result<Option<Self>, IdentityError> {
        let path = directory.join("identity.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IdentityError::File(path, error)),
        };
        let stored: Stored = serde_json::from_str(&text).map_err(|_| IdentityError::Damaged(path.clone()))?;
        Self::from_stored(&stored).map(Some).ok_or(IdentityError::Damaged(path))
    }

    /// Writes the identity, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), IdentityError> {
        let path = directory.join("identity.json");
        let next = directory.join("identity.json.next");
        let stored = Stored {
            key: hex::encode(&*self.key),
            chain: self.chain.iter().map(hex::encode).collect(),
            root: hex::encode(&self.root),
            generation: self.generation,
            issued_unix: unix(self.issued),
            not_after_unix: unix(self.not_after),
        };
        let text = Zeroizing::new(serde_json::to_string(&stored).unwrap_or_default());
        let write = || {
            std::fs::create_dir_all(directory)?;
            write_private(&next, text.as_bytes())?;
            std::fs::rename(&next, &path)?;
            match std::fs::remove_file(directory.join("renewal.key")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        write().map_err(|error| IdentityError::File(path.clone(), error))
    }

    fn from_stored(stored: &Stored) -> Option<Self> {
        let certificate = |text: &String| hex::decode(text).ok().map(CertificateDer::from);
        Some(Self {
            key: Zeroizing::new(hex::decode(&stored.key).ok()?),
            chain: stored.chain.iter().map(certificate).collect::<Option<_>>()?,
            root: certificate(&stored.root)?,
            generation: stored.generation,
            issued: UNIX_EPOCH + Duration::from_secs(stored.issued_unix),
            not_after: UNIX_EPOCH + Duration::from_secs(stored.not_after_unix),
        })
    }
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
