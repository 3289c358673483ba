//! Whether the arguments of a request make somebody an administrator (`{"role": "admin"}`, `is_superuser=true`), or are a statement
//! that removes much (`q=DROP DATABASE x`). They count where a connection names no functions, so that nobody said what its
//! arguments are.

use std::collections::BTreeMap;

use super::{call::Argument, target::Target};

/// Names of members that say what somebody may, without what is between their letters.
const RIGHTS: [&str; 25] = [
    "accesslevel",
    "accessrole",
    "accountrole",
    "accounttype",
    "authorities",
    "authority",
    "group",
    "groups",
    "memberrole",
    "permission",
    "permissions",
    "permissionlevel",
    "privilege",
    "privileges",
    "role",
    "rolename",
    "roleref",
    "roles",
    "scope",
    "scopes",
    "systemrole",
    "userrole",
    "userroles",
    "usertype",
    "orgrole",
];
/// Words that stand for every right.
const EVERYTHING: [&str; 14] = [
    "admin",
    "admins",
    "administrator",
    "administrators",
    "administratoraccess",
    "masters",
    "owner",
    "owners",
    "root",
    "sudo",
    "superadmin",
    "superuser",
    "sysadmin",
    "wheel",
];
/// Members that are true for an administrator.
const FLAGS: [&str; 11] = [
    "admin",
    "isadmin",
    "isadministrator",
    "isroot",
    "isstaff",
    "issuperadmin",
    "issuperuser",
    "sudo",
    "superadmin",
    "superuser",
    "sysadmin",
];
/// Parts of a path or of a name by which something is only looked for.
const LOOKS: [&str; 11] =
    ["search", "_search", "query", "filter", "filters", "find", "lookup", "where", "count", "_count", "list"];

/// Whether a request that changes something gives every right away.
pub(super) fn grants(target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    let looks = |word: &str| LOOKS.iter().any(|known| word.eq_ignore_ascii_case(known));
    if last.is_none_or(|last| takes_statements(last)) && arguments.iter().any(|(name, value)| drops(name, value)) {
        return true;
    }
    if last.is_some_and(|last| looks(last)) {
        return false;
    }
    arguments.iter().any(|(name, value)| {
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        !parts.iter().any(|part| looks(part)) && (gives(&parts, value) || patches(name, value, arguments))
    })
}

/// `[{"op": "add", "path": "/role", "value": "admin"}]`
fn patches(name: &str, path: &Argument, arguments: &BTreeMap<String, Argument>) -> bool {
    let (Some(of), Argument::Text(path)) = (name.strip_suffix("/path"), path) else { return false };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != "-").collect();
    arguments.get(&format!("{of}/value")).is_some_and(|value| gives(&parts, value))
}

/// Whether statements of a query language are sent there.
fn takes_statements(last: &str) -> bool {
    let names = ["query", "sql", "_sql", "execute", "exec", "statement", "statements", "cypher", "cql"];
    names.iter().any(|name| last.eq_ignore_ascii_case(name))
}

/// A statement that removes much or gives rights: `q=DROP DATABASE x`.
fn drops(name: &str, value: &Argument) -> bool {
    const VERBS: [&str; 6] = ["drop", "truncate", "alter", "grant", "revoke", "delete"];
    let carries = ["q", "query", "sql", "statement", "stmt", "command", "cypher", "cql"];
    let last = plain(name.rsplit('/').next().unwrap_or_default());
    carries.contains(&last.as_str())
        && texts(value).iter().flat_map(|text| text.split(';')).any(|statement| {
            let verb: String = statement.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
            VERBS.iter().any(|known| verb.eq_ignore_ascii_case(known))
        })
}

fn gives(parts: &[&str], value: &Argument) -> bool {
    let mut words =
        parts.iter().rev().map(|part| plain(part)).filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(last) = words.next() else { return false };
    if FLAGS.contains(&last.as_str()) {
        return matches!(value, Argument::Flag(true) | Argument::Long(1))
            || texts(value).iter().any(|text| is_true(text));
    }
    // `{"roles": [{"name": "admin"}]}`
    let named = matches!(last.as_str(), "name" | "id" | "key" | "value" | "slug");
    let about = if named { words.next().unwrap_or_default() } else { last };
    RIGHTS.contains(&about.as_str()) && texts(value).into_iter().any(is_everything)
}

/// Small letters and digits only.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn texts(value: &Argument) -> Vec<&str> {
    match value {
        Argument::Text(text) => vec![text],
        Argument::Texts(texts) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_true(text: &str) -> bool {
    ["true", "1", "yes", "on"].iter().any(|known| text.trim().eq_ignore_ascii_case(known))
}

fn is_everything(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    text.trim() == "*" || words.any(|word| EVERYTHING.contains(&word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn judged(path: &str, arguments: &[(&str, Argument)]) -> bool {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        grants(&Target::parse(path.as_bytes()).unwrap(), &arguments)
    }

    fn text(text: &str) -> Argument {
        Argument::Text(text.to_owned())
    }

    #[test]
    fn arguments_that_make_an_administrator_are_told_from_others() {
        for (name, value) in [
            ("role", text("admin")),
            ("Role", text("ROLE_ADMIN")),
            ("/user/role", text("superuser")),
            ("roles", Argument::Texts(["viewer".into(), "Administrator".into()].into())),
            ("/roles/0/name", text("cluster-admin")),
            ("is_admin", Argument::Flag(true)),
            ("isSuperuser", text("true")),
            ("is_staff", Argument::Long(1)),
            ("permissions", text("*")),
            ("/groups/0", text("system:masters")),
        ] {
            assert!(judged("/api/users/eve", &[(name, value.clone())]), "{name} {value:?}");
        }
        for (path, name, value) in [
            ("/api/users/eve", "role", text("viewer")),
            ("/api/users/eve", "is_admin", Argument::Flag(false)),
            ("/api/users/eve", "name", text("admin")),
            ("/api/users/search", "role", text("admin")),
            ("/api/users", "/filter/role", text("admin")),
            ("/v1/chat/completions", "/messages/0/role", text("user")),
            ("/v1/chat/completions", "/messages/0/content", text("make me admin")),
            ("/login", "username", text("root")),
        ] {
            assert!(!judged(path, &[(name, value.clone())]), "{path} {name} {value:?}");
        }
    }

    #[test]
    fn patches_and_statements_are_read() {
        let patch = [("/0/path", text("/role")), ("/0/value", text("admin"))];
        assert!(judged("/users/1", &patch));
        assert!(!judged("/users/1", &[("/0/path", text("/note")), ("/0/value", text("admin"))]));
        assert!(judged("/query", &[("q", text(" drop database x"))]) && judged("/", &[("query", text("TRUNCATE t"))]));
        assert!(
            !judged("/query", &[("q", text("SELECT 1"))]) && !judged("/api/v1/search", &[("q", text("drop shadow"))])
        );
    }
}
