//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), both sides. Nonces and channel binding data are arguments.

pub mod binding;
pub mod client;
pub mod server;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// The mechanism without channel binding.
pub const PLAIN: &str = "SCRAM-SHA-256";
/// The mechanism with channel binding.
pub const PLUS: &str = "SCRAM-SHA-256-PLUS";

/// More rounds than this are refused: a server must not make its clients burn seconds.
pub const MOST_ROUNDS: u32 = 1_000_000;

/// A SCRAM exchange that cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// A message that does not follow RFC 5802.
    #[error("malformed SCRAM message: {0}")]
    Malformed(&'static str),
    /// Channel binding was stripped, is of another kind or binds another channel.
    #[error("channel binding does not fit")]
    Binding,
    /// The server does not know the password, so it is not the server it should be.
    #[error("the server's signature is wrong")]
    Signature,
    /// The server asks for more rounds than allowed.
    #[error("too many rounds")]
    Rounds,
}

/// What a client keeps of a password for one salt and round count.
#[derive(Clone)]
pub struct ClientKeys {
    client_key: [u8; 32],
    server_key: [u8; 32],
}

impl ClientKeys {
    /// Runs the rounds: costs about a quarter of a microsecond each.
    #[must_use]
    pub fn derive(password: &[u8], salt: &[u8], rounds: u32) -> Self {
        let mut salted = salted(password, salt, rounds);
        let keys = Self { client_key: mac(&salted, &[b"Client Key"]), server_key: mac(&salted, &[b"Server Key"]) };
        salted.zeroize();
        keys
    }

    /// H(ClientKey), which a server stores.
    #[must_use]
    pub fn stored_key(&self) -> [u8; 32] {
        Sha256::digest(self.client_key).into()
    }

    /// ServerKey, which a server stores.
    #[must_use]
    pub fn server_key(&self) -> [u8; 32] {
        self.server_key
    }
}

impl Drop for ClientKeys {
    fn drop(&mut self) {
        self.client_key.zeroize();
        self.server_key.zeroize();
    }
}

/// SaltedPassword: the password is normalised where it can be (SASLprep), as PostgreSQL does it.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let prepared = std::str::from_utf8(password).ok().and_then(|text| stringprep::saslprep(text).ok());
    let password = prepared.as_deref().map_or(password, str::as_bytes);
    let mut out = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut out);
    out
}

/// HMAC-SHA-256 over the parts.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so the error cannot happen; an empty key would only make the exchange fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn xor(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut out = *left;
    out.iter_mut().zip(right).for_each(|(a, b)| *a ^= b);
    out
}

/// The value of attribute `name` at the front of `text`, and what follows its comma.
fn attribute(text: &str, name: char) -> Option<(&str, &str)> {
    let value = text.strip_prefix(name)?.strip_prefix('=')?;
    Some(value.split_once(',').unwrap_or((value, "")))
}

/// A nonce is printable ASCII without a comma.
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

#[cfg(test)]
mod tests;
