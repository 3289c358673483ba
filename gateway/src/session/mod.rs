//! Sessions: opened with a permit, relayed, ended by one owner on one path.

mod keeper;
mod lane;
mod registry;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use policy::Permit;
use proto::{Caller, Code, Ending, Grant, Refusal, SessionId, rpc};
use tokio::sync::watch;

pub use self::lane::{Incoming, Lane, LaneOver, MustEnd, Outgoing, Turn};
use self::{keeper::Keeper, lane::Stop, registry::Registry};
use crate::{
    store::{AuditEvent, Connection, Counts, NewSession, Store, StoreError},
    tunnel::{Directory, EventSink},
};

/// What a session's right rests on: asked again whenever rights, credentials or connections change.
#[async_trait]
pub trait Standing: Send + Sync {
    /// Whether the session may go on, and what is known about its caller now.
    ///
    /// # Errors
    /// How it has to end.
    async fn check(&self, connection: &str, known: &Caller) -> Result<Caller, Ending>;
}

/// What a caller brings besides the permit.
pub struct Opening {
    /// Who.
    pub caller: Caller,
    /// What the right rests on.
    pub standing: Arc<dyn Standing>,
    /// When the credential ends; the session ends with it.
    pub not_after: SystemTime,
    /// What the caller asked of the target at login (`login`, `database`, startup parameters), per protocol.
    pub requested: BTreeMap<String, String>,
}

/// How long an agent may take to log in to its target.
const READY_DEADLINE: Duration = Duration::from_secs(20);

/// Opens sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    store: Store,
    directory: Directory,
    sink: Arc<dyn EventSink>,
    registry: Registry,
    longest: Duration,
    replica: String,
}

/// An open session's first lane. Dropping it ends the session.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the agent says about the target, in the protocol's relay form.
    pub greeting: Bytes,
    /// What comes from the target.
    pub incoming: Incoming,
    /// What goes to the target.
    pub outgoing: Outgoing,
    /// Opens further lanes.
    pub lanes: Lanes,
}

/// Opens further lanes of a session (HTTP: one exchange at a time per lane). Cheap to clone.
#[derive(Clone)]
pub struct Lanes {
    session: SessionId,
    agent: Arc<str>,
    sessions: Sessions,
    stop: Stop,
    next: Arc<AtomicU32>,
}

impl Sessions {
    /// Over these parts. `longest` is how long any session may last; `replica` names this gateway in the store.
    #[must_use]
    pub fn new(
        store: Store,
        directory: Directory,
        sink: Arc<dyn EventSink>,
        longest: Duration,
        replica: String,
    ) -> Self {
        Self(Arc::new(Inner { store, directory, sink, registry: Registry::default(), longest, replica }))
    }

    /// Opens a session: stores it, asks the connection's agent, waits until the target is logged in.
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn open(&self, permit: Permit, opening: Opening) -> Result<Session, Refusal> {
        let connection = self.0.store.connection(permit.connection());
        let connection =
            connection.ok_or_else(|| Refusal::new(Code::NoAccess, "no connection of that name is open to you"))?;
        self.must_not_be_held(&connection, &opening.caller).await?;
        let id = SessionId::generate();
        self.0
            .store
            .open_session(new_session(id, &permit, &opening.caller, &connection, &self.0.replica))
            .await
            .map_err(|error| {
                tracing::error!(%error, "session not opened");
                Refusal::new(Code::Internal, "the gateway's store does not answer")
            })?;
        match self.start(id, opening, &connection).await {
            Ok(session) => Ok(session),
            Err(refusal) => {
                tracing::info!(session = %id, code = %refusal.code, "session refused");
                let _kept = self.0.store.close_session(id, refusal.code, &refusal.message, Counts::default()).await;
                Err(refusal)
            }
        }
    }

    /// Whoever has a session on hold on this connection gets no other there.
    async fn must_not_be_held(&self, connection: &Connection, caller: &Caller) -> Result<(), Refusal> {
        let failed = |error| {
            tracing::error!(%error, "session not opened");
            Refusal::new(Code::Internal, "the gateway's store does not answer")
        };
        let Some(incident) = self.0.store.incident_of(&connection.name, caller).await.map_err(failed)? else {
            return Ok(());
        };
        let event = AuditEvent {
            subject: Some(caller.subject.clone()),
            connection: Some(connection.name.clone()),
            session: Some(incident.session),
            source: Some(caller.source.clone()),
            protocol: Some(connection.settings.protocol()),
            code: Some(Code::NeedsApproval),
            reason: Some(incident.rules.join(", ")),
            ..AuditEvent::new("session.held")
        };
        self.0.store.audit(event).await.map_err(failed)?;
        let (rules, session, reason) = (incident.rules.join(", "), incident.session, incident.reason);
        let text = format!("{reason} (rule {rules}); until session {session} is released, there is no other here");
        Err(Refusal::new(Code::NeedsApproval, text))
    }

