//! The client side, towards a target.

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use super::{ClientKeys, MOST_ROUNDS, ScramError, attribute, is_nonce, mac, xor};

/// A login whose first message is sent.
pub struct Client {
    header: &'static str,
    binding: Vec<u8>,
    first_bare: String,
    nonce: String,
}

/// What the server asked for; the keys are derived (or remembered) from it.
pub struct Challenged {
    client: Client,
    server_first: String,
    nonce: String,
    /// The server's salt.
    pub salt: Vec<u8>,
    /// The server's round count.
    pub rounds: u32,
}

/// A login whose proof is sent; waits for the server's.
pub struct Proved {
    signature: [u8; 32],
}

impl Client {
    /// Starts a login; gives the first message. `binding` makes it SCRAM-SHA-256-PLUS. `could_bind` says that we can bind
    /// and the server offered nothing.
    #[must_use]
    pub fn start(nonce: String, binding: Option<Vec<u8>>, could_bind: bool) -> (Self, String) {
        let header = match (&binding, could_bind) {
            (Some(_), _) => "p=tls-server-end-point,,",
            (None, true) => "y,,",
            (None, false) => "n,,",
        };
        let first_bare = format!("n=,r={nonce}");
        let first = format!("{header}{first_bare}");
        (Self { header, binding: binding.unwrap_or_default(), first_bare, nonce }, first)
    }

    /// Reads the server's first message.
    ///
    /// # Errors
    /// If it is malformed, does not continue our nonce or asks for too much.
    pub fn challenged(self, server_first: &str) -> Result<Challenged, ScramError> {
        let (nonce, rest) = attribute(server_first, 'r').ok_or(ScramError::Malformed("nonce"))?;
        if !is_nonce(nonce) || nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ScramError::Malformed("nonce"));
        }
        let (salt, rest) = attribute(rest, 's').ok_or(ScramError::Malformed("salt"))?;
        let salt = STANDARD.decode(salt).map_err(|_| ScramError::Malformed("salt"))?;
        let (rounds, _extensions) = attribute(rest, 'i').ok_or(ScramError::Malformed("round count"))?;
        let rounds: u32 = rounds.parse().map_err(|_| ScramError::Malformed("round count"))?;
        match rounds {
            0 => Err(ScramError::Malformed("round count")),
            1..=MOST_ROUNDS => Ok(Challenged {
                nonce: nonce.to_owned(),
                server_first: server_first.to_owned(),
                client: self,
                salt,
                rounds,
            }),
            _ => Err(ScramError::Rounds),
        }
    }
}

impl Challenged {
    /// Proves the keys; gives the final message.
    #[must_use]
    pub fn prove(self, keys: &ClientKeys) -> (Proved, String) {
        let mut binding = self.client.header.as_bytes().to_vec();
        binding.extend_from_slice(&self.client.binding);
        let without_proof = format!("c={},r={}", STANDARD.encode(binding), self.nonce);
        let auth_message = format!("{},{},{without_proof}", self.client.first_bare, self.server_first);
        let proof = xor(&keys.client_key, &mac(&keys.stored_key(), &[auth_message.as_bytes()]));
        let signature = mac(&keys.server_key, &[auth_message.as_bytes()]);
        (Proved { signature }, format!("{without_proof},p={}", STANDARD.encode(proof)))
    }
}

impl Proved {
    /// Checks that the server holds the keys, too.
    ///
    /// # Errors
    /// If it does not.
    pub fn finish(self, server_final: &str) -> Result<(), ScramError> {
        let (signature, _extensions) = attribute(server_final, 'v').ok_or(ScramError::Signature)?;
        let signature = STANDARD.decode(signature).map_err(|_| ScramError::Signature)?;
        if signature.ct_eq(&self.signature).into() { Ok(()) } else { Err(ScramError::Signature) }
    }
}
