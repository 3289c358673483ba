//! Enrolled agents. The certificate says who an agent is; here stands which certificate is the latest.

use sea_orm::{
    QueryOrder, Set,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use time::OffsetDateTime;

use super::{Store, StoreError, clock};

/// An enrolled agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its name, as in its certificate.
    pub name: String,
    /// How many certificates it was given; a renewal that presents an older number means a cloned key.
    pub generation: u64,
    /// The serial number of the latest certificate, hex.
    pub certificate_serial: Option<String>,
    /// When that certificate ends.
    pub certificate_expires: Option<OffsetDateTime>,
    /// Why it may not connect, if so.
    pub locked: Option<String>,
    /// When it first enrolled.
    pub created: OffsetDateTime,
    /// When it was last heard of.
    pub last_seen: Option<OffsetDateTime>,
}

/// A certificate that was just issued.
#[derive(Clone, Debug)]
pub struct Generation {
    /// The new number.
    pub number: u64,
    /// The certificate's serial number, hex.
    pub certificate_serial: String,
    /// When it ends.
    pub expires: OffsetDateTime,
}

impl Store {
    /// The agent of that name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn agent(&self, name: &str) -> Result<Option<Agent>, StoreError> {
        Ok(row::Entity::find_by_id(name).one(&self.0.read).await?.map(Agent::from))
    }

    /// All agents, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let rows = row::Entity::find().order_by_asc(row::Column::Name).all(&self.0.read).await?;
        Ok(rows.into_iter().map(Agent::from).collect())
    }

    /// Notes a certificate issued on enrolment: the agent is made if it is new, and unlocked, since its key is new too.
    /// Gives the generation number to put next to the certificate: one more than before.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn enroll_agent(&self, name: &str, serial: &str, expires: OffsetDateTime) -> Result<u64, StoreError> {
        let transaction = self.begin().await?;
        let before = row::Entity::find_by_id(name).one(&transaction).await?;
        let generation = before.as_ref().map_or(0, |row| row.generation) + 1;
        let row = row::ActiveModel {
            name: Set(name.to_owned()),
            generation: Set(generation),
            certificate_serial: Set(Some(serial.to_owned())),
            certificate_expires: Set(Some(clock::millis(expires))),
            locked: Set(None),
            created: Set(before.as_ref().map_or_else(clock::now, |row| row.created)),
            last_seen: Set(Some(clock::now())),
        };
        use row::Column::{CertificateExpires, CertificateSerial, Generation, LastSeen, Locked, Name};
        let replace = OnConflict::column(Name)
            .update_columns([Generation, CertificateSerial, CertificateExpires, Locked, LastSeen])
            .to_owned();
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(&transaction).await?;
        self.commit_changed(transaction).await?;
        Ok(u64::try_from(generation).unwrap_or_default())
    }

    /// Replaces the generation `before` by the next one, atomically. False if the agent is gone, locked or not at
    /// `before`: somebody else renewed with the same key.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_agent_generation(&self, name: &str, before: u64, next: Generation) -> Result<bool, StoreError> {
        let updated = row::Entity::update_many()
            .col_expr(row::Column::Generation, Expr::value(signed(next.number)))
            .col_expr(row::Column::CertificateSerial, Expr::value(next.certificate_serial))
            .col_expr(row::Column::CertificateExpires, Expr::value(clock::millis(next.expires)))
            .filter(row::Column::Name.eq(name))
            .filter(row::Column::Generation.eq(signed(before)))
            .filter(row::Column::Locked.is_null())
            .exec(&self.0.write)
            .await?;
        Ok(updated.rows_affected > 0)
    }

    /// Locks an agent out until it enrolls anew. False if there is none.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lock_agent(&self, name: &str, reason: &str) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let locked = row::Entity::update_many()
            .col_expr(row::Column::Locked, Expr::value(reason))
            .filter(row::Column::Name.eq(name))
            .exec(&transaction)
            .await?;
        self.commit_changed(transaction).await?;
        Ok(locked.rows_affected > 0)
    }

    /// Removes an agent: its certificate is good for nothing any more. False if there is none.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_agent(&self, name: &str) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let removed = row::Entity::delete_by_id(name).exec(&transaction).await?;
        self.commit_changed(transaction).await?;
        Ok(removed.rows_affected > 0)
    }

    /// Notes that an agent was heard of.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn agent_seen(&self, name: &str) -> Result<(), StoreError> {
        row::Entity::update_many()
            .col_expr(row::Column::LastSeen, Expr::value(clock::now()))
            .filter(row::Column::Name.eq(name))
            .exec(&self.0.write)
            .await?;
        Ok(())
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl From<row::Model> for Agent {
    fn from(row: row::Model) -> Self {
        Self {
            name: row.name,
            generation: u64::try_from(row.generation).unwrap_or_default(),
            certificate_serial: row.certificate_serial,
            certificate_expires: row.certificate_expires.map(clock::instant),
            locked: row.locked,
            created: clock::instant(row.created),
            last_seen: row.last_seen.map(clock::instant),
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "agent")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub generation: i64,
        pub certificate_serial: Option<String>,
        pub certificate_expires: Option<i64>,
        pub locked: Option<String>,
        pub created: i64,
        pub last_seen: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
