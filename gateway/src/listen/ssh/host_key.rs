//! The endpoint's own host key: made once, kept in the gateway's state folder, the same for ever.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use russh::keys::{Algorithm, PrivateKey, ssh_key::LineEnding};

/// The host key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// The file cannot be read or written.
    #[error("host key: {0}")]
    File(#[from] std::io::Error),
    /// The file holds no private key that can be used.
    #[error("host key: {0}")]
    Key(#[from] russh::keys::ssh_key::Error),
    /// Others may read the file.
    #[error("host key: the file may be read by others (mode {0:o})")]
    Permissions(u32),
}

/// Reads the host key (OpenSSH format, no passphrase) from `path`, or makes an Ed25519 key and writes it there with mode 0600.
///
/// # Errors
/// If the file cannot be read or written, holds no key, or others may read it.
pub fn load_or_generate(path: &Path) -> Result<PrivateKey, HostKeyError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let mode = std::fs::metadata(path)?.mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(HostKeyError::Permissions(mode));
            }
            Ok(PrivateKey::from_openssh(text.trim())?)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => generate(path),
        Err(error) => Err(error.into()),
    }
}

fn generate(path: &Path) -> Result<PrivateKey, HostKeyError> {
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519)?;
    let text = key.to_openssh(LineEnding::LF)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_stays_private() {
        let folder = std::env::temp_dir().join(format!("host-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("ssh_host_key");
        let made = load_or_generate(&path).unwrap();
        assert_eq!(load_or_generate(&path).unwrap().public_key(), made.public_key());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_generate(&path), Err(HostKeyError::Permissions(0o644))));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
