//! Requests that remove much at once: whole collections, indices and databases, and functions that are called for it
//! (`POST /orders/delete-all`). They count where a connection names no functions, so that nobody said what its paths are.
//! A request that names what it removes (`DELETE /orders?id=7`) removes that.

use std::collections::BTreeMap;

use super::{
    call::Argument,
    openapi::effect_of,
    target::Target,
    words::{is_plural, words},
};
use crate::http::Effect;

/// Words for taking away.
const REMOVES: [&str; 11] =
    ["clear", "delete", "destroy", "drop", "erase", "flush", "nuke", "purge", "remove", "truncate", "wipe"];
/// Words for much.
const MUCH: [&str; 19] = [
    "metadata",
    "all",
    "batch",
    "bulk",
    "collection",
    "data",
    "database",
    "databases",
    "db",
    "every",
    "everything",
    "index",
    "indices",
    "many",
    "mass",
    "multiple",
    "schema",
    "table",
    "tables",
];
/// Words that alone take everything away.
const EVERYTHING: [&str; 10] =
    ["deleteall", "dropall", "dropdb", "factoryreset", "flushall", "flushdb", "nuke", "purgeall", "truncate", "wipe"];
/// What there is one of for each caller, or what is a caller's own.
const OWN: [&str; 27] = [
    "account",
    "avatar",
    "basket",
    "cache",
    "cart",
    "draft",
    "drafts",
    "favorites",
    "favourites",
    "history",
    "image",
    "login",
    "logout",
    "me",
    "notifications",
    "photo",
    "preferences",
    "profile",
    "search-history",
    "session",
    "sessions",
    "settings",
    "subscription",
    "subscriptions",
    "token",
    "watchlist",
    "wishlist",
];
/// Things that hold many others.
const HOLDERS: [&str; 17] = [
    "backups",
    "buckets",
    "clusters",
    "databases",
    "dbs",
    "disks",
    "droplets",
    "hostedzones",
    "indexes",
    "indices",
    "keyspaces",
    "namespaces",
    "queues",
    "realms",
    "tenants",
    "vaults",
    "vms",
];
/// As names of an application's own things they are everyday ones, and then these have ids.
const PERHAPS: [&str; 7] = ["collections", "partitions", "schemas", "servers", "snapshots", "tables", "topics"];
/// One word for many things, or for everything that somebody has.
const MASSES: [&str; 48] = [
    "bucket",
    "collection",
    "graph",
    "index",
    "keyspace",
    "mailbox",
    "queue",
    "shard",
    "stream",
    "table",
    "topic",
    "all",
    "archive",
    "audit",
    "backup",
    "catalog",
    "catalogue",
    "cluster",
    "company",
    "content",
    "corpus",
    "data",
    "database",
    "dataset",
    "db",
    "directory",
    "everything",
    "inventory",
    "journal",
    "ledger",
    "log",
    "media",
    "metadata",
    "organisation",
    "organization",
    "people",
    "personnel",
    "registry",
    "repository",
    "schema",
    "staff",
    "stock",
    "storage",
    "store",
    "telemetry",
    "tenant",
    "warehouse",
    "workspace",
];
/// Ways to say that nothing is left out.
const WILD: [&str; 5] = ["*", "%", "all", "_all", "true"];

/// Whether a service's own function removes much, by its path alone.
pub(super) fn empties(method: &str, parts: &[&str], target: &Target) -> bool {
    let recursive = |(name, value): &(String, String)| {
        name == "recursive" && value == "true" || name == "recurse" && value != "false"
    };
    let all = method == "DELETE"
        && (parts.is_empty()
            || parts.iter().any(|part| part.contains('*') || *part == "_all")
            || matches!(
                parts,
                ["api", "v1", "namespaces", _] | [.., "namespaces", _, "pods" | "deployments" | "secrets"]
            )
            || matches!(parts, [.., "containers" | "volumes" | "images" | "networks", _])
            || matches!(parts, ["repos", _, _] | ["api", "v4", "projects" | "groups", _])
            || matches!(parts, ["apis", _, _, "namespaces", _, _, _] | ["api", "v1", "namespaces", _, _, _])
            || target.query.iter().any(recursive));
    all || matches!(parts, ["api", "v1" | "v2", "admin", "tsdb", "delete_series" | "clean_tombstones"])
        || matches!(parts, [.., "_delete_by_query" | "_close" | "_purge"])
        || matches!(parts, [_, .., "prune"])
}

