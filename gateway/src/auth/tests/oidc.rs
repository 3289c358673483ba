//! Signing in: what is checked of an ID token, of the way back, and of the provider.

use serde_json::{Value, json};

use super::{
    provider::{Provider, Spoil},
    *,
};

/// A whole sign-in whose ID token is spoilt in one way.
async fn sign_in(auth: &Auth, provider: &Provider, spoil: Spoil) -> Result<Finished, SignInError> {
    provider.spoil(spoil);
    let begun = auth.begin_sign_in("/").await?;
    let (code, state) = provider.consent(&begun.url);
    auth.finish_sign_in(&code, &state, begun.state.reveal(), here()).await
}

fn claims(claims: Value) -> Spoil {
    Spoil { claims, ..Spoil::default() }
}

#[tokio::test]
async fn a_sign_in_makes_a_subject_with_the_groups_of_the_claim() {
    let provider = Provider::start(true).await;
    let (_store, auth) = fresh(provider.issuer()).await;
    let finished = sign_in(&auth, &provider, Spoil::default()).await.unwrap();
    assert_eq!((finished.subject.name.as_str(), finished.subject.subject.as_str()), ("alice", "sub-alice"));
    assert_eq!((finished.subject.groups, finished.next.as_str()), (vec!["support".to_owned()], "/"));
    let again = sign_in(&auth, &provider, claims(json!({"groups": ["hr"]}))).await.unwrap();
    assert_eq!((again.subject.id, again.subject.groups), (finished.subject.id, vec!["hr".to_owned()]));
}

#[tokio::test]
async fn an_id_token_that_is_wrong_in_any_way_is_refused() {
    let provider = Provider::start(true).await;
    let (store, auth) = fresh(provider.issuer()).await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let none = Spoil { header: json!({"alg": "none"}), unsigned: true, ..Spoil::default() };
    let table = [
        ("another issuer", claims(json!({"iss": "https://evil"}))),
        ("another audience", claims(json!({"aud": "other"}))),
        ("an audience too many", claims(json!({"aud": ["sallyport", "other"]}))),
        ("another party", claims(json!({"azp": "other"}))),
        ("another nonce", claims(json!({"nonce": "replayed"}))),
        ("no nonce", claims(json!({"nonce": null}))),
        ("expired", claims(json!({"exp": now - 1}))),
        ("no expiry", claims(json!({"exp": null}))),
        ("from the future", claims(json!({"iat": now + 3600}))),
        ("no name", claims(json!({"preferred_username": null}))),
        ("a name in disguise", claims(json!({"preferred_username": "alice\u{200b}"}))),
        ("groups that are none", claims(json!({"groups": {"admin": true}}))),
        ("alg none", none),
        ("alg none, signed", Spoil { header: json!({"alg": "none"}), ..Spoil::default() }),
        ("unsigned", Spoil { unsigned: true, ..Spoil::default() }),
        ("HMAC with the public key", Spoil { header: json!({"alg": "HS256"}), hmac: true, ..Spoil::default() }),
        ("ES384", Spoil { header: json!({"alg": "ES384"}), ..Spoil::default() }),
        ("another key", Spoil { signed_by_another: true, ..Spoil::default() }),
        ("another key id", Spoil { header: json!({"kid": "nine"}), ..Spoil::default() }),
    ];
    for (what, spoil) in table {
        let result = sign_in(&auth, &provider, spoil).await;
        assert!(result.is_err(), "{what} was accepted");
    }
    assert!(store.snapshot().subject_named("alice").is_none());
    let failed = crate::store::AuditFilter { kind: Some("sign-in.failed".into()), limit: 99, ..Default::default() };
    assert_eq!(store.audit_events(failed).await.unwrap().len(), 19);
}

#[tokio::test]
async fn the_way_back_is_good_once_and_only_in_the_same_browser() {
    let provider = Provider::start(true).await;
    let (_store, auth) = fresh(provider.issuer()).await;
    let begun = auth.begin_sign_in("/").await.unwrap();
    let (code, state) = provider.consent(&begun.url);
    let other = auth.finish_sign_in(&code, &state, "another browser", here()).await;
    assert!(matches!(other, Err(SignInError::State)));
    auth.finish_sign_in(&code, &state, begun.state.reveal(), here()).await.unwrap();
    let replayed = auth.finish_sign_in(&code, &state, begun.state.reveal(), here()).await;
    assert!(matches!(replayed, Err(SignInError::State)));
    let invented = auth.finish_sign_in("code", "state", "state", here()).await;
    assert!(matches!(invented, Err(SignInError::State)));
}

