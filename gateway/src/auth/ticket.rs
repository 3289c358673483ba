//! Tickets: minted for a subject, taken where a native client wants a password. `sp_` and 256 random bits.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Auth, Credential, Denial, Identity, Secret, scram, secret};
use crate::store::{AuditEvent, NewTicket, Purpose, Snapshot, StoreError, Subject, Ticket};

/// What every ticket begins with; lets scanners find leaked ones.
pub(super) const PREFIX: &str = "sp_";
/// `sp_` and 43 characters of base64url.
const LENGTH: usize = 46;
/// How long a ticket lives when nobody says.
const DEFAULT_LIFE: Duration = Duration::from_secs(8 * 3600);
/// Subjects must have signed in within this time for their SSH keys to work: groups would be stale otherwise.
const KEYS_AFTER_SIGN_IN: Duration = Duration::from_secs(30 * 24 * 3600);

/// A ticket to mint.
#[derive(Clone, Debug)]
pub struct Mint<'a> {
    /// For whom.
    pub subject: &'a Subject,
    /// For this connection only; every one that is open to the subject when absent.
    pub connection: Option<&'a str>,
    /// How long it lives; 8 hours when absent, at most what the configuration allows.
    pub life: Option<Duration>,
    /// Never later than this: a ticket made with a ticket does not outlive it.
    pub not_after: Option<OffsetDateTime>,
    /// Whether the API takes it with its subject's full rights. Not together with `connection`.
    pub api: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// From where it was asked for.
    pub source: Option<SocketAddr>,
}

/// A minted ticket: the only time its secret is seen.
#[derive(Clone, Debug)]
pub struct Minted {
    /// Names it in records.
    pub id: Uuid,
    /// The ticket.
    pub secret: Secret,
    /// When it ends.
    pub expires: OffsetDateTime,
}

