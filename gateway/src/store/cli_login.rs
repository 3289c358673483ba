//! Sign-ins of the command line that wait for their person in a browser (the idea of RFC 8628).

use sea_orm::{ConnectionTrait, PaginatorTrait, Set, entity::prelude::*, sea_query::Expr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SecretHash, Store, StoreError, clock, refresh};

/// Logins that may wait at a time; anybody can start one.
const LIMIT: u64 = 1_000;

/// A login that waits or was approved.
#[derive(Clone, Debug)]
pub struct CliLogin {
    /// Ours.
    pub id: Uuid,
    /// Where the command line runs, as seen from here.
    pub source: String,
    /// Who approved it, if anybody has.
    pub subject_id: Option<Uuid>,
    /// When it ends.
    pub expires: OffsetDateTime,
}

/// A login to store.
#[derive(Clone)]
pub struct NewCliLogin {
    /// Digest of what the command line polls with.
    pub poll_sha256: SecretHash,
    /// What the person types in the browser.
    pub user_code: String,
    /// Where the command line runs, as seen from here.
    pub source: String,
    /// When it ends.
    pub expires: OffsetDateTime,
}

impl Store {
    /// Stores a login that waits.
    ///
    /// # Errors
    /// A conflict if too many wait.
    pub async fn create_cli_login(&self, new: NewCliLogin) -> Result<(), StoreError> {
        prune(&self.0.write, clock::now()).await?;
        if row::Entity::find().count(&self.0.write).await? >= LIMIT {
            return Err(StoreError::Conflict("too many logins are waiting; try again in some minutes".into()));
        }
        let row = row::ActiveModel {
            id: Set(Uuid::now_v7()),
            poll_sha256: Set(new.poll_sha256.to_vec()),
            user_code: Set(new.user_code),
            source: Set(new.source),
            subject_id: Set(None),
            attempts: Set(0),
            expires: Set(clock::millis(new.expires)),
        };
        row::Entity::insert(row).exec_without_returning(&self.0.write).await?;
        Ok(())
    }

    /// The waiting login with that code.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn cli_login_with_code(&self, user_code: &str) -> Result<Option<CliLogin>, StoreError> {
        let row = row::Entity::find()
            .filter(row::Column::UserCode.eq(user_code))
            .filter(row::Column::SubjectId.is_null())
            .filter(row::Column::Expires.gt(clock::now()))
            .one(&self.0.read)
            .await?;
        Ok(row.map(CliLogin::from))
    }

    /// Approves a waiting login for `subject`. False if it waits no more.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn approve_cli_login(&self, id: Uuid, subject: Uuid) -> Result<bool, StoreError> {
        let approved = row::Entity::update_many()
            .col_expr(row::Column::SubjectId, Expr::value(subject))
            .filter(row::Column::Id.eq(id))
            .filter(row::Column::SubjectId.is_null())
            .filter(row::Column::Expires.gt(clock::now()))
            .exec(&self.0.write)
            .await?;
        Ok(approved.rows_affected > 0)
    }

    /// What became of the login that is polled for. An approved one is taken out: it is good once.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn poll_cli_login(&self, poll_sha256: SecretHash) -> Result<Option<CliLogin>, StoreError> {
        let row = row::Entity::find()
            .filter(row::Column::PollSha256.eq(poll_sha256.to_vec()))
            .filter(row::Column::Expires.gt(clock::now()))
            .one(&self.0.write)
            .await?;
        let Some(row) = row else { return Ok(None) };
        if row.subject_id.is_some() {
            let taken = row::Entity::delete_by_id(row.id).exec(&self.0.write).await?.rows_affected > 0;
            return Ok(taken.then(|| CliLogin::from(row)));
        }
        Ok(Some(CliLogin::from(row)))
    }
}

pub(super) async fn prune<C: ConnectionTrait>(db: &C, now: i64) -> Result<(), StoreError> {
    refresh::delete_before::<row::Entity, C>(db, row::Column::Expires, now).await
}

impl From<row::Model> for CliLogin {
    fn from(row: row::Model) -> Self {
        Self { id: row.id, source: row.source, subject_id: row.subject_id, expires: clock::instant(row.expires) }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "cli_login")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub poll_sha256: Vec<u8>,
        pub user_code: String,
        pub source: String,
        pub subject_id: Option<Uuid>,
        pub attempts: i32,
        pub expires: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
