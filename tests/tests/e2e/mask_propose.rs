//! `sallyport mask propose`: which columns to mark, told from a real database.

use e2e::{Run, World};
use serde_json::{Value, json};

const NAME: &str = "proposed-db";

const DATABASE: &str = "
    CREATE TABLE people (id int PRIMARY KEY, ref text, contact text, born date, \"passwordHash\" text, note text, ssn bigint, email_verified bool);
    INSERT INTO people SELECT g, '4111 1111 1111 1111', 'user' || g || '@example.test', '1984-05-17', md5(g::text),
        CASE WHEN g % 10 = 0 THEN 'write to ada@example.com' ELSE 'fine' END, 219099000 + g, true FROM generate_series(1, 40) g;
    CREATE TABLE people_2025 () INHERITS (people);
    CREATE TABLE large (filler text, phone text);
    INSERT INTO large SELECT repeat('x', 50), '+1 212 555 0123' FROM generate_series(1, 30000);
    ANALYZE large;
    CREATE TABLE hidden (iban text, email text);
    INSERT INTO hidden VALUES ('DE89370400440532013000', 'x@example.com');
    CREATE TABLE \"odd \"\"name\" (\"E-Mail\" text);
    GRANT SELECT ON people, large, \"odd \"\"name\" TO pr_app;
    GRANT SELECT (iban) ON hidden TO pr_app;";

/// The files that the command reads.
async fn database(world: &World) -> Vec<String> {
    let server = world.site.postgres.superuser("postgres").await.unwrap();
    server.batch_execute("CREATE ROLE pr_app LOGIN PASSWORD 'app-password'").await.unwrap();
    server.batch_execute("CREATE DATABASE pr").await.unwrap();
    world.site.postgres.superuser("pr").await.unwrap().batch_execute(DATABASE).await.unwrap();
    let connection = json!({
        "name": NAME,
        "agent": sallyport::demo::site::AGENT,
        "address": format!("127.0.0.1:{}", world.site.postgres.port),
        "settings": { "protocol": "postgres", "login": "pr_app", "database": "pr" },
        "credentials": { "password": world.secret("app-password") },
        "access": { "groups": ["support"] },
        "masking": { "columns": { "public.people.born": "birthday", "public.people.gone": "ssn" } },
    });
    let file = world.scratch.join("proposed.json");
    std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
    let config = world.site.folder.join("agent.toml");
    ["--config", config.to_str().unwrap(), "-f", file.to_str().unwrap(), NAME].map(String::from).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_proposed_by_their_names_and_values_and_what_is_marked_is_left_out() {
    let world = World::shared();
    let files = database(world).await;
    let run = |more: &[&str]| Run::new(world.program()).args(["mask", "propose"]).args(&files).args(more);
    let found: Value = serde_json::from_str(&run(&["--format", "json"]).ok().out).unwrap();
    let told: Vec<String> = found["proposals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {}",
                one["column"].as_str().unwrap(),
                one["label"].as_str().unwrap(),
                one["evidence"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "public.hidden.iban iban values",
            "public.hidden.email email name",
            "public.large.phone phone values",
            "public.odd \"name.E-Mail email name",
            "public.people.ref card values",
            "public.people.contact email values",
            "public.people.passwordHash secret name",
            "public.people.note email inside",
            "public.people.ssn ssn values",
        ]
    );
    assert_eq!((&found["unread"], &found["columns"]), (&json!(1), &json!(13)));
    assert_eq!(found["missing"], json!(["public.people.gone"]), "a mark of nothing is told");

    // What is printed for people is a part of a document, and shows no value.
    let text = run(&[]).ok().out;
    assert!(text.contains("    public.people.ref: card  # 40 of 40 sampled values\n"), "{text}");
    assert!(text.contains("# public.people.note: text with email in 4 of 40 values"), "{text}");
    assert!(text.contains("# public.people.gone is marked and is no column of a table here"), "{text}");
    assert!(!text.contains("4111") && !text.contains("@example"), "{text}");
}
