//! Sign-ins under way at the identity provider: what the callback must find again, once.

use sea_orm::{ConnectionTrait, PaginatorTrait, Set, entity::prelude::*};
use time::OffsetDateTime;

use super::{SecretHash, Store, StoreError, clock, refresh};

/// Sign-ins that may be under way at a time; anybody can start one.
const LIMIT: u64 = 10_000;

/// A sign-in under way.
#[derive(Clone)]
pub struct SignIn {
    /// What the ID token must repeat.
    pub nonce: String,
    /// The PKCE verifier (RFC 7636).
    pub pkce_verifier: String,
    /// The path to go to afterwards; one of ours.
    pub next: String,
}

impl Store {
    /// Remembers a sign-in under the digest of its state.
    ///
    /// # Errors
    /// A conflict if too many are under way.
    pub async fn begin_sign_in(
        &self,
        state_sha256: SecretHash,
        sign_in: SignIn,
        expires: OffsetDateTime,
    ) -> Result<(), StoreError> {
        prune(&self.0.write, clock::now()).await?;
        if row::Entity::find().count(&self.0.write).await? >= LIMIT {
            return Err(StoreError::Conflict("too many sign-ins are under way; try again in some minutes".into()));
        }
        let row = row::ActiveModel {
            state_sha256: Set(state_sha256.to_vec()),
            nonce: Set(sign_in.nonce),
            pkce_verifier: Set(sign_in.pkce_verifier),
            next: Set(sign_in.next),
            expires: Set(clock::millis(expires)),
        };
        row::Entity::insert(row).exec_without_returning(&self.0.write).await?;
        Ok(())
    }

    /// Takes a sign-in out: each state is good once.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn take_sign_in(&self, state_sha256: SecretHash) -> Result<Option<SignIn>, StoreError> {
        let Some(row) = row::Entity::find_by_id(state_sha256.to_vec()).one(&self.0.write).await? else {
            return Ok(None);
        };
        let taken = row::Entity::delete_by_id(state_sha256.to_vec()).exec(&self.0.write).await?.rows_affected > 0;
        let live = taken && row.expires > clock::now();
        Ok(live.then_some(SignIn { nonce: row.nonce, pkce_verifier: row.pkce_verifier, next: row.next }))
    }
}

pub(super) async fn prune<C: ConnectionTrait>(db: &C, now: i64) -> Result<(), StoreError> {
    refresh::delete_before::<row::Entity, C>(db, row::Column::Expires, now).await
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub state_sha256: Vec<u8>,
        pub nonce: String,
        pub pkce_verifier: String,
        pub next: String,
        pub expires: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
