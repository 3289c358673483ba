//! Values that statements give to marked columns: what the database really gets of literals and bind parameters, as its owner sees it,
//! and what the recording says.

use e2e::{Run, World, eventually};
use serde_json::json;

const NAME: &str = "carry-db";
const KEY: &str = "0123456789abcdef0123456789abcdef";
const SCHEMA: &str = "
CREATE TABLE carry_people (id int PRIMARY KEY, ssn varchar(11), email text, account bigint, born date, note text);
CREATE TABLE carry_claims (id int PRIMARY KEY, ssn varchar(11), amount int);
CREATE FUNCTION carry_add(i int, s text) RETURNS int LANGUAGE sql AS 'INSERT INTO carry_people (id, ssn) VALUES (i, s) RETURNING id';
";
/// Everything that a caller sends and that nobody may keep.
const CANARIES: [&str; 5] = ["536-90-4399", "219-09-9999", "maria.keller@north.example", "88120017", "1984-05-17"];

const SCRIPT: &str = r#"
import asyncio, datetime, ssl, sys
import asyncpg, psycopg
dsn = sys.argv[1]
def refused(connection, text, values=()):
    try:
        connection.execute(text, values)
        return "passed"
    except psycopg.Error as error:
        return error.sqlstate
with psycopg.connect(dsn, autocommit=True) as connection:
    person = (1, "536-90-4399", "maria.keller@north.example", 88120017, datetime.date(1984, 5, 17), "first")
    connection.execute("INSERT INTO carry_people VALUES (%s, %s, %s, %s, %s, %s)", person)
    connection.execute("INSERT INTO carry_people (ssn, id, account) VALUES (%s, %s, %s), (%s, %s, %s)",
                       ("536-90-4399", 2, 88120017, "219-09-9999", 3, None), prepare=True)
    connection.execute("INSERT INTO carry_claims VALUES (%b, %b, %b), (%b, %b, %b)", (1, "536-90-4399", 100, 2, "219-09-9999", 7))
    connection.execute("UPDATE carry_claims SET amount = %s WHERE ssn = %s", (8, "219-09-9999"))
    print(connection.execute("SELECT id FROM carry_people WHERE ssn = %s ORDER BY id", ("536-90-4399",)).fetchall())
    print(connection.execute("SELECT id FROM carry_people WHERE ssn = %b AND note = %s", ("536-90-4399", "first")).fetchall())
    print(connection.execute("SELECT p.id, c.amount FROM carry_people p JOIN carry_claims c USING (ssn) ORDER BY 1").fetchall())
    print(connection.execute("SELECT id, account FROM carry_people WHERE account = %s ORDER BY id", (88120017,)).fetchall())
    print(connection.execute("SELECT id FROM carry_people WHERE email = %s", ("maria.keller@north.example",)).fetchall())
    print(refused(connection, "SELECT id FROM carry_people WHERE ssn LIKE %s", ("536-90-4399",)),
          refused(connection, "SELECT carry_add(9, %s)", ("536-90-4399",)),
          refused(connection, "INSERT INTO carry_people (id, ssn) SELECT 9, x FROM (VALUES (%s)) v (x)", ("536-90-4399",)),
          refused(connection, "PREPARE p AS INSERT INTO carry_people (id, ssn) VALUES (9, $1)"),
          refused(connection, "DO $$ BEGIN INSERT INTO carry_people (id, ssn) VALUES (9, '000-12-3456'); END $$"),
          refused(connection, "COPY carry_people (id, ssn) FROM STDIN"))
async def main():
    part = dict(pair.split("=", 1) for pair in dsn.split())
    tls = ssl.create_default_context(cafile=part["sslrootcert"])
    connection = await asyncpg.connect(host=part["host"], port=int(part["port"]), user=part["user"],
                                       password=part["password"], database=part["dbname"], ssl=tls)
    for number in (4, 5):
        await connection.execute("INSERT INTO carry_people VALUES ($1, $2, $3, $4, $5, $6)", number, "219-09-9999",
                                 "maria.keller@north.example", 88120017, datetime.date(1984, 5, 17), "x" * 200_000)
    print([row["id"] for row in await connection.fetch("SELECT id FROM carry_people WHERE ssn = $1 ORDER BY id", "219-09-9999")])
    await connection.close()
