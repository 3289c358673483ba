//! Requests that run a service itself rather than what it serves: well-known ways to stop it, empty it, read its secrets or run code in
//! it. They count where a connection names no functions, so that nobody said what its paths are.

use std::borrow::Cow;

use super::{call::Effect, known, masses, openapi::effect_of, request::Request, target::Target};

/// What a request does to a server that nothing is known about.
pub(super) fn effect(method: &str, target: &Target) -> Effect {
    let segments: Vec<Cow<'_, str>> = target.segments.iter().map(|segment| known::lowered(segment)).collect();
    let parts: Vec<&str> = segments.iter().map(AsRef::as_ref).filter(|part: &&str| !part.is_empty()).collect();
    let reads = effect_of(method) == Effect::Read;
    let runs = match reads {
        true => shows_secrets(&parts) || orders(&parts, target),
        false => {
            orders(&parts, target)
                || asks_credentials(&parts)
                || stops(&parts)
                || parts.iter().any(|part| STORE_ITSELF.contains(part) || SECRET_FILES.contains(part))
                || masses::empties(method, &parts, target)
                || runs_code(&parts)
                || stores(method, &parts)
                || rules_of_store(method, target)
        }
    };
    if runs || known::is_known(method, target) { Effect::Admin } else { effect_of(method) }
}

/// Whether the head of a request opens what it stores to everybody, or gives it away: `x-amz-acl: public-read`.
pub(super) fn opens(request: &Request<'_>) -> bool {
    request.fields.iter().any(|(name, value)| {
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        match String::from_utf8_lossy(name).as_ref() {
            "x-amz-acl" | "x-goog-acl" | "x-ms-blob-public-access" => {
                value.contains("public") || value.contains("authenticated") || value.contains("container")
            }
            "x-amz-grant-full-control" | "x-amz-grant-write" | "x-amz-grant-write-acp" | "x-amz-grant-read" => true,
            "x-amz-bypass-governance-retention" => value == "true",
            _ => false,
        }
    })
}

/// Who may do what with a store of objects, and how long they stay: `PUT /bucket?policy`.
fn rules_of_store(method: &str, target: &Target) -> bool {
    const RULES: [&str; 14] = [
        "accelerate",
        "acl",
        "cors",
        "encryption",
        "legal-hold",
        "lifecycle",
        "logging",
        "object-lock",
        "ownershipControls",
        "policy",
        "publicAccessBlock",
        "replication",
        "versioning",
        "website",
    ];
    matches!(method, "PUT" | "DELETE" | "POST")
        && target.query.iter().any(|(name, value)| {
            value.is_empty() && RULES.iter().any(|rule| rule.eq_ignore_ascii_case(name))
                || name.eq_ignore_ascii_case("comp") && value.eq_ignore_ascii_case("acl")
        })
}

/// What document stores call what is about themselves: definitions, copies of everything, other nodes, accounts.
const STORE_ITSELF: [&str; 35] = [
    "_aliases",
    "_ccr",
    "_clone",
    "_component_template",
    "_config",
    "_dangling",
    "_data_stream",
    "_enrich",
    "_forcemerge",
    "_ilm",
    "_index_template",
    "_ingest",
    "_license",
    "_mapping",
    "_migration",
    "_ml",
    "_node",
    "_nodes",
    "_reindex",
    "_remote",
    "_replicate",
    "_replicator",
    "_rollover",
    "_rollup",
    "_settings",
    "_shrink",
    "_slm",
    "_snapshot",
    "_split",
    "_tasks",
    "_template",
    "_transform",
    "_update_by_query",
    "_users",
    "_watcher",
];

const SECRET_FILES: [&str; 10] =
    [".env", ".git", ".aws", ".ssh", ".htpasswd", ".npmrc", ".svn", "id_rsa", "wp-config.php", "web.config"];

/// More of what stores and schedulers do to much at once.
fn stores(method: &str, parts: &[&str]) -> bool {
    matches!(parts, [.., "kv", "deleterange"] | ["api", "v2", "delete"] | ["v1", "system", "gc" | "reconcile"])
        || matches!(parts, [.., "dodelete" | "dowipeoutworkspace" | "impersonate"])
        || matches!(parts, [.., "jolokia"])
        || (method == "DELETE" && matches!(parts, ["v1", "job" | "node", _]))
}

/// Copies of a database that lie where a server shows files.
fn is_dump(part: &str) -> bool {
    let (name, end) = part.split_once('.').unwrap_or_default();
    matches!(name, "backup" | "database" | "db" | "dump")
        && matches!(end, "sql" | "sql.gz" | "dump" | "bak" | "tar.gz" | "zip" | "sqlite")
}

/// The name of a file without what says that it is a copy: `wp-config.php.bak`.
fn without_copy(part: &str) -> &str {
    let ends = [".bak", ".old", ".orig", ".save", ".swp", "~", ".txt", ".1", ".copy"];
    ends.iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part)
}