/// Whether it removes a collection as a whole, or calls a function that removes many, and does not name which.
pub(super) fn whole(method: &str, target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let segments: Vec<&str> = target.segments.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let parts = behind_prefix(&segments);
    let removes = ordered(arguments)
        || match effect_of(method) {
            Effect::Read => parts.last().is_some_and(|last| plainly_clears(last)) && !is_reading(parts),
            _ if method == "DELETE" => collection(parts, parts.len() < segments.len()) || many(parts),
            _ => many(parts) || emptied_by_name(parts) || changes_all(parts, arguments),
        };
    removes && !names_which(parts, arguments)
}

/// `POST /action/updateMany` without a condition.
fn changes_all(parts: &[&str], arguments: &BTreeMap<String, Argument>) -> bool {
    let called = parts.last().is_some_and(|last| matches!(words(last).concat().as_str(), "updatemany" | "updateall"));
    let limited =
        |name: &String| ["/filter/", "/where/", "/query/", "filter", "where"].iter().any(|of| name.starts_with(of));
    called && !arguments.keys().any(limited)
}

/// Pages about how to do things.
fn is_reading(parts: &[&str]) -> bool {
    const PAGES: [&str; 8] = ["articles", "blog", "doc", "docs", "faq", "guides", "help", "wiki"];
    parts.iter().any(|part| PAGES.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether a name says that it removes many.
pub(super) fn removes_many(name: &str) -> bool {
    many(&[name])
}

/// An order that stands in the content: `{"method": "deleteAllOrders"}`, `?action=purge_all`.
fn ordered(arguments: &BTreeMap<String, Argument>) -> bool {
    const CARRIERS: [&str; 8] = ["action", "cmd", "command", "function", "method", "op", "operation", "type"];
    let carries = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        CARRIERS.iter().any(|known| last.eq_ignore_ascii_case(known))
    };
    arguments.iter().any(|(name, value)| match value {
        Argument::Text(value) if carries(name) && value.len() < 100 => {
            let last = words(value).pop().unwrap_or_default();
            let order = !value.contains([' ', '\n']);
            order && (many(&[value]) || matches!(last.as_str(), "shutdown" | "poweroff" | "halt"))
        }
        _ => false,
    })
}

/// The path without what only says where an interface begins: `/api/v2`, `/rest`.
pub(super) fn behind_prefix<'a, 'b>(mut parts: &'b [&'a str]) -> &'b [&'a str] {
    const PREFIXES: [&str; 11] =
        ["admin", "api", "backend", "internal", "odata", "public", "rest", "rpc", "service", "services", "webapi"];
    let is_version = |part: &str| {
        let number = part.strip_prefix(['v', 'V']).unwrap_or(part);
        number.starts_with(|first: char| first.is_ascii_digit()) && (number != part || number.len() < 3)
    };
    while let [first, rest @ ..] = parts {
        if rest.is_empty() || !(PREFIXES.contains(&first.to_ascii_lowercase().as_str()) || is_version(first)) {
            break;
        }
        parts = rest;
    }
    parts
}

/// A collection, an index, a bucket or a database as a whole, not one thing in it.
fn collection(parts: &[&str], prefixed: bool) -> bool {
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // Behind a prefix a word may be one thing that each caller has: only many are many.
        [only] => !OWN.contains(only) && !is_id(only) && (!prefixed || is_plural(only) || is_mass(parts)),
        [.., holder, _, "documents"] if HOLDERS.contains(holder) => true,
        [.., holder, "all" | "_all" | "everything"] => !OWN.contains(holder),
        [.., holder, name] => HOLDERS.contains(holder) || (PERHAPS.contains(holder) && !is_id(name)),
        [] => false,
    }
}

/// `inventory`, `product-inventory`, `auditLog`.
fn is_mass(parts: &[&str]) -> bool {
    let last = parts.last().and_then(|last| words(last).pop());
    last.is_some_and(|word| MASSES.contains(&word.as_str()))
}

