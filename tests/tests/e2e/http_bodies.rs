//! Bodies that are large, slow or endless.

use std::{io::BufRead, time::Duration};

use e2e::{World, api::Guarded, pki::Authority};
use serde_json::json;

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

/// Requests of one caller after another go over connections that are there already, in clear and over TLS.
#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_target_are_kept() {
    let world = World::shared();
    let authority = Authority::new();
    let leaf = authority.server(&["127.0.0.1"]);
    for (kind, alpn) in [("clear", &[][..]), ("tls1", &["http/1.1"][..]), ("tls2", &["h2"][..])] {
        let tls = (!alpn.is_empty()).then(|| leaf.listener(None, alpn));
        let mut settings = json!({ "protocol": "http" });
        if tls.is_some() {
            settings["scheme"] = json!("https");
            settings["tls"] = json!({ "mode": "verify-full", "ca_pem": authority.pem });
        }
        let target = Guarded::start(tls, None).await;
        let name = format!("kept-{kind}");
        world.target(&name, target.port, &settings, &json!({}));
        for _ in 0..6 {
            let said = world.curl(&format!("/{name}/[1-5]"), &["--fail"]).ok().out;
            assert_eq!(said.matches("in over").count(), 5, "{said}");
        }
        let accepted = target.accepted.load(std::sync::atomic::Ordering::Relaxed);
        assert!(accepted <= 3, "{kind}: {accepted} connections for 30 requests");
    }
}

#[test]
fn a_caller_who_leaves_stops_the_target() {
    let world = World::shared();
    let gone = world.curl("/shop-api/bytes/4000000000", &["-m", "1", "-o", "/dev/null"]).output();
    assert_eq!(gone.status, 28, "curl's own time-out: {}", gone.err);
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
}
