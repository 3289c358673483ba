//! The pages, with a browser's cookies.

use super::*;

/// Signs in as alice and gives the cookie.
async fn sign_in(world: &World, next: &str) -> (Answer, String) {
    let begun = world.send("GET", &format!("/auth/login?next={next}"), &[], "").await;
    assert_eq!(begun.status, 303);
    let url: url::Url = begun.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    let (code, state) = world.provider.consent(&url);
    let cookie = first_cookie(&begun);
    let path = format!("/auth/callback?code={code}&state={state}");
    let back = world.send("GET", &path, &[("cookie", &cookie)], "").await;
    assert_eq!(back.status, 303, "{}", back.text);
    let cookie = first_cookie(&back);
    (back, cookie)
}

fn first_cookie(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(set.starts_with("__Host-"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

fn csrf(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_sees_their_things_and_signs_out() {
    let world = World::new().await;
    assert!(world.send("GET", "/", &[], "").await.text.contains("/auth/login"));
    let (back, cookie) = sign_in(&world, "/").await;
    assert_eq!(back.headers[header::LOCATION], "/");
    let page = world.send("GET", "/", &[("cookie", &cookie)], "").await;
    assert!(page.text.contains("<h1>alice</h1>") && page.text.contains("dbname=shop-db"), "{}", page.text);
    assert!(!page.text.contains("hr-db"), "what is closed to her is not named");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"));
    let form = format!("csrf={}", csrf(&page));
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(world.send("POST", "/auth/logout", &headers, "csrf=wrong").await.status, 403);
    assert_eq!(world.send("POST", "/auth/logout", &headers, &form).await.status, 303);
    assert!(world.send("GET", "/", &[("cookie", &cookie)], "").await.text.contains("/auth/login"));
}

#[tokio::test]
async fn a_way_back_without_its_cookie_signs_nobody_in() {
    let world = World::new().await;
    let begun = world.send("GET", "/auth/login", &[], "").await;
    let url: url::Url = begun.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    let (code, state) = world.provider.consent(&url);
    let path = format!("/auth/callback?code={code}&state={state}");
    for headers in [&[][..], &[("cookie", "__Host-sallyport-state=other")]] {
        let refused = world.send("GET", &path, headers, "").await;
        assert_eq!(refused.status, 403);
        assert!(!refused.headers.contains_key(header::SET_COOKIE));
    }
    let refused = world.send("GET", "/auth/callback?error=%3Cscript%3E", &[], "").await;
    assert!(refused.status == 403 && !refused.text.contains("<script"));
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let world = World::new().await;
    let (_, cookie) = sign_in(&world, "/").await;
    let json = ("content-type", "application/json");
    let me = world.send("GET", "/api/v1/me", &[("cookie", &cookie)], "").await.json();
    let token = me["csrf_token"].as_str().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let without = world.send("POST", "/api/v1/tickets", &[cookie, json], "{}").await;
    assert_eq!((without.status.as_u16(), without.code().as_str()), (403, "SP-API-CSRF"));
    let csrf = ("x-csrf-token", token.as_str());
    let elsewhere = [cookie, json, csrf, ("origin", "https://evil.test")];
    assert_eq!(world.send("POST", "/api/v1/tickets", &elsewhere, "{}").await.status, 403);
    let ours = [cookie, json, csrf, ("origin", "https://gateway.test")];
    assert_eq!(world.send("POST", "/api/v1/tickets", &ours, "{}").await.status, 201);
}

#[tokio::test]
async fn the_command_line_is_signed_in_by_its_code() {
    let world = World::new().await;
    let waiting = world.call("POST", "/api/v1/logins", "", "").await;
    let code = waiting.json()["code"].as_str().unwrap().to_owned();
    let poll = serde_json::json!({ "poll": waiting.json()["poll"] }).to_string();
    let json = [("content-type", "application/json")];
    assert_eq!(world.send("POST", "/api/v1/logins/poll", &json, &poll).await.json()["status"], "waiting");
    let away = world.send("GET", "/auth/cli", &[], "").await;
    assert_eq!(away.headers[header::LOCATION], "/auth/login?next=/auth/cli");
    let (back, cookie) = sign_in(&world, "/auth/cli").await;
    assert_eq!(back.headers[header::LOCATION], "/auth/cli");
    let page = world.send("GET", "/auth/cli", &[("cookie", &cookie)], "").await;
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let form = format!("csrf={}&code={code}", csrf(&page));
    assert_eq!(world.send("POST", "/auth/cli", &headers, &format!("code={code}&confirm=true")).await.status, 403);
    let asked = world.send("POST", "/auth/cli", &headers, &form).await;
    assert!(asked.text.contains("127.0.0.1") && asked.text.contains("alice"), "{}", asked.text);
    assert_eq!(world.send("POST", "/api/v1/logins/poll", &json, &poll).await.json()["status"], "waiting");
    world.send("POST", "/auth/cli", &headers, &format!("{form}&confirm=true")).await;
    let approved = world.send("POST", "/api/v1/logins/poll", &json, &poll).await.json();
    let bearer = format!("Bearer {}", approved["token"].as_str().unwrap());
    assert_eq!(world.call("GET", "/api/v1/me", &bearer, "").await.json()["subject"], "alice");
    assert_eq!(world.call("DELETE", "/api/v1/login", &bearer, "").await.status, 204);
    assert_eq!(world.call("GET", "/api/v1/me", &bearer, "").await.status, 401);
}
