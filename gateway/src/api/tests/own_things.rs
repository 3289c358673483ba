//! What people do with their own tickets, keys and sessions, and what administrators do with agents.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_fresh_person_sees_nothing() {
    let world = World::new().await;
    let nobody = person(&world.state.store, "nobody", &[]).await;
    let bearer = world.token(&nobody).await;
    for path in ["/api/v1/connections", "/api/v1/sessions", "/api/v1/tickets", "/api/v1/ssh-keys"] {
        assert_eq!(world.call("GET", path, &bearer, "").await.json(), json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_minted_ticket_comes_with_lines_and_opens_what_it_says() {
    let world = World::new().await;
    let alice = world.token(&world.alice).await;
    let minted = world.call("POST", "/api/v1/tickets", &alice, r#"{"connection": "shop-db"}"#).await;
    assert_eq!(minted.status, 201);
    let line = minted.json()["lines"][0]["line"].as_str().unwrap().to_owned();
    assert!(line.contains("dbname=shop-db user=alice sslmode=verify-full"), "{line}");
    let secret = minted.json()["ticket"].as_str().unwrap().to_owned();
    let identity = world.state.auth.ticket(&secret, here()).await.unwrap();
    assert_eq!(identity.only_connection.as_deref(), Some("shop-db"));
    for closed in ["hr-db", "no-such"] {
        let body = json!({ "connection": closed }).to_string();
        let refused = world.call("POST", "/api/v1/tickets", &alice, &body).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (404, "SP-API-NOT-FOUND"));
    }
    let listed = world.call("GET", "/api/v1/tickets", &alice, "").await;
    assert!(!listed.text.contains(&secret), "a list never shows a ticket");
    let id = listed.json()[0]["id"].as_str().unwrap().to_owned();
    let carol = world.token(&world.carol).await;
    let path = format!("/api/v1/tickets/{id}");
    assert_eq!(world.call("DELETE", &path, &carol, "").await.status, 404, "not hers");
    assert_eq!(world.call("DELETE", &path, &alice, "").await.status, 204);
    assert!(world.state.auth.ticket(&secret, here()).await.is_err());
}

#[tokio::test]
async fn a_ticket_makes_nothing_that_outlives_it() {
    let world = World::new().await;
    let ticket = world.ticket(&world.carol, None, true).await;
    assert_eq!(world.call("POST", "/api/v1/tickets", &ticket, "{}").await.status, 201);
    assert_eq!(world.call("POST", "/api/v1/tickets", &ticket, r#"{"api": true}"#).await.status, 403);
    let key = json!({ "public_key": KEY }).to_string();
    assert_eq!(world.call("POST", "/api/v1/ssh-keys", &ticket, &key).await.status, 403);
}

#[tokio::test]
async fn tickets_for_others_are_minted_by_administrators_in_development_only() {
    let world = World::new().await;
    let body = r#"{"subject": "alice"}"#;
    let carol = world.token(&world.carol).await;
    let minted = world.call("POST", "/api/v1/tickets", &carol, body).await.json();
    let identity = world.state.auth.ticket(minted["ticket"].as_str().unwrap(), here()).await.unwrap();
    assert_eq!(identity.subject, "alice");
    let bob = person(&world.state.store, "bob", &["support"]).await;
    let bob = world.token(&bob).await;
    assert_eq!(world.call("POST", "/api/v1/tickets", &bob, body).await.status, 403);
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2NJq6jrSQFlAeaS4XhCXTBaQKQVFQHIEpIIL7fBCl0 alice@laptop";

#[tokio::test]
async fn an_ssh_key_is_registered_listed_and_deleted() {
    let world = World::new().await;
    let alice = world.token(&world.alice).await;
    let body = json!({ "public_key": KEY }).to_string();
    let key = world.call("POST", "/api/v1/ssh-keys", &alice, &body).await;
    assert_eq!(key.status, 201, "{}", key.text);
    assert_eq!(key.json()["name"], "alice@laptop");
    let fingerprint = key.json()["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(world.state.auth.ssh_key(&fingerprint, here()).await.unwrap().subject, "alice");
    let carol = world.token(&world.carol).await;
    assert_eq!(world.call("POST", "/api/v1/ssh-keys", &carol, &body).await.status, 409, "taken");
    let path = format!("/api/v1/ssh-keys/{}", key.json()["id"].as_str().unwrap());
    assert_eq!(world.call("DELETE", &path, &carol, "").await.status, 404);
    assert_eq!(world.call("DELETE", &path, &alice, "").await.status, 204);
    assert!(world.state.auth.ssh_key(&fingerprint, here()).await.is_err());
}

#[tokio::test]
async fn keys_that_are_none_are_refused() {
    let world = World::new().await;
    let alice = world.token(&world.alice).await;
    for wrong in ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAAAB", &"x".repeat(10_000)] {
        let body = json!({ "public_key": wrong }).to_string();
        assert_eq!(world.call("POST", "/api/v1/ssh-keys", &alice, &body).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn people_see_their_own_sessions_and_auditors_all() {
    let world = World::new().await;
    let (hers, theirs) = (world.session(&world.alice).await, world.session(&world.carol).await);
    let (alice, carol) = (world.token(&world.alice).await, world.token(&world.carol).await);
    let ids = |answer: Answer| -> Vec<String> {
        answer.json().as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(world.call("GET", "/api/v1/sessions", &alice, "").await), [hers.to_string()]);
    assert_eq!(ids(world.call("GET", "/api/v1/sessions?subject=carol", &alice, "").await), [hers.to_string()]);
    assert_eq!(ids(world.call("GET", "/api/v1/sessions", &carol, "").await).len(), 2);
    assert_eq!(ids(world.call("GET", "/api/v1/sessions?subject=alice", &carol, "").await), [hers.to_string()]);
    assert_eq!(world.call("GET", &format!("/api/v1/sessions/{theirs}"), &alice, "").await.status, 404);
    assert_eq!(world.call("GET", &format!("/api/v1/sessions/{hers}"), &alice, "").await.status, 200);
    assert_eq!(world.call("GET", "/api/v1/sessions?colour=red", &alice, "").await.status, 422);
    let events = format!("/api/v1/sessions/{hers}/events");
    let adam = person(&world.state.store, "adam", &["admin"]).await;
    let adam = world.token(&adam).await;
    assert_eq!(world.call("GET", &format!("/api/v1/sessions/{hers}"), &adam, "").await.status, 200);
    for (who, status) in [(&alice, 200), (&carol, 200), (&adam, 403)] {
        assert_eq!(world.call("GET", &events, who, "").await.status, status);
    }
    let kill = format!("/api/v1/sessions/{hers}/kill");
    assert_eq!(world.call("POST", &kill, &carol, r#"{"reason": "enough"}"#).await.status, 204);
    assert_eq!(*world.living.killed.lock().unwrap(), [hers]);
}

#[tokio::test]
async fn the_same_name_from_another_issuer_sees_nothing() {
    let world = World::new().await;
    let namesake = Subject { issuer: "https://other".into(), ..world.alice.clone() };
    world.session(&namesake).await;
    let alice = world.token(&world.alice).await;
    assert_eq!(world.call("GET", "/api/v1/sessions", &alice, "").await.json(), json!([]));
}

#[tokio::test]
async fn an_agent_joins_with_a_token_and_is_cut_off_when_removed() {
    let world = World::new().await;
    let carol = world.token(&world.carol).await;
    let token = world.call("POST", "/api/v1/agents/near/join-tokens", &carol, "").await.json();
    let parts: Vec<_> = token["token"].as_str().unwrap().split('.').collect();
    assert_eq!((parts[0], parts[2]), ("spj", hex::encode([7; 32]).as_str()));
    let digest = crate::auth::Secret::from(parts[1].to_owned()).digest();
    assert_eq!(world.state.store.use_join_token(digest).await.unwrap().as_deref(), Some("near"));
    world.state.store.enroll_agent("near", "01", time::OffsetDateTime::now_utc()).await.unwrap();
    assert_eq!(world.call("GET", "/api/v1/agents", &carol, "").await.json()[0]["connected"], true);
    assert_eq!(world.call("DELETE", "/api/v1/agents/near", &carol, "").await.status, 204);
    assert_eq!(*world.living.expelled.lock().unwrap(), ["near"]);
    assert_eq!(world.call("POST", "/api/v1/agents/Bad_Name/join-tokens", &carol, "").await.status, 422);
}
