//! Marked parameters of requests: what the target's own log says arrived, and what the recording says.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use e2e::{Run, World, eventually};
use serde_json::{Value, json};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A target that writes down every byte of the requests it gets, and answers with nothing.
pub(crate) struct Log {
    pub(crate) port: u16,
    text: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, text) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<u8>>>::default());
        let log = Arc::clone(&text);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let log = Arc::clone(&log);
                thread::spawn(move || serve(stream, &log));
            }
        });
        Self { port, text }
    }

    /// What arrived since the last call.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<u8>>) {
    loop {
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => request.push(byte[0]),
                _ => return,
            }
        }
        let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let mut content = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut content).unwrap();
        log.lock().unwrap().extend([request, content].concat());
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    }
}

fn connect(world: &World, name: &str, requests: &Value) -> Log {
    let log = Log::start();
    let settings = json!({ "protocol": "http", "mask": { "requests": requests } });
    world.target(name, log.port, &settings, &json!({ "token_key": world.secret(KEY) }));
    log
}

fn modes(kind: &str) -> Value {
    json!({
        (format!("{kind}-record")): "secret",
        (format!("{kind}-flight")): { "label": "secret", "mode": "in-flight" },
        (format!("{kind}-token")): { "label": "secret", "mode": "token" },
    })
}

fn marked() -> Value {
    json!({ "query": modes("q"), "headers": modes("h"), "cookies": modes("c"), "json": modes("j"), "form": modes("f") })
}

/// Values that no detector knows.
const CANARIES: [&str; 3] = ["canary-one", "canary-two", "canary-six"];

fn assert_by_mode(arrived: &str, what: &str) {
    assert!(arrived.contains("canary-one"), "{what}: the target gets what only the record may not have: {arrived}");
    assert!(!arrived.contains("canary-two"), "{what}: in flight: {arrived}");
    assert!(!arrived.contains("canary-six"), "{what}: token: {arrived}");
}

/// Every recording of a connection.
fn all(world: &World, connection: &str, verb: &str) -> String {
    let ids = world.session_ids(connection);
    ids.iter().map(|id| world.sallyport(world.carol(), &["sessions", verb, id]).ok().out).collect()
}

/// curl by the connection's own host name: cookies pass only there.
pub(crate) fn by_host(world: &World, connection: &str, path: &str, options: &[&str]) -> Run {
    let (host, port) = (format!("{connection}.sallyport.localhost"), world.site.ports.http);
    let authorization = format!("Authorization: Bearer {}", world.alice().ticket);
    let curl = Run::new("curl").args(["-sS", "--cacert"]).arg(world.site.ca_file()).args(options);
    let curl = curl.args(["--resolve", &format!("{host}:{port}:127.0.0.1"), "-H", &authorization]);
    curl.arg(format!("https://{host}:{port}{path}"))
}

