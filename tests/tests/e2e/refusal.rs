//! Bad input from clients: a clear error with a stable code in the client's own protocol, and the gateway goes on.

use std::time::Duration;

use e2e::{Run, World, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn psql(dsn: &str) -> Run {
    Run::new("psql").args(["-X", "-c", "SELECT 1", dsn])
}

/// The gateway still serves everyone.
fn fine(world: &World) {
    let _rows = world.psql().args(["-c", "SELECT 1"]).ok();
}

#[test]
fn unknown_and_forbidden_connections_look_alike() {
    let world = World::shared();
    let unknown = psql(&world.dsn(world.alice(), "no-such-thing")).refused();
    assert!(unknown.contains("SP-NO-ACCESS"), "{unknown}");
    let unknown = world.ssh_to("no-such-thing", world.alice(), &["true"]).refused();
    assert!(unknown.contains("SP-NO-ACCESS"), "{unknown}");
    let wrong_protocol = psql(&world.dsn(world.alice(), "web-1")).refused();
    assert!(wrong_protocol.contains("SP-NO-ACCESS"), "{wrong_protocol}");
    let missing = world.curl("/no-such-thing/x", &["-i"]).ok().out;
    assert!(missing.contains("SP-NO-ACCESS"), "{missing}");
}

#[test]
fn a_wrong_ticket_says_only_that_it_is_wrong() {
    let world = World::shared();
    let known = world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, "wrong");
    let refused = psql(&known).refused();
    assert!(refused.contains("SP-LOGIN"), "{refused}");
    let stranger = psql(&known.replace("user=alice", "user=nobody")).refused();
    assert_eq!(refused.replace("alice", "nobody"), stranger, "no hint which names exist");
}

#[test]
fn postgres_without_tls_is_told_to_use_it() {
    let world = World::shared();
    let dsn = world.dsn(world.alice(), "shop-db").replace("sslmode=verify-full", "sslmode=disable");
    let refused = psql(&dsn).refused();
    assert!(refused.contains("SP-TLS-REQUIRED"), "{refused}");
}

#[test]
fn replication_is_refused_clearly() {
    let world = World::shared();
    let refused = psql(&format!("{} replication=database", world.dsn(world.alice(), "shop-db"))).refused();
    assert!(refused.contains("SP-UNSUPPORTED"), "{refused}");
}

#[tokio::test]
async fn a_second_startup_inside_tls_is_malformed() {
    let world = World::shared();
    let mut stream = raw::postgres(world).await;
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
    let said = raw::read_to_close(&mut stream).await;
    assert!(String::from_utf8_lossy(&said).contains("SP-MALFORMED"), "{:?}", String::from_utf8_lossy(&said));
    fine(world);
}

#[tokio::test]
async fn malformed_and_oversized_startups_are_refused() {
    let world = World::shared();
    let garbage: [&[u8]; 5] = [
        b"\xff\xff\xff\xff\x00\x03\x00\x00",
        b"\x7f\xff\xff\xff\x00\x03\x00\x00user\0",
        b"\x00\x00\x00\x04",
        b"\x00\x00\x00\x0c\x00\x03\x00\x00abcd",
        b"\x00\x00\x00\x08\x00\x09\x00\x00",
    ];
    for bytes in garbage {
        let mut stream = raw::postgres(world).await;
        stream.write_all(bytes).await.unwrap();
        let said = raw::read_to_close(&mut stream).await;
        assert!(said.is_empty() || said[0] == b'E', "{bytes:?}: {said:?}");
    }
    fine(world);
}

