//! Tickets: short-lived secrets for native clients. Only digests and SCRAM keys are kept (RFC 5802 section 3).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use proto::Actor;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, PaginatorTrait, QueryOrder, QuerySelect, Set, TransactionTrait,
    entity::prelude::*, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SecretHash, Store, StoreError, clock, digest, from_json, refresh};

/// Live tickets a deployment may have: the most a SCRAM login without a hint has to try.
const LIVE_LIMIT: u64 = 10_000;
/// Live tickets one subject may have.
const SUBJECT_LIMIT: u64 = 200;
/// Ended tickets stay in memory for so long, to tell why one is refused (milliseconds).
const REMEMBER_ENDED: i64 = 24 * 3600 * 1000;
/// Ended tickets stay in the database for so long (milliseconds).
const KEEP_ENDED: i64 = 30 * 24 * 3600 * 1000;

/// What a ticket is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Purpose {
    /// Why, in its owner's words: a ticket number of another system, an incident.
    pub reason: Option<String>,
    /// Who makes the calls, if not its owner.
    pub actor: Option<Actor>,
}

/// A minted ticket, without its secret.
#[derive(Clone)]
pub struct Ticket {
    /// Names the ticket in records.
    pub id: Uuid,
    /// Digest of the secret.
    pub secret_sha256: SecretHash,
    /// SCRAM: H(ClientKey).
    pub stored_key: [u8; 32],
    /// SCRAM: ServerKey.
    pub server_key: [u8; 32],
    /// For whom.
    pub subject_id: Uuid,
    /// The subject's groups when it was minted.
    pub groups: Vec<String>,
    /// The only connection it is good for.
    pub connection: Option<String>,
    /// Whether the API takes it with its subject's full rights.
    pub api: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// When minted.
    pub created: OffsetDateTime,
    /// When it ends.
    pub expires: OffsetDateTime,
    /// When it was revoked.
    pub revoked: Option<OffsetDateTime>,
    /// When it was last used; some seconds late.
    pub last_used: Option<OffsetDateTime>,
    /// From where it was last used.
    pub last_source: Option<String>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A ticket to store.
#[derive(Clone)]
pub struct NewTicket {
    /// Digest of the secret.
    pub secret_sha256: SecretHash,
    /// SCRAM: H(ClientKey).
    pub stored_key: [u8; 32],
    /// SCRAM: ServerKey.
    pub server_key: [u8; 32],
    /// For whom.
    pub subject_id: Uuid,
    /// The subject's groups.
    pub groups: Vec<String>,
    /// The only connection it is good for.
    pub connection: Option<String>,
    /// Whether the API takes it with its subject's full rights.
    pub api: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// When it ends.
    pub expires: OffsetDateTime,
}

impl Store {
    /// Stores a ticket and gives its id.
    ///
    /// # Errors
    /// A conflict if the subject or the deployment has too many live ones.
    pub async fn create_ticket(&self, new: NewTicket) -> Result<Uuid, StoreError> {
        let now = clock::now();
        let transaction = self.begin().await?;
        let live = || row::Entity::find().filter(row::Column::Expires.gt(now)).filter(row::Column::Revoked.is_null());
        let own = live().filter(row::Column::SubjectId.eq(new.subject_id)).count(&transaction).await?;
        if own >= SUBJECT_LIMIT || live().count(&transaction).await? >= LIVE_LIMIT {
            return Err(StoreError::Conflict("too many live tickets; revoke some first".into()));
        }
        let id = Uuid::now_v7();
        let row = row::ActiveModel {
            id: Set(id),
            secret_sha256: Set(new.secret_sha256.to_vec()),
            stored_key: Set(new.stored_key.to_vec()),
            server_key: Set(new.server_key.to_vec()),
            subject_id: Set(new.subject_id),
            groups: Set(serde_json::json!(new.groups)),
            connection: Set(new.connection),
            api: Set(new.api),
            purpose: Set(Some(serde_json::json!(new.purpose))),
            created: Set(now),
            expires: Set(clock::millis(new.expires)),
            revoked: Set(None),
            last_used: Set(None),
            last_source: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(&transaction).await?;
        self.commit_changed(transaction).await?;
        Ok(id)
    }

    /// The live tickets of one subject, newest first, with their last use.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn tickets_of(&self, subject: Uuid) -> Result<Vec<Ticket>, StoreError> {
        self.0.uses.write_down(&self.0.write).await?;
        let rows = row::Entity::find()
            .filter(row::Column::SubjectId.eq(subject))
            .filter(row::Column::Revoked.is_null())
            .filter(row::Column::Expires.gt(clock::now()))
            .order_by_desc(row::Column::Id)
            .all(&self.0.read)
            .await?;
        rows.into_iter().map(Ticket::try_from).collect()
    }

