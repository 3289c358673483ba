//! A change of what the deployment is made of: connections and policy documents, all or nothing.

use policy::Document;

use super::{AuditEvent, Connection, Store, StoreError, audit, bundle, connection};

/// What is written and removed together.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Connections to create or replace.
    pub connections: Vec<Connection>,
    /// Names of connections to remove.
    pub remove_connections: Vec<String>,
    /// Policy documents to create or replace.
    pub documents: Vec<Document>,
    /// Names of policy documents to remove.
    pub remove_documents: Vec<String>,
    /// The version of the bundle that the change was thought up for or checked with; if another is in force by now, nothing
    /// changes.
    pub expected: Option<u64>,
}

impl Store {
    /// Makes a change, together with what the audit log says about it and with the bundle that follows from it.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if another bundle is in force than the one expected; if the database fails.
    pub async fn change(&self, change: Change, events: Vec<AuditEvent>) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        if let Some(expected) = change.expected {
            bundle::must_be(&transaction, expected).await?;
        }
        for written in change.connections {
            connection::upsert(&transaction, written).await?;
        }
        connection::remove(&transaction, &change.remove_connections).await?;
        for written in change.documents {
            bundle::put(&transaction, written).await?;
        }
        for name in &change.remove_documents {
            bundle::remove(&transaction, name).await?;
        }
        bundle::renew(&transaction).await?;
        for event in events {
            audit::insert(&transaction, event).await?;
        }
        self.commit_changed(transaction).await
    }

    /// Writes connections and removes others.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn change_connections(
        &self,
        write: Vec<Connection>,
        remove: &[String],
        events: Vec<AuditEvent>,
    ) -> Result<(), StoreError> {
        let change = Change { connections: write, remove_connections: remove.to_vec(), ..Change::default() };
        self.change(change, events).await
    }
}