    async fn start(&self, id: SessionId, opening: Opening, connection: &Connection) -> Result<Session, Refusal> {
        let not_after = opening.not_after.min(SystemTime::now() + self.0.longest);
        let (stop, stopped) = watch::channel(None);
        let stop: Stop = Arc::new(stop);
        let registration = self.0.registry.enter(id, connection, &opening, &stop);
        let grant = grant(opening, connection, not_after);
        let stream = self.0.directory.open(&connection.agent, id, 0, Some(grant)).await?;
        let (keeper, end) = Keeper::new(id, Arc::clone(&self.0.sink), stream.down.clone(), Arc::clone(&stop));
        let mut incoming = Incoming::new(stream.up, stopped, Some(end));
        let store = self.0.store.clone();
        tokio::spawn(async move {
            let ending = keeper.run().await;
            drop(registration);
            // The row is usually closed already, by the session's last event; this is for those that have none.
            let _kept = store.close_session(id, ending.code, &ending.message, Counts::default()).await;
        });
        let greeting = match tokio::time::timeout(READY_DEADLINE, incoming.ready()).await {
            Ok(ready) => ready?,
            Err(_) => return Err(Refusal::new(Code::TargetUnreachable, "the target did not answer in time")),
        };
        let agent: Arc<str> = connection.agent.as_str().into();
        let lanes = Lanes { session: id, agent, sessions: self.clone(), stop, next: Arc::new(AtomicU32::new(1)) };
        Ok(Session { id, greeting, incoming, outgoing: Outgoing(stream.down), lanes })
    }

    /// Ends one session; false if it is not live here.
    pub async fn kill(&self, id: SessionId, reason: &str) -> bool {
        let ending = Ending::new(Code::Killed, reason);
        let Some(agent) = self.0.registry.stop(id, ending.clone()) else { return false };
        self.0.directory.kill(&agent, id, &ending).await;
        true
    }

    /// Lets a session that is on hold go on. `event` is what the audit log is told.
    ///
    /// # Errors
    /// If its agent cannot be told, which leaves it on hold; [`StoreError::Conflict`] if it is not on hold.
    pub async fn release(
        &self,
        release: rpc::Release,
        session: SessionId,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        let agent = self.0.registry.agent(session);
        let away = || StoreError::Conflict("the agent that serves it is not connected: try again".into());
        if agent.as_ref().is_some_and(|agent| !self.0.directory.connected().contains(agent)) {
            return Err(away());
        }
        // First the log, then the deed; who is told that the agent was not reached can ask again.
        let released = self.0.store.release_incidents(session, release.incident, event).await?;
        match agent {
            Some(agent) if self.0.directory.release(&agent, release).await => Ok(()),
            Some(_) => Err(away()),
            None if released => Ok(()),
            None => Err(StoreError::Conflict("it is not on hold".into())),
        }
    }

    /// Ends the sessions whose right is gone, and tells agents what has changed about the callers of the others.
    pub async fn recheck(&self) {
        for (id, connection, standing, known) in self.0.registry.standings() {
            let ending = match standing.check(&connection, &known).await {
                Ok(caller) if caller == known => continue,
                Ok(caller) => {
                    if let Some(agent) = self.0.registry.caller_is(id, &caller) {
                        self.0.directory.caller(&agent, id, caller).await;
                    }
                    continue;
                }
                Err(ending) => ending,
            };
            tracing::info!(session = %id, code = %ending.code, "a session's right is gone");
            if let Some(agent) = self.0.registry.stop(id, ending.clone()) {
                self.0.directory.kill(&agent, id, &ending).await;
            }
        }
    }

    /// Ends all sessions.
    pub fn stop_all(&self, ending: &Ending) {
        self.0.registry.stop_all(ending);
    }

    /// How many sessions are live here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.registry.count()
    }
}

impl Lanes {
    /// Opens a further lane and waits until it may be used.
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn open(&self) -> Result<Lane, Refusal> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let stream = self.sessions.0.directory.open(&self.agent, self.session, number, None).await?;
        let mut lane = Lane::new(stream, self.stop.subscribe());
        lane.incoming.ready().await?;
        Ok(lane)
    }
}

fn new_session(id: SessionId, permit: &Permit, caller: &Caller, connection: &Connection, replica: &str) -> NewSession {
    NewSession {
        id,
        connection: connection.name.clone(),
        protocol: connection.settings.protocol(),
        caller: caller.clone(),
        agent: connection.agent.clone(),
        replica: replica.to_owned(),
        permitted_by: permit.reason().to_owned(),
        bundle: permit.bundle(),
        shadow: permit.shadow().to_owned(),
    }
}

fn grant(opening: Opening, connection: &Connection, not_after: SystemTime) -> Grant {
    Grant {
        connection: connection.name.clone(),
        address: connection.address.clone(),
        settings: connection.settings.clone(),
        credentials: connection.credentials.clone(),
        caller: opening.caller,
        not_after,
        detectors: connection.detectors.clone(),
        requested: opening.requested,
    }
}
