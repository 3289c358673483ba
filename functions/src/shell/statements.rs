//! Statements that a command line gives to a client of a database. Those for PostgreSQL are read with its own grammar; of
//! others just so much is read as tells that they only look, or change rows that they name.

use super::{call::Call, reading::Effect, walk::Walker, word::Word};

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

/// Relations of PostgreSQL that hold how people and services prove who they are, or how they are let in.
const PROOFS: [&str; 8] = [
    "pg_authid",
    "pg_file_settings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_shadow",
    "pg_subscription",
    "pg_user_mapping",
    "pg_user_mappings",
];

/// Reads a text of statements; what is not plainly known counts as changing much.
pub(super) fn read(walker: &mut Walker, call: Call<'_>, statement: &Word) {
    if statement.hole {
        return walker.out.doubt("a statement that is only known while it runs");
    }
    let text = statement.text.as_str();
    // A command of psql's own is its whole text.
    let own = text.trim_start().starts_with('\\');
    match (call.name, own) {
        ("psql", false) => postgres(walker, text),
        _ => match effect(text) {
            Some(effect) => walker.out.at_least(effect),
            None => walker.out.danger(format!("{} is given a statement that changes something", call.name)),
        },
    }
}

/// Without a catalog: what functions and views of the database do is not known, as little as for other programs of the target.
fn postgres(walker: &mut Walker, text: &str) {
    let reading = sql::Session::new("").read(text, None);
    let facts = &reading.facts;
    let has = |verbs: &[sql::Verb]| verbs.iter().any(|verb| facts.verbs.contains(verb));
    let out = &mut walker.out;
    if let Some(reason) = &facts.unknown {
        out.doubt(format!("psql is given a statement that cannot be read: {reason}"));
    }
    if facts.dynamic || has(&[sql::Verb::Call, sql::Verb::Do]) {
        out.doubt("psql is given a statement that is only known while it runs");
    }
    if !facts.filtered {
        out.danger("psql is given a statement that changes every row");
    }
    if has(&[sql::Verb::Truncate]) {
        out.danger("psql is given a statement that empties a table");
    }
    if facts.reads.iter().any(|name| PROOFS.contains(&name.name.as_str())) {
        out.danger("psql is given a statement that reads how people and services prove who they are");
    }
    match facts.effect() {
        sql::Effect::Session | sql::Effect::Read => {}
        sql::Effect::Write => out.at_least(Effect::Write),
        sql::Effect::Admin | sql::Effect::Unknown => {
            out.danger("psql is given a statement that changes structure, rights or the server");
        }
    }
}

/// What the statements do at most: read, or change rows that they name; `None` if that is not plain.
fn effect(text: &str) -> Option<Effect> {
    let plain = without_texts(text)?;
    // How mysql is told to print a row over several lines.
    let plain = plain.trim_end().trim_end_matches("\\G").trim_end_matches("\\g");
    let statements = plain.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    statements
        .map(|statement| match only_reads(statement) {
            true => Some(Effect::Read),
            false => changes_named_rows(statement).then_some(Effect::Write),
        })
        .try_fold(Effect::Read, |most, one| Some(most.max(one?)))
}

/// `pragma table_info(users)`: what SQLite says of itself, without a value that would be set.
fn asks_sqlite(statement: &str) -> bool {
    const ASKS: [&str; 14] = [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "foreign_key_list",
        "database_list",
        "integrity_check",
        "quick_check",
        "page_count",
        "page_size",
        "compile_options",
        "collation_list",
        "encoding",
    ];
    let lower = statement.to_lowercase();
    let asked = lower.strip_prefix("pragma ").map(str::trim_start).unwrap_or_default();
    ASKS.contains(&asked.split('(').next().unwrap_or_default().trim_end()) && !asked.contains('=')
}

fn only_reads(statement: &str) -> bool {
    if asks_sqlite(statement) {
        return true;
    }
    let meta = [
        "\\d",
        "\\l",
        "\\conninfo",
        "\\timing",
        "\\x",
        ".tables",
        ".schema",
        ".databases",
        ".indexes",
        ".indices",
        ".dump",
        ".fullschema",
        ".dbinfo",
        ".headers",
        ".mode",
        ".width",
        ".timer",
        ".stats",
        ".show",
        ".version",
        ".help",
    ];
    if meta.iter().any(|start| statement.starts_with(start)) {
        return !statement.contains(['|', '`', '!']);
    }
    let lower = statement.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    READS.contains(&words.next().unwrap_or_default())
        && !statement.contains('\\')
        && words.all(|word| !CHANGES.contains(&word) && !is_power(word))
}

