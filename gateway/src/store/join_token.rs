//! Join tokens: an agent of one name may enroll once, soon. Only digests are kept.

use sea_orm::{Set, entity::prelude::*, sea_query::Expr};
use time::OffsetDateTime;

use super::{SecretHash, Store, StoreError, clock};

impl Store {
    /// Stores a token with which `agent` may enroll once before `expires`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn create_join_token(
        &self,
        agent: &str,
        secret_sha256: SecretHash,
        expires: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let row = row::ActiveModel {
            secret_sha256: Set(secret_sha256.to_vec()),
            agent: Set(agent.to_owned()),
            created: Set(clock::now()),
            expires: Set(clock::millis(expires)),
            used: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(&self.0.write).await?;
        Ok(())
    }

    /// Uses a token up and names the agent it was made for. Of any number of attempts at the same time one succeeds.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn use_join_token(&self, secret_sha256: SecretHash) -> Result<Option<String>, StoreError> {
        let now = clock::now();
        let used = row::Entity::update_many()
            .col_expr(row::Column::Used, Expr::value(now))
            .filter(row::Column::SecretSha256.eq(secret_sha256.to_vec()))
            .filter(row::Column::Used.is_null())
            .filter(row::Column::Expires.gt(now))
            .exec(&self.0.write)
            .await?;
        if used.rows_affected == 0 {
            return Ok(None);
        }
        let row = row::Entity::find_by_id(secret_sha256.to_vec()).one(&self.0.write).await?;
        Ok(row.map(|row| row.agent))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "join_token")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub secret_sha256: Vec<u8>,
        pub agent: String,
        pub created: i64,
        pub expires: i64,
        pub used: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
