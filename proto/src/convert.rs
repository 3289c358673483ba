//! Wire types to domain types and back: the only place where both are in scope.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Actor, Caller, Code, Down, Ending, Grant, LaneOpen, Refusal, SessionId, Up, rpc};

/// What arrived cannot be what the peer meant.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A message without its content.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field that does not parse.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

/// Milliseconds since 1970.
#[must_use]
pub fn unix_ms(time: SystemTime) -> i64 {
    let millis = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// The time that many milliseconds after 1970.
#[must_use]
pub fn from_unix_ms(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn session(text: &str) -> Result<SessionId, ConvertError> {
    text.parse().map_err(|_| ConvertError::Malformed("session"))
}

fn ending(code: &str, message: String) -> Ending {
    Ending { code: code.parse().unwrap_or(Code::Internal), message }
}

impl TryFrom<rpc::Up> for Up {
    type Error = ConvertError;

    fn try_from(up: rpc::Up) -> Result<Self, Self::Error> {
        use rpc::up::Kind;
        Ok(match up.kind.ok_or(ConvertError::Missing("up"))? {
            Kind::Payload(bytes) => Self::Payload(bytes),
            Kind::Events(events) => Self::Events(events.records),
            Kind::Open(open) => {
                Self::Open(LaneOpen { session: session(&open.session)?, nonce: open.nonce, lane: open.lane })
            }
            Kind::Ready(ready) => Self::Ready(ready.greeting),
            Kind::Refused(refused) => Self::Refused(refused.into()),
            Kind::Closed(closed) => Self::Closed(ending(&closed.code, closed.message)),
        })
    }
}

impl From<Up> for rpc::Up {
    fn from(up: Up) -> Self {
        use rpc::up::Kind;
        let kind = match up {
            Up::Payload(bytes) => Kind::Payload(bytes),
            Up::Events(records) => Kind::Events(rpc::Events { records }),
            Up::Open(open) => {
                Kind::Open(rpc::LaneOpen { session: open.session.to_string(), nonce: open.nonce, lane: open.lane })
            }
            Up::Ready(greeting) => Kind::Ready(rpc::Ready { greeting }),
            Up::Refused(refusal) => Kind::Refused(refusal.into()),
            Up::Closed(end) => Kind::Closed(rpc::Closed { code: end.code.to_string(), message: end.message }),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<rpc::Down> for Down {
    type Error = ConvertError;

    fn try_from(down: rpc::Down) -> Result<Self, Self::Error> {
        use rpc::down::Kind;
        Ok(match down.kind.ok_or(ConvertError::Missing("down"))? {
            Kind::Payload(bytes) => Self::Payload(bytes),
            Kind::Ack(ack) => Self::Ack { seq: ack.seq },
            Kind::Cancel(rpc::Cancel {}) => Self::Cancel,
            Kind::Close(close) => Self::Close(ending(&close.code, close.message)),
        })
    }
}

impl From<Down> for rpc::Down {
    fn from(down: Down) -> Self {
        use rpc::down::Kind;
        let kind = match down {
            Down::Payload(bytes) => Kind::Payload(bytes),
            Down::Ack { seq } => Kind::Ack(rpc::Ack { session: String::new(), seq }),
            Down::Cancel => Kind::Cancel(rpc::Cancel {}),
            Down::Close(end) => Kind::Close(rpc::Close { code: end.code.to_string(), message: end.message }),
        };
        Self { kind: Some(kind) }
    }
}

impl From<rpc::Kill> for Ending {
    fn from(kill: rpc::Kill) -> Self {
        Self { code: kill.code.parse().unwrap_or(Code::Killed), message: kill.reason }
    }
}

impl From<rpc::Refused> for Refusal {
    fn from(refused: rpc::Refused) -> Self {
        ending(&refused.code, refused.message)
    }
}

impl From<Refusal> for rpc::Refused {
    fn from(refusal: Refusal) -> Self {
        Self { session: String::new(), lane: 0, code: refusal.code.to_string(), message: refusal.message }
    }
}

impl From<Grant> for rpc::Grant {
    fn from(grant: Grant) -> Self {
        Self {
            connection: grant.connection,
            address: grant.address,
            settings_json: serde_json::to_string(&grant.settings).unwrap_or_default(),
            credentials: grant.credentials.into_iter().collect(),
            caller: Some(grant.caller.into()),
            not_after_unix_ms: unix_ms(grant.not_after),
            detectors: grant.detectors,
            requested: grant.requested.into_iter().collect(),
        }
    }
}

impl TryFrom<rpc::Grant> for Grant {
    type Error = ConvertError;

    fn try_from(grant: rpc::Grant) -> Result<Self, Self::Error> {
        Ok(Self {
            connection: grant.connection,
            address: grant.address,
            settings: serde_json::from_str(&grant.settings_json).map_err(|_| ConvertError::Malformed("settings"))?,
            credentials: grant.credentials.into_iter().collect(),
            caller: grant.caller.ok_or(ConvertError::Missing("caller"))?.into(),
            not_after: from_unix_ms(grant.not_after_unix_ms),
            detectors: grant.detectors,
            requested: grant.requested.into_iter().collect(),
        })
    }
}

impl From<Caller> for rpc::Caller {
    fn from(caller: Caller) -> Self {
        Self {
            subject: caller.subject,
            issuer: caller.issuer,
            groups: caller.groups,
            method: caller.method,
            credential_id: caller.credential_id,
            source: caller.source,
            client: caller.client,
            authenticated_at_unix_ms: caller.authenticated_at_unix_ms,
            mfa: caller.mfa,
            reason: caller.reason,
            actor: caller.actor.map(|Actor { kind, name, groups }| rpc::Actor { kind, name, groups }),
        }
    }
}

impl From<rpc::Caller> for Caller {
    fn from(caller: rpc::Caller) -> Self {
        Self {
            subject: caller.subject,
            issuer: caller.issuer,
            groups: caller.groups,
            method: caller.method,
            credential_id: caller.credential_id,
            source: caller.source,
            client: caller.client,
            authenticated_at_unix_ms: caller.authenticated_at_unix_ms,
            mfa: caller.mfa,
            reason: caller.reason,
            actor: caller.actor.map(|rpc::Actor { kind, name, groups }| Actor { kind, name, groups }),
        }
    }
}