/// `INSERT ... VALUES`, and `UPDATE` and `DELETE` whose first condition is a column that equals a constant. Servers read
/// conditions differently (`WHERE id`, `||`, texts as numbers), so that nothing else counts.
fn changes_named_rows(statement: &str) -> bool {
    let lower = statement.to_lowercase();
    let tokens = tokens(&lower);
    let harmless = |part: &[&str]| part.iter().all(|word| !CHANGES.contains(word) && !is_power(word) && *word != "\\");
    let rows = |from: &[&str]| match from.iter().position(|word| *word == "where") {
        Some(at) => {
            from.split_at_checked(at).is_some_and(|(before, condition)| harmless(before) && names_rows(condition))
        }
        None => false,
    };
    match tokens.as_slice() {
        ["insert", "into", table, rest @ ..] => {
            is_table(table) && harmless(rest) && rest.contains(&"values") && !rest.contains(&"select")
        }
        ["delete", "from", table, rest @ ..] => is_table(table) && rest.first() == Some(&"where") && rows(rest),
        ["update", table, "set", rest @ ..] => is_table(table) && !rest.contains(&"select") && rows(rest),
        _ => false,
    }
}

/// `where id = 7 and state = 'x' limit 1`.
fn names_rows(condition: &[&str]) -> bool {
    let mut condition = condition.strip_prefix(&["where"]).unwrap_or_default();
    let mut first = true;
    loop {
        let (column, sign, value, rest) = match condition {
            [column, "<" | ">", "=", value, rest @ ..] | [column, "<", ">", value, rest @ ..] => {
                (column, "<", value, rest)
            }
            [column, sign @ ("=" | "<" | ">"), value, rest @ ..] => (column, *sign, value, rest),
            _ => return false,
        };
        if !is_name(column) || !is_constant(value) || (first && sign != "=") {
            return false;
        }
        first = false;
        match rest {
            [] => return true,
            ["limit", count] => return is_constant(count),
            ["and", more @ ..] => condition = more,
            _ => return false,
        }
    }
}

/// A table that is not the server's own, under whatever schema is in use.
fn is_table(name: &str) -> bool {
    const SERVER: [&str; 14] = [
        "columns_priv",
        "db",
        "default_roles",
        "event",
        "func",
        "global_priv",
        "plugin",
        "proc",
        "procs_priv",
        "proxies_priv",
        "role_edges",
        "servers",
        "tables_priv",
        "user",
    ];
    let own = name.rsplit('.').next().unwrap_or(name);
    is_name(name) && !SERVER.contains(&own) && !own.starts_with("sqlite_") && !name.starts_with("mysql.")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// A number that is not nothing, or a text (`?`).
fn is_constant(word: &str) -> bool {
    word == "?" || (word.bytes().all(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte != b'0'))
}

/// Words (with the dots in them) and single other characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        found.push(token);
        rest = after.trim_start();
    }
    found
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

