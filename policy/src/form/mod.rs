//! Rules without Cedar: who, what, which conditions, until when. Each is exactly one Cedar policy in one spelling
//! ([`text`]), so that a document of such policies can be read back as rules ([`read`]) and nothing besides the Cedar text
//! is kept anywhere. What a condition's list means depends on its place: where it lets somebody do something it names all that
//! may occur; where it stops somebody, one of them is enough.

mod check;
mod conditions;
mod literal;
mod party;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

use serde::{Deserialize, Deserializer, Serialize};

pub use self::{
    conditions::{Comparison, Conditions, Hours, Weekday},
    party::{Over, Who},
    read::{of, read},
    value::{Moment, Value},
    write::{text, text_of},
};

/// One rule of the short form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id: 1 to 64 lower-case letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// Who it is about.
    pub who: Who,
    /// What it says.
    pub kind: Kind,
    /// What it is about.
    pub on: Over,
    /// It holds until then, and is as if it were not there afterwards.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// It holds where all of these do.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub when: Option<Conditions>,
    /// It holds except where all of these do. Only for what stops somebody, and not besides `when`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub unless: Option<Conditions>,
    /// Why, for those whom it stops.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What they can do about it.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Groups that may approve.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Vec<String>>,
    /// It is decided and recorded, but not enforced.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shadow: bool,
    /// A call that it stops puts the whole session on hold.
    #[serde(default, skip_serializing_if = "is_false")]
    pub incident: bool,
    /// For those who keep the policies.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Opens sessions: `Connect`.
    MayConnect,
    /// Opens sessions and runs calls at once: `Connect`, `Invoke`, `RunUnapproved`.
    MayConnectAndUse,
    /// Runs calls at once: `Invoke`, `RunUnapproved`.
    MayUse,
    /// Makes calls, which wait for approval unless another rule lets them run: `Invoke`.
    MayAsk,
    /// Sees a label in clear: `Reveal`.
    MaySee,
    /// Opens no session.
    MayNotConnect,
    /// Calls are refused.
    IsRefused,
    /// Calls wait for approval.
    NeedsApproval,
    /// A label stays masked.
    StaysMasked,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::MayConnect,
        Self::MayConnectAndUse,
        Self::MayUse,
        Self::MayAsk,
        Self::MaySee,
        Self::MayNotConnect,
        Self::IsRefused,
        Self::NeedsApproval,
        Self::StaysMasked,
    ];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MayConnect => "may-connect",
            Self::MayConnectAndUse => "may-connect-and-use",
            Self::MayUse => "may-use",
            Self::MayAsk => "may-ask",
            Self::MaySee => "may-see",
            Self::MayNotConnect => "may-not-connect",
            Self::IsRefused => "is-refused",
            Self::NeedsApproval => "needs-approval",
            Self::StaysMasked => "stays-masked",
        }
    }

    /// Whether it lets somebody do something.
    #[must_use]
    pub fn permits(self) -> bool {
        matches!(self, Self::MayConnect | Self::MayConnectAndUse | Self::MayUse | Self::MayAsk | Self::MaySee)
    }

    /// Whether it is about opening sessions, where nothing is known of a call.
    fn connects(self) -> bool {
        matches!(self, Self::MayConnect | Self::MayConnectAndUse | Self::MayNotConnect)
    }

    /// Whether it is about labels.
    fn is_about_labels(self) -> bool {
        matches!(self, Self::MaySee | Self::StaysMasked)
    }

    /// Whether it stops calls.
    fn stops_calls(self) -> bool {
        matches!(self, Self::IsRefused | Self::NeedsApproval)
    }

    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::MayConnect | Self::MayNotConnect => &["Connect"],
            Self::MayConnectAndUse => &["Connect", "Invoke", "RunUnapproved"],
            Self::MayUse => &["Invoke", "RunUnapproved"],
            Self::MayAsk | Self::IsRefused => &["Invoke"],
            Self::MaySee | Self::StaysMasked => &["Reveal"],
            Self::NeedsApproval => &["RunUnapproved"],
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("no kind of rule is {text:?}"))
    }
}

/// What a list of a condition means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    /// Nothing else may occur.
    Only,
    /// One of them is enough.
    Any,
}

/// What is written must have a value: a key with none is a slip, not the absence of a condition.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
