//! Secrets that we make: random, shown once, kept only as digests.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::SecretHash;

/// A secret in clear. Blank in `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// 256 random bits as base64url behind `prefix`.
    pub(crate) fn generate(prefix: &str) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let bits = Zeroizing::new(random::<32>()?);
        Ok(Self(Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits.as_slice())))))
    }

    /// The secret itself, to be handed to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> SecretHash {
        digest(&self.0)
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What is stored of a secret: enough for 256 random bits, and quick.
#[must_use]
pub(crate) fn digest(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes)
}
