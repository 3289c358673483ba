//! Apply and export.

use serde_json::json;

use super::*;

const SHOP: &str = r#"
connections:
  - name: shop-db
    agent: near
    address: 10.0.0.9:5432
    settings: { protocol: postgres, login: shop, database: shop }
    credentials: { password: "env:SHOP" }
    access: { groups: [support] }
    masking: { labels: [card, ssn] }
  - name: web-1
    agent: near
    address: "[::1]:22"
    settings: { protocol: ssh, login: deploy, host_keys: ["SHA256:x"] }
    credentials: { key: "file:/keys/web-1" }
    labels: { env: demo }
  - name: shop-api
    agent: near
    address: api.internal:8080
    settings: { protocol: http, auth: { header: { name: x-key } } }
"#;

async fn apply(world: &World, query: &str, text: &str) -> Answer {
    let carol = world.token(&world.carol).await;
    let headers = [("authorization", carol.as_str()), ("content-type", "application/yaml")];
    world.send("POST", &format!("/api/v1/apply{query}"), &headers, text).await
}

async fn export(world: &World, accept: &str) -> String {
    let carol = world.token(&world.carol).await;
    world.send("GET", "/api/v1/export", &[("authorization", &carol), ("accept", accept)], "").await.text
}

#[tokio::test]
async fn applying_what_was_exported_changes_nothing() {
    let world = World::new().await;
    let applied = apply(&world, "", SHOP).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    assert_eq!(applied.json()["changes"].as_array().unwrap().len(), 3);
    let version = world.state.store.snapshot().version();
    for accept in ["application/yaml", "application/json"] {
        let again = apply(&world, "?prune=true", &export(&world, accept).await).await;
        assert_eq!(again.json(), json!({ "dry_run": false, "changes": [], "unchanged": 5 }), "{accept}");
    }
    assert_eq!(apply(&world, "", SHOP).await.json()["changes"], json!([]));
    assert_eq!(world.state.store.snapshot().version(), version, "nothing was written");
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let world = World::new().await;
    let planned = apply(&world, "?dry_run=true&prune=true", SHOP).await.json();
    let actions: Vec<_> = planned["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
    assert_eq!(actions, ["change", "create", "create", "remove"]);
    assert_eq!(planned["changes"][0]["fields"], json!(["address", "masking"]));
    assert!(world.state.store.connection("web-1").is_none());
    assert!(world.state.store.connection("hr-db").is_some());
    apply(&world, "?prune=true", SHOP).await;
    assert!(world.state.store.connection("hr-db").is_none());
}

#[tokio::test]
async fn a_document_that_is_wrong_anywhere_is_refused_whole_and_says_where() {
    let world = World::new().await;
    let table = [
        ("login: shop,", "login: shop, colour: red,", "colour"),
        ("    access:", "    acess:", "acess"),
        ("env:SHOP", "hunter2", "connections[0] (shop-db): credentials.password"),
        ("password: \"env", "pasword: \"env", "credentials.pasword"),
        ("[card, ssn]", "[card, snn]", "masking.labels: `snn`"),
        ("name: web-1", "name: shop-db", "connections[1] (shop-db): the name is used twice"),
        ("name: web-1", "name: Web_1", "connections[1] (Web_1): name"),
        ("10.0.0.9:5432", "10.0.0.9", "address"),
        ("10.0.0.9:5432", "\"a b:5432\"", "address"),
        ("protocol: ssh", "protocol: telnet", "telnet"),
        ("agent: near", "agent: [near]", "line"),
    ];
    for (right, wrong, said) in table {
        let answer = apply(&world, "", &SHOP.replacen(right, wrong, 1)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "SP-API-INVALID"), "{wrong}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said), "{wrong}: {detail}");
        assert!(detail.contains("line") || detail.contains("connections["), "no position: {detail}");
    }
    assert!(world.state.store.connection("web-1").is_none());
}

#[tokio::test]
async fn a_connection_is_written_read_and_removed_one_by_one() {
    let world = World::new().await;
    let carol = world.token(&world.carol).await;
    let mut document = world.call("GET", "/api/v1/connections/shop-db", &carol, "").await.json();
    document["address"] = json!("10.0.0.5:1");
    let text = document.to_string();
    assert_eq!(world.call("PUT", "/api/v1/connections/shop-db", &carol, &text).await.status, 204);
    assert_eq!(world.call("PUT", "/api/v1/connections/other", &carol, &text).await.status, 422);
    assert_eq!(world.state.store.connection("shop-db").unwrap().address, "10.0.0.5:1");
    assert_eq!(world.call("DELETE", "/api/v1/connections/shop-db", &carol, "").await.status, 204);
    assert_eq!(world.call("DELETE", "/api/v1/connections/shop-db", &carol, "").await.status, 404);
}