/// A function for removing many: a word for taking away and one for much, in one segment or in two.
fn many(parts: &[&str]) -> bool {
    let clears = |segments: &[&str]| {
        let words: Vec<String> = segments.iter().flat_map(|segment| words(segment)).collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let named = has(&["delete", "destroy", "purge", "erase", "clear"])
            && words.iter().any(|word| MASSES.contains(&word.as_str()) && !OWN.contains(&word.as_str()));
        let whole = named || has(&["truncate", "wipe", "nuke"]) && words.iter().any(|word| is_plural(word));
        let anew = has(&["reset", "reinitialize"]) && has(&["database", "databases", "db", "schema", "tables"]);
        has(&REMOVES) && has(&MUCH) || whole || anew
    };
    match parts {
        [.., before, last] => {
            clears(&[last])
                || is_everything(last)
                || (is_short(before, last) || words(last) == ["reset"]) && clears(&[before, last])
        }
        [only] => clears(&[only]) || is_everything(only),
        [] => false,
    }
}

/// Both segments are nothing but such words: `bulk/delete`, not `data-sets/delete`.
fn is_short(before: &str, last: &str) -> bool {
    [before, last].iter().all(|segment| plain(segment))
}

fn plain(segment: &str) -> bool {
    words(segment).iter().all(|word| REMOVES.contains(&word.as_str()) || MUCH.contains(&word.as_str()))
}

/// `deleteAll`, `drop_database`: what even a reading method would not be called otherwise.
fn plainly_clears(segment: &str) -> bool {
    let words = words(segment);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let all = words.len() <= 4 && has(&REMOVES) && has(&["all", "everything"]);
    is_everything(segment) || (plain(segment) && many(&[segment])) || all
}

fn is_everything(segment: &str) -> bool {
    EVERYTHING.contains(&words(segment).concat().as_str())
}

/// `POST /orders/delete`: which ones, its path does not say.
fn emptied_by_name(parts: &[&str]) -> bool {
    match parts {
        [holder, verb] => {
            words(verb).iter().all(|word| REMOVES.contains(&word.as_str()))
                && (is_plural(&holder.to_ascii_lowercase()) || is_mass(&[holder]))
                && !OWN.contains(&holder.to_ascii_lowercase().as_str())
                && !is_id(holder)
        }
        _ => false,
    }
}

/// Whether an argument says which things are meant: `id`, `ids`, and `order_id` for orders.
fn names_which(parts: &[&str], arguments: &BTreeMap<String, Argument>) -> bool {
    let holder = parts.iter().rev().map(|part| part.to_ascii_lowercase()).find(|part| is_plural(part));
    let one = holder.as_deref().and_then(|holder| holder.strip_suffix('s')).unwrap_or_default();
    // The id of a message names nothing.
    let message = arguments.keys().any(|name| name == "jsonrpc" || name.ends_with("/jsonrpc"));
    arguments.iter().filter(|(name, _)| !message || *name != "id" && !name.ends_with("/id")).any(|(name, value)| {
        let own: String = words(name.rsplit('/').next().unwrap_or(name)).concat();
        const NAMES: [&str; 11] =
            ["code", "email", "guid", "key", "keys", "number", "ref", "sku", "skus", "slug", "username"];
        let means = NAMES.contains(&own.as_str())
            || match own.strip_suffix("ids").or_else(|| own.strip_suffix("id")) {
                Some(of) => of.is_empty() || of == "uu" || of == one,
                None => false,
            };
        means && says(value)
    })
}

fn says(value: &Argument) -> bool {
    let text = |text: &str| !text.trim().is_empty() && !text.contains(['*', '%']) && !WILD.contains(&text);
    match value {
        Argument::Long(_) => true,
        Argument::Text(value) => text(value),
        Argument::Texts(values) => !values.is_empty() && values.iter().all(|value| text(value)),
        Argument::Flag(_) | Argument::Decimal(_) => false,
    }
}

