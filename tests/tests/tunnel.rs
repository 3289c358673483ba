//! The tunnel without a protocol on top: enrolment, lanes, refusals, reconnection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use gateway::{
    session::{Opening, Sessions, Standing},
    store::{Connection, Store},
    tunnel::{Authority, Directory, EventSink, SinkError, Tunnel},
};
use proto::{Caller, Code, PostgresSettings, SessionId, Settings};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

struct Gateway {
    authority: Arc<Authority>,
    store: Store,
    directory: Directory,
    sessions: Sessions,
    address: SocketAddr,
    closing: watch::Sender<bool>,
    served: JoinHandle<()>,
    folder: tempfile::TempDir,
}

struct Everything;

#[async_trait::async_trait]
impl EventSink for Everything {
    async fn accept(&self, _: SessionId, _: Vec<bytes::Bytes>) -> Result<u64, SinkError> {
        Ok(u64::MAX)
    }
}

struct Always;

#[async_trait::async_trait]
impl Standing for Always {
    async fn check(&self, _: &str, known: &proto::Caller) -> Result<proto::Caller, proto::Ending> {
        Ok(known.clone())
    }
}

impl Gateway {
    async fn start() -> Self {
        let _second = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let authority = Arc::new(Authority::load_or_create(folder.path()).unwrap());
        let store = Store::open(&format!("sqlite://{}?mode=rwc", folder.path().join("db").display())).await.unwrap();
        let directory = Directory::default();
        let sink: Arc<dyn EventSink> = Arc::new(Everything);
        let sessions =
            Sessions::new(store.clone(), directory.clone(), sink.clone(), Duration::from_secs(60), "r".into());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (closing, mut closed) = watch::channel(false);
        let tunnel = Tunnel {
            authority: authority.clone(),
            directory: directory.clone(),
            store: store.clone(),
            sink,
            help: String::new(),
        };
        let identity = authority.server_identity(&["127.0.0.1".into()]).unwrap();
        let served = tokio::spawn(async move {
            let stop = async move { drop(closed.wait_for(|closing| *closing).await) };
            tunnel.serve(listener, identity, stop).await.unwrap();
        });
        let connection = Connection {
            name: "db".into(),
            address: "127.0.0.1:1".into(),
            agent: "a1".into(),
            settings: Settings::Postgres(PostgresSettings {
                login: "x".into(),
                database: "x".into(),
                any_database: false,
                tls: proto::TargetTls::default(),
                masking: proto::Masking::default(),
            }),
            credentials: BTreeMap::new(),
            groups: vec!["dev".into()],
            detectors: vec![],
            labels: BTreeMap::new(),
        };
        let other = Connection { name: "foreign".into(), address: "10.0.0.1:5432".into(), ..connection.clone() };
        store.change_connections(vec![connection, other], &[], vec![]).await.unwrap();
        Self { authority, store, directory, sessions, address, closing, served, folder }
    }

    async fn join_token(&self) -> String {
        let secret = format!("{:032x}", rand::random::<u128>());
        let hash = Sha256::digest(secret.as_bytes()).into();
        let expires = time::OffsetDateTime::now_utc() + Duration::from_secs(60);
        self.store.create_join_token("a1", hash, expires).await.unwrap();
        format!("spj.{secret}.{}", hex::encode(Sha256::digest(self.authority.server_root())))
    }

    fn agent_config(&self, name: &str, token: &str) -> agent::config::Config {
        let text = format!(
            "gateways = ['{}']\nstate_dir = '{}'\njoin_token = '{token}'\n\
             [[targets]]\naddress = '127.0.0.1:1'\n[record]\nmin_free_mib = 0",
            self.address,
            self.folder.path().join(name).display(),
        );
        agent::config::Config::parse(&text).unwrap()
    }

    async fn online(&self) {
        until(|| !self.directory.connected().is_empty()).await;
    }

    async fn open(&self, connection: &str) -> Result<gateway::session::Session, proto::Refusal> {
        let subject =
            policy::Principal { name: "alice".into(), groups: vec!["dev".into()], ..policy::Principal::default() };
        let snapshot = self.store.snapshot();
        let engine = snapshot.engine().unwrap();
        let scope = engine.scope(policy::Caller { subject, actor: None }, connection, &[]).unwrap();
        let permit = engine.connect(&scope, &policy::Circumstances::default()).unwrap();
        let caller = Caller { subject: "alice".into(), source: "127.0.0.1:9".into(), ..Caller::default() };
        let not_after = std::time::SystemTime::now() + Duration::from_secs(60);
        self.sessions
            .open(permit, Opening { caller, standing: Arc::new(Always), not_after, requested: BTreeMap::new() })
            .await
    }
}

