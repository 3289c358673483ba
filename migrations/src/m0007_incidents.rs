//! Sessions that were put on hold, and who released them.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let incident = Table::create()
            .table("incident")
            .col(uuid("session"))
            .col(integer("number"))
            .col(string("connection"))
            .col(string("subject"))
            .col(string("issuer"))
            .col(json_binary("rules"))
            .col(text("reason"))
            .col(big_integer("at"))
            .col(big_integer_null("released"))
            .primary_key(Index::create().col("session").col("number"))
            .to_owned();
        manager.create_table(incident).await?;
        let who = Index::create()
            .name("incident_who")
            .table("incident")
            .col("connection")
            .col("subject")
            .col("released")
            .to_owned();
        manager.create_index(who).await
    }
}
