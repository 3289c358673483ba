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

    /// Whether sessions may go to `address` at all.
    #[must_use]
    pub fn names(&self, address: &str) -> bool {
        self.entries(address).next().is_some()
    }

    /// Whether a session to `address` may use the credential behind `reference`: one entry that fits must list it.
    #[must_use]
    pub fn lends(&self, address: &str, reference: &str) -> bool {
        self.entries(address).any(|entry| entry.credentials.iter().any(|allowed| allowed == reference))
    }

    fn entries(&self, address: &str) -> impl Iterator<Item = &Allow> {
        self.0.iter().filter(move |entry| matches(&entry.address, address))
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
        assert!(list("db.internal:5432").names("db.internal:5432"));
        assert!(list("db.internal:5432").names("DB.internal:5432"));
        assert!(!list("db.internal:5432").names("db.internal:5433"));
        assert!(list("db.internal:*").names("db.internal:5433"));
        assert!(!list("db.internal:*").names("other:5433"));
        assert!(!AllowList::default().names("db.internal:5432"));
    }

    #[test]
    fn several_entries_for_one_target_add_up_and_lend_nothing_elsewhere() {
        let entry =
            |address: &str, reference: &str| Allow { address: address.into(), credentials: vec![reference.into()] };
        let list = AllowList::new(vec![entry("db:5432", "env:A"), entry("db:*", "env:B"), entry("other:1", "env:C")]);
        assert!(list.lends("db:5432", "env:A") && list.lends("db:5432", "env:B"));
        assert!(list.lends("db:1", "env:B") && !list.lends("db:1", "env:A"));
        assert!(!list.lends("db:5432", "env:C") && !list.lends("nowhere:1", "env:A"));
    }
}
