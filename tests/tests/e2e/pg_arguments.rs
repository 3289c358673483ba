//! Parameters are facts in whichever format they come; what was prepared under other rules is prepared again.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use e2e::{World, eventually, raw};
use tokio_postgres::{NoTls, config::SslMode, error::SqlState};

const OPEN: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_about_a_parameter_holds_in_binary_and_in_text() {
    let world = World::start().await;
    let forbidden = [
        "7",
        "1099511627776",
        "seven",
        "true",
        "1.5",
        "12.50",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "2026-02-24",
        "2026-02-24 12:30:00+00",
        "{\\\"a\\\": 1}",
        "{1,2,3}",
        "{a,\\\"b c\\\"}",
    ];
    let list = forbidden.map(|value| format!("\"{value}\"")).join(", ");
    let rule = format!(
        r#"{OPEN}@id("not-these") @reason("not these") forbid (principal, action == Action::"Invoke", resource)
        when {{ context.arguments has "$1" && [{list}].contains(context.arguments["$1"]) }};"#
    );
    world.policy("default", &rule);
    let said = eventually("the rule", || {
        let said = world.python("arguments.py", &[&world.dsn(world.alice(), "shop-db")]).ok().out;
        said.contains("not these").then_some(said)
    });
    // In text, psycopg writes a moment with its zone, a document and an array its own way.
    let lines: Vec<&str> =
        said.lines().filter(|line| line.contains("%b") || !line.starts_with("timestamptz")).collect();
    assert_eq!(lines.len(), 23, "{said}");
    let passed: Vec<&&str> =
        lines.iter().filter(|line| !line.contains("42501 sallyport: refused by policy: not these")).collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_cannot_be_read_is_refused_where_a_rule_needs_it_and_nowhere_else() {
    let world = World::start().await;
    let rule = format!(
        r#"{OPEN}@id("no-seven") @reason("no seven") forbid (principal, action == Action::"Invoke", resource)
        when {{ context.arguments has "$1" && context.arguments["$1"] == "7" }};
        @id("no-unknown") @reason("not understood") forbid (principal, action == Action::"Invoke", resource) when {{ context.unknown }};"#
    );
    world.policy("default", &rule);
    let mut config = tokio_postgres::Config::new();
    config.user("alice").password(&world.alice().ticket).dbname("shop-db").ssl_mode(SslMode::Disable);
    let (client, connection) = config.connect_raw(raw::postgres(&world).await, NoTls).await.unwrap();
    let running = tokio::spawn(connection);
    e2e::eventually_async("the rule", || async {
        let asked = client.query("SELECT $1::int4", &[&7_i32]).await;
        asked.err().filter(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)).map(drop)
    })
    .await;
    let point = client.query("SELECT $1::inet", &[&std::net::IpAddr::from([10, 0, 0, 1])]).await.unwrap_err();
    assert!(point.as_db_error().unwrap().message().contains("its parameter $1 cannot be read"), "{point:?}");
    let second = client.query("SELECT $1::int4, $2::inet", &[&8_i32, &std::net::IpAddr::from([10, 0, 0, 1])]).await;
    assert_eq!(second.unwrap().len(), 1);
    drop(client);
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_prepares_again_when_its_caller_may_see_less() {
    let world = World::start().await;
    world.like("shop-db", "marked-db", |connection| {
        connection["masking"]["columns"] = serde_json::json!({ "public.customers.email": "email" });
    });
    let seen =
        format!(r#"{OPEN}@id("emails") permit (principal, action == Action::"Reveal", resource == Label::"email");"#);
    world.policy("default", &seen);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let (alice, ca) = (world.alice(), world.site.ca_file());
    let mut asking = Command::new(home.join(".venv/bin/python"))
        .arg(home.join("prepared.py"))
        .args(["127.0.0.1", &world.site.ports.postgres.to_string(), &alice.subject, &alice.ticket, "marked-db"])
        .arg(ca)
        .arg("SELECT email FROM customers WHERE id = $1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut answers) = (asking.stdin.take().unwrap(), BufReader::new(asking.stdout.take().unwrap()));
    let mut ask = || {
        writeln!(stdin, "again").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    let clear = world.customer(3).email;
    eventually("the right to see", || (ask() == clear).then_some(()));
    world.policy("default", OPEN);
    let masked = eventually("the change", || Some(ask()).filter(|answer| *answer != clear));
    assert_eq!(masked, "***", "an error would have ended the script");
    world.policy("default", &seen);
    assert_eq!(ask(), "***", "what was prepared hidden stays so until it is prepared again");
    drop(stdin);
    assert!(asking.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_of_megabytes_is_judged_and_passes() {
    let world =
        World::start_with(e2e::world::Wishes { policy: Some(policy::DEFAULT.into()), ..Default::default() }).await;
    let _made = world.direct_psql().args(["-c", "CREATE TABLE bulk (id int, name text)"]).ok();
    let file = world.folder("bulk").join("bulk.sql");
    let rows: Vec<String> =
        (0..200_000).map(|id| format!("({id}, 'it''s row {id} of many; DROP TABLE bulk')")).collect();
    let insert = format!("INSERT INTO bulk (id, name) VALUES\n{};\n", rows.join(",\n"));
    assert!(insert.len() > 8_000_000);
    std::fs::write(&file, &insert).unwrap();
    let said = world.psql().args(["-f", file.to_str().unwrap()]).ok();
    assert!(said.out.contains("INSERT 0 200000"), "{}", said.out);
    std::fs::write(&file, insert.replace(";\n", "\\; DROP TABLE bulk;\n")).unwrap();
    let said = world.psql().args(["-v", "ON_ERROR_STOP=0", "-f", file.to_str().unwrap()]).output();
    assert!(said.err.contains("hold-structure"), "{}", said.err);
    let long = format!("SELECT '{}';\n", "x".repeat(17 << 20));
    std::fs::write(&file, long).unwrap();
    let said =
        world.psql().args(["-v", "ON_ERROR_STOP=0", "-f", file.to_str().unwrap(), "-c", "SELECT 'alive'"]).output();
    assert!(said.err.contains("longer than 16 MiB") && said.out.contains("alive"), "{}", said.err);
}
