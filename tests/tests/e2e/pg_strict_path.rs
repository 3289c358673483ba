//! Strict masking where every tenant has a schema: applications set the search path at each checkout, pools take it back.

use e2e::{
    Run, World,
    frames::{Frames, bind, execute, parse, query, sync},
};
use serde_json::json;

const NAME: &str = "tenants-db";
const SCHEMA: &str = "
CREATE SCHEMA tenant_7; CREATE SCHEMA tenant_8; CREATE SCHEMA staging;
";
/// One for each scenario that writes, and one for all that read.
const TABLES: [&str; 3] = ["people", "visitors", "members"];

fn table(name: &str) -> String {
    format!(
        "CREATE TABLE tenant_7.{name} (id int PRIMARY KEY, name text, email text UNIQUE);
        CREATE TABLE tenant_8.{name} (LIKE tenant_7.{name} INCLUDING ALL);
        CREATE TABLE staging.{name} (id int, name text, email text);
        INSERT INTO tenant_7.{name} VALUES (1, 'seven', 'canary7@example.com');
        INSERT INTO tenant_8.{name} VALUES (1, 'eight', 'canary8@example.com');
        INSERT INTO staging.{name} VALUES (1, 'staged', 'nobody');"
    )
}

fn world() -> (&'static World, String) {
    static MADE: std::sync::Once = std::sync::Once::new();
    let world = World::shared();
    MADE.call_once(|| {
        let tables = TABLES.map(table).concat();
        let _made = world.direct_psql().args(["-v", "ON_ERROR_STOP=1", "-c", SCHEMA, "-c", &tables]).ok();
        let column = |schema: &str, table: &str| (format!("{schema}.{table}.email"), json!("email"));
        let columns = TABLES.iter().flat_map(|table| ["tenant_7", "tenant_8"].map(|schema| column(schema, table)));
        let columns: serde_json::Map<String, serde_json::Value> = columns.collect();
        world.like("shop-db", NAME, |connection| connection["masking"] = json!({ "columns": columns }));
    });
    (world, world.dsn(world.alice(), NAME))
}

#[test]
fn a_session_sees_the_tenant_whose_path_is_in_force_and_masks_of_it() {
    let (_, dsn) = world();
    let whose = "SELECT name || ' ' || email FROM people";
    let set = |path: &str| format!("SET search_path TO {path}");
    let steps = [
        (set("tenant_7"), "seven ***"),
        (set("tenant_8, public"), "eight ***"),
        ("RESET search_path".into(), "ERROR"),
        (set("staging"), "staged nobody"),
        ("RESET ALL".into(), "ERROR"),
        (set("tenant_7"), "seven ***"),
        ("BEGIN".into(), "seven ***"),
        (set("tenant_8"), "eight ***"),
        ("SAVEPOINT s".into(), "eight ***"),
        (set("staging"), "staged nobody"),
        ("ROLLBACK TO s".into(), "eight ***"),
        ("ROLLBACK".into(), "seven ***"),
        ("BEGIN".into(), "seven ***"),
        ("SET LOCAL search_path TO tenant_8".into(), "eight ***"),
        ("COMMIT".into(), "seven ***"),
        ("SELECT set_config('search_path', 'tenant_8', false)".into(), "eight ***"),
        ("DISCARD ALL".into(), "ERROR"),
        ("SELECT pg_catalog.set_config('search_path', 'tenant_7', false)".into(), "seven ***"),
    ];
    let mut run = Run::new("psql").args(["-X", "-qAt"]);
    for (step, _) in &steps {
        run = run.args(["-c", step, "-c", whose]);
    }
    let out = run.args(["-c", "SELECT 'end'", &dsn]).output();
    let said: Vec<&str> = out.out.lines().filter(|line| !matches!(*line, "tenant_7" | "tenant_8")).collect();
    let wanted: Vec<&str> =
        steps.iter().map(|(_, said)| *said).filter(|said| *said != "ERROR").chain(["end"]).collect();
    assert_eq!(said, wanted, "{}", out.err);
    assert_eq!(out.err.matches("ERROR").count(), 3, "{}", out.err);
    assert_eq!(out.err.matches("does not exist").count(), 3, "in the server's own words: {}", out.err);
}

#[test]
fn drivers_that_prepare_see_each_tenant_and_write_to_it() {
    let (world, dsn) = world();
    let script = world.scratch.join("tenants.py");
    let text = r#"
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True, prepare_threshold=0) as connection:
    def ask(sql, *given):
        for attempt in (1, 2):
            try:
                return connection.execute(sql, given).fetchone()
            except (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName):
                connection.execute("DEALLOCATE ALL")
    for tenant in ("tenant_7", "tenant_8", "tenant_7", "staging"):
        connection.execute(f"SET search_path TO {tenant}")
        print(*ask("SELECT name, email FROM visitors WHERE id = %s", 1))
        print(*ask("UPDATE visitors SET name = name || %s WHERE id = 1 RETURNING name", "!"))
    connection.execute("SET search_path TO tenant_7, tenant_8")
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path TO tenant_8")
        print(*ask("SELECT name FROM visitors"))
    print(*ask("SELECT name FROM visitors"))
    try:
        with connection.pipeline():
            connection.execute("SET search_path TO tenant_8")
            row = connection.execute("SELECT name FROM visitors")
            print(*row.fetchone())
    except psycopg.Error as error:
        print(error.sqlstate)
