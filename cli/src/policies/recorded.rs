//! What came of the calls of a recorded session: what policy said, what was masked, and how much was sent.

use std::collections::{BTreeMap, BTreeSet};

use policy::{Facts, Outcome};
use serde_json::Value;

use super::replay::{exchange, text};

/// The calls of one session, by the number of their exchange.
pub(super) struct Calls {
    calls: BTreeMap<u64, Call>,
    /// What the calls before sent.
    rows: u64,
    bytes: u64,
}

/// What came of a call.
#[derive(Clone)]
pub(super) struct Call {
    /// What policy said, or why that cannot be told.
    pub(super) outcome: Result<Outcome, &'static str>,
    /// Labels that were masked.
    pub(super) masked: Vec<String>,
    rows: u64,
    bytes: u64,
    session_rows: u64,
    session_bytes: u64,
}

impl Default for Call {
    fn default() -> Self {
        let (outcome, masked) = (Ok(Outcome::Forward), Vec::new());
        Self { outcome, masked, rows: 0, bytes: 0, session_rows: 0, session_bytes: 0 }
    }
}

impl Calls {
    /// Of a session's events, in order.
    pub(super) fn read(events: &[Value]) -> Self {
        let (mut calls, mut incidents) = (BTreeMap::<u64, Call>::new(), BTreeSet::new());
        for event in events {
            let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or_default();
            let kind = text(event, "kind");
            if !matches!(kind.as_str(), "masked" | "completed" | "refused") {
                continue;
            }
            let call = calls.entry(exchange(event)).or_default();
            match kind.as_str() {
                "masked" => call.masked.push(text(event, "label")),
                "completed" => {
                    (call.rows, call.bytes) = (number("rows"), number("bytes_out"));
                }
                _ => {
                    let incident = number("incident");
                    let stands = incident > 0 && !incidents.insert(incident);
                    call.outcome = outcome(event, stands);
                }
            }
        }
        Self { calls, rows: 0, bytes: 0 }
    }

    /// The call of this exchange; those before it have sent what they sent.
    pub(super) fn take(&mut self, exchange: u64) -> Call {
        let call = self.calls.remove(&exchange).unwrap_or_default();
        let call = Call { session_rows: self.rows, session_bytes: self.bytes, ..call };
        (self.rows, self.bytes) = (self.rows.saturating_add(call.rows), self.bytes.saturating_add(call.bytes));
        call
    }
}

impl Call {
    /// Facts as they were at the end of the call, or where it was stopped on its way: by the row that was not sent.
    pub(super) fn with_what_it_sent(&self, facts: Facts) -> Facts {
        let stopped = !matches!(self.outcome, Ok(Outcome::Forward)) && self.rows > 0;
        let rows = self.rows + u64::from(stopped);
        let bytes = if rows > 0 { self.bytes } else { 0 };
        let session_rows = self.session_rows.saturating_add(rows);
        let session_bytes = self.session_bytes.saturating_add(bytes);
        Facts { rows, bytes, session_rows, session_bytes, ..facts }
    }
}

/// What a refusal says about policy. `stands`: the incident that stopped it was another call's.
fn outcome(refused: &Value, stands: bool) -> Result<Outcome, &'static str> {
    if stands {
        return Err("their session was on hold");
    }
    let by_policy = match refused.get("bundle").and_then(Value::as_u64) {
        Some(bundle) => bundle > 0,
        None => !text(refused, "rule").is_empty(),
    };
    match text(refused, "code").as_str() {
        _ if !by_policy => Err("they were stopped by something else than a policy"),
        "SP-NEEDS-APPROVAL" => Ok(Outcome::Hold),
        _ => Ok(Outcome::Refuse),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_stopped_a_call_tells_what_policy_said() {
        let refused = |code: &str, more: Value| {
            let mut event = json!({ "kind": "refused", "exchange": 1, "code": code });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Calls::read(&[event]).take(1).outcome
        };
        assert_eq!(refused("SP-NEEDS-APPROVAL", json!({ "bundle": 3, "rule": "" })), Ok(Outcome::Hold));
        assert_eq!(refused("SP-DENIED", json!({ "rule": "no-drop" })), Ok(Outcome::Refuse));
        assert!(refused("SP-DENIED", json!({ "bundle": 0, "rule": "" })).is_err());
        assert!(refused("SP-MALFORMED", json!({ "bundle": 0 })).is_err());
        assert_eq!(Calls::read(&[]).take(7).outcome, Ok(Outcome::Forward));
    }

    #[test]
    fn an_incident_stops_the_call_that_raised_it_and_says_nothing_of_those_behind() {
        let held = |exchange: u64| {
            json!({ "kind": "refused", "exchange": exchange, "code": "SP-NEEDS-APPROVAL", "bundle": 3, "rule": "odd",
                    "incident": 1 })
        };
        let mut calls = Calls::read(&[held(1), held(2)]);
        assert_eq!(calls.take(1).outcome, Ok(Outcome::Hold));
        assert!(calls.take(2).outcome.is_err());
    }

    #[test]
    fn rows_count_for_the_call_and_add_up_for_its_session() {
        let completed = |exchange: u64, rows: u64| json!({ "kind": "completed", "exchange": exchange, "rows": rows });
        let stopped = json!({ "kind": "refused", "exchange": 2, "code": "SP-NEEDS-APPROVAL", "bundle": 3 });
        let mut calls = Calls::read(&[completed(1, 5), stopped, completed(2, 10)]);
        let facts = calls.take(1).with_what_it_sent(Facts::default());
        assert_eq!((facts.rows, facts.session_rows), (5, 5));
        let facts = calls.take(2).with_what_it_sent(Facts::default());
        assert_eq!((facts.rows, facts.session_rows), (11, 16));
    }
}
