//! What `sql` says a statement does, against what a real PostgreSQL says: plans, event triggers, statistics and read-only
//! transactions. Facts may be stricter than the server, never looser.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::{
    collections::{BTreeSet, HashMap},
    net::TcpListener,
    path::Path,
};

use sallyport::demo::targets::Postgres;
use sql::{Catalog, Effect, Facts, Session, catalog::LOAD};
use tokio_postgres::{Client, SimpleQueryMessage};

const SCHEMA: &str = "
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE TABLE public.orders (id int PRIMARY KEY, customer_id int, status text, total numeric, created_at timestamptz);
CREATE TABLE app.orders (id int PRIMARY KEY, note text);
CREATE TABLE public.customers (id int PRIMARY KEY, name text, email text);
CREATE TABLE public.archive (LIKE public.orders);
CREATE TABLE other.hidden (id int, secret text);
CREATE TABLE other.events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE other.events_2024 PARTITION OF other.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW public.buyers AS SELECT c.id, c.email, o.total FROM customers c JOIN orders o ON o.customer_id = c.id;
CREATE VIEW public.best AS SELECT * FROM buyers WHERE total > 100;
CREATE FUNCTION public.peek(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT secret FROM other.hidden WHERE id = $1';
CREATE SEQUENCE public.s;
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE log (tag text, kind text, name text);
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    INSERT INTO public.log VALUES (r.command_tag, r.object_type, r.object_identity); END LOOP; END $$;
CREATE FUNCTION note_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() WHERE original LOOP
    INSERT INTO public.log VALUES (tg_tag, r.object_type, r.object_identity); END LOOP; END $$;
CREATE EVENT TRIGGER notes ON ddl_command_end EXECUTE FUNCTION note_ddl();
CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION note_drop();
";

/// Statements whose plan tells what they touch.
const PLANNED: &[&str] = &[
    "SELECT * FROM orders",
    "SELECT * FROM app.orders",
    "SELECT * FROM \"orders\" AS o WHERE o.id = 1",
    "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id",
    "SELECT * FROM orders NATURAL JOIN customers",
    "SELECT * FROM buyers",
    "SELECT * FROM best WHERE id = 1",
    "SELECT (SELECT max(total) FROM archive), id FROM customers WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id)",
    "WITH orders AS (SELECT * FROM customers) SELECT * FROM orders",
    "WITH x AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM x JOIN archive USING (id)",
    "WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT o.id FROM orders o JOIN r ON o.id = r.id + 1) SELECT * FROM r",
    "SELECT * FROM orders UNION SELECT * FROM archive ORDER BY 1 LIMIT 3",
    "SELECT peek(1)",
    "SELECT * FROM peek(1) p, customers",
    "SELECT * FROM other.events",
    "SELECT * FROM customers c CROSS JOIN LATERAL (SELECT * FROM orders o WHERE o.customer_id = c.id LIMIT 1) l",
    "TABLE archive",
    "VALUES ((SELECT count(*) FROM orders))",
    "SELECT count(*) FILTER (WHERE id IN (SELECT id FROM archive)) FROM orders",
    "INSERT INTO archive SELECT * FROM orders",
    "INSERT INTO orders (id) VALUES ((SELECT max(id) FROM archive)) ON CONFLICT (id) DO UPDATE SET total = 1",
    "INSERT INTO other.events VALUES (1, '2024-05-05')",
    "UPDATE orders SET total = 1",
    "UPDATE orders o SET total = c.id FROM customers c WHERE c.id = o.customer_id",
    "UPDATE orders SET total = (SELECT count(*) FROM archive) WHERE id = 1",
    "DELETE FROM orders",
    "DELETE FROM orders USING customers c WHERE c.id = customer_id",
    "DELETE FROM ONLY app.orders WHERE id IN (SELECT id FROM archive)",
    "WITH d AS (DELETE FROM orders RETURNING *) INSERT INTO archive SELECT * FROM d",
    "WITH u AS (UPDATE app.orders SET note = '' RETURNING id) SELECT * FROM u JOIN customers USING (id)",
    "MERGE INTO orders o USING customers c ON c.id = o.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (c.id)",
    "SELECT * FROM orders FOR UPDATE",
    "DELETE FROM U&\"\\006frders\" WHERE E'\\x61' = 'a'",
    "select/**/id from -- x\n \"public\" . orders",
];

/// DDL that event triggers report, and the search path it runs under.
const DEFINING: &[&str] = &[
    "CREATE TABLE fresh (id serial PRIMARY KEY, c int REFERENCES customers (id))",
    "CREATE TABLE app.fresh AS SELECT * FROM orders",
    "SELECT * INTO fresh FROM orders",
    "CREATE TEMP TABLE fresh (id int)",
    "CREATE VIEW v AS SELECT 1 AS x",
    "CREATE MATERIALIZED VIEW mv AS SELECT * FROM orders",
    "CREATE INDEX i ON orders (lower(status))",
    "CREATE SEQUENCE app.q",
    "CREATE SCHEMA fresh",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE pr() LANGUAGE plpgsql AS 'BEGIN NULL; END'",
    "CREATE TYPE t2 AS (a int)",
    "CREATE DOMAIN d2 AS int",
    "CREATE POLICY pol ON orders USING (true)",
    "CREATE RULE ru AS ON DELETE TO archive DO INSTEAD NOTHING",
    "CREATE STATISTICS st ON id, status FROM orders",
    "CREATE PUBLICATION pub FOR TABLE orders",
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "ALTER TABLE orders ADD COLUMN x int, DROP COLUMN status",
    "ALTER TABLE orders RENAME TO orders2",
    "ALTER TABLE orders RENAME COLUMN status TO state",
    "ALTER TABLE orders SET SCHEMA app2",
    "ALTER TYPE mood ADD VALUE 'b'",
    "ALTER FUNCTION peek(int) VOLATILE",
    "ALTER SEQUENCE s RESTART",
    "ALTER VIEW best RENAME TO worst",
    "COMMENT ON TABLE orders IS 'x'",
    "GRANT SELECT ON orders TO public",
    "REVOKE ALL ON ALL TABLES IN SCHEMA app FROM public",
    "REFRESH MATERIALIZED VIEW none",
    "DROP TABLE app.orders",
    "DROP TABLE orders, archive CASCADE",
    "DROP VIEW best",
    "DROP SCHEMA other CASCADE",
    "DROP FUNCTION peek(int)",
    "DROP SEQUENCE s",
    "DROP TYPE mood",
    "DO $$ BEGIN EXECUTE 'drop ' || 'table archive'; END $$",
    "DO $$ BEGIN DROP TABLE archive; CREATE TABLE fresh (a int); END $$",
];

async fn server(folder: &Path) -> (Postgres, Client) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Postgres::start(folder, port).await.unwrap();
    let client = server.superuser("postgres").await.unwrap();
    client.batch_execute("CREATE DATABASE facts").await.unwrap();
    let client = server.superuser("facts").await.unwrap();
    client.batch_execute(SCHEMA).await.unwrap();
    (server, client)
}

