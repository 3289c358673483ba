//! Conditions of rules that need the world around the call to be otherwise: a second factor at the identity provider, the zone of a
//! connection, a workload that acts for somebody, a label that changes while a session is open, fields of gRPC messages, bytes
//! that have been sent, and the document that describes functions.

use std::{path::Path, time::Instant};

use e2e::{Dialogue, Run, World, browser::Browser, eventually};
use regex::Regex;
use serde_json::{Value, json};

use crate::grpc_fields::Shop;

fn select(dsn: &str, statement: &str) -> e2e::Output {
    Run::new("psql").args(["-X", "-tA", "-c", statement, dsn]).output()
}

/// The command line after signing in at the identity provider.
async fn signed_in<'a>(
    world: &'a World,
    home: &'a Path,
    fields: &'a [(&'a str, &'a str)],
) -> impl Fn(&[&str]) -> Run + 'a {
    let sallyport = move |arguments: &[&str]| {
        Run::new(world.program())
            .args(arguments)
            .env("SALLYPORT_URL", world.site.console_url())
            .env("SALLYPORT_CA", world.site.ca_file())
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
    };
    let login = Dialogue::start(sallyport(&["login"]));
    let said = eventually("a link and a code", || login.said("-").filter(|said| said.contains("https://")));
    let form = Regex::new(r"\b[B-T]{5}-[B-T]{5}\b").unwrap();
    let said = match form.is_match(&said) {
        true => said,
        false => eventually("a code", || login.said("https://").filter(|said| form.is_match(said))),
    };
    let url = said.split_whitespace().find(|word| word.starts_with("https://")).unwrap();
    let mut browser = Browser::open(world, url).await;
    browser.pick_with("alice", fields).await;
    browser.submit(&[("code", form.find(&said).unwrap().as_str())]).await;
    browser.submit(&[]).await;
    assert!(browser.page.contains("signed in"), "{}", browser.page);
    let here = || (sallyport(&["ticket", "shop-db"]).output().status == 0).then_some(());
    eventually("the command line knows it", here);
    sallyport
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_at_the_identity_provider_shows_what_is_masked_without() {
    let world = World::ruled(
        r#"@id("cards-with-mfa") permit (principal in Group::"support", action == Action::"Reveal", resource == Label::"card")
           when { context.mfa && context.auth_age < 600 };"#,
    )
    .await;
    let card = world.customer(1).card;
    for (name, fields, shown) in [("one-factor", &[][..], false), ("two-factors", &[("second_factor", "on")][..], true)]
    {
        let home = world.folder(name);
        let sallyport = signed_in(&world, &home, fields).await;
        let minted = sallyport(&["ticket", "shop-db", "--format", "json"]).ok().json();
        let dsn =
            world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, minted["ticket"].as_str().unwrap());
        let said = select(&dsn, "SELECT card FROM customers WHERE id = 1");
        assert_eq!(said.out.trim() == card, shown, "{name}: {} {}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zone_of_a_connection_decides_and_a_changed_label_counts_for_an_open_session() {
    let world = World::ruled(
        r#"@id("prod-is-read-only") @reason("production is only read") forbid (principal, action == Action::"Invoke", resource in Zone::"prod")
           when { context.effect != "read" };"#,
    )
    .await;
    let zone = |zone: &str| world.like("shop-db", "zoned-db", |copy| copy["labels"] = json!({ "zone": zone }));
    zone("dev");
    let change = "UPDATE customers SET name = name WHERE id = 1";
    let mut open = Dialogue::start(Run::new("psql").args(["-X", "-tA", &world.dsn(world.alice(), "zoned-db")]));
    open.ask(&format!("{change};"), "UPDATE 1");
    zone("prod");
    let changed = Instant::now();
    let refused = eventually("the open session is refused", || {
        open.say(&format!("{change};"));
        open.said("production is only read")
    });
    assert!(changed.elapsed().as_secs() < 5 && refused.contains("rule prod-is-read-only"), "{refused}");
    open.ask("SELECT 'it lives ' || 'on';", "it lives on");
    assert!(select(&world.dsn(world.alice(), "shop-db"), change).out.contains("UPDATE 1"), "no zone, no rule");
    zone("dev");
    eventually("and is let again", || {
        open.say(&format!("{change};"));
        open.said("UPDATE 1\nUPDATE 1")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_needs_a_right_of_its_own_and_that_of_whom_it_acts_for() {
    let world = World::ruled("").await;
    let minted =
        world.sallyport(world.alice(), &["ticket", "--actor", "workload:nightly", "--format", "json"]).ok().json();
    let dsn = world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, minted["ticket"].as_str().unwrap());
    assert!(select(&dsn, "SELECT 1").err.contains("SP-NO-ACCESS"), "no policy names the workload");
    let allowed = r#"
@id("nightly-connects") permit (principal == Workload::"nightly", action == Action::"Connect", resource == Connection::"shop-db");
@id("nightly-reads") permit (principal == Workload::"nightly", action in [Action::"Invoke", Action::"RunUnapproved"], resource in Connection::"shop-db")
when { context.effect == "read" && context.actor == "workload" };
"#;
    world.policy("nightly", allowed);
    let change = "UPDATE customers SET name = name WHERE id = 1";
    eventually("it reads", || (select(&dsn, "SELECT 'read'").out.trim() == "read").then_some(()));
    let refused = select(&dsn, change).err;
    assert!(refused.contains("no policy lets nightly use shop-db/update"), "{refused}");
    assert!(world.psql().args(["-c", change]).ok().out.contains("UPDATE 1"));
    // What is forbidden to Alice, her workload may not either.
    let subject = r#"@id("no-orders") @reason("orders are closed") forbid (principal == Person::"alice", action == Action::"Invoke", resource)
when { context.reads.contains("public.orders") };"#;
    world.policy("subject", subject);
    eventually("both must be allowed", || {
        select(&dsn, "SELECT 1 FROM orders").err.contains("orders are closed").then_some(())
    });
}

#[test]
fn fields_of_grpc_messages_are_arguments_of_rules() {
    let world = World::shared();
    let mut shop = Shop::start(world);
    shop.connect(world, "grpc-facts", &json!({}));
    world.policy(
        "grpc-facts",
        r#"@id("not-mallory") @reason("nobody looks for Mallory")
forbid (principal, action == Action::"Invoke", resource == Function::"grpc-facts/shop.v1.Shop/Get")
when { context.arguments has name && context.arguments.name == "Mallory" };"#,
    );
    let ask = |name: &str, more: &[&str]| shop.call(world, "grpc-facts", "Get", &json!({ "name": name }), more);
    eventually("the rule counts", || ask("Mallory", &[]).contains("nobody looks for Mallory").then_some(()));
    for more in [&[][..], &["gzip"]] {
        let refused = ask("Mallory", more);
        assert!(refused.contains("PERMISSION_DENIED") && refused.contains("rule not-mallory"), "{refused}");
        assert!(ask("Ann", more).contains("Ann"));
    }
    while !shop.got().contains("Ann") {}
}

const BUDGET: &str = r#"@id("budget") @reason("no more than 20,000 bytes") forbid (principal, action == Action::"Invoke", resource)
when { context.bytes > 20000 && resource.connection.protocol != "postgres" };
@id("session-budget") @reason("no more than 50,000 bytes in a session") forbid (principal, action == Action::"Invoke", resource)
when { context.session_bytes > 50000 && resource.connection.protocol != "postgres" };"#;

#[tokio::test(flavor = "multi_thread")]
async fn bytes_beyond_a_budget_end_an_answer_and_a_channel_in_mid_stream() {
    let world = World::ruled(BUDGET).await;
    for version in ["--http1.1", "--http2"] {
        let many = world.curl("/shop-api/events?count=100000&every_ms=0", &["-N", version]).output();
        assert!(many.status != 0 && many.out.len() <= 20_000, "{version}: {} {}", many.status, many.out.len());
        assert!(many.out.contains("event: customer"), "what was within the budget arrived");
    }
    let few = world.curl("/shop-api/events?count=10&every_ms=0", &["-N"]).ok().out;
    assert_eq!(few.matches("event: customer").count(), 10);

    let many = world.ssh(&["for i in $(seq 1 200); do seq 1 100; sleep 0.01; done"]).output();
    assert!(many.status == 77 && many.err.contains("no more than 20,000 bytes"), "{} {}", many.status, many.err);
    assert!(many.out.starts_with("1\n2\n") && many.out.len() > 5000 && many.out.len() <= 20_000, "{}", many.out.len());
    assert_eq!(world.ssh(&["seq 1 1000"]).ok().out.lines().count(), 1000);
    let file = world.folder("budget").join("many");
    let fetch = Run::new("scp").args(world.ssh_options(world.alice())).args([
        "-P",
        &world.site.ports.ssh.to_string(),
        "web-1@127.0.0.1:/etc/ssl/certs/ca-certificates.crt",
    ]);
    let _stopped = fetch.arg(file.to_str().unwrap()).refused();
    assert!(std::fs::metadata(&file).map_or(0, |file| file.len()) <= 20_000);
    for connection in ["shop-api", "web-1"] {
        eventually("the audit log has it", || {
            let log = world.api(world.carol(), &format!("audit?kind=call.refused&connection={connection}"));
            log.as_array()?.iter().any(|event| event["reason"] == "budget").then_some(())
        });
    }
    let control = format!("ControlPath={}/%C", world.folder("budget-mux").display());
    let ssh = |arguments: &[&str]| {
        Run::new("ssh")
            .args(world.ssh_options(world.alice()))
            .args(["-o", control.as_str(), "-o", "ControlMaster=auto", "-o", "ControlPersist=20"])
            .args(["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1"])
            .args(arguments)
    };
    for _ in 0..3 {
        assert_eq!(ssh(&["seq 1 3500"]).ok().out.lines().count(), 3500);
    }
    let fourth = ssh(&["seq 1 3500"]).output();
    assert!(
        fourth.status == 77 && fourth.err.contains("50,000 bytes in a session"),
        "{} {}",
        fourth.status,
        fourth.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_for_long_over_http_ends_with_the_right_to_it() {
    let world = World::ruled("").await;
    let mut events = Dialogue::start(world.curl("/shop-api/events?count=1000&every_ms=100", &["-N"]));
    events.ask("", "event: customer");
    let night =
        r#"@id("night") @reason("closed for the night") forbid (principal, action == Action::"Invoke", resource);"#;
    world.policy("night", night);
    let changed = Instant::now();
    eventually("the answer breaks off", || events.said("curl: ("));
    assert!(changed.elapsed().as_secs() < 5);
}

#[test]
fn a_changed_document_is_another_bundle_and_the_record_names_it() {
    let world = World::shared();
    let log = crate::request_parameters::Log::start();
    let document = |most: u32| {
        let schema = json!({ "type": "object", "properties": { "amount": { "type": "integer", "maximum": most } } });
        let content = json!({ "application/json": { "schema": schema } });
        let post = json!({ "operationId": "pay", "requestBody": { "required": true, "content": content } });
        json!({ "openapi": "3.1.0", "info": { "title": "pay", "version": "1" }, "paths": { "/payments": { "post": post } } })
            .to_string()
    };
    let bundle = || world.api(world.carol(), "policies/bundle");
    let pinned = |text: &str, of: &str| {
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(of));
        json!({ "protocol": "http", "openapi": text, "openapi_sha256": hash, "validate": true })
    };
    let pay = |amount: u32| {
        let body = json!({ "amount": amount }).to_string();
        world.curl("/pinned-api/payments", &["-i", "--json", &body]).ok().out
    };
    let (old, new) = (document(500), document(900));
    world.target("pinned-api", log.port, &pinned(&old, &old), &json!({}));
    let first = bundle();
    assert!(pay(900).contains(" 400") && pay(500).contains(" 204"));
    // Another text under the old pin is refused, and nothing changes.
    let file = world.scratch.join("unpinned.json");
    let mut connection = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json()["connections"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == "pinned-api").cloned())
        .unwrap();
    connection["settings"] = pinned(&new, &old);
    std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("openapi"), "{refused}");
    assert_eq!(described(&bundle()), described(&first));
    // The same functions with the same arguments, but another document.
    world.target("pinned-api", log.port, &pinned(&new, &new), &json!({}));
    let second = bundle();
    assert_ne!(described(&first), described(&second));
    assert_ne!(first["hash"], second["hash"]);
    let version = |bundle: &Value| bundle["bundle"]["version"].as_u64().unwrap();
    assert!(version(&second) > version(&first));
    assert!(pay(900).contains(" 204") && pay(901).contains(" 400"));
    eventually("the record names the bundle", || {
        let names = |id: &String| {
            let events = world.sallyport(world.carol(), &["sessions", "replay", id, "--format", "json"]).ok().out;
            let mut events = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            events.any(|event| find(&event, "bundle").is_some_and(|named| named >= version(&second)))
        };
        world.session_ids("pinned-api").iter().any(names).then_some(())
    });
}

fn described(bundle: &Value) -> Value {
    let described = bundle["bundle"]["connections"]["pinned-api"]["described_by"].clone();
    assert_eq!(described.as_str().map(str::len), Some(64), "{bundle}");
    described
}

/// A number of that name, wherever it stands.
fn find(value: &Value, name: &str) -> Option<u64> {
    match value {
        Value::Object(members) => {
            members.get(name).and_then(Value::as_u64).or_else(|| members.values().find_map(|member| find(member, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
