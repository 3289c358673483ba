//! Strict masking through the whole product: marked columns, real clients, text and binary, COPY, and what is refused.

use e2e::{Run, World, eventually};

const NAME: &str = "strict-db";

/// A connection to the shop whose customers are marked.
fn strict(world: &World) -> String {
    let file = world.scratch.join("strict.yaml");
    let text = format!(
        "connections:
  - name: {NAME}
    agent: {agent}
    address: 127.0.0.1:{port}
    settings: {{protocol: postgres, login: shop_app, database: shop}}
    credentials: {{password: 'file:{folder}/credentials/shop-db.password'}}
    access: {{groups: [support]}}
    masking:
      columns:
        public.customers.email: email
        public.customers.ssn: ssn
        public.customers.card: {{label: card, transform: partial}}
        public.customers.profile: free_text
",
        agent = sallyport::demo::site::AGENT,
        port = world.site.postgres.port,
        folder = world.site.folder.display(),
    );
    std::fs::write(&file, text).unwrap();
    let _applied = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok();
    world.dsn(world.alice(), NAME)
}

fn psql(dsn: &str, query: &str) -> Run {
    Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, dsn])
}

#[test]
fn a_marked_column_is_a_mask_however_it_is_asked_for() {
    let world = World::shared();
    let dsn = strict(world);
    let one = world.customer(3);
    let last = &one.card[one.card.len() - 4..];
    let row = psql(&dsn, "SELECT name, email, ssn, card, profile FROM customers WHERE id = 3").ok().out;
    assert_eq!(row.trim(), format!("{}|***|***        |***{last}|{{}}", one.name));
    let taken_apart =
        psql(&dsn, "SELECT reverse(email), left(ssn, 2), encode(email::bytea, 'hex') FROM customers LIMIT 1");
    assert_eq!(taken_apart.ok().out.trim(), "***|**|2a2a2a");
    let guess = format!("SELECT count(*) FROM customers WHERE ssn = '{}'", one.ssn);
    assert_eq!(psql(&dsn, &guess).ok().out.trim(), "0");
    let copied = psql(&dsn, "COPY customers TO STDOUT").ok();
    copied.hides(&[&one.email, &one.ssn, &one.card]);
    assert!(copied.out.contains(&one.name));
    let returned = psql(&dsn, "UPDATE customers SET note = note WHERE id = 3 RETURNING *").ok();
    returned.hides(&[&one.email, &one.ssn, &one.card]);
}

#[test]
fn what_would_get_around_it_is_refused_and_the_session_lives_on() {
    let world = World::shared();
    let dsn = strict(world);
    for query in [
        "CREATE TEMP TABLE t AS SELECT * FROM customers",
        "UPDATE customers SET note = ssn WHERE id = 3",
        "DELETE FROM customers WHERE ssn LIKE '5%'",
        "SELECT query_to_xml('SELECT ssn FROM customers', true, false, '')",
        "DO $$ BEGIN EXECUTE 'SELECT 1'; END $$",
    ] {
        let refused = Run::new("psql").args(["-X", "-At", "-c", query, "-c", "SELECT 'alive'", &dsn]).output();
        assert!(refused.err.contains("ERROR"), "{query}: {}", refused.err);
        assert!(refused.out.contains("alive"), "{query}: {}", refused.out);
    }
}

#[test]
fn options_at_login_may_choose_settings_and_nothing_else() {
    let world = World::shared();
    let dsn = strict(world);
    let with = |options: &str, query: &str| {
        Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, &dsn]).env("PGOPTIONS", options)
    };
    assert_eq!(with("-c work_mem=5MB --jit=off", "SHOW work_mem").ok().out.trim(), "5MB");
    let moved = with("-c search_path=public,pg_temp", "SELECT email FROM customers WHERE id = 3").ok();
    assert_eq!(moved.out.trim(), "***");
    for options in ["-c standard_conforming_strings=off", "-d 5", "-c client_encoding=sjis"] {
        assert_ne!(with(options, "SELECT 1").output().status, 0, "{options}");
    }
}

#[test]
fn statements_on_unmarked_columns_are_the_same_to_the_byte() {
    let world = World::shared();
    let dsn = strict(world);
    for query in [
        "SELECT id, name FROM customers ORDER BY id LIMIT 5",
        "SELECT c.name, o.item FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.id LIMIT 5",
        "SELECT id, item, total FROM orders ORDER BY id LIMIT 5",
        "\\d customers",
        "SELECT * FROM nothing_of_that_name",
    ] {
        let through = Run::new("psql").args(["-X", "-c", query, &dsn]).output();
        let direct = world.direct_psql().args(["-c", query]).output();
        assert_eq!((&through.out, &through.err), (&direct.out, &direct.err), "{query}");
    }
}

#[test]
fn descriptions_and_dumps_are_those_of_the_server() {
    let world = World::shared();
    let dsn = strict(world);
    for describe in [
        "\\d",
        "\\d+ customers",
        "\\d orders",
        "\\dt+",
        "\\df+",
        "\\di+",
        "\\dv",
        "\\dn+",
        "\\du",
        "\\dp",
        "\\dT+",
        "\\do =",
        "\\dx",
        "\\dC",
        "\\dD",
        "\\dRp",
        "\\dd",
        "\\dX",
        "\\dP",
        "\\l",
    ] {
        let through = Run::new("psql").args(["-X", "-c", describe, &dsn]).output();
        let direct = world.direct_psql().args(["-c", describe]).output();
        assert_eq!((&through.out, &through.err), (&direct.out, &direct.err), "{describe}");
    }
    // A dump of newer clients carries a key made up for each.
    let plain = |run: Run| -> Vec<String> {
        run.ok()
            .out
            .lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
            .map(str::to_owned)
            .collect()
    };
    let dump = |dsn: &str| world.pg_program("pg_dump").args(["--no-owner", "--no-privileges", "-s", "-d", dsn]);
    assert_eq!(plain(dump(&dsn)), plain(dump(&world.direct_dsn("shop"))));
    let rows = world.pg_program("pg_dump").args(["--data-only", "-t", "customers", "-d", &dsn]).ok();
    rows.hides(&[&world.customer(3).email, &world.customer(3).ssn]);
    assert!(rows.out.contains(&world.customer(3).name));
}

#[test]
fn drivers_get_masks_in_text_and_in_binary() {
    let world = World::shared();
    let dsn = strict(world);
    let script = world.scratch.join("strict.py");
    let text = r#"
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        for _ in range(7):
            cursor.execute("SELECT id, email, ssn, profile FROM customers WHERE id = %s", (3,))
            print(cursor.fetchone())
"#;
    std::fs::write(&script, text).unwrap();
    let out = world.python(script.to_str().unwrap(), &[&dsn]).ok();
    assert_eq!(out.out.lines().count(), 14);
    assert!(out.out.lines().all(|line| line == "(3, '***', '***        ', {})"), "{}", out.out);
}

#[test]
fn the_recording_shows_the_text_its_rewrite_and_every_mask() {
    let world = World::shared();
    let dsn = strict(world);
    let _row = psql(&dsn, "SELECT ssn FROM customers WHERE id = 4 /* mark-strict */").ok();
    let shown = eventually("the recording", || {
        world.session_ids(NAME).iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            (shown.contains("mark-strict") && shown.contains("public.customers.ssn")).then_some(shown)
        })
    });
    assert!(!shown.contains(&world.customer(4).ssn), "{shown}");
}
