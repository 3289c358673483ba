//! COPY in every format and direction, and what interrupts it.

use std::io::{BufRead, BufReader, Write};

use e2e::{
    Run, World,
    frames::{self, Frames, query},
    raw,
};
use tokio::io::AsyncWriteExt;

use crate::pg_protocol::runs_at_the_target;

const COLUMNS: &str = "(id int, t text, b bytea, n numeric, at timestamptz, tags text[], doc jsonb)";
const ROWS: &str = "SELECT g, CASE g % 5 WHEN 0 THEN NULL ELSE E'tab\\there \\\\ and \"quotes\", ü ' || g END, \
    decode(lpad(to_hex(g), 8, '0'), 'hex'), g / 7.0, '2024-01-01'::timestamptz + g * interval '1 hour', \
    ARRAY['a' || g, NULL], jsonb_build_object('k', g) FROM generate_series(1, 3000) g";

fn scratch(world: &World) -> Run {
    Run::new("psql").args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", &world.dsn(world.alice(), "shop-db/scratch")])
}

fn direct(world: &World) -> Run {
    Run::new("psql").args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", &world.direct_dsn("scratch")])
}

#[test]
fn every_format_goes_in_and_out_unchanged() {
    let world = World::shared();
    let folder = world.folder("copy-formats");
    let _made = direct(world)
        .args(["-c", &format!("DROP TABLE IF EXISTS copied, copied_back; CREATE TABLE copied {COLUMNS}")])
        .args(["-c", &format!("INSERT INTO copied {ROWS}; CREATE TABLE copied_back {COLUMNS}")])
        .ok();
    for (number, format) in
        ["text", "csv", "binary", "csv, HEADER, FORCE_QUOTE *, NULL '(none)'", "text, DELIMITER '|'"].iter().enumerate()
    {
        let out = format!("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT (FORMAT {format})");
        let through = scratch(world).args(["-c", &out]).ok().bytes;
        assert!(through == direct(world).args(["-c", &out]).ok().bytes, "{format}");
        let file = folder.join(number.to_string());
        std::fs::write(&file, &through).unwrap();
        let format = format.replace(", FORCE_QUOTE *", "");
        let back = format!("\\copy copied_back FROM '{}' (FORMAT {format})", file.display());
        let _in = scratch(world).args(["-c", "TRUNCATE copied_back", "-c", &back]).ok();
        let same = "SELECT count(*) FROM (TABLE copied EXCEPT TABLE copied_back) x \
                    UNION ALL SELECT count(*) FROM copied_back";
        assert_eq!(direct(world).args(["-c", same]).ok().out, "0\n3000\n", "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_cancelled_with_our_own_key() {
    let world = World::shared();
    let mut client = Frames::through(world, "shop-db/scratch").await;
    let (pid, key) = client.cancel_key();
    let endless = "COPY (SELECT generate_series(1, 1000000000), repeat('y', 200)) TO STDOUT";
    client.send(&query(endless)).await;
    runs_at_the_target(world, endless).await;
    for _ in 0..1000 {
        assert!(matches!(client.next().await.tag, b'H' | b'd'));
    }
    let mut stream = raw::postgres(world).await;
    stream.write_all(&frames::cancel(pid, &key)).await.unwrap();
    let _silence = raw::read_to_close(&mut stream).await;
    let error = loop {
        let frame = client.next().await;
        if frame.tag != b'd' {
            break frame;
        }
    };
    assert!(error.tag == b'E' && error.text().contains("57014"), "{}", error.text());
    assert_eq!(client.next().await.tag, b'Z');
    assert_eq!(client.ask(&query("SELECT 1"), 1).await.len(), 4);
}

#[test]
fn ctrl_c_in_an_interactive_psql_leaves_the_session_usable() {
    let world = World::shared();
    let dsn = world.dsn(world.alice(), "shop-db/scratch");
    let sleep = "DO $$ BEGIN RAISE NOTICE 'asleep'; PERFORM pg_sleep(72); END $$;\n";
    let steps = serde_json::json!([
        ["type", sleep],
        ["see", "NOTICE:  asleep"],
        ["type", "\u{3}"],
        ["see", "canceling statement due to user request"],
        ["type", "SELECT 'af' || 'ter';\n"],
        ["see", "after"],
        ["type", "\\q\n"],
        ["end", 0],
    ]);
    let psql = ["psql", "-X", "-q", "-At", "-P", "pager=off", &dsn];
    assert_eq!(world.at_a_terminal(&psql, &steps).ok().out, "fine\n");
}

#[test]
fn a_notification_reaches_who_listens() {
    let world = World::shared();
    let mut psql = Run::new("psql").args(["-X", "-At", &world.dsn(world.alice(), "shop-db/scratch")]).start();
    let mut typed = psql.stdin.take().unwrap();
    typed.write_all(b"LISTEN bell;\nSELECT 'listening';\n").unwrap();
    let mut lines = BufReader::new(psql.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map(Result::unwrap).any(|line| line == "listening"));
    let _rung = direct(world).args(["-c", "NOTIFY bell, 'from outside'"]).ok();
    typed.write_all(b"SELECT 1;\n").unwrap();
    drop(typed);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let notice = rest.iter().find(|line| line.starts_with("Asynchronous notification \"bell\""));
    assert!(notice.is_some_and(|line| line.contains("from outside")), "{rest:?}");
    psql.wait().unwrap();
}
