//! Who asks, and under which circumstances.

use core::net::IpAddr;

/// What kind of actor somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A human.
    #[default]
    Person,
    /// A CI job or service.
    Workload,
    /// An AI agent.
    Ai,
}

impl ActorKind {
    /// The word in policies and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Workload => "workload",
            Self::Ai => "ai",
        }
    }

    pub(crate) fn entity(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Workload => "Workload",
            Self::Ai => "Ai",
        }
    }

    pub(crate) fn of_entity(name: &str) -> Option<Self> {
        [Self::Person, Self::Workload, Self::Ai].into_iter().find(|kind| kind.entity() == name)
    }
}

impl std::str::FromStr for ActorKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Person, Self::Workload, Self::Ai].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Somebody who can be named in a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Principal {
    /// What kind.
    pub kind: ActorKind,
    /// The subject, or the actor's name.
    pub name: String,
    /// The groups its identity provider vouched for.
    pub groups: Vec<String>,
}

/// Whose call it is, and who makes it. Both must be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The person or workload the call is for.
    pub subject: Principal,
    /// Who makes it now, if not the subject.
    pub actor: Option<Principal>,
}

impl Caller {
    /// What makes the call.
    #[must_use]
    pub fn acting(&self) -> &Principal {
        self.actor.as_ref().unwrap_or(&self.subject)
    }

    /// Everybody who must be allowed.
    pub(crate) fn principals(&self) -> impl Iterator<Item = &Principal> {
        std::iter::once(&self.subject).chain(&self.actor)
    }
}

/// What surrounds a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Seconds since 1970.
    pub now: i64,
    /// Where the caller connects from.
    pub source: Option<IpAddr>,
    /// `ticket`, `ssh-key`.
    pub auth_method: String,
    /// When the caller signed in at the identity provider, in seconds since 1970; 0 if it is not known.
    pub authenticated_at: i64,
    /// Whether the identity provider vouched for a second factor.
    pub mfa: bool,
    /// What the client says it is.
    pub client: String,
    /// Why, if the caller said so.
    pub reason: Option<String>,
}

impl Circumstances {
    /// Seconds since the sign-in.
    #[must_use]
    pub fn auth_age(&self) -> i64 {
        self.now.saturating_sub(self.authenticated_at).max(0)
    }

    /// Hour of the day, UTC.
    #[must_use]
    pub fn hour(&self) -> i64 {
        self.now.rem_euclid(86_400) / 3600
    }

    /// Day of the week, UTC; 1970-01-01 was a Thursday.
    #[must_use]
    pub fn weekday(&self) -> &'static str {
        match self.now.div_euclid(86_400).rem_euclid(7) {
            0 => "thu",
            1 => "fri",
            2 => "sat",
            3 => "sun",
            4 => "mon",
            5 => "tue",
            _ => "wed",
        }
    }
}
