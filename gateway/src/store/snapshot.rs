//! What logins need, held in memory and replaced as a whole.

use std::{collections::HashMap, sync::Arc};

use policy::Engine;
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use super::{
    Connection, SecretHash, SshKey, StoreError, Subject, Ticket, bundle, clock, connection, refresh, ssh_key, subject,
    ticket,
};

/// Connections, subjects and credentials at one version of the store.
#[derive(Default)]
pub struct Snapshot {
    version: i64,
    engine: Option<Arc<Engine>>,
    connections: HashMap<String, Arc<Connection>>,
    subjects: HashMap<Uuid, Arc<Subject>>,
    subjects_by_name: HashMap<String, Uuid>,
    tickets: Vec<Arc<Ticket>>,
    tickets_by_hash: HashMap<SecretHash, Arc<Ticket>>,
    tickets_by_id: HashMap<Uuid, Arc<Ticket>>,
    tickets_by_subject: HashMap<Uuid, Vec<Arc<Ticket>>>,
    keys: HashMap<String, Arc<SshKey>>,
}

impl Snapshot {
    /// The version of the store this was read at, or a later one.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The newest policy bundle, compiled; `None` only if it cannot be read, and then nothing is permitted.
    #[must_use]
    pub fn engine(&self) -> Option<&Arc<Engine>> {
        self.engine.as_ref()
    }

    /// The connection of that name.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<Arc<Connection>> {
        self.connections.get(name).cloned()
    }

    /// All connections, by name.
    #[must_use]
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        let mut all: Vec<_> = self.connections.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The subject with that id.
    #[must_use]
    pub fn subject(&self, id: Uuid) -> Option<Arc<Subject>> {
        self.subjects.get(&id).cloned()
    }

    /// The subject of that name; case does not matter.
    #[must_use]
    pub fn subject_named(&self, name: &str) -> Option<Arc<Subject>> {
        self.subjects_by_name.get(&subject::name_key(name)).and_then(|id| self.subject(*id))
    }

    /// Tickets that are live or ended within the last day, newest first.
    #[must_use]
    pub fn tickets(&self) -> &[Arc<Ticket>] {
        &self.tickets
    }

    /// The ticket whose secret has this digest.
    #[must_use]
    pub fn ticket(&self, secret_sha256: &SecretHash) -> Option<Arc<Ticket>> {
        self.tickets_by_hash.get(secret_sha256).cloned()
    }

    /// The tickets of one subject, newest first.
    #[must_use]
    pub fn tickets_of(&self, subject: Uuid) -> &[Arc<Ticket>] {
        self.tickets_by_subject.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// The ticket with that id.
    #[must_use]
    pub fn ticket_with_id(&self, id: Uuid) -> Option<Arc<Ticket>> {
        self.tickets_by_id.get(&id).cloned()
    }

    /// The registered SSH key with that fingerprint (`SHA256:...`), revoked or not.
    #[must_use]
    pub fn ssh_key(&self, fingerprint: &str) -> Option<Arc<SshKey>> {
        self.keys.get(fingerprint).cloned()
    }

    /// The registered SSH key with that id, revoked or not.
    #[must_use]
    pub fn ssh_key_with_id(&self, id: Uuid) -> Option<Arc<SshKey>> {
        self.keys.values().find(|key| key.id == id).cloned()
    }

    /// The keys of one subject that are not revoked, oldest first.
    #[must_use]
    pub fn ssh_keys_of(&self, subject: Uuid) -> Vec<Arc<SshKey>> {
        let mut keys: Vec<_> =
            self.keys.values().filter(|key| key.subject_id == subject && key.revoked.is_none()).cloned().collect();
        keys.sort_by_key(|key| key.id);
        keys
    }

    /// Reads everything. The version is read first: what changes meanwhile is read again. The engine of `before` is kept if
    /// its bundle still is the newest.
    pub(super) async fn load(db: &DatabaseConnection, before: Option<&Self>) -> Result<Self, StoreError> {
        let version = refresh::version(db).await?;
        let connections = connection::load(db).await?;
        let subjects = subject::load(db).await?;
        let tickets = ticket::load(db, clock::now()).await?;
        let keys = ssh_key::load(db).await?;
        let engine = engine(db, before.and_then(Self::engine)).await?;
        let mut snapshot = Self { version, engine, ..Self::default() };
        for connection in connections {
            snapshot.connections.insert(connection.name.clone(), Arc::new(connection));
        }
        for subject in subjects {
            snapshot.subjects_by_name.insert(subject::name_key(&subject.name), subject.id);
            snapshot.subjects.insert(subject.id, Arc::new(subject));
        }
        for ticket in tickets {
            let ticket = Arc::new(ticket);
            snapshot.tickets_by_hash.insert(ticket.secret_sha256, Arc::clone(&ticket));
            snapshot.tickets_by_id.insert(ticket.id, Arc::clone(&ticket));
            snapshot.tickets_by_subject.entry(ticket.subject_id).or_default().push(Arc::clone(&ticket));
            snapshot.tickets.push(ticket);
        }
        snapshot.keys.extend(keys.into_iter().map(|key| (key.fingerprint.clone(), Arc::new(key))));
        Ok(snapshot)
    }
}

async fn engine(db: &DatabaseConnection, before: Option<&Arc<Engine>>) -> Result<Option<Arc<Engine>>, StoreError> {
    let Some(bundle) = bundle::newest(db).await? else { return Ok(None) };
    if let Some(before) = before.filter(|before| before.version() == bundle.version) {
        return Ok(Some(Arc::clone(before)));
    }
    match Engine::load(bundle) {
        Ok(engine) => Ok(Some(Arc::new(engine))),
        Err(error) => {
            tracing::error!(%error, "the policy bundle cannot be read: nothing is permitted");
            Ok(None)
        }
    }
}
