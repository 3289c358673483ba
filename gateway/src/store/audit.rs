//! The audit log: append-only. What happened, to whom, from where, with which code. Never a secret.

use proto::{Code, Protocol, SessionId};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, Set, entity::prelude::*};
use time::OffsetDateTime;

use super::{Store, StoreError, clock};

/// Something that happened.
#[derive(Clone, Debug, Default)]
pub struct AuditEvent {
    /// What, in dotted words: `session.opened`, `login.failed`, `ticket.minted`.
    pub kind: &'static str,
    /// Who, or who it claimed to be.
    pub subject: Option<String>,
    /// On which connection, or the name that was asked for.
    pub connection: Option<String>,
    /// In which session.
    pub session: Option<SessionId>,
    /// From which address.
    pub source: Option<String>,
    /// Over which protocol.
    pub protocol: Option<Protocol>,
    /// With which code.
    pub code: Option<Code>,
    /// Why, in a word; not told to the client.
    pub reason: Option<String>,
    /// Whatever else matters. `null` for nothing.
    pub detail: serde_json::Value,
}

impl AuditEvent {
    /// An event that says no more than its kind.
    #[must_use]
    pub fn new(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }
}

/// An event as it was stored.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// Its place in the log.
    pub seq: i64,
    /// When.
    pub at: OffsetDateTime,
    /// See [`AuditEvent`].
    pub kind: String,
    /// See [`AuditEvent`].
    pub subject: Option<String>,
    /// See [`AuditEvent`].
    pub connection: Option<String>,
    /// See [`AuditEvent`].
    pub session: Option<SessionId>,
    /// See [`AuditEvent`].
    pub source: Option<String>,
    /// See [`AuditEvent`].
    pub protocol: Option<String>,
    /// See [`AuditEvent`].
    pub code: Option<String>,
    /// See [`AuditEvent`].
    pub reason: Option<String>,
    /// See [`AuditEvent`].
    pub detail: serde_json::Value,
}

/// Which events to list. Everything set must match.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// This kind.
    pub kind: Option<String>,
    /// This subject.
    pub subject: Option<String>,
    /// This connection.
    pub connection: Option<String>,
    /// This session.
    pub session: Option<SessionId>,
    /// At this time or later.
    pub since: Option<OffsetDateTime>,
    /// Before this place in the log.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// Appends an event.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn audit(&self, event: AuditEvent) -> Result<(), StoreError> {
        insert(&self.0.write, event).await
    }

    /// Events, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn audit_events(&self, filter: AuditFilter) -> Result<Vec<StoredEvent>, StoreError> {
        let mut query = row::Entity::find().order_by_desc(row::Column::Seq).limit(filter.limit);
        if let Some(kind) = filter.kind {
            query = query.filter(row::Column::Kind.eq(kind));
        }
        if let Some(subject) = filter.subject {
            query = query.filter(row::Column::Subject.eq(subject));
        }
        if let Some(connection) = filter.connection {
            query = query.filter(row::Column::Connection.eq(connection));
        }
        if let Some(session) = filter.session {
            query = query.filter(row::Column::Session.eq(session.uuid()));
        }
        if let Some(since) = filter.since {
            query = query.filter(row::Column::At.gte(clock::millis(since)));
        }
        if let Some(before) = filter.before {
            query = query.filter(row::Column::Seq.lt(before));
        }
        Ok(query.all(&self.0.read).await?.into_iter().map(StoredEvent::from).collect())
    }
}

pub(super) async fn insert<C: ConnectionTrait>(db: &C, event: AuditEvent) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        at: Set(clock::now()),
        kind: Set(event.kind.to_owned()),
        subject: Set(event.subject),
        connection: Set(event.connection),
        session: Set(event.session.map(SessionId::uuid)),
        source: Set(event.source),
        protocol: Set(event.protocol.map(|protocol| protocol.as_str().to_owned())),
        code: Set(event.code.map(|code| code.as_str().to_owned())),
        reason: Set(event.reason),
        detail: Set(event.detail),
        ..Default::default()
    };
    row::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

impl From<row::Model> for StoredEvent {
    fn from(row: row::Model) -> Self {
        Self {
            seq: row.seq,
            at: clock::instant(row.at),
            kind: row.kind,
            subject: row.subject,
            connection: row.connection,
            session: row.session.map(SessionId::from),
            source: row.source,
            protocol: row.protocol,
            code: row.code,
            reason: row.reason,
            detail: row.detail,
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_event")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        pub at: i64,
        pub kind: String,
        pub subject: Option<String>,
        pub connection: Option<String>,
        pub session: Option<Uuid>,
        pub source: Option<String>,
        pub protocol: Option<String>,
        pub code: Option<String>,
        pub reason: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub detail: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