/// `.env.production`, but no example of one.
fn is_environment(part: &str) -> bool {
    let end = part.strip_prefix(".env.").unwrap_or("example");
    !matches!(end, "example" | "sample" | "template" | "dist")
}

/// Files of settings and keys that a server shows by mistake, and what management interfaces and clouds show of secrets.
fn shows_secrets(parts: &[&str]) -> bool {
    parts.iter().any(|part| SECRET_FILES.contains(&without_copy(part)) || is_environment(part))
        || matches!(parts, [.., "phpinfo.php" | ".bash_history" | ".dockerenv"] | ["docker-compose.yml"])
        || parts.last().is_some_and(|last| is_dump(last))
        || matches!(parts, ["openstack", _, "user_data"])
        || parts.windows(2).any(|pair| matches!(pair, ["jolokia", "exec" | "write"]))
        || matches!(parts, [.., "actuator", "heapdump" | "env" | "configprops"])
        || matches!(parts, ["latest", "meta-data" | "user-data" | "dynamic", ..] | ["computemetadata", ..])
        || matches!(parts, ["metadata", "identity" | "instance", ..])
        || matches!(parts, ["api", "v1", "secrets"] | ["api", "v1", "namespaces", _, "secrets", ..])
        || matches!(parts, ["api", "v1", "namespaces", _, "pods", _, "exec" | "attach" | "portforward"])
        || matches!(parts, ["etc", "passwd" | "shadow"])
        || matches!(parts, ["debug", "pprof", "heap" | "goroutine" | "allocs" | "cmdline"])
        || matches!(parts, ["v1", "secret" | "kv" | "cubbyhole", "data", ..] | ["v1", "cubbyhole", ..])
}

/// Orders to a service that stand in the query, whatever the method is.
fn orders(parts: &[&str], target: &Target) -> bool {
    let action = target.query.iter().find(|(name, _)| name.eq_ignore_ascii_case("action"));
    let looks = |value: &str| {
        matches!(value.to_ascii_uppercase().as_str(), "STATUS" | "LIST" | "CLUSTERSTATUS" | "REQUESTSTATUS")
    };
    matches!(parts, ["solr", "admin", "cores" | "collections" | "configs"])
        && action.is_some_and(|(_, value)| !looks(value))
}

/// A credential is made or handed out.
fn asks_credentials(parts: &[&str]) -> bool {
    matches!(parts, ["latest", "api", "token"])
        || matches!(parts, ["v1", "auth", "token", ..] | ["v1", "auth", _, "login", ..])
        || matches!(parts, ["api", "v1", "namespaces", _, "serviceaccounts", _, "token"])
}

/// A service is stopped, sealed or taken out of its cluster.
fn stops(parts: &[&str]) -> bool {
    let alone = [
        "_shutdown",
        "quitquitquit",
        "abortabortabort",
        "shutdown",
        "quickquitquit",
        "drain_listeners",
        "createitem",
        "reboot",
    ];
    matches!(parts, [.., "actuator", "shutdown" | "restart" | "env" | "pause"])
        || matches!(parts, [only] if alone.contains(only))
        || matches!(parts, [_, .., "shutdown" | "poweroff" | "halt" | "reboot" | "factory-reset"])
        || matches!(parts, [.., "system" | "server" | "service", "restart" | "reset"] | ["healthcheck", "fail"])
        || matches!(parts, [.., "actuator", "refresh" | "caches"] | [.., "actuator", "loggers", _])
        || matches!(parts, ["v3", "auth", "disable"] | ["v3", "maintenance", "defragment"])
        || matches!(parts, ["v1", "catalog" | "agent", .., "deregister"] | ["v1", "agent", "service", "deregister", _])
        || matches!(parts, ["v1", "sys", "revoke-prefix" | "revoke-force" | "mounts" | "remount", ..])
        || matches!(parts, ["v1", _, "metadata" | "destroy", ..])
        || parts.last().is_some_and(|last| is_order(last))
        || matches!(parts, ["-", "quit" | "reload"])
        || matches!(parts, [.., "swarm", "leave" | "update" | "init" | "join"] | ["api", "v1", "nodes", _, ..])
        || matches!(
            parts,
            ["v1", "sys", "seal" | "unseal" | "rekey" | "step-down" | "generate-root" | "auth" | "policies", ..]
        )
        || matches!(parts, ["v1", "agent", "leave" | "force-leave" | "maintenance", ..] | ["v1", "operator", ..])
        || matches!(parts, [.., "containers", _, "kill" | "stop" | "pause" | "exec" | "update"])
        || matches!(
            parts,
            [.., "_cluster", "settings" | "reroute"] | ["_nodes", "shutdown" | "reload_secure_settings", ..]
        )
        || matches!(parts, ["exit" | "safeexit" | "saferestart" | "quietdown" | "restart"])
}

