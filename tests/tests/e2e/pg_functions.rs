//! Functions that cannot be judged and that an administrator allows: the mark holds for one source.

use e2e::{Run, World};
use serde_json::json;

const NAME: &str = "functions-db";

fn source_of(world: &World, name: &str) -> String {
    let sum = format!("SELECT encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') FROM pg_proc WHERE proname = '{name}'");
    world.direct_psql().args(["-At", "-c", &sum]).ok().out.trim().to_owned()
}

fn define(world: &World, body: &str) {
    let text = format!(
        "CREATE OR REPLACE FUNCTION public.loyalty(customer integer) RETURNS text LANGUAGE plpgsql STABLE AS \
         $f$ DECLARE found text; BEGIN EXECUTE '{body}' INTO found USING customer; RETURN found; END $f$"
    );
    let _defined = world.direct_psql().args(["-c", &text]).ok();
}

fn allow(world: &World, sum: &str) -> String {
    world.like("shop-db", NAME, |connection| {
        connection["masking"] = json!({
            "columns": { "public.customers.email": "email" },
            "functions": { "public.loyalty": sum },
        });
    });
    world.dsn(world.alice(), NAME)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_function_runs_until_its_source_changes_and_again_when_the_new_one_is_allowed() {
    // Other scenarios compare the shop's definitions.
    let world = &World::start().await;
    define(world, "SELECT count(*)::text FROM orders WHERE customer_id = $1");
    let dsn = allow(world, &"0".repeat(64));
    let call = |dsn: &str| {
        Run::new("psql").args(["-X", "-At", "-c", "SELECT loyalty(3), email FROM customers WHERE id = 3", dsn])
    };
    let refused = call(&dsn).output();
    let now = source_of(world, "loyalty");
    assert!(
        refused.err.contains("has changed since an administrator allowed it") && refused.err.contains(&now),
        "{}",
        refused.err
    );

    let dsn = allow(world, &now);
    let row = call(&dsn).ok().out;
    assert!(row.trim().ends_with("|***") && row.trim().split('|').next().unwrap().parse::<u32>().is_ok(), "{row}");

    // The same session notices: nobody told it.
    let change = "SELECT email FROM customers WHERE id = $1";
    let script = world.scratch.join("functions.py");
    let text = r#"
import sys, time, subprocess, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    print(connection.execute("SELECT loyalty(3)").fetchone()[0])
    subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            said = connection.execute("SELECT loyalty(3)").fetchone()[0]
        except psycopg.Error as error:
            print("refused", error)
            break
"#;
    std::fs::write(&script, text).unwrap();
    let statement = format!(
        "CREATE OR REPLACE FUNCTION public.loyalty(customer integer) RETURNS text LANGUAGE plpgsql STABLE AS \
         $f$ DECLARE found text; BEGIN EXECUTE '{change}' INTO found USING customer; RETURN found; END $f$"
    );
    let direct = world.direct_dsn("shop");
    let out = world.python(script.to_str().unwrap(), &[&dsn, "psql", "-X", "-c", &statement, &direct]).ok();
    assert!(out.out.contains("refused") && out.out.contains("has changed since"), "{}", out.out);

    let refused = call(&dsn).output();
    refused.hides(&[&world.customer(3).email]);
    assert!(refused.err.contains("has changed since"), "{}", refused.err);
}

#[test]
fn a_mark_without_a_sum_is_no_mark() {
    let world = World::shared();
    let file = world.scratch.join("no-sum.json");
    let exported = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json();
    let mut connection =
        exported["connections"].as_array().unwrap().iter().find(|one| one["name"] == "shop-db").unwrap().clone();
    connection["masking"] =
        json!({ "columns": { "public.customers.email": "email" }, "functions": { "public.f": "yes" } });
    std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("SHA-256"), "{refused}");
}
