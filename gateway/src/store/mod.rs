//! What the gateway remembers: SQLite by default, PostgreSQL for several replicas, the same tables in both.
//!
//! ```text
//!  login, permit  -->  Snapshot (memory; replaced as a whole)  <-- reload --  version row
//!  open, close    -->  one transaction: session row + audit event
//! ```
//!
//! Rules: one file per noun; rows and SQL stay inside it. Whatever a login needs stands in the [`Snapshot`], so that no
//! login waits for a database read. A write that changes the snapshot bumps the version row in its own transaction;
//! other replicas look at that row each second. No target credential is ever stored, only references to one.

mod agent;
mod audit;
mod browser_session;
mod bundle;
mod change;
mod cli_login;
mod clock;
mod connection;
mod incident;
mod join_token;
mod open;
mod refresh;
mod session;
mod setting;
mod sign_in;
mod snapshot;
mod ssh_key;
mod subject;
#[cfg(test)]
mod tests;
mod ticket;

use std::sync::Arc;

use arc_swap::ArcSwap;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::watch;

pub use agent::{Agent, Generation};
pub use audit::{AuditEvent, AuditFilter, StoredEvent};
pub use browser_session::{BrowserSession, BrowserSessionKind, NewBrowserSession};
pub use bundle::compose;
pub use change::Change;
pub use cli_login::{CliLogin, NewCliLogin};
pub use connection::Connection;
pub use incident::Incident;
pub use session::{Counts, NewSession, SessionFilter, SessionRow, SessionStatus};
pub use sign_in::SignIn;
pub use snapshot::Snapshot;
pub use ssh_key::{NewSshKey, SshKey};
pub use subject::{SignedIn, Subject};
pub use ticket::{NewTicket, Purpose, Ticket};

/// A SHA-256 digest of a secret. Secrets themselves are never stored.
pub type SecretHash = [u8; 32];

/// The gateway's store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    read: DatabaseConnection,
    write: DatabaseConnection,
    snapshot: ArcSwap<Snapshot>,
    changed: watch::Sender<i64>,
    reloading: tokio::sync::Mutex<()>,
    uses: ticket::Uses,
    /// When the snapshot was last known to be current.
    fresh: std::sync::Mutex<std::time::Instant>,
}

/// The store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the store failed: {0}")]
    Database(#[from] DbErr),
    /// A row is not what this version writes.
    #[error("the store holds a {0} that cannot be read")]
    Corrupt(&'static str),
    /// Something of that name exists, or a limit is reached. The text may be shown to the caller.
    #[error("{0}")]
    Conflict(String),
    /// What it was thought up for or checked with has changed meanwhile.
    #[error("somebody changed policies or connections meanwhile; look at them again")]
    Moved,
    /// The URL names no database that is supported.
    #[error("the store's URL must begin with sqlite: or postgres:")]
    Url,
}

impl Store {
    /// What logins need, as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// Tells when the snapshot was replaced: a revoked credential, changed groups, a changed connection.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<i64> {
        self.0.changed.subscribe()
    }

    /// How long ago the snapshot was last known to be what the database holds.
    #[must_use]
    pub fn age(&self) -> std::time::Duration {
        self.0.fresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.read.ping().await?)
    }

    async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(self.0.write.begin_with_options(options).await?)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(value: serde_json::Value, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::Corrupt(what))
}

/// Reads a digest column.
fn digest(bytes: &[u8], what: &'static str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt(what))
}
