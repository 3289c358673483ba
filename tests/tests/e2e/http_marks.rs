//! A value that no detector knows, under a marked key, in whatever carries JSON: seen by curl, an MCP client and a websocket.

use std::net::TcpListener;

use e2e::{
    World, forms,
    world::{RULED, Wishes},
};
use serde_json::{Value, json};

/// What only a mark can hide.
const CANARY: &str = "canary-one";
const DOCUMENT: &str = r#"{"id":7,"customer":{"pet":"canary-one","city":"Ulm"}}"#;

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// What carries the document, under a media type.
fn carriers() -> Vec<(&'static str, &'static str, String)> {
    let (json, text) = ("application/json", "text/plain");
    let halves = DOCUMENT.split_at(DOCUMENT.find("-one").unwrap());
    let key = DOCUMENT.split_at(DOCUMENT.find("et\"").unwrap());
    let part = format!(
        "--b\r\nContent-Disposition: form-data; name=\"{{\"\r\n\r\nodd {{ \"\r\n--b\r\nContent-Type: {json}\r\n\r\n{DOCUMENT}\r\n--b--\r\n"
    );
    let tokens: String = DOCUMENT
        .chars()
        .map(|char| format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": char } }] })))
        .collect();
    vec![
        ("plain", json, DOCUMENT.into()),
        ("without a label", "application/octet-stream", DOCUMENT.into()),
        ("as text", text, format!("found 5\" of {DOCUMENT}, and more")),
        ("in a string", json, format!(r#"{{"content":[{{"type":"text","text":{}}}]}}"#, quoted(DOCUMENT))),
        ("in a string of a string", json, format!(r#"{{"a":{}}}"#, quoted(&quoted(DOCUMENT)))),
        ("in words of a string", json, format!(r#"{{"a":{}}}"#, quoted(&format!("```json\n{DOCUMENT}\n```")))),
        ("a string alone", json, quoted(DOCUMENT)),
        ("escaped", json, format!(r#"{{"a":"{}"}}"#, DOCUMENT.replace('"', "\\u0022").replace('{', "\\u007B"))),
        ("mixed parts", "multipart/mixed; boundary=b", part.clone()),
        ("form data", "multipart/form-data; boundary=\"b\"", part),
        ("prefix", json, format!(")]}}',\n{DOCUMENT}")),
        ("prefix of text", text, format!("for(;;);{DOCUMENT}")),
        ("padded", "application/javascript", format!("/**/cb({DOCUMENT});")),
        ("literal", "text/javascript", "cb({id: 7, customer: {pet: 'canary-one', city: 'Ulm'}})".into()),
        ("comments", json, format!("{{ // it's \"odd\n\"a\": {DOCUMENT} /* \"pet\": \"canary-one\" */}}")),
        ("lines", "application/x-ndjson", format!("{{\"n\":1}}\n{DOCUMENT}\n")),
        ("a sequence", "application/json-seq", format!("\u{1e}{DOCUMENT}\n")),
        ("an event", "text/event-stream", format!("data: {DOCUMENT}\n\n")),
        ("an event in lines", "text/event-stream", format!("data: {}\ndata: {}\n\n", halves.0, halves.1)),
        ("a key in lines", "text/event-stream", format!("data: {}\ndata: {}\n\n", key.0, key.1)),
        ("an event with words", "text/event-stream", format!("data: got {DOCUMENT}\n\n")),
        ("tokens", "text/event-stream", tokens),
        ("a script", "text/html", format!("<p class=\"a\">x</p><script>var a = {DOCUMENT};</script>")),
    ]
}

/// A target with these answers behind a connection that marks a key; the detectors are as usual.
fn start(world: &World, name: &str, answers: Vec<forms::Answer>, more: Value) {
    let mut mask = json!({ "json": { "pet": "secret" } });
    mask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.target(name, forms::serve(answers), &json!({ "protocol": "http", "mask": mask }), &json!({}));
}

/// Without what carriers put between its characters.
fn squeezed(seen: &str) -> String {
    let tokens =
        seen.lines().filter_map(|line| line.split_once("\"content\":\"")?.1.chars().next()).collect::<String>();
    format!("{seen}{tokens}{}", seen.replace("\ndata: ", ""))
}

#[test]
fn a_marked_value_reaches_curl_in_no_carrier_and_nothing_else_changes() {
    let world = World::shared();
    // The same, but nothing in it is marked.
    let other = |text: &str| text.replace("pet", "dog").replace("\"p", "\"d");
    let answers = |body: &dyn Fn(&str) -> String| {
        let both = |(_, kind, text): (&str, &str, String)| {
            let kind = format!("content-type: {kind}\r\n");
            [forms::sized("200 OK", &kind, body(&text)), forms::chunked("200 OK", &kind, body(&text))]
        };
        carriers().into_iter().flat_map(both).collect()
    };
    start(world, "marked", answers(&str::to_owned), json!({}));
    start(world, "unmarked", answers(&other), json!({}));
    for (number, (name, _, text)) in carriers().into_iter().flat_map(|carrier| [carrier.clone(), carrier]).enumerate() {
        let seen = world.curl(&format!("/marked/{number}"), &["--fail"]).ok().out;
        assert!(!squeezed(&seen).contains(CANARY) && !squeezed(&seen).contains("anary-on"), "{name}: {seen}");
        assert!(seen.contains('*') && seen.contains(if name == "tokens" { "U" } else { "Ulm" }), "{name}: {seen}");
        let same = world.curl(&format!("/unmarked/{number}"), &["--fail"]).ok().out;
        assert_eq!(same, other(&text), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_may_see_every_detectors_label_still_sees_no_mark_of_another() {
    let head = "content-type: application/json\r\nx-pet: canary-one\r\n";
    let port = forms::serve(vec![forms::sized("200 OK", head, DOCUMENT.replace("Ulm", "4111111111111111"))]);
    let rule = r#"@id("shown") permit (principal, action == Action::"Reveal", resource) when
        { [Label::"card", Label::"ssn", Label::"email", Label::"secret"].contains(resource) };"#;
    let agent = format!("[[targets]]\naddress = \"127.0.0.1:{port}\"\n");
    let world = World::start_with(Wishes { agent, policy: Some(format!("{RULED}{rule}")), ..Wishes::default() }).await;
    let marks = json!({ "json": { "pet": "phone" }, "headers": { "x-pet": "phone" } });
    world.target("half-shown", port, &json!({ "protocol": "http", "mask": marks }), &json!({}));
    let seen = world.curl("/half-shown/0", &["--fail", "-i"]).ok().out;
    assert!(!seen.contains(CANARY) && seen.contains("4111111111111111"), "{seen}");
}

#[test]
fn binary_content_of_unknown_kind_does_not_pass_where_something_is_marked() {
    let world = World::shared();
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0";
    let packed = b"\xa1\x63pet\x6acanary-one\0\x01\x02\x03";
    let answers = [
        ("image/png", &picture[..], true),
        ("application/octet-stream", picture, true),
        ("application/zip", b"PK\x03\x04\x14\0\0\0\x08\0abcd", true),
        ("font/woff2", b"wOF2\0\x01\0\0\0\0\x01\x02", true),
        ("video/mp4", b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", true),
        ("application/cbor", packed, false),
        ("application/octet-stream", packed, false),
        ("image/png", packed, false),
        ("application/json", picture, false),
        ("", b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12", false),
    ];
    let served = || {
        answers
            .iter()
            .map(|(kind, body, _)| forms::sized("200 OK", &format!("content-type: {kind}\r\n"), body))
            .collect::<Vec<_>>()
    };
    start(world, "kinds", served(), json!({}));
    start(world, "kinds-scan", served(), json!({ "binary": "scan" }));
    start(world, "kinds-allowed", served(), json!({ "allow": ["application/cbor"] }));
    world.target("kinds-detected", forms::serve(served()), &json!({ "protocol": "http" }), &json!({}));
    for (number, (kind, body, known)) in answers.iter().enumerate() {
        let seen = world.curl(&format!("/kinds/{number}"), &[]).output();
        assert_eq!(seen.bytes == *body, *known, "{kind}: {}", seen.out);
        let told = seen.out.contains("SP-UNINSPECTABLE") && seen.out.contains("mask.binary: scan");
        assert!(*known || told && !seen.out.contains(CANARY), "{kind}: {}", seen.out);
        for name in ["kinds-scan", "kinds-detected"] {
            assert_eq!(world.curl(&format!("/{name}/{number}"), &["--fail"]).ok().bytes, *body, "{name} {kind}");
        }
    }
    assert_eq!(world.curl("/kinds-allowed/5", &["--fail"]).ok().bytes, packed);
    assert!(world.curl("/kinds-allowed/6", &[]).output().out.contains("SP-UNINSPECTABLE"));
}

#[test]
fn a_marked_value_reaches_no_websocket_client() {
    let world = World::shared();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = json!({ "protocol": "http", "mask": { "json": { "pet": "secret" } } });
    world.target("marked-ws", port, &settings, &json!({}));
    let url = format!("wss://127.0.0.1:{}/marked-ws/", world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    let tour = world.python("websocket_marks.py", &[&port.to_string(), &url, &world.alice().ticket, &ca]);
    assert_eq!(tour.ok().out, "fine\n");
}
