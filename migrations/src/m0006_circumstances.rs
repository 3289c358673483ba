//! What policies look at besides who: how somebody signed in, and what a ticket is for.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more.
        let columns = [
            ("subject", boolean("mfa").default(false).to_owned()),
            ("subject", big_integer("authenticated").default(0).to_owned()),
            ("ticket", json_binary_null("purpose")),
        ];
        for (table, mut column) in columns {
            manager.alter_table(Table::alter().table(table).add_column(&mut column).to_owned()).await?;
        }
        Ok(())
    }
}
