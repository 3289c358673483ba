//! Policy through the real clients: what is refused never reaches the target, says why in the client's own protocol, and the
//! session lives on; a change counts for open sessions.

use std::time::{Duration, Instant};

use e2e::{Dialogue, World, eventually, world::Wishes};

/// The bundle of a fresh install.
async fn fresh() -> World {
    World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), ..Wishes::default() }).await
}

fn rows(world: &World, table: &str) -> String {
    world.direct_psql().args(["-tAc", &format!("SELECT count(*) FROM {table}")]).ok().out.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_of_a_fresh_install_lets_work_go_on_and_holds_what_can_hurt() {
    let world = fresh().await;
    let good = "SELECT 1; BEGIN; UPDATE customers SET name = name WHERE id = 1; COMMIT; SELECT count(*) FROM customers";
    assert!(world.psql().args(["-c", good]).ok().out.contains("UPDATE 1"));
    let before = rows(&world, "customers");
    let bad = [
        ("DELETE FROM orders", "hold-unfiltered-write"),
        ("delete/**/from orders where 1=1", "hold-unfiltered-write"),
        ("UPDATE customers SET name = 'x' WHERE id = id", "hold-unfiltered-write"),
        ("DROP TABLE customers CASCADE", "hold-structure"),
        ("SELECT 1; dRoP/* */tAbLe customers", "hold-structure"),
        ("TRUNCATE orders", "hold-truncate"),
        ("GRANT ALL ON customers TO PUBLIC", "hold-structure"),
        ("COPY customers TO PROGRAM 'cat > /tmp/x'", "refuse-program-or-file"),
        ("SELECT pg_read_file('/etc/passwd')", "refuse-program-or-file"),
        ("WITH gone AS (DELETE FROM customers RETURNING 1) SELECT count(*) FROM gone", "hold-unfiltered-write"),
        ("EXPLAIN ANALYZE DELETE FROM customers", "hold-unfiltered-write"),
        ("PREPARE p AS DELETE FROM customers; EXECUTE p", "hold-unfiltered-write"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'customers'; END $$", "hold-"),
        ("SELECT json_agg(c) FROM customers c", "hold-packed-export"),
        ("SELECT string_agg(email, ',') OVER () FROM customers LIMIT 1", "hold-packed-export"),
        ("SELECT ARRAY(SELECT email FROM customers)", "hold-packed-export"),
        ("PREPARE p AS DELETE FROM orders WHERE item LIKE $1; EXECUTE p('%')", "hold-unfiltered-write"),
        (
            "DELETE FROM orders WHERE id IN (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10000000) \
             SELECT n FROM r)",
            "hold-unfiltered-write",
        ),
        ("DELETE FROM orders WHERE id <@ int4range(0,2000000000)", "hold-unfiltered-write"),
        ("SELECT aws_lambda.invoke('f', '{}')", "hold-structure"),
        ("SELECT length(repeat(repeat('x', 100000), 100000))", "hold-structure"),
    ];
    for (statement, rule) in bad {
        let refused = world
            .psql()
            .args(["-v", "ON_ERROR_STOP=0", "-c", "\\set VERBOSITY verbose", "-c", statement, "-c", "SELECT 'alive'"])
            .output();
        let said = format!("{}{}", refused.out, refused.err);
        assert!(said.contains("42501") && said.contains(rule), "{statement}: {said}");
        assert!(said.contains("alive"), "the session lives on after {statement}: {said}");
    }
    assert_eq!(rows(&world, "customers"), before);
    assert!(rows(&world, "orders") != "0");
    for statement in [
        "CREATE TEMP TABLE own (id int); INSERT INTO own VALUES (1); DELETE FROM own; TRUNCATE own; SELECT 'through'",
        "SELECT json_agg(c.name), 'through' FROM customers c WHERE id = 1",
        "PREPARE p AS UPDATE orders SET item = item WHERE item LIKE $1; EXECUTE p('gift%'); SELECT 'through'",
    ] {
        assert!(world.psql().args(["-tAc", statement]).ok().out.contains("through"), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syntax_error_is_the_servers_own() {
    let world = fresh().await;
    let direct = world.direct_psql().args(["-c", "SELEC 1"]).output();
    let ours = world.psql().args(["-c", "SELEC 1"]).output();
    assert_eq!(ours.err, direct.err);
    assert!(ours.err.contains("syntax error at or near \"SELEC\"") && ours.err.contains("LINE 1"), "{}", ours.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_policy_counts_for_an_open_psql_within_five_seconds() {
    let world = World::start().await;
    let mut psql = Dialogue::psql(&world);
    psql.ask("SELECT 'first', count(*) FROM orders;", "first|");
    let no_orders = r#"@id("no-orders") @reason("orders are closed") forbid (principal, action == Action::"Invoke", resource)
        when { context.reads.contains("public.orders") };"#;
    world.policy("orders", no_orders);
    let changed = Instant::now();
    eventually("the refusal", || {
        psql.say("SELECT count(*) FROM orders;");
        psql.said("orders are closed")
    });
    assert!(changed.elapsed() < Duration::from_secs(5), "{:?}", changed.elapsed());
    psql.ask("SELECT 'other', count(*) FROM customers;", "other|");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_beyond_a_budget_are_refused_in_mid_stream() {
    let text = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("budget") @reason("no more than 1000 rows") forbid (principal, action == Action::"Invoke", resource) when { context.rows > 1000 };
"#;
    let world = World::start_with(Wishes { policy: Some(text.into()), ..Wishes::default() }).await;
    let fine = world.psql().args(["-tAc", "SELECT generate_series(1, 1000)"]).ok();
    assert_eq!(fine.out.lines().count(), 1000);
    let script = world.folder("budget").join("script.sql");
    std::fs::write(&script, "SELECT generate_series(1, 1000000);\nSELECT 'alive';\nCOPY (SELECT generate_series(1, 1000000)) TO STDOUT;\nSELECT 'still';\n").unwrap();
    let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA", "-f", script.to_str().unwrap()]).output();
    assert_eq!(run.err.matches("no more than 1000 rows").count(), 2, "{}", run.err);
    assert!(run.out.contains("alive") && run.out.contains("still"), "{}", run.out.len());
    assert!(run.out.lines().count() < 1100, "{} lines", run.out.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_policy_is_refused_with_its_position_and_the_old_one_stays() {
    let world = fresh().await;
    let file = world.folder("wrong").join("wrong.yaml");
    let text = "policies:\n  - name: shop\n    text: |\n      @id(\"x\")\n      forbid (principal, action == Action::\"Invoke\", resource) when { context.efect == \"read\" };\n";
    std::fs::write(&file, text).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("shop:2:") && refused.contains("efect"), "{refused}");
    let _rows = world.psql().args(["-c", "SELECT 1"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_rules_and_bundle_stand_in_the_record() {
    let world = fresh().await;
    let _held = world.psql().args(["-c", "DELETE FROM orders"]).output();
    let shown = eventually("the recording", || {
        let list = world.sallyport(world.carol(), &["sessions", "list", "--format", "json"]).ok().json();
        let id = list.as_array()?.iter().find(|row| row["connection"] == "shop-db")?["id"].as_str()?.to_owned();
        let shown = world.sallyport(world.carol(), &["sessions", "replay", &id, "--format", "json"]).ok().out;
        shown.contains("hold-unfiltered-write").then_some(shown)
    });
    assert!(shown.contains("SP-NEEDS-APPROVAL") && shown.contains("public.orders"), "{shown}");
    // The newest bundle is in the record of each call, refused or not, in every protocol.
    let another = r#"@id("another") forbid (principal == Person::"nobody", action == Action::"Invoke", resource);"#;
    world.policy("another", another);
    let told = world.api(world.carol(), "policies/bundle");
    let version = told["bundle"]["version"].as_u64().unwrap();
    // Its hash is that of what it says, and another one whenever that differs.
    let bundle: policy::Bundle = serde_json::from_value(told["bundle"].clone()).unwrap();
    assert_eq!((told["hash"].as_str().unwrap(), bundle.version), (bundle.hash().as_str(), version));
    let mut other = bundle.clone();
    other.documents.retain(|document| document.name != "another");
    assert_ne!(other.hash(), bundle.hash());
    for connection in ["shop-db", "web-1", "shop-api"] {
        eventually("the bundle in the record", || {
            let _called = match connection {
                "shop-db" => world.psql().args(["-c", "SELECT 1"]).output(),
                "web-1" => world.ssh(&["true"]).output(),
                _ => world.curl("/shop-api/customers/1", &[]).output(),
            };
            let newest = world.session_ids(connection).into_iter().next()?;
            let events = world.sallyport(world.carol(), &["sessions", "replay", &newest, "--format", "json"]).ok().out;
            let mut events = events.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            let named = |event: &serde_json::Value| {
                event["kind"] == "request" && event["bundle"].as_u64() == Some(version) && event["rules"].is_array()
            };
            events.any(|event| named(&event)).then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ai_agent_needs_a_right_of_its_own_besides_that_of_whom_it_acts_for() {
    let world = fresh().await;
    let minted = world
        .sallyport(world.alice(), &["ticket", "--actor", "ai:reporter", "--reason", "INC-7", "--format", "json"])
        .ok()
        .json();
    let ticket = minted["ticket"].as_str().unwrap().to_owned();
    let dsn = world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, &ticket);
    let as_reporter = |sql: &str| e2e::Run::new("psql").args(["-X", "-tA", "-c", sql, &dsn]).output();
    assert!(as_reporter("SELECT 1").err.contains("SP-NO-ACCESS"), "no policy names the agent");
    let allowed = r#"
@id("reporter-connects") permit (principal == Ai::"reporter", action == Action::"Connect", resource == Connection::"shop-db")
when { context has reason && context.reason like "INC-*" };
@id("reporter-reads") permit (principal == Ai::"reporter", action in [Action::"Invoke", Action::"RunUnapproved"], resource in Connection::"shop-db")
when { context.effect == "read" && context.actor == "ai" };
"#;
    world.policy("reporter", allowed);
    assert_eq!(as_reporter("SELECT 1").out.trim(), "1");
    let refused = as_reporter("UPDATE customers SET name = name WHERE id = 1");
    assert!(refused.err.contains("reporter"), "what Alice may do herself, her agent may not: {}", refused.err);
    assert!(world.psql().args(["-c", "UPDATE customers SET name = name WHERE id = 1"]).ok().out.contains("UPDATE 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_a_document_are_functions_with_typed_arguments() {
    let world = fresh().await;
    assert!(world.curl("/shop-api/customers/1", &[]).ok().out.contains("\"id\""));
    let refund = |cents: u32| {
        let body = format!("{{\"order_id\": 1, \"amount_cents\": {cents}}}");
        world.curl("/shop-api/refunds", &["-i", "-H", "Content-Type: application/json", "-d", &body]).output().out
    };
    let held = refund(100);
    assert!(held.contains(" 403") && held.contains("hold-money") && held.contains("SP-NEEDS-APPROVAL"), "{held}");
    let limit = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("big-refunds") @reason("refunds over 5.00 are finance's")
forbid (principal, action == Action::"RunUnapproved", resource == Function::"shop-api/issue_refund")
when { context.arguments has amount_cents && context.arguments.amount_cents > 500 };
"#;
    world.policy("default", limit);
    eventually("the new bundle", || refund(500).contains(" 201").then_some(()));
    let held = refund(501);
    assert!(held.contains(" 403") && held.contains("big-refunds"), "{held}");
    let misspelt = limit.replace("amount_cents", "amount_cent");
    let file = world.folder("misspelt").join("policy.json");
    let document = serde_json::json!({ "policies": [{ "name": "default", "text": misspelt }] });
    std::fs::write(&file, document.to_string()).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("its arguments are amount_cents, order_id, reason"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_about_a_table_holds_behind_views_and_functions_and_whatever_the_search_path() {
    let world = World::start().await;
    let made = "CREATE SCHEMA quiet; CREATE VIEW quiet.people AS SELECT id, name FROM customers;
        CREATE VIEW quiet.friends AS SELECT * FROM quiet.people WHERE id < 10;
        CREATE MATERIALIZED VIEW quiet.kept AS SELECT name FROM quiet.friends;
        CREATE TABLE quiet.orders (LIKE public.orders);
        CREATE VIEW quiet.notes AS SELECT name FROM customers;
        CREATE TABLE notes (name text);
        CREATE FUNCTION quiet.peek(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM public.customers WHERE id = $1';
        CREATE FUNCTION quiet.count_all() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM public.customers); END $$;
        CREATE FUNCTION quiet.wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM quiet.orders';
        CREATE FUNCTION quiet.sum_up(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'";
    let _made = world.direct_psql().args(["-c", made]).ok();
    let rules = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("no-customers") @reason("customers are closed") forbid (principal, action == Action::"Invoke", resource)
when { context.reads.contains("public.customers") || context.writes.contains("public.customers") };
@id("no-wiping") @reason("no wiping") forbid (principal, action == Action::"Invoke", resource)
when { context.verbs.contains("delete") && !context.filtered };
"#;
    world.policy("default", rules);
    eventually("the rules", || {
        world.psql().args(["-c", "SELECT 1 FROM customers"]).output().err.contains("closed").then_some(())
    });
    let say = |options: &str, statements: &[&str]| {
        let said = world.psql().args(["-tA", "-v", "ON_ERROR_STOP=0"]).env("PGOPTIONS", options);
        let said = said.args(statements.iter().flat_map(|statement| ["-c", statement])).output();
        said.out + &said.err
    };
    for (options, statements) in [
        ("", &["SELECT name FROM quiet.people"][..]),
        ("", &["SELECT name FROM quiet.friends"]),
        ("", &["SELECT name FROM quiet.kept"]),
        ("", &["SELECT quiet.peek(3)"]),
        ("", &["SELECT quiet.count_all()"]),
        ("", &["SELECT id FROM orders WHERE item = quiet.peek(id)"]),
        ("-c search_path=quiet", &["SELECT name FROM people"]),
        ("-c search_path=quiet,public", &["SELECT name FROM notes"]),
        ("", &["SET search_path = quiet, public", "SELECT name FROM notes"]),
        ("", &["SELECT set_config('search_path', 'quiet', false)", "SELECT name FROM notes"]),
        (
            "",
            &[
                "BEGIN",
                "CREATE VIEW quiet.own AS SELECT 1 AS a",
                "CREATE OR REPLACE VIEW quiet.own AS SELECT id AS a FROM customers",
            ],
        ),
        (
            "",
            &[
                "ALTER VIEW quiet.people RENAME TO folk",
                "SELECT name FROM quiet.folk",
                "ALTER VIEW quiet.folk RENAME TO people",
            ],
        ),
    ] {
        let said = say(options, statements);
        assert!(said.contains("customers are closed"), "{statements:?}: {said}");
    }
    let wiped = say("", &["SELECT quiet.wipe()", "SELECT 'alive'"]);
    assert!(wiped.contains("no wiping") && wiped.contains("alive"), "{wiped}");
    for (options, statement) in [
        ("", "SELECT name FROM notes"),
        ("-c search_path=public,quiet", "SELECT name FROM notes"),
        ("-c search_path=quiet", "SELECT count(*) FROM orders"),
        ("", "SELECT quiet.sum_up(total) FROM orders LIMIT 2"),
        ("", "CREATE TEMP TABLE customers (a int); SELECT * FROM customers"),
        ("", "WITH customers AS (SELECT 1 AS a) SELECT * FROM customers"),
    ] {
        let said = say(options, &[statement]);
        assert!(!said.contains("ERROR"), "{statement}: {said}");
    }
    // A role's own path counts, too, and so does a change of it, from the next session on.
    let _set = world
        .direct_psql()
        .args(["-c", "ALTER ROLE CURRENT_USER IN DATABASE shop SET search_path = quiet, public"])
        .ok();
    let said = say("", &["SELECT name FROM notes"]);
    assert!(said.contains("customers are closed"), "{said}");
    // What others make is known once it is named.
    let _made = world.direct_psql().args(["-c", "CREATE VIEW public.late AS SELECT name FROM public.customers"]).ok();
    eventually("a view made meanwhile", || say("", &["SELECT name FROM public.late"]).contains("closed").then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_carries_the_link_to_its_rule_in_the_clients_own_protocol() {
    let world = fresh().await;
    let link = |rule: &str| format!("/rules/{rule}");
    let held = world.psql().args(["-c", "DELETE FROM orders"]).output().err;
    let hint = held.lines().find_map(|line| line.strip_prefix("HINT:  ")).unwrap_or_default();
    assert!(hint.contains("https://") && hint.ends_with(&link("hold-unfiltered-write")), "{held}");
    assert!(held.contains("DETAIL:  SP-NEEDS-APPROVAL, rule hold-unfiltered-write"), "{held}");
    let body = r#"{"order_id": 1, "amount_cents": 100}"#;
    let held = world.curl("/shop-api/refunds", &["-i", "-H", "Content-Type: application/json", "-d", body]).ok().out;
    let (head, content) = held.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/problem+json"), "{head}");
    let problem: serde_json::Value = serde_json::from_str(content).unwrap();
    for member in ["type", "help"] {
        let told = problem[member].as_str().unwrap_or_default();
        assert!(told.starts_with("https://") && told.ends_with(&link("hold-money")), "{member}: {content}");
    }
    let held = world.ssh(&["rm -rf /srv/nothing"]).output();
    assert!(held.status != 0 && held.err.contains("SP-NEEDS-APPROVAL"), "{}", held.err);
    let told = held.err.lines().find(|line| line.contains("/rules/")).unwrap_or_default().trim_end();
    assert!(told.contains("https://") && told.ends_with(&link("hold-structure")), "{}", held.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_in_a_command_line_is_judged_like_one_over_its_own_protocol() {
    let world = fresh().await;
    // Nobody listens there: whatever runs says so.
    let psql = |statement: &str| world.ssh(&[&format!("psql -h 127.0.0.1 -p 1 -d shop -c \"{statement}\"")]).output();
    for statement in [
        "SELECT 1",
        "DELETE FROM orders WHERE id = 7",
        "UPDATE orders SET state = 'paid' WHERE id = 7",
        "INSERT INTO notes VALUES ('DROP TABLE x')",
    ] {
        let said = psql(statement);
        assert!(said.status == 2 && said.err.contains("onnection"), "{statement}: {} {}", said.status, said.err);
    }
    for statement in
        ["DELETE FROM orders", "DELETE FROM orders WHERE id = id", "TRUNCATE orders", "SELECT * FROM pg_authid"]
    {
        let said = psql(statement);
        assert!(said.status == 77 && said.err.contains("hold-structure"), "{statement}: {} {}", said.status, said.err);
    }
}
