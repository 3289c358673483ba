//! The sessions this agent serves: each is opened by the gateway's grant, driven to its end by one owner, and sealed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use masking::{Detector, Masker, Options, TokenKey, Transforms};
use proto::{
    Code, Ending, Grant, Refusal, SessionId, Settings, Up,
    event::{Closed, Opened, Released},
};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    filter::{masked::transform, pg::Readings},
    record::{LinkLost, Recorder, Sink, Spool},
    rights::{Rights, SessionRights},
    target::{self, Context, FromGateway, Link, ToGateway},
    vault::Vault,
};

/// How long the gateway may take to acknowledge the last records of a session.
const SEAL_DEADLINE: Duration = Duration::from_secs(10);

/// How long the gateway may take to close a lane after its last word.
const LAST_WORD: Duration = Duration::from_secs(2);

/// All sessions of this agent. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    vault: Arc<Vault>,
    spool: Spool,
    http: Arc<target::http::Pools>,
    rights: Rights,
    readings: Arc<Readings>,
    catalogs: Arc<target::pg::Catalogs>,
    counters: Arc<target::pg::Counters>,
    live: Mutex<HashMap<SessionId, Live>>,
}

struct Live {
    context: Context,
    stop: watch::Sender<Option<Ending>>,
}

impl Sessions {
    /// No sessions yet.
    #[must_use]
    pub fn new(vault: Arc<Vault>, spool: Spool, rights: Rights) -> Self {
        let (http, readings, live) = (Arc::default(), Arc::default(), Mutex::default());
        let (catalogs, counters) = Default::default();
        Self(Arc::new(Inner { vault, spool, http, rights, readings, catalogs, counters, live }))
    }

