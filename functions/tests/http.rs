//! Requests and what they are judged to do: a permanent corpus of dodges, and properties that hold for any input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{collections::BTreeMap, io::Write as _};

use functions::http::{Api, Argument, Call, Content, Effect, Fault, Inspected, Request, Rules, Speaks, Wants};
use proptest::prelude::*;

const SHOP: &str = r##"{
  "openapi": "3.1.0", "info": {"title": "shop", "version": "1"},
  "paths": {
    "/customers/{id}": {"get": {"operationId": "get_customer", "parameters": [
      {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}]}},
    "/customers": {"get": {"operationId": "search_customers", "parameters": [
      {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 20}},
      {"name": "limit", "in": "query", "schema": {"$ref": "#/components/schemas/Limit"}},
      {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
      {"name": "X-Tenant", "in": "header", "required": true, "schema": {"type": "string", "pattern": "^[a-z]+$"}}]}},
    "/refunds": {"post": {"operationId": "issue_refund", "requestBody": {"required": true, "content": {
      "application/json": {"schema": {"$ref": "#/components/schemas/Refund"}},
      "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Refund"}}}}}},
    "/reports": {"post": {"operationId": "run_report", "x-sallyport-effect": "read"}},
    "/uploads/{name}": {"put": {"operationId": "upload", "requestBody": {"content": {"application/octet-stream": {}}}}}
  },
  "components": {"schemas": {
    "Limit": {"type": "integer", "maximum": 100},
    "Refund": {"type": "object", "required": ["order_id", "amount_cents"], "additionalProperties": false, "properties": {
      "order_id": {"type": "integer"}, "amount_cents": {"type": "integer", "minimum": 1, "maximum": 100000},
      "reason": {"type": ["string", "null"]}, "lines": {"type": "array", "items": {"type": "object"}}}}}}
}"##;

fn shop(validate: bool) -> Api {
    Api::new(&Rules { openapi: Some(SHOP), validate, ..Rules::default() }).unwrap()
}

