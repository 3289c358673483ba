//! Bad input from clients: a clear error with a stable code in the client's own protocol, and the gateway goes on.

use std::time::Duration;

use e2e::{Run, World, raw};
use tokio::io::AsyncWriteExt;

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

    // One that exists and is closed to Alice says the same, word for word, in each protocol.
    for (model, name) in [("shop-db", "no-pass-db"), ("web-1", "no-pass-host"), ("shop-api", "no-pass-api")] {
        world.like(model, name, |one| one["access"]["groups"] = serde_json::json!(["nobody-is-in-it"]));
    }
    let alike = |what: &str, closed: String, unknown: String| {
        assert!(closed.contains("SP-NO-ACCESS"), "{what}: {closed}");
        assert_eq!(closed.replace("no-pass", "no-such"), unknown, "{what}");
    };
    let db = |name: &str| psql(&world.dsn(world.alice(), name)).refused();
    alike("psql", db("no-pass-db"), db("no-such-db"));
    let ssh = |name: &str| world.ssh_to(name, world.alice(), &["true"]).refused();
    alike("ssh", ssh("no-pass-host"), ssh("no-such-host"));
    let http = |name: &str| world.curl(&format!("/{name}/x"), &["-w", "%{http_code}"]).ok().out;
    alike("curl", http("no-pass-api"), http("no-such-api"));
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

    // Two startups, one behind the other: the second is no answer to what was asked.
    let mut stream = raw::postgres(world).await;
    let startup = raw::startup(&[("user", "alice"), ("database", "shop-db")]);
    stream.write_all(&startup.repeat(2)).await.unwrap();
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
        let source = stream.get_ref().0.local_addr().unwrap();
        stream.write_all(bytes).await.unwrap();
        let said = raw::read_to_close(&mut stream).await;
        assert_eq!(said.first(), Some(&b'E'), "{bytes:?}: {said:?}");
        let said = String::from_utf8_lossy(&said).into_owned();
        let code = ["SP-MALFORMED", "SP-UNSUPPORTED"].into_iter().find(|code| said.contains(code));
        written_down(world, source, code.unwrap_or_else(|| panic!("{bytes:?}: {said}")));
    }
    fine(world);
}

#[tokio::test]
async fn bytes_before_tls_and_garbage_in_tls_are_refused() {
    let world = World::shared();
    let mut early = raw::tcp(world.site.ports.postgres).await;
    early.write_all(&[&[0, 0, 0, 8, 4, 210, 22, 47][..], &raw::startup(&[("user", "alice")])].concat()).await.unwrap();
    let source = early.local_addr().unwrap();
    let said = String::from_utf8_lossy(&raw::read_to_close(&mut early).await).into_owned();
    assert!(said.contains("SP-MALFORMED") && !said.contains("SCRAM"), "nothing is read that came before TLS: {said}");
    written_down(world, source, "SP-MALFORMED");
    let ports = &world.site.ports;
    let people = [ports.postgres, ports.http, ports.ssh];
    for port in people.into_iter().chain([ports.api, ports.tunnel]) {
        let mut stream = raw::tcp(port).await;
        let source = stream.local_addr().unwrap();
        stream.write_all(&[0x16, 3, 1, 0xff, 0xff].repeat(2000)).await.unwrap_or_default();
        let _end =
            tokio::time::timeout(Duration::from_secs(60), raw::read_to_close(&mut stream)).await.expect("it closes");
        if people.contains(&port) {
            written_down(world, source, "SP-MALFORMED");
        }
    }
    fine(world);
}

#[tokio::test]
async fn a_flood_before_the_ssh_banner_ends() {
    let world = World::shared();
    for flood in [&[b'x'; 1024][..], b"no banner\r\n", b"SSH-2.0-endless"] {
        let mut stream = raw::tcp(world.site.ports.ssh).await;
        let source = stream.local_addr().unwrap();
        for _ in 0..2000 {
            if stream.write_all(flood).await.is_err() {
                break;
            }
        }
        let end = raw::read_to_close(&mut stream);
        let _end = tokio::time::timeout(Duration::from_secs(60), end).await.expect("it closes");
        written_down(world, source, "SP-MALFORMED");
    }
    // One that says a little and waits is told in SSH's own words.
    let mut stream = raw::tcp(world.site.ports.ssh).await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let said = String::from_utf8_lossy(&raw::read_to_close(&mut stream).await).into_owned();
    assert!(said.starts_with("SSH-2.0-Sallyport\r\n") && said.contains("(SP-MALFORMED)"), "{said:?}");
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
        let source = stream.get_ref().0.local_addr().unwrap();
        stream.write_all(request.replace("{A}", &authorization).as_bytes()).await.unwrap();
        let said = String::from_utf8_lossy(&raw::read_to_close(&mut stream).await).into_owned();
        assert!(said.starts_with("HTTP/1.1 400") && said.contains("SP-MALFORMED"), "{request:?}: {said}");
        assert!(said.contains("application/problem+json"), "{said}");
        written_down(world, source, "SP-MALFORMED");
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

/// What came from this very socket is in the audit log, with this code.
fn written_down(world: &World, source: std::net::SocketAddr, code: &str) {
    e2e::eventually(&format!("an audit event of {source} with {code}"), || {
        let log = world.api(world.carol(), "audit?kind=login.failed&limit=1000");
        let mut events = log.as_array().unwrap().iter();
        events.any(|event| event["source"] == source.to_string() && event["code"] == code).then_some(())
    });
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