/// A method that stands behind a colon: `databases/x:truncate`.
fn is_order(last: &str) -> bool {
    let order = last.rsplit_once(':').map(|(_, order)| order).unwrap_or_default();
    matches!(
        order,
        "truncate" | "setiampolicy" | "purge" | "wipe" | "reset" | "shutdown" | "stop" | "delete" | "batchdelete"
    )
}

/// Code runs, or a container that may be anything; accounts and rights are made.
fn runs_code(parts: &[&str]) -> bool {
    matches!(parts, [.., "containers", "create"] | [.., "images", "load"] | [.., "exec", _, "start"])
        || matches!(parts, ["pluginmanager", ..] | ["api", "v1", "namespaces", _, "pods", _, "eviction"])
        || matches!(parts, ["repos", _, _, "transfer"] | ["api", "admin", "users"] | ["realms", _, "clients", ..])
        || matches!(
            parts,
            ["script" | "scripttext"] | ["jenkins", "script" | "scripttext"] | [.., "computer", _, "script"]
        )
        || matches!(parts, ["api", "v1", "namespaces", _, "pods", _, "exec" | "attach" | "portforward"])
        || matches!(parts, ["admin", "realms", _, "users" | "roles" | "clients", ..])
        || matches!(
            parts,
            [.., "admin", "users", _, "password" | "reset-password" | "reset_password" | "roles" | "permissions"]
        )
        || matches!(parts, ["apis", "rbac.authorization.k8s.io", ..])
        || matches!(parts, ["_security" | "_scripts", ..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn judged(request: &str) -> Effect {
        let (method, target) = request.split_once(' ').unwrap();
        effect(method, &Target::parse(target.as_bytes()).unwrap())
    }

    #[test]
    fn what_runs_a_service_itself_is_told_from_what_it_serves() {
        for request in [
            "POST /actuator/shutdown",
            "GET /actuator/heapdump",
            "DELETE /_all",
            "DELETE /logs-*",
            "PUT /_cluster/settings",
            "POST /orders/_delete_by_query",
            "POST /_reindex",
            "POST /orders/_update_by_query",
            "PUT /_index_template/orders",
            "PUT /orders/_mapping",
            "POST /_aliases",
            "PUT /_snapshot/nightly/one",
            "POST /_replicate",
            "DELETE /api/v1/namespaces/prod",
            "GET /api/v1/namespaces/prod/secrets/db",
            "POST /api/v1/namespaces/prod/pods/web/exec?command=sh",
            "PUT /v1/sys/seal",
            "POST /v1.43/containers/create",
            "DELETE /containers/web?force=1",
            "POST /script",
            "DELETE /v2/keys/app?recursive=true",
            "DELETE /v1/kv/?recurse",
            "DELETE /apis/apps/v1/namespaces/x/deployments/web",
            "POST /v1/sys/unseal",
            "GET /v1/secret/data/db",
            "POST /v1/auth/token/create",
            "PUT /latest/api/token",
            "GET /debug/pprof/heap",
            "POST /api/v1/admin/tsdb/delete_series?match[]=up",
            "GET /solr/admin/cores?action=UNLOAD&core=x",
            "GET /.env",
            "GET /config/.env.production",
            "GET /backup.sql",
            "GET /jolokia/exec/java.lang:type=Memory/gc",
            "POST /v3/kv/deleterange",
            "DELETE /v1/job/web?purge=true",
            "POST /job/x/doDelete",
            "POST /api/users/7/impersonate",
            "GET /.git/config",
            "GET /latest/meta-data/iam/security-credentials/",
            "GET /metadata/identity/oauth2/token?resource=x",
        ] {
            assert_eq!(judged(request), Effect::Admin, "{request}");
        }
        for request in [
            "POST /orders",
            "DELETE /orders/7",
            "DELETE /session",
            "POST /api/v2/jobs",
            "DELETE /cart",
            "DELETE /7",
            "DELETE /550e8400-e29b-41d4-a716-446655440000",
            "DELETE /collections/7",
            "DELETE /topics/01J9ZQ4W7T",
            "DELETE /users/eve",
            "POST /_bulk",
            "POST /_refresh",
            "POST /_matrix/client/v3/login",
            "POST /orders/_search",
            "POST /jobs/7/restart",
            "POST /password/reset",
            "PUT /orders/_doc/1",
            "PATCH /repos/acme/app/issues/1",
            "DELETE /repos/acme/app/labels/x",
        ] {
            assert_eq!(judged(request), Effect::Write, "{request}");
        }
        for request in [
            "GET /solr/admin/cores?action=STATUS",
            "GET /debug/pprof",
            "GET /",
            "GET /actuator/health",
            "GET /metrics",
            "GET /containers/json",
            "GET /api/v1/pods",
            "HEAD /x",
        ] {
            assert_eq!(judged(request), Effect::Read, "{request}");
        }
    }
}
