//! `target::pg` against a real PostgreSQL: every kind of login, TLS with a CA and with a pin, refusals, masking, cancel. The
//! gateway's end of the lane is played by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use agent::{
    record::Recorder,
    rights::{Rights, SessionRights, open_bundle},
    target::pg::serve,
    target::{Context, pair},
    vault::{Allow, AllowList, Vault},
};
use bytes::{Bytes, BytesMut};
use masking::{Label, Masker};
use proto::{Caller, Code, Down, Ending, Grant, PostgresSettings, SessionId, Settings, TargetTls, TlsMode, Up};
use protocols::pg::encode;
use tokio::{sync::mpsc, task::JoinHandle};

/// A private cluster. Stops and vanishes when dropped.
struct Cluster {
    folder: tempfile::TempDir,
    port: u16,
    ca_pem: String,
    leaf_sha256: String,
}

const HBA: &str = "\
host all trusted 127.0.0.1/32 trust
host all hashed 127.0.0.1/32 md5
host all clear 127.0.0.1/32 password
hostssl all secure 127.0.0.1/32 scram-sha-256
host all scrammed 127.0.0.1/32 scram-sha-256
local all all trust
";

const ROLES: &str = "\
create role trusted login; grant pg_read_all_stats to trusted; create role clear login password 'open sesame';
set password_encryption = 'md5'; create role hashed login password 'open sesame';
set password_encryption = 'scram-sha-256';
create role scrammed login password 'open sesame'; create role secure login password 'open sesame';";

fn bin(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

/// PostgreSQL refuses to run as root, so as root it runs as its own user.
fn command(name: &str, arguments: &[&str]) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(bin(name));
        command
    } else {
        Command::new(bin(name))
    };
    command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(name: &str, arguments: &[&str]) {
    assert!(command(name, arguments).status().expect(name).success(), "{name} {arguments:?}");
}

fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("agent-pg-").tempdir().unwrap();
        open_to_all(folder.path());
        let at = |name: &str| folder.path().join(name).display().to_string();
        run("initdb", &["-D", &at("data"), "-U", "root", "--auth=trust", "-N", "--locale=C.UTF-8", "-E", "UTF8"]);
        let (ca_pem, leaf_sha256) = certificates(folder.path());
        for file in ["server.crt", "server.key"] {
            // Made by PostgreSQL's own user, which must own its key.
            run_shell(&format!("cp {} {}/data/{file} && chmod 600 {}/data/{file}", at(file), at(""), at("")));
        }
        std::fs::write(folder.path().join("hba"), HBA).unwrap();
        std::fs::set_permissions(folder.path().join("hba"), std::fs::Permissions::from_mode(0o644)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on -c hba_file={}",
            at(""),
            at("hba")
        );
        run("pg_ctl", &["-D", &at("data"), "-w", "-o", &options, "-l", &at("log"), "start"]);
        let port_text = port.to_string();
        run("psql", &["-X", "-h", &at(""), "-p", &port_text, "-U", "root", "-d", "postgres", "-c", ROLES]);
        Self { folder, port, ca_pem, leaf_sha256 }
    }
}

fn run_shell(line: &str) {
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    assert!(command.args(["-c", line]).current_dir("/").status().unwrap().success(), "{line}");
}

fn certificates(folder: &Path) -> (String, String) {
    use sha2::Digest as _;
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &rcgen::Issuer::new(ca, ca_key)).unwrap();
    for (name, text) in [("server.crt", leaf.pem()), ("server.key", key.serialize_pem())] {
        std::fs::write(folder.join(name), text).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    (ca_cert.pem(), hex::encode(sha2::Sha256::digest(leaf.der())))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        let _stopped = command("pg_ctl", &["-D", &data, "-w", "-m", "immediate", "stop"]).status();
        run_shell(&format!("rm -rf {data}"));
    }
}

/// The gateway's end of a lane.
struct Lane {
    down: mpsc::Sender<Down>,
    up: mpsc::Receiver<Up>,
    served: JoinHandle<Ending>,
}