async fn catalog(client: &Client) -> Catalog {
    let messages = client.simple_query(LOAD).await.unwrap();
    let rows: Vec<String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    Catalog::read(1, rows.iter().map(String::as_str)).unwrap()
}

/// Relations in a plan: those written, and all.
fn in_plan(plan: &serde_json::Value, written: &mut BTreeSet<String>, all: &mut BTreeSet<String>) {
    match plan {
        serde_json::Value::Array(items) => items.iter().for_each(|item| in_plan(item, written, all)),
        serde_json::Value::Object(fields) => {
            if let (Some(schema), Some(name)) = (plan["Schema"].as_str(), plan["Relation Name"].as_str()) {
                all.insert(format!("{schema}.{name}"));
                if plan["Node Type"] == "ModifyTable" {
                    written.insert(format!("{schema}.{name}"));
                }
            }
            fields.values().for_each(|value| in_plan(value, written, all));
        }
        _ => {}
    }
}

/// Partitions stand in a plan for the table they are of.
fn whole(name: &str) -> String {
    if name.starts_with("other.events") { "other.events".to_owned() } else { name.to_owned() }
}

fn names(set: &BTreeSet<sql::Name>) -> BTreeSet<String> {
    set.iter().map(ToString::to_string).collect()
}

/// Relations that the server's plan writes, and all of them.
async fn planned(client: &Client, statement: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let text = format!("EXPLAIN (FORMAT JSON, VERBOSE) {statement}");
    let messages = match client.simple_query(&text).await {
        Ok(messages) => messages,
        Err(error) => panic!("{statement}: {error:?}"),
    };
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    let plan = rows.collect::<Vec<_>>().join("\n");
    let (mut written, mut all) = (BTreeSet::new(), BTreeSet::new());
    in_plan(&serde_json::from_str(&plan).unwrap(), &mut written, &mut all);
    (written, all)
}

