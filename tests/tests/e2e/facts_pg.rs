//! Facts about statements, each through psql or a driver: every verb, a relation wherever a statement hides it, parameters of
//! SQL's own EXECUTE, what is prepared before a policy changes, the default's bulk export, and what comes of a rule that is not there.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::Stdio,
};

use e2e::{Run, World, eventually, world::Wishes};

use crate::verdicts::Server;

fn say(world: &World, client: &str, statement: &str) -> String {
    let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA", "-c", statement]).env("PGAPPNAME", client).output();
    run.out + &run.err
}

const VERBS: [(&str, &str); 32] = [
    ("select", "SELECT 1"),
    ("insert", "INSERT INTO orders (id) SELECT -5 WHERE false"),
    ("update", "UPDATE orders SET note = note WHERE id = -5"),
    ("delete", "DELETE FROM orders WHERE id = -5"),
    ("merge", "MERGE INTO orders o USING customers c ON o.id = -5 AND c.id = -5 WHEN MATCHED THEN DO NOTHING"),
    ("truncate", "TRUNCATE orders"),
    ("create", "CREATE TABLE made (a int)"),
    ("alter", "ALTER TABLE orders ADD COLUMN made int"),
    ("drop", "DROP TABLE IF EXISTS made"),
    ("comment", "COMMENT ON TABLE orders IS 'x'"),
    ("grant", "GRANT SELECT ON orders TO PUBLIC"),
    ("revoke", "REVOKE SELECT ON orders FROM PUBLIC"),
    ("copy_in", "COPY orders FROM STDIN"),
    ("copy_out", "COPY orders TO STDOUT"),
    ("call", "CALL app.made()"),
    ("do", "DO $$ BEGIN NULL; END $$"),
    ("set", "SET work_mem = '8MB'"),
    ("show", "SHOW work_mem"),
    ("listen", "LISTEN made"),
    ("notify", "NOTIFY made"),
    ("lock", "LOCK TABLE orders IN SHARE MODE"),
    ("sequence", "SELECT nextval('made')"),
    ("vacuum", "VACUUM orders"),
    ("maintain", "REINDEX TABLE orders"),
    ("explain", "EXPLAIN SELECT 1"),
    ("prepare", "PREPARE made AS SELECT 1"),
    ("execute", "PREPARE made AS SELECT 1; EXECUTE made"),
    ("cursor", "BEGIN; DECLARE made CURSOR FOR SELECT 1; COMMIT"),
    ("transaction", "BEGIN; COMMIT"),
    ("discard", "DISCARD PLANS"),
    ("admin", "SELECT pg_reload_conf()"),
    ("unknown", "EXECUTE never_prepared"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_verb_decides_in_psql() {
    let mut rules = String::new();
    for (verb, _) in VERBS {
        let _ = writeln!(
            rules,
            "@id(\"no-{verb}\") @reason(\"stopped: {verb}.\") forbid (principal, action == Action::\"Invoke\", resource) when {{ context.client like \"*no-{verb}.*\" && context.verbs.contains(\"{verb}\") }};"
        );
    }
    let world = World::ruled(&rules).await;
    for (verb, statement) in VERBS {
        let said = say(&world, &format!("no-{verb}."), statement);
        assert!(said.contains(&format!("stopped: {verb}.")), "{verb}: {statement}: {said}");
        let other = if verb == "show" { "SELECT 1" } else { "SHOW server_version" };
        let said = say(&world, &format!("no-{verb}."), other);
        assert!(!said.contains("stopped"), "{verb}: {other}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_counts_wherever_a_statement_hides_it_and_nothing_of_it_arrives() {
    let world = World::ruled(
        r#"@id("no-orders") @reason("orders are closed") forbid (principal, action == Action::"Invoke", resource)
        when { context.reads.contains("public.orders") };"#,
    )
    .await;
    let server = Server::start(&world).await;
    for statement in [
        "BEGIN; DECLARE hidden CURSOR FOR SELECT * FROM orders; FETCH 1 FROM hidden",
        "CREATE TABLE hidden AS SELECT * FROM orders",
        "CREATE TEMP TABLE hidden AS TABLE orders",
        "SELECT * INTO hidden FROM orders",
        "CREATE VIEW hidden AS SELECT * FROM orders",
        "CREATE MATERIALIZED VIEW hidden AS SELECT * FROM orders",
        "PREPARE hidden AS SELECT * FROM orders",
        "EXPLAIN (VERBOSE) SELECT * FROM orders",
        "COPY (SELECT * FROM orders) TO STDOUT",
        "COPY \"public\" . orders TO STDOUT",
        "DO $$ BEGIN PERFORM 1 FROM orders; END $$",
        "DO $$ DECLARE n int := (SELECT count(*) FROM orders); BEGIN NULL; END $$",
        "CREATE FUNCTION hidden() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders'",
        "WITH hidden AS (SELECT * FROM orders) SELECT * FROM hidden",
        "INSERT INTO customers (id) SELECT id FROM orders WHERE id = 1",
        "UPDATE customers SET note = 'x' FROM orders WHERE orders.id = 1 AND customers.id = 1",
        "SELECT (SELECT max(id) FROM orders)",
        "SELECT 1 FROM customers WHERE EXISTS (SELECT 1 FROM orders)",
        "SELECT 1 WHERE 1 IN (TABLE orders)",
        "VALUES ((SELECT count(*) FROM orders))",
        "SELECT 1 AS hidden; /* */ SELECT * FROM U&\"o\\0072ders\"",
    ] {
        let said = say(&world, "hidden", statement);
        assert!(said.contains("orders are closed"), "{statement}: {said}");
    }
    let log = server.has(&world, "all-hidden-sent").await;
    assert!(!log.contains("hidden as") && !log.contains("from orders"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn opaque_functions_networks_files_and_points_of_risk_decide_in_psql() {
    let rules = [
        ("opaque", r#"context.opaque.contains("public.shout")"#),
        ("network", r#"context.external.contains("network")"#),
        ("file", r#"context.external.contains("file")"#),
        ("risk", r#"context.risk >= 50 && context.risk_reasons.contains("runs a program on the server")"#),
        ("inspected", r#"context.inspected != "yes""#),
        ("effect", r#"context.effect == "admin" && context.functions.contains("select")"#),
    ];
    let mut text = String::new();
    for (id, condition) in rules {
        let _ = writeln!(
            text,
            "@id(\"by-{id}\") @reason(\"stopped by {id}.\") forbid (principal, action == Action::\"Invoke\", resource) when {{ context.client like \"*by-{id}.*\" && {condition} }};"
        );
    }
    let world = World::ruled(&text).await;
    // A function of the server's own language can do anything, as one in C can.
    let admin = world.site.postgres.superuser("shop").await.unwrap();
    let made = "CREATE FUNCTION public.shout(text) RETURNS text LANGUAGE internal VOLATILE STRICT AS 'upper';
        CREATE FUNCTION public.say(text) RETURNS text LANGUAGE sql AS 'SELECT $1'";
    admin.batch_execute(made).await.unwrap();
    for (id, stopped, passed) in [
        ("opaque", "SELECT shout('a')", Some("SELECT say('a')")),
        ("network", "SELECT * FROM dblink('host=elsewhere', 'SELECT 1') AS t (a int)", Some("SELECT 'dblink'")),
        ("network", "CREATE SUBSCRIPTION s CONNECTION 'host=elsewhere' PUBLICATION p", None),
        ("file", "SELECT lo_import('/etc/hostname')", Some("SELECT 'lo_import'")),
        ("file", "SELECT /* */ pg_catalog . pg_ls_dir('.')", None),
        ("file", "COPY customers FROM '/etc/hostname'", Some("COPY (SELECT 1) TO STDOUT")),
        ("risk", "COPY customers TO PROGRAM 'cat'", Some("SELECT 1")),
        ("effect", "SELECT pg_reload_conf()", Some("SELECT now()")),
    ] {
        let said = say(&world, &format!("by-{id}."), stopped);
        assert!(said.contains(&format!("stopped by {id}.")), "{stopped}: {said}");
        if let Some(passed) = passed {
            let said = say(&world, &format!("by-{id}."), passed);
            assert!(!said.contains("ERROR"), "{passed}: {said}");
        }
    }
    assert!(!say(&world, "by-inspected.", "SELECT 1").contains("stopped"), "statements are read whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_execute_gives_is_a_parameter_like_that_of_a_driver() {
    let world = World::ruled(
        r#"@id("not-seven") @reason("not seven") forbid (principal, action == Action::"Invoke", resource)
        when { context.arguments has "$1" && context.arguments["$1"] == "7" };
@id("no-unknown") @reason("not understood") forbid (principal, action == Action::"Invoke", resource) when { context.unknown };"#,
    )
    .await;
    let run = |statements: &[&str]| {
        let statements = statements.iter().flat_map(|statement| ["-c", statement]);
        let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA"]).args(statements).output();
        run.out + &run.err
    };
    let prepare = "PREPARE p (int) AS SELECT 'ran ' || id FROM customers WHERE id = $1";
    for execute in ["EXECUTE p (7)", "execute/**/\"p\"('7')", "EXPLAIN EXECUTE p (7)"] {
        let said = run(&[prepare, execute]);
        assert!(said.contains("not seven") && !said.contains("ran 7"), "{execute}: {said}");
    }
    // What it comes to is not known, or which of several statements it is about.
    for execute in ["EXECUTE p (3 + 4)", "EXECUTE p (7.0)", "EXECUTE p (' 7')", "EXECUTE p (8); EXECUTE p (7)"] {
        let said = run(&[prepare, execute]);
        assert!(said.contains("its parameter $1 cannot be read") && !said.contains("ran 7"), "{execute}: {said}");
    }
    let said = run(&[prepare, "EXECUTE p (8)", "PREPARE q AS SELECT 'also ran'", "EXECUTE q"]);
    assert!(said.contains("ran 8") && said.contains("also ran"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_prepared_is_decided_each_time_that_it_runs() {
    let world = World::ruled("").await;
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let (alice, ca) = (world.alice(), world.site.ca_file());
    let mut asking = std::process::Command::new(home.join(".venv/bin/python"))
        .arg(home.join("prepared.py"))
        .args(["127.0.0.1", &world.site.ports.postgres.to_string(), &alice.subject, &alice.ticket, "shop-db"])
        .arg(ca)
        .arg("SELECT count(*) FROM orders WHERE id = $1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut answers) = (asking.stdin.take().unwrap(), BufReader::new(asking.stdout.take().unwrap()));
    let mut ask = || {
        let _gone = writeln!(stdin, "again");
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    let first = ask();
    assert!(first == "0" || first == "1", "{first}");
    let closed = r#"@id("no-orders") @reason("orders are closed") forbid (principal, action == Action::"Invoke", resource)
        when { context.reads.contains("public.orders") };"#;
    world.policy("orders", closed);
    eventually("the refusal", || ask().is_empty().then_some(()));
    let mut said = String::new();
    asking.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("orders are closed") && said.contains("InsufficientPrivilege"), "{said}");
    assert!(!asking.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_a_fresh_install_lets_go_are_held_in_mid_stream() {
    let world = World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), ..Wishes::default() }).await;
    let rows = |count: u32| {
        let query = format!("SELECT n FROM generate_series(1, {count}) n");
        world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA", "-c", &query, "-c", "SELECT 'alive'"]).output()
    };
    let fine = rows(100_000);
    assert!(fine.out.lines().count() == 100_001 && fine.err.is_empty(), "{}", fine.err);
    let much = rows(100_500);
    assert!(much.err.contains("42501") || much.err.contains("SP-NEEDS-APPROVAL"), "{}", much.err);
    assert!(much.err.contains("rule hold-bulk-export") && much.err.contains("it has sent more than 100,000 rows"));
    assert!(much.out.contains("alive") && much.out.lines().count() <= 100_001, "{}", much.out.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_fetched_in_bites_count_together() {
    let world = World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), ..Wishes::default() }).await;
    let psql = |more: &[&str]| world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA"]).args(more).output();
    // psql reads such a result through a cursor.
    let query = "SELECT n FROM generate_series(1, 300000) n";
    let bites = psql(&["-v", "FETCH_COUNT=40000", "-c", query, "-c", "SELECT 'alive'"]);
    assert!(bites.err.contains("rule hold-bulk-export"), "{}", bites.err);
    assert!(bites.out.contains("alive") && bites.out.lines().count() <= 100_001, "{}", bites.out.lines().count());

    let script = [
        "BEGIN",
        "DECLARE c CURSOR FOR SELECT n FROM generate_series(1, 300000) n",
        "FETCH 60000 FROM c",
        "FETCH 40000 FROM c",
        "FETCH 1 FROM c",
        "ROLLBACK",
        "SELECT 'alive'",
    ];
    let fetched = psql(&script.iter().flat_map(|line| ["-c", line]).collect::<Vec<_>>());
    assert!(fetched.err.contains("rule hold-bulk-export"), "{}", fetched.err);
    let rows = fetched.out.lines().filter(|line| line.parse::<u32>().is_ok()).count();
    assert!(fetched.out.contains("alive") && rows == 100_000, "{rows}");

    // A driver that reads a portal in bites, as JDBC does with a fetch size.
    let portal = world.python("portal_in_bites.py", &[&world.dsn(world.alice(), "shop-db"), "30000"]).ok().out;
    let (rows, error) = portal.trim().split_once(' ').unwrap();
    // It gives on whole bites only.
    assert!(rows == "90000" && error.contains("hold-bulk-export"), "{portal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_not_there_masks_holds_refuses_or_keeps_out() {
    let connect = r#"@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };"#;
    let invoke = r#"@id("ask") permit (principal, action == Action::"Invoke", resource);"#;
    let run = r#"@id("run") permit (principal, action == Action::"RunUnapproved", resource);"#;
    let world = World::start_with(Wishes { policy: Some([connect, invoke, run].concat()), ..Wishes::default() }).await;
    let card = world.customer(1).card;
    let query = "SELECT card FROM customers WHERE id = 1";
    let sql = || say(&world, "", query);
    let request = || world.curl("/shop-api/customers/1", &["-i"]).output().out;
    let command = || {
        let run = world.ssh(&["echo ran"]).output();
        run.out + &run.err
    };
    for said in [sql(), request()] {
        assert!(!said.contains("SP-") && said.contains("***") && !said.contains(&card), "{said}");
    }
    assert_eq!(command(), "ran\n");
    for (text, code) in [
        ([connect, invoke].concat(), "SP-NEEDS-APPROVAL"),
        ([connect, run].concat(), "SP-DENIED"),
        ([invoke, run].concat(), "SP-NO-ACCESS"),
    ] {
        world.policy("default", &text);
        for call in [&sql as &dyn Fn() -> String, &request, &command] {
            let said = eventually("what the missing rule leaves", || Some(call()).filter(|said| said.contains(code)));
            assert!(!said.contains("\nran\n") && !said.contains(&card), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ai_agent_may_nothing_that_the_one_it_acts_for_may_not() {
    let world = World::ruled(r#"@id("reporter") permit (principal == Ai::"reporter", action, resource);"#).await;
    let minted = world.sallyport(world.alice(), &["ticket", "--actor", "ai:reporter", "--format", "json"]).ok().json();
    let dsn = world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, minted["ticket"].as_str().unwrap());
    let ask = |sql: &str| {
        let run = Run::new("psql").args(["-X", "-tA", "-c", sql, &dsn]).output();
        run.out + &run.err
    };
    assert_eq!(ask("SELECT 'both'").trim(), "both");
    let taken = r#"@id("no-orders") @reason("alice reads no orders") forbid (principal == Person::"alice", action == Action::"Invoke", resource)
when { context.reads.contains("public.orders") };"#;
    world.policy("taken", taken);
    eventually("her own limit counts", || ask("SELECT 1 FROM orders").contains("alice reads no orders").then_some(()));
    assert_eq!(ask("SELECT 'both'").trim(), "both");
    let out = r#"@id("out") forbid (principal == Person::"alice", action == Action::"Connect", resource);"#;
    world.policy("taken", out);
    eventually("and nobody gets in for her", || ask("SELECT 1").contains("SP-NO-ACCESS").then_some(()));
}
