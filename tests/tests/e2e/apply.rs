//! Connections are declared in a file; applying it twice changes nothing, and what was not granted is not there.

use e2e::{Run, World};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn applying_twice_changes_nothing_and_export_gives_it_back() {
    let world = World::start().await;
    let file = world.site.folder.join("connections.yaml");
    let apply = || world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok();
    let export = || world.sallyport(world.carol(), &["export"]).ok().out;
    let _first = apply();
    let before = export();
    let _second = apply();
    assert_eq!(export(), before);
    for name in ["shop-db", "web-1", "shop-api"] {
        assert!(before.contains(name), "{before}");
    }
    let exported = world.folder("export").join("exported.yaml");
    std::fs::write(&exported, &before).unwrap();
    let _from_export = world.sallyport(world.carol(), &["apply", "-f", exported.to_str().unwrap()]).ok();
    assert_eq!(export(), before);
}

#[test]
fn detectors_and_access_come_back_as_they_were_declared() {
    let world = World::shared();
    let detector = json!({ "name": "badge", "pattern": "BDG-[0-9]{6}" });
    world.like("shop-db", "declared", |one| {
        one["access"] = json!({ "groups": ["support", "auditor"] });
        one["masking"] = json!({ "labels": ["card"], "detectors": [detector] });
        one["labels"] = json!({ "team": "shop" });
    });
    let exported = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json();
    let declared = exported["connections"].as_array().unwrap().iter().find(|one| one["name"] == "declared").unwrap();
    assert_eq!(declared["access"], json!({ "groups": ["support", "auditor"] }));
    assert_eq!(declared["masking"]["labels"], json!(["card"]));
    assert_eq!(declared["masking"]["detectors"][0]["pattern"], "BDG-[0-9]{6}");
    assert_eq!(declared["labels"], json!({ "team": "shop" }));
    let said = Run::new("psql").args(["-X", "-At", "-c", "SELECT 'BDG-123456', '123-45-6789'"]);
    let said = said.arg(world.dsn(world.alice(), "declared")).ok().out;
    assert!(!said.contains("BDG-123456") && said.contains("123-45-6789"), "only what was declared is masked: {said}");

    // What was exported, changed by nobody, changes nothing.
    let file = world.folder("declared").join("export.json");
    std::fs::write(&file, json!({ "connections": [declared] }).to_string()).unwrap();
    let said = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok().out;
    assert!(said.contains("0 changed"), "{said}");
}

#[test]
fn every_list_is_a_table_or_json() {
    let world = World::shared();
    let _one = world.psql().args(["-c", "SELECT 1"]).ok();
    for list in
        [&["connections"][..], &["sessions", "list"], &["tickets", "list"], &["keys", "list"], &["agents", "list"]]
    {
        let table = world.sallyport(world.carol(), list).ok().out;
        assert!(table.lines().count() > 1 && !table.starts_with('['), "{list:?}: {table}");
        let json = world.sallyport(world.carol(), &[list, &["--format", "json"]].concat()).ok().json();
        assert!(json.as_array().is_some_and(|rows| !rows.is_empty() && rows[0].is_object()), "{list:?}: {json}");
    }
    let head = Run::new("bash").args(["-c", &format!("{} sessions list | head -1", world.program().display())]);
    let head = head.env("SALLYPORT_URL", world.site.console_url()).env("SALLYPORT_CA", world.site.ca_file());
    let head = head.env("SALLYPORT_TICKET", &world.carol().ticket).ok();
    assert_eq!((head.out.lines().count(), head.err.as_str()), (1, ""), "a reader that leaves is no error");
}

#[test]
fn the_api_is_described_and_its_errors_are_problem_documents() {
    let world = World::shared();
    let curl = |path: &str, ticket: &str| {
        let ca = world.site.ca_file();
        let run = Run::new("curl")
            .args(["-sS", "-i", "--cacert"])
            .arg(ca)
            .args(["-H", &format!("Authorization: Bearer {ticket}")]);
        run.arg(format!("{}{path}", world.site.console_url())).ok().out
    };
    let described = world.api(world.carol(), "openapi.json");
    assert!(described["openapi"].as_str().unwrap().starts_with("3."));
    for path in ["/api/v1/sessions", "/api/v1/audit", "/api/v1/connections", "/api/v1/tickets", "/api/v1/agents"] {
        assert!(described["paths"][path].is_object(), "{path} is described");
    }
    for (path, ticket, status, code) in [
        ("/api/v1/sessions", "wrong", "401", "SP-API-SIGN-IN"),
        ("/api/v1/agents", &world.alice().ticket, "403", "SP-API-FORBIDDEN"),
        ("/api/v1/nothing", &world.carol().ticket, "404", "SP-API-NOT-FOUND"),
        ("/api/v1/sessions?limit=many", &world.carol().ticket, "422", "SP-API-INVALID"),
    ] {
        let said = curl(path, ticket);
        assert!(said.contains(&format!(" {status}")) && said.contains("application/problem+json"), "{path}: {said}");
        let document: serde_json::Value = serde_json::from_str(said.rsplit("\r\n\r\n").next().unwrap()).unwrap();
        assert_eq!(
            (document["status"].to_string().as_str(), document["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
        assert!(document["type"].is_string() && document["title"].is_string(), "{document}");
    }
}

#[test]
fn only_an_administrator_applies() {
    let world = World::shared();
    let file = world.site.folder.join("connections.yaml");
    let refused = world.sallyport(world.alice(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(!refused.contains("file:"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_mistake_changes_nothing_and_says_where() {
    let world = World::start().await;
    let before = world.sallyport(world.carol(), &["export"]).ok().out;
    let file = world.folder("mistake").join("wrong.yaml");
    std::fs::write(&file, before.replacen("protocol: postgres", "protocol: telnet", 1)).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("telnet"), "{refused}");
    assert_eq!(world.sallyport(world.carol(), &["export"]).ok().out, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_names_no_groups_is_open_to_nobody() {
    let world = World::start().await;
    let file = world.site.folder.join("connections.yaml");
    let open = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, open.replace("    - support\n", "    - somebody-else\n")).unwrap();
    let _applied = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok();
    let refused = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(refused.contains("SP-NO-ACCESS"), "{refused}");
    let listed = world.sallyport(world.alice(), &["connections", "--format", "json"]).ok().json();
    assert_eq!(listed, serde_json::json!([]), "what nobody may use, nobody sees");
    for list in ["agents", "policies/bundle", "sessions", "audit"] {
        let listed = world.api_curl(world.alice(), list).arg("-i").output().out;
        assert!(listed.contains(" 403") || listed.trim_end().ends_with("[]"), "{list}: {listed}");
    }
    let unknown = Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(world.alice(), "shop-xx")]).refused();
    assert_eq!(refused.replace("shop-db", "shop-xx"), unknown, "forbidden and unknown look alike");
}