/// No ticket was minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// No connection of that name is open to the subject.
    #[error("no connection of that name is open to you")]
    NoAccess,
    /// A ticket is either for one connection or for the API.
    #[error("a ticket for one connection is not good for the API")]
    Scope,
    /// The system's random source failed.
    #[error("no randomness")]
    Random,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Auth {
    /// The identity behind a ticket that was sent inside TLS or SSH.
    ///
    /// # Errors
    /// A denial.
    pub async fn ticket(&self, secret: &str, source: SocketAddr) -> Result<Identity, Denial> {
        let snapshot = self.0.store.snapshot();
        let found = self.find(&snapshot, secret).and_then(|ticket| {
            let identity = self.identity_of(&snapshot, &ticket)?;
            Ok((identity, ticket))
        });
        match found {
            Ok((identity, ticket)) => {
                self.ticket_used(&ticket, &identity.subject, source).await;
                Ok(identity)
            }
            Err(denial) => {
                self.0.attempts.failed(source.ip());
                Err(denial)
            }
        }
    }

    /// Notes a use of a ticket that was proven.
    pub(super) async fn ticket_used(&self, ticket: &Ticket, subject: &str, source: SocketAddr) {
        self.0.store.ticket_used(ticket.id, source);
        self.seen(Credential::Ticket(ticket.id), subject, source, ticket.last_source.as_deref()).await;
    }

    /// Notes that the owner of an SSH key, known by [`Auth::ssh_key`], has proved to hold it.
    pub async fn ssh_key_proven(&self, identity: &Identity, source: SocketAddr) {
        if let Some(credential) = Credential::parse(&identity.credential_id) {
            self.seen(credential, &identity.subject, source, None).await;
        }
    }

    /// The identity that registered this SSH public key (`SHA256:...` fingerprint). Proof of possession is the caller's.
    ///
    /// # Errors
    /// A denial.
    pub async fn ssh_key(&self, fingerprint: &str, _source: SocketAddr) -> Result<Identity, Denial> {
        let snapshot = self.0.store.snapshot();
        let key = snapshot.ssh_key(fingerprint).ok_or(Denial { reason: "unknown" })?;
        if key.revoked.is_some() {
            return Err(Denial { reason: "revoked" });
        }
        let subject = snapshot.subject(key.subject_id).ok_or(Denial { reason: "unknown" })?;
        let stale = subject.last_login + KEYS_AFTER_SIGN_IN;
        if stale <= OffsetDateTime::now_utc() {
            return Err(Denial { reason: "expired" });
        }
        Ok(Identity {
            subject: subject.name.clone(),
            issuer: subject.issuer.clone(),
            groups: subject.groups.clone(),
            method: "ssh-key",
            credential_id: Credential::SshKey(key.id).to_string(),
            only_connection: None,
            not_after: self.at_most(stale),
            authenticated: subject.authenticated.into(),
            mfa: subject.mfa,
            purpose: Purpose::default(),
        })
    }

    /// Mints a ticket and writes down that it did.
    ///
    /// # Errors
    /// If the subject may not have it, or the store fails.
    pub async fn mint(&self, mint: Mint<'_>) -> Result<Minted, MintError> {
        if mint.api && mint.connection.is_some() {
            return Err(MintError::Scope);
        }
        let from = mint.source.map(|source| source.ip());
        if mint.connection.is_some_and(|connection| !self.may_connect(mint.subject, connection, from)) {
            return Err(MintError::NoAccess);
        }
        let secret = Secret::generate(PREFIX).map_err(|_| MintError::Random)?;
        let keys = scram::keys(secret.reveal(), &self.0.salt);
        let life = mint.life.unwrap_or(DEFAULT_LIFE).min(self.0.limits.ticket);
        let expires = OffsetDateTime::now_utc() + life;
        let expires = mint.not_after.map_or(expires, |limit| expires.min(limit));
        let purpose = mint.purpose.clone();
        let new = NewTicket {
            secret_sha256: secret.digest(),
            stored_key: keys.stored_key,
            server_key: keys.server_key,
            subject_id: mint.subject.id,
            groups: mint.subject.groups.clone(),
            connection: mint.connection.map(str::to_owned),
            api: mint.api,
            purpose: mint.purpose,
            expires,
        };
        let id = self.0.store.create_ticket(new).await?;
        let event = AuditEvent {
            subject: Some(mint.subject.name.clone()),
            connection: mint.connection.map(str::to_owned),
            source: mint.source.map(|source| source.to_string()),
            detail: serde_json::json!({
                "credential": Credential::Ticket(id).to_string(), "api": mint.api, "purpose": purpose,
            }),
            ..AuditEvent::new("ticket.minted")
        };
        self.0.store.audit(event).await?;
        Ok(Minted { id, secret, expires })
    }

    /// The ticket behind a secret, if the API takes it: whose it is, and the ticket.
    ///
    /// # Errors
    /// A denial.
    pub async fn api_ticket(
        &self,
        secret: &str,
        source: SocketAddr,
    ) -> Result<(std::sync::Arc<Subject>, Ticket), Denial> {
        let snapshot = self.0.store.snapshot();
        let found = self.find(&snapshot, secret).and_then(|ticket| {
            self.identity_of(&snapshot, &ticket)?;
            let subject = snapshot.subject(ticket.subject_id).ok_or(Denial { reason: "unknown" })?;
            Ok((subject, ticket))
        });
        match found {
            Ok((subject, ticket)) => {
                self.ticket_used(&ticket, &subject.name, source).await;
                Ok((subject, ticket))
            }
            Err(denial) => {
                self.0.attempts.failed(source.ip());
                Err(denial)
            }
        }
    }

    fn find(&self, snapshot: &Snapshot, secret: &str) -> Result<Ticket, Denial> {
        if secret.len() != LENGTH || !secret.starts_with(PREFIX) {
            return Err(Denial { reason: "unknown" });
        }
        let digest = secret::digest(secret);
        let ticket = snapshot.ticket(&digest).ok_or(Denial { reason: "unknown" })?;
        if !bool::from(ticket.secret_sha256.ct_eq(&digest)) {
            return Err(Denial { reason: "unknown" });
        }
        Ok(Ticket::clone(&ticket))
    }

    /// What a ticket is worth now. Its groups are those it was minted with that its subject still has: losing a group
    /// counts at once, winning one needs a new ticket.
    pub(super) fn identity_of(&self, snapshot: &Snapshot, ticket: &Ticket) -> Result<Identity, Denial> {
        if ticket.revoked.is_some() {
            return Err(Denial { reason: "revoked" });
        }
        if ticket.expires <= OffsetDateTime::now_utc() {
            return Err(Denial { reason: "expired" });
        }
        let subject = snapshot.subject(ticket.subject_id).ok_or(Denial { reason: "unknown" })?;
        let groups = ticket.groups.iter().filter(|group| subject.groups.contains(group)).cloned().collect();
        Ok(Identity {
            subject: subject.name.clone(),
            issuer: subject.issuer.clone(),
            groups,
            method: "ticket",
            credential_id: Credential::Ticket(ticket.id).to_string(),
            only_connection: ticket.connection.clone(),
            not_after: self.at_most(ticket.expires),
            authenticated: subject.authenticated.into(),
            mfa: subject.mfa,
            purpose: ticket.purpose.clone(),
        })
    }

    fn at_most(&self, end: OffsetDateTime) -> SystemTime {
        SystemTime::from(end).min(SystemTime::now() + self.0.limits.session)
    }
}