#[tokio::test]
async fn bytes_before_tls_and_garbage_in_tls_are_refused() {
    let world = World::shared();
    let mut early = raw::tcp(world.site.ports.postgres).await;
    early.write_all(&[&[0, 0, 0, 8, 4, 210, 22, 47][..], &raw::startup(&[("user", "alice")])].concat()).await.unwrap();
    let said = raw::read_to_close(&mut early).await;
    assert!(!String::from_utf8_lossy(&said).contains("SCRAM"), "nothing is read that came before TLS");
    for port in [
        world.site.ports.postgres,
        world.site.ports.http,
        world.site.ports.ssh,
        world.site.ports.api,
        world.site.ports.tunnel,
    ] {
        let mut stream = raw::tcp(port).await;
        stream.write_all(&[0x16, 3, 1, 0xff, 0xff].repeat(2000)).await.unwrap_or_default();
        let _end =
            tokio::time::timeout(Duration::from_secs(60), raw::read_to_close(&mut stream)).await.expect("it closes");
    }
    fine(world);
}

#[tokio::test]
async fn a_flood_before_the_ssh_banner_ends() {
    let world = World::shared();
    let mut stream = raw::tcp(world.site.ports.ssh).await;
    for _ in 0..2000 {
        if stream.write_all(&[b'x'; 1024]).await.is_err() {
            break;
        }
    }
    let _end = tokio::time::timeout(Duration::from_secs(60), raw::read_to_close(&mut stream)).await.expect("it closes");
    let _in = world.ssh(&["true"]).ok();
}

#[tokio::test]
async fn smuggling_forms_are_400_and_never_forwarded() {
    let world = World::shared();
    let authorization = format!("Authorization: Bearer {}\r\n", world.alice().ticket);
    let requests = [
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n{A}\r\n0\r\n\r\n",
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n{A}\r\nabcd",
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n{A}\r\nabcd",
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{A}\r\n5;\nabcde\r\n0\r\n\r\n",
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n{A}\r\n0\r\n\r\n",
        "POST /shop-api/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n{A}\r\n0\r\n\r\n",
        "GET /shop-api/echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n{A}\r\n",
        "GET /shop-api/echo HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n{A}\r\n",
        "GET /shop-api/echo HTTP/1.1\r\nHost: x\r\nFolded: 1\r\n  2\r\n{A}\r\n",
        "GET /shop-api/echo HTTP/1.1\r\nHost: x\r\nNul: a\0b\r\n{A}\r\n",
    ];
    for request in requests {
        let mut stream = raw::tls(world, world.site.ports.http, &["http/1.1"]).await;
        stream.write_all(request.replace("{A}", &authorization).as_bytes()).await.unwrap();
        let mut said = vec![0; 4096];
        let count = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut said)).await.unwrap().unwrap_or(0);
        let said = String::from_utf8_lossy(&said[..count]).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{request:?}: {said}");
    }
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
}

#[tokio::test]
async fn idle_sockets_block_nobody() {
    let world = World::shared();
    let mut idle = vec![];
    for port in [world.site.ports.postgres, world.site.ports.ssh, world.site.ports.http] {
        for _ in 0..200 {
            idle.push(raw::tcp(port).await);
        }
    }
    fine(world);
    let _in = world.ssh(&["true"]).ok();
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
    // They were there all the time, so that nobody waited for their end.
    assert!(idle.iter().all(|socket| !matches!(socket.try_read(&mut [0; 64]), Ok(0))));
}

#[test]
fn agent_and_x11_forwarding_are_refused() {
    let world = World::shared();
    let output = world
        .ssh_to("web-1", world.alice(), &[])
        .args(["-A", "echo ${SSH_AUTH_SOCK:-none}"])
        .env("SSH_AUTH_SOCK", "/dev/null")
        .ok();
    assert_eq!(output.out.trim(), "none");
}

#[test]
fn failed_logins_are_in_the_audit_log() {
    let world = World::shared();
    let dsn = world
        .dsn(world.alice(), "shop-db")
        .replace(&world.alice().ticket, "wrong")
        .replace("user=alice", "user=mallory");
    let _refused = psql(&dsn).refused();
    e2e::eventually("an audit event", || {
        let log = world.api(world.carol(), "audit?kind=login.failed").to_string();
        (log.contains("mallory") && log.contains("SP-LOGIN")).then_some(())
    });
}