    /// The policy in force.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.0.rights
    }

    /// What is known about a session's caller has changed.
    pub fn caller_is(&self, session: SessionId, caller: proto::Caller) {
        if let Some(live) = self.live().get(&session) {
            live.context.rights.caller_is(caller);
        }
    }

    /// Lets a session that is on hold go on, and records who did; not if it is on hold for a newer incident.
    pub fn release(&self, session: SessionId, released: Released) {
        let record = self
            .live()
            .get(&session)
            .and_then(|live| live.context.rights.release(released.incident).then(|| live.context.record.clone()));
        if let Some(record) = record {
            tracing::info!(%session, "released");
            record.released(released);
        }
    }

    /// Whether this agent may serve the grant at all; checked before anything is opened.
    ///
    /// # Errors
    /// [`Code::TargetNotAllowed`] if the local allow-list does not name the target, [`Code::Internal`] if the agent does not
    /// know a detector: nothing passes without what was asked for.
    pub fn admit(&self, grant: &Grant) -> Result<(), Refusal> {
        if !self.0.vault.allows(&grant.address) {
            return Err(Refusal::new(Code::TargetNotAllowed, "the agent does not allow this target"));
        }
        masker(grant).map(drop)
    }

    /// Serves a new session on its first lane, to the end.
    pub async fn serve(&self, session: SessionId, grant: Grant, link: Link) {
        let Link { from_gateway, to_gateway } = link;
        let record = match self.0.spool.session(session, opened(session, &grant)).await {
            Ok(record) => record,
            Err(refusal) => return refuse(to_gateway, from_gateway, refusal).await,
        };
        from_gateway.acknowledge(&record);
        // Whatever happens, nobody ships any more when this is over: what was not stored is delivered as a leftover, and it is one
        // only when nobody has the recording in hand.
        let mut shipping = AbortOnDropHandle::new(tokio::spawn({
            let (record, sink) = (record.clone(), Shipment(to_gateway.clone()));
            async move { record.ship(sink).await }
        }));
        let rest = from_gateway.handle();
        let (stop, stopped) = watch::channel(None);
        let masker = match self.masker(&grant).await {
            Ok(masker) => masker,
            Err(refusal) => return refuse(to_gateway, from_gateway, refusal).await,
        };
        let context = self.context(session, grant, record.clone(), masker);
        self.live().insert(session, Live { context: context.clone(), stop });

        let link = Link { from_gateway, to_gateway: to_gateway.clone() };
        let ending = drive(context, link, stopped).await;
        self.live().remove(&session);

        let sealed = record.seal(closed(&ending)).await;
        drop(record);
        let last = if to_gateway.is_ready() { Up::Closed(ending) } else { Up::Refused(ending) };
        let _gone = to_gateway.send(last).await;
        drop(to_gateway);
        if sealed.is_ok() {
            settle(rest, &mut shipping).await;
        } else {
            heard(rest).await;
        }
    }

    /// Serves a further lane of a live session.
    pub async fn serve_lane(&self, session: SessionId, link: Link) {
        let live = self.live().get(&session).map(|live| (live.context.clone(), live.stop.subscribe()));
        let (to_gateway, rest) = (link.to_gateway.clone(), link.from_gateway.handle());
        let ending = match live {
            Some((context, stopped)) => drive(context, link, stopped).await,
            None => Ending::new(Code::AgentLost, "the session is over"),
        };
        let last = if to_gateway.is_ready() { Up::Closed(ending) } else { Up::Refused(ending) };
        let _gone = to_gateway.send(last).await;
        drop(to_gateway);
        heard(rest).await;
    }

    /// Ends one session.
    pub fn kill(&self, session: SessionId, ending: Ending) {
        if let Some(live) = self.live().get(&session) {
            live.stop.send_replace(Some(ending));
        }
    }

    /// Ends all sessions.
    pub fn stop_all(&self, ending: &Ending) {
        for live in self.live().values() {
            live.stop.send_replace(Some(ending.clone()));
        }
    }

    /// How many sessions are live.
    #[must_use]
    pub fn count(&self) -> usize {
        self.live().len()
    }

    /// The spool behind the sessions.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.0.spool
    }

    /// The masker of the grant, with what stands in place of values.
    async fn masker(&self, grant: &Grant) -> Result<Masker, Refusal> {
        let masker = masker(grant)?;
        let unusable = |text| Refusal::new(Code::Credential, text);
        let key = match grant.credentials.get("token_key").filter(|_| grant.settings.has_tokens()) {
            None if grant.settings.has_tokens() => return Err(unusable("the connection names no key for its tokens")),
            None => None,
            reference => {
                let secret = target::resolve(&self.0.vault, &grant.address, reference).await?;
                let key = secret.and_then(|secret| TokenKey::new(secret.expose().trim_ascii()));
                Some(key.ok_or_else(|| unusable("the key of tokens needs at least 16 bytes"))?)
            }
        };
        let named = grant.settings.transforms().iter().map(|(label, becomes)| (label.clone(), transform(*becomes)));
        Ok(masker.with_transforms(Transforms::new(named, key)))
    }

    fn context(&self, session: SessionId, grant: Grant, record: Recorder, masker: Masker) -> Context {
        let masker = Arc::new(masker);
        let (connection, caller) = (grant.connection.clone(), grant.caller.clone());
        let rights = SessionRights::new(self.0.rights.clone(), connection, caller, Arc::clone(&masker));
        let rights = match &grant.settings {
            Settings::Postgres(settings) => {
                rights.marked(settings.masking.columns.values().map(|mask| mask.label().to_owned()))
            }
            Settings::Http(settings) => {
                let sent = settings.mask.requests.each().map(|(_, _, mask)| mask.label().to_owned());
                rights.marked(settings.mask.json.values().chain(settings.mask.grpc.values()).cloned().chain(sent))
            }
            Settings::Ssh(_) => rights,
        };
        Context {
            session,
            grant: Arc::new(grant),
            vault: Arc::clone(&self.0.vault),
            record,
            masker,
            rights: Arc::new(rights),
            readings: Arc::clone(&self.0.readings),
            catalogs: Arc::clone(&self.0.catalogs),
            counters: Arc::clone(&self.0.counters),
            http: Arc::clone(&self.0.http),
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<SessionId, Live>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the driver until it ends, the grant expires or somebody stops the session.
async fn drive(context: Context, link: Link, mut stopped: watch::Receiver<Option<Ending>>) -> Ending {
    let left = context.grant.not_after.duration_since(SystemTime::now()).unwrap_or_default();
    let driver = async {
        match context.grant.settings.clone() {
            Settings::Postgres(settings) => target::pg::serve(context, settings, link).await,
            Settings::Ssh(settings) => target::ssh::serve(context, settings, link).await,
            Settings::Http(settings) => target::http::serve(context, settings, link).await,
        }
    };
    let stop = async {
        let told = stopped.wait_for(Option::is_some).await.ok().and_then(|ending| ending.clone());
        match told {
            Some(ending) => ending,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ending = target::contained(Box::pin(driver)) => ending.unwrap_or_else(|fault| fault),
        ending = stop => ending,
        () = tokio::time::sleep(left) => Ending::new(Code::Expired, "the time granted for this session is over"),
    }
}

/// Says why there will be no session.
async fn refuse(to_gateway: ToGateway, from_gateway: FromGateway, refusal: Refusal) {
    let _gone = to_gateway.send(Up::Refused(refusal)).await;
    drop(to_gateway);
    heard(from_gateway).await;
}

/// Waits until the gateway has heard the last word of a lane and closes it: a stream that is dropped before takes what is still on
/// its way with it, and the client would be told that its agent was lost.
async fn heard(mut rest: FromGateway) {
    let reading = async { while rest.next().await.is_some() {} };
    let _late = tokio::time::timeout(LAST_WORD, reading).await;
}

/// Goes on reading acknowledgements until the last record is stored at the gateway.
async fn settle(mut rest: FromGateway, shipping: &mut AbortOnDropHandle<Result<(), LinkLost>>) {
    let reading = async { while rest.next().await.is_some() {} };
    let settled = async {
        tokio::select! {
            _ = shipping => {}
            () = reading => {}
        }
    };
    // What is not acknowledged in time stays in the spool and is delivered later.
    let _late = tokio::time::timeout(SEAL_DEADLINE, settled).await;
}

/// The masker of the grant; a detector that this agent cannot use ends the session before it begins.
fn masker(grant: &Grant) -> Result<Masker, Refusal> {
    let unusable =
        |_: masking::DetectorError| Refusal::new(Code::Internal, "the agent cannot use a detector of this connection");
    let detectors = grant.detectors.iter().map(|text| text.parse()).collect::<Result<Vec<Detector>, _>>();
    Masker::compile(&detectors.map_err(unusable)?, Options::default()).map_err(unusable)
}

/// The names of what is looked for; how custom detectors find it is not told.
fn detector_names(grant: &Grant) -> Vec<String> {
    let name =
        |text: &String| text.parse().map_or_else(|_| text.clone(), |detector: Detector| detector.name().to_owned());
    grant.detectors.iter().map(name).collect()
}

/// The role that the session has at its target; empty where the credential alone says it.
fn target_login(grant: &Grant) -> String {
    let configured = match &grant.settings {
        Settings::Postgres(settings) => settings.login.as_str(),
        Settings::Ssh(settings) => settings.login.as_str(),
        Settings::Http(_) => "",
    };
    let asked = grant.requested.get("login").filter(|_| !matches!(grant.settings, Settings::Postgres(_)));
    asked.map_or(configured, String::as_str).to_owned()
}

fn opened(session: SessionId, grant: &Grant) -> Opened {
    let caller = grant.caller.clone();
    Opened {
        session: session.to_string(),
        connection: grant.connection.clone(),
        protocol: grant.settings.protocol().as_str().to_owned(),
        address: grant.address.clone(),
        target_login: target_login(grant),
        subject: caller.subject,
        issuer: caller.issuer,
        groups: caller.groups,
        method: caller.method,
        credential_id: caller.credential_id,
        source: caller.source,
        client: caller.client,
        detectors: detector_names(grant),
        actor: caller.actor.as_ref().map(|actor| format!("{}:{}", actor.kind, actor.name)).unwrap_or_default(),
        actor_groups: caller.actor.map(|actor| actor.groups).unwrap_or_default(),
        mfa: caller.mfa,
        authenticated_at_unix_ms: caller.authenticated_at_unix_ms,
        reason: caller.reason,
    }
}

fn closed(ending: &Ending) -> Closed {
    Closed { code: ending.code.to_string(), message: ending.message.clone(), ..Closed::default() }
}

struct Shipment(ToGateway);

impl Sink for Shipment {
    async fn send(&mut self, records: Vec<Bytes>) -> Result<(), LinkLost> {
        self.0.send(Up::Events(records)).await.map_err(|_| LinkLost)
    }
}
