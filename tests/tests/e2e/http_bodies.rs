//! Bodies that are large, slow or endless.

use std::{io::BufRead, time::Duration};

use e2e::World;

const SIZE: usize = 100_000_000;

#[test]
fn a_large_download_is_whole() {
    let world = World::shared();
    let path = format!("/shop-api/bytes/{SIZE}");
    let download = world.curl(&path, &["--fail", "-o", "/dev/null", "-w", "%{size_download}"]);
    assert_eq!(download.patience(Duration::from_secs(120)).ok().out, SIZE.to_string());
}

#[test]
fn a_large_upload_is_whole() {
    let world = World::shared();
    let file = world.folder("upload").join("body.bin");
    std::fs::write(&file, vec![b'.'; SIZE]).unwrap();
    for version in ["--http1.1", "--http2"] {
        let upload = world.curl("/shop-api/sink", &["--fail", version, "-T", file.to_str().unwrap(), "-X", "PUT"]);
        assert_eq!(upload.patience(Duration::from_secs(120)).ok().json()["bytes"], SIZE);
    }
}

#[test]
fn an_upload_waits_for_the_targets_word_when_it_asks_to() {
    let world = World::shared();
    let options = ["--fail", "--http1.1", "-H", "Expect: 100-continue", "-d", "some body", "-v"];
    let answer = world.curl("/shop-api/sink", &options).ok();
    assert_eq!(answer.json()["bytes"], 9);
    assert!(answer.err.contains("100 Continue"), "{}", answer.err);
}

#[test]
fn events_arrive_while_the_stream_goes_on_and_are_masked() {
    let world = World::shared();
    // More events than this test could wait for: what arrives, arrives while the stream goes on.
    let mut curl = world.curl("/shop-api/events?count=1000000&every_ms=100", &["-N", "--fail"]).start();
    let lines = std::io::BufReader::new(curl.stdout.take().unwrap()).lines();
    let mut data = lines.map(Result::unwrap).filter(|line| line.starts_with("data:"));
    for number in 1..=4 {
        let (event, customer) = (data.next().unwrap(), world.customer(number));
        assert!(event.contains(&customer.name) && !event.contains(&customer.card), "{event}");
    }
    assert!(curl.try_wait().unwrap().is_none());
    curl.kill().unwrap();
    curl.wait().unwrap();
}

#[test]
fn a_caller_who_leaves_stops_the_target() {
    let world = World::shared();
    let gone = world.curl("/shop-api/bytes/4000000000", &["-m", "1", "-o", "/dev/null"]).output();
    assert_eq!(gone.status, 28, "curl's own time-out: {}", gone.err);
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
}
