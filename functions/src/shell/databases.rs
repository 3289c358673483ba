//! Clients of databases: what they are given in the command line is read just far enough to tell a query that only reads.

use super::{call::Call, documents, walk::Walker, word::Word};

/// Words that begin a statement which only reads.
const READS: [&str; 9] = ["select", "show", "explain", "describe", "desc", "table", "values", "with", "use"];

/// Words that, anywhere outside a text, make a statement change, call or leave something.
const CHANGES: [&str; 40] = [
    "insert",
    "update",
    "delete",
    "merge",
    "replace",
    "drop",
    "truncate",
    "alter",
    "create",
    "grant",
    "revoke",
    "into",
    "copy",
    "call",
    "do",
    "execute",
    "prepare",
    "set",
    "lock",
    "vacuum",
    "reindex",
    "cluster",
    "load",
    "outfile",
    "dumpfile",
    "attach",
    "shutdown",
    "kill",
    "flush",
    "reset",
    "handler",
    "writefile",
    "readfile",
    "edit",
    "listen",
    "notify",
    "refresh",
    "import",
    "load_file",
    "load_extension",
];

/// Commands of Redis that only read.
const REDIS: [&str; 26] = [
    "get",
    "mget",
    "exists",
    "ttl",
    "pttl",
    "type",
    "info",
    "ping",
    "dbsize",
    "scan",
    "hget",
    "hgetall",
    "hmget",
    "hlen",
    "hkeys",
    "llen",
    "lrange",
    "scard",
    "smembers",
    "sismember",
    "zcard",
    "zrange",
    "zscore",
    "strlen",
    "memory",
    "time",
];

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "psql" => sql(
            walker,
            call,
            &[("-c", "--command")],
            &["-l", "--list"],
            &["-f", "--file", "-v", "--set", "-o", "--output", "-L", "--variable"],
        ),
        "mysql" | "mariadb" => {
            sql(walker, call, &[("-e", "--execute")], &[], &["--init-command", "--pager", "--plugin-dir", "--tee"])
        }
        "sqlite3" => sqlite(walker, call),
        "redis-cli" => redis(walker, call),
        "mongosh" | "mongo" if documents::only_looks(call) => {}
        "mongosh" | "mongo" | "sqlplus" | "cqlsh" | "clickhouse-client" | "influx" | "cypher-shell" | "sqlcmd"
        | "bsqldb" => {
            if !asks(call) {
                walker.out.doubt(format!("{} runs statements that are not read here", call.name));
            }
        }
        _ => return false,
    }
    true
}

fn asks(call: Call<'_>) -> bool {
    matches!(call.args, [word] if matches!(word.text.as_str(), "--version" | "-V" | "--help" | "-h"))
}

fn sql(walker: &mut Walker, call: Call<'_>, code: &[(&str, &str)], shows: &[&str], runs: &[&str]) {
    if asks(call) || call.args.iter().any(|word| shows.contains(&word.text.as_str())) {
        return;
    }
    let mut found = false;
    let mut args = call.args.iter().peekable();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if runs.iter().any(|option| {
            text == *option
                || option.starts_with("--") && text.starts_with(option)
                || option.len() == 2 && text.starts_with(option)
        }) {
            return walker
                .out
                .doubt(format!("{} with statements or settings that are not in the command line", call.name));
        }
        for (short, long) in code {
            let cluster =
                text.starts_with('-') && !text.starts_with("--") && text.ends_with(short.trim_start_matches('-'));
            let given = match text.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
                Some(statement) => Some(Word { text: statement.to_owned(), ..word.clone() }),
                None if text == *long || cluster => args.peek().map(|word| (*word).clone()),
                None => text
                    .strip_prefix(short)
                    .filter(|rest| !rest.is_empty())
                    .map(|rest| Word { text: rest.to_owned(), ..word.clone() }),
            };
            if let Some(statement) = given {
                found = true;
                read(walker, call, &statement);
            }
        }
    }
    if !found {
        walker.out.doubt(format!("{} takes statements from its input", call.name));
    }
}

