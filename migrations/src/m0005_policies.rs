//! Policy documents, and the bundles that were made of them.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [policy_document(), bundle()] {
            manager.create_table(table).await?;
        }
        Ok(())
    }
}

fn policy_document() -> TableCreateStatement {
    Table::create()
        .table("policy_document")
        .col(string("name").primary_key())
        .col(text("text"))
        .col(big_integer("changed"))
        .to_owned()
}

/// Append-only: what was decided by an old bundle can still be explained.
fn bundle() -> TableCreateStatement {
    Table::create()
        .table("bundle")
        .col(big_integer("version").primary_key())
        .col(string("hash"))
        .col(json_binary("body"))
        .col(big_integer("created"))
        .to_owned()
}
