//! psql through the gateway: the same as direct, except for what is masked.

use e2e::{Run, World, eventually, raw};

#[test]
fn rows_arrive_with_cards_and_numbers_masked_and_nothing_else_changed() {
    let world = World::shared();
    let query = "SELECT id, name, phone, card, ssn, email, note, profile FROM customers WHERE id <= 5 ORDER BY id";
    let through = world.psql().args(["-At", "-c", query]).ok();
    let direct = world.direct_psql().args(["-At", "-c", query]).ok();
    for id in 1..=5 {
        let one = world.customer(id);
        through.hides(&[&one.card, &one.ssn, &one.email]);
        assert!(through.out.contains(&one.name) && through.out.contains(&one.phone), "{}", through.out);
    }
    let spaced = |card: &str| card.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    through.hides(&[&spaced(&world.customer(5).card)]);
    assert!(through.out.contains("Prefers delivery in the morning."));
    assert_eq!(through.out.len(), direct.out.len(), "a mask keeps its value's length");
}

#[test]
fn what_no_rule_touches_is_the_same_to_the_byte() {
    let world = World::shared();
    for query in [
        "SELECT id, item, quantity, total, placed_at FROM orders ORDER BY id",
        "SELECT NULL, '', 'ü', E'a\\nb', 1.50::numeric, true, '{1,2}'::int[], now() - now()",
        "SELECT * FROM generate_series(1, 5000)",
        "SELECT 1; SELECT 2; SELECT 3",
        "\\d customers",
        "\\d+",
        "\\dn+",
    ] {
        let through = world.psql().args(["-c", query]).output();
        let direct = world.direct_psql().args(["-c", query]).output();
        assert_eq!((&through.out, &through.err), (&direct.out, &direct.err), "{query}");
        assert_eq!(through.status, direct.status, "{query}");
    }
}

#[test]
fn json_stays_json() {
    let world = World::shared();
    let profile = world.psql().args(["-At", "-c", "SELECT profile FROM customers WHERE id = 3"]).ok();
    let profile: serde_json::Value = serde_json::from_str(profile.out.trim()).unwrap();
    let clear = serde_json::to_value(world.customer(3).profile).unwrap();
    assert_eq!(profile["city"], clear["city"]);
    assert_eq!(profile["tier"], clear["tier"]);
    assert_ne!(profile["contact"]["email"], clear["contact"]["email"]);
}

#[test]
fn copy_goes_both_ways() {
    let world = World::shared();
    let file = world.folder("copy").join("orders.csv");
    let columns = "id, item, quantity, total";
    let copy_out = |run: Run, format: &str| {
        run.args(["-c", &format!("COPY (SELECT {columns} FROM orders ORDER BY id) TO STDOUT ({format})")]).ok().bytes
    };
    for format in ["FORMAT text", "FORMAT csv, HEADER", "FORMAT binary"] {
        assert_eq!(copy_out(world.psql(), format), copy_out(world.direct_psql(), format), "{format}");
    }
    std::fs::write(&file, copy_out(world.psql(), "FORMAT csv")).unwrap();
    let script = format!(
        "CREATE TEMP TABLE copied (id int, item text, quantity int, total numeric);\n\
         \\copy copied FROM '{}' (FORMAT csv)\nSELECT count(*), sum(total) FROM copied;\n",
        file.display()
    );
    let sums = world.psql().args(["-At", "-q"]).input(script).ok();
    let direct = world.direct_psql().args(["-At", "-c", "SELECT count(*), sum(total) FROM orders"]).ok();
    assert_eq!(sums.out, direct.out);
}

#[test]
fn copied_rows_are_masked_too() {
    let world = World::shared();
    let one = world.customer(2);
    world.psql().args(["-c", "COPY customers TO STDOUT"]).ok().hides(&[&one.card, &one.ssn, &one.email]);
}

/// A card's number that is in no table, as a number of each type that can hold it.
const AS_NUMBERS: &str = "SELECT 4111111111111111::bigint, 4111111111111111::numeric, 4111111111111111::float8, \
    4111111111111111::money, '4111111111111111'::xid8, ARRAY[4111111111111111::float8], jsonb_build_object('n', 4111111111111111)";

#[test]
fn a_card_cast_to_any_number_is_masked_in_rows_and_copies() {
    let world = World::shared();
    let shown = world.psql().args(["-At", "-c", AS_NUMBERS]).ok().out;
    assert!(!shown.contains("111111") && !shown.contains("111,111"), "{shown}");
    let copied = world.psql().args(["-c", &format!("COPY ({AS_NUMBERS}) TO STDOUT")]).ok().out;
    assert!(!copied.contains("11111111"), "{copied}");
    let whole = "SELECT 4111111111111111::bigint, 4111111111111111::numeric, 4111111111111111::float8, 7::bigint";
    let binary = world.psql().args(["-c", &format!("COPY ({whole}) TO STDOUT (FORMAT binary)")]).ok().bytes;
    let number = 4_111_111_111_111_111_i64;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let raw = [number.to_be_bytes(), (number as f64).to_be_bytes(), [0x10, 0x0f, 4, 87, 4, 87, 4, 87]];
    assert!(binary.ends_with(&[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0xff]), "{binary:?}");
    assert!(raw.iter().all(|raw| !binary.windows(8).any(|part| part == raw)), "{binary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_cast_to_any_number_is_masked_in_binary() {
    let world = World::shared();
    let mut config = tokio_postgres::Config::new();
    config
        .user("alice")
        .password(&world.alice().ticket)
        .dbname("shop-db")
        .ssl_mode(tokio_postgres::config::SslMode::Disable);
    let (client, connection) = config.connect_raw(raw::postgres(world).await, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let numbers =
        "SELECT 4111111111111111::bigint, 4111111111111111::float8, ARRAY[4111111111111111::bigint], 5::float8";
    let row = client.query_one(numbers, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, f64>(1)), (0, 0.0));
    assert_eq!((row.get::<_, Vec<i64>>(2), row.get::<_, f64>(3)), (vec![0], 5.0));
}

#[test]
fn ctrl_c_cancels_the_statement() {
    let world = World::shared();
    let script = "SELECT 'ready';\nSELECT pg_sleep(60);\n";
    let mut psql = world.psql().args(["-v", "ON_ERROR_STOP=0", "-At"]).start();
    std::io::Write::write_all(psql.stdin.as_mut().unwrap(), script.as_bytes()).unwrap();
    drop(psql.stdin.take());
    eventually("the statement runs at the target", || {
        let running = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60);'";
        (world.direct_psql().args(["-At", "-c", running]).ok().out.trim() == "1").then_some(())
    });
    let pid = rustix::process::Pid::from_raw(i32::try_from(psql.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = psql.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("canceling statement due to user request"), "{err}");
}

#[test]
fn another_database_of_the_same_server_can_be_picked() {
    let world = World::shared();
    let dsn = world.dsn(world.alice(), "shop-db/scratch");
    let name = Run::new("psql").args(["-X", "-At", "-c", "SELECT current_database()", &dsn]).ok();
    assert_eq!(name.out.trim(), "scratch");
}

#[test]
fn anyone_with_the_right_group_gets_in_and_the_user_name_decides_nothing() {
    let world = World::shared();
    for subject in ["alice", "bob", "carol"] {
        let dsn = world.dsn(world.caller(subject), "shop-db");
        let _in = Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn]).ok();
        let dsn = dsn.replace(&format!("user={subject}"), "user=someone_else");
        let _in = Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn]).ok();
    }
}
