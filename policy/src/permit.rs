//! The right to open a session, as a value.

/// The right to open one session on one connection. Cannot be made, cloned or changed outside this crate; used once.
#[derive(Debug)]
pub struct Permit {
    subject: String,
    connection: String,
    reason: String,
    bundle: u64,
    shadow: String,
}

impl Permit {
    pub(crate) fn new(subject: String, connection: String, reason: String) -> Self {
        Self { subject, connection, reason, bundle: 0, shadow: String::new() }
    }

    /// The same, with the bundle that gave it, and what policies in shadow mode would have done, if that differs.
    pub(crate) fn of_bundle(self, bundle: u64, shadow: String) -> Self {
        Self { bundle, shadow, ..self }
    }

    /// For whom.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// On which connection.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The version of the bundle that gave the right.
    #[must_use]
    pub fn bundle(&self) -> u64 {
        self.bundle
    }

    /// What policies in shadow mode would have done, if that differs: `refuse by RULE`. Empty if not.
    #[must_use]
    pub fn shadow(&self) -> &str {
        &self.shadow
    }

    /// The policies that gave the right, for the record.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// No right. Says nothing that tells whether the connection exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not permitted")]
pub struct Denial;
