//! The sessions that are live on this gateway, so that they can be ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use proto::{Caller, Ending, SessionId};

use super::{Opening, Standing, lane::Stop};
use crate::store::Connection;

/// Live sessions. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Registry(Arc<Mutex<HashMap<SessionId, Live>>>);

struct Live {
    agent: String,
    connection: String,
    standing: Arc<dyn Standing>,
    caller: Caller,
    stop: Stop,
}

/// A session is live while this lives.
pub(super) struct Registration {
    registry: Registry,
    session: SessionId,
}

impl Registry {
    pub(super) fn enter(
        &self,
        session: SessionId,
        connection: &Connection,
        opening: &Opening,
        stop: &Stop,
    ) -> Registration {
        let live = Live {
            agent: connection.agent.clone(),
            connection: connection.name.clone(),
            standing: Arc::clone(&opening.standing),
            caller: opening.caller.clone(),
            stop: Arc::clone(stop),
        };
        self.lock().insert(session, live);
        Registration { registry: self.clone(), session }
    }

    /// Every live session with what its right rests on and what is known about its caller.
    pub(super) fn standings(&self) -> Vec<(SessionId, String, Arc<dyn Standing>, Caller)> {
        let live = self.lock();
        let each = live
            .iter()
            .map(|(id, live)| (*id, live.connection.clone(), Arc::clone(&live.standing), live.caller.clone()));
        each.collect()
    }

    /// What is known about a session's caller now; gives the name of its agent.
    pub(super) fn caller_is(&self, session: SessionId, caller: &Caller) -> Option<String> {
        let mut live = self.lock();
        let found = live.get_mut(&session)?;
        found.caller.clone_from(caller);
        Some(found.agent.clone())
    }

    /// The name of a live session's agent.
    pub(super) fn agent(&self, session: SessionId) -> Option<String> {
        self.lock().get(&session).map(|live| live.agent.clone())
    }

    /// Tells a session to end; gives the name of its agent.
    pub(super) fn stop(&self, session: SessionId, ending: Ending) -> Option<String> {
        let live = self.lock();
        let found = live.get(&session)?;
        found.stop.send_replace(Some(ending));
        Some(found.agent.clone())
    }

    pub(super) fn stop_all(&self, ending: &Ending) {
        for live in self.lock().values() {
            live.stop.send_replace(Some(ending.clone()));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Live>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.session);
    }
}
