//! A caller cannot turn off or change what decides about it: not by the API, not by what it sends along, not by settings of its
//! session; and each try is written down.

use e2e::{Run, World, eventually, world::Wishes};
use serde_json::Value;

use crate::request_parameters::Log;

const RULES: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("not-alice") @reason("alice changes nothing") forbid (principal == Person::"alice", action == Action::"Invoke", resource)
when { context.effect != "read" };
"#;

/// Method and path of every route for administrators and auditors.
fn guarded(world: &World) -> Vec<(String, String)> {
    let document = world.api(world.carol(), "openapi.json");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if matches!(operation["security"][0]["bearer"][0].as_str(), Some("admin" | "auditor")) {
                let path = path.replace("{name}", "shop-db").replace("{id}", "0194c2a0-0000-7000-8000-000000000000");
                found.push((method.to_uppercase(), path.trim_start_matches("/api/v1/").to_owned()));
            }
        }
    }
    assert!(found.len() >= 10, "{found:?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_of_a_caller_reaches_administration_and_each_try_is_written_down() {
    let world = World::start().await;
    let alice = world.alice();
    let mint = |more: &[&str]| -> String {
        let minted = world.sallyport(alice, &[&["ticket", "--format", "json"], more].concat()).ok().json();
        minted["ticket"].as_str().unwrap().to_owned()
    };
    let credentials = [
        ("a ticket", alice.ticket.clone(), 403),
        ("a ticket for one connection", mint(&["shop-db"]), 403),
        ("an agent's ticket", mint(&["--actor", "ai:reporter"]), 403),
        ("nothing", String::new(), 401),
        ("a wrong ticket", "sp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(), 401),
    ];
    let before = world.sallyport(world.carol(), &["export"]).ok().out;
    let routes = guarded(&world);
    for (what, ticket, status) in &credentials {
        for (method, path) in &routes {
            let caller = sallyport::demo::site::Caller { ticket: ticket.clone(), ..alice.clone() };
            let body = if method == "GET" { vec![] } else { vec!["--json", "{}"] };
            let claims =
                ["-H", "X-Forwarded-User: carol", "-H", "X-Remote-Groups: admin", "-H", "X-Sallyport-Subject: carol"];
            let said = world.api_curl(&caller, path).args(["-i", "-X", method]).args(body).args(claims).output();
            let said = said.out + &said.err;
            let got = said.split(' ').nth(1).unwrap_or_default();
            let refused = got == "401" || got == "403";
            assert!(refused && (*status == 401) == (got == "401"), "{what}: {method} {path}: {said}");
        }
    }
    assert_eq!(world.sallyport(world.carol(), &["export"]).ok().out, before, "nothing has changed");
    let log = world.api(world.carol(), "audit?kind=api.forbidden&limit=1000");
    let tries = log.as_array().unwrap().iter().filter(|event| event["subject"] == "alice").count();
    assert!(tries >= routes.len(), "{tries} of {} tries: {log}", routes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_sends_along_or_sets_changes_neither_who_it_is_nor_what_is_decided() {
    let agent = "[[targets]]\naddress = \"127.0.0.1:*\"\n";
    let world =
        World::start_with(Wishes { policy: Some(RULES.into()), agent: agent.into(), ..Wishes::default() }).await;
    let log = Log::start();
    world.target("along", log.port, &serde_json::json!({ "protocol": "http" }), &serde_json::json!({}));
    for header in [
        "X-Forwarded-User: carol",
        "X-Remote-User: carol",
        "Remote-User: carol",
        "X-Sallyport-Subject: carol",
        "X-Forwarded-Groups: admin",
        "X-HTTP-Method-Override: GET",
        "Connection: authorization, x-policy",
        "Authorization: Bearer sp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let said = world.curl("/along/things", &["-i", "-X", "POST", "-d", "a=b", "-H", header]).output().out;
        assert!(said.contains(" 403") || said.contains(" 400") || said.contains(" 401"), "{header}: {said}");
    }
    assert_eq!(log.take(), "", "nothing arrives");
    let statements = [
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT set_config('role', 'postgres', false)",
        "SET application_name = 'carol'",
        "SET sallyport.policy = 'off'",
        "SET session_replication_role = replica",
        "RESET ALL",
        "DISCARD ALL",
    ];
    for before in statements {
        let change = "UPDATE customers SET name = 'changed' WHERE id = 1";
        let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-c", before, "-c", change]).output();
        assert!(run.err.contains("alice changes nothing"), "{before}: {}{}", run.out, run.err);
    }
    for (name, value) in
        [("PGAPPNAME", "carol"), ("PGOPTIONS", "-c role=postgres"), ("PGOPTIONS", "-c sallyport.policy=off")]
    {
        let change = "UPDATE customers SET name = 'changed' WHERE id = 1";
        let run = world.psql().args(["-c", change]).env(name, value).output();
        assert!(run.status != 0 && !run.out.contains("UPDATE 1"), "{name}={value}: {}{}", run.out, run.err);
    }
    let dsn = world.dsn(world.alice(), "shop-db").replace("user=alice", "user=carol");
    let run = Run::new("psql").args(["-X", "-c", "UPDATE customers SET name = 'changed' WHERE id = 1", &dsn]).output();
    assert!(run.status != 0 && !run.out.contains("UPDATE 1"), "a name is no identity: {}", run.err);
    let ssh = world.ssh(&["touch made"]).env("SALLYPORT_POLICY", "off").output();
    assert!(ssh.status == 77 && ssh.err.contains("alice changes nothing"), "{}", ssh.err);
    let direct = world.direct_psql().args(["-tAc", "SELECT count(*) FROM customers WHERE name = 'changed'"]).ok().out;
    assert_eq!(direct.trim(), "0");
    let recorded = |connection: &str, least: usize| {
        eventually("each try in the record", || {
            let ids = world.session_ids(connection);
            let all = ids
                .iter()
                .map(|id| world.sallyport(world.carol(), &["sessions", "replay", id, "--format", "json"]).output().out);
            let all: Vec<Value> = all
                .flat_map(|text| text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect::<Vec<_>>())
                .collect();
            assert!(all.iter().filter(|event| event["kind"] == "opened").all(|event| event["subject"] == "alice"));
            let refused = all.iter().filter(|event| event["kind"] == "refused" && event["rule"] == "not-alice").count();
            (refused >= least).then_some(())
        });
    };
    recorded("shop-db", statements.len());
    recorded("along", 4);
    recorded("web-1", 1);
}
