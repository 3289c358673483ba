//! Prepares a deployment in a folder for load measurements against targets that already run: configuration files, one
//! person with a ticket and an SSH key, three connections. Start `sallyport gateway` and `sallyport agent` on its files.
//!
//! `rig DIR PORT_BASE` with PG_PORT PG_USER PG_PASSWORD PG_DBNAME, SSH_PORT SSH_USER SSH_KEY SSH_HOST_KEY, HTTP_ADDRESS and
//! CLIENT_KEY (a public key line) in the environment. Masking is on unless RIG_MASK=off.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use gateway::{
    auth::{Auth, Mint},
    config::Config,
    store::{Change, Connection, NewSshKey, SignedIn, Store},
    tunnel::Authority,
};
use proto::{HttpSettings, PostgresSettings, Settings, SshSettings};
use sha2::{Digest as _, Sha256};

#[tokio::main]
async fn main() {
    let _second = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let dir = std::path::PathBuf::from(arguments.next().expect("DIR"));
    let base: u16 = arguments.next().expect("PORT_BASE").parse().unwrap();
    std::fs::create_dir_all(&dir).unwrap();
    let gateway = write_gateway(&dir, base);
    let config = Config::parse(&gateway).unwrap();
    let authority = Authority::load_or_create(&config.state_dir).unwrap();
    let store = Store::open(&config.store_url).await.unwrap();
    let auth = Auth::open(store.clone(), &config).await.unwrap();
    let who = SignedIn {
        issuer: "rig".into(),
        subject: "bench".into(),
        name: "bench".into(),
        groups: vec!["bench".into()],
        authenticated: None,
        mfa: false,
    };
    let subject = store.signed_in(who).await.unwrap();
    // What ships by default, except that exports of a million rows are measured here.
    let default = policy::Document { name: "default".into(), text: policy::DEFAULT.replace("100000", "100000000") };
    let change = Change { connections: connections(), documents: vec![default], ..Change::default() };
    store.change(change, vec![]).await.unwrap();
    let mint = Mint {
        subject: &subject,
        connection: None,
        life: None,
        not_after: None,
        api: false,
        purpose: gateway::store::Purpose::default(),
        source: None,
    };
    let ticket = auth.mint(mint).await.unwrap();
    std::fs::write(dir.join("ticket"), ticket.secret.reveal()).unwrap();
    if let Ok(line) = std::env::var("CLIENT_KEY") {
        let key =
            NewSshKey { fingerprint: fingerprint(&line), public_key: line, subject_id: subject.id, name: "rig".into() };
        store.register_ssh_key(key).await.unwrap();
    }
    let secret = format!("{:032x}", rand::random::<u128>());
    let expires = time::OffsetDateTime::now_utc() + Duration::from_secs(900);
    store.create_join_token("rig", Sha256::digest(secret.as_bytes()).into(), expires).await.unwrap();
    let token = format!("spj.{secret}.{}", hex::encode(Sha256::digest(authority.server_root())));
    write_agent(&dir, base, &token);
    println!("{}", ticket.secret.reveal());
}

fn fingerprint(line: &str) -> String {
    use base64::{Engine as _, prelude::*};
    let blob = BASE64_STANDARD.decode(line.split_whitespace().nth(1).unwrap()).unwrap();
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn write_gateway(dir: &Path, base: u16) -> String {
    let plain = var("RIG_TLS") != "on";
    let text = format!(
        "mode = 'development'\nstate_dir = '{dir}/gateway'\npublic_url = 'https://127.0.0.1:{}'\n\
         workers = {workers}\n\
         [listen]\nconsole = '127.0.0.1:{}'\ntunnel = '127.0.0.1:{}'\npostgres = '127.0.0.1:{}'\nssh = '127.0.0.1:{}'\n\
         http = '127.0.0.1:{}'\nplaintext = [{}]\n",
        base,
        base,
        base + 1,
        base + 2,
        base + 3,
        base + 4,
        if plain { "'postgres', 'http'" } else { "" },
        dir = dir.display(),
        workers = std::env::var("RIG_WORKERS").unwrap_or_else(|_| "2".into()),
    );
    std::fs::write(dir.join("gateway.toml"), &text).unwrap();
    text
}

fn write_agent(dir: &Path, base: u16, token: &str) {
    let dir_text = dir.display();
    std::fs::write(dir.join("pg.password"), var("PG_PASSWORD")).unwrap();
    let mut text = format!(
        "gateways = ['127.0.0.1:{}']\nstate_dir = '{dir_text}/agent'\njoin_token = '{token}'\nworkers = {}\n",
        base + 1,
        std::env::var("RIG_WORKERS").unwrap_or_else(|_| "2".into()),
    );
    for connection in connections() {
        let references: Vec<_> = connection.credentials.values().map(|value| format!("'{value}'")).collect();
        write!(text, "[[targets]]\naddress = '{}'\ncredentials = [{}]\n", connection.address, references.join(", "))
            .unwrap();
    }
    std::fs::write(dir.join("agent.toml"), text).unwrap();
}

fn connections() -> Vec<Connection> {
    let detectors: Vec<String> =
        if var("RIG_MASK") == "off" { vec![] } else { ["card", "ssn", "email", "secret"].map(String::from).to_vec() };
    let connection =
        |name: &str, address: String, settings: Settings, credentials: BTreeMap<String, String>| Connection {
            name: name.into(),
            address,
            agent: "rig".into(),
            settings,
            credentials,
            groups: vec!["bench".into()],
            detectors: detectors.clone(),
            labels: BTreeMap::new(),
        };
    let dir = std::env::args().nth(1).unwrap();
    let postgres = PostgresSettings {
        login: var("PG_USER"),
        database: var("PG_DBNAME"),
        any_database: true,
        tls: proto::TargetTls::default(),
        masking: proto::Masking::default(),
    };
    let ssh: SshSettings = serde_json::from_value(serde_json::json!({
        "login": var("SSH_USER"), "host_keys": [var("SSH_HOST_KEY")], "forwards": ["*:*"], "remote_forwards": ["*:*"],
    }))
    .unwrap();
    let http: HttpSettings = serde_json::from_value(serde_json::json!({})).unwrap();
    let mut all = vec![connection(
        "bench",
        format!("127.0.0.1:{}", var("PG_PORT")),
        Settings::Postgres(postgres),
        [("password".to_owned(), format!("file:{dir}/pg.password"))].into(),
    )];
    if !var("SSH_PORT").is_empty() {
        let key = [("key".to_owned(), format!("file:{}", var("SSH_KEY")))].into();
        all.push(connection("web", format!("127.0.0.1:{}", var("SSH_PORT")), Settings::Ssh(ssh), key));
    }
    if !var("HTTP_ADDRESS").is_empty() {
        all.push(connection("api", var("HTTP_ADDRESS"), Settings::Http(http), BTreeMap::new()));
    }
    all
}
