//! PostgreSQL's own tools through the gateway.

use e2e::{Run, World};

fn scratch(world: &World) -> String {
    world.dsn(world.alice(), "shop-db/scratch")
}

fn sql(dsn: &str, text: &str) -> String {
    Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", text, dsn]).ok().out
}

#[test]
fn a_dump_is_the_same_as_direct_and_restores() {
    let world = World::shared();
    let (through, direct) = (scratch(world), world.direct_dsn("scratch"));
    sql(&through, "DROP SCHEMA IF EXISTS dumped CASCADE; CREATE SCHEMA dumped");
    sql(&through, "CREATE TABLE dumped.t AS SELECT i AS id, 'row ' || i AS name FROM generate_series(1, 5000) i");
    let dump = |dsn: &str, format: &str| world.pg_program("pg_dump").args(["-n", "dumped", format, dsn]).ok();
    // Newer versions put a random word around a dump.
    let plain = |dsn: &str| {
        let text = dump(dsn, "-Fp").out;
        text.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plain(&through), plain(&direct));

    let file = world.folder("dump").join("dumped.custom");
    std::fs::write(&file, dump(&through, "-Fc").bytes).unwrap();
    let before = sql(&direct, "SELECT count(*), sum(id), max(name) FROM dumped.t");
    sql(&through, "DROP SCHEMA dumped CASCADE");
    let _restored = world.pg_program("pg_restore").args(["-d", &through]).arg(&file).ok();
    assert_eq!(sql(&direct, "SELECT count(*), sum(id), max(name) FROM dumped.t"), before);
}

#[test]
fn pgbench_runs_in_every_mode() {
    let world = World::shared();
    let dsn = scratch(world);
    let _made = world.pg_program("pgbench").args(["-i", "-q", "-s", "1", &dsn]).ok();
    for mode in ["simple", "extended", "prepared"] {
        let run = world.pg_program("pgbench").args(["-M", mode, "-c", "4", "-t", "50", "-n", &dsn]).ok();
        assert!(run.out.contains("number of failed transactions: 0"), "{mode}: {}", run.out);
    }
    let run = world.pg_program("pgbench").args(["-C", "-c", "2", "-t", "10", "-S", "-n", &dsn]).ok();
    assert!(run.out.contains("number of failed transactions: 0"), "{}", run.out);
}

/// A search by nearness, as pgvector's: ordering by an operator of an extension's own.
#[test]
fn a_similarity_query_is_answered_as_direct() {
    let world = World::shared();
    let (through, direct) = (scratch(world), world.direct_dsn("scratch"));
    let made = "DROP SCHEMA IF EXISTS near CASCADE; CREATE SCHEMA near;
        CREATE FUNCTION near.l2(a float8[], b float8[]) RETURNS float8 IMMUTABLE LANGUAGE sql
          AS 'SELECT sqrt(sum((x - y) ^ 2)) FROM unnest(a, b) AS t(x, y)';
        CREATE OPERATOR near.<-> (LEFTARG = float8[], RIGHTARG = float8[], FUNCTION = near.l2);
        CREATE TABLE near.items AS SELECT g AS id, ARRAY[g, g * 2, 1.5]::float8[] AS embedding FROM generate_series(1, 50) g;";
    sql(&through, made);
    let nearest = "SET search_path = near, public; SELECT id, embedding <-> '{7,13,1}' FROM items ORDER BY 2 LIMIT 5";
    assert_eq!(sql(&through, nearest), sql(&direct, nearest));
    assert!(sql(&through, nearest).starts_with("SET\n7|"));
}

#[test]
fn psql_watches() {
    let world = World::shared();
    let watch =
        Run::new("timeout").args(["3", "psql", "-X", "-At", &scratch(world)]).input("SELECT 'tick' \\watch 0.5\n");
    assert!(watch.output().out.matches("tick").count() >= 3);
}