    /// Revokes a ticket; with `owner`, only if it is theirs. Says whether there was one to revoke.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn revoke_ticket(&self, id: Uuid, owner: Option<Uuid>) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let mut update = row::Entity::update_many()
            .col_expr(row::Column::Revoked, Expr::value(clock::now()))
            .filter(row::Column::Id.eq(id))
            .filter(row::Column::Revoked.is_null());
        if let Some(owner) = owner {
            update = update.filter(row::Column::SubjectId.eq(owner));
        }
        let revoked = update.exec(&transaction).await?.rows_affected > 0;
        self.commit_changed(transaction).await?;
        Ok(revoked)
    }

    /// Notes that a ticket was used. Written down some seconds later, off the login path.
    pub fn ticket_used(&self, id: Uuid, source: std::net::SocketAddr) {
        self.0.uses.note(id, source);
    }
}

/// Uses of tickets that are not yet written down. Bounded by the number of live tickets.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<Uuid, (i64, std::net::SocketAddr)>>);

impl Uses {
    fn note(&self, id: Uuid, source: std::net::SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (clock::now(), source));
    }

    pub(super) async fn write_down(&self, db: &DatabaseConnection) -> Result<(), StoreError> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() {
            return Ok(());
        }
        let transaction = db.begin().await?;
        for (id, (at, source)) in uses {
            row::Entity::update_many()
                .col_expr(row::Column::LastUsed, Expr::value(at))
                .col_expr(row::Column::LastSource, Expr::value(source.to_string()))
                .filter(row::Column::Id.eq(id))
                .exec(&transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Live tickets and those that ended lately, newest first.
pub(super) async fn load(db: &DatabaseConnection, now: i64) -> Result<Vec<Ticket>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::Expires.gt(now - REMEMBER_ENDED))
        .order_by_desc(row::Column::Id)
        .limit(2 * LIVE_LIMIT)
        .all(db)
        .await?;
    rows.into_iter().map(Ticket::try_from).collect()
}

pub(super) async fn prune<C: ConnectionTrait>(db: &C, now: i64) -> Result<(), StoreError> {
    refresh::delete_before::<row::Entity, C>(db, row::Column::Expires, now - KEEP_ENDED).await
}

impl TryFrom<row::Model> for Ticket {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            secret_sha256: digest(&row.secret_sha256, "ticket")?,
            stored_key: digest(&row.stored_key, "ticket")?,
            server_key: digest(&row.server_key, "ticket")?,
            subject_id: row.subject_id,
            groups: from_json(row.groups, "ticket")?,
            connection: row.connection,
            api: row.api,
            purpose: row.purpose.map_or_else(|| Ok(Purpose::default()), |purpose| from_json(purpose, "ticket"))?,
            created: clock::instant(row.created),
            expires: clock::instant(row.expires),
            revoked: row.revoked.map(clock::instant),
            last_used: row.last_used.map(clock::instant),
            last_source: row.last_source,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub secret_sha256: Vec<u8>,
        pub stored_key: Vec<u8>,
        pub server_key: Vec<u8>,
        pub subject_id: Uuid,
        #[sea_orm(column_type = "JsonBinary")]
        pub groups: Json,
        pub connection: Option<String>,
        pub api: bool,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub purpose: Option<Json>,
        pub created: i64,
        pub expires: i64,
        pub revoked: Option<i64>,
        pub last_used: Option<i64>,
        pub last_source: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
