//! What lasts after a sign-in: a browser's cookie, the command line's token, and how the second comes from the first.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Auth, Secret, secret};
use crate::store::{AuditEvent, BrowserSessionKind, CliLogin, NewBrowserSession, NewCliLogin, StoreError, Subject};

/// How long a sign-in lasts.
const LIFE: Duration = Duration::from_secs(12 * 3600);
/// How long the command line waits for its person.
const PATIENCE: Duration = Duration::from_secs(600);
/// Letters of a code: no vowels, so no words; none that look alike.
const LETTERS: &[u8; 16] = b"BCDFGHJKLMNPQRST";

/// A sign-in that lasts.
#[derive(Debug)]
pub struct Started {
    /// For the cookie or the token.
    pub secret: Secret,
    /// When it ends.
    pub expires: OffsetDateTime,
}

/// A live sign-in and whose it is.
#[derive(Clone, Debug)]
pub struct Live {
    /// Names it in records.
    pub id: Uuid,
    /// Whose.
    pub subject: Arc<Subject>,
    /// What a form must send along with the cookie.
    pub csrf: String,
}

/// The command line's request to be signed in.
#[derive(Debug)]
pub struct CliBegun {
    /// What it polls with.
    pub poll: Secret,
    /// What its person types in the browser.
    pub user_code: String,
    /// When it ends.
    pub expires: OffsetDateTime,
}

/// What became of it.
#[derive(Debug)]
pub enum CliPolled {
    /// Its person has not confirmed the code yet.
    Waiting,
    /// Here is the token.
    Approved(Started),
    /// It ended, or never was.
    Gone,
}

/// It could not be done.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The system's random source failed.
    #[error("no randomness")]
    Random,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Auth {
    /// Starts a sign-in that lasts.
    ///
    /// # Errors
    /// If the store or the random source fails.
    pub async fn start(&self, subject: Uuid, kind: BrowserSessionKind) -> Result<Started, BrowserError> {
        let prefix = match kind {
            BrowserSessionKind::Cookie => "",
            BrowserSessionKind::Token => "spt_",
        };
        let secret = Secret::generate(prefix).map_err(|_| BrowserError::Random)?;
        let csrf = Secret::generate("").map_err(|_| BrowserError::Random)?;
        let expires = OffsetDateTime::now_utc() + LIFE;
        let new = NewBrowserSession {
            secret_sha256: secret.digest(),
            subject_id: subject,
            kind,
            csrf: csrf.reveal().to_owned(),
            expires,
        };
        self.0.store.create_browser_session(new).await?;
        Ok(Started { secret, expires })
    }

    /// The live sign-in behind a cookie or a token.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn live(&self, secret: &str, kind: BrowserSessionKind) -> Result<Option<Live>, StoreError> {
        let Some(found) = self.0.store.browser_session(secret::digest(secret), kind).await? else { return Ok(None) };
        let subject = self.0.store.snapshot().subject(found.subject_id);
        Ok(subject.map(|subject| Live { id: found.id, subject, csrf: found.csrf }))
    }

    /// Lets the command line wait for its person.
    ///
    /// # Errors
    /// If too many wait, or the store or the random source fails.
    pub async fn begin_cli_login(&self, source: SocketAddr) -> Result<CliBegun, BrowserError> {
        let poll = Secret::generate("").map_err(|_| BrowserError::Random)?;
        let bytes = secret::random::<10>().map_err(|_| BrowserError::Random)?;
        let letter = |byte: &u8| LETTERS.get(usize::from(byte % 16)).copied().map_or('B', char::from);
        let user_code: String = bytes.iter().map(letter).collect();
        let expires = OffsetDateTime::now_utc() + PATIENCE;
        let new = NewCliLogin {
            poll_sha256: poll.digest(),
            user_code: user_code.clone(),
            source: source.ip().to_string(),
            expires,
        };
        self.0.store.create_cli_login(new).await?;
        let (left, right) = user_code.split_at_checked(5).unwrap_or((&user_code, ""));
        Ok(CliBegun { poll, user_code: format!("{left}-{right}"), expires })
    }

    /// The login that waits for this code, however it was typed.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn waiting_cli_login(&self, typed: &str) -> Result<Option<CliLogin>, StoreError> {
        let code: String = typed.chars().filter(char::is_ascii_alphabetic).take(11).collect();
        self.0.store.cli_login_with_code(&code.to_ascii_uppercase()).await
    }

    /// Lets a waiting login have a token of this person's.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn approve_cli_login(
        &self,
        login: &CliLogin,
        who: &Subject,
        source: SocketAddr,
    ) -> Result<bool, StoreError> {
        let approved = self.0.store.approve_cli_login(login.id, who.id).await?;
        if approved {
            let event = AuditEvent {
                subject: Some(who.name.clone()),
                source: Some(source.to_string()),
                detail: serde_json::json!({ "command_line_at": login.source }),
                ..AuditEvent::new("cli-login.approved")
            };
            self.0.store.audit(event).await?;
        }
        Ok(approved)
    }

    /// What became of a login; its token is given out once.
    ///
    /// # Errors
    /// If the store or the random source fails.
    pub async fn poll_cli_login(&self, poll: &str) -> Result<CliPolled, BrowserError> {
        match self.0.store.poll_cli_login(secret::digest(poll)).await? {
            None => Ok(CliPolled::Gone),
            Some(CliLogin { subject_id: None, .. }) => Ok(CliPolled::Waiting),
            Some(CliLogin { subject_id: Some(subject), .. }) => {
                Ok(CliPolled::Approved(self.start(subject, BrowserSessionKind::Token).await?))
            }
        }
    }
}
