//! SCRAM-SHA-256 (RFC 5802, RFC 7677) from the server's side: keys of a ticket, and whose ticket a proof fits.

use std::{net::SocketAddr, num::NonZeroU32};

use aws_lc_rs::{hmac, pbkdf2};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Auth, Denial, Identity, ScramKeys};
use crate::store::Ticket;

/// RFC 7677 section 4: at least 4096. A ticket is 256 random bits, so more would protect nothing.
const ITERATIONS: NonZeroU32 = match NonZeroU32::new(4096) {
    Some(number) => number,
    None => NonZeroU32::MAX,
};
/// Tickets tried without hint even for sources that failed a lot.
const ALWAYS_TRIED: usize = 256;
/// Tickets tried before other tasks get a turn.
const TURN: usize = 256;

impl Auth {
    /// Salt and iteration count for SCRAM, the same for every user name, known or not.
    #[must_use]
    pub fn scram_parameters(&self) -> (Vec<u8>, u32) {
        (self.0.salt.clone(), ITERATIONS.get())
    }

    /// The identity whose ticket's SCRAM keys satisfy `proves`, tried first against the tickets of the subject called
    /// `user`, then against all others that are live. The user name is a hint, never an identity.
    ///
    /// # Errors
    /// A denial if none fits.
    pub async fn scram(
        &self,
        user: &str,
        source: SocketAddr,
        proves: &(dyn Fn(&ScramKeys) -> bool + Send + Sync),
    ) -> Result<(Identity, ScramKeys), Denial> {
        let found = self.find_proven(user, source, proves).await;
        if found.is_err() {
            self.0.attempts.failed(source.ip());
        }
        found
    }

    async fn find_proven(
        &self,
        user: &str,
        source: SocketAddr,
        proves: &(dyn Fn(&ScramKeys) -> bool + Send + Sync),
    ) -> Result<(Identity, ScramKeys), Denial> {
        let snapshot = self.0.store.snapshot();
        let hinted = snapshot.subject_named(user).map(|subject| subject.id);
        let own = hinted.map_or(&[][..], |id| snapshot.tickets_of(id));
        let others = snapshot.tickets().iter().filter(|ticket| Some(ticket.subject_id) != hinted);
        let bound = if self.0.attempts.may_scan(source.ip()) { usize::MAX } else { ALWAYS_TRIED };
        for (count, ticket) in own.iter().chain(others.take(bound)).enumerate() {
            if count % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let keys = ScramKeys { stored_key: ticket.stored_key, server_key: ticket.server_key };
            if proves(&keys) {
                return self.proven(&snapshot, ticket, source).await.map(|identity| (identity, keys));
            }
        }
        let cut = snapshot.tickets().len().saturating_sub(own.len()) > bound;
        Err(Denial { reason: if cut { "locked" } else { "unknown" } })
    }

    async fn proven(
        &self,
        snapshot: &crate::store::Snapshot,
        ticket: &Ticket,
        source: SocketAddr,
    ) -> Result<Identity, Denial> {
        let identity = self.identity_of(snapshot, ticket)?;
        self.ticket_used(ticket, &identity.subject, source).await;
        Ok(identity)
    }
}

/// The keys of a secret (RFC 5802 section 3). Tickets are ASCII, which SASLprep leaves as it is.
pub(super) fn keys(secret: &str, salt: &[u8]) -> ScramKeys {
    let mut salted = Zeroizing::new([0_u8; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, salt, secret.as_bytes(), salted.as_mut_slice());
    let key = hmac::Key::new(hmac::HMAC_SHA256, salted.as_slice());
    let client_key = hmac::sign(&key, b"Client Key");
    let server_key = hmac::sign(&key, b"Server Key");
    let mut keys = ScramKeys { stored_key: Sha256::digest(client_key.as_ref()).into(), server_key: [0; 32] };
    keys.server_key.copy_from_slice(server_key.as_ref());
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_rfc_7677_section_3() {
        // user "user", password "pencil", salt W22ZaJ0SNY7soEsUEjb6gQ==, 4096 iterations; checked by the server
        // signature that the RFC prints.
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap_or_default();
        let keys = keys("pencil", &salt);
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &keys.server_key), message.as_bytes());
        assert_eq!(STANDARD.encode(signature.as_ref()), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }
}