async fn until(condition: impl Fn() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    patience.await.expect("the condition did not come true in time");
}

fn run(config: agent::config::Config) -> JoinHandle<Result<(), agent::RunError>> {
    tokio::spawn(agent::run(config, std::future::pending()))
}

/// Runs an agent in the folder of one that was aborted, once that one's tasks have let go of the folder.
fn run_again(config: agent::config::Config) -> JoinHandle<Result<(), agent::RunError>> {
    tokio::spawn(async move {
        loop {
            match agent::run(config.clone(), std::future::pending()).await {
                Err(agent::RunError::Spool(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                ended => return ended,
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_enrols_once_and_is_known_by_its_certificate_from_then_on() {
    let gateway = Gateway::start().await;
    let token = gateway.join_token().await;
    let agent = run(gateway.agent_config("one", &token));
    gateway.online().await;
    agent.abort();
    until(|| gateway.directory.connected().is_empty()).await;

    // The token is used up: another agent with it is refused.
    let thief = agent::run(gateway.agent_config("two", &token), std::future::pending()).await;
    assert!(thief.unwrap_err().to_string().contains("unknown, used or expired"));

    // The first agent comes back with its certificate; the token is not looked at any more.
    let agent = run_again(gateway.agent_config("one", "none"));
    gateway.online().await;
    agent.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_refuses_a_gateway_whose_root_is_not_the_pinned_one() {
    let gateway = Gateway::start().await;
    let token = gateway.join_token().await;
    let (secret, _) = token.rsplit_once('.').unwrap();
    let wrong = format!("{secret}.{}", "00".repeat(32));
    let refused = agent::run(gateway.agent_config("one", &wrong), std::future::pending()).await;
    assert!(refused.is_err());
    // Nothing was sent to the wrong gateway: the token is still good.
    let agent = run(gateway.agent_config("one", &token));
    gateway.online().await;
    agent.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_agents_own_list_does_not_name_is_refused_by_the_agent() {
    let gateway = Gateway::start().await;
    let token = gateway.join_token().await;
    let agent = run(gateway.agent_config("one", &token));
    gateway.online().await;
    let refusal = gateway.open("foreign").await.err().unwrap();
    assert_eq!(refusal.code, Code::TargetNotAllowed);
    // One that it names gets as far as the target, which is not there.
    let refusal = gateway.open("db").await.err().unwrap();
    assert_ne!(refusal.code, Code::TargetNotAllowed);
    assert_ne!(refusal.code, Code::AgentOffline);
    agent.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_agent_a_session_is_refused_at_once() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.open("db").await.err().unwrap().code, Code::AgentOffline);
    let rows = gateway.store.sessions(gateway::store::SessionFilter { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].code.as_deref(), Some("SP-AGENT-OFFLINE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_key_locks_the_agent_once_the_copy_renews_or_falls_behind() {
    let gateway = Gateway::start().await;
    let token = gateway.join_token().await;
    let agent = run(gateway.agent_config("one", &token));
    gateway.online().await;
    agent.abort();
    until(|| gateway.directory.connected().is_empty()).await;
    // Two renewals that the copy knows nothing of.
    for (before, number) in [(1, 2), (2, 3)] {
        let next = gateway::store::Generation {
            number,
            certificate_serial: format!("key {number}"),
            expires: time::OffsetDateTime::now_utc() + Duration::from_secs(60),
        };
        assert!(gateway.store.set_agent_generation("a1", before, next).await.unwrap());
    }
    let copied = gateway.folder.path().join("copied");
    std::fs::create_dir(&copied).unwrap();
    std::fs::copy(gateway.folder.path().join("one/identity.json"), copied.join("identity.json")).unwrap();
    let copy = run(gateway.agent_config("copied", "none"));
    let store = gateway.store.clone();
    let locked = async {
        while store.agent("a1").await.unwrap().unwrap().locked.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), locked).await.unwrap();
    assert!(gateway.directory.connected().is_empty());
    copy.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_gateway_lets_go_of_its_agents() {
    let gateway = Gateway::start().await;
    let token = gateway.join_token().await;
    let agent = run(gateway.agent_config("one", &token));
    gateway.online().await;
    gateway.closing.send_replace(true);
    tokio::time::timeout(Duration::from_secs(60), gateway.served).await.unwrap().unwrap();
    agent.abort();
}
