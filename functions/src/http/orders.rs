//! Orders to a service that nothing is known about, which stand in a request rather than in its path: statements of a query language,
//! GraphQL mutations, commands for a shell, actions of cloud interfaces, methods of XML-RPC and SOAP.

use std::collections::BTreeMap;

use super::{call::Argument, masses, target::Target};
use crate::shell;

/// Longest text that is looked into.
const LONGEST: usize = 64 * 1024;

/// Whether statements of a query language are sent to this path.
pub(super) fn takes_statements(target: &Target) -> bool {
    const NAMES: [&str; 17] = [
        "query",
        "sql",
        "_sql",
        "execute",
        "exec",
        "statement",
        "statements",
        "cypher",
        "cql",
        "commit",
        "tx",
        "ksql",
        "mgmt",
        "service",
        "ddl",
        "run_sql",
        "graphql",
    ];
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    last.is_none_or(|last| NAMES.iter().any(|name| last.eq_ignore_ascii_case(name)))
}

/// Whether code or commands are sent to this path.
pub(super) fn takes_code(target: &Target) -> bool {
    const NAMES: [&str; 8] = ["terminal", "shell", "console", "run", "eval", "repl", "cmd", "command"];
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    last.is_some_and(|last| NAMES.iter().any(|name| last.eq_ignore_ascii_case(name)))
}

/// Code that reaches the machine it runs on.
fn leaves_language(text: &str) -> bool {
    const CALLS: [&str; 12] = [
        "child_process",
        "os.system(",
        "subprocess.",
        "popen(",
        "getruntime()",
        "processbuilder",
        "__import__(",
        "shell_exec(",
        "passthru(",
        "shutil.rmtree",
        "fs.unlink",
        "fs.rm",
    ];
    let lower = text.to_ascii_lowercase();
    text.len() <= LONGEST && CALLS.iter().any(|call| lower.contains(call))
}

/// Whether a request orders something that can hurt, whatever its method is.
pub(super) fn ruins(target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let (statements, code) = (takes_statements(target), takes_code(target));
    let calls_tool =
        |name: &str| name.strip_suffix("method").unwrap_or_default().is_empty() || name.ends_with("/method");
    let tool = arguments
        .iter()
        .any(|(name, value)| calls_tool(name) && matches!(value, Argument::Text(text) if text == "tools/call"));
    if inner_requests(arguments) {
        return true;
    }
    arguments.iter().any(|(name, value)| {
        let of = last_part(name);
        tool && name.contains("/arguments/") && may_carry(&of) && texts(value).any(is_statement)
            || statements && (is_statement(name) || may_carry(&of) && texts(value).any(is_statement))
            || (carries_command(&of) || code && matches!(of.as_str(), "body" | "input")) && texts(value).any(hurts)
            || code && texts(value).any(leaves_language)
            || of == "type" && is_schema_order(target) && texts(value).any(replaces)
            || of == "action" && texts(value).any(is_cloud_order)
            || name == "body"
                && texts(value).any(|text| xml_ruins(text) || text.contains("!!python/") || text.contains("!!java"))
            || super::grant::mutates(name, value)
    })
}

/// Whether a request of a batch hurts.
fn inner_requests(arguments: &BTreeMap<String, Argument>) -> bool {
    batched(arguments).any(|(method, target)| {
        super::service::effect(&method, &target) == super::Effect::Admin
            || masses::whole(&method, &target, &BTreeMap::new())
    })
}

/// Requests in a batch: `{"requests": [{"method": "DELETE", "path": "/orders"}]}`.
pub(super) fn batched(arguments: &BTreeMap<String, Argument>) -> impl Iterator<Item = (String, Target)> {
    const PATHS: [&str; 5] = ["path", "url", "uri", "relative_url", "target"];
    arguments.iter().flat_map(move |(name, method)| {
        let of = name.strip_suffix("/method").zip(match method {
            Argument::Text(method) => Some(method),
            _ => None,
        });
        let places = of.into_iter().flat_map(move |(of, method)| {
            let paths = PATHS.iter().filter_map(move |path| arguments.get(&format!("{of}/{path}")));
            paths.flat_map(texts).map(move |place| (method, place))
        });
        places.filter_map(|(method, place)| {
            let path = match place.split_once("://") {
                Some((_, rest)) => rest.find('/').and_then(|begin| rest.get(begin..)).unwrap_or("/").to_owned(),
                None => format!("/{}", place.trim_start_matches('/')),
            };
            Some((method.to_ascii_uppercase(), Target::parse(path.as_bytes()).ok()?))
        })
    })
}

