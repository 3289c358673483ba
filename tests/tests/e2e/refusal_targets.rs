//! Targets that are down, changed or hostile: the client learns which, and nothing hangs.

use std::time::Duration;

use e2e::World;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_are_down_are_named_as_the_fault() {
    let mut world = World::start().await;
    world.site.postgres.pause();
    world.site.sshd.pause();
    let refused = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(refused.contains("SP-TARGET-UNREACHABLE"), "{refused}");
    let refused = world.ssh(&["true"]).refused();
    assert!(refused.contains("SP-TARGET-UNREACHABLE"), "{refused}");
    world.site.postgres.resume().await.unwrap();
    world.site.sshd.resume().await.unwrap();
    let _rows = world.psql().args(["-c", "SELECT 1"]).ok();
    let _in = world.ssh(&["true"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_host_key_is_refused() {
    let mut world = World::start().await;
    let _in = world.ssh(&["true"]).ok();
    world.site.sshd.pause();
    world.site.sshd.replace_host_key().unwrap();
    world.site.sshd.resume().await.unwrap();
    let refused = world.ssh(&["true"]).refused();
    assert!(refused.contains("SP-TARGET-IDENTITY"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_dies_mid_session_ends_it_clearly() {
    let mut world = World::start().await;
    let psql = world.psql().args(["-c", "SELECT pg_sleep(60)"]).start();
    e2e::eventually("the statement runs", || {
        let running = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'";
        (world.direct_psql().args(["-At", "-c", running]).ok().out.trim() == "1").then_some(())
    });
    world.site.postgres.pause();
    let output = psql.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("SP-TARGET-LOST") || said.contains("administrator command"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_talks_nonsense_is_not_passed_on() {
    let mut world = World::start().await;
    for (which, nonsense) in [
        ("an http answer", b"HTTP/1.1 200 OK\r\n\r\n".repeat(100)),
        ("an endless error", [b"N\x7f\xff\xff\xff".to_vec(), vec![b'x'; 1 << 20]].concat()),
        ("notices without end", b"N\0\0\0\x0dSNOTICE\0\0".repeat(200_000)),
    ] {
        let port = world.site.postgres.port;
        world.site.postgres.pause();
        let liar = tokio::spawn(lie(port, nonsense));
        let refused = world.psql().args(["-c", "SELECT 1"]).patience(Duration::from_secs(40)).refused();
        assert!(refused.contains("SP-TARGET"), "{which}: {refused}");
        liar.abort();
        let _ended = liar.await;
        world.site.postgres.resume().await.unwrap();
        let _rows = world.psql().args(["-c", "SELECT 1"]).ok();
    }
}

/// Answers everyone with the same bytes, whatever they say.
async fn lie(port: u16, bytes: Vec<u8>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        let bytes = bytes.clone();
        tokio::spawn(async move {
            let _gone = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_secs(30)).await;
        });
    }
}
