//! Bodies that are large, slow or endless.

use std::{
    io::BufRead,
    time::{Duration, Instant},
};

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
    let mut curl = world.curl("/shop-api/events?count=4&every_ms=400", &["-N", "--fail"]).start();
    let mut lines = std::io::BufReader::new(curl.stdout.take().unwrap()).lines();
    let first = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("data:")).unwrap();
    let began = Instant::now();
    assert!(!first.contains(&world.customer(1).card), "{first}");
    assert_eq!(lines.map(Result::unwrap).filter(|line| line.starts_with("data:")).count(), 3);
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(700), "the first event waited for the last: they came {waited:?} apart");
    assert!(curl.wait().unwrap().success());
}

#[test]
fn a_caller_who_leaves_stops_the_target() {
    let world = World::shared();
    let gone = world.curl("/shop-api/bytes/4000000000", &["-m", "1", "-o", "/dev/null"]).output();
    assert_eq!(gone.status, 28, "curl's own time-out: {}", gone.err);
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
}