/// Whether a service of a cloud is told to remove something, or to hand out rights or secrets: `Action=TerminateInstances`,
/// `X-Amz-Target: DynamoDB_20120810.DeleteTable`.
pub(super) fn is_cloud_order(action: &str) -> bool {
    const LIGHT: [&str; 9] =
        ["Message", "MessageBatch", "Item", "Object", "Tags", "Metric", "Alarms", "Record", "Attributes"];
    let name = action.rsplit('.').next().unwrap_or_default();
    let rest = |verb: &str| name.strip_prefix(verb).filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    let removes = ["Terminate", "Delete", "Stop", "Reboot", "Deregister", "Detach", "Purge", "Disable"];
    removes.iter().filter_map(|verb| rest(verb)).any(|rest| !LIGHT.contains(&rest))
        || matches!(
            name,
            "CreateAccessKey"
                | "CreateUser"
                | "CreateLoginProfile"
                | "UpdateLoginProfile"
                | "GetSecretValue"
                | "RunCommand"
                | "SendCommand"
                | "AuthorizeSecurityGroupIngress"
                | "AuthorizeSecurityGroupEgress"
                | "RevokeSecurityGroupIngress"
                | "ModifyDBInstance"
                | "ModifyDBCluster"
                | "ModifyInstanceAttribute"
                | "ModifySnapshotAttribute"
                | "ModifyImageAttribute"
                | "ScheduleKeyDeletion"
                | "LeaveOrganization"
                | "CloseAccount"
        )
        || ["Attach", "Put"].iter().any(|verb| rest(verb).is_some_and(|rest| rest.ends_with("Policy")))
        || rest("AddUser").is_some_and(|rest| rest.starts_with("To"))
}

/// Names of members that may hold a statement: `q`, `sql`, an item of a list, the content as a whole.
fn may_carry(name: &str) -> bool {
    matches!(
        name,
        "q" | "query"
            | "queries"
            | "raw"
            | "sql"
            | "statement"
            | "statements"
            | "stmt"
            | "command"
            | "cypher"
            | "cql"
            | "ksql"
            | "csl"
            | "body"
            | ""
    ) || name.bytes().all(|byte| byte.is_ascii_digit())
}

/// A statement, of whatever dialect, that removes much, gives rights or runs the server.
pub(super) fn is_statement(text: &str) -> bool {
    text.len() <= LONGEST && text.split(';').any(orders)
}

fn orders(statement: &str) -> bool {
    let plain = without_comments(statement);
    let lower = plain.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_ascii_whitespace().take(64).collect();
    const THINGS: [&str; 26] = [
        "table",
        "database",
        "schema",
        "index",
        "view",
        "user",
        "role",
        "keyspace",
        "measurement",
        "series",
        "stream",
        "topic",
        "collection",
        "bucket",
        "policy",
        "retention",
        "continuous",
        "materialized",
        "function",
        "dictionary",
        "tables",
        "shard",
        "sequence",
        "type",
        "connector",
        "extents",
    ];
    let by_verb = match words.as_slice() {
        ["drop" | ".drop" | ".purge" | ".clear", thing, _, ..] => THINGS.contains(thing),
        ["alter" | ".alter", thing, _, _, ..] => THINGS.contains(thing),
        ["create", "user" | "role", ..] | ["truncate", "table", _, ..] => true,
        ["delete", "from", rest @ ..] => !rest.contains(&"where") && !rest.is_empty(),
        ["grant" | "revoke", rest @ ..] => {
            rest.len() > 2 && rest.iter().any(|word| matches!(*word, "to" | "from" | "on"))
        }
        ["system", order, ..] => {
            matches!(*order, "shutdown" | "kill" | "drop" | "stop" | "reload" | "restart" | "reset")
        }
        ["kill", "query" | "mutation", ..] | ["terminate", _, ..] | ["insert", "into", "function", ..] => true,
        ["mutation", ..] => false,
        _ => false,
    };
    let elsewhere = ["from file(", "from url(", "from s3(", "from remote(", "into function file(", "into outfile"];
    by_verb || (words.first() == Some(&"select") && elsewhere.iter().any(|source| lower.contains(source)))
}

/// The text without `-- ...`, `# ...` and `/* ... */`.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        plain.push(' ');
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

/// Where the schema of a GraphQL service is changed.
fn is_schema_order(target: &Target) -> bool {
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    last.is_some_and(|last| last.eq_ignore_ascii_case("metadata"))
}

fn replaces(order: &str) -> bool {
    ["replace_", "clear_", "drop_", "pg_drop_", "reload_", "bulk"].iter().any(|begin| order.starts_with(begin))
}

