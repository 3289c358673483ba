//! Deployment settings that the gateway makes for itself, such as the SCRAM salt.

use sea_orm::{Set, entity::prelude::*, sea_query::OnConflict};

use super::{Store, StoreError};

impl Store {
    /// The value of a setting.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn setting(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(row::Entity::find_by_id(key).one(&self.0.read).await?.map(|row| row.value))
    }

    /// Sets a setting.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_setting(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let row = row::ActiveModel { key: Set(key.to_owned()), value: Set(value.to_vec()) };
        let replace = OnConflict::column(row::Column::Key).update_column(row::Column::Value).to_owned();
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(&self.0.write).await?;
        Ok(())
    }

    /// The value of a setting; if there is none yet, `value` becomes it. Replicas that race all get the same.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn setting_or(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let row = row::ActiveModel { key: Set(key.to_owned()), value: Set(value.to_vec()) };
        let keep = OnConflict::column(row::Column::Key).do_nothing().to_owned();
        row::Entity::insert(row).on_conflict(keep).exec_without_returning(&self.0.write).await?;
        let row = row::Entity::find_by_id(key).one(&self.0.write).await?;
        row.map(|row| row.value).ok_or(StoreError::Corrupt("setting"))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "setting")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub value: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
