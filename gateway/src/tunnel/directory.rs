//! Which agents are connected, and which lanes they have been asked to open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use proto::{Code, Down, Ending, Grant, Refusal, SessionId, rpc};
use tokio::sync::{mpsc, oneshot};
use tonic::Streaming;

/// How long an agent may take from being asked until its stream is there.
const LANE_DEADLINE: Duration = Duration::from_secs(10);
/// Messages that may wait towards the agent on one lane: enough to keep the stream busy, small enough to push back.
const LANE_DEPTH: usize = 4;

/// Connected agents and awaited lanes. Cheap to clone.
#[derive(Clone, Default)]
pub struct Directory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    agents: HashMap<String, Vec<Control>>,
    awaited: HashMap<[u8; 16], Awaited>,
    next: u64,
}

struct Control {
    id: u64,
    to_agent: mpsc::Sender<rpc::ToAgent>,
}

struct Awaited {
    agent: String,
    session: SessionId,
    lane: u32,
    found: oneshot::Sender<Result<LaneStream, Refusal>>,
}

/// A lane as the tunnel delivers it.
pub struct LaneStream {
    /// From the agent, after its `Open`.
    pub up: Streaming<rpc::Up>,
    /// To the agent.
    pub down: mpsc::Sender<Down>,
}

impl Directory {
    /// Adds a connected agent's control stream; dropping the guard takes it out.
    pub(super) fn enter(&self, agent: &str, to_agent: mpsc::Sender<rpc::ToAgent>) -> Presence {
        let mut state = self.lock();
        state.next += 1;
        let id = state.next;
        state.agents.entry(agent.to_owned()).or_default().push(Control { id, to_agent });
        Presence { directory: self.clone(), agent: agent.to_owned(), id }
    }

    /// Names of the agents that are connected now.
    #[must_use]
    pub fn connected(&self) -> Vec<String> {
        self.lock().agents.keys().cloned().collect()
    }

    /// Asks `agent` to open a lane and waits for its stream.
    ///
    /// # Errors
    /// [`Code::AgentOffline`] if the agent is not connected or does not answer; its own refusal otherwise.
    pub async fn open(
        &self,
        agent: &str,
        session: SessionId,
        lane: u32,
        grant: Option<Grant>,
    ) -> Result<LaneStream, Refusal> {
        let nonce: [u8; 16] = rand::random();
        let (found, lane_found) = oneshot::channel();
        let control = {
            let mut state = self.lock();
            // The newest control stream is the one most likely alive.
            let control = state.agents.get(agent).and_then(|streams| streams.last()).map(|last| last.to_agent.clone());
            let Some(control) = control else { return Err(offline()) };
            state.awaited.insert(nonce, Awaited { agent: agent.to_owned(), session, lane, found });
            control
        };
        let _forget = Forget { directory: self, nonce };
        let open = rpc::Open {
            session: session.to_string(),
            nonce: Bytes::copy_from_slice(&nonce),
            lane,
            grant: grant.map(Into::into),
        };
        let ask = async {
            let message = rpc::ToAgent { kind: Some(rpc::to_agent::Kind::Open(open)) };
            control.send(message).await.map_err(|_| offline())?;
            lane_found.await.map_err(|_| offline())?
        };
        tokio::time::timeout(LANE_DEADLINE, ask).await.unwrap_or_else(|_| Err(offline()))
    }

    /// Ends a session at the agent, wherever its lanes are.
    pub async fn kill(&self, agent: &str, session: SessionId, ending: &Ending) {
        let (reason, code) = (ending.message.clone(), ending.code.to_string());
        let kill = rpc::Kill { session: session.to_string(), reason, code };
        let message = rpc::ToAgent { kind: Some(rpc::to_agent::Kind::Kill(kill)) };
        for control in self.controls(agent) {
            let _gone = control.send(message.clone()).await;
        }
    }

    /// Tells what is known now about the caller of a live session.
    pub async fn caller(&self, agent: &str, session: SessionId, caller: proto::Caller) {
        let caller = rpc::CallerNow { session: session.to_string(), caller: Some(caller.into()) };
        let message = rpc::ToAgent { kind: Some(rpc::to_agent::Kind::Caller(caller)) };
        for control in self.controls(agent) {
            let _gone = control.send(message.clone()).await;
        }
    }

    /// Lets a session that is on hold go on. False if the agent is not connected.
    pub async fn release(&self, agent: &str, release: rpc::Release) -> bool {
        let message = rpc::ToAgent { kind: Some(rpc::to_agent::Kind::Release(release)) };
        let mut told = false;
        for control in self.controls(agent) {
            told |= control.send(message.clone()).await.is_ok();
        }
        told
    }

    /// Asks every agent to reconnect elsewhere.
    pub(super) async fn drain(&self) {
        let names = self.connected();
        for control in names.iter().flat_map(|agent| self.controls(agent)) {
            let message = rpc::ToAgent { kind: Some(rpc::to_agent::Kind::Drain(rpc::Drain {})) };
            let _gone = control.send(message).await;
        }
    }

    /// Cuts an agent off: its control streams end.
    pub fn expel(&self, agent: &str) {
        self.lock().agents.remove(agent);
    }

    /// Hands an arrived stream to whoever asked for it. The nonce is single use and bound to the agent.
    pub(super) fn arrived(&self, agent: &str, open: &proto::LaneOpen) -> Option<Arrival> {
        let nonce: [u8; 16] = open.nonce.as_ref().try_into().ok()?;
        let mut state = self.lock();
        let awaited = state.awaited.get(&nonce)?;
        if awaited.agent != agent || awaited.session != open.session || awaited.lane != open.lane {
            return None;
        }
        let awaited = state.awaited.remove(&nonce)?;
        Some(Arrival(awaited.found))
    }

    /// The agent could not even open the stream.
    pub(super) fn refused(&self, agent: &str, session: SessionId, lane: u32, refusal: Refusal) {
        let mut state = self.lock();
        let found = state.awaited.iter().find_map(|(nonce, awaited)| {
            (awaited.agent == agent && awaited.session == session && awaited.lane == lane).then_some(*nonce)
        });
        if let Some(awaited) = found.and_then(|nonce| state.awaited.remove(&nonce)) {
            let _gone = awaited.found.send(Err(refusal));
        }
    }

    fn controls(&self, agent: &str) -> Vec<mpsc::Sender<rpc::ToAgent>> {
        let state = self.lock();
        state.agents.get(agent).into_iter().flatten().map(|control| control.to_agent.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn offline() -> Refusal {
    Refusal::new(Code::AgentOffline, "the agent that serves this connection is not connected")
}

/// An agent's control stream is up while this lives.
pub(super) struct Presence {
    directory: Directory,
    agent: String,
    id: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut state = self.directory.lock();
        if let Some(streams) = state.agents.get_mut(&self.agent) {
            streams.retain(|control| control.id != self.id);
            if streams.is_empty() {
                state.agents.remove(&self.agent);
            }
        }
    }
}

/// A stream somebody waits for.
pub(super) struct Arrival(oneshot::Sender<Result<LaneStream, Refusal>>);

impl Arrival {
    /// Hands over the agent's half; gives back what is to be sent to the agent.
    pub(super) fn deliver(self, up: Streaming<rpc::Up>) -> mpsc::Receiver<Down> {
        let (down, to_agent) = mpsc::channel(LANE_DEPTH);
        let _gone = self.0.send(Ok(LaneStream { up, down }));
        to_agent
    }
}

struct Forget<'a> {
    directory: &'a Directory,
    nonce: [u8; 16],
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.directory.lock().awaited.remove(&self.nonce);
    }
}
