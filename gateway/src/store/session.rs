//! Sessions: one row each, from authentication to seal.

use proto::{Caller, Code, Protocol, SessionId};
use sea_orm::{QueryOrder, QuerySelect, Set, entity::prelude::*, sea_query::Expr};
use time::OffsetDateTime;

use super::{AuditEvent, Store, StoreError, audit, clock, digest, from_json, incident};

/// A session about to open.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// On which connection.
    pub connection: String,
    /// Over which protocol.
    pub protocol: Protocol,
    /// Who.
    pub caller: Caller,
    /// The agent that serves it.
    pub agent: String,
    /// The gateway replica that serves it; see [`Store::lose_sessions`].
    pub replica: String,
    /// What gave the right ([`policy::Permit::reason`]).
    pub permitted_by: String,
    /// The version of the bundle that gave it, for the audit log.
    pub bundle: u64,
    /// What policies in shadow mode would have done ([`policy::Permit::shadow`]), for the audit log.
    pub shadow: String,
}

/// What passed in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests of the client.
    pub requests: u64,
    /// Bytes from the client.
    pub bytes_in: u64,
    /// Bytes to the client.
    pub bytes_out: u64,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// It runs.
    Open,
    /// It ended on its own path.
    Closed,
    /// The gateway that served it died.
    Lost,
}

impl SessionStatus {
    /// The word in store and API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Lost => "lost",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Closed, Self::Lost].into_iter().find(|status| status.as_str() == word)
    }
}

/// A stored session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// On which connection.
    pub connection: String,
    /// Over which protocol.
    pub protocol: String,
    /// Who.
    pub caller: Caller,
    /// The agent that serves it.
    pub agent: String,
    /// What gave the right.
    pub permitted_by: String,
    /// When it opened.
    pub opened: OffsetDateTime,
    /// When it ended.
    pub ended: Option<OffsetDateTime>,
    /// Where it stands.
    pub status: SessionStatus,
    /// The code it ended with.
    pub code: Option<String>,
    /// The sentence it ended with.
    pub message: Option<String>,
    /// What passed.
    pub counts: Counts,
    /// The last event that is stored; 0 before the first.
    pub last_seq: u64,
    /// The head of its event chain at `last_seq`.
    pub chain_head: Option<[u8; 32]>,
}

/// Which sessions to list. Everything set must match.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Of this subject (name).
    pub subject: Option<String>,
    /// On this connection.
    pub connection: Option<String>,
    /// In this state.
    pub status: Option<SessionStatus>,
    /// On hold.
    pub held: bool,
    /// Older than this one.
    pub before: Option<SessionId>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// Stores a session and `session.opened` in one transaction.
    ///
    /// # Errors
    /// If the database fails: then there must be no session.
    pub async fn open_session(&self, new: NewSession) -> Result<(), StoreError> {
        let event = AuditEvent {
            subject: Some(new.caller.subject.clone()),
            connection: Some(new.connection.clone()),
            session: Some(new.id),
            source: Some(new.caller.source.clone()),
            protocol: Some(new.protocol),
            detail: serde_json::json!({
                "issuer": new.caller.issuer, "method": new.caller.method,
                "credential": new.caller.credential_id, "permitted_by": new.permitted_by,
                "bundle": new.bundle, "shadow": new.shadow,
            }),
            ..AuditEvent::new("session.opened")
        };
        let transaction = self.begin().await?;
        row::Entity::insert(opening(new)).exec_without_returning(&transaction).await?;
        audit::insert(&transaction, event).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends a session in the store and in the audit log. False if it had ended before: the first ending stands.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn close_session(
        &self,
        id: SessionId,
        code: Code,
        message: &str,
        counts: Counts,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let closed = row::Entity::update_many()
            .col_expr(row::Column::Status, Expr::value(SessionStatus::Closed.as_str()))
            .col_expr(row::Column::Ended, Expr::value(clock::now()))
            .col_expr(row::Column::Code, Expr::value(code.as_str()))
            .col_expr(row::Column::Message, Expr::value(message))
            .col_expr(row::Column::Requests, Expr::value(signed(counts.requests)))
            .col_expr(row::Column::BytesIn, Expr::value(signed(counts.bytes_in)))
            .col_expr(row::Column::BytesOut, Expr::value(signed(counts.bytes_out)))
            .filter(row::Column::Id.eq(id.uuid()))
            .filter(row::Column::Ended.is_null())
            .exec(&transaction)
            .await?;
        if closed.rows_affected == 0 {
            return Ok(false);
        }
        let event = AuditEvent {
            session: Some(id),
            code: Some(code),
            reason: Some(message.to_owned()),
            ..AuditEvent::new("session.closed")
        };
        audit::insert(&transaction, event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes how far a session's events are stored. Never goes back.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn session_progress(&self, id: SessionId, last_seq: u64, chain_head: [u8; 32]) -> Result<(), StoreError> {
        row::Entity::update_many()
            .col_expr(row::Column::LastSeq, Expr::value(signed(last_seq)))
            .col_expr(row::Column::ChainHead, Expr::value(chain_head.to_vec()))
            .filter(row::Column::Id.eq(id.uuid()))
            .filter(row::Column::LastSeq.lt(signed(last_seq)))
            .exec(&self.0.write)
            .await?;
        Ok(())
    }

    /// Marks sessions that `replica` left open as lost, except those in `alive`, and gives their ids. For the start of a
    /// gateway, which then has none alive.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lose_sessions(&self, replica: &str, alive: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        let transaction = self.begin().await?;
        let open = row::Entity::find()
            .filter(row::Column::Status.eq(SessionStatus::Open.as_str()))
            .filter(row::Column::Replica.eq(replica))
            .filter(row::Column::Id.is_not_in(alive.iter().map(|id| id.uuid())))
            .all(&transaction)
            .await?;
        let mut lost = Vec::with_capacity(open.len());
        for session in open {
            let id = SessionId::from(session.id);
            row::Entity::update_many()
                .col_expr(row::Column::Status, Expr::value(SessionStatus::Lost.as_str()))
                .col_expr(row::Column::Ended, Expr::value(clock::now()))
                .col_expr(row::Column::Code, Expr::value(Code::GatewayLost.as_str()))
                .filter(row::Column::Id.eq(session.id))
                .exec(&transaction)
                .await?;
            let event = AuditEvent {
                session: Some(id),
                subject: Some(session.subject),
                connection: Some(session.connection),
                code: Some(Code::GatewayLost),
                ..AuditEvent::new("session.lost")
            };
            audit::insert(&transaction, event).await?;
            lost.push(id);
        }
        transaction.commit().await?;
        Ok(lost)
    }

    /// One session.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        row::Entity::find_by_id(id.uuid()).one(&self.0.read).await?.map(SessionRow::try_from).transpose()
    }

    /// Sessions, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sessions(&self, filter: SessionFilter) -> Result<Vec<SessionRow>, StoreError> {
        let mut query = row::Entity::find().order_by_desc(row::Column::Id).limit(filter.limit);
        if let Some(subject) = filter.subject {
            query = query.filter(row::Column::Subject.eq(subject));
        }
        if let Some(connection) = filter.connection {
            query = query.filter(row::Column::Connection.eq(connection));
        }
        if let Some(status) = filter.status {
            query = query.filter(row::Column::Status.eq(status.as_str()));
        }
        if filter.held {
            query = query.filter(row::Column::Id.in_subquery(incident::held()));
        }
        if let Some(before) = filter.before {
            query = query.filter(row::Column::Id.lt(before.uuid()));
        }
        query.all(&self.0.read).await?.into_iter().map(SessionRow::try_from).collect()
    }
}

