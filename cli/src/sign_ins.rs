//! Where sign-ins are kept between commands: one file that only its owner may read.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The sign-ins of this account on this host.
#[derive(Default, Deserialize, Serialize)]
pub struct SignIns {
    /// The gateway that is meant when none is named.
    pub default: Option<String>,
    /// By gateway.
    #[serde(default)]
    pub gateways: BTreeMap<String, SignIn>,
}

/// A sign-in at one gateway.
#[derive(Deserialize, Serialize)]
pub struct SignIn {
    token: String,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    /// The authority's file that it was made with.
    pub ca: Option<PathBuf>,
}

impl SignIn {
    /// A new sign-in.
    #[must_use]
    pub fn new(token: String, expires: OffsetDateTime, ca: Option<PathBuf>) -> Self {
        Self { token, expires, ca }
    }

    /// The token, if it is still good.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        (self.expires > OffsetDateTime::now_utc()).then(|| self.token.clone())
    }
}

impl SignIns {
    /// Reads the file; without one there are none.
    ///
    /// # Errors
    /// If there is a file that cannot be read.
    pub fn load() -> Result<Self> {
        let Some(file) = file() else { return Ok(Self::default()) };
        Self::read(&file)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self) -> Result<PathBuf> {
        let file = file().context("neither XDG_CONFIG_HOME nor HOME is set: there is no place to keep a sign-in")?;
        self.write(&file)?;
        Ok(file)
    }

    fn read(file: &Path) -> Result<Self> {
        match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| file.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| file.display().to_string()),
        }
    }

    /// Never leaves half a file, nor one that others may read.
    fn write(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let draft = file.with_extension(format!("{}.new", std::process::id()));
        let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        open.write_all(&serde_json::to_vec_pretty(self)?)?;
        fs::rename(&draft, file).with_context(|| file.display().to_string())
    }
}

fn file() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = named("XDG_CONFIG_HOME").or_else(|| named("HOME").map(|home| home.join(".config")))?;
    Some(config.join("sallyport/sign-ins.json"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn sign_ins_are_kept_for_their_owner_alone_and_expire() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/sign-ins.json");
        let mut sign_ins = SignIns::read(&file).unwrap();
        let now = OffsetDateTime::now_utc();
        let hour = time::Duration::HOUR;
        sign_ins.gateways.insert("a".into(), SignIn::new("spt_a".into(), now + hour, None));
        sign_ins.gateways.insert("b".into(), SignIn::new("spt_b".into(), now - hour, None));
        sign_ins.write(&file).unwrap();
        sign_ins.write(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let read = SignIns::read(&file).unwrap();
        assert_eq!(read.gateways["a"].token().as_deref(), Some("spt_a"));
        assert_eq!(read.gateways["b"].token(), None);
    }
}
