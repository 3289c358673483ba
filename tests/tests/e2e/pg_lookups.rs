//! Look-ups: a customer is found by the address just given, so many times, while the address stays masked.

use e2e::{World, eventually};
use serde_json::json;

const NAME: &str = "lookup-db";

#[test]
fn support_finds_a_customer_by_an_address_and_cannot_try_all_of_them() {
    let world = World::shared();
    world.like("shop-db", NAME, |connection| {
        connection["masking"] = json!({
            "columns": { "public.customers.email": "email", "public.customers.ssn": "ssn" },
            "lookups": { "email": { "purpose": "support calls", "per_hour": 3 } },
        });
    });
    let script = world.scratch.join("lookups.py");
    let text = r#"
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for binary in (False, True):
        for address in sys.argv[2:]:
            try:
                row = connection.execute("SELECT id, email, name FROM customers WHERE email = %s", (address,), binary=binary)
                print(row.fetchall())
            except psycopg.Error as error:
                print(error.sqlstate)
    print(connection.execute("SELECT id FROM customers WHERE email LIKE %s", (sys.argv[2][:3] + "%",)).fetchall())
    print(connection.execute("SELECT id FROM customers WHERE ssn = %s", (sys.argv[2],)).fetchall())
    cursor = psycopg.ClientCursor(connection)
    print(cursor.execute("SELECT id FROM customers WHERE email = %s", (sys.argv[2],)).fetchall())
"#;
    std::fs::write(&script, text).unwrap();
    let addresses: Vec<String> = (1..=4).map(|id| world.customer(id).email).collect();
    let mut arguments = vec![world.dsn(world.alice(), NAME)];
    arguments.extend(addresses.clone());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let out = world.python(script.to_str().unwrap(), &arguments).ok().out;
    let lines: Vec<&str> = out.lines().collect();
    for (place, id) in [(0, 1), (1, 2), (2, 3), (4, 1), (5, 2), (6, 3)] {
        assert_eq!(lines[place], format!("[({id}, '***', '{}')]", world.customer(id).name), "{out}");
    }
    assert_eq!((lines[3], lines[7]), ("42501", "42501"), "{out}");
    assert_eq!(lines[8..], ["[]", "[]", "[]"], "{out}");

    let shown = eventually("the recording", || {
        world.session_ids(NAME).iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            shown.contains("for support calls, value 3 of 3 an hour").then_some(shown)
        })
    });
    assert!(!shown.contains(&addresses[3]), "what was looked up is not written down");
}
