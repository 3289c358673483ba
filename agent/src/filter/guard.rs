//! The seam between what a filter found out and what policy says: a filter hands over facts and gets a decision. It never
//! lets a request pass without one.

use std::sync::{Arc, LazyLock};

use masking::Masker;
use policy::{Facts, Outcome, Verdict};
use proto::{
    Code, Refusal,
    event::{Incident, Refused, Request},
};
use sha2::{Digest as _, Sha256};

use super::known::Known;

/// Decides about the calls of one session, by the newest bundle.
pub trait Guard: Send + Sync {
    /// Decides about a call. Calls with the same `Judged` are the same call.
    fn decide(&self, judged: &Arc<Judged>) -> Arc<Decision>;

    /// What would be decided about a call that is not made yet: it counts for nothing, and nothing follows from it.
    fn consider(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        self.decide(judged)
    }

    /// Whether decisions look at arguments, so that they are worth collecting.
    fn wants_arguments(&self) -> bool;

    /// Whether decisions look at the argument of this name.
    fn wants_argument(&self, _name: &str) -> bool {
        true
    }

    /// Whether decisions look at which relations, columns or functions a call uses.
    fn wants_objects(&self) -> bool {
        true
    }

    /// The smallest number of rows above `rows` at which a running call must be decided about again. Its statement has sent
    /// `earlier` rows before, in calls of their own.
    fn next_row(&self, rows: u64, earlier: u64) -> Option<u64>;

    /// The same for bytes.
    fn next_byte(&self, bytes: u64, earlier: u64) -> Option<u64>;

    /// Decides about a call that has sent rows and bytes already, and whose statement sent others earlier.
    fn decide_again(&self, judged: &Judged, sent: Sent, earlier: Sent) -> Arc<Decision>;

    /// Bytes that a running call is about to send to the client, after `before` others of its own. They count at once. Gives the
    /// decision that stops it, where a limit is met.
    fn sending(&self, _judged: &Judged, _before: u64, _bytes: u64) -> Option<Arc<Decision>> {
        None
    }

    /// Rows and bytes that were sent to the client.
    fn sent(&self, rows: u64, bytes: u64);

    /// Whether some policy may let values of marked parameters go to the target.
    fn may_send_raw(&self) -> bool {
        false
    }

    /// The labels whose values may go to the target as they are, in marked parameters of this call.
    fn sends_raw(&self, _judged: &Judged) -> Vec<String> {
        Vec::new()
    }

    /// What masks the answers to a call: everything but the labels that its caller may see.
    fn masker(&self, decision: &Decision) -> Arc<Masker>;
}

/// How much went to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Rows of results.
    pub rows: u64,
    /// Bytes of them, as they are on the wire.
    pub bytes: u64,
}

impl Sent {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }

    /// The larger of each.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self { rows: self.rows.max(other.rows), bytes: self.bytes.max(other.bytes) }
    }
}

/// A call and what is known about it.
#[derive(Debug)]
pub struct Judged {
    /// What it does.
    pub facts: Facts,
    /// The same as it is recorded: without arguments, masked.
    pub record: Arc<str>,
    /// SHA-256 of the facts without arguments: equal calls have equal keys.
    pub key: [u8; 32],
}

/// Looks for everything there is to find.
static EVERYTHING: LazyLock<Masker> = LazyLock::new(|| Masker::new(&masking::Label::ALL));

/// Longer records are masked each time, so that what is remembered is bounded, in bytes.
const LONGEST_KEPT: usize = 4096;
/// Records as they are kept, by the digest of what they are made of.
static RECORDS: Known<[u8; 32], Arc<str>> = Known::new();

/// A verdict, ready to be told.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What policy says.
    pub verdict: Verdict,
    /// The stable code if it does not pass.
    pub code: Code,
    /// Where to read more; empty if there is no such place.
    pub link: String,
    /// The incident that has the session on hold.
    pub incident: Option<Incident>,
    /// No policy says so, but what cannot be masked.
    pub by_masking: bool,
}

