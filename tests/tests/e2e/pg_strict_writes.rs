//! Writes where columns are marked: what errors tell, of constraints and of the database's own code, at once and at the end of a
//! transaction; and marks of what does not exist yet.

use e2e::{
    Run, World, eventually,
    frames::{Frames, bind, execute, parse, sync},
};
use serde_json::json;

const NAME: &str = "writes-db";
const SCHEMA: &str = "
CREATE TABLE members (id int PRIMARY KEY, email text UNIQUE, note text);
INSERT INTO members SELECT g, 'canary' || g || '@example.com', '' FROM generate_series(1, 50) g;
CREATE FUNCTION check_member() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.note = 'shout' THEN RAISE EXCEPTION 'member is %', OLD.email USING ERRCODE = 'P0077', DETAIL = OLD.email, HINT = OLD.email; END IF;
  IF NEW.note = 'say' THEN RAISE NOTICE 'member is %', OLD.email; END IF;
  IF NEW.note = 'cast' THEN NEW.id := OLD.email::int; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER check_member BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION check_member();
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'late %', OLD.email USING ERRCODE = 'P0078', DETAIL = OLD.email; END $$;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.note = 'late')
  EXECUTE FUNCTION late();
";

fn direct(world: &World, text: &str) -> String {
    world.direct_psql().args(["-At", "-v", "ON_ERROR_STOP=1", "-c", text]).ok().out.trim().to_owned()
}

fn source_of(world: &World, name: &str) -> String {
    direct(
        world,
        &format!("SELECT encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') FROM pg_proc WHERE proname = '{name}'"),
    )
}

fn psql(dsn: &str, texts: &[&str]) -> Run {
    let run = Run::new("psql").args(["-X", "-At", "-v", "VERBOSITY=verbose"]);
    texts.iter().fold(run, |run, text| run.args(["-c", text])).args([dsn])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_errors_of_writes_tell_is_counted_or_not_told() {
    let world = &World::start().await;
    direct(world, SCHEMA);
    world.like("shop-db", NAME, |connection| {
        connection["masking"] = json!({
            "columns": { "public.members.email": "email", "public.later.ssn": "ssn", "public.later_too.ssn": "ssn" },
            "functions": { "public.check_member": source_of(world, "check_member"), "public.late": source_of(world, "late") },
            "collisions_per_hour": 3,
        });
    });
    let dsn = world.dsn(world.alice(), NAME);

    // A look-up by an error of a unique column, in transactions that are rolled back.
    let script = world.scratch.join("collisions.py");
    let text = r#"
import sys, psycopg
def attempt(connection, number):
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO members VALUES (1000, %s, '')", (f"canary{number}@example.com",))
        return "free"
    except psycopg.Error as error:
        return error.sqlstate
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    print([attempt(connection, number) for number in (1, 1, 777, 2, 3, 4, 778)])
    print(connection.execute("SELECT count(*) FROM members").fetchone()[0])
    print(connection.execute("UPDATE members SET note = 'x' WHERE id = 5").rowcount)
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    print(attempt(connection, 5))
"#;
    std::fs::write(&script, text).unwrap();
    let out = world.python(script.to_str().unwrap(), &[&dsn]).ok().out;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "['23505', '23505', 'free', '23505', '23505', '42501', '42501']", "{out}");
    assert_eq!(lines[1..], ["50", "1", "42501"], "{out}");
    let shown = eventually("the recording", || {
        world.session_ids(NAME).iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            shown.contains("value 3 of 3 an hour").then_some(shown)
        })
    });
    assert!(shown.contains("public.members.email") && !shown.contains("canary3"), "{shown}");
    assert!(shown.contains("public.later.ssn is marked and its table does not exist"), "{shown}");

    // What the database's own code says.
    for (texts, state) in [
        (&["UPDATE members SET note = 'shout' WHERE id = 7"][..], "P0077"),
        (&["UPDATE members SET note = 'cast' WHERE id = 7"], "22P02"),
        (&["DO $$ BEGIN UPDATE members SET note = 'shout' WHERE id = 7; END $$"], "P0077"),
        (&["PREPARE p AS UPDATE members SET note = $1 WHERE id = 7", "EXECUTE p('shout')"], "P0077"),
        (&["UPDATE members SET note = 'late' WHERE id = 7"], "P0078"),
        (&["BEGIN", "UPDATE members SET note = 'late' WHERE id = 7", "COMMIT"], "P0078"),
        (
            &["BEGIN", "UPDATE members SET note = 'late' WHERE id = 7", "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK"],
            "P0078",
        ),
    ] {
        let said = psql(&dsn, texts).output();
        assert!(said.err.contains(state) && said.err.contains("own code"), "{texts:?}: {}", said.err);
        said.hides(&["canary"]);
    }
    let said = psql(&dsn, &["UPDATE members SET note = 'say' WHERE id = 7"]).ok();
    assert!(said.err.contains("NOTICE") && said.err.contains("own code"), "{}", said.err);
    said.hides(&["canary"]);
    // Of an extended query what was put off fails at its Sync.
    let mut client = Frames::through(world, NAME).await;
    let update = parse("", "UPDATE members SET note = 'late' WHERE id = 7");
    let said = client.ask(&[update, bind("", "", &[], false), execute("", 0), sync()].concat(), 1).await;
    let error = said.iter().find(|frame| frame.tag == b'E').expect("an error").text();
    assert!(error.contains("P0078") && error.contains("own code") && !error.contains("canary"), "{error}");

    // What is marked before it exists is masked as soon as it does, whoever makes it.
    direct(world, "CREATE TABLE later (id int, ssn text); INSERT INTO later VALUES (1, 'canary')");
    assert_eq!(psql(&dsn, &["SELECT ssn FROM later"]).ok().out.trim(), "***");
    let own = psql(
        &dsn,
        &[
            "CREATE TABLE public.later_too (id int, ssn text)",
            "INSERT INTO public.later_too VALUES (1, 'canary')",
            "SELECT ssn FROM public.later_too",
        ],
    );
    assert_eq!(own.output().out.lines().last(), Some("***"));
    let again = psql(&dsn, &["SELECT ssn FROM later_too", "SELECT count(*) FROM members"]).ok();
    assert_eq!(again.out.lines().collect::<Vec<_>>(), ["***", "50"]);
}
