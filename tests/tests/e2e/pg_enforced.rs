//! The guarantee *enforced*: a session begins only where the database itself keeps marked columns from the login.

use e2e::{Run, World};
use serde_json::json;

const NAME: &str = "enforced-db";
const CARD: &str = "4539578763621486";
const EMAIL: &str = "ada@lovelace.example";

const DATABASE: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, card text NOT NULL, email text, born date);
    INSERT INTO customers VALUES (1, 'Ada', '4539578763621486', 'ada@lovelace.example', '1815-12-10');
    CREATE TABLE old_customers () INHERITS (customers);
    CREATE TABLE orders (id int, customer_id int);
    INSERT INTO orders VALUES (1, 1);
    CREATE VIEW contacts AS SELECT id, email FROM customers;
    CREATE VIEW names AS SELECT id, name FROM customers;
    CREATE FUNCTION card_of(int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT card FROM public.customers WHERE id = $1';
    GRANT SELECT, INSERT, UPDATE ON customers, old_customers TO ef_app;
    GRANT SELECT ON orders, contacts, names TO ef_app;";

/// A database whose tables belong to `ef_owner`, and a connection for `ef_app`; the files that `guarantee` reads.
async fn database(world: &World) -> Vec<String> {
    let server = world.site.postgres.superuser("postgres").await.unwrap();
    let roles =
        "CREATE ROLE ef_owner LOGIN PASSWORD 'owner-password'; CREATE ROLE ef_app LOGIN PASSWORD 'app-password'";
    server.batch_execute(roles).await.unwrap();
    server.batch_execute("CREATE DATABASE ef OWNER ef_owner").await.unwrap();
    let inside = world.site.postgres.superuser("ef").await.unwrap();
    inside.batch_execute("GRANT ALL ON SCHEMA public TO ef_owner; SET ROLE ef_owner").await.unwrap();
    inside.batch_execute(DATABASE).await.unwrap();
    let connection = json!({
        "name": NAME,
        "agent": sallyport::demo::site::AGENT,
        "address": format!("127.0.0.1:{}", world.site.postgres.port),
        "settings": { "protocol": "postgres", "login": "ef_app", "database": "ef" },
        "credentials": { "password": world.secret("app-password") },
        "access": { "groups": ["support"] },
        "masking": {
            "guarantee": "enforced",
            "columns": {
                "public.customers.card": { "label": "card", "transform": "partial" },
                "public.customers.email": "email",
                "public.customers.born": { "label": "birthday", "transform": "year" },
            },
        },
    });
    world.apply(&connection);
    let file = world.scratch.join("enforced.json");
    std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
    let config = world.site.folder.join("agent.toml");
    ["--config", config.to_str().unwrap(), "-f", file.to_str().unwrap(), NAME].map(String::from).to_vec()
}

fn guarantee(world: &World, verb: &str, files: &[String], more: &[&str]) -> Run {
    Run::new(world.program()).args(["guarantee", verb]).args(files).args(more)
}

fn psql(world: &World, query: &str) -> Run {
    let dsn = world.dsn(world.alice(), NAME);
    Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, &dsn])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_only_where_the_database_keeps_marked_columns_from_the_login() {
    let world = World::shared();
    let files = database(world).await;
    let refused = psql(world, "SELECT 1").refused();
    assert!(refused.contains("SP-GUARANTEE") && !refused.contains(CARD), "{refused}");
    let wrong = guarantee(world, "verify", &files, &[]).output();
    assert_ne!(wrong.status, 0);
    for way in [
        "it may read public.customers.card",
        "it may read public.old_customers.email",
        "it may read public.contacts.email",
        "it may call public.card_of(integer), which can read what the login cannot",
    ] {
        assert!(wrong.out.contains(way), "{way} in {}", wrong.out);
    }
    assert!(!wrong.out.contains("names") && !wrong.out.contains("orders"), "{}", wrong.out);

    let plan = guarantee(world, "plan", &files, &[]).ok().out;
    assert!(plan.contains("BEGIN;\n") && plan.contains("CREATE VIEW \"sallyport_public\".\"customers\""), "{plan}");
    let password = world.secret("owner-password");
    let admin = ["--admin", "ef_owner", "--admin-password", &password];
    let half = guarantee(world, "apply", &files, &admin).output();
    assert!(half.status != 0 && half.out.contains("public.contacts.email"), "{}{}", half.out, half.err);
    let inside = world.site.postgres.superuser("ef").await.unwrap();
    let rest = "REVOKE SELECT ON contacts FROM ef_app; REVOKE EXECUTE ON FUNCTION card_of(int) FROM PUBLIC";
    inside.batch_execute(rest).await.unwrap();
    let proven = guarantee(world, "apply", &files, &admin).ok().out;
    assert!(proven.contains("ef_app can read no marked column of ef"), "{proven}");

    masked(world);
    // Whatever opens a way again is found out before the next session.
    inside.batch_execute("GRANT SELECT ON customers TO PUBLIC").await.unwrap();
    let found = guarantee(world, "verify", &files, &[]).output();
    assert!(found.status != 0 && found.out.contains("it may read public.customers.card"), "{}", found.out);
    e2e::eventually("the proof is renewed", || {
        let output = psql(world, "SELECT 1").output();
        (output.status != 0 && output.err.contains("SP-GUARANTEE")).then_some(())
    });
}

fn masked(world: &World) {
    let row = e2e::eventually("the proof is renewed", || {
        let output = psql(world, "SELECT * FROM customers").output();
        (output.status == 0).then_some(output.out)
    });
    assert_eq!(row.trim(), "1|Ada|***1486|***|1815-01-01");
    for query in ["SELECT * FROM public.customers", "SELECT card FROM public.old_customers", "SELECT card_of(1)"] {
        let refused = psql(world, query).refused();
        assert!(refused.contains("permission denied") && !refused.contains(EMAIL), "{query}: {refused}");
    }
    let others = psql(
        world,
        "SELECT c.id, c.name, n.name, o.id FROM public.customers c JOIN names n USING (id) JOIN orders o ON o.customer_id = c.id",
    );
    assert_eq!(others.ok().out.trim(), "1|Ada|Ada|1");
    assert_eq!(
        psql(world, "UPDATE customers SET name = 'Ada L.' WHERE id = 1 RETURNING card").ok().out.lines().next(),
        Some("***1486")
    );
    assert_eq!(psql(world, "SELECT count(*) FROM customers WHERE email = 'ada@lovelace.example'").ok().out.trim(), "0");
}
