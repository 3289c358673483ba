//! The commands that people use, as processes, against the gateway's real API over TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use async_trait::async_trait;
use gateway::{
    api::{self, AgentControl, ApiState, Endpoints, Parts, SessionControl},
    auth::{Auth, Mint},
    config::Config,
    evidence::Recordings,
    store::{SignedIn, Store, Subject},
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::Value;

struct Nothing;

#[async_trait]
impl SessionControl for Nothing {
    async fn kill(&self, _: proto::SessionId, _: &str) -> bool {
        false
    }

    async fn release(
        &self,
        _: proto::SessionId,
        _: proto::rpc::Release,
        _: gateway::store::AuditEvent,
    ) -> Result<(), gateway::store::StoreError> {
        Ok(())
    }
}

impl AgentControl for Nothing {
    fn connected(&self) -> Vec<String> {
        Vec::new()
    }

    fn expel(&self, _: &str) {}
}

/// A gateway's API on a free port, and a home folder for the commands.
struct World {
    folder: tempfile::TempDir,
    url: String,
    auth: Auth,
    carol: Subject,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let text = format!(
            "mode = \"development\"\nstate_dir = \"/nonexistent\"\npublic_url = \"{url}\"\n\
             [roles]\nadmin_groups = [\"admin\"]\nauditor_groups = [\"admin\"]"
        );
        let config = Config::parse(&text).unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("store.db").display())).await.unwrap();
        let auth = Auth::open(store.clone(), &config).await.unwrap();
        let groups = vec!["admin".into(), "support".into()];
        let carol = SignedIn {
            issuer: "https://id".into(),
            subject: "3".into(),
            name: "carol".into(),
            groups,
            authenticated: None,
            mfa: false,
        };
        let carol = store.signed_in(carol).await.unwrap();
        let progress = Arc::new(store.clone());
        let recordings = Recordings::open_dir(&folder.path().join("recordings"), progress).unwrap();
        let state = ApiState::new(Parts {
            store,
            auth: auth.clone(),
            sessions: Arc::new(Nothing),
            agents: Arc::new(Nothing),
            recordings,
            endpoints: Endpoints { host: "gateway.test".into(), postgres: Some(5432), ..Endpoints::default() },
            tunnel_root_sha256: [1; 32],
        });
        let tls = tls(&folder.path().join("ca.pem"));
        tokio::spawn(async move {
            let app = api::app(state);
            while let Ok((stream, source)) = listener.accept().await {
                tokio::spawn(api::serve(app.clone(), Arc::clone(&tls), stream, source));
            }
        });
        Self { folder, url, auth, carol }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sallyport"));
        command.args(arguments).env("HOME", self.folder.path()).env("SALLYPORT_CA", self.file("ca.pem"));
        command.env_remove("XDG_CONFIG_HOME").env_remove("SALLYPORT_TICKET").env_remove("SALLYPORT_URL");
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// What a command printed; it must have succeeded.
    async fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `sallyport login`, with the code confirmed as carol would in her browser.
    async fn login(&self) {
        let mut command = self.command(&["login", "--url", &self.url]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (code, waited) = tokio::task::spawn_blocking(move || {
            let line = lines.find(|line| line.as_ref().unwrap().contains("type the code")).unwrap().unwrap();
            (line.split_whitespace().last().unwrap().to_owned(), (child, lines))
        })
        .await
        .unwrap();
        let waiting = self.auth.waiting_cli_login(&code).await.unwrap().unwrap();
        assert!(self.auth.approve_cli_login(&waiting, &self.carol, "127.0.0.1:1".parse().unwrap()).await.unwrap());
        let (mut child, rest) = waited;
        let status = tokio::task::spawn_blocking(move || (rest.count(), child.wait().unwrap())).await.unwrap().1;
        assert!(status.success());
    }
}

fn tls(ca: &std::path::Path) -> Arc<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(ca, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

const SHOP: &str = "
connections:
  - name: shop-db
    agent: near
    address: 10.0.0.9:5432
    settings: { protocol: postgres, login: shop, database: shop }
    credentials: { password: \"env:SHOP\" }
    access: { groups: [support] }
    masking: { labels: [card] }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_signs_in_applies_exports_and_mints() {
    let world = World::start().await;
    let refused = world.run(&["connections", "--url", &world.url]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("not signed in"));
    world.login().await;
    std::fs::write(world.file("shop.yaml"), SHOP).unwrap();
    let file = world.file("shop.yaml").display().to_string();
    assert!(world.says(&["apply", "-f", &file, "--dry-run"]).await.contains("1 would change"));
    assert!(world.says(&["apply", "-f", &file]).await.contains("create  shop-db"));
    std::fs::write(world.file("out.yaml"), world.says(&["export"]).await).unwrap();
    let exported = world.file("out.yaml").display().to_string();
    assert!(world.says(&["apply", "--prune", "-f", &exported]).await.contains("0 changed, 2 as they were"));
    std::fs::write(world.file("bad.yaml"), SHOP.replace("address", "adress")).unwrap();
    let bad = world.run(&["apply", "-f", &world.file("bad.yaml").display().to_string()]).await;
    let error = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(error.contains("adress") && error.contains("SP-API-INVALID"), "{error}");
    let minted = world.says(&["ticket", "shop-db", "--life", "1h"]).await;
    let ticket = minted.lines().next().unwrap();
    assert!(minted.contains(&format!("PGPASSWORD={ticket} psql")), "{minted}");
    assert!(minted.contains(&format!("sslrootcert={}", world.file("ca.pem").display())), "{minted}");
    let tickets: Value = serde_json::from_str(&world.says(&["tickets", "list", "--format", "json"]).await).unwrap();
    assert_eq!(tickets[0]["connection"], "shop-db");
    world.says(&["tickets", "revoke", tickets[0]["id"].as_str().unwrap()]).await;
    assert!(world.says(&["agents", "join", "near"]).await.starts_with("spj."));
    assert!(world.says(&["agents", "list"]).await.starts_with("NAME"));
    world.says(&["logout"]).await;
    assert!(!world.run(&["export"]).await.status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_stands_in_for_a_sign_in() {
    let world = World::start().await;
    let mint = |api| Mint {
        subject: &world.carol,
        connection: None,
        life: None,
        not_after: None,
        api,
        purpose: gateway::store::Purpose::default(),
        source: None,
    };
    let with = |secret: String, arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env("SALLYPORT_URL", &world.url).env("SALLYPORT_TICKET", secret);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let plain = world.auth.mint(mint(false)).await.unwrap().secret.reveal().to_owned();
    let full = world.auth.mint(mint(true)).await.unwrap().secret.reveal().to_owned();
    let listed = with(plain.clone(), &["connections", "--format", "json"]).await.unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap().trim(), "[]");
    assert!(!with(plain, &["export"]).await.unwrap().status.success(), "it only reads its owner's own things");
    assert!(with(full, &["export"]).await.unwrap().status.success());
}
