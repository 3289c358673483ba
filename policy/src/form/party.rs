//! Who and what a rule is about: one word each, `group:support`, `function:shop-db/delete`.

use serde::{Deserialize, Serialize};

use crate::ActorKind;

/// Who a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Who {
    /// Everybody.
    Everybody,
    /// Members of a group.
    Group(String),
    /// One person, workload or AI agent.
    One(ActorKind, String),
    /// All persons, workloads or AI agents.
    Every(ActorKind),
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Over {
    /// Everything.
    Everything,
    /// A connection and all of its functions.
    Connection(String),
    /// All connections of a zone.
    Zone(String),
    /// One function: `connection/name`.
    Function(String),
    /// One class of data.
    Label(String),
}

const KINDS: [ActorKind; 3] = [ActorKind::Person, ActorKind::Workload, ActorKind::Ai];

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.to_string()
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::One(kind, name) => write!(f, "{}:{name}", kind.as_str()),
            Self::Every(kind) => write!(f, "every-{}", kind.as_str()),
        }
    }
}

impl TryFrom<String> for Who {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "everybody" {
            return Ok(Self::Everybody);
        }
        if let Some(kind) = text.strip_prefix("every-").and_then(|kind| kind.parse().ok()) {
            return Ok(Self::Every(kind));
        }
        match text.split_once(':') {
            Some((_, "")) => Err(format!("{text:?} names nobody")),
            Some(("group", name)) => Ok(Self::Group(name.to_owned())),
            Some((kind, name)) if KINDS.iter().any(|known| known.as_str() == kind) => {
                let kind = kind.parse().map_err(|()| "no such kind".to_owned())?;
                Ok(Self::One(kind, name.to_owned()))
            }
            _ => Err(format!(
                "{text:?}: write group:NAME, person:NAME, workload:NAME, ai:NAME, every-person, every-workload, every-ai or \
                 everybody"
            )),
        }
    }
}

impl From<Over> for String {
    fn from(over: Over) -> Self {
        over.to_string()
    }
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Connection(name) => write!(f, "connection:{name}"),
            Self::Zone(name) => write!(f, "zone:{name}"),
            Self::Function(name) => write!(f, "function:{name}"),
            Self::Label(name) => write!(f, "label:{name}"),
        }
    }
}

impl TryFrom<String> for Over {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "everything" {
            return Ok(Self::Everything);
        }
        match text.split_once(':') {
            Some((_, "")) => Err(format!("{text:?} names nothing")),
            Some(("connection", name)) => Ok(Self::Connection(name.to_owned())),
            Some(("zone", name)) => Ok(Self::Zone(name.to_owned())),
            Some(("function", name)) if name.contains('/') => Ok(Self::Function(name.to_owned())),
            Some(("function", _)) => Err(format!("{text:?}: write function:CONNECTION/NAME")),
            Some(("label", name)) => Ok(Self::Label(name.to_owned())),
            _ => Err(format!(
                "{text:?}: write connection:NAME, zone:NAME, function:CONNECTION/NAME, label:NAME or everything"
            )),
        }
    }
}