#[tokio::test]
async fn a_sign_in_leads_back_only_to_known_paths() {
    let provider = Provider::start(true).await;
    let (_store, auth) = fresh(provider.issuer()).await;
    for (next, leads_to) in
        [("/auth/cli", "/auth/cli"), ("//evil", "/"), ("https://evil", "/"), ("/\\evil", "/"), ("javascript:x", "/")]
    {
        let begun = auth.begin_sign_in(next).await.unwrap();
        let (code, state) = provider.consent(&begun.url);
        let finished = auth.finish_sign_in(&code, &state, begun.state.reveal(), here()).await.unwrap();
        assert_eq!(finished.next, leads_to, "{next}");
    }
}

#[tokio::test]
async fn the_provider_may_change_its_keys() {
    let provider = Provider::start(true).await;
    let (_store, auth) = fresh(provider.issuer()).await;
    sign_in(&auth, &provider, Spoil::default()).await.unwrap();
    provider.rotate();
    auth.0.provider.as_ref().unwrap().age(std::time::Duration::from_secs(60)).await;
    sign_in(&auth, &provider, Spoil::default()).await.unwrap();
}

#[tokio::test]
async fn a_person_cannot_take_the_name_of_another() {
    let provider = Provider::start(true).await;
    let (_store, auth) = fresh(provider.issuer()).await;
    sign_in(&auth, &provider, Spoil::default()).await.unwrap();
    let thief = claims(json!({"sub": "sub-mallory", "preferred_username": "Alice"}));
    assert!(matches!(sign_in(&auth, &provider, thief).await, Err(SignInError::Store(_))));
}

#[tokio::test]
async fn production_refuses_a_development_provider_and_plain_http() {
    let provider = Provider::start(true).await;
    let store = Store::open("sqlite::memory:").await.unwrap();
    let mut config = config("development", provider.issuer());
    config.mode = Mode::Production;
    assert!(matches!(Auth::open(store.clone(), &config).await, Err(AuthError::Oidc(_))));
    config.mode = Mode::Development;
    let auth = Auth::open(store, &config).await.unwrap();
    assert!(auth.begin_sign_in("/").await.is_ok());
    auth.0.provider.as_ref().unwrap().age(std::time::Duration::from_secs(3600)).await;
    let mut strict = crate::auth::oidc::Provider::new(config.oidc.as_ref().unwrap(), &config).unwrap();
    strict.set_mode(Mode::Production);
    assert!(matches!(strict.authorize().await, Err(OidcError::Development)));
}

#[tokio::test]
async fn the_command_line_gets_a_token_once_its_person_confirmed_the_code() {
    let (store, auth) = fresh("http://localhost:1").await;
    let alice = person(&store, "alice", &[]).await;
    let begun = auth.begin_cli_login(here()).await.unwrap();
    assert!(matches!(auth.poll_cli_login(begun.poll.reveal()).await.unwrap(), CliPolled::Waiting));
    assert!(auth.waiting_cli_login("AAAAA-AAAAA").await.unwrap().is_none());
    let login = auth.waiting_cli_login(&begun.user_code.to_lowercase()).await.unwrap().unwrap();
    assert!(auth.approve_cli_login(&login, &alice, here()).await.unwrap());
    let CliPolled::Approved(started) = auth.poll_cli_login(begun.poll.reveal()).await.unwrap() else { panic!() };
    let live = auth.live(started.secret.reveal(), crate::store::BrowserSessionKind::Token).await.unwrap().unwrap();
    assert_eq!(live.subject.name, "alice");
    assert!(auth.live(started.secret.reveal(), crate::store::BrowserSessionKind::Cookie).await.unwrap().is_none());
    assert!(matches!(auth.poll_cli_login(begun.poll.reveal()).await.unwrap(), CliPolled::Gone));
}
