//! Kinds of credential stores. A source reads one secret by name and keeps nothing.

use async_trait::async_trait;

use super::{Secret, VaultError};

/// A store of secrets: the environment, files, and later a vault or a cloud's secret store.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads the secret called `name`, now.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    async fn read(&self, name: &str) -> Result<Secret, VaultError>;
}

/// `env:NAME`: an environment variable of the agent's process.
pub struct EnvSource;

#[async_trait]
impl Source for EnvSource {
    async fn read(&self, name: &str) -> Result<Secret, VaultError> {
        let value = std::env::var_os(name).ok_or(VaultError::Unreadable(std::io::ErrorKind::NotFound))?;
        Ok(Secret::new(value.into_encoded_bytes()))
    }
}

/// `file:/path`: a file's content without one trailing newline.
pub struct FileSource;

/// Larger files are no credentials.
const MAX_FILE: u64 = 64 * 1024;

#[async_trait]
impl Source for FileSource {
    async fn read(&self, name: &str) -> Result<Secret, VaultError> {
        let unreadable = |error: std::io::Error| VaultError::Unreadable(error.kind());
        let size = tokio::fs::metadata(name).await.map_err(unreadable)?.len();
        if size > MAX_FILE {
            return Err(VaultError::Unreadable(std::io::ErrorKind::FileTooLarge));
        }
        let mut bytes = tokio::fs::read(name).await.map_err(unreadable)?;
        // A key file keeps its lines; a password file loses the newline an editor put there.
        if !bytes.starts_with(b"-----BEGIN") && bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Ok(Secret::new(bytes))
    }
}
