//! Who is calling: a credential becomes an [`Identity`] or a [`Denial`].

use std::time::SystemTime;

use policy::Permit;
use proto::Refusal;

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The identity provider's subject or configured name claim.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// Groups from the identity provider's claims.
    pub groups: Vec<String>,
    /// `ticket`, `ssh-key`.
    pub method: &'static str,
    /// Opaque id of the credential used.
    pub credential_id: String,
    /// The only connection the credential is good for, if it is bound to one.
    pub only_connection: Option<String>,
    /// When the credential ends; sessions end with it.
    pub not_after: SystemTime,
}

/// The credential was not accepted. The reason is for the audit log, never for the client.
#[derive(Clone, Debug, thiserror::Error)]
#[error("login refused: {reason}")]
pub struct Denial {
    /// Why, in a word: `unknown`, `expired`, `revoked`, `foreign`, `locked`.
    pub reason: &'static str,
}

/// SCRAM-SHA-256 keys of one ticket (RFC 5802 section 3). Salt and iteration count are the deployment's, the same for
/// every ticket (a ticket is 256 random bits, so they protect nothing), so that a login can be tried against all of them.
#[derive(Clone)]
pub struct ScramKeys {
    /// H(ClientKey).
    pub stored_key: [u8; 32],
    /// ServerKey.
    pub server_key: [u8; 32],
}

/// Authenticates callers. Cheap to clone. (Skeleton: filled in by the identity work.)
#[derive(Clone)]
pub struct Auth(());

impl Auth {
    /// Skeleton.
    pub async fn open(_store: crate::store::Store, _config: &crate::config::Config) -> Self {
        Self(())
    }

    /// Salt and iteration count for SCRAM, the same for every user name, known or not.
    #[must_use]
    pub fn scram_parameters(&self) -> (Vec<u8>, u32) {
        (Vec::new(), 4096)
    }

    /// The identity whose ticket's SCRAM keys satisfy `proves`, tried first against the tickets of the subject called
    /// `user`, then against all others that are live. The user name is a hint, never an identity.
    ///
    /// # Errors
    /// A denial if none fits.
    pub async fn scram(
        &self,
        _user: &str,
        _source: std::net::SocketAddr,
        _proves: &(dyn Fn(&ScramKeys) -> bool + Send + Sync),
    ) -> Result<(Identity, ScramKeys), Denial> {
        Err(Denial { reason: "unknown" })
    }

    /// The identity behind a ticket that was sent inside TLS or SSH.
    ///
    /// # Errors
    /// A denial.
    pub async fn ticket(&self, _secret: &str, _source: std::net::SocketAddr) -> Result<Identity, Denial> {
        Err(Denial { reason: "unknown" })
    }

    /// The identity that registered this SSH public key (`SHA256:...` fingerprint). Proof of possession is the caller's.
    ///
    /// # Errors
    /// A denial.
    pub async fn ssh_key(&self, _fingerprint: &str, _source: std::net::SocketAddr) -> Result<Identity, Denial> {
        Err(Denial { reason: "unknown" })
    }

    /// Asks policy whether the identity may connect. Unknown and forbidden connections are refused alike
    /// ([`proto::Code::NoAccess`]).
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn permit(&self, _identity: &Identity, _connection: &str) -> Result<Permit, Refusal> {
        Err(Refusal::new(proto::Code::NoAccess, "no connection of that name is open to you"))
    }

    /// Whether a session of this identity may go on.
    ///
    /// # Errors
    /// How it has to end.
    pub async fn still_permits(&self, _identity: &Identity, _connection: &str) -> Result<(), proto::Ending> {
        Ok(())
    }

    /// Records a failed login in the audit log.
    pub async fn record_failure(
        &self,
        _protocol: proto::Protocol,
        _source: std::net::SocketAddr,
        _claimed: &str,
        _connection: &str,
        _refusal: &Refusal,
        _reason: &str,
    ) {
    }
}
