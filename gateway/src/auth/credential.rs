//! Which credential an identity came from, as records name it.

use uuid::Uuid;

/// A credential of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A ticket.
    Ticket(Uuid),
    /// A registered SSH key.
    SshKey(Uuid),
}

impl Credential {
    /// Reads what [`std::fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("ticket", id) => id.parse().ok().map(Self::Ticket),
            ("ssh-key", id) => id.parse().ok().map(Self::SshKey),
            _ => None,
        }
    }
}

impl std::fmt::Display for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ticket(id) => write!(f, "ticket:{id}"),
            Self::SshKey(id) => write!(f, "ssh-key:{id}"),
        }
    }
}
