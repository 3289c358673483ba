//! Connections and the agents that serve them.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [connection(), agent(), join_token()] {
            manager.create_table(table).await?;
        }
        Ok(())
    }
}

fn connection() -> TableCreateStatement {
    Table::create()
        .table("connection")
        .col(uuid("id").primary_key())
        .col(string_uniq("name"))
        .col(string("protocol"))
        .col(string("address"))
        .col(string("agent"))
        .col(json_binary("settings"))
        .col(json_binary("credentials"))
        .col(json_binary("groups"))
        .col(json_binary("detectors"))
        .col(json_binary("labels"))
        .col(big_integer("created"))
        .col(big_integer("changed"))
        .to_owned()
}

fn agent() -> TableCreateStatement {
    Table::create()
        .table("agent")
        .col(string("name").primary_key())
        .col(big_integer("generation"))
        .col(string_null("certificate_serial"))
        .col(big_integer_null("certificate_expires"))
        .col(string_null("locked"))
        .col(big_integer("created"))
        .col(big_integer_null("last_seen"))
        .to_owned()
}

fn join_token() -> TableCreateStatement {
    Table::create()
        .table("join_token")
        .col(binary_len("secret_sha256", 32).primary_key())
        .col(string("agent"))
        .col(big_integer("created"))
        .col(big_integer("expires"))
        .col(big_integer_null("used"))
        .to_owned()
}
