//! A small OpenID provider whose ID tokens can be made wrong in any way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::{Form, Json, Router, extract::State, routing};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How to spoil an ID token.
#[derive(Clone)]
pub(crate) struct Spoil {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) signed_by_another: bool,
    pub(crate) unsigned: bool,
    pub(crate) hmac: bool,
}

impl Default for Spoil {
    fn default() -> Self {
        Self { header: json!({}), claims: json!({}), signed_by_another: false, unsigned: false, hmac: false }
    }
}

struct Inner {
    issuer: String,
    development: bool,
    key: Mutex<EcdsaKeyPair>,
    kid: Mutex<String>,
    spoil: Mutex<Spoil>,
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

/// A running provider.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Inner>);

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

impl Provider {
    /// Starts one on a free port; it stops with the runtime.
    pub(crate) async fn start(development: bool) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self(Arc::new(Inner {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            development,
            key: Mutex::new(key()),
            kid: Mutex::new("one".into()),
            spoil: Mutex::default(),
            codes: Mutex::default(),
        }));
        let app = Router::new()
            .route("/.well-known/openid-configuration", routing::get(discovery))
            .route("/keys", routing::get(keys))
            .route("/token", routing::post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        provider
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What the next ID tokens are like.
    pub(crate) fn spoil(&self, spoil: Spoil) {
        *self.0.spoil.lock().unwrap() = spoil;
    }

    /// Signs with a new key from now on.
    pub(crate) fn rotate(&self) {
        *self.0.key.lock().unwrap() = key();
        *self.0.kid.lock().unwrap() = "two".into();
    }

    /// The person says yes: what the browser brings back, `(code, state)`.
    pub(crate) fn consent(&self, url: &url::Url) -> (String, String) {
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = format!("code-{}", self.0.codes.lock().unwrap().len());
        let state = asked["state"].clone();
        self.0.codes.lock().unwrap().insert(code.clone(), asked);
        (code, state)
    }

    fn id_token(&self, asked: &HashMap<String, String>) -> String {
        let spoil = self.0.spoil.lock().unwrap().clone();
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": *self.0.kid.lock().unwrap()});
        let mut claims = json!({
            "iss": self.0.issuer, "sub": "sub-alice", "aud": asked["client_id"], "nonce": asked["nonce"],
            "iat": now, "exp": now + 300, "preferred_username": "alice", "groups": ["support"],
        });
        for (into, from) in [(&mut header, spoil.header), (&mut claims, spoil.claims)] {
            into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature = if spoil.unsigned {
            Vec::new()
        } else if spoil.hmac {
            let public = self.0.key.lock().unwrap().public_key().as_ref().to_vec();
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
            aws_lc_rs::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
        } else if spoil.signed_by_another {
            key().sign(&random, input.as_bytes()).unwrap().as_ref().to_vec()
        } else {
            self.0.key.lock().unwrap().sign(&random, input.as_bytes()).unwrap().as_ref().to_vec()
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn discovery(State(provider): State<Provider>) -> Json<Value> {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "sallyport_development": provider.0.development,
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let public = provider.0.key.lock().unwrap().public_key().as_ref().to_vec();
    let (x, y) = public[1..].split_at(32);
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": *provider.0.kid.lock().unwrap(),
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }]}))
}

async fn token(
    State(provider): State<Provider>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, axum::http::StatusCode> {
    let refused = axum::http::StatusCode::BAD_REQUEST;
    let asked = provider.0.codes.lock().unwrap().remove(&form["code"]).ok_or(refused)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"] {
        return Err(refused);
    }
    Ok(Json(json!({"access_token": "opaque", "token_type": "Bearer", "id_token": provider.id_token(&asked)})))
}
