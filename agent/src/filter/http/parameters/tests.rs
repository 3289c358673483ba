#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Write as _;

use masking::{TokenKey, Transforms};
use proptest::prelude::*;
use protocols::http::Version;

use super::*;

fn parameters() -> Parameters {
    let mask = r#"{
        "path": {"ssn": {"label": "ssn", "mode": "in-flight"}, "pin": "secret"},
        "json": {"ssn": {"label": "ssn", "mode": "in-flight"}, "$.who.mail": {"label": "email", "mode": "token"}, "pin": "secret"},
        "query": {"ssn": {"label": "ssn", "mode": "in-flight"}, "mail": {"label": "email", "mode": "token"}, "pin": "secret"},
        "form": {"ssn": {"label": "ssn", "mode": "in-flight"}, "mail": {"label": "email", "mode": "token"}, "pin": "secret"},
        "headers": {"X-Ssn": {"label": "ssn", "mode": "in-flight"}, "X-Pin": "secret"},
        "cookies": {"ssn": {"label": "ssn", "mode": "in-flight"}, "pin": "secret"}
    }"#;
    let requests = serde_json::from_str(mask).unwrap();
    let routes = serde_json::json!({ "routes": { "GET /people/{ssn}": "person", "GET /files/{pin}.json": "file" } });
    let api = Arc::new(Api::from_settings(&routes).unwrap());
    Parameters::new(&HttpMask { requests, allow: vec!["image/*".into()], ..HttpMask::default() }, &api).unwrap()
}

fn masker() -> Masker {
    let key = TokenKey::new(b"0123456789abcdef").unwrap();
    Masker::new(&[]).with_transforms(Transforms::new([("ssn".to_owned(), Transform::Constant)], Some(key)))
}

fn head(target: &str, fields: &[(&str, &str)]) -> RequestHead {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    RequestHead {
        method: bytes("POST"),
        target: bytes(target),
        version: Version::Http11,
        upgrade: false,
        fields: fields.iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
    }
}

fn sent(label: &str, coding: &str, content: &[u8]) -> Result<(RequestHead, String), Unmaskable> {
    let length = content.len().to_string();
    let mut fields = vec![("content-type", label), ("content-length", length.as_str()), ("digest", "sha-256=x")];
    if !coding.is_empty() {
        fields.push(("content-encoding", coding));
    }
    let mut head = head("/", &fields);
    let content = Bytes::copy_from_slice(content);
    let (content, _) = parameters().mask_content(&masker(), &mut head, &content)?;
    Ok((head, String::from_utf8(content.to_vec()).unwrap()))
}

