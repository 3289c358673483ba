//! Every route refuses whoever may not call it.

use super::*;

/// Routes that need nobody; whoever adds one has to add it here.
const OPEN: [(&str, &str); 4] =
    [("get", "/healthz"), ("get", "/readyz"), ("post", "/api/v1/logins"), ("post", "/api/v1/logins/poll")];

/// Method, path with its parameters filled in, and who may call it, of every route that is described.
fn every_route(world: &World) -> Vec<(String, String, Option<String>)> {
    let document = routes(&world.state).into_openapi();
    let document = serde_json::to_value(document).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["bearer"][0].as_str().map(str::to_owned);
            let path = path.replace("{name}", "shop-db").replace("{id}", "0194c2a0-0000-7000-8000-000000000000");
            all.push((method.clone(), path, scope));
        }
    }
    assert!(all.len() > 20);
    all
}

#[tokio::test]
async fn every_route_refuses_strangers_and_the_wrong_role() {
    let world = World::new().await;
    let alice = world.token(&world.alice).await;
    let auditor = person(&world.state.store, "audrey", &["auditor"]).await;
    let auditor = world.token(&auditor).await;
    let admin = person(&world.state.store, "adam", &["admin"]).await;
    let admin = world.token(&admin).await;
    for (method, path, scope) in every_route(&world) {
        let Some(scope) = scope else {
            assert!(OPEN.contains(&(method.as_str(), path.as_str())), "{method} {path} is open to anybody");
            continue;
        };
        let method = method.to_uppercase();
        let stranger = world.send(&method, &path, &[("content-type", "application/json")], "{}").await;
        assert_eq!(stranger.status, 401, "{method} {path} for a stranger");
        for forged in ["Bearer ", "Bearer x", "Bearer spt_x", "Bearer sp_x", "Basic x", "x", ""] {
            let forged = world.call(&method, &path, forged, "{}").await;
            assert_eq!((forged.status.as_u16(), forged.code().as_str()), (401, "SP-API-SIGN-IN"), "{method} {path}");
        }
        let refused: &[&String] = match scope.as_str() {
            "caller" => &[],
            "auditor" => &[&alice, &admin],
            "admin" => &[&alice, &auditor],
            other => panic!("unknown scope {other}"),
        };
        for bearer in refused {
            let wrong = world.call(&method, &path, bearer, "{}").await;
            assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (403, "SP-API-FORBIDDEN"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_plain_ticket_reads_and_changes_nothing() {
    let world = World::new().await;
    let ticket = world.ticket(&world.carol, None, false).await;
    for (method, path, scope) in every_route(&world) {
        let Some(scope) = scope else { continue };
        let answer = world.call(&method.to_uppercase(), &path, &ticket, "{}").await;
        if method != "get" || scope != "caller" {
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn tickets_tokens_and_cookies_are_not_taken_for_each_other() {
    let world = World::new().await;
    let cookie = world.state.auth.start(world.alice.id, BrowserSessionKind::Cookie).await.unwrap();
    let token = world.state.auth.start(world.alice.id, BrowserSessionKind::Token).await.unwrap();
    let as_bearer = format!("Bearer {}", cookie.secret.reveal());
    assert_eq!(world.call("GET", "/api/v1/me", &as_bearer, "").await.status, 401);
    let as_cookie = format!("{}={}", cookie::SIGNED_IN, token.secret.reveal());
    assert_eq!(world.send("GET", "/api/v1/me", &[("cookie", &as_cookie)], "").await.status, 401);
    assert!(world.state.auth.ticket(token.secret.reveal(), here()).await.is_err());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let world = World::new().await;
    let nothing = world.call("GET", "/api/v1/nothing", "", "").await;
    assert_eq!((nothing.status.as_u16(), nothing.code().as_str()), (404, "SP-API-NOT-FOUND"));
    let method = world.call("PATCH", "/api/v1/me", "", "").await;
    assert_eq!((method.status.as_u16(), method.code().as_str()), (405, "SP-API-METHOD"));
    assert_eq!(method.headers[header::CONTENT_TYPE], "application/problem+json");
}
