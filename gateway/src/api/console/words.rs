//! The words of the form.

use policy::form::Kind;

/// What a kind of rule says, for people.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::MayConnect => "may connect to it",
        Kind::MayConnectAndUse => "may connect to it and use it",
        Kind::MayUse => "may use it at once",
        Kind::MayAsk => "may ask for it (needs approval, unless another rule lets it run)",
        Kind::MaySee => "may see it in clear (a label)",
        Kind::MayNotConnect => "may not connect to it",
        Kind::IsRefused => "is refused it",
        Kind::NeedsApproval => "needs approval for it",
        Kind::StaysMasked => "sees it masked (a label)",
    }
}

/// Who a rule can be about: the word in files, and what the form says.
pub(super) const WHO: [(&str, &str); 8] = [
    ("group", "the group"),
    ("person", "the person"),
    ("ai", "the AI agent"),
    ("workload", "the workload"),
    ("everybody", "everybody"),
    ("every-person", "every person"),
    ("every-ai", "every AI agent"),
    ("every-workload", "every workload"),
];

/// What a rule can be about.
pub(super) const ON: [(&str, &str); 5] = [
    ("connection", "the connection"),
    ("zone", "the zone"),
    ("function", "the function (connection/name)"),
    ("label", "the label"),
    ("everything", "everything"),
];

/// Labels with a detector.
pub(super) const LABELS: [&str; 6] = ["card", "ssn", "email", "phone", "iban", "secret"];

/// Where rules of the console stand when nobody says otherwise.
pub(super) const DOCUMENT: &str = "console";