/// The statements without quoted names and comments, and with `?` for each text in single quotes; `None` if one does not end.
fn without_texts(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                loop {
                    match chars.next()? {
                        '\\' => return None,
                        end if end == c => break,
                        _ => {}
                    }
                }
                // A doubled quote goes on.
                plain.push(if c == '\'' && !plain.ends_with('?') { '?' } else { ' ' });
            }
            '-' if chars.peek() == Some(&'-') => {
                // MySQL takes `--1` for minus minus one.
                chars.next();
                if chars.peek().is_some_and(|c| !c.is_whitespace()) {
                    return None;
                }
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            // Comments that some servers run, and quotes with a tag.
            '/' if chars.peek() == Some(&'*') => return None,
            '$' if chars.peek().is_some_and(|c| *c == '$' || c.is_alphabetic()) => return None,
            '`' | '#' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use crate::shell::{Effect, read};

    #[test]
    fn statements_are_judged_by_what_they_change() {
        for line in [
            "psql -c 'DELETE FROM orders WHERE id = 7'",
            "psql shop -Atc \"UPDATE orders SET state = 'paid' WHERE id = 7 AND state = 'open'\"",
            "psql -c \"INSERT INTO notes (text) VALUES ('a; drop table x')\"",
            "psql --command=\"DELETE FROM orders WHERE id IN (1, 2) -- two\"",
            "mysql shop -e \"DELETE FROM orders WHERE id = 7 LIMIT 1\"",
            "mysql shop -e \"UPDATE orders SET state='paid', at = now() WHERE id=7 and state = 'it''s'\"",
            "mysql shop -e \"INSERT INTO notes (text) VALUES ('x')\"",
            "sqlite3 app.db \"DELETE FROM sessions WHERE expires < 9\" \"SELECT 1\"; true",
            "sqlite3 app.db \"UPDATE jobs SET state = 'new' WHERE id = 7\"",
        ] {
            let reading = read(line);
            let calm = reading.dynamic.is_empty() && reading.unknown.is_none() && reading.dangers.is_empty();
            let expected = if line.contains("expires <") { Effect::Admin } else { Effect::Write };
            assert_eq!((reading.effect, calm), (expected, expected == Effect::Write), "{line}");
        }
        for line in [
            "psql -c 'SELECT count(*) FROM orders'",
            "psql -c \"SELECT * FROM pg_stat_activity WHERE state = 'active' ORDER BY 1 LIMIT 5\"",
            "psql -c \"SELECT /* which */ replace(name, 'a', 'b') FROM t\"",
            "psql -c 'EXPLAIN SELECT 1'",
            "mysql -e 'SHOW TABLES'",
        ] {
            assert!(read(line).is_harmless(), "{line}: {:?}", read(line));
        }
        for line in [
            "psql -c 'DELETE FROM orders'",
            "psql -c 'DELETE FROM orders WHERE id = id'",
            "psql -c 'DELETE FROM orders WHERE true OR id = 7'",
            "psql -c 'TRUNCATE orders'",
            "psql -c 'DROP TABLE orders'",
            "psql -c \"SELECT 1; COPY t TO PROGRAM 'sh'\"",
            "psql -c \"SELECT pg_read_file('/etc/passwd')\"",
            "psql -c 'SELECT rolpassword FROM pg_authid'",
            "psql -c 'SELECT * FROM pg_shadow'",
            "psql -c \"DO 'begin end'\"",
            "psql -c 'CALL clean()'",
            "psql -c 'GRANT ALL ON orders TO eve'",
            "psql -c 'ALTER SYSTEM SET log_statement = none'",
            "psql -c 'SET ROLE postgres'",
            "psql -c 'DELETE FROM orders WHERE id = :id'",
            "psql -c '\\! rm x'",
            "psql -c \"DELETE FROM orders WHERE id = $(cat n)\"",
            "mysql -e 'DELETE FROM orders WHERE id'",
            "mysql -e 'DELETE FROM orders WHERE id = 7 || 1'",
            "mysql -e 'DELETE FROM orders WHERE id = 7 or 1=1'",
            "mysql -e 'DELETE FROM orders WHERE name = 0'",
            "mysql -e 'DELETE FROM orders WHERE 1 = 1'",
            "mysql -e 'DELETE FROM orders WHERE \"a\" = \"a\"'",
            "mysql -e 'DELETE FROM orders WHERE id = 7 --1 or 1=1'",
            "mysql -e 'SELECT 1 --1 INTO OUTFILE \"/tmp/x\"'",
            "mysql -e \"UPDATE mysql.user SET host = '%' WHERE user = 'app'\"",
            "mysql -e \"use mysql; UPDATE user SET host = '%' WHERE user = 'app'\"",
            "mysql -e \"DELETE FROM a WHERE id = 1; DROP TABLE b\"",
            "sqlite3 app.db \"UPDATE sqlite_master SET sql = 'x' WHERE name = 'y'\"",
            "sqlite3 app.db 'DELETE FROM t WHERE name = \"name\"'",
        ] {
            assert!(read(line).effect == Effect::Admin, "{line}: {:?}", read(line));
        }
    }
}
