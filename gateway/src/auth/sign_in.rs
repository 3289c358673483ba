//! Signing in with a browser: to the provider and back.

use std::{net::SocketAddr, time::Duration};

use time::OffsetDateTime;
use url::Url;

use super::{Auth, OidcError, Secret, secret};
use crate::store::{AuditEvent, SignIn, StoreError, Subject};

/// How long a person may take at the provider.
const PATIENCE: Duration = Duration::from_secs(600);

/// Paths a sign-in may lead back to. Nothing else does: no open redirect.
const WAYS_BACK: [&str; 3] = ["/", "/auth/cli", "/policies"];

/// A sign-in that began.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes now.
    pub url: Url,
    /// What ties the way back to this very browser; for a cookie.
    pub state: Secret,
}

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct Finished {
    /// Who it is.
    pub subject: Subject,
    /// The path to go to; one of ours.
    pub next: String,
}

/// A sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No provider is configured.
    #[error("no identity provider is configured")]
    NotConfigured,
    /// The state is unknown, used, expired or another browser's.
    #[error("this sign-in is not valid any more; begin again")]
    State,
    /// The provider failed or its answer is not acceptable.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Auth {
    /// Begins a sign-in that leads back to `next` if that is a way back, to `/` otherwise.
    ///
    /// # Errors
    /// If the provider cannot be asked or too many sign-ins are under way.
    pub async fn begin_sign_in(&self, next: &str) -> Result<Begun, SignInError> {
        let provider = self.0.provider.as_ref().ok_or(SignInError::NotConfigured)?;
        let authorize = provider.authorize().await?;
        let state = Secret::from(authorize.state);
        let next = WAYS_BACK.iter().find(|way| **way == next).copied().unwrap_or("/").to_owned();
        let sign_in = SignIn { nonce: authorize.nonce, pkce_verifier: authorize.pkce_verifier, next };
        self.0.store.begin_sign_in(state.digest(), sign_in, OffsetDateTime::now_utc() + PATIENCE).await?;
        Ok(Begun { url: authorize.url, state })
    }

    /// Ends a sign-in: `state` as it came back, `from_cookie` as this browser kept it.
    ///
    /// # Errors
    /// If anything about it is not in order. Every failure is in the audit log.
    pub async fn finish_sign_in(
        &self,
        code: &str,
        state: &str,
        from_cookie: &str,
        source: SocketAddr,
    ) -> Result<Finished, SignInError> {
        let finished = self.try_finish(code, state, from_cookie).await;
        let (kind, subject, reason) = match &finished {
            Ok(finished) => ("sign-in.succeeded", Some(finished.subject.name.clone()), None),
            Err(error) => {
                self.0.attempts.failed(source.ip());
                ("sign-in.failed", None, Some(error.to_string()))
            }
        };
        if self.0.attempts.record(source.ip()).is_some() {
            let event = AuditEvent { subject, reason, source: Some(source.to_string()), ..AuditEvent::new(kind) };
            self.0.store.audit(event).await?;
        }
        finished
    }

    async fn try_finish(&self, code: &str, state: &str, from_cookie: &str) -> Result<Finished, SignInError> {
        use subtle::ConstantTimeEq as _;
        let provider = self.0.provider.as_ref().ok_or(SignInError::NotConfigured)?;
        if !bool::from(secret::digest(state).ct_eq(&secret::digest(from_cookie))) {
            return Err(SignInError::State);
        }
        let sign_in = self.0.store.take_sign_in(secret::digest(state)).await?.ok_or(SignInError::State)?;
        let who = provider.exchange(code.to_owned(), sign_in.pkce_verifier, sign_in.nonce).await?;
        let subject = self.0.store.signed_in(who).await?;
        Ok(Finished { subject, next: sign_in.next })
    }
}
