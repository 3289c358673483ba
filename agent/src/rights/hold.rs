//! A session on hold: a policy marked `@incident` stopped one of its calls, and until somebody releases it every further call
//! is held, whatever policies say of it.

use std::sync::Arc;

use proto::event::Incident;

use crate::filter::guard::{Decision, Judged};

/// Whether a session is on hold.
#[derive(Default)]
pub(super) struct Hold {
    /// How often it came to that.
    incidents: u32,
    /// What every call gets.
    standing: Option<Arc<Decision>>,
}

impl Hold {
    /// What every call gets, while the session is on hold.
    pub(super) fn standing(&self) -> Option<Arc<Decision>> {
        self.standing.clone()
    }

    /// Takes note of a decision; of an incident's, gives the one that tells of it.
    pub(super) fn follow(&mut self, decision: Arc<Decision>, judged: &Judged, help: &str) -> Arc<Decision> {
        let Some(held) = decision.verdict.incident.as_deref() else { return decision };
        self.incidents = self.incidents.saturating_add(1);
        let incident = Incident {
            number: self.incidents,
            rules: held.rules.clone(),
            reason: held.reason.clone(),
            facts: judged.record.as_ref().to_owned(),
        };
        let standing = Decision { incident: Some(incident.clone()), ..Decision::new(held.clone(), help) };
        self.standing = Some(Arc::new(standing));
        Arc::new(Decision { incident: Some(incident), ..Decision::clone(&decision) })
    }

    /// Ends the hold, unless it came to it again after that incident. Gives whether the session goes on by this.
    pub(super) fn release(&mut self, incident: u32) -> bool {
        self.incidents <= incident && self.standing.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use policy::{Facts, Outcome, Verdict};

    use super::*;

    fn set_off(hold: &mut Hold) -> Arc<Decision> {
        let held = Verdict { outcome: Outcome::Hold, rules: vec!["odd".into()], ..Verdict::refused("odd") };
        let verdict = Verdict { incident: Some(Box::new(held)), ..Verdict::refused("no") };
        hold.follow(Arc::new(Decision::new(verdict, "")), &Judged::new(Facts::default()), "")
    }

    #[test]
    fn an_incident_holds_until_it_or_a_newer_one_is_released() {
        let mut hold = Hold::default();
        let plain = Arc::new(Decision::new(Verdict::refused("no"), ""));
        hold.follow(plain, &Judged::new(Facts::default()), "");
        assert!(hold.standing().is_none() && !hold.release(9), "what is only refused holds nothing");
        assert_eq!(set_off(&mut hold).incident.as_ref().unwrap().number, 1);
        let standing = hold.standing().unwrap();
        assert_eq!((standing.verdict.outcome, standing.verdict.rule()), (Outcome::Hold, "odd"));
        assert!(!hold.release(0) && hold.release(1) && hold.standing().is_none());
        assert_eq!(set_off(&mut hold).incident.as_ref().unwrap().number, 2);
        assert!(!hold.release(1), "that was about the one before");
        assert!(hold.standing().is_some());
    }
}
