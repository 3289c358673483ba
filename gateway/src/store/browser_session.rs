//! Sign-ins that last: of a browser (a cookie) or of the command line (a bearer token). Only digests are kept.

use sea_orm::{ConnectionTrait, Set, entity::prelude::*};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SecretHash, Store, StoreError, clock, refresh};

/// What carries the secret. One kind is never taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserSessionKind {
    /// A cookie.
    Cookie,
    /// The command line's bearer token.
    Token,
}

impl BrowserSessionKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
        }
    }
}

/// A sign-in that is live.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// Names it in records.
    pub id: Uuid,
    /// Whose.
    pub subject_id: Uuid,
    /// What a form must send along with the cookie.
    pub csrf: String,
    /// When it ends.
    pub expires: OffsetDateTime,
}

/// A sign-in to store.
#[derive(Clone)]
pub struct NewBrowserSession {
    /// Digest of the secret.
    pub secret_sha256: SecretHash,
    /// Whose.
    pub subject_id: Uuid,
    /// What carries the secret.
    pub kind: BrowserSessionKind,
    /// What a form must send along with the cookie.
    pub csrf: String,
    /// When it ends.
    pub expires: OffsetDateTime,
}

impl Store {
    /// Stores a sign-in.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn create_browser_session(&self, new: NewBrowserSession) -> Result<Uuid, StoreError> {
        let id = Uuid::now_v7();
        let row = row::ActiveModel {
            id: Set(id),
            secret_sha256: Set(new.secret_sha256.to_vec()),
            subject_id: Set(new.subject_id),
            kind: Set(new.kind.as_str().to_owned()),
            csrf: Set(new.csrf),
            created: Set(clock::now()),
            expires: Set(clock::millis(new.expires)),
        };
        row::Entity::insert(row).exec_without_returning(&self.0.write).await?;
        Ok(id)
    }

    /// The live sign-in behind a secret of that kind.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn browser_session(
        &self,
        secret_sha256: SecretHash,
        kind: BrowserSessionKind,
    ) -> Result<Option<BrowserSession>, StoreError> {
        let row = row::Entity::find()
            .filter(row::Column::SecretSha256.eq(secret_sha256.to_vec()))
            .filter(row::Column::Kind.eq(kind.as_str()))
            .filter(row::Column::Expires.gt(clock::now()))
            .one(&self.0.read)
            .await?;
        Ok(row.map(|row| BrowserSession {
            id: row.id,
            subject_id: row.subject_id,
            csrf: row.csrf,
            expires: clock::instant(row.expires),
        }))
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_browser_session(&self, id: Uuid) -> Result<(), StoreError> {
        row::Entity::delete_by_id(id).exec(&self.0.write).await?;
        Ok(())
    }
}

pub(super) async fn prune<C: ConnectionTrait>(db: &C, now: i64) -> Result<(), StoreError> {
    refresh::delete_before::<row::Entity, C>(db, row::Column::Expires, now).await
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "browser_session")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub secret_sha256: Vec<u8>,
        pub subject_id: Uuid,
        pub kind: String,
        pub csrf: String,
        pub created: i64,
        pub expires: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
