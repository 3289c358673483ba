//! Who may do what. Pure: facts in, a verdict and its reasons out.
//!
//! Only this crate can make a [`Permit`], and without one no session opens. Default deny: a caller in none of the
//! connection's groups gets nothing.

pub mod facts;

use serde::{Deserialize, Serialize};

pub use self::facts::{Argument, Effect, Facts, Function, Inspected};

/// What is known about a caller when a decision is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The subject.
    pub subject: String,
    /// The groups its identity provider vouched for.
    pub groups: Vec<String>,
}

/// Who may connect to a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Members of any of these groups may connect. Empty: nobody.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// The right to open one session on one connection. Cannot be made, cloned or changed outside this crate; used once.
#[derive(Debug)]
pub struct Permit {
    subject: String,
    connection: String,
    reason: String,
}

impl Permit {
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

    /// What gave the right, for the record.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// No right. Says nothing that tells whether the connection exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not permitted")]
pub struct Denial;

/// Decides whether `principal` may open a session on `connection`.
///
/// # Errors
/// [`Denial`] unless a group of the principal is one of the connection's.
pub fn connect(principal: &Principal, connection: &str, access: &Access) -> Result<Permit, Denial> {
    let group = access.groups.iter().find(|group| principal.groups.contains(group)).ok_or(Denial)?;
    Ok(Permit {
        subject: principal.subject.clone(),
        connection: connection.to_owned(),
        reason: format!("group {group}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(groups: &[&str]) -> Principal {
        Principal { subject: "alice".into(), groups: groups.iter().map(ToString::to_string).collect() }
    }

    fn access(groups: &[&str]) -> Access {
        Access { groups: groups.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_shared_group_permits_and_is_named_as_the_reason() {
        let permit = connect(&principal(&["dev", "support"]), "shop-db", &access(&["support"]));
        assert_eq!(permit.map(|permit| permit.reason), Ok("group support".to_owned()));
    }

    #[test]
    fn no_shared_group_denies() {
        assert!(connect(&principal(&["dev"]), "shop-db", &access(&["support"])).is_err());
    }

    #[test]
    fn a_connection_without_groups_is_open_to_nobody() {
        assert!(connect(&principal(&["dev"]), "shop-db", &access(&[])).is_err());
        assert!(connect(&principal(&[]), "shop-db", &access(&[])).is_err());
    }
}
