//! The HTTP path from a real client through gateway and agent to a real target.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod smuggling;
mod target;
mod world;

use std::io::BufRead as _;

use world::{Target, World, settings};

async fn shop() -> World {
    let address = target::versatile().await;
    let target = |name, settings_json: &str, masked| Target {
        name,
        address: address.clone(),
        settings: settings(settings_json),
        masked,
    };
    World::start(vec![
        target("shop", r#"{"auth": "bearer"}"#, true),
        target("plain", "{}", false),
        target("h2", r#"{"http2_prior_knowledge": true}"#, true),
        Target { name: "down", address: "127.0.0.1:1".into(), settings: settings("{}"), masked: false },
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "for driving the path by hand: prints where, and stays"]
async fn a_world_to_play_with() {
    let external = std::env::var("HTTP_TARGET").ok();
    let world = match external {
        None => shop().await,
        Some(address) => {
            let target =
                |name, json: &str, masked| Target { name, address: address.clone(), settings: settings(json), masked };
            World::start(vec![target("shop", "{}", true), target("plain", "{}", false)]).await
        }
    };
    println!("READY {} {}", world.url(""), world.ticket);
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_credential_stays_here_and_the_targets_is_added() {
    let world = shop().await;
    let forged =
        ["X-Forwarded-User: root", "X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4", "X_Forwarded_For: 1", "Cookie: a=b"];
    let forged = forged.iter().flat_map(|line| ["-H", line]);
    let url = world.url("/shop/headers?x=1");
    let seen = world.curl(&forged.chain(["-H", "X-Own: kept", &url]).collect::<Vec<_>>()).await;
    assert!(seen.starts_with("GET /headers?x=1\n"), "{seen}");
    assert!(seen.contains("authorization: Bearer target-secret"), "{seen}");
    assert!(seen.contains("x-own: kept") && seen.contains("accept-encoding: identity"), "{seen}");
    assert!(!seen.contains(&world.ticket));
    for name in ["forwarded", "x-real-ip", "x_forwarded_for", "cookie"] {
        assert!(!seen.contains(name), "{name}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_masked_over_either_http_version_on_either_side() {
    let world = shop().await;
    for version in ["--http1.1", "--http2-prior-knowledge", "--http1.0"] {
        for connection in ["shop", "h2"] {
            let got = world.curl(&[version, &world.url(&format!("/{connection}/card"))]).await;
            assert!(!got.contains("4111111111111111") && got.contains("1e400"), "{version} {connection}: {got}");
            let got = world.curl(&[version, &world.url(&format!("/{connection}/slowcard"))]).await;
            assert!(!got.contains("11111111") && got.ends_with(" end"), "{version} {connection}: {got}");
        }
        let got = world.curl(&[version, &world.url("/plain/card")]).await;
        assert!(got.contains("4111111111111111"), "{got}");
        let got = world.curl(&[version, "-i", &world.url("/shop/redirect")]).await;
        assert!(!got.contains("4111111111111111") && got.contains("302"), "{got}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_cannot_be_read_is_refused() {
    let world = shop().await;
    let got = world.curl(&["-i", &world.url("/shop/gzip")]).await;
    assert!(got.contains("502") && got.contains("SP-UNINSPECTABLE") && !got.contains("not gzip really"), "{got}");
    let got = world.curl(&["-i", &world.url("/plain/gzip")]).await;
    assert!(got.contains("not gzip really"), "{got}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_problem_documents_and_tell_nothing() {
    let world = shop().await;
    let bad = std::process::Command::new("curl").args(["-si", &world.url("/shop/card")]).output().unwrap();
    let bad = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert!(bad.contains("401") && bad.to_lowercase().contains("www-authenticate: bearer"), "{bad}");
    let user = format!("x:{}", world.ticket);
    let basic =
        std::process::Command::new("curl").args(["-s", "-u", &user, &world.url("/shop/headers")]).output().unwrap();
    assert!(String::from_utf8_lossy(&basic.stdout).starts_with("GET /headers"));
    let unknown = world.curl(&["-i", &world.url("/nosuch/x")]).await;
    let nothing = world.curl(&["-i", &world.url("/")]).await;
    assert!(unknown.contains("403") && unknown.contains("SP-NO-ACCESS"), "{unknown}");
    assert_eq!(unknown, nothing);
    let down = world.curl(&["-i", &world.url("/down/x")]).await;
    assert!(down.contains("502") && down.contains("SP-TARGET-UNREACHABLE") && down.contains("\"session\""), "{down}");
    for path in ["/shop/a/../b", "/shop/%2e%2e/x", "/shop/a%2fb", "/shop//x"] {
        let got = world.curl(&["-i", "--path-as-is", &world.url(path)]).await;
        assert!(got.contains("400") && got.contains("SP-MALFORMED"), "{path}: {got}");
        let got = world.curl(&["-i", "--http2-prior-knowledge", "--path-as-is", &world.url(path)]).await;
        assert!(got.contains("400") && got.contains("SP-MALFORMED"), "{path}: {got}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_downloads_ranges_and_trailers_work() {
    let world = shop().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; 20_000_000]).unwrap();
    let upload = file.path().to_str().unwrap();
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        for connection in ["shop", "plain", "h2"] {
            let url = |path: &str| world.url(&format!("/{connection}{path}"));
            assert_eq!(
                world.curl(&[version, "-T", upload, &url("/count")]).await,
                "20000000",
                "{version} {connection}"
            );
            let chunked =
                world.curl(&[version, "-H", "Transfer-Encoding: chunked", "-T", upload, &url("/count")]).await;
            assert_eq!(chunked, "20000000");
            let expect = world.curl(&[version, "-H", "Expect: 100-continue", "-d", "abc", &url("/count")]).await;
            assert_eq!(expect, "3");
            let size = world.curl(&[version, "-o", "/dev/null", "-w", "%{size_download}", &url("/big?50000000")]).await;
            assert_eq!(size, "49938432");
            let head = world.curl(&[version, "-I", &url("/card")]).await;
            assert!(head.contains("content-length: 44"), "{head}");
            let trailers = world.curl(&[version, "-i", "-H", "TE: trailers", &url("/trailers")]).await;
            assert!(trailers.contains("grpc-status: 0"), "{version} {connection}: {trailers}");
        }
        let range = world.curl(&[version, "-i", "-r", "2-5", &world.url("/shop/card")]).await;
        assert!(range.contains("206") && range.ends_with("id\":") && range.contains("bytes 2-5/44"), "{range}");
    }
    let cookies = world.curl(&["-i", &world.url("/shop/cookie")]).await;
    assert!(!cookies.to_lowercase().contains("set-cookie"), "{cookies}");
    let host = format!("shop.apps.test:{}", world.http.port());
    let cookies = world.curl(&["-i", "-H", &format!("Host: {host}"), "-b", "c=d", &world.url("/cookie")]).await;
    assert!(cookies.to_lowercase().contains("set-cookie"), "{cookies}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_one_connection_only_does_not_come_back() {
    let world = shop().await;
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let said = world.curl(&[version, "-i", &world.url("/shop/odd")]).await.to_lowercase();
        assert!(said.contains("x-own: kept") && said.ends_with("odd"), "{said}");
        for name in ["x-hop", "keep-alive", "proxy-authenticate", "proxy-connection", "upgrade", "te"] {
            assert!(!said.contains(&format!("\n{name}:")), "{version} {name}: {said}");
        }
    }
    // The same on the way there.
    let hops =
        ["Connection: X-Hop", "X-Hop: 1", "Proxy-Authorization: Basic x", "Keep-Alive: timeout=5", "Upgrade: h9"];
    let hops = hops.iter().flat_map(|line| ["-H", line]);
    let url = world.url("/shop/headers");
    let seen =
        world.curl(&hops.chain(["--http1.1", "-H", "X-Own: kept", &url]).collect::<Vec<_>>()).await.to_lowercase();
    assert!(seen.contains("x-own: kept"), "{seen}");
    for name in ["x-hop", "proxy-authorization", "keep-alive", "upgrade", "connection"] {
        assert!(!seen.contains(&format!("\n{name}:")), "{name}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_one_by_one() {
    let world = shop().await;
    let header = format!("Authorization: Bearer {}", world.ticket);
    let mut curl = std::process::Command::new("curl")
        .args(["-sSN", "--max-time", "60", "-H", &header, &world.url("/shop/sse")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(curl.stdout.take().unwrap()).lines();
    let mut data = lines.map(Result::unwrap).filter(|line| !line.is_empty());
    // The target says the next one only when it is asked, after the one before has arrived here.
    for event in ["data: one", "data: 41111111", "data: three"] {
        assert_eq!(data.next().as_deref(), Some(event));
        assert_eq!(world.curl(&[&world.url("/plain/next")]).await, "");
    }
    assert_eq!(data.next(), None);
    curl.wait().unwrap();
}
