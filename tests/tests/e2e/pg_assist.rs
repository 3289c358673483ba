//! Detectors alone (`assist`, no marked columns): a value that a server says outside of its rows, as a driver and psql get it.

use e2e::{Run, World};
use serde_json::json;

const CARD: &str = "4111111111111111";

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn start(world: &World, name: &str) {
    world.like("shop-db", name, |connection| {
        connection["masking"] = json!({ "labels": ["card", "email"], "guarantee": "assist" });
    });
}

#[test]
fn what_a_server_says_outside_of_its_rows_reaches_a_driver_masked() {
    let world = World::shared();
    start(world, "assist-driver");
    let asked = |dsn: &str| world.python("pg_assist.py", &[dsn]).ok().out;
    let (direct, seen) =
        (asked(&world.direct_dsn("scratch")), asked(&world.dsn(world.alice(), "assist-driver/scratch")));
    assert_eq!(seen.lines().count(), direct.lines().count(), "{seen}\n{direct}");
    for (seen, direct) in seen.lines().zip(direct.lines()) {
        assert!(digits(direct).contains(CARD) || seen == direct, "what holds no value stays: {seen}\n{direct}");
        assert!(!digits(seen).contains(&CARD[..12]), "{seen}");
    }
    assert!(seen.contains("still here") && digits(&direct).matches(CARD).count() > 20, "{direct}");
}

#[test]
fn what_a_server_says_outside_of_its_rows_reaches_psql_masked() {
    let world = World::shared();
    start(world, "assist-psql");
    let script = r#"
LISTEN "c4111";
SELECT pg_notify('c4111', 'paid with 4111 1111 ' || '1111 1111');
SELECT 'alias' AS "4111 1111 1111 1111";
\gdesc
DO $$ BEGIN RAISE NOTICE 'm %', '4111111111' || '111111' USING DETAIL = 'd 4111111111' || '111111', HINT = 'h 4111111111' || '111111'; END $$;
CREATE TEMP TABLE cards (card text UNIQUE);
INSERT INTO cards VALUES ('4111111111' || '111111');
INSERT INTO cards VALUES ('4111111111' || '111111');
\errverbose
SELECT 'card ' || card AS "one", card FROM cards \gx
SET application_name = 'a 4111 1111 1111 1111';
SELECT 'still here';
"#;
    let dsn = world.dsn(world.alice(), "assist-psql/scratch");
    let ran = Run::new("psql").args(["-X", &dsn]).input(script).output();
    let all = format!("{}{}", ran.out, ran.err);
    for said in ["Asynchronous notification", "paid with *", "alias", "DETAIL", "HINT", "Key (card)=(*", "still here"] {
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(!digits(&all).contains(&CARD[..12]), "{all}");
}
