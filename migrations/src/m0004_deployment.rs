//! What belongs to the deployment as a whole: settings, and the version that tells replicas to look again.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(setting()).await?;
        manager.create_table(version()).await?;
        let first = Query::insert()
            .into_table("version")
            .columns(["id", "number"])
            .values_panic([1.into(), 0.into()])
            .to_owned();
        manager.execute(first).await
    }
}

fn setting() -> TableCreateStatement {
    Table::create().table("setting").col(string("key").primary_key()).col(binary("value")).to_owned()
}

fn version() -> TableCreateStatement {
    Table::create().table("version").col(integer("id").primary_key()).col(big_integer("number")).to_owned()
}
