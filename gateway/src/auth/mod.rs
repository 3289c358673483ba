//! Who is calling: a credential becomes an [`Identity`] or a [`Denial`], and an identity becomes a [`policy::Permit`] or a
//! refusal.
//!
//! ```text
//!   ticket, SCRAM proof, SSH key  -->  Identity  -->  permit()  -->  Permit  -->  session
//!   browser, command line  -->  OpenID provider  -->  Subject   (there is no local password store)
//! ```
//!
//! Rules: everything a login needs is in memory (the store's snapshot). The reason of a denial goes to the audit log and
//! never to the client. A user name is a hint, never an identity. Nobody's failures lock out anybody else.

mod attempts;
mod browser;
mod credential;
mod oidc;
mod permit;
mod scram;
mod secret;
mod sightings;
mod sign_in;
#[cfg(test)]
pub(crate) mod tests;
mod ticket;

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use crate::{
    config::{Config, Mode},
    store::{Purpose, Store, StoreError},
};

pub use browser::{BrowserError, CliBegun, CliPolled, Live, Started};
pub use credential::Credential;
pub use oidc::OidcError;
pub use permit::Asks;
pub use secret::Secret;
pub use sign_in::{Begun, Finished, SignInError};
pub use ticket::{Mint, MintError, Minted};

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
    /// When the subject proved who they are to the identity provider; 1970 if it does not say.
    pub authenticated: SystemTime,
    /// Whether a second factor was used.
    pub mfa: bool,
    /// What the credential is for.
    pub purpose: Purpose,
}

/// The credential was not accepted. The reason is for the audit log, never for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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

impl std::fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScramKeys")
    }
}

/// Authenticates callers. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    store: Store,
    salt: Vec<u8>,
    mode: Mode,
    public_url: String,
    limits: crate::config::Limits,
    operator_groups: Vec<String>,
    admin_groups: Vec<String>,
    auditor_groups: Vec<String>,
    provider: Option<oidc::Provider>,
    attempts: attempts::Attempts,
    sightings: sightings::Sightings,
}

/// Authentication cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider's configuration is not usable.
    #[error("oidc: {0}")]
    Oidc(String),
    /// The system's random source failed.
    #[error("no randomness")]
    Random,
}

/// What somebody may do with the gateway itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// May administer whatever policies say.
    pub operator: bool,
    /// May change connections, policies and agents, and end sessions, unless a policy forbids it.
    pub admin: bool,
    /// May read everybody's sessions, recordings and the audit log.
    pub auditor: bool,
}

impl Auth {
    /// Starts authentication: takes the deployment's SCRAM salt from the store (or makes it) and prepares the OpenID
    /// provider, which is asked only when somebody signs in.
    ///
    /// # Errors
    /// If the store fails or the configuration of the provider is not usable.
    pub async fn open(store: Store, config: &Config) -> Result<Self, AuthError> {
        let fresh = secret::random::<16>().map_err(|_| AuthError::Random)?;
        let salt = store.setting_or("scram_salt", &fresh).await?;
        let provider = config.oidc.as_ref().map(|oidc| oidc::Provider::new(oidc, config)).transpose()?;
        Ok(Self(Arc::new(Inner {
            store,
            salt,
            mode: config.mode,
            public_url: config.public_url.clone(),
            limits: config.limits,
            operator_groups: config.operator_groups.clone(),
            admin_groups: config.admin_groups.clone(),
            auditor_groups: config.auditor_groups.clone(),
            provider,
            attempts: attempts::Attempts::default(),
            sightings: sightings::Sightings::default(),
        })))
    }

    /// The roles that membership in `groups` gives.
    #[must_use]
    pub fn roles(&self, groups: &[String]) -> Roles {
        let any = |of: &[String]| of.iter().any(|group| groups.contains(group));
        let operator = any(&self.0.operator_groups);
        Roles { operator, admin: operator || any(&self.0.admin_groups), auditor: any(&self.0.auditor_groups) }
    }

    /// Tells that something changed by which live sessions may have lost their right: a revoked credential, changed
    /// groups, a changed connection. Ask [`Auth::still_permits`] then.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<i64> {
        self.0.store.changed()
    }

    /// `https://host:port` of console and API, without a trailing slash.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Whether development shortcuts are allowed.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Records a failed login in the audit log. A flood from one source is counted instead of written line by line; the
    /// count is written with the next line.
    pub async fn record_failure(
        &self,
        protocol: proto::Protocol,
        source: SocketAddr,
        claimed: &str,
        connection: &str,
        refusal: &proto::Refusal,
        reason: &str,
    ) {
        let Some(suppressed) = self.0.attempts.record(source.ip()) else { return };
        let event = crate::store::AuditEvent {
            subject: Some(printable(claimed)),
            connection: Some(printable(connection)),
            source: Some(source.to_string()),
            protocol: Some(protocol),
            code: Some(refusal.code),
            reason: Some(reason.to_owned()),
            detail: if suppressed > 0 {
                serde_json::json!({ "suppressed": suppressed })
            } else {
                serde_json::Value::Null
            },
            ..crate::store::AuditEvent::new("login.failed")
        };
        if let Err(error) = self.0.store.audit(event).await {
            tracing::error!(%error, "a failed login could not be recorded");
        }
    }
}

/// What a client claimed, fit for a log: short, without control characters. A ticket that was typed in the wrong place
/// is a secret and not shown.
fn printable(text: &str) -> String {
    if text.contains(ticket::PREFIX) {
        return "(a ticket)".into();
    }
    text.chars().filter(|char| !char.is_control()).take(128).collect()
}
