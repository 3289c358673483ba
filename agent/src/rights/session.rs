//! Decisions of one session: its caller and connection against the bundle in force, with a small memory.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use masking::Masker;
use policy::{ActorKind, Circumstances, Engine, Facts, Principal, Scope};
use proto::Caller;

use super::{Rights, hold::Hold, rate::Rate};
use crate::filter::guard::{Decision, Guard, Judged, Sent};

/// Decisions that a session remembers.
const MOST_REMEMBERED: usize = 256;

/// The [`Guard`] of a session.
pub struct SessionRights {
    rights: Rights,
    connection: String,
    masker: Arc<Masker>,
    /// Labels of marked columns, and of marked members and parameters.
    marked: BTreeSet<String>,
    state: Mutex<State>,
    rows: AtomicU64,
    bytes: AtomicU64,
}

struct State {
    caller: Caller,
    /// The engine that `scope` and `remembered` belong to.
    ready: Option<Ready>,
    /// Maskers for those who may see some labels.
    maskers: HashMap<Vec<String>, Arc<Masker>>,
    hold: Hold,
}

struct Ready {
    engine: Arc<Engine>,
    scope: Arc<Scope>,
    /// By what was judged.
    remembered: Memory,
    /// By what was judged and its arguments: apart, so that ever new arguments do not drive the others out.
    with_arguments: Memory,
}

/// The last decisions.
#[derive(Default)]
struct Memory(HashMap<[u8; 32], Arc<Decision>>);

impl Memory {
    fn keep(&mut self, key: [u8; 32], decision: &Arc<Decision>) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(key, Arc::clone(decision));
    }
}

impl Ready {
    /// Where a decision about a call is remembered, and under which key; `None` if it holds for a moment only.
    fn memory(&mut self, judged: &Judged) -> Option<(&mut Memory, [u8; 32])> {
        let depends = self.engine.depends();
        match depends.moment {
            true => None,
            false if depends.arguments && !judged.facts.arguments.is_empty() => {
                Some((&mut self.with_arguments, judged.key_with_arguments()?))
            }
            false => Some((&mut self.remembered, judged.key)),
        }
    }
}