fn carries_command(name: &str) -> bool {
    matches!(name, "cmd" | "command" | "shell" | "shellcommand" | "script" | "exec" | "run" | "commands")
}

/// A command line that would be held on an SSH connection.
fn hurts(text: &str) -> bool {
    let line = text.trim();
    let several = line.split_ascii_whitespace().nth(1).is_some() && line.len() <= 4096;
    let piped = || ["| sh", "|sh", "| bash", "|bash"].iter().any(|shell| line.contains(shell));
    several && (!shell::read(line).dangers.is_empty() || piped())
}

/// XML whose elements name what removes many, or give every right: `<methodName>deleteAll</methodName>`, `<role>admin</role>`.
fn xml_ruins(text: &str) -> bool {
    if !text.trim_start().starts_with('<') || text.len() > LONGEST {
        return false;
    }
    let mut before = "";
    text.split('<').take(4096).any(|piece| {
        let (tag, content) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.trim_end_matches('/').split_ascii_whitespace().next().unwrap_or_default();
        let own = name.rsplit(':').next().unwrap_or_default();
        let opens = !own.is_empty() && !own.starts_with(['/', '?', '!']);
        let content = content.trim();
        let called = opens && before != own && masses::removes_many(own);
        let method = own.eq_ignore_ascii_case("methodname") && (masses::removes_many(content) || runs_service(content));
        let said = opens && may_carry(&last_part(own)) && is_statement(content);
        let given = opens
            && (super::grant::gives_all(own, content)
                || attributes(tag).any(|(name, value)| super::grant::gives_all(name, value)));
        before = own;
        let included = opens && own.eq_ignore_ascii_case("include") && tag.contains("file:");
        called || method || said || given || included || tag.starts_with("!ENTITY") && tag.contains("SYSTEM")
    })
}

/// `supervisor.shutdown`, `system.exec`
fn runs_service(method: &str) -> bool {
    let last = method.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        last.as_str(),
        "shutdown"
            | "restart"
            | "reboot"
            | "exec"
            | "execute"
            | "eval"
            | "kill"
            | "stopallprocesses"
            | "halt"
            | "poweroff"
    )
}

/// Names and values of a tag's attributes.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    tag.split_ascii_whitespace().skip(1).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name, value.trim_end_matches('/').trim_matches(['"', '\''])))
    })
}

/// The last part of a member's name, in small letters and digits.
fn last_part(name: &str) -> String {
    let last = name.rsplit(['/', '.']).next().unwrap_or_default();
    last.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn texts(value: &Argument) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Argument::Text(text) => (Some(text.as_str()), None),
        Argument::Texts(texts) => (None, Some(texts.iter().map(String::as_str))),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_hurt_are_told_from_other_texts() {
        for text in [
            "DROP TABLE x",
            "select 1; drop database x",
            "/* x */ TRUNCATE TABLE t",
            "-- x\nDELETE FROM t",
            "ALTER TABLE x DELETE WHERE 1",
            "SYSTEM SHUTDOWN",
            "KILL QUERY WHERE 1",
            "CREATE USER eve IDENTIFIED BY 'x'",
            "GRANT ALL ON *.* TO eve",
            "SELECT * FROM file('/etc/passwd')",
            ".drop table T",
        ] {
            assert!(is_statement(text), "{text}");
        }
        for text in [
            "SELECT count(*) FROM orders",
            "INSERT INTO t VALUES (1)",
            "Please drop the table reservation for tonight",
            "delete my account",
            "drop shadow",
            "DELETE FROM t WHERE id = 7",
            "system status",
            "grant",
        ] {
            assert!(!is_statement(text), "{text}");
        }
    }

    #[test]
    fn orders_to_clouds_and_shells_are_told_from_others() {
        for action in ["TerminateInstances", "DynamoDB_20120810.DeleteTable", "CreateAccessKey", "AttachUserPolicy"] {
            assert!(is_cloud_order(action), "{action}");
        }
        for action in
            ["DescribeInstances", "DynamoDB_20120810.DeleteItem", "AmazonSQS.DeleteMessage", "delete", "Deleted"]
        {
            assert!(!is_cloud_order(action), "{action}");
        }
        assert!(hurts("rm -rf /srv") && !hurts("play next") && !hurts("shutdown"));
        assert!(
            xml_ruins("<a><role>admin</role></a>")
                && xml_ruins("<methodCall><methodName>deleteAll</methodName></methodCall>")
        );
        assert!(!xml_ruins("<order><id>7</id></order>") && !xml_ruins("x < y"));
    }
}
