#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::process::Command;

use super::*;
use crate::demo::{ports::Ports, process::is_root};

/// A folder that the account which runs PostgreSQL can reach.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn the_database_is_seeded_once_and_starts_again() {
    let folder = folder();
    let port = Ports::free().unwrap().target_postgres;
    let mut server = Postgres::start(&folder.path().join("pg"), port).await.unwrap();
    let count = |client: tokio_postgres::Client| async move {
        client.query_one("SELECT count(*) FROM customers", &[]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(count(server.client().await.unwrap()).await, 500);
    server.rotate_password().await.unwrap();
    drop(server);

    let server = Postgres::start(&folder.path().join("pg"), port).await.unwrap();
    assert_eq!(count(server.client().await.unwrap()).await, 500);
}

#[tokio::test]
async fn sshd_takes_the_agents_key_for_commands_and_files() {
    let folder = folder();
    let server = Sshd::start(&folder.path().join("sshd"), Ports::free().unwrap().target_ssh).await.unwrap();
    let options = [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "BatchMode=yes",
        "-q",
        "-F",
        "none",
    ];
    let place = format!("{}@127.0.0.1", server.login);
    let run = |program: &str, flag: &str, rest: &[&str]| {
        let output = Command::new(program)
            .args(options)
            .args([flag, &server.port.to_string(), "-i"])
            .arg(&server.key)
            .args(rest)
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("ssh", "-p", &[&place, "cat logs/support.log"]).contains("#1841"));
    let copy = folder.path().join("copy.csv");
    run("scp", "-P", &[&format!("{place}:export.csv"), copy.to_str().unwrap()]);
    assert!(std::fs::read_to_string(copy).unwrap().lines().count() == 21);
    assert_eq!(is_root(), server.login == "root");
}

#[tokio::test]
async fn the_api_wants_its_own_token_except_at_the_side_door() {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ports = Ports::free().unwrap();
    let api = Api::start(ports.target_api, ports.target_api_direct, "t0ken".into()).await.unwrap();
    let client = reqwest::Client::new();
    let customer = format!("http://127.0.0.1:{}/customers/1", api.port);
    assert_eq!(client.get(&customer).send().await.unwrap().status(), 401);
    let guarded = client.get(&customer).bearer_auth("t0ken").send().await.unwrap().text().await.unwrap();
    let direct = client.get(format!("http://127.0.0.1:{}/customers/1", api.direct_port)).send().await.unwrap();
    assert_eq!(guarded, direct.text().await.unwrap());
    let events = format!("http://127.0.0.1:{}/events?count=3", api.direct_port);
    assert_eq!(client.get(events).send().await.unwrap().text().await.unwrap().matches("event: customer").count(), 3);
}
