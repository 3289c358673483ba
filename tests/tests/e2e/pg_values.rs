//! Values that drivers bind decide whether a statement is limited: `LIKE $1` with `%`, `LIMIT $1` with NULL, `id = $1 OR $2` with
//! true. They do so in whichever format they come, with psycopg and asyncpg, and a statement that its values do limit runs.

use std::collections::BTreeMap;

use e2e::{World, world::Wishes};
use serde_json::{Value, json};

/// A limit on reads beside the rules of a fresh install.
const RULES: &str = r#"
@id("no-open-reads") @reason("open read") forbid (principal, action == Action::"Invoke", resource)
when { context.verbs.contains("select") && context.reads.contains("public.customers") && !context.bounded };
"#;

/// What each client came to for each case: the state and the message.
fn said(world: &World, cases: &[(&str, Value)]) -> BTreeMap<(String, usize), (String, String)> {
    let (alice, port) = (world.alice(), world.site.ports.postgres.to_string());
    let dsn = world.dsn(alice, "shop-db");
    let cases =
        json!(cases.iter().map(|(statement, values)| json!([statement, values])).collect::<Vec<_>>()).to_string();
    let ca = world.site.ca_file();
    let ca = ca.to_str().unwrap();
    let run =
        world.python("values.py", &[&dsn, "127.0.0.1", &port, &alice.subject, &alice.ticket, "shop-db", ca, &cases]);
    let lines = run.ok().out;
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.map(|row| {
        let number = usize::try_from(row["case"].as_u64().unwrap()).unwrap();
        ((text(&row, "client"), number), (text(&row, "state"), text(&row, "message")))
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_limits_nothing_makes_a_statement_one_without_limit() {
    let policy = format!("{}{RULES}", policy::DEFAULT);
    let world = World::start_with(Wishes { policy: Some(policy), ..Default::default() }).await;
    let everything = "2147483647";
    let stopped = [
        ("DELETE FROM orders WHERE item LIKE $1::text", json!(["%"])),
        ("DELETE FROM orders WHERE item LIKE '%' || $1::text || '%'", json!([""])),
        ("DELETE FROM orders WHERE item ILIKE concat($1::text, '%')", json!([""])),
        ("DELETE FROM orders WHERE item ~ $1::text", json!([".*"])),
        ("DELETE FROM orders WHERE id = 1 OR $1::bool", json!([true])),
        ("DELETE FROM orders WHERE id = $1::int OR $2::bool", json!([1, true])),
        ("DELETE FROM orders WHERE id < $1::bigint", json!([everything.parse::<i64>().unwrap()])),
        ("DELETE FROM orders WHERE $1::int IS NULL OR id = $1::int", json!([null])),
        ("DELETE FROM orders WHERE $1::text = $2::text", json!(["a", "a"])),
        ("DELETE FROM orders WHERE id % $1::int = 0", json!([1])),
        ("DELETE FROM orders WHERE id * $1::int = 0", json!([0])),
        ("UPDATE orders SET item = 'x' WHERE item <> $1::text", json!([""])),
        ("UPDATE orders SET item = 'x' WHERE item >= $1::text", json!([""])),
        ("SELECT * FROM customers LIMIT $1::bigint", json!([null])),
        ("SELECT * FROM customers LIMIT $1::bigint", json!([1_000_000_000])),
        ("SELECT * FROM customers WHERE name LIKE $1::text", json!(["%%"])),
        ("SELECT * FROM customers WHERE $1::text IS NULL OR name = $1::text", json!([null])),
    ];
    let passed = [
        ("DELETE FROM orders WHERE item LIKE $1::text", json!(["nothing like it%"])),
        ("DELETE FROM orders WHERE item LIKE '%' || $1::text || '%'", json!(["nothing like it"])),
        ("DELETE FROM orders WHERE item ILIKE concat($1::text, '%')", json!(["nothing like it"])),
        ("DELETE FROM orders WHERE item ~ $1::text", json!(["^nothing like it"])),
        ("DELETE FROM orders WHERE id = $1::int OR $2::bool", json!([-1, false])),
        ("DELETE FROM orders WHERE id < $1::bigint", json!([-7])),
        ("DELETE FROM orders WHERE $1::int IS NULL OR id = $1::int", json!([-1])),
        ("DELETE FROM orders WHERE ($1::text = '' OR item = $1::text)", json!(["nothing like it"])),
        ("DELETE FROM orders WHERE id % $1::int = 0 AND id = $2::int", json!([1, -1])),
        ("UPDATE orders SET item = 'x' WHERE id = $1::int AND item <> $2::text", json!([-1, ""])),
        ("SELECT * FROM customers LIMIT $1::bigint", json!([5])),
        ("SELECT * FROM customers ORDER BY id LIMIT $1::bigint OFFSET $2::bigint", json!([50, 20])),
        ("SELECT * FROM customers WHERE name LIKE $1::text", json!(["Ann%"])),
        ("SELECT * FROM customers WHERE $1::text IS NULL OR name = $1::text", json!(["Ann"])),
    ];
    let all: Vec<(&str, Value)> = stopped.iter().chain(&passed).cloned().collect();
    let said = said(&world, &all);
    for client in ["psycopg t", "psycopg b", "asyncpg"] {
        for (number, case) in all.iter().enumerate() {
            let (state, message) = &said[&(client.to_owned(), number)];
            if number < stopped.len() {
                let by_us = state == "42501" && message.contains("sallyport");
                assert!(by_us, "{client}: {case:?}: {state} {message}");
            } else {
                assert_eq!(state, "ok", "{client}: {case:?}: {message}");
            }
        }
    }
    // Nothing of what was stopped was done.
    let count = world.direct_psql().args(["-tA", "-c", "SELECT count(*) > 0 FROM orders"]).ok().out;
    assert_eq!(count.trim(), "t");
}
