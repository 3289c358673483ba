//! The three people of the demo.

use serde::Serialize;

/// Someone who can sign in at the development identity provider.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Person {
    /// The subject, which is also the sign-in name.
    pub subject: &'static str,
    /// For display.
    pub name: &'static str,
    /// What they do.
    pub role: &'static str,
    /// Their groups.
    pub groups: &'static [&'static str],
}

/// Alice asks, Bob approves, Carol runs the place and audits it.
pub const PEOPLE: [Person; 3] = [
    Person { subject: "alice", name: "Alice Adams", role: "support engineer", groups: &["support"] },
    Person { subject: "bob", name: "Bob Brown", role: "approver", groups: &["support", "approver"] },
    Person {
        subject: "carol",
        name: "Carol Chen",
        role: "admin and auditor",
        groups: &["support", "admin", "auditor"],
    },
];

/// The person with this subject.
#[must_use]
pub fn find(subject: &str) -> Option<Person> {
    PEOPLE.into_iter().find(|person| person.subject == subject)
}