#[test]
fn a_marked_parameter_reaches_the_target_by_its_mode_and_the_record_never() {
    let world = World::shared();
    let log = connect(world, "params-modes", &marked());
    let parts = [
        ("query", "?q-record=canary-one&q-flight=canary-two&q-token=canary-six", vec![]),
        ("header", "", vec!["-H", "h-record: canary-one", "-H", "h-flight: canary-two", "-H", "h-token: canary-six"]),
        ("cookie", "", vec!["-b", "c-record=canary-one; c-flight=canary-two; c-token=canary-six"]),
        (
            "json",
            "",
            vec!["--json", r#"{"j-record":"canary-one","a":[{"J-Flight":"canary-two"}],"j-token":"canary-six"}"#],
        ),
        (
            "unlabelled json",
            "",
            vec!["-d", r#"{"j-record":"canary-one","j-flight":"canary-two","j-token":"canary-six"}"#],
        ),
        ("form", "", vec!["-d", "f-record=canary-one&f-flight=canary%2Dtwo&f-token=canary-six&f-flight=canary-two"]),
    ];
    for (what, query, options) in &parts {
        for version in ["--http1.1", "--http2"] {
            let path = format!("/orders/mark-params{query}");
            let answer = by_host(world, "params-modes", &path, &[&options[..], &[version, "--fail"]].concat()).ok();
            assert!(answer.out.is_empty());
            assert_by_mode(&log.take(), what);
        }
    }
    let lines = [
        "q-record=**********&q-flight=**********&q-token=",
        "in request query q-record",
        "in request query q-flight",
        "in request header h-token",
        "in request cookie c-flight",
        "in request content json",
        "in request form f-token",
    ];
    let shown = eventually("everything in the record", || {
        let shown = all(world, "params-modes", "show");
        lines.iter().all(|line| shown.contains(line)).then_some(shown)
    });
    for seen in [&shown, &all(world, "params-modes", "replay")] {
        assert!(CANARIES.iter().all(|canary| !seen.contains(canary)), "{seen}");
    }
    assert!(shown.contains("(token)"), "{shown}");
}

#[test]
fn a_value_reaches_the_target_where_policy_lets_it_and_the_record_never() {
    let world = World::shared();
    let requests = json!({
        "query": { "q-pin": { "label": "ssn", "mode": "in-flight" }, "q-other": { "label": "secret", "mode": "in-flight" } },
        "headers": { "X-Pin": { "label": "ssn", "mode": "in-flight" } },
        "json": { "pin": { "label": "ssn", "mode": "token" }, "other": { "label": "secret", "mode": "token" }, "mine": "secret" },
    });
    let log = connect(world, "params-raw", &requests);
    let content = r#"{"pin":"canary-one","other":"canary-two","mine":"kept"}"#;
    let send = |path: &str, content: &str| {
        let options = ["-H", "X-Pin: canary-one", "--json", content, "--fail"];
        let _sent = by_host(world, "params-raw", path, &options).ok();
        log.take()
    };
    let path = "/orders/mark-raw?q-pin=canary-one&q-other=canary-two";
    let without = send(path, content);
    assert!(!without.contains("canary"), "{without}");
    world.policy(
        "params-raw",
        r#"@id("raw-ssn") permit (principal in Group::"support", action == Action::"SendRaw", resource == Label::"ssn")
           when { context.connection == Connection::"params-raw" && context.paths.contains("/orders/mark-raw") };"#,
    );
    let with = eventually("the new policy at the agent", || {
        let with = send(path, content);
        with.contains("canary-one").then_some(with)
    });
    assert_eq!(with.matches("canary-one").count(), 3, "query, field and content: {with}");
    assert!(!with.contains("canary-two") && with.contains(r#""mine":"kept""#), "{with}");
    // The right is asked for with the facts of each request.
    let arrived = send("/orders/mark-else?q-pin=canary-one", content);
    assert!(!arrived.contains("canary"), "{arrived}");
    let shown = eventually("all of it in the record", || {
        let shown = all(world, "params-raw", "show");
        (shown.contains("mark-else") && shown.contains("mark-raw")).then_some(shown)
    });
    for seen in [&shown, &all(world, "params-raw", "replay")] {
        assert!(!seen.contains("canary"), "{seen}");
    }
}

#[test]
fn a_token_in_flight_is_the_token_that_answers_have() {
    let world = World::shared();
    let requests = json!({ "json": { "mail": { "label": "email", "mode": "token" } } });
    let log = connect(world, "params-token", &requests);
    let token = |mail: &str| {
        let content = json!({ "mail": mail }).to_string();
        let _sent = world.curl("/params-token/", &["--json", &content, "--fail"]).ok();
        let arrived = log.take();
        let content: Value = serde_json::from_str(arrived.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        content["mail"].as_str().unwrap().to_owned()
    };
    let one = token("ann@example.com");
    assert_eq!(one, token("Ann@Example.com"));
    assert_ne!(one, token("bob@example.com"));
    assert!(one.contains('@') && one != "ann@example.com", "{one}");
}

#[test]
fn compressed_content_is_read_and_what_cannot_be_read_never_arrives() {
    let world = World::shared();
    let log = connect(world, "params-forms", &marked());
    let folder = world.folder("params-forms");
    let text = r#"{"j-record":"canary-one","j-flight":"canary-two","j-token":"canary-six"}"#;
    let (plain, packed) = (folder.join("plain.json"), folder.join("plain.json.gz"));
    std::fs::write(&plain, text).unwrap();
    let _packed = Run::new("gzip").args(["-k", "-f"]).arg(&plain).ok();
    let packed = format!("@{}", packed.display());
    let json = ["-H", "Content-Type: application/json"];
    let upload = [&json[..], &["-H", "Content-Encoding: gzip", "--data-binary", &packed, "--fail"]].concat();
    let _sent = world.curl("/params-forms/mark-packed", &upload).ok();
    let arrived = log.take();
    assert_by_mode(&arrived, "gzip");
    assert!(!arrived.to_ascii_lowercase().contains("content-encoding"), "{arrived}");
    assert!(arrived.contains(&format!("content-length: {}\r\n", text.len())), "{arrived}");
    let chunked = [&json[..], &["-H", "Transfer-Encoding: chunked", "--http1.1", "-d", text, "--fail"]].concat();
    let _sent = world.curl("/params-forms/", &chunked).ok();
    assert_by_mode(&log.take(), "chunked");

    // Too long when unpacked.
    let numbers: String = (0..1_400_000).map(|number| format!("{number},")).collect();
    let file = folder.join("long.json");
    std::fs::write(&file, format!("{{\"a\":[{numbers}0],\"j-flight\":\"canary-two\"}}")).unwrap();
    let _packed = Run::new("gzip").args(["-f"]).arg(&file).ok();
    let long = format!("@{}.gz", file.display());
    for (options, status, code) in [
        (
            vec!["-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip", "-d", text],
            "415",
            "SP-UNMASKABLE",
        ),
        (
            vec!["-H", "Content-Type: application/json", "-H", "Content-Encoding: zip", "-d", text],
            "415",
            "SP-UNMASKABLE",
        ),
        (vec!["-H", "Content-Type: application/json", "-d", "{j-flight:'canary-two'}"], "415", "SP-UNMASKABLE"),
        (vec!["-H", "Content-Type: multipart/mixed; boundary=b", "-d", "canary-two"], "415", "SP-UNMASKABLE"),
        (vec!["-H", "Content-Type: application/xml", "-d", "<j-flight>canary-two</j-flight>"], "415", "SP-UNMASKABLE"),
        (
            vec!["-H", "Content-Encoding: gzip", "-H", "Content-Type: application/json", "--data-binary", &long],
            "413",
            "SP-TOO-LARGE",
        ),
    ] {
        let answer = world.curl("/params-forms/mark-refused", &[&["-i"], &options[..]].concat()).ok().out;
        assert!(answer.contains(&format!(" {status}")) && answer.contains(code), "{options:?}: {answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert_eq!(log.take(), "", "{options:?}");
    }
    let replayed = eventually("everything in the record", || {
        let replayed = all(world, "params-forms", "replay");
        let whole = replayed.matches("mark-refused").count() >= 6 && replayed.contains("\"j-record\":\"**********\"");
        whole.then_some(replayed)
    });
    assert!(CANARIES.iter().all(|canary| !replayed.contains(canary)), "{replayed}");
}

#[test]
fn parts_of_forms_with_files_and_of_the_path_are_masked_by_their_mode() {
    let world = World::shared();
    let log = Log::start();
    let path = json!({ "tax_id": { "label": "ssn", "mode": "in-flight" }, "pin": "secret" });
    let settings = json!({
        "protocol": "http",
        "routes": { "POST /people/{tax_id}/orders/{pin}": "order", "GET /people/{tax_id}": "person" },
        "mask": { "requests": { "path": path, "form": { "f-flight": { "label": "secret", "mode": "in-flight" } } } },
    });
    world.target("params-path", log.port, &settings, &json!({}));
    let file = world.folder("params-path").join("picture.bin");
    std::fs::write(&file, b"\0\r\n--kept--\r\n").unwrap();
    let file = format!("file=@{};type=image/png", file.display());
    let options = ["--fail", "-F", "f-flight=canary-two", "-F", &file, "-F", "other=kept-too"];
    let _sent = world.curl("/params-path/people/canary%2Done/orders/canary-six", &options).ok();
    let arrived = log.take();
    assert!(arrived.starts_with("POST /people/**********/orders/canary-six HTTP/1.1"), "{arrived}");
    assert!(!arrived.contains("canary-two") && !arrived.contains("canary-one"), "{arrived}");
    assert!(arrived.contains("\0\r\n--kept--\r\n\r\n") && arrived.contains("\r\n\r\nkept-too\r\n"), "{arrived}");
    let replayed = eventually("it in the record", || {
        let replayed = all(world, "params-path", "show") + &all(world, "params-path", "replay");
        replayed.contains("request form f-flight").then_some(replayed)
    });
    assert!(replayed.contains("POST /people/**********/orders/**********"), "{replayed}");
    assert!(CANARIES.iter().all(|canary| !replayed.contains(canary)), "{replayed}");
}

#[test]
fn a_graphql_document_hides_no_marked_value_in_literals_or_under_other_names() {
    let world = World::shared();
    let log = Log::start();
    let json = json!({ "ssn": { "label": "ssn", "mode": "in-flight" }, "pin": "secret" });
    let settings = json!({ "protocol": "http", "kind": "graphql", "mask": { "requests": { "json": json } } });
    world.target("params-graphql", log.port, &settings, &json!({}));
    let document = "mutation($v: String, $w: String) { a: set(in: {ssn: \"canary-two\"}, pin: $v) b: set(ssn: $w) }";
    let content = json!({ "query": document, "variables": { "v": "canary-one", "w": "canary-six", "x": "mark-it" } });
    let _sent = world.curl("/params-graphql/graphql", &["--fail", "--json", &content.to_string()]).ok();
    assert_by_mode(&log.take(), "a document");
    let query = "query=%7Bp(ssn%3A%22canary-two%22%2Cpin%3A%22canary-one%22)%7D";
    let _sent = world.curl(&format!("/params-graphql/graphql?{query}&x=mark-two"), &["--fail"]).ok();
    assert_by_mode(&log.take(), "an address");
    let replayed = eventually("both in the record", || {
        let replayed = all(world, "params-graphql", "show") + &all(world, "params-graphql", "replay");
        (replayed.contains("mark-it") && replayed.contains("mark-two")).then_some(replayed)
    });
    assert!(CANARIES.iter().all(|canary| !replayed.contains(canary)), "{replayed}");
    assert!(replayed.contains("request graphql ssn"), "{replayed}");
}

#[test]
fn wrong_settings_of_parameters_are_not_applied_and_say_why() {
    let world = World::shared();
    let apply = |requests: Value, credentials: Value| {
        let connection = json!({
            "name": "params-wrong", "agent": "demo", "address": "127.0.0.1:1", "credentials": credentials,
            "settings": { "protocol": "http", "mask": { "requests": requests } },
        });
        let file = world.scratch.join("params-wrong.json");
        std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
        world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused()
    };
    let wrong = apply(json!({ "query": { "a": { "label": "ssn", "mode": "inflight" } } }), json!({}));
    assert!(wrong.contains("in-flight"), "{wrong}");
    let wrong = apply(json!({ "headers": { "Host": { "label": "ssn", "mode": "in-flight" } } }), json!({}));
    assert!(wrong.contains("requests.headers: Host"), "{wrong}");
    let wrong = apply(json!({ "path": { "a": "ssn" } }), json!({}));
    assert!(wrong.contains("requests.path: a"), "{wrong}");
    let wrong = apply(json!({ "json": { "$.a": { "label": "ssn", "mode": "token" } } }), json!({}));
    assert!(wrong.contains("token_key"), "{wrong}");
}
