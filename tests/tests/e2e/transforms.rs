//! Transforms per label through the whole product: a token is the same wherever its value turns up, and every mask is valid where
//! it stands.

use e2e::{Run, World, eventually};
use serde_json::json;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Three connections like the demo's, whose addresses are tokens and whose cards are partial.
fn connections(world: &World) {
    let key = world.secret(KEY);
    let transforms = json!({ "email": "token", "card": "partial", "ssn": "constant" });
    world.like("shop-db", "token-db", |connection| {
        connection["credentials"]["token_key"] = json!(key);
        connection["masking"] = json!({
            "labels": ["card", "ssn", "email"],
            "transforms": transforms,
            "columns": { "public.customers.email": "email", "public.customers.card": "card", "public.customers.ssn": "ssn" },
        });
    });
    world.like("shop-api", "token-api", |connection| {
        connection["credentials"]["token_key"] = json!(key);
        connection["masking"]["transforms"] = transforms.clone();
        connection["settings"]["mask"] = json!({ "json": { "phone": "phone" } });
        connection["masking"]["transforms"]["phone"] = json!("null");
    });
    world.like("web-1", "token-web", |connection| {
        connection["credentials"]["token_key"] = json!(key);
        connection["masking"]["transforms"] = transforms.clone();
    });
}

fn psql(world: &World, query: &str) -> Run {
    let dsn = world.dsn(world.alice(), "token-db");
    Run::new("psql").args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, &dsn])
}

#[test]
fn an_address_has_the_same_token_in_a_column_a_text_a_body_and_a_terminal() {
    let world = World::shared();
    connections(world);
    let one = world.customer(3);
    let last = &one.card[one.card.len() - 4..];
    let row = psql(world, "SELECT email, card, ssn FROM customers WHERE id = 3").ok().out;
    let token = row.split('|').next().unwrap().to_owned();
    assert_eq!(row.trim(), format!("{token}|***{last}|000-00-0000"));
    assert_eq!(token.len(), one.email.len());
    assert!(token.contains('@') && token != one.email, "{token}");
    let twice =
        psql(world, "SELECT c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = 3").ok();
    assert!(twice.out.lines().all(|line| line == token), "{}", twice.out);

    let answer = world.curl("/token-api/customers/3", &["--fail"]).ok();
    answer.hides(&[&one.email, &one.ssn, &one.card, &one.phone]);
    let body = answer.json();
    assert_eq!(body["email"], token.as_str());
    assert_eq!(body["ssn"], "000-00-0000");
    assert_eq!(body["phone"], serde_json::Value::Null);
    assert!(body["card"].as_str().unwrap().ends_with(last), "{body}");

    let printed = format!("printf 'to {} card {}\\n'", one.email, one.card);
    for terminal in [&["-tt"][..], &[]] {
        let shown = world.ssh_to("token-web", world.alice(), &[terminal, &[printed.as_str()]].concat()).ok();
        shown.hides(&[&one.email, &one.card]);
        assert!(shown.out.contains(&format!("to {token} card")), "{}", shown.out);
        assert!(shown.out.contains(last), "{}", shown.out);
    }
}

#[test]
fn a_token_is_nothing_to_guess_with() {
    let world = World::shared();
    connections(world);
    let one = world.customer(3);
    for query in [
        format!("SELECT count(*) FROM customers WHERE email = '{}'", one.email),
        format!("SELECT count(*) FROM customers c JOIN (VALUES ('{}')) v(e) ON v.e = c.email", one.email),
    ] {
        assert_eq!(psql(world, &query).ok().out.trim(), "0", "{query}");
    }
    let groups = psql(world, "SELECT email, count(*) FROM customers GROUP BY email").ok().out;
    assert_eq!(groups.lines().count(), 1, "{groups}");
    let sorted = psql(world, "SELECT email FROM customers ORDER BY email LIMIT 1").ok().out;
    assert_eq!(sorted.trim(), "***");
    let own = format!("SELECT email FROM customers WHERE id = 3 UNION ALL SELECT '{}'", one.email);
    let own = psql(world, &own).ok().out;
    assert!(own.starts_with("***\n"), "{own}");
}

#[test]
fn drivers_get_tokens_in_text_and_in_binary_and_through_named_statements() {
    let world = World::shared();
    connections(world);
    let token = psql(world, "SELECT email FROM customers WHERE id = 3").ok().out.trim().to_owned();
    let script = world.scratch.join("tokens.py");
    let text = r#"
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        for _ in range(7):
            cursor.execute("SELECT id, email, note IS NULL FROM customers WHERE id = %s", (3,))
            print(cursor.fetchone()[1])
    names = [row[0] for row in connection.execute("SELECT name FROM pg_prepared_statements").fetchall()]
    for name in names:
        try:
            print(connection.execute(f'EXECUTE "{name}" (3)').fetchall())
        except psycopg.Error as error:
            connection.rollback()
            print("refused" if error.sqlstate == "42501" else error)
    print(len(names) > 0)
"#;
    std::fs::write(&script, text).unwrap();
    let out = world.python(script.to_str().unwrap(), &[&world.dsn(world.alice(), "token-db")]).ok();
    out.hides(&[&world.customer(3).email]);
    let lines: Vec<&str> = out.out.lines().collect();
    assert!(lines[..14].iter().all(|line| *line == token), "{}", out.out);
    assert!(lines.contains(&"refused"), "{}", out.out);
}

#[test]
fn what_is_exported_is_what_was_applied_and_a_token_needs_its_key() {
    let world = World::shared();
    connections(world);
    let exported = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json();
    let connection = |name: &str| {
        exported["connections"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(connection("token-db")["masking"]["transforms"]["email"], "token");
    assert_eq!(connection("token-api")["masking"]["transforms"]["phone"], "null");
    let mut keyless = connection("token-db");
    keyless["credentials"].as_object_mut().unwrap().remove("token_key");
    let file = world.scratch.join("keyless.json");
    std::fs::write(&file, json!({ "connections": [keyless] }).to_string()).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("token_key"), "{refused}");
}

#[test]
fn every_mask_is_written_down_as_what_it_is() {
    let world = World::shared();
    connections(world);
    let _row = psql(world, "SELECT email, card, ssn, note FROM customers WHERE id = 3 /* mark-transforms */").ok();
    let shown = eventually("the recording", || {
        world.session_ids("token-db").iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            (shown.contains("mark-transforms") && shown.contains("public.customers.ssn")).then_some(shown)
        })
    });
    for transform in ["token", "partial", "constant"] {
        assert!(shown.contains(&format!("({transform})")), "{transform}: {shown}");
    }
    assert!(!shown.contains(&world.customer(3).email), "{shown}");
}
