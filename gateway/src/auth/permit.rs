//! From an identity to a permit, and whether it would still be given.

use std::time::SystemTime;

use policy::{Circumstances, Permit, Principal};
use proto::{Code, Ending, Protocol, Refusal, convert::unix_ms};

use super::{Auth, Credential, Denial, Identity};
use crate::store::Subject;

impl Auth {
    /// Asks policy whether the identity may connect, speaking `protocol`. Unknown and forbidden connections and those of
    /// another protocol are refused alike ([`proto::Code::NoAccess`]).
    ///
    /// # Errors
    /// The refusal for the client.
    pub async fn permit(&self, identity: &Identity, connection: &str, protocol: Protocol) -> Result<Permit, Refusal> {
        let found = self.0.store.connection(connection);
        let speaks = found.is_some_and(|connection| connection.settings.protocol() == protocol);
        self.decide(identity, connection)
            .ok()
            .filter(|_| speaks)
            .ok_or_else(|| Refusal::new(Code::NoAccess, "no connection of that name is open to you"))
    }

    fn decide(&self, identity: &Identity, connection: &str) -> Result<Permit, policy::Denial> {
        let bound_elsewhere = identity.only_connection.as_deref().is_some_and(|only| only != connection);
        if bound_elsewhere {
            return Err(policy::Denial);
        }
        self.connect(&identity.subject, &identity.groups, identity.method, connection)
    }

    fn connect(&self, name: &str, groups: &[String], method: &str, connection: &str) -> Result<Permit, policy::Denial> {
        let snapshot = self.0.store.snapshot();
        let engine = snapshot.engine().ok_or(policy::Denial)?;
        let subject = Principal { name: name.to_owned(), groups: groups.to_vec(), ..Principal::default() };
        let caller = policy::Caller { subject, actor: None };
        let scope = engine.scope(caller, connection, &[]).map_err(|_| policy::Denial)?;
        let now = unix_ms(SystemTime::now()) / 1000;
        let around = Circumstances { now, auth_method: method.to_owned(), ..Circumstances::default() };
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

    /// Whether a session of this identity may go on: its credential stands and policy would permit it again.
    ///
    /// # Errors
    /// How the session has to end.
    pub async fn still_permits(&self, identity: &Identity, connection: &str) -> Result<(), Ending> {
        let gone = |_: Denial| Ending::new(Code::Expired, "the credential of this session is no longer valid");
        let now = self.worth_now(identity).map_err(gone)?;
        let withdrawn = |_| Ending::new(Code::NoAccess, "the right to use this connection was withdrawn");
        self.decide(&now, connection).map(drop).map_err(withdrawn)
    }

    /// The same identity from the same credential, as of now.
    fn worth_now(&self, identity: &Identity) -> Result<Identity, Denial> {
        let snapshot = self.0.store.snapshot();
        let unknown = Denial { reason: "unknown" };
        match Credential::parse(&identity.credential_id).ok_or_else(|| unknown.clone())? {
            Credential::Ticket(id) => {
                let ticket = snapshot.ticket_with_id(id).ok_or(unknown)?;
                Ok(self.identity_of(&snapshot, &ticket)?.0)
            }
            Credential::SshKey(id) => {
                let key =
                    snapshot.ssh_key_with_id(id).filter(|key| key.revoked.is_none()).ok_or_else(|| unknown.clone())?;
                let subject = snapshot.subject(key.subject_id).ok_or(unknown)?;
                Ok(Identity { groups: subject.groups.clone(), ..identity.clone() })
            }
        }
    }

    /// Whether a connection is open to a subject with the groups it has now.
    #[must_use]
    pub fn may_connect(&self, subject: &Subject, connection: &str) -> bool {
        self.connect(&subject.name, &subject.groups, "", connection).is_ok()
    }
}