fn field<'a>(head: &'a RequestHead, name: &str) -> Option<&'a str> {
    let found = head.fields.iter().find(|(other, _)| &other[..] == name.as_bytes());
    found.map(|(_, value)| std::str::from_utf8(value).unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_target_gets_masks_and_tokens_in_a_head_and_the_record_no_value() {
    let mut head = head(
        "/a%20b?ssn=123-45-6789&mail=ann%40example.com&pin=77&ssn=987654321",
        &[("x-ssn", "123-45-6789"), ("x_pin", "77"), ("cookie", "a=1; ssn=12-3; pin=77"), ("referer", "/x?ssn=1&y=2")],
    );
    let lines = parameters().mask_head(&masker(), &mut head);
    let target = String::from_utf8(head.target.to_vec()).unwrap();
    let (query, token) = (target.split("&mail=").next().unwrap(), target.split("&mail=").nth(1).unwrap());
    assert_eq!(query, "/a%20b?ssn=000-00-0000");
    assert!(token.contains("%40") && token.ends_with("&pin=77&ssn=000000000") && !token.contains("ann"), "{token}");
    assert_eq!(field(&head, "x-ssn"), Some("000-00-0000"));
    assert_eq!(field(&head, "x_pin"), Some("77"));
    assert_eq!(field(&head, "cookie"), Some("a=1; ssn=00-0; pin=77"));
    assert_eq!(field(&head, "referer"), Some("/x?ssn=0&y=2"));
    let told: Vec<_> = lines.iter().map(|line| (line.field.as_str(), line.transform.as_str(), line.count)).collect();
    for line in [
        ("request query ssn", "constant", 3),
        ("request query mail", "token", 1),
        ("request header x-ssn", "constant", 1),
        ("request cookie ssn", "constant", 1),
    ] {
        assert!(told.contains(&line), "{told:?}");
    }
    let (recorded, lines) = parameters().recorded_head(&masker(), &head);
    assert!(recorded.target.ends_with(b"&pin=**&ssn=000000000"));
    assert_eq!(field(&recorded, "x_pin"), Some("**"));
    assert_eq!(field(&recorded, "cookie"), Some("ssn=00-0; pin=**"));
    assert!(lines.iter().all(|line| line.detector == "marking" && line.label == "secret"));
    assert_eq!(lines.len(), 3);
}

#[test]
fn parameters_of_the_path_are_masked_where_they_stand_and_where_fields_repeat_them() {
    let fields =
        [("referer", "https://a.example/x/people/123%2D45-6789?a=/y"), ("x-original-url", "/people/123%2D45-6789")];
    let mut head = head("/people/123%2D45-6789?a=1", &fields);
    let lines = parameters().mask_head(&masker(), &mut head);
    assert_eq!(&head.target[..], b"/people/000-00-0000?a=1");
    assert_eq!(field(&head, "referer"), Some("https://a.example/x/people/000-00-0000?a=/y"));
    assert_eq!(field(&head, "x-original-url"), Some("/people/000-00-0000"));
    assert_eq!(lines.iter().map(|line| line.field.as_str()).collect::<Vec<_>>(), ["request path ssn"]);
    for (came, recorded) in [
        ("/files/1234.json", "/files/****.json"),
        ("/files/a/b", "/files/a/b"),
        ("/Files/77.JSON?x", "/Files/**.JSON?x"),
    ] {
        let head = self::head(came, &[]);
        assert_eq!(&parameters().recorded_head(&masker(), &head).0.target[..], recorded.as_bytes());
    }
}

#[test]
fn values_of_labels_that_may_be_sent_stay_and_all_others_do_not() {
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert!(parameters().sending(&[]).is_none() && parameters().sending(&labels(&["card", "secret"])).is_none());
    let sending = parameters().sending(&labels(&["ssn"])).unwrap();
    let mut head = head("/?ssn=1-2&mail=ann%40example.com&pin=77", &[("x-ssn", "1-2"), ("cookie", "ssn=1-2; pin=77")]);
    let lines = sending.mask_head(&masker(), &mut head);
    assert!(head.target.starts_with(b"/?ssn=1-2&mail=") && !head.target.windows(3).any(|part| part == b"ann"));
    assert_eq!((field(&head, "x-ssn"), field(&head, "cookie")), (Some("1-2"), Some("ssn=1-2; pin=77")));
    assert!(lines.iter().all(|line| line.label == "email"));
    let content = Bytes::from_static(br#"{"ssn":"1-2","who":{"mail":"ann@example.com"}}"#);
    let (content, _) = sending.mask_content(&masker(), &mut head, &content).unwrap();
    assert!(content.starts_with(br#"{"ssn":"1-2","#) && !content.windows(3).any(|part| part == b"ann"));
    assert!(!parameters().sending(&labels(&["ssn", "email"])).unwrap().holds_content(&head));
}

#[test]
fn marked_content_is_masked_in_flight_and_every_other_byte_stays() {
    for (label, text, masked) in [
        (
            "application/json",
            r#"{ "ssn":"123-45-6789", "n":1e400,"a":[{"SSN":"1","\u0073sn":22}] , "pin":"77"}"#,
            r#"{ "ssn":"000-00-0000", "n":1e400,"a":[{"SSN":"0","\u0073sn":10}] , "pin":"77"}"#,
        ),
        ("application/json", "\u{feff}{\"ssn\":\"1\"}", "\u{feff}{\"ssn\":\"0\"}"),
        ("application/json", r#"{"ssn":"1","ssn":"2"}"#, r#"{"ssn":"0","ssn":"0"}"#),
        ("application/x-ndjson", "{\"ssn\":\"1\"}\n{\"ssn\":\"2\"}\n", "{\"ssn\":\"0\"}\n{\"ssn\":\"0\"}\n"),
        ("text/plain", r#"{"ssn":"1"}"#, r#"{"ssn":"0"}"#),
        ("image/png", r#"{"ssn":"1"}"#, r#"{"ssn":"0"}"#),
        ("", r#"[{"ssn":{"a":["1",null,true]}}]"#, r#"[{"ssn":{"a":["0",null,null]}}]"#),
        ("application/x-www-form-urlencoded", r#"{"ssn":"1"}"#, r#"{"ssn":"0"}"#),
        ("application/x-www-form-urlencoded", "a=1+2&ssn=1%2D2&pin=3", "a=1+2&ssn=0-0&pin=3"),
    ] {
        let (_, content) = sent(label, "", text.as_bytes()).unwrap();
        assert_eq!(content, masked, "{label}");
    }
}

#[test]
fn a_head_fits_what_was_changed_and_nothing_else() {
    let text = r#"{"who":{"mail":"ann@example.com"},"mail":"bob@example.com"}"#;
    let (head, content) = sent("application/json", "gzip", &gzip(text.as_bytes())).unwrap();
    assert!(!content.contains("ann@") && content.contains("bob@example.com") && content.len() == text.len());
    assert_eq!(field(&head, "content-length"), Some(text.len().to_string().as_str()));
    assert_eq!((field(&head, "content-encoding"), field(&head, "digest")), (None, None));
    let wide: Vec<u8> = r#"{"ssn":"12"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (head, content) = sent("application/json; charset=utf-16le", "", &wide).unwrap();
    assert_eq!(content, r#"{"ssn":"00"}"#);
    assert_eq!(field(&head, "content-type"), Some("application/json; charset=utf-8"));
    let clean = gzip(br#"{"a":1}"#);
    let mut head = self::head("/", &[("content-encoding", "gzip"), ("digest", "x")]);
    let (content, lines) = parameters().mask_content(&masker(), &mut head, &clean.clone().into()).unwrap();
    assert!(content == clean && lines.is_empty() && head.fields.len() == 2);
}

#[test]
fn what_a_marked_value_could_hide_in_does_not_pass() {
    let text = br#"{"ssn":"123"}"#;
    for (label, coding, content) in [
        ("application/json", "compress", &text[..]),
        ("application/json", "gzip", text),
        ("application/json", "", b"{ssn:'123'}"),
        ("application/json", "", b"{\"ssn\":\"123\" // c\n}"),
        ("application/json", "", b"{\"s\xffsn\":\"123\"}"),
        ("application/json", "", b"{\"ssn\":\"123\""),
        ("application/json; charset=utf-7", "", text),
        ("application/x-www-form-urlencoded", "", b"{ssn=123"),
        ("application/xml", "", b"<ssn>123</ssn>"),
        ("application/yaml", "", b"ssn: 123"),
        ("application/cbor", "", b"\xa1\x63ssn\x63123"),
        ("application/grpc", "", b"\0\0\0\0\x05\x0a\x03123"),
        (
            "multipart/form-data; boundary=x",
            "",
            b"--x\r\nContent-Disposition: form-data; name=ssn\r\n\r\n123\r\n--x--\r\n",
        ),
        ("multipart/mixed; boundary=x", "", b"--x\r\n\r\n123\r\n--x--\r\n"),
        ("image/png", "", b"{\"a\":\"\xff\",\"ssn\":\"123\"}"),
        ("text/event-stream", "", b"data: {\"ssn\":\"123\"}\n\n"),
    ] {
        let denied: super::super::Denied = sent(label, coding, content).err().unwrap().into();
        assert_eq!((denied.code, denied.status), (proto::Code::Unmaskable, 415), "{label} {coding}");
    }
    let bomb = gzip(&vec![b' '; 9 << 20]);
    assert!(sent("application/json", "gzip", &bomb).is_err());
}

#[test]
fn a_media_type_that_is_let_through_passes_and_so_does_nothing() {
    for (label, content) in [("image/svg+xml", "<svg/>"), ("", ""), ("application/json", "")] {
        assert_eq!(sent(label, "", content.as_bytes()).unwrap().1, content);
    }
}

#[test]
fn policy_and_schema_judge_what_the_target_gets() {
    let openapi = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"post":{"operationId":"a",
        "requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{
            "ssn":{"type":"string","pattern":"^[0-9-]{11}$"},"who":{"type":"string"}}}}}}}}}}"#;
    let settings = |label: &str| -> proto::HttpSettings {
        let requests =
            serde_json::json!({ "json": { "ssn": { "label": label, "mode": "in-flight" }, "who": "email" } });
        let settings = serde_json::json!({ "openapi": openapi, "validate": true,
            "mask": { "requests": requests, "transforms": { "ssn": "constant" } } });
        serde_json::from_value(settings).unwrap()
    };
    let trial = super::super::Trial {
        method: "POST".into(),
        target: "/a".into(),
        fields: vec![("Content-Type".into(), "application/json".into())],
        content: br#"{"ssn":"123-45-6789","who":"ann"}"#.to_vec(),
    };
    let facts = super::super::facts_of(&settings("ssn"), &trial, &[]).unwrap();
    assert_eq!(facts.arguments["ssn"], policy::Argument::Text("000-00-0000".into()));
    assert_eq!(facts.arguments["who"], policy::Argument::Text("ann".into()));
    let refused = super::super::facts_of(&settings("card"), &trial, &[]).unwrap_err();
    assert!(refused.contains("ssn") && !refused.contains("123-45-6789"), "{refused}");
}

proptest! {
    #[test]
    fn a_value_under_a_marked_key_never_reaches_the_target(
        value in "[a-zA-Z0-9\"\\\\ é/]{1,12}", depth in 0usize..5, escaped in any::<bool>(), number in 1_000_000u64..9_999_999,
    ) {
        let key = if escaped { r"\u0073\u0053n" } else { "sSn" };
        let secret = format!("canary{value}canary");
        let inner = format!("{{\"{key}\":{},\"x\":\"y\",\"{key}\":{number}}}", serde_json::to_string(&secret).unwrap());
        let text = (0..depth).fold(inner, |inner, _| format!("{{\"x\":[1, {inner}]}}"));
        let (_, out) = sent("application/json", "", text.as_bytes()).unwrap();
        prop_assert!(!out.contains("canary") && !out.contains(&number.to_string()));
        prop_assert_eq!(out.len(), text.len());
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&out).is_ok());
        prop_assert_eq!(out.matches("\"x\"").count(), text.matches("\"x\"").count());
    }
}
