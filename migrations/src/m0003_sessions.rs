//! Sessions and the audit log.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(session()).await?;
        manager.create_table(audit_event()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(uuid("id").primary_key())
        .col(string("connection"))
        .col(string("protocol"))
        .col(string("subject"))
        .col(string("issuer"))
        .col(json_binary("groups"))
        .col(string("method"))
        .col(string("credential_id"))
        .col(string("source"))
        .col(string("client"))
        .col(string("agent"))
        .col(string("replica"))
        .col(string("permitted_by"))
        .col(big_integer("opened"))
        .col(big_integer_null("ended"))
        .col(string("status"))
        .col(string_null("code"))
        .col(text_null("message"))
        .col(big_integer("requests"))
        .col(big_integer("bytes_in"))
        .col(big_integer("bytes_out"))
        .col(big_integer("last_seq"))
        .col(binary_len_null("chain_head", 32))
        .to_owned()
}

fn audit_event() -> TableCreateStatement {
    Table::create()
        .table("audit_event")
        .col(big_pk_auto("seq"))
        .col(big_integer("at"))
        .col(string("kind"))
        .col(string_null("subject"))
        .col(string_null("connection"))
        .col(uuid_null("session"))
        .col(string_null("source"))
        .col(string_null("protocol"))
        .col(string_null("code"))
        .col(string_null("reason"))
        .col(json_binary("detail"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let on = |name: &str, table: &'static str, column: &'static str| {
        Index::create().name(name.to_owned()).table(table).col(column).to_owned()
    };
    vec![
        on("session_subject", "session", "subject"),
        on("session_status", "session", "status"),
        on("audit_event_at", "audit_event", "at"),
    ]
}
