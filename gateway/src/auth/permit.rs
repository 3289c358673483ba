//! From an identity to a permit, and whether it would still be given.

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use policy::{Circumstances, Engine, Opinion, Part, Permit, Principal, Recall};
use proto::{Code, Ending, Protocol, Refusal, convert::unix_ms};

use super::{Auth, Credential, Denial, Identity};
use crate::store::Subject;

/// Somebody who asks the API for what takes more than being somebody.
pub struct Asks<'a> {
    /// Who.
    pub subject: &'a Subject,
    /// The groups of the credential.
    pub groups: &'a [String],
    /// With what: `ticket`, or `sign-in`.
    pub method: &'a str,
    /// From where.
    pub source: IpAddr,
}

impl Asks<'_> {
    fn person(&self) -> Principal {
        principal(&self.subject.name, self.groups)
    }

    fn around(&self) -> Circumstances {
        Circumstances {
            now: unix_ms(SystemTime::now()) / 1000,
            source: Some(self.source),
            auth_method: self.method.to_owned(),
            authenticated_at: unix_ms(self.subject.authenticated.into()) / 1000,
            mfa: self.subject.mfa,
            ..Circumstances::default()
        }
    }
}

impl Auth {
    /// Asks policy whether the identity may connect from `source`, speaking `protocol`. Unknown and forbidden connections and those of
    /// another protocol are refused alike ([`proto::Code::NoAccess`]).
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn permit(
        &self,
        identity: &Identity,
        connection: &str,
        protocol: Protocol,
        source: IpAddr,
    ) -> Result<Permit, Refusal> {
        let found = self.0.store.connection(connection);
        let speaks = found.is_some_and(|connection| connection.settings.protocol() == protocol);
        self.decide(identity, connection, source)
            .ok()
            .filter(|_| speaks)
            .ok_or_else(|| Refusal::new(Code::NoAccess, "no connection of that name is open to you"))
    }

    fn decide(&self, identity: &Identity, connection: &str, source: IpAddr) -> Result<Permit, policy::Denial> {
        let bound_elsewhere = identity.only_connection.as_deref().is_some_and(|only| only != connection);
        if bound_elsewhere {
            return Err(policy::Denial);
        }
        let subject = principal(&identity.subject, &identity.groups);
        let actor = identity.purpose.actor.as_ref().map(acting);
        let around = Circumstances {
            source: Some(source),
            auth_method: identity.method.to_owned(),
            authenticated_at: unix_ms(identity.authenticated) / 1000,
            mfa: identity.mfa,
            reason: identity.purpose.reason.clone(),
            ..Circumstances::default()
        };
        self.connect(policy::Caller { subject, actor }, around, connection)
    }

    fn connect(&self, caller: policy::Caller, around: Circumstances, to: &str) -> Result<Permit, policy::Denial> {
        let snapshot = self.0.store.snapshot();
        let engine = snapshot.engine().ok_or(policy::Denial)?;
        let scope = engine.scope(caller, to, &[]).map_err(|_| policy::Denial)?;
        let around = Circumstances { now: unix_ms(SystemTime::now()) / 1000, ..around };
        engine.connect(&scope, &around)
    }

    /// Why [`Auth::permit`] refused, in a word for the audit log: `foreign`, `unknown` or `forbidden`.
    #[must_use]
    pub fn why_refused(&self, identity: &Identity, connection: &str) -> &'static str {
        if identity.only_connection.as_deref().is_some_and(|only| only != connection) {
            "foreign"
        } else if self.0.store.connection(connection).is_none() {
            "unknown"
        } else {
            "forbidden"
        }
    }

    /// Whether a session of this identity may go on: its credential stands and policy would permit it again. Gives what is
    /// known about it now.
    ///
    /// # Errors
    /// How the session has to end.
    pub async fn still_permits(
        &self,
        identity: &Identity,
        connection: &str,
        source: IpAddr,
    ) -> Result<Identity, Ending> {
        let gone = |_: Denial| Ending::new(Code::Expired, "the credential of this session is no longer valid");
        let now = self.worth_now(identity).map_err(gone)?;
        let withdrawn = |_| Ending::new(Code::NoAccess, "the right to use this connection was withdrawn");
        self.decide(&now, connection, source).map_err(withdrawn)?;
        Ok(now)
    }

    /// The same identity from the same credential, as of now.
    fn worth_now(&self, identity: &Identity) -> Result<Identity, Denial> {
        let snapshot = self.0.store.snapshot();
        let unknown = Denial { reason: "unknown" };
        match Credential::parse(&identity.credential_id).ok_or_else(|| unknown.clone())? {
            Credential::Ticket(id) => {
                let ticket = snapshot.ticket_with_id(id).ok_or(unknown)?;
                self.identity_of(&snapshot, &ticket)
            }
            Credential::SshKey(id) => {
                let key =
                    snapshot.ssh_key_with_id(id).filter(|key| key.revoked.is_none()).ok_or_else(|| unknown.clone())?;
                let subject = snapshot.subject(key.subject_id).ok_or(unknown)?;
                let (authenticated, mfa) = (subject.authenticated.into(), subject.mfa);
                Ok(Identity { groups: subject.groups.clone(), authenticated, mfa, ..identity.clone() })
            }
        }
    }

    /// What policy says to a subject, with the groups that count, about recordings of a connection. Without policies it forbids.
    #[must_use]
    pub fn recall(&self, asks: &Asks<'_>, connection: &str, what: Recall) -> Opinion {
        let snapshot = self.0.store.snapshot();
        let asked = |engine: &Arc<Engine>| engine.recall(&asks.person(), connection, what, &asks.around());
        snapshot.engine().map_or_else(Opinion::doubtful, asked)
    }

    /// What policies, those in force or others, say to a subject about administration. Where no policies can be read, roles decide,
    /// so that somebody can mend them.
    #[must_use]
    pub fn administration(&self, asks: &Asks<'_>, part: Part<'_>, by: Option<&Engine>) -> Opinion {
        let asked = |engine: &Engine| engine.administration(&asks.person(), part, &asks.around());
        match by {
            Some(engine) => asked(engine),
            None => self.0.store.snapshot().engine().map_or(Opinion::Silent, |engine| asked(engine)),
        }
    }

    /// Whether a policy may let a subject administer anything at all.
    #[must_use]
    pub fn may_give_administration(&self, asks: &Asks<'_>) -> bool {
        let snapshot = self.0.store.snapshot();
        snapshot.engine().is_some_and(|engine| engine.may_give_administration(&asks.person()))
    }

    /// Whether a connection is open to a subject with the groups it has now, from where it is now.
    #[must_use]
    pub fn may_connect(&self, subject: &Subject, connection: &str, source: Option<IpAddr>) -> bool {
        let caller = policy::Caller { subject: principal(&subject.name, &subject.groups), actor: None };
        let around = Circumstances {
            source,
            auth_method: "ticket".to_owned(),
            authenticated_at: unix_ms(subject.authenticated.into()) / 1000,
            mfa: subject.mfa,
            ..Circumstances::default()
        };
        self.connect(caller, around, connection).is_ok()
    }
}

fn principal(name: &str, groups: &[String]) -> Principal {
    Principal { name: name.to_owned(), groups: groups.to_vec(), ..Principal::default() }
}

/// An actor of a kind that is not known makes nothing easier: it counts as an AI agent.
fn acting(actor: &proto::Actor) -> Principal {
    let kind = actor.kind.parse().unwrap_or(policy::ActorKind::Ai);
    Principal { kind, name: actor.name.clone(), groups: actor.groups.clone() }
}