"#;
    std::fs::write(&script, text).unwrap();
    let out = world.python(script.to_str().unwrap(), &[&dsn]).output();
    let lines: Vec<&str> = out.out.lines().collect();
    let wanted = [
        "seven ***",
        "seven!",
        "eight ***",
        "eight!",
        "seven! ***",
        "seven!!",
        "staged nobody",
        "staged!",
        "eight!",
        "seven!!",
    ];
    assert_eq!(lines.get(..10), Some(&wanted[..]), "{} {}", out.out, out.err);
    // In one pipeline it cannot be told yet which path is in force.
    assert!(matches!(lines.get(10), Some(&"eight!" | &"42501")), "{} {}", out.out, out.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_behind_a_change_of_the_path_waits_until_it_is_known() {
    let (world, _) = world();
    let mut client = Frames::through(world, NAME).await;
    // Poolers send the reset and the first statement of the next tenant at once.
    let texts = ["SET search_path TO staging", "DISCARD ALL", "SET search_path TO tenant_8"];
    let mut sent: Vec<u8> = texts.iter().flat_map(|text| query(text)).collect();
    sent.extend([parse("", "SELECT email FROM people"), bind("", "", &[], false), execute("", 0), sync()].concat());
    let said = client.ask(&sent, 4).await;
    let rows: Vec<String> = said.iter().filter(|frame| frame.tag == b'D').map(|frame| frame.text()).collect();
    assert_eq!(rows.len(), 1, "{:?}", said.iter().map(|frame| frame.text()).collect::<Vec<_>>());
    assert!(rows[0].contains("***") && !rows[0].contains("canary"), "{rows:?}");
    // A failure takes back what ran before it in the same pipeline.
    let step = |text: &str| [parse("", text), bind("", "", &[], false), execute("", 0)].concat();
    let failing = [step("SET search_path TO staging"), step("SELECT 1 / 0"), sync()].concat();
    let _failed = client.ask(&failing, 1).await;
    let said = client.ask(&query("SELECT email FROM people"), 1).await;
    let told: String = said.iter().map(|frame| frame.text()).collect();
    assert!(!told.contains("canary") && !told.contains("nobody"), "{told}");
}

#[test]
fn a_guess_of_what_is_unique_is_refused_where_an_administrator_allows_none() {
    let (world, _) = world();
    let columns = json!({ "tenant_7.members.email": "email" });
    world.like("shop-db", "tenants-closed-db", |connection| {
        connection["masking"] = json!({ "columns": columns, "collisions_per_hour": 0 });
    });
    let dsn = world.dsn(world.alice(), "tenants-closed-db");
    let run = |dsn: &str, text: &str| {
        Run::new("psql").args(["-X", "-qAt", "-v", "VERBOSITY=verbose", "-c", text, dsn]).output()
    };
    for guess in ["canary7@example.com", "free@example.com"] {
        for text in [
            format!("INSERT INTO tenant_7.members VALUES (2, 'x', '{guess}')"),
            format!("BEGIN; INSERT INTO tenant_7.members VALUES (2, 'x', '{guess}'); ROLLBACK"),
            format!("UPDATE tenant_7.members SET email = '{guess}' WHERE id = 1"),
            format!("INSERT INTO tenant_7.members VALUES (2, 'x', '{guess}') ON CONFLICT DO NOTHING"),
            format!(
                "MERGE INTO tenant_7.members p USING (VALUES (2)) v(id) ON p.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (2, 'x', '{guess}')"
            ),
            "COPY tenant_7.members FROM STDIN".to_owned(),
        ] {
            let said = run(&dsn, &text);
            assert!(said.err.contains("42501") && !said.err.contains("23505"), "{text}: {}", said.err);
        }
    }
    assert_eq!(run(&dsn, "UPDATE tenant_7.members SET name = name WHERE id = 1 RETURNING id").out.trim(), "1");
    assert!(run(&dsn, "INSERT INTO staging.members VALUES (2, 'x', 'y')").err.is_empty());
    world.like("shop-db", "tenants-writes-db", |connection| connection["masking"] = json!({ "columns": columns }));
    let writes = world.dsn(world.alice(), "tenants-writes-db");
    let written = run(&writes, "INSERT INTO tenant_7.members VALUES (3, 'x', 'free@example.com')");
    assert!(written.err.is_empty(), "{}", written.err);
    assert!(run(&writes, "INSERT INTO tenant_7.members VALUES (4, 'x', 'canary7@example.com')").err.contains("23505"));
}