asyncio.run(main())
"#;

fn direct(world: &World, text: &str) -> String {
    world.direct_psql().args(["-At", "-v", "ON_ERROR_STOP=1", "-c", text]).ok().out.trim().to_owned()
}

#[test]
fn the_database_gets_tokens_and_masks_and_joins_and_look_ups_still_work() {
    let world = World::shared();
    direct(world, SCHEMA);
    let key = world.secret(KEY);
    world.like("shop-db", NAME, |connection| {
        connection["credentials"]["token_key"] = json!(key);
        connection["masking"] = json!({
            "columns": {
                "public.carry_people.ssn": { "label": "ssn", "mode": "token", "holds_tokens": true },
                "public.carry_claims.ssn": { "label": "ssn", "mode": "token", "holds_tokens": true },
                "public.carry_people.account": { "label": "account", "mode": "token" },
                "public.carry_people.email": { "label": "email", "mode": "in-flight", "transform": "partial" },
                "public.carry_people.born": { "label": "birthday", "mode": "in-flight", "transform": "year" },
            },
            "lookups": { "account": { "purpose": "support calls" } },
        });
    });
    let script = world.scratch.join("carry.py");
    std::fs::write(&script, SCRIPT).unwrap();
    let dsn = world.dsn(world.alice(), NAME);
    let out = world.python(script.to_str().unwrap(), &[&dsn]).ok().out;
    let wanted = [
        "[(1,), (2,)]",
        "[(1,)]",
        "[(1, 100), (2, 100), (3, 8)]",
        "[(1, 0), (2, 0)]",
        "[]",
        "42501 42501 42501 42501 42501 42501",
        "[3, 4, 5]",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), wanted, "{out}");

    // Literals, in the simple protocol.
    let text = "INSERT INTO carry_people (id, ssn, email, account, born) VALUES (6, '536-90-4399', \
                'maria.keller@north.example', 88120017, '1984-05-17'), (7, NULL, NULL, NULL, DEFAULT); \
                UPDATE carry_people SET ssn = '219-09-9999' WHERE id = 7; \
                SELECT id FROM carry_people WHERE ssn IN ('219-09-9999', '000-00-0000') AND id > 5";
    let psql = Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", text, &dsn]).ok();
    assert_eq!(psql.out.lines().last(), Some("7"), "{}", psql.out);

    let stored = direct(world, "SELECT id, ssn, email, account, born FROM carry_people ORDER BY id");
    for canary in CANARIES {
        assert!(!stored.contains(canary), "{canary}: {stored}");
    }
    let rows: Vec<Vec<&str>> = stored.lines().map(|line| line.split('|').collect()).collect();
    let column = |place: usize| rows.iter().map(|row| row[place]).collect::<Vec<_>>();
    let (ssn, account) = (column(1), column(3));
    assert!(
        ssn[0] == ssn[1] && ssn[0] == ssn[5] && ssn[2] == ssn[3] && ssn[2] == ssn[6] && ssn[0] != ssn[2],
        "{stored}"
    );
    assert!(
        ssn[0].len() == 11 && account[0] == account[1] && account[0] == account[4] && account[0] == account[5],
        "{stored}"
    );
    assert_eq!(column(2), ["***mple", "", "", "***mple", "***mple", "***mple", ""]);
    assert_eq!(column(4), ["1984-01-01", "", "", "1984-01-01", "1984-01-01", "1984-01-01", ""]);

    let lines = [
        "masked 1 x ssn in parameter $2 (token)",
        "masked 1 x email in parameter $3 (partial)",
        "masked 1 x birthday in parameter $5 (year)",
        "masked 1 x ssn in literal (token)",
    ];
    let shown = eventually("the recordings", || {
        let ids = world.session_ids(NAME);
        let shown: String =
            ids.iter().map(|id| world.sallyport(world.carol(), &["sessions", "show", id]).output().out).collect();
        lines.iter().all(|line| shown.contains(line)).then_some(shown)
    });
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{canary}: {shown}");
    }
}
