//! The server side: a challenge that is the same for every name, then a proof that can be tried against stored keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{PLAIN, PLUS, ScramError, attribute, is_nonce, mac, xor};

/// What the server contributes.
pub struct Challenge<'a> {
    /// Printable, without a comma, fresh for every login.
    pub nonce: &'a str,
    /// The salt.
    pub salt: &'a [u8],
    /// The round count.
    pub rounds: u32,
    /// Binding data of this channel, if PLUS was offered.
    pub binding: Option<&'a [u8]>,
}

/// A login between the two messages of the client.
pub struct Server {
    /// `c=` of the final message must be this, in base64.
    binding: String,
    /// Both nonces.
    nonce: String,
    /// AuthMessage up to the client's final message.
    so_far: String,
}

/// A client's proof, to be tried against stored keys.
pub struct Proof {
    auth_message: String,
    proof: [u8; 32],
}

impl Server {
    /// Reads the client's first message under `mechanism`; gives the server's first message.
    ///
    /// # Errors
    /// If the message is malformed, or its channel binding flag does not fit what was offered.
    pub fn start(mechanism: &str, first: &str, challenge: &Challenge<'_>) -> Result<(Self, String), ScramError> {
        let (flag, rest) = first.split_once(',').ok_or(ScramError::Malformed("gs2 header"))?;
        let bound = bound(mechanism, flag, challenge.binding)?;
        let (authzid, bare) = rest.split_once(',').ok_or(ScramError::Malformed("gs2 header"))?;
        if !authzid.is_empty() {
            return Err(ScramError::Malformed("authorization identity"));
        }
        // The name is not used: PostgreSQL takes it from the startup packet, and there it is a hint.
        let (_name, rest) = attribute(bare, 'n').ok_or(ScramError::Malformed("user name"))?;
        let (client_nonce, _extensions) = attribute(rest, 'r').ok_or(ScramError::Malformed("nonce"))?;
        if !is_nonce(client_nonce) || client_nonce.len() > 256 {
            return Err(ScramError::Malformed("nonce"));
        }
        let nonce = format!("{client_nonce}{}", challenge.nonce);
        let reply = format!("r={nonce},s={},i={}", STANDARD.encode(challenge.salt), challenge.rounds);
        let mut binding = format!("{flag},,").into_bytes();
        binding.extend_from_slice(bound);
        let so_far = format!("{bare},{reply}");
        Ok((Self { binding: STANDARD.encode(binding), nonce, so_far }, reply))
    }

    /// Reads the client's final message.
    ///
    /// # Errors
    /// If it is malformed, or binds another channel or nonce.
    pub fn finish(self, last: &str) -> Result<Proof, ScramError> {
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(ScramError::Malformed("proof"))?;
        let (binding, rest) = attribute(without_proof, 'c').ok_or(ScramError::Malformed("channel binding"))?;
        if !bool::from(binding.as_bytes().ct_eq(self.binding.as_bytes())) {
            return Err(ScramError::Binding);
        }
        let (nonce, _extensions) = attribute(rest, 'r').ok_or(ScramError::Malformed("nonce"))?;
        if !bool::from(nonce.as_bytes().ct_eq(self.nonce.as_bytes())) {
            return Err(ScramError::Malformed("nonce"));
        }
        let proof = STANDARD.decode(proof).map_err(|_| ScramError::Malformed("proof"))?;
        let proof = proof.try_into().map_err(|_| ScramError::Malformed("proof"))?;
        Ok(Proof { auth_message: format!("{},{without_proof}", self.so_far), proof })
    }
}

/// The data that the flag binds. A client that could bind but was offered nothing says `y`; if it says so although we did
/// offer, someone in between took the offer away.
fn bound<'a>(mechanism: &str, flag: &str, offered: Option<&'a [u8]>) -> Result<&'a [u8], ScramError> {
    match (mechanism, flag, offered) {
        (PLUS, "p=tls-server-end-point", Some(data)) => Ok(data),
        (PLAIN, "n", _) | (PLAIN, "y", None) => Ok(&[]),
        _ => Err(ScramError::Binding),
    }
}

impl Proof {
    /// Whether these stored keys belong to the password that made the proof. Constant time in the keys.
    #[must_use]
    pub fn fits(&self, stored_key: &[u8; 32]) -> bool {
        let signature = mac(stored_key, &[self.auth_message.as_bytes()]);
        let client_key = xor(&self.proof, &signature);
        Sha256::digest(client_key).as_slice().ct_eq(stored_key).into()
    }

    /// The server's final message, which proves to the client that we hold its keys.
    #[must_use]
    pub fn answer(&self, server_key: &[u8; 32]) -> String {
        format!("v={}", STANDARD.encode(mac(server_key, &[self.auth_message.as_bytes()])))
    }
}
