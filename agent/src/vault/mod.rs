//! Where target credentials come from, and the allow-list that says which target may get which.
//!
//! A credential is a reference (`env:NAME`, `file:/path`) that is read on each use. The allow-list is local to the
//! agent: the gateway can ask only for pairs of target and reference that the agent's operator wrote down.

mod allow;
mod source;

use zeroize::Zeroizing;

pub use self::{
    allow::{Allow, AllowList},
    source::{EnvSource, FileSource, Source},
};

/// A target's secret. Never printed, wiped on drop.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Wraps the secret's bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret itself, for the one place that sends it to the target.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn expose_str(&self) -> Result<&str, VaultError> {
        std::str::from_utf8(&self.0).map_err(|_| VaultError::NotText)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Resolves references within the allow-list.
pub struct Vault {
    allow: AllowList,
    sources: Vec<(&'static str, Box<dyn Source>)>,
}

impl Vault {
    /// A vault that reads the environment and files.
    #[must_use]
    pub fn new(allow: AllowList) -> Self {
        Self { allow, sources: vec![("env", Box::new(EnvSource)), ("file", Box::new(FileSource))] }
    }

    /// Whether sessions to `address` (`host:port`) are allowed at all.
    #[must_use]
    pub fn allows(&self, address: &str) -> bool {
        self.allow.names(address)
    }

    /// Reads the secret behind `reference` for the target at `address`.
    ///
    /// # Errors
    /// If the allow-list does not name the pair, or the secret cannot be read.
    pub async fn resolve(&self, address: &str, reference: &str) -> Result<Secret, VaultError> {
        if !self.allow.names(address) {
            return Err(VaultError::TargetNotAllowed);
        }
        if !self.allow.lends(address, reference) {
            return Err(VaultError::ReferenceNotAllowed);
        }
        let (kind, name) = reference.split_once(':').ok_or(VaultError::UnknownSource)?;
        let (_, source) = self.sources.iter().find(|(known, _)| *known == kind).ok_or(VaultError::UnknownSource)?;
        source.read(name).await
    }
}

/// Why a secret was not given out. Never carries the secret or the path.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The allow-list does not name the target.
    #[error("the target is not on the allow-list")]
    TargetNotAllowed,
    /// The allow-list does not name the reference for this target.
    #[error("the credential reference is not allowed for this target")]
    ReferenceNotAllowed,
    /// No source of that kind.
    #[error("no credential source of that kind")]
    UnknownSource,
    /// The source does not have it.
    #[error("the credential cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// The credential must be text and is not.
    #[error("the credential is not UTF-8")]
    NotText,
}

impl VaultError {
    /// Whether it was refused, rather than missing.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::TargetNotAllowed | Self::ReferenceNotAllowed)
    }
}