/// A session as `login` with `password`.
fn session(cluster: &Cluster, login: &str, password: &str, tls: TargetTls, requested: &[(&str, &str)]) -> Lane {
    let _second = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let file = cluster.folder.path().join(format!("password-{}", SessionId::generate()));
    std::fs::write(&file, password).unwrap();
    let reference = format!("file:{}", file.display());
    let address = format!("127.0.0.1:{}", cluster.port);
    let settings = PostgresSettings {
        login: login.into(),
        database: "postgres".into(),
        any_database: false,
        tls,
        masking: proto::Masking::default(),
    };
    let credentials: BTreeMap<String, String> =
        if password.is_empty() { BTreeMap::new() } else { [("password".into(), reference.clone())].into() };
    let grant = Grant {
        connection: "test".into(),
        address: address.clone(),
        settings: Settings::Postgres(settings.clone()),
        credentials,
        caller: Caller::default(),
        not_after: SystemTime::now() + Duration::from_secs(60),
        detectors: vec![],
        requested: requested.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let masker = Arc::new(Masker::new(&[Label::Card]));
    let rights = Rights::fixed(open_bundle("test", "postgres")).unwrap();
    let rights = SessionRights::new(rights, "test".into(), Caller::default(), Arc::clone(&masker));
    let context = Context {
        session: SessionId::generate(),
        grant: Arc::new(grant),
        vault: Arc::new(Vault::new(AllowList::new(vec![Allow { address, credentials: vec![reference] }]))),
        record: Recorder::discard(),
        masker,
        rights: Arc::new(rights),
        readings: Arc::default(),
        catalogs: Arc::default(),
        counters: Arc::default(),
        http: Arc::default(),
    };
    let (link, down, up) = pair(16);
    Lane { down, up, served: tokio::spawn(serve(context, settings, link)) }
}

impl Lane {
    async fn ready(&mut self) -> Bytes {
        match self.up.recv().await {
            Some(Up::Ready(greeting)) => greeting,
            other => panic!("{other:?}, {:?}", (&mut self.served).await),
        }
    }

    async fn refused(self) -> Code {
        self.served.await.unwrap().code
    }

    async fn send(&self, sql: &str) {
        let mut out = BytesMut::new();
        encode::frame(&mut out, b'Q', |out| encode::string(out, sql));
        self.down.send(Down::Payload(out.freeze())).await.unwrap();
    }

    /// What comes until the target is ready again.
    async fn answer(&mut self) -> String {
        let mut seen = Vec::new();
        while !matches!(seen.as_slice(), [.., b'Z', 0, 0, 0, 5, _]) {
            match self.up.recv().await {
                Some(Up::Payload(bytes)) => seen.extend_from_slice(&bytes),
                other => panic!("{other:?}"),
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    async fn ask(&mut self, sql: &str) -> String {
        self.send(sql).await;
        self.answer().await
    }
}

fn verified(cluster: &Cluster) -> TargetTls {
    TargetTls { mode: TlsMode::VerifyFull, ca_pem: Some(cluster.ca_pem.clone()), ..TargetTls::default() }
}

fn pinned(sha256: String) -> TargetTls {
    TargetTls { mode: TlsMode::VerifyFull, pin_sha256: Some(sha256), ..TargetTls::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_target_is_served() {
    let cluster = Cluster::start();
    every_kind_of_login_works(&cluster).await;
    refusals_say_whose_fault_it_is(&cluster).await;
    the_greeting_keeps_the_key_back_and_parameters_arrive(&cluster).await;
    rows_and_errors_are_masked(&cluster).await;
    a_cancel_reaches_the_target(&cluster).await;
    ends_are_told(&cluster).await;
}

async fn every_kind_of_login_works(cluster: &Cluster) {
    for (login, password, tls) in [
        ("trusted", "", TargetTls::default()),
        ("clear", "open sesame", TargetTls::default()),
        ("hashed", "open sesame", TargetTls::default()),
        ("scrammed", "open sesame", TargetTls::default()),
        // Twice: the second time from the kept keys.
        ("scrammed", "open sesame", TargetTls::default()),
        ("secure", "open sesame", verified(cluster)),
        ("secure", "open sesame", pinned(cluster.leaf_sha256.clone())),
    ] {
        let mut lane = session(cluster, login, password, tls, &[]);
        lane.ready().await;
        assert!(lane.ask("select current_user").await.contains(login));
    }
}

async fn refusals_say_whose_fault_it_is(cluster: &Cluster) {
    let plain = TargetTls::default;
    assert_eq!(session(cluster, "scrammed", "wrong", plain(), &[]).refused().await, Code::TargetLogin);
    assert_eq!(session(cluster, "hashed", "wrong", plain(), &[]).refused().await, Code::TargetLogin);
    assert_eq!(session(cluster, "scrammed", "", plain(), &[]).refused().await, Code::TargetLogin);
    assert_eq!(session(cluster, "secure", "open sesame", plain(), &[]).refused().await, Code::TargetLogin);
    let stranger = pinned("00".repeat(32));
    assert_eq!(session(cluster, "secure", "open sesame", stranger, &[]).refused().await, Code::TargetIdentity);
    let elsewhere = TargetTls { server_name: Some("db.example.com".into()), ..verified(cluster) };
    assert_eq!(session(cluster, "secure", "open sesame", elsewhere, &[]).refused().await, Code::TargetIdentity);
    let public = TargetTls { mode: TlsMode::VerifyFull, ..plain() };
    assert_eq!(session(cluster, "secure", "open sesame", public, &[]).refused().await, Code::TargetIdentity);
    let other = [("database", "template1")];
    assert_eq!(session(cluster, "trusted", "", plain(), &other).refused().await, Code::NoAccess);
}

async fn the_greeting_keeps_the_key_back_and_parameters_arrive(cluster: &Cluster) {
    let requested = [("param.application_name", "orders"), ("param.user", "root"), ("param.replication", "true")];
    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &requested);
    let greeting = lane.ready().await;
    let mut tags = Vec::new();
    let mut rest = &greeting[..];
    while let [tag, a, b, c, d, ..] = rest {
        tags.push(*tag);
        assert!(*tag != b'K' || *d == 8, "the process number travels, the key does not");
        rest = &rest[1 + u32::from_be_bytes([*a, *b, *c, *d]) as usize..];
    }
    assert!(!tags.contains(&b'R') && tags.contains(&b'S') && tags.ends_with(b"KZ"), "{tags:?}");
    assert!(lane.ask("show application_name").await.contains("orders"));
    assert!(lane.ask("select current_user").await.contains("trusted"));
}

async fn rows_and_errors_are_masked(cluster: &Cluster) {
    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &[]);
    lane.ready().await;
    let sql = "select '4111 1111 1111 1111' as card, 5 as n";
    assert!(lane.ask(sql).await.contains("**** **** **** ****"));
    let error = lane.ask("select 'card 4111 1111 1111 1111'::int").await;
    assert!(error.contains("22P02") && !error.contains("4111"), "{error}");
}

async fn a_cancel_reaches_the_target(cluster: &Cluster) {
    for (login, password, tls) in [("trusted", "", TargetTls::default()), ("secure", "open sesame", verified(cluster))]
    {
        let mut lane = session(cluster, login, password, tls, &[]);
        lane.ready().await;
        lane.send("select pg_sleep(60)").await;
        let other = session(cluster, "trusted", "", TargetTls::default(), &[]);
        sleeping(other).await;
        lane.down.send(Down::Cancel).await.unwrap();
        assert!(lane.answer().await.contains("57014"));
        assert!(lane.ask("select 'still here'").await.contains("still here"));
    }
}

/// Waits until something sleeps on the target.
async fn sleeping(mut lane: Lane) {
    lane.ready().await;
    let waiting = "select count(*) || ' asleep' from pg_stat_activity where wait_event = 'PgSleep'";
    while !lane.ask(waiting).await.contains("1 asleep") {}
}

async fn ends_are_told(cluster: &Cluster) {
    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &[]);
    lane.ready().await;
    let goodbye = Bytes::from_static(b"X\0\0\0\x04");
    lane.down.send(Down::Payload(goodbye)).await.unwrap();
    assert_eq!(lane.served.await.unwrap().code, Code::Done);

    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &[]);
    lane.ready().await;
    lane.down.send(Down::Close(Ending::new(Code::Killed, "an administrator"))).await.unwrap();
    assert_eq!(lane.served.await.unwrap().code, Code::Killed);

    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &[]);
    lane.ready().await;
    drop(lane.down);
    assert_eq!(lane.served.await.unwrap().code, Code::GatewayLost);

    let mut lane = session(cluster, "trusted", "", TargetTls::default(), &[]);
    lane.ready().await;
    lane.send("select pg_terminate_backend(pg_backend_pid())").await;
    // The target says why by itself, so nothing needs to be added.
    let ending = tokio::time::timeout(Duration::from_secs(60), lane.served).await.unwrap().unwrap();
    assert_eq!(ending.code, Code::Done);
}
