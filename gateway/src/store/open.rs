//! Opening the store: connect, migrate, load.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch;

use super::{Inner, Snapshot, Store, StoreError, bundle, refresh, ticket};

/// Any number, the same in every replica: only one migrates at a time.
const MIGRATION_LOCK: i64 = 0x5341_4c4c_5950_4f52;
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;

impl Store {
    /// Opens the database at `url` (`sqlite:PATH`, `sqlite::memory:` or `postgres://...`), migrates it, loads the
    /// snapshot and keeps it fresh for as long as the store lives.
    ///
    /// # Errors
    /// If the URL is not understood or the database cannot be reached or migrated.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (read, write) = connect(url).await?;
        migrate(&write).await?;
        found(&write).await?;
        let snapshot = Snapshot::load(&read, None).await?;
        let version = snapshot.version();
        let inner = Arc::new(Inner {
            read,
            write,
            snapshot: ArcSwap::from_pointee(snapshot),
            changed: watch::Sender::new(version),
            reloading: tokio::sync::Mutex::new(()),
            uses: ticket::Uses::default(),
            fresh: std::sync::Mutex::new(std::time::Instant::now()),
        });
        tokio::spawn(refresh::keep_fresh(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }
}

/// The connections for reading and for writing. SQLite has one writer at a time, so it gets exactly one connection
/// for writing: writers queue here, fairly, instead of colliding in the file.
async fn connect(url: &str) -> Result<(DatabaseConnection, DatabaseConnection), StoreError> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let pool = Database::connect(options(url, POSTGRES_CONNECTIONS)).await?;
        return Ok((pool.clone(), pool));
    }
    if !url.starts_with("sqlite:") {
        return Err(StoreError::Url);
    }
    let write = Database::connect(sqlite(url, 1)).await?;
    if url.contains(":memory:") {
        return Ok((write.clone(), write));
    }
    let read = Database::connect(sqlite(url, SQLITE_READERS)).await?;
    Ok((read, write))
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(!url.starts_with("sqlite:"));
    options
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
    });
    options
}

/// A fresh store gets its first bundle. Replicas that start together take turns.
async fn found(db: &DatabaseConnection) -> Result<(), StoreError> {
    let turn = db.begin().await?;
    if db.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
        turn.execute_raw(Statement::from_string(db.get_database_backend(), lock)).await?;
    }
    bundle::found(&turn).await?;
    Ok(turn.commit().await?)
}

/// Applies what is missing. Replicas that start together take turns.
async fn migrate(db: &DatabaseConnection) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    if backend != sea_orm::DatabaseBackend::Postgres {
        return Ok(Migrator::up(db, None).await?);
    }
    let turn = db.begin().await?;
    turn.execute_raw(Statement::from_string(backend, format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")))
        .await?;
    Migrator::up(&turn, None).await?;
    Ok(turn.commit().await?)
}
