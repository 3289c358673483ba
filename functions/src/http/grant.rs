//! Whether the arguments of a request make somebody an administrator (`{"role": "admin"}`, `is_superuser=true`), or are a statement
//! that removes much (`q=DROP DATABASE x`). They count where a connection names no functions, so that nobody said what its
//! arguments are.

use std::collections::BTreeMap;

use super::{call::Argument, target::Target};

/// Names of members that say what somebody may, without what is between their letters.
const RIGHTS: [&str; 26] = [
    "roleids",
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
const FLAGS: [&str; 12] = [
    "admin",
    "isadmin",
    "isadministrator",
    "isroot",
    "isstaff",
    "issuperadmin",
    "issuperuser",
    "privileged",
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
        let parts: Vec<&str> = name.split(['/', '[', ']', '.']).filter(|part| !part.is_empty()).collect();
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
    let names = ["query", "sql", "_sql", "execute", "exec", "statement", "statements", "cypher", "cql", "commit", "tx"];
    names.iter().any(|name| last.eq_ignore_ascii_case(name))
}

/// A statement that removes much or gives rights: `q=DROP DATABASE x`.
fn drops(name: &str, value: &Argument) -> bool {
    const VERBS: [&str; 6] = ["drop", "truncate", "alter", "grant", "revoke", "delete"];
    let begins = |statement: &str| {
        let verb: String = statement.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        VERBS.iter().any(|known| verb.eq_ignore_ascii_case(known))
    };
    let carries = ["q", "query", "sql", "statement", "stmt", "command", "cypher", "cql"];
    let last = plain(name.rsplit('/').next().unwrap_or_default());
    let names = |text: &str| text.split(';').any(begins) && !is_limited_delete(text);
    carries.contains(&last.as_str()) && texts(value).iter().any(|text| ruins(text) || names(text))
}

/// A statement that takes away only rows that its condition names.
fn is_limited_delete(text: &str) -> bool {
    let alone =
        text.len() <= 4096 && text.trim_start().get(..6).is_some_and(|verb| verb.eq_ignore_ascii_case("delete"));
    let facts = alone.then(|| sql::Session::new("").read(text, None));
    facts.is_some_and(|read| {
        read.facts.unknown.is_none() && read.facts.filtered && read.facts.effect() != sql::Effect::Admin
    })
}

/// A statement that PostgreSQL's grammar reads as one that changes structure or every row, and Cypher that removes all there is.
fn ruins(text: &str) -> bool {
    if text.len() > 64 * 1024 {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("detach delete") && !lower.contains("where") && !lower.contains('{') {
        return true;
    }
    let facts = &sql::Session::new("").read(text, None).facts;
    facts.unknown.is_none()
        && (!facts.filtered || facts.effect() == sql::Effect::Admin || facts.verbs.contains(&sql::Verb::Truncate))
}

/// A GraphQL mutation whose fields say that they remove many, or that gives every right.
pub(super) fn mutates(name: &str, value: &Argument) -> bool {
    let Argument::Text(text) = value else { return false };
    if !matches!(name, "query" | "body" | "operations") && !name.ends_with("/query") {
        return false;
    }
    let text = &text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let solid: String = text.chars().filter(|letter| !letter.is_whitespace()).take(64 * 1024).collect();
    let names = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').take(4096);
    let words: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if !words.contains(&"mutation") {
        return false;
    }
    let takes = |word: &&str| super::masses::removes_many(word);
    let given = |pair: &[&str]| match pair {
        [right, value] => {
            let right = plain(right);
            RIGHTS.contains(&right.as_str()) && is_everything(value)
                || FLAGS.contains(&right.as_str()) && *value == "true"
        }
        _ => false,
    };
    let all = ["where:{}", "filter:{}"].iter().any(|every| solid.contains(every));
    let by_ids = ["(id:", ",id:", "{id:", "(ids:", ",ids:", "{ids:"].iter().any(|named| solid.contains(named));
    words.iter().any(takes) && !by_ids
        || all && words.iter().any(|word| word.to_ascii_lowercase().starts_with("delete"))
        || words.windows(2).any(given)
}

/// Whether variables of a GraphQL mutation about rights give every right.
pub(super) fn gives_by_variable(arguments: &BTreeMap<String, Argument>) -> bool {
    let query = |name: &str| name == "query" || name.ends_with("/query");
    let about = arguments.iter().filter(|(name, _)| query(name)).flat_map(|(_, value)| texts(value)).any(|text| {
        let lower = text.to_ascii_lowercase();
        lower.contains("mutation")
            && ["role", "permission", "admin", "privilege", "member", "grant"].iter().any(|word| lower.contains(word))
    });
    let variable = |name: &str| name.starts_with("/variables/") || name.contains("/variables/");
    about
        && arguments
            .iter()
            .filter(|(name, _)| variable(name))
            .any(|(_, value)| texts(value).into_iter().any(is_everything))
}

/// A GraphQL operation that is only named: what it does, the service alone knows.
pub(super) fn is_persisted(target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    let named = |name: &str| {
        name.contains("/persistedQuery/")
            || matches!(
                plain(name.rsplit('/').next().unwrap_or_default()).as_str(),
                "docid" | "documentid" | "queryid" | "id"
            ) && name.matches('/').count() <= 2
    };
    last.is_some_and(|last| last.eq_ignore_ascii_case("graphql"))
        && !arguments.keys().any(|name| {
            matches!(name.trim_start_matches('/'), "query" | "operations" | "body") || name.ends_with("/query")
        })
        && arguments.keys().any(|name| named(name))
}

/// A search that finds everything, where what it finds is removed: `{"delete": {"query": "*:*"}}`.
fn empties(name: &str, value: &Argument) -> bool {
    texts(value).iter().any(|text| {
        text.trim() == "*:*" && name.starts_with("/delete/") || text.contains("<delete>") && text.contains("*:*")
    })
}

/// Whether a path ends in what says what somebody may.
pub(super) fn is_about_rights(target: &Target) -> bool {
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    last.is_some_and(|last| RIGHTS.contains(&plain(last).as_str()))
}

/// Whether a path alone gives every right away: `PUT /users/eve/roles/admin`, `POST /users/7/make-admin`.
pub(super) fn by_path(method: &str, target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let lower: Vec<String> = target.segments.iter().map(|part| part.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let gives = |word: &str| matches!(word, "make" | "grant" | "promote" | "assign" | "set" | "elevate");
    let scaled = arguments.get("/spec/replicas") == Some(&Argument::Long(0));
    let all = || arguments.values().any(|value| texts(value).into_iter().any(is_everything));
    matches!(method, "POST" | "PUT" | "PATCH")
        && match parts.as_slice() {
            [.., "users" | "members" | "accounts", _, "promote" | "elevate"] => true,
            [.., "admins" | "administrators" | "superusers" | "owners"] if method == "POST" => true,
            [.., _, right] if RIGHTS.contains(&plain(right).as_str()) && all() => true,
            [.., "deployments" | "statefulsets" | "replicasets", _, "scale"] if scaled => true,
            [.., "roles" | "groups" | "permissions" | "privileges", what]
            | [.., "roles" | "groups", what, "members" | "users", _]
            | [.., "roles" | "groups", what, "members" | "users"] => is_everything(what),
            [.., last] => {
                let words: Vec<&str> = last.split(['-', '_']).collect();
                words.len() > 1 && words.iter().any(|word| gives(word)) && words.iter().any(|word| is_everything(word))
            }
            [] => false,
        }
}

/// Whether a request asks the server for a file of its own or for what only it can reach: `?file=../../etc/passwd`,
/// `{"url": "http://169.254.169.254/"}`.
pub(super) fn reaches_inside(arguments: &BTreeMap<String, Argument>) -> bool {
    const FILES: [&str; 14] = [
        "dir", "doc", "document", "download", "file", "filename", "filepath", "folder", "include", "load", "page",
        "path", "src", "template",
    ];
    const HOSTS: [&str; 5] = [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "100.100.100.200",
        "metadata.azure.internal",
    ];
    arguments.iter().any(|(name, value)| empties(name, value))
        || arguments.iter().any(|(name, value)| {
            let file = FILES.contains(&plain(name.rsplit(['/', '.']).next().unwrap_or_default()).as_str());
            texts(value).iter().any(|text| {
                let lower = text.trim().replace('\\', "/").to_ascii_lowercase();
                let climbs = lower.contains("../../")
                    || lower.contains("....//")
                    || lower.contains("%2e%2e%2f")
                    || ["/etc/", "/proc/", "/root/"].iter().any(|at| lower.starts_with(at));
                let host = lower.split_once("://").map(|(_, rest)| rest.rsplit('@').next().unwrap_or(rest).to_owned());
                let number = host.as_deref().is_some_and(is_number);
                let inside = number
                    || ["gopher://", "dict://", "jar:", "phar://"].iter().any(|scheme| lower.starts_with(scheme))
                    || host.is_some_and(|host| HOSTS.iter().any(|known| host.starts_with(known)));
                lower.len() < 4096 && (file && climbs || inside || lower.starts_with("file://"))
            })
        })
}

/// An address of a machine written as one number, which nobody does who does not hide it: `2852039166`, `0xa9fea9fe`.
fn is_number(host: &str) -> bool {
    let name = host.split(['/', ':', '?']).next().unwrap_or_default();
    let digits = name.strip_prefix("0x").unwrap_or(name);
    name.len() > 5
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (name != digits || digits.bytes().all(|byte| byte.is_ascii_digit()))
        || name == "[" && host.starts_with("[::ffff:169.254")
}

/// Whether an element of this name and content gives every right.
pub(super) fn gives_all(name: &str, content: &str) -> bool {
    !content.is_empty() && gives(&[name], &Argument::Text(content.to_owned()))
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
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The texts of an argument.
pub(super) fn texts(value: &Argument) -> Vec<&str> {
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
    fn what_a_path_gives_and_what_lies_inside_are_told_from_others() {
        let path =
            |method: &str, path: &str| by_path(method, &Target::parse(path.as_bytes()).unwrap(), &BTreeMap::new());
        for (method, at) in [
            ("PUT", "/api/users/eve/roles/admin"),
            ("PATCH", "/Groups/admins"),
            ("PUT", "/api/v1/groups/admins/members/eve"),
            ("POST", "/users/7/make-admin"),
        ] {
            assert!(path(method, at), "{method} {at}");
        }
        for (method, at) in [
            ("DELETE", "/api/users/eve/roles/admin"),
            ("PUT", "/users/eve/roles/viewer"),
            ("POST", "/groups/7/members"),
            ("POST", "/admin/reports"),
            ("POST", "/users/7/set-name"),
        ] {
            assert!(!path(method, at), "{method} {at}");
        }
        let inside = |name: &str, value: &str| reaches_inside(&[(name.to_owned(), text(value))].into());
        assert!(inside("file", "../../etc/passwd") && inside("/a/path", "/etc/shadow") && inside("u", "file:///x"));
        assert!(inside("url", "http://x@169.254.169.254/latest") && inside("template", "..\\..\\x"));
        assert!(!inside("q", "/etc/passwd") && !inside("text", "../../x") && !inside("url", "https://example.com/a"));
        assert!(!inside("file", "report.pdf") && !inside("path", "/photos/1.jpg"));
    }

    #[test]
    fn mutations_and_searches_that_take_everything_are_told_from_others() {
        let asked = |query: &str| mutates("query", &text(query));
        for query in [
            "mutation { deleteAllUsers { count } }",
            "mutation M { x: delete_orders( where: { } ) { affected_rows } }",
            "mutation { truncateTable(name: \"orders\") }",
            "mutation { updateUser(id: 7, role: ADMIN) { id } }",
        ] {
            assert!(asked(query), "{query}");
        }
        for query in [
            "query { deletedUsers { id } }",
            "mutation { deleteComment(id: 7) { id } }",
            "mutation($ids:[ID!]!){ deleteMany(ids:$ids) }",
            "mutation { updateUser(id: 7, role: VIEWER) { id } }",
        ] {
            assert!(!asked(query), "{query}");
        }
        assert!(empties("/delete/query", &text("*:*")) && !empties("q", &text("*:*")));
        for statement in ["-- x\nTRUNCATE t", "WITH x AS (DELETE FROM t RETURNING 1) SELECT 1", "/**/drop table t"] {
            assert!(judged("/query", &[("sql", text(statement))]), "{statement}");
        }
        for statement in
            ["SELECT deleted_at FROM t", "DELETED", "up", "MATCH (n) RETURN n", "UPDATE t SET a = 1 WHERE id = 7"]
        {
            assert!(!judged("/query", &[("query", text(statement))]), "{statement}");
        }
        assert!(judged(
            "/db/data/transaction/commit",
            &[("/statements/0/statement", text("MATCH (n) DETACH DELETE n"))]
        ));
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
