//! A gateway and an agent in this process, with HTTP targets of the test's own.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use gateway::{
    auth::{Auth, Mint},
    listen::{Door, Edge},
    session::Sessions,
    store::{Connection, SignedIn, Store},
    tunnel::{Authority, Directory, EventSink, SinkError, Tunnel},
};
use proto::{HttpSettings, SessionId, Settings};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, sync::watch};

pub struct World {
    pub http: SocketAddr,
    pub ticket: String,
    _store: Store,
    _folder: tempfile::TempDir,
    _closing: watch::Sender<bool>,
}

struct Everything;

#[async_trait::async_trait]
impl EventSink for Everything {
    async fn accept(&self, _: SessionId, _: Vec<bytes::Bytes>) -> Result<u64, SinkError> {
        Ok(u64::MAX)
    }
}

/// A connection: name, address of the target, whether cards are masked.
pub struct Target {
    pub name: &'static str,
    pub address: String,
    pub settings: HttpSettings,
    pub masked: bool,
}

pub fn settings(json: &str) -> HttpSettings {
    serde_json::from_str(json).unwrap()
}

impl World {
    pub async fn start(targets: Vec<Target>) -> Self {
        let _second = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("gateway");
        std::fs::create_dir(&state).unwrap();
        let authority = Arc::new(Authority::load_or_create(&state).unwrap());
        let store = Store::open(&format!("sqlite://{}?mode=rwc", folder.path().join("db").display())).await.unwrap();
        let directory = Directory::default();
        let sink: Arc<dyn EventSink> = Arc::new(Everything);
        let hour = Duration::from_secs(3600);
        let sessions = Sessions::new(store.clone(), directory.clone(), sink.clone(), hour, "r".into());
        let (closing, closed) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tunnel_address = listener.local_addr().unwrap();
        let tunnel = Tunnel {
            authority: authority.clone(),
            directory: directory.clone(),
            store: store.clone(),
            sink,
            help: String::new(),
        };
        let identity = authority.server_identity(&["127.0.0.1".into()]).unwrap();
        tokio::spawn(async move { tunnel.serve(listener, identity, std::future::pending()).await.unwrap() });

        let config = format!("state_dir = '{}'\npublic_url = 'https://gw.example'", state.display());
        let auth = Auth::open(store.clone(), &gateway::config::Config::parse(&config).unwrap()).await.unwrap();
        let who = SignedIn {
            issuer: "i".into(),
            subject: "s".into(),
            name: "alice".into(),
            groups: vec!["dev".into()],
            authenticated: None,
            mfa: false,
        };
        let subject = store.signed_in(who).await.unwrap();
        let mint = Mint {
            subject: &subject,
            connection: None,
            api: false,
            life: None,
            not_after: None,
            purpose: gateway::store::Purpose::default(),
            source: None,
        };
        let ticket = auth.mint(mint).await.unwrap().secret.reveal().to_owned();

        let address = |target: &Target| {
            format!(
                "[[targets]]\naddress = '{}'\ncredentials = ['env:PATH', 'file:{}']\n",
                target.address,
                folder.path().join("token").display()
            )
        };
        std::fs::write(folder.path().join("token"), "target-secret\n").unwrap();
        let allowed: String = targets.iter().map(address).collect();
        let reference = format!("file:{}", folder.path().join("token").display());
        let connections = targets.into_iter().map(|target| Connection {
            name: target.name.into(),
            address: target.address,
            agent: "a1".into(),
            settings: Settings::Http(target.settings),
            credentials: BTreeMap::from([("token".to_owned(), reference.clone())]),
            groups: vec!["dev".into()],
            detectors: if target.masked { vec!["card".into()] } else { vec![] },
            labels: BTreeMap::new(),
        });
        store.change_connections(connections.collect(), &[], vec![]).await.unwrap();
        let secret = format!("{:032x}", rand::random::<u128>());
        let expires = time::OffsetDateTime::now_utc() + Duration::from_secs(600);
        store.create_join_token("a1", Sha256::digest(secret.as_bytes()).into(), expires).await.unwrap();
        let token = format!("spj.{secret}.{}", hex::encode(Sha256::digest(authority.server_root())));
        let agent = format!(
            "gateways = ['{tunnel_address}']\nstate_dir = '{}'\njoin_token = '{token}'\n{allowed}[record]\nmin_free_mib = 0",
            folder.path().join("agent").display(),
        );
        let agent = agent::config::Config::parse(&agent).unwrap();
        tokio::spawn(async move { agent::run(agent, std::future::pending()).await.unwrap() });

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = listener.local_addr().unwrap();
        let edge = Edge {
            auth,
            sessions,
            tls: None,
            certificate: None,
            cancels: Default::default(),
            ssh_host_key: None,
            http_domain: Some("apps.test".into()),
            login_deadline: Duration::from_secs(5),
        };
        let door = Door { listener, connections: 1000, closing: closed };
        tokio::spawn(door.serve(move |stream, source| gateway::listen::http::serve(edge.clone(), stream, source)));
        let online = async {
            while directory.connected().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), online).await.unwrap();
        Self { http, ticket, _store: store, _folder: folder, _closing: closing }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// Runs curl with the ticket; gives what it printed.
    pub async fn curl(&self, arguments: &[&str]) -> String {
        let out = std::process::Command::new("curl")
            .args(["-sS", "--max-time", "60", "-H", &format!("Authorization: Bearer {}", self.ticket)])
            .args(arguments)
            .output();
        let out = out.unwrap();
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    }
}
