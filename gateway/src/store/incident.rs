//! Incidents: sessions that a policy put on hold, until somebody releases them. A hold outlives its session, so that nobody leaves
//! it by connecting anew.

use std::collections::HashMap;

use proto::{Caller, Code, Protocol, SessionId, event::Refused};
use sea_orm::{
    ConnectionTrait, QueryOrder, QuerySelect, QueryTrait, Set,
    entity::prelude::*,
    sea_query::{Expr, OnConflict, SelectStatement},
};
use time::OffsetDateTime;

use super::{AuditEvent, Store, StoreError, audit, clock, from_json};

/// What has a session on hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Which session.
    pub session: SessionId,
    /// From 1, within the session.
    pub number: u32,
    /// The policies that say so.
    pub rules: Vec<String>,
    /// Why, for the caller.
    pub reason: String,
    /// Since when.
    pub at: OffsetDateTime,
}

impl Store {
    /// Stores an incident and tells the audit log, in one transaction. One that is known already changes nothing.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn raise_incident(&self, session: SessionId, refused: &Refused) -> Result<(), StoreError> {
        let Some(incident) = &refused.incident else { return Ok(()) };
        let Some(row) = self.session(session).await? else { return Ok(()) };
        let number = i32::try_from(incident.number).unwrap_or(i32::MAX);
        let transaction = self.begin().await?;
        let known = row::Entity::find_by_id((session.uuid(), number)).one(&transaction).await?;
        if known.is_some() {
            return Ok(());
        }
        let stored = row::ActiveModel {
            session: Set(session.uuid()),
            number: Set(number),
            connection: Set(row.connection.clone()),
            subject: Set(row.caller.subject.clone()),
            issuer: Set(row.caller.issuer.clone()),
            rules: Set(serde_json::json!(incident.rules)),
            reason: Set(incident.reason.clone()),
            at: Set(clock::now()),
            released: Set(None),
        };
        let once = OnConflict::columns([row::Column::Session, row::Column::Number]).do_nothing().to_owned();
        row::Entity::insert(stored).on_conflict(once).exec_without_returning(&transaction).await?;
        let facts: serde_json::Value = serde_json::from_str(&incident.facts).unwrap_or_default();
        let event = AuditEvent {
            subject: Some(row.caller.subject),
            connection: Some(row.connection),
            session: Some(session),
            source: Some(row.caller.source),
            protocol: Protocol::parse(&row.protocol),
            code: Some(refused.code.parse().unwrap_or(Code::Denied)),
            reason: Some(incident.rules.join(", ")),
            detail: serde_json::json!({
                "number": incident.number, "reason": incident.reason, "facts": facts, "bundle": refused.bundle,
            }),
            ..AuditEvent::new("incident")
        };
        audit::insert(&transaction, event).await?;
        Ok(transaction.commit().await?)
    }

    /// Releases a session's incidents up to `number`, and tells the audit log of it in one transaction. False if there was none
    /// left.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn release_incidents(
        &self,
        session: SessionId,
        number: u32,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let released = row::Entity::update_many()
            .col_expr(row::Column::Released, Expr::value(clock::now()))
            .filter(row::Column::Session.eq(session.uuid()))
            .filter(row::Column::Number.lte(i32::try_from(number).unwrap_or(i32::MAX)))
            .filter(row::Column::Released.is_null())
            .exec(&transaction)
            .await?;
        if released.rows_affected == 0 {
            return Ok(false);
        }
        audit::insert(&transaction, event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// What has these sessions on hold now: the newest incident of each.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn incidents_of(&self, sessions: &[SessionId]) -> Result<HashMap<SessionId, Incident>, StoreError> {
        let ids = sessions.iter().map(|session| session.uuid());
        let query = row::Entity::find().filter(row::Column::Session.is_in(ids));
        newest(query, &self.0.read).await.map(|all| all.into_iter().map(|one| (one.session, one)).collect())
    }

    /// The newest incident of a session, whether it is released or not.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn last_incident(&self, session: SessionId) -> Result<Option<Incident>, StoreError> {
        let query = row::Entity::find().filter(row::Column::Session.eq(session.uuid()));
        query.order_by_desc(row::Column::Number).one(&self.0.read).await?.map(Incident::try_from).transpose()
    }

    /// What keeps a caller from new sessions on a connection: an incident of theirs that nobody released.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn incident_of(&self, connection: &str, caller: &Caller) -> Result<Option<Incident>, StoreError> {
        let query = row::Entity::find()
            .filter(row::Column::Connection.eq(connection))
            .filter(row::Column::Subject.eq(&caller.subject))
            .filter(row::Column::Issuer.eq(&caller.issuer));
        Ok(newest(query, &self.0.read).await?.pop())
    }
}

/// Those of the rows that are not released, oldest first.
async fn newest<C: ConnectionTrait>(query: Select<row::Entity>, db: &C) -> Result<Vec<Incident>, StoreError> {
    let query = query.filter(row::Column::Released.is_null()).order_by_asc(row::Column::Number);
    query.all(db).await?.into_iter().map(Incident::try_from).collect()
}

/// The condition that a session is on hold.
pub(super) fn held() -> SelectStatement {
    let open = row::Entity::find().filter(row::Column::Released.is_null());
    open.select_only().column(row::Column::Session).into_query()
}

impl TryFrom<row::Model> for Incident {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            session: row.session.into(),
            number: row.number.try_into().map_err(|_| StoreError::Corrupt("incident"))?,
            rules: from_json(row.rules, "incident")?,
            reason: row.reason,
            at: clock::instant(row.at),
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub session: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub connection: String,
        pub subject: String,
        pub issuer: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub rules: Json,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        pub at: i64,
        pub released: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