fn sqlite(walker: &mut Walker, call: Call<'_>) {
    if asks(call) {
        return;
    }
    if call.options().any(|text| text.starts_with("-init") || text.starts_with("-cmd") || text.starts_with("--cmd")) {
        return walker.out.doubt("sqlite3 with commands that are not read here");
    }
    let words: Vec<&Word> = call.operands().collect();
    match words.split_first() {
        Some((file, statements)) if !statements.is_empty() => {
            walker.reads_file(&super::paths::tidy(&file.text));
            statements.iter().for_each(|statement| read(walker, call, statement));
        }
        _ => walker.out.doubt("sqlite3 takes statements from its input"),
    }
}

fn redis(walker: &mut Walker, call: Call<'_>) {
    let mut args = call.args.iter().map(|word| word.text.as_str());
    let mut verb = None;
    while let Some(text) = args.next() {
        match text {
            "-h" | "-p" | "-n" | "-u" | "-a" | "--user" | "--pass" | "-s" => {
                args.next();
            }
            "--scan" | "--latency" | "--stat" | "--bigkeys" | "--version" | "-v" => return,
            _ if text.starts_with('-') => {}
            _ => {
                verb = Some(text.to_ascii_lowercase());
                break;
            }
        }
    }
    match verb {
        Some(verb) if REDIS.contains(&verb.as_str()) => {}
        Some(verb) => walker.out.danger(format!("redis-cli {verb} changes data or the server")),
        None => walker.out.doubt("redis-cli takes commands from its input"),
    }
}

/// Reads a text of statements; whatever does not plainly read counts as changing something.
fn read(walker: &mut Walker, call: Call<'_>, statement: &Word) {
    let text = statement.text.as_str();
    if statement.hole {
        return walker.out.doubt("a statement that is only known while it runs");
    }
    if !only_reads(text) {
        walker.out.danger(format!("{} is given a statement that changes something", call.name));
    }
}

fn only_reads(text: &str) -> bool {
    let Some(plain) = without_texts(text) else { return false };
    // How mysql is told to print a row over several lines.
    let plain = plain.trim_end().trim_end_matches("\\G").trim_end_matches("\\g").to_owned();
    plain.split(';').map(str::trim).filter(|statement| !statement.is_empty()).all(|statement| {
        let meta = ["\\d", "\\l", "\\conninfo", "\\timing", "\\x", ".tables", ".schema", ".databases", ".indexes"];
        if meta.iter().any(|start| statement.starts_with(start)) {
            return !statement.contains(['|', '`', '!']);
        }
        let lower = statement.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        READS.contains(&first)
            && !statement.contains('\\')
            && words.all(|word| !CHANGES.contains(&word) && !is_power(word))
    })
}

/// Functions that reach beyond the data.
fn is_power(word: &str) -> bool {
    const LOOKS: [&str; 14] = [
        "pg_size_pretty",
        "pg_database_size",
        "pg_total_relation_size",
        "pg_relation_size",
        "pg_stat_activity",
        "pg_stat_replication",
        "pg_stat_user_tables",
        "pg_tables",
        "pg_indexes",
        "pg_roles",
        "pg_database",
        "pg_settings",
        "pg_locks",
        "pg_namespace",
    ];
    let reaches = ["pg_", "lo_", "dblink", "xp_", "sys_", "query_to_xml", "nextval", "setval"]
        .iter()
        .any(|start| word.starts_with(start));
    let looks = LOOKS.contains(&word)
        || [
            "pg_stat_",
            "pg_class",
            "pg_catalog",
            "pg_attribute",
            "pg_index",
            "pg_type",
            "pg_proc",
            "pg_is_in_recovery",
            "pg_extension",
        ]
        .iter()
        .any(|start| word.starts_with(start) && word != "pg_stat_reset" && word != "pg_stat_file");
    reaches && !looks
}

/// The statements without texts, quoted names and comments; `None` if one does not end.
fn without_texts(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => loop {
                match chars.next()? {
                    '\\' => return None,
                    end if end == c => break,
                    _ => {}
                }
            },
            '-' if chars.peek() == Some(&'-') => while chars.next_if(|c| *c != '\n').is_some() {},
            // Comments that some servers run, and quotes with a tag.
            '/' if chars.peek() == Some(&'*') => return None,
            '$' if chars.peek().is_some_and(|c| *c == '$' || c.is_alphabetic()) => return None,
            '`' | '#' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}
