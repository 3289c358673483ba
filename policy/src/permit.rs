//! The right to open a session, as a value.

/// The right to open one session on one connection. Cannot be made, cloned or changed outside this crate; used once.
#[derive(Debug)]
pub struct Permit {
    subject: String,
    connection: String,
    reason: String,
}

impl Permit {
    pub(crate) fn new(subject: String, connection: String, reason: String) -> Self {
        Self { subject, connection, reason }
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
