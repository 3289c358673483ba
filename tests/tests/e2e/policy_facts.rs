//! Each fact about a call can decide: one rule for each, a call that it stops and one like it that passes, through the real clients.

use std::fmt::Write as _;

use e2e::{World, eventually, world::Wishes};

const BASE: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"#;

/// A condition, a call that it holds for, and one that it does not hold for.
type Case = (&'static str, &'static str, &'static str);

/// A world with a rule `fact-N` for each case on one connection, and one that says when they are in force.
async fn world(connection: &str, cases: &[Case]) -> World {
    let mut rules = BASE.to_owned();
    for (number, (condition, ..)) in cases.iter().enumerate() {
        let _ = writeln!(
            rules,
            "@id(\"fact-{number}\") @reason(\"stopped by fact {number}.\") forbid (principal, action == Action::\"Invoke\", resource in Connection::\"{connection}\") when {{ {condition} }};"
        );
    }
    World::start_with(Wishes { policy: Some(rules), ..Wishes::default() }).await
}

/// Checks each case; `call` gives what the client saw.
fn check(cases: &[Case], call: impl Fn(&str) -> String) {
    for (number, (condition, stopped, passed)) in cases.iter().enumerate() {
        let told = format!("stopped by fact {number}.");
        let said = call(stopped);
        assert!(said.contains(&told), "{condition}: {stopped}: {}", said.get(..400).unwrap_or(&said));
        let said = call(passed);
        assert!(!said.contains(&told), "{condition}: {passed}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_about_a_statement_decides_in_psql() {
    let cases: &[Case] = &[
        (
            r#"context.verbs.contains("merge")"#,
            "MERGE INTO orders o USING customers c ON false WHEN MATCHED THEN DO NOTHING",
            "SELECT 1",
        ),
        (r#"context.verbs.contains("maintain")"#, "REINDEX TABLE orders", "SELECT 2"),
        (r#"context.ddl.contains("create view")"#, "CREATE VIEW v1 AS SELECT 1", "CREATE TEMP TABLE t1 (a int)"),
        (
            r#"context.reads.contains("public.orders")"#,
            "WITH o AS (TABLE orders) SELECT count(*) FROM o",
            "SELECT 'orders'",
        ),
        (
            r#"context.writes.contains("public.customers")"#,
            "UPDATE customers SET name = name WHERE id = 1",
            "SELECT 3 FROM customers LIMIT 1",
        ),
        (
            r#"context.columns.contains("public.customers.ssn")"#,
            "SELECT x.s FROM (SELECT ssn AS s FROM customers) x LIMIT 1",
            "SELECT name FROM customers LIMIT 1",
        ),
        (r#"context.calls.contains("pg_catalog.upper")"#, "SELECT /* */ U&\"\\0075pper\"('a')", "SELECT lower('A')"),
        (
            r#"!context.filtered && context.verbs.contains("delete")"#,
            "DELETE FROM orders WHERE 1 = 1 OR id = 5",
            "DELETE FROM orders WHERE id = -5",
        ),
        (r#"!context.bounded"#, "SELECT note FROM customers WHERE id = id", "SELECT note FROM customers WHERE id = 1"),
        (r#"context.cascade"#, "DROP SCHEMA IF EXISTS nowhere CASCADE", "DROP SCHEMA IF EXISTS nowhere"),
        (r#"context.external.contains("program")"#, "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO STDOUT"),
        (r#"context.external.contains("file")"#, "SELECT pg_read_file('PG_VERSION')", "SELECT 'pg_read_file'"),
        (r#"context.settings.contains("work_mem")"#, "SET work_mem = '8MB'", "SHOW work_mem"),
        (r#"context.dynamic"#, "DO $$ BEGIN EXECUTE 'SELECT ' || version(); END $$", "DO $$ BEGIN PERFORM 1; END $$"),
        (r#"context.statements > 1"#, "SELECT 4; SELECT 5", "SELECT 6"),
        (r#"context.unknown"#, "EXECUTE never_prepared", "SELECT 7"),
        (r#"context.rows > 20"#, "SELECT id FROM customers a LIMIT 21", "SELECT id FROM customers a LIMIT 20"),
        (
            r#"context.bytes > 100000"#,
            "SELECT repeat('a', 60000) FROM generate_series(1, 19) b LIMIT 19",
            "SELECT repeat('a', 10)",
        ),
    ];
    let world = world("shop-db", cases).await;
    eventually("the rules", || {
        world.psql().args(["-c", "SELECT 4; SELECT 5"]).output().err.contains("stopped by").then_some(())
    });
    check(cases, |statement| {
        let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA", "-c", statement]).output();
        run.out + &run.err
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_about_a_command_decides_in_ssh() {
    let cases: &[Case] = &[
        (r#"context.commands.contains("uptime")"#, "sh -c 'true; /usr/bin/upt\"\"ime'", "echo uptime"),
        (r#"context.verbs.contains("as-other-user")"#, "sudo -n true", "echo sudo"),
        (r#"context.verbs.contains("disguise")"#, "echo a | rev", "echo a"),
        (r#"context.reads.contains("/etc/hostname")"#, "cat /etc//./hostname", "cat /etc/os-release"),
        (r#"context.writes.contains("/tmp/written-by-fact")"#, "echo a > /tmp/written-by-fact", "echo a > /dev/null"),
        (r#"context.external.contains("network")"#, "curl -s http://127.0.0.1:1/", "echo curl"),
        (r#"context.hosts.contains("127.0.0.2:9")"#, "curl -s http://127.0.0.2:9/", "curl -s http://127.0.0.1:9/"),
        (r#"context.dynamic"#, "X=tr; ${X}ue", "true"),
        (r#"context.effect == "admin""#, "rm -rf /nowhere/at/all", "ls /nowhere"),
        (r#"context.functions.contains("exec") && context.unknown"#, "if then", "true"),
    ];
    let world = world("web-1", cases).await;
    eventually("the rules", || {
        world.ssh(&["rm -rf /nowhere/at/all"]).output().err.contains("stopped by").then_some(())
    });
    check(cases, |command| {
        let run = world.ssh(&[command]).output();
        run.out + &run.err
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_about_a_request_decides_in_curl() {
    let cases: &[Case] = &[
        (r#"context.functions.contains("export_customers")"#, "/shop-api/%65xports/customers", "/shop-api/customers/1"),
        (r#"context.verbs.contains("DELETE")"#, "-X DELETE /shop-api/echo", "-X PUT -d {} /shop-api/echo"),
        (r#"context.paths.contains("/customers/7")"#, "/shop-api/customers/%37", "/shop-api/customers/8"),
        (
            r#"context.arguments has limit && context.arguments.limit == 3"#,
            "/shop-api/customers?l%69mit=3",
            "/shop-api/customers?limit=4",
        ),
        (
            r#"context.arguments has amount_cents && context.arguments.amount_cents > 900"#,
            r#"-d {"amount_cents":901,"order_id":1} /shop-api/refunds"#,
            r#"-d {"amount_cents":900,"order_id":1} /shop-api/refunds"#,
        ),
        (
            r#"context.effect == "write" && context.arguments has reason"#,
            r#"-d {"amount_cents":1,"order_id":1,"\u0072eason":"x"} /shop-api/refunds"#,
            "/shop-api/customers/2",
        ),
    ];
    let world = world("shop-api", cases).await;
    let ask = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        let path = words.pop().unwrap_or_default();
        if line.contains("-d ") {
            words.extend(["-H", "Content-Type: application/json"]);
        }
        world.curl(path, &words).output().out
    };
    eventually("the rules", || ask("/shop-api/customers/7").contains("stopped by").then_some(()));
    check(cases, ask);
    // What cannot be read does not get past rules that look at arguments.
    let said = ask("-H Content-Type:image/png --data-binary x /shop-api/sink");
    assert!(said.contains("not all of it could be read"), "{said}");
}
