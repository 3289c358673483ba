//! Subjects, their tickets and SSH keys, and the state of signing in.

use sea_orm_migration::{prelude::*, schema::*};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [subject(), ticket(), ssh_key(), browser_session(), sign_in(), cli_login()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn subject() -> TableCreateStatement {
    Table::create()
        .table("subject")
        .col(uuid("id").primary_key())
        .col(string("issuer"))
        .col(string("subject"))
        .col(string("name"))
        .col(string_uniq("name_key"))
        .col(json_binary("groups"))
        .col(big_integer("last_login"))
        .to_owned()
}

fn ticket() -> TableCreateStatement {
    Table::create()
        .table("ticket")
        .col(uuid("id").primary_key())
        .col(binary_len("secret_sha256", 32).unique_key())
        .col(binary_len("stored_key", 32))
        .col(binary_len("server_key", 32))
        .col(uuid("subject_id"))
        .col(json_binary("groups"))
        .col(string_null("connection"))
        .col(boolean("api"))
        .col(big_integer("created"))
        .col(big_integer("expires"))
        .col(big_integer_null("revoked"))
        .col(big_integer_null("last_used"))
        .col(string_null("last_source"))
        .to_owned()
}

fn ssh_key() -> TableCreateStatement {
    Table::create()
        .table("ssh_key")
        .col(uuid("id").primary_key())
        .col(string_uniq("fingerprint"))
        .col(text("public_key"))
        .col(uuid("subject_id"))
        .col(string("name"))
        .col(big_integer("created"))
        .col(big_integer_null("revoked"))
        .to_owned()
}

fn browser_session() -> TableCreateStatement {
    Table::create()
        .table("browser_session")
        .col(uuid("id").primary_key())
        .col(binary_len("secret_sha256", 32).unique_key())
        .col(uuid("subject_id"))
        .col(string("kind"))
        .col(string("csrf"))
        .col(big_integer("created"))
        .col(big_integer("expires"))
        .to_owned()
}

fn sign_in() -> TableCreateStatement {
    Table::create()
        .table("sign_in")
        .col(binary_len("state_sha256", 32).primary_key())
        .col(string("nonce"))
        .col(string("pkce_verifier"))
        .col(string("next"))
        .col(big_integer("expires"))
        .to_owned()
}

fn cli_login() -> TableCreateStatement {
    Table::create()
        .table("cli_login")
        .col(uuid("id").primary_key())
        .col(binary_len("poll_sha256", 32).unique_key())
        .col(string_uniq("user_code"))
        .col(string("source"))
        .col(uuid_null("subject_id"))
        .col(integer("attempts"))
        .col(big_integer("expires"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let on = |name: &str, table: &'static str, column: &'static str| {
        Index::create().name(name.to_owned()).table(table).col(column).to_owned()
    };
    vec![
        Index::create().name("subject_of_issuer").table("subject").col("issuer").col("subject").unique().to_owned(),
        on("ticket_expires", "ticket", "expires"),
        on("ticket_subject", "ticket", "subject_id"),
        on("ssh_key_subject", "ssh_key", "subject_id"),
        on("browser_session_expires", "browser_session", "expires"),
        on("sign_in_expires", "sign_in", "expires"),
        on("cli_login_expires", "cli_login", "expires"),
    ]
}
