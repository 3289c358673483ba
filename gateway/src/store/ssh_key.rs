//! SSH public keys that people registered for themselves.

use sea_orm::{DatabaseConnection, PaginatorTrait, Set, entity::prelude::*, sea_query::Expr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, StoreError, clock};

/// Keys one subject may have.
const SUBJECT_LIMIT: u64 = 50;

/// A registered public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// Names the key in records.
    pub id: Uuid,
    /// `SHA256:...`.
    pub fingerprint: String,
    /// The OpenSSH public key line, without a comment.
    pub public_key: String,
    /// Whose.
    pub subject_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// When registered.
    pub created: OffsetDateTime,
    /// When deleted. A deleted key's fingerprint stays taken by its owner.
    pub revoked: Option<OffsetDateTime>,
}

/// A key to register.
#[derive(Clone, Debug)]
pub struct NewSshKey {
    /// `SHA256:...`.
    pub fingerprint: String,
    /// The OpenSSH public key line, without a comment.
    pub public_key: String,
    /// Whose.
    pub subject_id: Uuid,
    /// What its owner calls it.
    pub name: String,
}

impl Store {
    /// Registers a key. Registering one's own key again makes it good again.
    ///
    /// # Errors
    /// A conflict if the key is another subject's or there are too many.
    pub async fn register_ssh_key(&self, new: NewSshKey) -> Result<SshKey, StoreError> {
        let transaction = self.begin().await?;
        let known = row::Entity::find().filter(row::Column::Fingerprint.eq(&new.fingerprint)).one(&transaction).await?;
        if known.as_ref().is_some_and(|row| row.subject_id != new.subject_id) {
            return Err(StoreError::Conflict("this key cannot be registered".into()));
        }
        let own = row::Entity::find().filter(row::Column::SubjectId.eq(new.subject_id)).count(&transaction).await?;
        if known.is_none() && own >= SUBJECT_LIMIT {
            return Err(StoreError::Conflict("too many keys".into()));
        }
        let row = row::ActiveModel {
            id: Set(known.as_ref().map_or_else(Uuid::now_v7, |row| row.id)),
            fingerprint: Set(new.fingerprint),
            public_key: Set(new.public_key),
            subject_id: Set(new.subject_id),
            name: Set(new.name),
            created: Set(clock::now()),
            revoked: Set(None),
        };
        let row = if known.is_some() { row.update(&transaction).await? } else { row.insert(&transaction).await? };
        self.commit_changed(transaction).await?;
        Ok(row.into())
    }

    /// Deletes a subject's key. Says whether there was one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn revoke_ssh_key(&self, id: Uuid, owner: Uuid) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let revoked = row::Entity::update_many()
            .col_expr(row::Column::Revoked, Expr::value(clock::now()))
            .filter(row::Column::Id.eq(id))
            .filter(row::Column::SubjectId.eq(owner))
            .filter(row::Column::Revoked.is_null())
            .exec(&transaction)
            .await?
            .rows_affected;
        self.commit_changed(transaction).await?;
        Ok(revoked > 0)
    }
}

pub(super) async fn load(db: &DatabaseConnection) -> Result<Vec<SshKey>, StoreError> {
    Ok(row::Entity::find().all(db).await?.into_iter().map(SshKey::from).collect())
}

impl From<row::Model> for SshKey {
    fn from(row: row::Model) -> Self {
        Self {
            id: row.id,
            fingerprint: row.fingerprint,
            public_key: row.public_key,
            subject_id: row.subject_id,
            name: row.name,
            created: clock::instant(row.created),
            revoked: row.revoked.map(clock::instant),
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ssh_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub fingerprint: String,
        #[sea_orm(column_type = "Text")]
        pub public_key: String,
        pub subject_id: Uuid,
        pub name: String,
        pub created: i64,
        pub revoked: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
