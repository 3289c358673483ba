//! Targets that say nonsense, in every protocol: the client hears whose fault it is, the audit knows, and the next one is served.

use std::time::Duration;

use e2e::{Run, World, eventually};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

struct Liar {
    port: u16,
    task: JoinHandle<()>,
}

impl Liar {
    /// Answers every connection with these bytes; goes on with `forever` until the other side has had enough.
    async fn start(bytes: &'static [u8], forever: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut asked = [0; 4096];
                    let _heard = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut asked)).await;
                    let _gone = stream.write_all(bytes).await;
                    while !forever.is_empty() && stream.write_all(forever).await.is_ok() {}
                    // Stays, saying nothing, until the other side closes.
                    while matches!(stream.read(&mut asked).await, Ok(1..)) {}
                });
            }
        });
        Self { port, task }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The code that the newest session on a connection ended with.
fn stored(world: &World, name: &str, code: &str) {
    eventually(&format!("{name} is stored as {code}"), || {
        let rows = world.api(world.carol(), &format!("sessions?connection={name}&limit=1"));
        rows[0]["code"].as_str().is_some_and(|stored| stored.starts_with(code)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ssh_target_that_talks_nonsense_is_named_as_the_fault() {
    let world = World::shared();
    let answers: [(&str, &[u8], &[u8]); 4] = [
        ("an-http-answer", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""),
        ("a-banner-without-end", b"", b"this line is no banner\r\n"),
        ("an-old-version", b"SSH-1.5-Ancient\r\n", b""),
        ("garbage-after-the-banner", b"SSH-2.0-Liar\r\n", b"\xff\xff\xff\xff garbage"),
    ];
    for (what, bytes, forever) in answers {
        let liar = Liar::start(bytes, forever).await;
        let name = format!("ssh-{what}");
        let settings = json!({ "protocol": "ssh", "login": "x", "host_keys": [world.site.sshd.host_key] });
        world.target(&name, liar.port, &settings, &json!({}));
        let said = world.ssh_to(&name, world.alice(), &["true"]).patience(Duration::from_secs(40)).refused();
        assert!(said.contains("SP-TARGET"), "{what}: {said}");
        stored(world, &name, "SP-TARGET");
    }
    assert_eq!(world.ssh(&["echo in"]).ok().out, "in\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_target_that_talks_nonsense_is_named_as_the_fault() {
    let world = World::shared();
    let answers: [(&str, &[u8], &[u8]); 5] = [
        ("an-ssh-banner", b"SSH-2.0-OpenSSH_9.2\r\n", b""),
        ("headers-without-end", b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n"),
        ("two-lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b""),
        ("a-line-without-end", b"HTTP/1.1 200 O", b"OOOOOOOOOOOOOOOO"),
        ("zeros", b"", b"\0\0\0\0\0\0\0\0"),
    ];
    for (what, bytes, forever) in answers {
        let liar = Liar::start(bytes, forever).await;
        let name = format!("http-{what}");
        world.target(&name, liar.port, &json!({ "protocol": "http" }), &json!({}));
        let said = world.curl(&format!("/{name}/x"), &["-i", "-m", "30"]).ok().out;
        assert!(said.contains(" 502") && said.contains("SP-TARGET"), "{what}: {said}");
    }
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_never_taken_for_whole() {
    let world = World::shared();
    let answers: [(&str, &[u8]); 3] = [
        ("short", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
        ("unended", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        ("bad-chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"),
    ];
    for (what, bytes) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let _heard = stream.read(&mut asked).await;
                let _gone = stream.write_all(bytes).await;
            }
        });
        let name = format!("broken-{what}");
        world.target(&name, port, &json!({ "protocol": "http" }), &json!({}));
        for version in ["--http1.1", "--http2"] {
            let got = world.curl(&format!("/{name}/x"), &[version, "--fail", "-m", "20"]).output();
            assert_ne!(got.status, 0, "{what} {version}: {}", got.out);
        }
        task.abort();
    }
}

#[test]
fn notices_without_end_can_be_cancelled_and_hold_nothing() {
    let world = World::shared();
    let endless = "DO $$ BEGIN LOOP RAISE NOTICE 'again and again'; END LOOP; END $$";
    let psql = world.psql().args(["-c", endless]).env("PGOPTIONS", "-c statement_timeout=3000");
    let output = Run::output(psql);
    assert_ne!(output.status, 0);
    assert!(output.err.contains("statement timeout"), "{}", &output.err[output.err.len().saturating_sub(300)..]);
    assert!(output.err.matches("again and again").count() > 1000);
}
