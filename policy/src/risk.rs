//! A risk score: a sum of points, each with its reason, so that a policy can ask for approval above a number.

use crate::{ActorKind, Caller, Circumstances, Effect, Facts, Inspected};

/// Points and what they are for; at most 100.
#[must_use]
pub fn score(facts: &Facts, caller: &Caller, around: &Circumstances) -> (i64, Vec<&'static str>) {
    let judged: [(bool, i64, &'static str); 14] = [
        (facts.unknown.is_some(), 50, "cannot be judged"),
        (facts.dynamic, 40, "runs text made while it runs"),
        (facts.effect() == Effect::Admin, 30, "changes structure, rights or the server"),
        (facts.effect() == Effect::Write, 10, "changes data"),
        (facts.effect() == Effect::Write && !facts.filtered, 30, "changes data without a condition"),
        (facts.external.contains("program"), 50, "runs a program on the server"),
        (facts.external.contains("file"), 40, "reads or writes files of the server"),
        (facts.external.contains("network"), 40, "talks to other servers"),
        (facts.inspected != Inspected::Yes, 20, "could not be read completely"),
        (facts.statements > 1, 5, "several statements at once"),
        (facts.session_rows > 100_000, 20, "the session has read more than 100,000 rows"),
        (caller.acting().kind == ActorKind::Ai, 10, "an AI agent makes the call"),
        (
            !(6..20).contains(&around.hour()) || matches!(around.weekday(), "sat" | "sun"),
            10,
            "outside working hours (UTC)",
        ),
        (around.auth_age() > 12 * 3600, 5, "signed in more than 12 hours ago"),
    ];
    let counted = judged.iter().filter(|(applies, ..)| *applies);
    let points: i64 = counted.clone().map(|(_, points, _)| points).sum();
    (points.min(100), counted.map(|(.., reason)| *reason).collect())
}