impl Judged {
    /// Facts, and their record masked with every detector there is.
    #[must_use]
    pub fn new(facts: Facts) -> Arc<Self> {
        let mut record = facts.to_record().into_bytes();
        let key: [u8; 32] = Sha256::digest(&record).into();
        let is_short = record.len() <= LONGEST_KEPT;
        let masked = || {
            EVERYTHING.mask(&mut record, masking::Syntax::Json, &mut masking::Tally::default());
            String::from_utf8(record).unwrap_or_default().into()
        };
        let record = if is_short { RECORDS.of(&key, masked) } else { masked() };
        Arc::new(Self { facts, record, key })
    }

    /// SHA-256 of all facts: equal calls with equal arguments have equal keys. `None` if they cannot be written down.
    #[must_use]
    pub fn key_with_arguments(&self) -> Option<[u8; 32]> {
        let arguments = serde_json::to_vec(&self.facts.arguments).ok()?;
        Some(Sha256::new().chain_update(self.key).chain_update(arguments).finalize().into())
    }

    /// The same call, of which something that policy looks at cannot be read.
    #[must_use]
    pub fn unreadable(&self, why: String) -> Arc<Self> {
        Self::new(Facts { unknown: Some(why), ..self.facts.clone() })
    }

    /// The same call with its arguments.
    #[must_use]
    pub fn with_arguments(&self, arguments: std::collections::BTreeMap<String, policy::Argument>) -> Arc<Self> {
        Arc::new(Self {
            facts: Facts { arguments, ..self.facts.clone() },
            record: Arc::clone(&self.record),
            key: self.key,
        })
    }
}

impl Decision {
    /// Of a verdict.
    #[must_use]
    pub fn new(verdict: Verdict, help: &str) -> Self {
        let code = match verdict.outcome {
            Outcome::Hold => Code::NeedsApproval,
            _ => Code::Denied,
        };
        let link = match help {
            "" => String::new(),
            help => format!("{help}/rules/{}", verdict.rule()),
        };
        Self { verdict, code, link, incident: None, by_masking: false }
    }

    /// No policy is there to decide.
    #[must_use]
    pub fn no_policy() -> Self {
        let verdict = Verdict::refused("the agent has no current policy");
        Self { verdict, code: Code::NoPolicy, link: String::new(), incident: None, by_masking: false }
    }

    /// What masking makes of a call that cannot be masked, under the bundle that would have let it pass.
    #[must_use]
    pub fn unmaskable(why: &str, bundle: u64) -> Self {
        let verdict = Verdict { bundle, ..Verdict::refused(why) };
        Self { by_masking: true, ..Self::new(verdict, "") }
    }

    /// Whether the call goes on.
    #[must_use]
    pub fn forwards(&self) -> bool {
        self.verdict.forwards()
    }

    /// What the client is told, in one line.
    #[must_use]
    pub fn message(&self) -> String {
        self.verdict.message()
    }

    /// The second line: code and rule.
    #[must_use]
    pub fn detail(&self) -> String {
        match self.verdict.rules.as_slice() {
            [] => self.code.to_string(),
            rules => format!("{}, rule {}", self.code, rules.join(", ")),
        }
    }

    /// The third line: what to do about it, and where to read more.
    #[must_use]
    pub fn hint(&self) -> String {
        [self.verdict.fix.as_str(), self.link.as_str()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// As a refusal of a whole session or channel.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        Refusal::new(self.code, self.message())
    }

    /// Writes the decision into the request's record.
    pub fn note(&self, request: &mut Request, judged: &Judged) {
        request.bundle = self.verdict.bundle;
        request.rules.clone_from(&self.verdict.rules);
        request.revealed.clone_from(&self.verdict.revealed);
        judged.record.as_ref().clone_into(&mut request.facts);
        if let Some(shadow) = &self.verdict.shadow {
            request.shadow = shadow.to_string();
        }
    }

    /// The event of a refusal.
    #[must_use]
    pub fn refused(&self) -> Refused {
        Refused {
            code: self.code.to_string(),
            reason: self.message(),
            rule: self.verdict.rules.join(", "),
            approvers: self.verdict.approvers.clone(),
            incident: self.incident.clone(),
            bundle: if self.by_masking { 0 } else { self.verdict.bundle },
        }
    }
}
