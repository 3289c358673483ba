//! The API as its callers see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod authorisation;
mod browser;
mod console;
mod documents;
mod openapi;
mod own_things;
mod rules;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Request, StatusCode, header};
use proto::{Caller, Code, Protocol, SessionId};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::{
    auth::{
        Mint,
        tests::{config, connection, here, person, provider::Provider},
    },
    store::{BrowserSessionKind, Counts, NewSession, SignedIn, Subject},
};

#[derive(Default)]
struct Living {
    killed: Mutex<Vec<SessionId>>,
    expelled: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl SessionControl for Living {
    async fn kill(&self, session: SessionId, _reason: &str) -> bool {
        self.killed.lock().unwrap().push(session);
        true
    }

    async fn release(
        &self,
        _session: SessionId,
        _release: proto::rpc::Release,
        _event: crate::store::AuditEvent,
    ) -> Result<(), crate::store::StoreError> {
        Ok(())
    }
}

impl AgentControl for Living {
    fn connected(&self) -> Vec<String> {
        vec!["near".into()]
    }

    fn expel(&self, agent: &str) {
        self.expelled.lock().unwrap().push(agent.into());
    }
}

/// A gateway's API with three people, two connections and a session of each of two people.
struct World {
    app: Router,
    state: ApiState,
    living: Arc<Living>,
    provider: Provider,
    alice: Subject,
    carol: Subject,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    async fn new() -> Self {
        let provider = Provider::start(true).await;
        let config = config("development", provider.issuer());
        let store = Store::open("sqlite::memory:").await.unwrap();
        let auth = Auth::open(store.clone(), &config).await.unwrap();
        let alice = SignedIn {
            issuer: provider.issuer().into(),
            subject: "sub-alice".into(),
            name: "alice".into(),
            groups: vec!["support".into()],
            authenticated: None,
            mfa: false,
        };
        let alice = store.signed_in(alice).await.unwrap();
        let carol = person(&store, "carol", &["support", "admin", "auditor"]).await;
        let shops = vec![connection("shop-db", &["support"]), connection("hr-db", &["hr"])];
        store.change_connections(shops, &[], vec![]).await.unwrap();
        let living = Arc::new(Living::default());
        let recordings =
            crate::evidence::Recordings::new(Arc::new(object_store::memory::InMemory::new()), Arc::new(store.clone()));
        let state = ApiState::new(Parts {
            store,
            auth,
            sessions: living.clone(),
            agents: living.clone(),
            recordings,
            endpoints: Endpoints { host: "gateway.test".into(), postgres: Some(5432), ..Endpoints::default() },
            tunnel_root_sha256: [7; 32],
        });
        Self { app: app(state.clone()), state, living, provider, alice, carol }
    }

    async fn token(&self, subject: &Subject) -> String {
        let started = self.state.auth.start(subject.id, BrowserSessionKind::Token).await.unwrap();
        format!("Bearer {}", started.secret.reveal())
    }

    async fn ticket(&self, subject: &Subject, connection: Option<&str>, api: bool) -> String {
        let mint = Mint {
            subject,
            connection,
            life: None,
            not_after: None,
            api,
            purpose: crate::store::Purpose::default(),
            source: None,
        };
        format!("Bearer {}", self.state.auth.mint(mint).await.unwrap().secret.reveal())
    }

    async fn session(&self, subject: &Subject) -> SessionId {
        let id = SessionId::generate();
        let caller = Caller { subject: subject.name.clone(), issuer: subject.issuer.clone(), ..Caller::default() };
        let new = NewSession {
            id,
            connection: "shop-db".into(),
            protocol: Protocol::Postgres,
            caller,
            agent: "near".into(),
            replica: "one".into(),
            permitted_by: "group support".into(),
            bundle: 1,
            shadow: String::new(),
        };
        self.state.store.open_session(new).await.unwrap();
        self.state.store.close_session(id, Code::Done, "", Counts::default()).await.unwrap();
        id
    }

    /// A request with headers; `body` is sent as it is.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo::<SocketAddr>(here()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A request of the API: JSON, with a bearer credential.
    async fn call(&self, method: &str, path: &str, bearer: &str, body: &str) -> Answer {
        let authorization = (header::AUTHORIZATION.as_str(), bearer);
        self.send(method, path, &[authorization, ("content-type", "application/json")], body).await
    }
}