async fn compare_plans(client: &Client, session: &Session, catalog: &Catalog) {
    for statement in PLANNED {
        let facts = session.read(statement, Some(catalog)).facts.clone();
        let (written, all) = planned(client, statement).await;
        let (writes, reads) = (names(&facts.writes), names(&facts.reads));
        let seen = |name: &String| {
            let plain = if name.starts_with("pg_temp") {
                "pg_temp.".to_owned() + name.split('.').nth(1).unwrap()
            } else {
                whole(name)
            };
            (writes.contains(&plain), reads.contains(&plain))
        };
        for name in &written {
            assert!(seen(name).0, "{statement}: the server writes {name}, facts say {writes:?}");
        }
        for name in &all {
            assert!(
                seen(name) != (false, false),
                "{statement}: the server reads {name}, facts say {reads:?}, {writes:?}"
            );
        }
        assert!(facts.unknown.is_none(), "{statement}: {:?}", facts.unknown);
        assert_eq!(written.is_empty(), facts.writes.is_empty(), "{statement}: {facts:?}");
    }
}

#[tokio::test]
async fn facts_name_every_relation_that_the_plan_does() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, client) = server(folder.path()).await;
    let catalog = catalog(&client).await;
    let mut session = Session::new("postgres");
    compare_plans(&client, &session, &catalog).await;
    for change in [
        "SET search_path = app, public",
        "SELECT set_config('search_path', 'public, app', false)",
        "CREATE TEMP TABLE orders (id int PRIMARY KEY, customer_id int, status text, total numeric, created_at timestamptz)",
        "SET search_path = public, pg_temp",
        "DROP TABLE pg_temp.orders",
        "RESET search_path",
    ] {
        let reading = session.read(change, Some(&catalog));
        client.batch_execute(change).await.unwrap();
        session.ran(&reading);
        // Statements over `orders` now mean others; not all of them fit its columns.
        for statement in [
            "SELECT * FROM orders",
            "DELETE FROM orders",
            "WITH d AS (DELETE FROM orders RETURNING id) SELECT * FROM d",
        ] {
            let (_, all) = planned(&client, statement).await;
            let facts = session.read(statement, Some(&catalog)).facts.clone();
            let found: BTreeSet<String> = names(&facts.reads).union(&names(&facts.writes)).cloned().collect();
            let server: BTreeSet<String> = all
                .iter()
                .map(|n| if n.starts_with("pg_temp") { "pg_temp.orders".to_owned() } else { n.clone() })
                .collect();
            assert_eq!(found, server, "{statement} after {change}");
        }
    }
}

#[tokio::test]
async fn facts_name_every_command_that_event_triggers_do() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, client) = server(folder.path()).await;
    let catalog = catalog(&client).await;
    let session = Session::new("postgres");
    let mut compared = 0;
    for statement in DEFINING {
        let facts = session.read(statement, Some(&catalog)).facts.clone();
        assert!(facts.effect() >= Effect::Write, "{statement}: {:?}", facts.effect());
        client.batch_execute("BEGIN").await.unwrap();
        let ran = client.batch_execute(statement).await.is_ok();
        if ran {
            for row in client.query("SELECT tag, kind, name FROM public.log", &[]).await.unwrap() {
                compared += usize::from(covers(statement, &facts, row.get(0), row.get::<_, Option<&str>>(2)));
            }
        }
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    assert!(compared >= 35, "only {compared} commands compared");
}

/// Does `facts` tell of a command with this tag on this object? Parts of other commands (a serial's sequence, a key's
/// index) are not told apart.
fn covers(statement: &str, facts: &Facts, tag: &str, object: Option<&str>) -> bool {
    let tag = tag.to_lowercase();
    let implied = statement.contains("serial") && tag != "create table";
    if implied || (statement.starts_with("ALTER TABLE") && tag.ends_with("index")) {
        return false;
    }
    let words: BTreeSet<String> =
        facts.verbs.iter().map(|v| serde_json::to_value(v).unwrap().as_str().unwrap().to_owned()).collect();
    let told = facts.ddl.contains(&tag)
        || ["comment", "grant", "revoke", "maintain"]
            .iter()
            .any(|verb| words.contains(*verb) && (tag.starts_with(verb) || tag.starts_with("refresh")))
        || (tag == "select into" && words.contains("create"))
        || (tag == "create table as" && facts.ddl.contains("create table"))
        || facts.ddl.iter().any(|ddl| ddl.split(' ').next() == tag.split(' ').next());
    assert!(told, "{statement}: the server did {tag}, facts say {:?} {words:?}", facts.ddl);
    // A GRANT names no object.
    let Some(object) = object else { return true };
    let last = object.split('(').next().unwrap().rsplit(['.', ' ']).next().unwrap().trim_matches('"');
    // These are told by the relation they are on.
    let on_relation = matches!(tag.as_str(), "create index" | "create statistics") && !facts.writes.is_empty();
    let named = on_relation
        || facts.writes.iter().any(|name| name.name == last || object.contains(&name.name) || name.name == "*");
    assert!(named, "{statement}: the server changed {object}, facts say {:?}", facts.writes);
    true
}

