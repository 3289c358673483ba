//! What a driver is given: the grant, where credentials come from, where events go, what is masked.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use proto::{Code, Grant, Refusal, SessionId};
use tokio::time::sleep;

use super::http::Pools;
use crate::{
    filter::{
        guard::{Decision, Guard as _, Judged, Sent},
        pg::Readings,
    },
    record::Recorder,
    rights::SessionRights,
    vault::{Secret, Vault},
};

/// How often it is looked whether policy still allows what runs.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a target driver needs to serve one session. Cheap to clone; all lanes of a session share it.
#[derive(Clone)]
pub struct Context {
    /// Which session.
    pub session: SessionId,
    /// What the gateway decided.
    pub grant: Arc<Grant>,
    /// Where the target's credentials come from.
    pub vault: Arc<Vault>,
    /// Where the session's events go.
    pub record: Recorder,
    /// What is masked.
    pub masker: Arc<masking::Masker>,
    /// Decides about every call.
    pub rights: Arc<SessionRights>,
    /// What statements do, shared by all sessions of this agent.
    pub readings: Arc<Readings>,
    /// Catalogs of databases, shared by all sessions of this agent.
    pub catalogs: Arc<super::pg::Catalogs>,
    /// What subjects have looked up lately, shared by all sessions of this agent.
    pub counters: Arc<super::pg::Counters>,
    /// Kept connections to HTTP targets, shared by all sessions of this agent.
    pub http: Arc<Pools>,
}

/// What it takes to log in at a session's target.
#[derive(Clone)]
pub struct Door {
    /// `host:port`.
    pub address: String,
    /// Credential references by role.
    pub credentials: BTreeMap<String, String>,
    /// Where they come from.
    pub vault: Arc<Vault>,
}

impl Context {
    /// The decision that ends what runs, if policy no longer allows it.
    #[must_use]
    pub fn stops(&self, judged: &Arc<Judged>) -> Option<Arc<Decision>> {
        if self.rights.consider(judged).forwards() {
            return None;
        }
        let decision = self.rights.decide_again(judged, Sent::default(), Sent::default());
        (!decision.forwards()).then_some(decision)
    }

    /// Waits until policy no longer allows what runs.
    pub async fn stopped(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        loop {
            sleep(LOOK_AGAIN).await;
            if let Some(decision) = self.stops(judged) {
                return decision;
            }
        }
    }

    /// What it takes to log in at the target once more.
    #[must_use]
    pub fn door(&self) -> Door {
        Door {
            address: self.grant.address.clone(),
            credentials: self.grant.credentials.clone(),
            vault: Arc::clone(&self.vault),
        }
    }

    /// See [`Door::credential`].
    ///
    /// # Errors
    /// As there.
    pub async fn credential(&self, role: &str) -> Result<Option<Secret>, Refusal> {
        resolve(&self.vault, &self.grant.address, self.grant.credentials.get(role)).await
    }
}

impl Door {
    /// Resolves the credential that the connection names for `role` (`password`, `key`, ...), if it names one.
    /// Read anew on every use, so that rotation needs no restart.
    ///
    /// # Errors
    /// [`Code::TargetNotAllowed`] if the local allow-list does not name the reference for this target,
    /// [`Code::Credential`] if it cannot be read.
    pub async fn credential(&self, role: &str) -> Result<Option<Secret>, Refusal> {
        resolve(&self.vault, &self.address, self.credentials.get(role)).await
    }
}

/// See [`Door::credential`].
///
/// # Errors
/// As there.
pub(crate) async fn resolve(
    vault: &Vault,
    address: &str,
    reference: Option<&String>,
) -> Result<Option<Secret>, Refusal> {
    let Some(reference) = reference else { return Ok(None) };
    match vault.resolve(address, reference).await {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if error.is_denial() => {
            Err(Refusal::new(Code::TargetNotAllowed, "the agent does not allow this target's credential"))
        }
        Err(_) => Err(Refusal::new(Code::Credential, "the agent cannot read the target's credential")),
    }
}