fn judge(api: &Api, method: &str, target: &str, fields: &[(&str, &str)], content: &[u8]) -> Result<Call, Fault> {
    let fields: Vec<(&[u8], &[u8])> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Request { method, target: target.as_bytes(), fields: &fields, upgrade: false };
    api.wants(&request)?;
    api.judge(&request, Content::Whole(content))
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const REFUND: &[u8] = br#"{"order_id": 4, "amount_cents": 1250, "reason": "broken"}"#;

fn names(call: &Call) -> Vec<&str> {
    call.functions.keys().map(String::as_str).collect()
}

#[test]
fn an_operation_is_a_function_with_typed_arguments() {
    let call = judge(&shop(true), "GET", "/customers/7", &[], b"").unwrap();
    assert_eq!(call.functions, BTreeMap::from([("get_customer".into(), Effect::Read)]));
    assert_eq!(call.arguments["id"], Argument::Long(7));
    let tenant = [("x-tenant", "acme")];
    let call = judge(&shop(true), "GET", "/customers?q=a%20b&limit=5&tag=x&tag=y", &tenant, b"").unwrap();
    assert_eq!(call.arguments["q"], Argument::Text("a b".into()));
    assert_eq!(call.arguments["limit"], Argument::Long(5));
    assert_eq!(call.arguments["tag"], Argument::Texts(["x".to_owned(), "y".to_owned()].into()));
    assert_eq!(call.arguments["x-tenant"], Argument::Text("acme".into()));
    let call = judge(&shop(true), "POST", "/refunds", JSON, REFUND).unwrap();
    assert_eq!(call.functions["issue_refund"], Effect::Write);
    assert_eq!(call.arguments["amount_cents"], Argument::Long(1250));
    assert_eq!(judge(&shop(true), "POST", "/reports", &[], b"").unwrap().functions["run_report"], Effect::Read);
}

#[test]
fn nested_content_is_addressed_by_json_pointer() {
    let content = br#"{"order_id":4,"amount_cents":1,"lines":[{"a/b":1.5,"deep":{"flag":true}}]}"#;
    let call = judge(&shop(true), "POST", "/refunds", JSON, content).unwrap();
    assert_eq!(call.arguments["/lines/0/a~1b"], Argument::Decimal(1.5));
    assert_eq!(call.arguments["/lines/0/deep/flag"], Argument::Flag(true));
}

#[test]
fn what_breaks_the_schema_is_named() {
    let tenant = ("x-tenant", "acme");
    for (method, target, fields, content, field) in [
        ("GET", "/customers/x", vec![], &b""[..], "id"),
        ("GET", "/customers/0", vec![], b"", "id"),
        ("GET", "/customers/07", vec![], b"", "id"),
        ("GET", "/customers?limit=101", vec![tenant], b"", "limit"),
        ("GET", "/customers?limit=5&limit=6", vec![tenant], b"", "limit"),
        ("GET", "/customers?nope=1", vec![tenant], b"", "nope"),
        ("GET", "/customers", vec![], b"", "x-tenant"),
        ("GET", "/customers", vec![("x-tenant", "ACME")], b"", "x-tenant"),
        ("GET", "/customers?q=123456789012345678901", vec![tenant], b"", "q"),
        ("POST", "/refunds", JSON.to_vec(), br#"{"order_id":4}"#, "the content"),
        ("POST", "/refunds", JSON.to_vec(), br#"{"order_id":4,"amount_cents":"1"}"#, "/amount_cents"),
        ("POST", "/refunds", JSON.to_vec(), br#"{"order_id":4,"amount_cents":100001}"#, "/amount_cents"),
        ("POST", "/refunds", JSON.to_vec(), br#"{"order_id":4,"amount_cents":1,"x":1}"#, "the content"),
        ("POST", "/refunds", JSON.to_vec(), br#"{"order_id":4,"amount_cents":1,"Amount_Cents":9}"#, "Amount_Cents"),
        ("POST", "/refunds", JSON.to_vec(), b"", "content"),
        ("POST", "/refunds", vec![("content-type", "text/csv")], b"a,b", "content-type"),
    ] {
        match judge(&shop(true), method, target, &fields, content) {
            Err(Fault::Invalid { field: named, reason }) => {
                assert!(named == field || field == "Amount_Cents", "{target}: {named}: {reason}");
                assert!(!reason.contains("100001"), "{reason}");
            }
            other => panic!("{method} {target}: {other:?}"),
        }
    }
}

#[test]
fn types_are_checked_even_where_the_rest_is_not() {
    let api = shop(false);
    assert!(judge(&api, "GET", "/customers/x", &[], b"").is_err());
    assert!(judge(&api, "POST", "/refunds", JSON, br#"{"amount_cents":"99999999"}"#).is_err());
    let call = judge(&api, "POST", "/refunds", JSON, br#"{"amount_cents":500.0,"x":1}"#).unwrap();
    assert_eq!(call.arguments["amount_cents"], Argument::Long(500));
    let call = judge(&api, "GET", "/customers?nope=1", &[("x-tenant", "a")], b"").unwrap();
    assert_eq!(call.arguments["query.nope"], Argument::Text("1".into()));
}

#[test]
fn a_stray_query_parameter_cannot_stand_for_a_member_of_the_content() {
    let call = judge(&shop(false), "POST", "/refunds?amount_cents=1", JSON, REFUND).unwrap();
    assert_eq!(call.arguments["amount_cents"], Argument::Long(1250));
    let routes = vec![("POST /refunds", "issue_refund")];
    let api = Api::new(&Rules { routes, ..Rules::default() }).unwrap();
    assert!(judge(&api, "POST", "/refunds?amount_cents=1", JSON, REFUND).is_err());
    assert!(judge(&api, "POST", "/refunds?amount_cents=1250", JSON, REFUND).is_ok());
}

#[test]
fn a_form_reads_like_the_json_it_stands_for() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let a = judge(&shop(true), "POST", "/refunds", &form, b"order_id=4&amount_cents=1250&reason=bro%6ben").unwrap();
    let b = judge(&shop(true), "POST", "/refunds", JSON, REFUND).unwrap();
    assert_eq!(a.arguments, b.arguments);
    assert!(judge(&shop(true), "POST", "/refunds", &form, b"order_id=4&amount_cents=1&amount_cents=9").is_err());
}

#[test]
fn a_path_that_no_function_has_is_unknown() {
    for (method, target) in [("GET", "/nothing"), ("DELETE", "/customers/7"), ("GET", "/"), ("POST", "/customers/7")] {
        let call = judge(&shop(true), method, target, &[], b"").unwrap();
        assert!(call.functions.is_empty() && call.unknown.is_some(), "{method} {target}");
    }
}

/// Dodges of a rule about `POST /refunds`: each is refused, unknown, or still judged as `issue_refund`.
#[test]
fn no_spelling_of_the_path_dodges_the_function() {
    for target in [
        "/Refunds",
        "/REFUNDS",
        "/refunds/",
        "/refunds.",
        "/refunds%20",
        "/%72efunds",
        "/refund%73",
        "/refunds?x=1",
        "/refunds;x=1",
        "/;/refunds",
        "//refunds",
        "/./refunds",
        "/x/../refunds",
        "/%2e/refunds",
        "/x/%2e%2e/refunds",
        "/%2frefunds",
        "/refunds%2f",
        "/refunds%5c",
        "/refunds\\",
        "/refunds%00",
        "/refunds%0a",
        "/refunds#x",
        "/%2572efunds",
        "/refunds%",
        "/refunds%3b",
        "/refunds..;/",
        "refunds",
        "http://x/refunds",
        "*",
        "/refunds/.",
        "/refunds%2e",
        "/refunds%252e",
        "/refunds\u{7f}",
        "/\u{ff52}efunds",
    ] {
        match judge(&shop(true), "POST", target, JSON, REFUND) {
            Err(_) => {}
            Ok(call) => assert!(call.unknown.is_some() || names(&call) == ["issue_refund"], "{target}: {call:?}"),
        }
    }
}

#[test]
fn another_method_in_disguise_is_refused() {
    for (name, value) in
        [("x-http-method-override", "DELETE"), ("x-http-method", "PUT"), ("x-method-override", "delete")]
    {
        assert!(judge(&shop(false), "POST", "/reports", &[(name, value)], b"").is_err());
        assert!(judge(&shop(false), "POST", "/reports", &[(name, "POST")], b"").is_ok());
    }
    assert!(judge(&shop(false), "POST", "/reports?_method=DELETE", &[], b"").is_err());
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert!(judge(&shop(false), "POST", "/reports", &form, b"a=1&_method=DELETE").is_err());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
    writer.write_all(bytes).unwrap();
    drop(writer);
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

#[test]
fn a_coded_or_wide_request_reads_like_the_plain_one() {
    let plain = judge(&shop(true), "POST", "/refunds", JSON, REFUND).unwrap();
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let text = String::from_utf8(REFUND.to_vec()).unwrap();
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let utf32: Vec<u8> = REFUND.iter().flat_map(|byte| u32::from(*byte).to_le_bytes()).collect();
    for (coding, content) in [
        ("gzip", gzip(REFUND)),
        ("X-GZip", gzip(REFUND)),
        ("deflate", zlib(REFUND)),
        ("deflate", raw_deflate(REFUND)),
        ("br", brotli(REFUND)),
        ("zstd", zstd(REFUND)),
        ("gzip, br", brotli(&gzip(REFUND))),
        ("identity", REFUND.to_vec()),
        ("identity", gzip(REFUND)),
        ("identity", [b"\xef\xbb\xbf", REFUND].concat()),
        ("identity", utf16(false, true)),
        ("identity", utf16(true, true)),
        ("identity", utf16(false, false)),
        ("identity", utf16(true, false)),
        ("identity", utf32),
        ("gzip", [gzip(&REFUND[..20]), gzip(&REFUND[20..])].concat()),
    ] {
        let fields = [JSON[0], ("content-encoding", coding)];
        let coded = judge(&shop(true), "POST", "/refunds", &fields, &content);
        assert_eq!(coded.as_ref().map(|call| &call.arguments), Ok(&plain.arguments), "{coding}");
    }
}

#[test]
fn codings_that_lie_break_or_grow_without_measure_are_refused() {
    let bomb = gzip(&vec![b' '; 40 << 20]);
    for (coding, content) in [
        ("gzip", REFUND.to_vec()),
        ("br", gzip(REFUND)),
        ("zstd", gzip(REFUND)),
        ("deflate", gzip(REFUND)),
        ("gzip", gzip(REFUND)[..20].to_vec()),
        ("compress", REFUND.to_vec()),
        ("gzip", bomb),
        ("gzip,gzip,gzip,gzip", gzip(&gzip(&gzip(&gzip(REFUND))))),
    ] {
        let fields = [JSON[0], ("content-encoding", coding)];
        assert!(judge(&shop(true), "POST", "/refunds", &fields, &content).is_err(), "{coding}");
    }
    for charset in ["utf-7", "ibm037", "cp037", "iso-2022-jp", "nonsense", "utf-16"] {
        let label = format!("application/json; charset={charset}");
        assert!(judge(&shop(true), "POST", "/refunds", &[("content-type", &label)], REFUND).is_err(), "{charset}");
    }
}

#[test]
fn what_is_not_read_is_said() {
    let api = shop(false);
    let fields: [(&[u8], &[u8]); 1] = [(b"content-type", b"application/octet-stream")];
    let request = Request { method: "PUT", target: b"/uploads/a", fields: &fields, upgrade: false };
    assert_eq!(api.wants(&request), Ok(Wants::Nothing));
    let call = api.judge(&request, Content::Unread).unwrap();
    assert_eq!((names(&call), call.inspected), (vec!["upload"], Inspected::Partial));
    let fields: [(&[u8], &[u8]); 1] = [(b"content-type", b"application/json")];
    let request = Request { method: "POST", target: b"/refunds", fields: &fields, upgrade: false };
    assert!(matches!(api.wants(&request), Ok(Wants::Content { .. })));
    assert_eq!(api.judge(&request, Content::Begun(b"{")).unwrap().inspected, Inspected::Partial);
    assert!(matches!(shop(true).judge(&request, Content::Begun(b"{")), Err(Fault::TooLarge(_))));
}

#[test]
fn without_document_and_routes_the_method_is_the_function() {
    let api = Api::new(&Rules::default()).unwrap();
    assert_eq!(judge(&api, "GET", "/anything?a=1", &[], b"").unwrap().functions["get"], Effect::Read);
    let call = judge(&api, "DELETE", "/all/any%20thing;v=1", &[], b"").unwrap();
    assert_eq!((call.functions["delete"], call.path.as_str()), (Effect::Write, "/all/any thing;v=1"));
    let bulk = b"{\"index\":{}}\n{\"a\":1}\n";
    assert_eq!(judge(&api, "POST", "/_bulk", JSON, bulk).unwrap().inspected, Inspected::Yes);
    assert_eq!(judge(&api, "POST", "/x", JSON, b"{a:1}").unwrap().inspected, Inspected::Partial);
    assert!(judge(&api, "POST", "/x", JSON, br#"{"a":1,"a":2}"#).is_err());
}

#[test]
fn documents_that_cannot_be_trusted_are_refused() {
    for (text, part) in [
        (r#"{"swagger":"2.0"}"#, "3.0 or 3.1"),
        (r#"{"openapi":"3.1.0"}"#, "no paths"),
        (r#"{"openapi":"3.1.0","paths":{"/a":{"$ref":"http://x/y"}}}"#, "outside"),
        (r##"{"openapi":"3.1.0","paths":{"/a":{"$ref":"#/paths/~1a"}}}"##, "circle"),
        (r##"{"openapi":"3.1.0","paths":{"/a":{"$ref":"#/nowhere"}}}"##, "nowhere"),
        (r#"{"openapi":"3.1.0","paths":{"/{a}":{"get":{}},"/{b}":{"get":{}}}}"#, "told apart"),
        (r#"{"openapi":"3.1.0","paths":{"/a":{"get":{"operationId":"x"},"put":{"operationId":"x"}}}}"#, "twice"),
        (r#"{"openapi":"3.1.0","openapi":"3.0.0","paths":{}}"#, "twice"),
        (r#"{"openapi":"3.1.0","paths":{"/a":{"get":{"x-sallyport-effect":"none"}}}}"#, "read, write or admin"),
        (
            r#"{"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query","schema":{"type":"strin"}}]}}}}"#,
            "",
        ),
        ("{", ""),
        ("just text", ""),
    ] {
        let error = Api::new(&Rules { openapi: Some(text), ..Rules::default() }).expect_err(text);
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

#[test]
fn version_3_0_and_yaml_are_read() {
    let text = "
openapi: 3.0.3
info: {title: t, version: '1'}
servers: [{url: 'https://api.example.com/v1'}]
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    post:
      operationId: touch
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                note: {type: string, nullable: true}
                size: {type: number, minimum: 0, exclusiveMinimum: true}
      responses:
        200: {description: ok}
";
    let api = Api::new(&Rules { openapi: Some(text), validate: true, ..Rules::default() }).unwrap();
    assert!(judge(&api, "POST", "/things/a", JSON, b"{}").unwrap().unknown.is_some());
    assert_eq!(names(&judge(&api, "POST", "/v1/things/a", JSON, br#"{"note":null,"size":1}"#).unwrap()), ["touch"]);
    assert!(judge(&api, "POST", "/v1/things/a", JSON, br#"{"size":0}"#).is_err());
    let api = Api::new(&Rules { openapi: Some(text), base_path: "/v1", ..Rules::default() }).unwrap();
    assert_eq!(names(&judge(&api, "POST", "/things/a", JSON, b"{}").unwrap()), ["touch"]);
}

#[test]
fn schemas_that_refer_to_themselves_are_no_trap() {
    for text in [
        r##"{"openapi":"3.1.0","paths":{"/a":{"post":{"operationId":"a","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/T"}}}}}}},
            "components":{"schemas":{"T":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/T"}},"additionalProperties":false}}}}"##,
        r##"{"openapi":"3.1.0","paths":{"/a":{"post":{"operationId":"a","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/T"}}}}}}},
            "components":{"schemas":{"T":{"allOf":[{"$ref":"#/components/schemas/T"}]}}}}"##,
    ] {
        if let Ok(api) = Api::new(&Rules { openapi: Some(text), validate: true, ..Rules::default() }) {
            let deep = format!("{}{}", "{\"next\":".repeat(90), "{}".to_owned() + &"}".repeat(90));
            let _any = judge(&api, "POST", "/a", JSON, deep.as_bytes());
        }
    }
}

#[test]
fn every_speaker_takes_any_bytes_without_falling_over() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let apis: Vec<Api> = [Speaks::Rest, Speaks::Mcp, Speaks::GraphQl, Speaks::Grpc]
        .into_iter()
        .map(|speaks| Api::new(&Rules { speaks, ..Rules::default() }).unwrap())
        .chain([shop(true)])
        .collect();
    let input = (
        "[A-Z]{0,6}",
        prop_oneof![".*", "/[a-z%0-9;./?=&{}]*"],
        proptest::collection::vec(
            ("(content-type|content-encoding|cookie|accept|mcp-name|x-http-method)", "[ -~]*"),
            0..4,
        ),
        proptest::collection::vec(any::<u8>(), 0..200),
    );
    runner
        .run(&input, |(method, target, fields, content)| {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            for api in &apis {
                let _any = judge(api, &method, &target, &fields, &content);
            }
            Ok(())
        })
        .unwrap();
}

fn percent(text: &str, which: &[bool]) -> String {
    let bytes = text.bytes().zip(which.iter().cycle());
    bytes.fold(String::new(), |out, (byte, encode)| {
        if *encode || !(byte.is_ascii_alphanumeric() || byte == b'-') {
            out + &format!("%{byte:02x}")
        } else {
            out + &char::from(byte).to_string()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equivalent_encodings_give_the_same_facts(
        q in "[a-zA-Z0-9 é&=+;-]{0,12}", which in proptest::collection::vec(any::<bool>(), 1..9), id in 1u32..99999,
    ) {
        let api = shop(true);
        let tenant = [("x-tenant", "acme")];
        let all = judge(&api, "GET", &format!("/customers?q={}", percent(&q, &[true])), &tenant, b"").unwrap();
        let some = judge(&api, "GET", &format!("/{}?{}={}", percent("customers", &which), percent("q", &which), percent(&q, &which)), &tenant, b"").unwrap();
        prop_assert_eq!(&all, &some);
        prop_assert_eq!(&all.arguments["q"], &Argument::Text(q));
        let plain = judge(&api, "GET", &format!("/customers/{id}"), &[], b"").unwrap();
        let coded = judge(&api, "GET", &format!("/{}/{}", percent("customers", &which), percent(&id.to_string(), &which)), &[], b"").unwrap();
        prop_assert_eq!(plain, coded);
    }

    #[test]
    fn escapes_and_blanks_in_json_change_no_fact(reason in "[a-z0-9é\"\\\\/ ]{0,12}", which in proptest::collection::vec(any::<bool>(), 1..5)) {
        let api = shop(true);
        let escaped = reason.encode_utf16().zip(which.iter().cycle()).fold(String::new(), |out, (unit, escape)| {
            let plain = char::from_u32(u32::from(unit)).filter(|one| !escape && !matches!(one, '"' | '\\'));
            plain.map_or_else(|| out.clone() + &format!("\\u{unit:04X}"), |one| out.clone() + &one.to_string())
        });
        let a = format!(r#"{{"order_id":4,"amount_cents":7,"reason":{}}}"#, serde_json::to_string(&reason).unwrap());
        let b = format!("{{ \"\\u0072eason\" : \"{escaped}\",\n\"amount_cents\":7 ,\"order_id\":\t4}}");
        let a = judge(&api, "POST", "/refunds", JSON, a.as_bytes()).unwrap();
        prop_assert_eq!(a, judge(&api, "POST", "/refunds", JSON, b.as_bytes()).unwrap());
    }

    #[test]
    fn decoding_does_not_depend_on_how_content_arrives(content in proptest::collection::vec(any::<u8>(), 0..3000), step in 1usize..700) {
        for (coding, coded) in [("gzip", gzip(&content)), ("deflate", zlib(&content)), ("br", brotli(&content)), ("zstd", zstd(&content))] {
            // What begins like a coding of its own is decoded further; not what is asked here.
            prop_assume!(!content.starts_with(&[0x1f, 0x8b]) && !content.starts_with(&[0x28, 0xb5]));
            let mut decoder = functions::http::Decoder::new([coding.as_bytes()]).unwrap();
            let mut out = Vec::new();
            for piece in coded.chunks(step) {
                decoder.push(piece, &mut out).unwrap();
            }
            decoder.finish(&mut out).unwrap();
            prop_assert_eq!(&out, &content);
        }
    }
}
