//! Clients of databases: which words of the command line are statements, and what else tells them what to run.

use super::{
    call::Call,
    documents,
    statements::read,
    walk::{Stdin, Walker},
    word::Word,
};

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
        "clickhouse-client" if call.flag('q') || call.options().any(|text| text.starts_with("--query")) => {
            sql(walker, call, &[("-q", "--query")], &[], &["--queries-file", "--config", "-C", "--multiquery", "-n"])
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
    match walker.stdin.clone() {
        // Nothing but statements: orders to the client begin with a backslash.
        Stdin::Text(text) if !found && call.name == "psql" && !text.contains('\\') => {
            read(walker, call, &Word::plain(text))
        }
        _ if !found => walker.out.doubt(format!("{} takes statements from its input", call.name)),
        _ => {}
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
