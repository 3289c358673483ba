//! What a user name asks for, and what a login found out. The identity belongs to the user name it was proven under: another
//! name starts from nothing (CVE-2026-73429 and its like).

use crate::auth::Identity;

/// `login@connection`, or `connection` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The login on the target; the connection's own if absent.
    pub(super) login: Option<String>,
    /// The connection's name.
    pub(super) connection: String,
}

impl Wanted {
    /// Reads a user name. The connection follows the last `@`, as the login may hold some itself.
    pub(super) fn parse(user: &str) -> Self {
        match user.rsplit_once('@') {
            Some((login, connection)) => {
                let login = (!login.is_empty()).then(|| login.to_owned());
                Self { login, connection: connection.to_owned() }
            }
            None => Self { login: None, connection: user.to_owned() },
        }
    }
}

/// A caller that proved who they are.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) identity: Identity,
    pub(super) wanted: Wanted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_follows_the_last_at_sign() {
        let wanted = |login: Option<&str>, connection: &str| Wanted {
            login: login.map(str::to_owned),
            connection: connection.to_owned(),
        };
        assert_eq!(Wanted::parse("web-1"), wanted(None, "web-1"));
        assert_eq!(Wanted::parse("deploy@web-1"), wanted(Some("deploy"), "web-1"));
        assert_eq!(Wanted::parse("a@corp@web-1"), wanted(Some("a@corp"), "web-1"));
        assert_eq!(Wanted::parse("@web-1"), wanted(None, "web-1"));
        assert_eq!(Wanted::parse(""), wanted(None, ""));
    }
}