impl SessionRights {
    /// Of a caller on a connection; `masker` hides everything that is looked for there.
    #[must_use]
    pub fn new(rights: Rights, connection: String, caller: Caller, masker: Arc<Masker>) -> Self {
        let state = State { caller, ready: None, maskers: HashMap::new(), hold: Hold::default() };
        let marked = std::collections::BTreeSet::new();
        Self {
            rights,
            connection,
            masker,
            marked,
            state: Mutex::new(state),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// With the labels of marked columns and parameters, which a caller may be allowed to see or send as well.
    #[must_use]
    pub fn marked(mut self, labels: impl Iterator<Item = String>) -> Self {
        self.marked.extend(labels);
        self
    }

    /// What is known about the caller has changed.
    pub fn caller_is(&self, caller: Caller) {
        let mut state = self.lock();
        state.caller = caller;
        state.ready = None;
    }

    /// The session may go on, unless it is on hold for a newer incident; what it has used up and how often its subject called
    /// is counted anew. Gives whether it was on hold.
    pub fn release(&self, incident: u32) -> bool {
        let mut state = self.lock();
        let released = state.hold.release(incident);
        if released {
            self.rows.store(0, Ordering::Relaxed);
            self.bytes.store(0, Ordering::Relaxed);
            self.rights.0.rate.forget(&Rate::name(&state.caller.subject, &self.connection));
        }
        released
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Engine and scope for a decision now.
    fn ready<'a>(&self, state: &'a mut State) -> Option<&'a mut Ready> {
        let engine = self.rights.engine()?;
        if state.ready.as_ref().is_none_or(|ready| !Arc::ptr_eq(&ready.engine, &engine)) {
            let mut labels: Vec<String> = self.masker.labels().iter().map(ToString::to_string).collect();
            labels.extend(self.marked.iter().filter(|label| !labels.contains(label)).cloned().collect::<Vec<_>>());
            let scope = engine.scope(caller(&state.caller), &self.connection, &labels).ok()?;
            let (remembered, with_arguments) = (Memory::default(), Memory::default());
            state.ready = Some(Ready { engine, scope: Arc::new(scope), remembered, with_arguments });
        }
        state.ready.as_mut()
    }

    /// The calls of the subject in the last minute, after counting one more if this is one.
    fn recent_calls(&self, caller: &Caller, one_more: bool) -> u64 {
        let (name, now, rate) = (Rate::name(&caller.subject, &self.connection), seconds(), &self.rights.0.rate);
        if one_more { rate.count(&name, now) } else { rate.recent(&name, now) }
    }

    /// What policy says, out of memory if it has said it before.
    fn decided(&self, state: &mut State, judged: &Arc<Judged>, one_more: bool) -> Arc<Decision> {
        let Some(ready) = self.ready(state) else { return Arc::new(Decision::no_policy()) };
        let moment = ready.engine.depends().moment;
        let remembered = ready.memory(judged).map(|(memory, key)| (memory.0.get(&key).cloned(), key));
        let key = match remembered {
            Some((Some(decision), _)) => return decision,
            Some((None, key)) => Some(key),
            None => None,
        };
        let decision = Arc::new(if moment {
            let recent = self.recent_calls(&state.caller, one_more);
            let facts = self.live(&judged.facts, Sent::default(), recent);
            self.judge(state, &facts)
        } else {
            self.judge(state, &judged.facts)
        });
        if let Some(key) = key
            && let Some((memory, _)) = state.ready.as_mut().and_then(|ready| ready.memory(judged))
        {
            memory.keep(key, &decision);
        }
        decision
    }

    /// What an incident does to the session.
    fn follow(state: &mut State, decision: Arc<Decision>, judged: &Judged) -> Arc<Decision> {
        let help = state.ready.as_ref().map_or("", |ready| ready.engine.bundle().help.as_str());
        state.hold.follow(decision, judged, help)
    }

    fn judge(&self, state: &mut State, facts: &Facts) -> Decision {
        let around = circumstances(&state.caller);
        let Some(ready) = self.ready(state) else { return Decision::no_policy() };
        let verdict = ready.engine.decide(&ready.scope, facts, &around);
        Decision::new(verdict, &ready.engine.bundle().help)
    }

    /// The facts with what the session has done so far, and how often its subject has called.
    fn live(&self, facts: &Facts, sent: Sent, recent_calls: u64) -> Facts {
        let Sent { rows, bytes } = sent;
        let session_rows = self.rows.load(Ordering::Relaxed).saturating_add(rows);
        let session_bytes = self.bytes.load(Ordering::Relaxed).saturating_add(bytes);
        Facts { rows, bytes, session_rows, session_bytes, recent_calls, ..facts.clone() }
    }
}

impl Guard for SessionRights {
    fn decide(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        let mut state = self.lock();
        if let Some(held) = state.hold.standing() {
            return held;
        }
        let decision = self.decided(&mut state, judged, true);
        Self::follow(&mut state, decision, judged)
    }

    fn consider(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        let mut state = self.lock();
        match state.hold.standing() {
            Some(held) => held,
            None => self.decided(&mut state, judged, false),
        }
    }

    fn wants_arguments(&self) -> bool {
        self.rights.engine().is_some_and(|engine| engine.depends().arguments)
    }

    fn wants_argument(&self, name: &str) -> bool {
        self.rights.engine().is_some_and(|engine| {
            let depends = engine.depends();
            depends.arguments && depends.named_arguments.as_ref().is_none_or(|named| named.contains(name))
        })
    }

    fn wants_objects(&self) -> bool {
        self.rights.engine().is_some_and(|engine| engine.depends().objects)
    }

