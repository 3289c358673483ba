#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::demo::ports::Ports;

const VERIFIER: &str = "a-verifier-that-is-long-enough-for-anyone-0123456789";
const REDIRECT: &str = "http://127.0.0.1:9/callback";

async fn start() -> (Idp, reqwest::Client) {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    (Idp::start([127, 0, 0, 1].into(), Ports::free().unwrap().idp).await.unwrap(), client)
}

fn asked() -> Vec<(&'static str, String)> {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    vec![
        ("client_id", CLIENT_ID.into()),
        ("redirect_uri", REDIRECT.into()),
        ("response_type", "code".into()),
        ("state", "s1".into()),
        ("nonce", "n1".into()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".into()),
    ]
}

async fn pick(client: &reqwest::Client, idp: &Idp, person: &str) -> String {
    let mut form = asked();
    form.push(("person", person.into()));
    let answer = client.post(format!("{}/authorize", idp.issuer)).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let target = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    target.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

#[tokio::test]
async fn a_picked_person_becomes_a_signed_id_token() {
    let (idp, client) = start().await;
    let page =
        client.get(format!("{}/authorize", idp.issuer)).query(&asked()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("DEVELOPMENT ONLY") && page.contains("Alice Adams"));
    let code = pick(&client, &idp, "bob").await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let answer: Value =
        client.post(format!("{}/token", idp.issuer)).form(&form).send().await.unwrap().json().await.unwrap();

    let keys: jsonwebtoken::jwk::JwkSet =
        client.get(format!("{}/jwks", idp.issuer)).send().await.unwrap().json().await.unwrap();
    let mut checks = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    checks.set_audience(&[CLIENT_ID]);
    checks.set_issuer(&[&idp.issuer]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let token = jsonwebtoken::decode::<Value>(answer["id_token"].as_str().unwrap(), &key, &checks).unwrap();
    assert_eq!(token.claims["sub"], "bob");
    assert_eq!(token.claims["nonce"], "n1");
    assert_eq!(token.claims["groups"], serde_json::json!(["support", "approver"]));
}

#[tokio::test]
async fn it_says_that_it_is_for_development_and_redirects_to_this_machine_only() {
    let (idp, client) = start().await;
    let metadata: Value = client
        .get(format!("{}/.well-known/openid-configuration", idp.issuer))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(metadata["sallyport_development"], true);
    let mut away = asked();
    away[1].1 = "https://elsewhere.example/".into();
    let answer = client.get(format!("{}/authorize", idp.issuer)).query(&away).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}
