//! Migrations of the gateway's own store. The same ones run on SQLite and on PostgreSQL.
//!
//! Rules: append-only. A migration that was released never changes; a new one goes at the end. Times are UTC
//! milliseconds since 1970, so that both databases order and compare them alike.

use async_trait::async_trait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m0001_people;
mod m0002_connections;
mod m0003_sessions;
mod m0004_deployment;
mod m0005_policies;
mod m0006_circumstances;
mod m0007_incidents;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_connections::Migration),
            Box::new(m0003_sessions::Migration),
            Box::new(m0004_deployment::Migration),
            Box::new(m0005_policies::Migration),
            Box::new(m0006_circumstances::Migration),
            Box::new(m0007_incidents::Migration),
        ]
    }
}