    fn next_row(&self, rows: u64, earlier: u64) -> Option<u64> {
        self.rights.engine()?.depends().rows.next([self.rows.load(Ordering::Relaxed), earlier], rows)
    }

    fn next_byte(&self, bytes: u64, earlier: u64) -> Option<u64> {
        self.rights.engine()?.depends().bytes.next([self.bytes.load(Ordering::Relaxed), earlier], bytes)
    }

    fn decide_again(&self, judged: &Judged, sent: Sent, earlier: Sent) -> Arc<Decision> {
        let mut state = self.lock();
        if let Some(held) = state.hold.standing() {
            return held;
        }
        let recent = self.recent_calls(&state.caller, false);
        let facts = self.live(&judged.facts, sent, recent);
        let statement = earlier.plus(sent);
        let facts = Facts { rows: statement.rows, bytes: statement.bytes, ..facts };
        let decision = Arc::new(self.judge(&mut state, &facts));
        Self::follow(&mut state, decision, judged)
    }

    fn sending(&self, judged: &Judged, before: u64, bytes: u64) -> Option<Arc<Decision>> {
        let session = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let engine = self.rights.engine()?;
        let marks = &engine.depends().bytes;
        if marks.next([session, before], 0).is_none_or(|mark| mark > bytes) {
            return None;
        }
        let mut state = self.lock();
        if let Some(held) = state.hold.standing() {
            return Some(held);
        }
        let recent = self.recent_calls(&state.caller, false);
        let facts = self.live(&judged.facts, Sent::default(), recent);
        let facts = Facts { bytes: before.saturating_add(bytes), ..facts };
        let decision = Arc::new(self.judge(&mut state, &facts));
        let decision = Self::follow(&mut state, decision, judged);
        (!decision.forwards()).then_some(decision)
    }

    fn sent(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn may_send_raw(&self) -> bool {
        self.rights.engine().is_some_and(|engine| engine.may_send_raw())
    }

    fn sends_raw(&self, judged: &Judged) -> Vec<String> {
        let mut state = self.lock();
        let recent = self.recent_calls(&state.caller, false);
        let facts = self.live(&judged.facts, Sent::default(), recent);
        let around = circumstances(&state.caller);
        let Some(ready) = self.ready(&mut state) else { return Vec::new() };
        ready.engine.sends_raw(&ready.scope, &facts, &around)
    }

    fn masker(&self, decision: &Decision) -> Arc<Masker> {
        if decision.verdict.revealed.is_empty() {
            return Arc::clone(&self.masker);
        }
        let mut state = self.lock();
        let revealed = &decision.verdict.revealed;
        let masker = state.maskers.entry(revealed.clone()).or_insert_with(|| Arc::new(self.masker.without(revealed)));
        Arc::clone(masker)
    }
}

/// The caller as policy sees it. An actor of a kind that is not known makes nothing easier: it counts as an AI agent.
fn caller(known: &Caller) -> policy::Caller {
    let subject = Principal { kind: ActorKind::Person, name: known.subject.clone(), groups: known.groups.clone() };
    let actor = known.actor.as_ref().map(|actor| Principal {
        kind: actor.kind.parse().unwrap_or(ActorKind::Ai),
        name: actor.name.clone(),
        groups: actor.groups.clone(),
    });
    policy::Caller { subject, actor }
}

/// Since 1970.
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn circumstances(known: &Caller) -> Circumstances {
    Circumstances {
        now: i64::try_from(seconds()).unwrap_or(i64::MAX),
        source: known.source.parse::<std::net::SocketAddr>().ok().map(|source| source.ip()),
        auth_method: known.method.clone(),
        authenticated_at: known.authenticated_at_unix_ms / 1000,
        mfa: known.mfa,
        client: known.client.clone(),
        reason: Some(known.reason.clone()).filter(|reason| !reason.is_empty()),
    }
}