/// Whether a segment names one of many by number or by chance, not by a word.
pub(crate) fn is_id(segment: &str) -> bool {
    let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let number = digits > 0 && digits == segment.len();
    number
        || (hexadecimal && segment.len() >= 16)
        || (plain && digits * 4 >= segment.len() && segment.len() >= 8 && !dated(segment))
}

/// `orders-2026`, `logs-2026-11-26`, `events_202611`: a word and a date, as indices are called.
fn dated(segment: &str) -> bool {
    let word = segment.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '_' | '.'));
    word.len() >= 2
        && word.len() < segment.len()
        && word.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// `METHOD path`, then ` name=value` for each argument of the content.
    fn judged(request: &str) -> bool {
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap(), Target::parse(words.next().unwrap().as_bytes()).unwrap());
        let query = target.query.clone().into_iter();
        let content = words.map(|word| word.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into()));
        let arguments = query.chain(content).map(|(name, value)| (name, Argument::Text(value))).collect();
        whole(method, &target, &arguments)
    }

    #[test]
    fn removing_a_whole_collection_is_told_from_removing_one_of_it() {
        for request in [
            "DELETE /orders-2026",
            "DELETE /logs-2026.11.26",
            "DELETE /customers",
            "DELETE /customers/",
            "DELETE /customers?ignore_unavailable=true",
            "DELETE /api/v2/orders?confirm=true",
            "DELETE /api/v1/Users",
            "DELETE /api/v1/inventory",
            "DELETE /backend/api/2/orders",
            "POST /api/v1/inventory/clear",
            "POST /api/v1/database/reset",
            "POST /rpc/truncate_orders",
            "POST /rpc method=deleteAllOrders",
            "POST /rpc method=system.shutdown",
            "GET /api?cmd=drop_database",
            "DELETE /api/v1/productInventory/",
            "DELETE /rest/v2/audit-log",
            "DELETE /rest/customers?request_id=7",
            "DELETE /api/orders?id=*",
            "DELETE /api/orders/all",
            "DELETE /buckets/x",
            "DELETE /api/v1/databases/shop",
            "DELETE /collections/documents",
            "DELETE /topics/orders",
            "POST /_bulk_delete",
            "POST /api/orders/bulk-delete",
            "POST /api/orders/bulk-delete dry=false",
            "POST /orders/deleteAll",
            "POST /orders/delete_all?customer_id=",
            "POST /orders/bulk/delete",
            "POST /api/v1/orders/purge",
            "POST /users/delete",
            "POST /admin/wipe",
            "POST /admin/drop-database",
            "PUT /flushall",
            "GET /orders/deleteAll",
            "GET /admin/truncate",
        ] {
            assert!(judged(request), "{request}");
        }
        for request in [
            "DELETE /orders/7",
            "DELETE /api/v2/orders/7?confirm=true",
            "DELETE /session",
            "DELETE /api/v1/session",
            "DELETE /api/v1/notifications",
            "DELETE /notifications/all",
            "DELETE /api/profile",
            "DELETE /api/v1/webhook",
            "DELETE /api/v1/inventory/7",
            "DELETE /api/v1/inventory?id=7",
            "DELETE /api/v1/inventory?sku=A-17",
            "POST /filters/reset",
            "POST /rpc method=deleteOrder",
            "POST /api action=delete id=7",
            "POST /api action=delete_many ids=7,8",
            "DELETE /api/v1/basket-item?id=7",
            "DELETE /cart",
            "DELETE /7",
            "DELETE /550e8400-e29b-41d4-a716-446655440000",
            "DELETE /collections/7",
            "DELETE /topics/01J9ZQ4W7T",
            "DELETE /users/eve",
            "DELETE /orders?id=7",
            "DELETE /api/orders?order_id=7",
            "DELETE /customers/7/addresses",
            "POST /_bulk",
            "POST /orders",
            "POST /orders/7/delete",
            "POST /users/eve/delete",
            "POST /users/delete id=7",
            "POST /api/orders/bulk-delete ids=7,8",
            "POST /cache/purge",
            "POST /batch",
            "POST /api/bulk/import",
            "POST /datasets/7/drop-column",
            "GET /tables",
            "GET /reports/bulk-delete-summary",
            "GET /api/v1/batch",
        ] {
            assert!(!judged(request), "{request}");
        }
    }
}