fn opening(new: NewSession) -> row::ActiveModel {
    row::ActiveModel {
        id: Set(new.id.uuid()),
        connection: Set(new.connection),
        protocol: Set(new.protocol.as_str().to_owned()),
        subject: Set(new.caller.subject),
        issuer: Set(new.caller.issuer),
        groups: Set(serde_json::json!(new.caller.groups)),
        method: Set(new.caller.method),
        credential_id: Set(new.caller.credential_id),
        source: Set(new.caller.source),
        client: Set(new.caller.client),
        agent: Set(new.agent),
        replica: Set(new.replica),
        permitted_by: Set(new.permitted_by),
        opened: Set(clock::now()),
        ended: Set(None),
        status: Set(SessionStatus::Open.as_str().to_owned()),
        code: Set(None),
        message: Set(None),
        requests: Set(0),
        bytes_in: Set(0),
        bytes_out: Set(0),
        last_seq: Set(0),
        chain_head: Set(None),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl TryFrom<row::Model> for SessionRow {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            connection: row.connection,
            protocol: row.protocol,
            caller: Caller {
                subject: row.subject,
                issuer: row.issuer,
                groups: from_json(row.groups, "session")?,
                method: row.method,
                credential_id: row.credential_id,
                source: row.source,
                client: row.client,
                ..Caller::default()
            },
            agent: row.agent,
            permitted_by: row.permitted_by,
            opened: clock::instant(row.opened),
            ended: row.ended.map(clock::instant),
            status: SessionStatus::parse(&row.status).ok_or(StoreError::Corrupt("session"))?,
            code: row.code,
            message: row.message,
            counts: Counts {
                requests: unsigned(row.requests),
                bytes_in: unsigned(row.bytes_in),
                bytes_out: unsigned(row.bytes_out),
            },
            last_seq: unsigned(row.last_seq),
            chain_head: row.chain_head.map(|head| digest(&head, "session")).transpose()?,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub connection: String,
        pub protocol: String,
        pub subject: String,
        pub issuer: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub groups: Json,
        pub method: String,
        pub credential_id: String,
        pub source: String,
        pub client: String,
        pub agent: String,
        pub replica: String,
        pub permitted_by: String,
        pub opened: i64,
        pub ended: Option<i64>,
        pub status: String,
        pub code: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub message: Option<String>,
        pub requests: i64,
        pub bytes_in: i64,
        pub bytes_out: i64,
        pub last_seq: i64,
        pub chain_head: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
