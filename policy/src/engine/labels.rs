//! Labels: which values a call may show or send, and what policies in shadow mode would make of that.

use cedar_policy::Context;

use super::{Asked, Engine, REVEAL, SEND_RAW, Scope, Which, uid_of};
use crate::{Circumstances, Facts, Inspected, Outcome, Shadow, context};

impl Engine {
    /// Whether there is any policy about `SendRaw`, so that it is worth asking.
    #[must_use]
    pub fn may_send_raw(&self) -> bool {
        self.sends
    }

    /// The labels whose values may go to the target as they are in marked parameters.
    #[must_use]
    pub fn sends_raw(&self, scope: &Scope, facts: &Facts, around: &Circumstances) -> Vec<String> {
        if !self.made(scope) {
            return Vec::new();
        }
        let Ok(typed) = self.typed(scope, facts) else { return Vec::new() };
        let facts = typed.as_ref().unwrap_or(facts);
        match context::call(&self.needs, &scope.connection_uid, facts, &scope.caller, around) {
            Ok(context) => self.labels(scope, SEND_RAW, facts, &context),
            Err(_) => Vec::new(),
        }
    }

    /// What would be decided if policies in shadow mode counted, if that is something else.
    pub(super) fn shadow(&self, scope: &Scope, facts: &Facts, context: &Context, outcome: Outcome) -> Option<Shadow> {
        let other = self.judge(Which::Tried, scope, facts, context);
        let mut labels = Vec::new();
        for (action, gives, takes) in [(REVEAL, "show", "mask"), (SEND_RAW, "send", "withhold")] {
            for label in &scope.labels {
                let enforced = self.lets(Which::Enforced, scope, (action, label), facts, context);
                let tried = self.lets(Which::Tried, scope, (action, label), facts, context);
                if enforced.is_ok() != tried.is_ok() {
                    let (word, rules) = match tried {
                        Ok(rules) => (gives, rules),
                        Err(rules) => (takes, rules),
                    };
                    labels.push(format!("{word} {label} by {}", rules.join(", ")));
                }
            }
        }
        let differs = other.outcome != outcome || !labels.is_empty();
        differs.then_some(Shadow { outcome: other.outcome, rules: other.rules, labels })
    }

    pub(super) fn labels(&self, scope: &Scope, action: usize, facts: &Facts, context: &Context) -> Vec<String> {
        if !self.reveals {
            return Vec::new();
        }
        let allowed = scope
            .labels
            .iter()
            .filter(|label| self.lets(Which::Enforced, scope, (action, label), facts, context).is_ok());
        allowed.cloned().collect()
    }

    /// Whether everybody who takes part may do this with the label: by which rules, or by which not.
    fn lets(
        &self,
        which: Which,
        scope: &Scope,
        (action, label): (usize, &str),
        facts: &Facts,
        context: &Context,
    ) -> Result<Vec<String>, Vec<String>> {
        let resource = uid_of(&self.kinds.label, label).map_err(|_| Vec::new())?;
        let mut all = Vec::new();
        for party in &scope.principals {
            // What cannot be read must not get around a rule that looks at arguments.
            if facts.inspected != Inspected::Yes && self.slices(which, party).of(action, &resource).arguments {
                return Err(Vec::new());
            }
            match self.ask(which, scope, party, action, &resource, context) {
                Asked::Allowed(rules) => all.extend(rules),
                Asked::Forbidden(rules) | Asked::Failed(rules, _) => return Err(rules),
                Asked::Unmentioned => return Err(Vec::new()),
            }
        }
        Ok(all)
    }
}
