//! What a decision says.

use serde::{Deserialize, Serialize};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It goes on.
    Forward,
    /// It waits for a human.
    Hold,
    /// It is refused.
    Refuse,
}

impl Outcome {
    /// The word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }
}

/// A decision and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What happens.
    pub outcome: Outcome,
    /// The ids of the policies that determined it. Empty when nothing permits.
    pub rules: Vec<String>,
    /// Why, for the caller; empty when it goes on.
    pub reason: String,
    /// What the caller can do about it; may be empty.
    pub fix: String,
    /// Who may approve, when it is held and a policy says so.
    pub approvers: Vec<String>,
    /// What policies in shadow mode would have done, if that differs.
    pub shadow: Option<Shadow>,
    /// Labels whose values the caller may see.
    pub revealed: Vec<String>,
    /// The bundle's version.
    pub bundle: u64,
    /// Of a call that a policy marked `@incident` stopped: what each further call of its session gets, until somebody
    /// releases it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Box<Verdict>>,
}

/// What the decision would be if policies in shadow mode counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// What would happen.
    pub outcome: Outcome,
    /// By which policies.
    pub rules: Vec<String>,
    /// What it would show, mask, send or withhold besides: `mask card by RULE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl std::fmt::Display for Shadow {
    /// `refuse by RULE, RULE; mask card by RULE`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} by {}", self.outcome.as_str(), self.rules.join(", "))?;
        self.labels.iter().try_for_each(|label| write!(f, "; {label}"))
    }
}

impl Verdict {
    /// A refusal that no policy made: something is missing to decide.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Refuse,
            rules: Vec::new(),
            reason: reason.into(),
            fix: String::new(),
            approvers: Vec::new(),
            shadow: None,
            revealed: Vec::new(),
            bundle: 0,
            incident: None,
        }
    }

    /// Whether the call goes on.
    #[must_use]
    pub fn forwards(&self) -> bool {
        self.outcome == Outcome::Forward
    }

    /// One line for the caller: what, why, by whom it can be approved.
    #[must_use]
    pub fn message(&self) -> String {
        match self.outcome {
            Outcome::Forward => "allowed".into(),
            Outcome::Refuse => format!("refused by policy: {}", self.reason),
            Outcome::Hold if self.approvers.is_empty() => format!("needs approval: {}", self.reason),
            Outcome::Hold => format!("needs approval by {}: {}", self.approvers.join(" or "), self.reason),
        }
    }

    /// The id to name: the first determining policy, or `no-rule`.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.rules.first().map_or("no-rule", String::as_str)
    }
}
