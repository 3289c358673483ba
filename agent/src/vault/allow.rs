//! The agent's own list of targets. The gateway cannot widen it.

use serde::Deserialize;

/// One target that sessions may go to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// `host:port`, exactly as the connection names it; the port may be `*`.
    pub address: String,
    /// The credential references that may be used for it, exactly.
    #[serde(default)]
    pub credentials: Vec<String>,
}

/// All targets that sessions may go to. Empty allows nothing.
#[derive(Clone, Debug, Default)]
pub struct AllowList(Vec<Allow>);

impl AllowList {
    /// A list of these.
    #[must_use]
    pub fn new(targets: Vec<Allow>) -> Self {
        Self(targets)
    }

    /// The entry for `address`, if there is one.
    #[must_use]
    pub fn target(&self, address: &str) -> Option<&Allow> {
        self.0.iter().find(|entry| matches(&entry.address, address))
    }
}

fn matches(pattern: &str, address: &str) -> bool {
    match (pattern.rsplit_once(':'), address.rsplit_once(':')) {
        (Some((host, "*")), Some((wanted, _))) => host.eq_ignore_ascii_case(wanted),
        _ => pattern.eq_ignore_ascii_case(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(address: &str) -> AllowList {
        AllowList::new(vec![Allow { address: address.into(), credentials: vec![] }])
    }

    #[test]
    fn a_target_is_allowed_only_when_it_is_written_down() {
        assert!(list("db.internal:5432").target("db.internal:5432").is_some());
        assert!(list("db.internal:5432").target("DB.internal:5432").is_some());
        assert!(list("db.internal:5432").target("db.internal:5433").is_none());
        assert!(list("db.internal:*").target("db.internal:5433").is_some());
        assert!(list("db.internal:*").target("other:5433").is_none());
        assert!(AllowList::default().target("db.internal:5432").is_none());
    }
}
