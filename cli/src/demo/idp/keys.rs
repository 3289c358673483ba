//! The provider's signing key (ES256) and the ID tokens it signs.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::codes::Code;

const LIFETIME_SECONDS: u64 = 300;

/// A P-256 key made at start; whoever signed in before signs in again.
pub(super) struct SigningKey {
    key: EcdsaKeyPair,
    id: String,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("making a signing key")?;
        Ok(Self { key, id: crate::demo::token().chars().take(12).collect() })
    }

    /// The public key as a JWK (RFC 7517).
    pub(super) fn public(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let part = |range| BASE64_URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": part(1..33), "y": part(33..65),
        })
    }

    /// A signed ID token.
    pub(super) fn id_token(&self, issuer: &str, audience: &str, code: &Code) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let person = code.person;
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id });
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": person.subject, "iat": now, "auth_time": now, "exp": now + LIFETIME_SECONDS,
            "nonce": code.nonce, "name": person.name, "preferred_username": person.subject,
            "email": format!("{}@shop.example", person.subject), "groups": person.groups,
            "amr": if code.second_factor { &["pwd", "otp"][..] } else { &["pwd"] },
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
