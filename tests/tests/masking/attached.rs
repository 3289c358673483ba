//! Code that is attached to tables, against a real server: triggers, rules, defaults, domains, row security, foreign keys. What
//! would carry masked values elsewhere, or tell about them, is refused when a statement would run it; the rest is not.

use std::sync::Arc;

use sql::{
    lineage::{Marking, Marks, Told, Transform},
    rewrite::{self, Judged, Refused, Session},
};

use crate::server::{DATABASES, Server};

/// Every table `m_*` has a masked column `ssn`.
const SCHEMA: &str = r"
CREATE TABLE audit_log (id serial, body text, line jsonb);
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log(line) VALUES (to_jsonb(NEW)); RETURN NEW; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamp := now(); RETURN NEW; END $$;
CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.ssn IS NULL OR length(NEW.ssn) > 20 THEN RAISE EXCEPTION 'not an ssn'; END IF; NEW.ssn := lower(NEW.ssn); RETURN NEW; END $$;
CREATE FUNCTION leak_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := OLD.ssn; RETURN NEW; END $$;
CREATE FUNCTION compare() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.note = OLD.ssn THEN NEW.stamp := now(); END IF; RETURN NEW; END $$;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'was %', OLD.ssn; RETURN OLD; END $$;
CREATE FUNCTION dynamic() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT 1'; RETURN NEW; END $$;
CREATE FUNCTION all_old() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log(line) SELECT to_jsonb(o) FROM gone o; RETURN NULL; END $$;
CREATE TABLE m_audited (id int PRIMARY KEY, ssn text UNIQUE, note text, stamp timestamptz);
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON m_audited FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TABLE m_stamped (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER stamp BEFORE UPDATE ON m_stamped FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch();
CREATE TABLE m_tidy (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON m_tidy FOR EACH ROW EXECUTE FUNCTION tidy();
CREATE TABLE m_copied (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER copy BEFORE UPDATE ON m_copied FOR EACH ROW EXECUTE FUNCTION leak_note();
CREATE TABLE m_compared (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER compare BEFORE UPDATE ON m_compared FOR EACH ROW EXECUTE FUNCTION compare();
CREATE TABLE m_told (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER tell BEFORE DELETE ON m_told FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TABLE m_old (LIKE m_audited INCLUDING ALL);
CREATE TRIGGER old AFTER DELETE ON m_old REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION all_old();
CREATE TABLE m_secured (LIKE m_audited INCLUDING ALL);
ALTER TABLE m_secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON m_secured USING (ssn = current_setting('app.ssn', true));
CREATE TABLE m_tenants (LIKE m_audited INCLUDING ALL);
ALTER TABLE m_tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON m_tenants USING (note = current_setting('app.tenant', true));
CREATE TABLE m_limited (id int, ssn text, note text, CHECK (note <> ssn));
CREATE TABLE refers (id int, who text REFERENCES m_audited (ssn));
CREATE TABLE cities (name text PRIMARY KEY, size int);
CREATE TABLE m_cities (id int, ssn text REFERENCES cities ON DELETE CASCADE);
CREATE FUNCTION of_one() RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.m_audited WHERE id = 1';
CREATE FUNCTION known(v text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.m_audited WHERE ssn = $1)';
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := (SELECT ssn FROM public.m_audited WHERE id = NEW.id); RETURN NEW; END $$;
CREATE TABLE filled (id int, body text);
CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill();
CREATE VIEW filled_view AS SELECT id, body FROM filled;
CREATE TABLE parted (id int, body text) PARTITION BY LIST (id);
CREATE TABLE parted_one PARTITION OF parted DEFAULT;
CREATE TRIGGER fill BEFORE INSERT ON parted_one FOR EACH ROW EXECUTE FUNCTION fill();
CREATE TABLE stamped (id int, stamp timestamptz);
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE ruled (id int, body text);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO audit_log (body) SELECT ssn FROM m_audited WHERE id = NEW.id;
CREATE TABLE ruled_plain (id int, body text);
CREATE RULE also AS ON INSERT TO ruled_plain DO ALSO INSERT INTO audit_log (body) VALUES (NEW.body);
CREATE TABLE defaulted (id int, body text DEFAULT of_one());
CREATE TABLE checked (id int, body text CHECK (known(body)));
CREATE DOMAIN known_ssn AS text CHECK (known(VALUE));
CREATE TABLE domained (id int, body known_ssn);
CREATE TABLE opened (id int, body text);
CREATE TRIGGER dynamic BEFORE INSERT ON opened FOR EACH ROW EXECUTE FUNCTION dynamic();
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int REFERENCES parents ON DELETE CASCADE, body text);
CREATE FUNCTION fill_old() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log(body) SELECT ssn FROM public.m_audited; RETURN OLD; END $$;
CREATE TRIGGER fill BEFORE DELETE ON children FOR EACH ROW EXECUTE FUNCTION fill_old();
CREATE FUNCTION told(a text, b int) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.m_audited WHERE ssn = $1)';
CREATE OPERATOR =~~= (FUNCTION = told, LEFTARG = text, RIGHTARG = int);
CREATE TABLE compared (id int, body text CHECK (body =~~= 1));
CREATE FUNCTION tells(a text, b int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.m_tidy VALUES (9, a); RETURN true; END $$;
CREATE OPERATOR =~+= (FUNCTION = tells, LEFTARG = text, RIGHTARG = int);
CREATE FUNCTION try_insert(v text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.m_tidy VALUES (9, v); RETURN 'free';
  EXCEPTION WHEN unique_violation THEN RETURN 'taken'; END $$;
CREATE FUNCTION plain_insert(v text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.m_tidy VALUES (9, v); END $$;
CREATE FUNCTION outer_insert(v text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.plain_insert(v); RETURN 'free';
  EXCEPTION WHEN unique_violation THEN RETURN 'taken'; END $$;
CREATE FUNCTION safe_divide(a int, b int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a / b; EXCEPTION WHEN division_by_zero THEN RETURN 0; END $$;
";

const REFUSED: [&str; 33] = [
    "INSERT INTO compared VALUES (1, 'guess')",
    "SELECT 'guess' =~~= 1",
    "UPDATE m_audited SET note = 'x' WHERE id = 1",
    "INSERT INTO m_audited (id, ssn) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'y'",
    "MERGE INTO m_audited m USING (VALUES (1)) v(id) ON m.id = v.id WHEN MATCHED THEN UPDATE SET note = 'y'",
    "UPDATE m_stamped SET ssn = 'guess' WHERE id = 1",
    "UPDATE m_copied SET stamp = now()",
    "UPDATE m_compared SET note = 'guess'",
    "DELETE FROM m_told WHERE id = 1",
    "DELETE FROM m_old WHERE id = 1",
    "SELECT id FROM m_secured",
    "UPDATE m_secured SET note = 'x'",
    "INSERT INTO filled (id) VALUES (1)",
    "COPY filled FROM STDIN",
    "INSERT INTO filled_view (id) VALUES (1)",
    "INSERT INTO parted (id) VALUES (1)",
    "INSERT INTO ruled VALUES (1, 'x')",
    "INSERT INTO defaulted (id) VALUES (1)",
    "INSERT INTO checked VALUES (1, 'guess')",
    "INSERT INTO domained VALUES (1, 'guess')",
    "SELECT 'guess'::known_ssn",
    "SELECT CAST('guess' AS public.known_ssn)",
    "INSERT INTO opened VALUES (1, 'x')",
    "DELETE FROM parents WHERE id = 1",
    "DELETE FROM cities WHERE name = 'guess'",
    "UPDATE cities SET name = 'x' WHERE name = 'guess'",
    "SELECT try_insert('guess')",
    "SELECT outer_insert('guess')",
    "DO $$ BEGIN INSERT INTO m_tidy VALUES (9, 'guess'); EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'taken'; END $$",
    "DO $$ DECLARE d text; BEGIN UPDATE m_limited SET note = 'x'; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RAISE NOTICE '%', d; END $$",
    "DO $$ BEGIN PERFORM plain_insert('guess'); EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'taken'; END $$",
    "CREATE TABLE also_refers (who text REFERENCES m_audited (ssn))",
    "WITH w AS (INSERT INTO filled (id) VALUES (1) RETURNING 1) SELECT 1",
];

const PASS: [&str; 22] = [
    "INSERT INTO m_audited (id, ssn) VALUES (1, 'x')",
    "DELETE FROM m_audited WHERE id = 1",
    "UPDATE m_stamped SET note = 'x' WHERE id = 1",
    "INSERT INTO m_stamped (id, ssn) VALUES (1, 'x')",
    "INSERT INTO m_tidy (id, ssn) VALUES (1, 'X')",
    "UPDATE m_tidy SET note = 'x' WHERE id = 1",
    "UPDATE m_tidy SET ssn = 'X' WHERE id = 1",
    "SELECT id FROM m_tenants",
    "UPDATE m_limited SET note = 'x' WHERE id = 1",
    "INSERT INTO cities VALUES ('x', 1)",
    "UPDATE cities SET size = 2 WHERE name = 'x'",
    "UPDATE filled SET body = 'x' WHERE id = 1",
    "SELECT id, body FROM filled",
    "INSERT INTO stamped (id) VALUES (1)",
    "UPDATE stamped SET id = 2",
    "INSERT INTO ruled_plain VALUES (1, 'x')",
    "SELECT plain_insert('x')",
    "SELECT safe_divide(1, 0)",
    "DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'no'; END $$",
    "INSERT INTO parents VALUES (1)",
    "INSERT INTO children VALUES (1, 'x')",
    "TRUNCATE audit_log",
];

const MARKED: [&str; 11] = [
    "m_audited",
    "m_stamped",
    "m_tidy",
    "m_copied",
    "m_compared",
    "m_told",
    "m_old",
    "m_secured",
    "m_tenants",
    "m_limited",
    "m_cities",
];

fn markings() -> Vec<Marking> {
    let marking = |table: &&str| Marking {
        schema: "public".into(),
        table: (*table).into(),
        column: "ssn".into(),
        label: "ssn".into(),
        transform: Transform::Full,
        ..Marking::default()
    };
    MARKED.iter().map(marking).collect()
}

fn judge(marks: &Marks, text: &str) -> Result<Judged, Refused> {
    rewrite::judge(text, marks, &mut Session::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_hangs_on_what_is_written_is_judged_like_what_is_called() {
    let server = Server::start().await;
    assert_eq!(server.connect(DATABASES[0]).await.query(SCHEMA).await.errors(), Vec::<String>::new());
    let catalog = Arc::new(server.catalog(DATABASES[0]).await);
    let marks = Marks::new(Arc::clone(&catalog), &markings());
    let passed: Vec<&str> = REFUSED.into_iter().filter(|text| judge(&marks, text).is_ok()).collect();
    let refused: Vec<String> =
        PASS.iter().filter_map(|text| Some(format!("{text}: {}", judge(&marks, text).err()?))).collect();
    assert!(passed.is_empty() && refused.is_empty(), "passed: {passed:#?}\nrefused: {refused:#?}");

    // What refers to a masked column has its values.
    let read = judge(&marks, "SELECT who FROM refers").unwrap();
    assert!(read.text.unwrap().contains("AS \"who\""), "the foreign key's column is masked, too");

    // Functions whose errors tell, wherever they are called.
    for (text, collides) in [
        ("INSERT INTO m_tidy VALUES (1, 'x')", true),
        ("UPDATE m_tidy SET ssn = 'x'", true),
        ("UPDATE m_tidy SET note = 'x'", false),
        ("DELETE FROM m_tidy WHERE id = 1", false),
        ("SELECT plain_insert('x')", true),
        ("SELECT 'x' =~+= 1", true),
        ("DO $$ BEGIN INSERT INTO m_tidy VALUES (1, 'x'); END $$", true),
        ("DO $$ BEGIN UPDATE m_tidy SET note = 'x'; END $$", false),
        ("INSERT INTO refers VALUES (1, 'guess')", true),
        ("DELETE FROM m_audited", true),
        ("UPDATE m_limited SET note = 'guess'", true),
        ("INSERT INTO m_cities VALUES (1, 'x')", true),
        ("INSERT INTO stamped (id) VALUES (1)", false),
    ] {
        let judged = judge(&marks, text).unwrap();
        assert_eq!(!judged.collides.is_empty(), collides, "{text}");
        assert!(judged.touches || !collides || text.contains("refers"), "{text}");
    }
    for (table, constraint, told) in [
        ("m_audited", "m_audited_ssn_key", true),
        ("m_audited", "m_audited_pkey", false),
        ("refers", "refers_who_fkey", true),
        ("m_cities", "m_cities_ssn_fkey", true),
        ("m_limited", "m_limited_check", true),
        ("children", "children_id_fkey", false),
    ] {
        let said = marks.told_by("public", table, constraint);
        assert_eq!(matches!(said, Told::Of(_)), told, "{constraint}: {said:?}");
        assert_ne!(said, Told::Unknown, "{constraint}");
    }
    assert_eq!(marks.told_by("public", "m_audited", "of nothing"), Told::Unknown);

    let mut ghosts = markings();
    ghosts.push(Marking { table: "ghost".into(), ..ghosts[0].clone() });
    ghosts.push(Marking { column: "ghost".into(), table: "stamped".into(), ..ghosts[0].clone() });
    let warnings = Marks::new(catalog, &ghosts).warnings(&ghosts).join("\n");
    for said in [
        "public.ghost.ssn is marked and its table does not exist",
        "public.stamped.ghost is marked",
        "public.m_audited cannot",
    ] {
        assert!(warnings.contains(said), "{warnings}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_runs_when_definitions_change_is_judged_with_what_changes_them() {
    let server = Server::start().await;
    let root = server.root(DATABASES[0]).await;
    let functions = "CREATE FUNCTION public.watched() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY reload, 'schema'; END $$;
        CREATE FUNCTION public.peeks() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN
          SELECT ssn INTO s FROM public.customers WHERE id = 1; RAISE NOTICE '%', s; END $$;
        CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION public.watched();";
    root.batch_execute(functions).await.unwrap();
    let texts =
        ["CREATE TABLE later (id int)", "COMMENT ON TABLE orders IS 'x'", "CREATE TEMP TABLE t AS SELECT 1 AS one"];
    let judged = |catalog: sql::Catalog| {
        let marks = Marks::new(Arc::new(catalog), &crate::server::markings());
        texts.map(|text| judge(&marks, text).map(drop).map_err(|refused| refused.to_string()))
    };
    assert_eq!(judged(server.catalog(DATABASES[0]).await), [const { Ok(()) }; 3]);
    root.batch_execute("CREATE EVENT TRIGGER peeks ON ddl_command_start EXECUTE FUNCTION public.peeks()")
        .await
        .unwrap();
    for refused in judged(server.catalog(DATABASES[0]).await) {
        assert!(refused.unwrap_err().contains("the event trigger peeks"));
    }
    root.batch_execute("ALTER EVENT TRIGGER peeks DISABLE").await.unwrap();
    assert_eq!(judged(server.catalog(DATABASES[0]).await), [const { Ok(()) }; 3]);
}