#[tokio::test]
async fn what_the_server_calls_a_write_is_never_a_read() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, client) = server(folder.path()).await;
    client
        .batch_execute(
            "CREATE TABLE t (id int, a int, name text); CREATE TABLE users (id int, name text, role text, email text)",
        )
        .await
        .unwrap();
    let mut texts: Vec<String> = PLANNED.iter().chain(DEFINING).map(|text| (*text).to_owned()).collect();
    for file in ["dangerous.sql", "benign.sql"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql/tests/corpus").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let blocks = text.split("\n--= ").skip(1).filter_map(|block| block.split_once('\n'));
        texts.extend(blocks.map(|(_, statement)| statement.trim().to_owned()));
    }
    let session = Session::new("postgres");
    let mut refused = 0;
    for text in &texts {
        if [
            "pg_sleep",
            "pg_terminate",
            "PROGRAM",
            "program",
            "lo_export",
            "LOAD",
            "COPY",
            "copy",
            "DATABASE",
            "DISCARD",
        ]
        .iter()
        .any(|word| text.contains(word))
        {
            continue;
        }
        // Some of the dangerous ones have no end; what they are not let do, the server says at once.
        client.batch_execute("BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = '3s'").await.unwrap();
        let result = client.batch_execute(text).await;
        let _ended = client
            .batch_execute("ROLLBACK; RESET ALL; RESET SESSION AUTHORIZATION; SELECT pg_advisory_unlock_all()")
            .await;
        if let Err(error) = result
            && error.code() == Some(&tokio_postgres::error::SqlState::READ_ONLY_SQL_TRANSACTION)
        {
            refused += 1;
            let effect = session.read(text, None).facts.effect();
            assert!(effect > Effect::Read, "{text}: {effect:?}");
        }
    }
    println!("{refused} of {} texts are writes for the server", texts.len());
    assert!(refused >= 60, "only {refused}");
}

/// What the server has counted for each relation and not reported yet: of this transaction, and of some before.
const COUNTED: &str =
    "SELECT schemaname || '.' || relname, seq_scan + coalesce(idx_scan, 0), n_tup_ins, n_tup_upd, n_tup_del
  FROM pg_stat_xact_user_tables WHERE relname <> 'log'";

/// Scans, and rows inserted, updated and deleted, for each relation.
async fn counted(client: &Client) -> HashMap<String, [i64; 4]> {
    let rows = client.query(COUNTED, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), [1, 2, 3, 4].map(|at| row.get::<_, Option<i64>>(at).unwrap_or(0)))).collect()
}

/// Rows for the statements to find.
const ROWS: &str = "
INSERT INTO public.orders SELECT i, i, 'new', i, now() FROM generate_series(1, 5) i;
INSERT INTO public.archive SELECT i, i, 'old', i, now() FROM generate_series(3, 7) i;
INSERT INTO app.orders SELECT i, 'x' FROM generate_series(1, 5) i;
INSERT INTO public.customers SELECT i, 'Ann', 'ann@example.com' FROM generate_series(1, 6) i;
INSERT INTO other.hidden VALUES (1, 'x');
INSERT INTO other.events VALUES (1, '2024-02-02');
";

#[tokio::test]
async fn facts_name_every_relation_and_verb_that_the_servers_statistics_count() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, client) = server(folder.path()).await;
    client.batch_execute(ROWS).await.unwrap();
    let catalog = catalog(&client).await;
    let session = Session::new("postgres");
    let mut compared = 0;
    for statement in PLANNED {
        let facts = session.read(statement, Some(&catalog)).facts.clone();
        let verb = |name: &str| {
            facts.verbs.iter().any(|verb| {
                let word = serde_json::to_value(verb).unwrap();
                word == name || word == "merge"
            })
        };
        let (writes, reads) = (names(&facts.writes), names(&facts.reads));
        client.batch_execute("BEGIN").await.unwrap();
        let before = counted(&client).await;
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        for (table, counts) in counted(&client).await {
            let was = before.get(&table).copied().unwrap_or_default();
            let [scanned, written @ ..] = [0, 1, 2, 3].map(|at| counts[at] > was[at]);
            let name = whole(&table);
            for (did, word) in written.into_iter().zip(["insert", "update", "delete"]) {
                assert!(!did || (writes.contains(&name) && verb(word)), "{statement}: {word} of {name}: {facts:?}");
                compared += usize::from(did);
            }
            let known = reads.contains(&name) || writes.contains(&name);
            assert!(!scanned || known, "{statement}: the server scanned {name}: {facts:?}");
            compared += usize::from(scanned);
        }
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    assert!(compared >= PLANNED.len(), "only {compared} counts compared");
}
