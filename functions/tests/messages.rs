//! MCP, GraphQL and gRPC: what a message calls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use functions::http::{Api, Argument, Call, Content, Effect, Fault, Inspected, Request, Rules, Speaks};

fn post(api: &Api, target: &str, fields: &[(&str, &str)], content: &[u8]) -> Result<Call, Fault> {
    let json = [(&b"content-type"[..], &b"application/json"[..])];
    let fields: Vec<(&[u8], &[u8])> =
        json.into_iter().chain(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))).collect();
    let request = Request { method: "POST", target: target.as_bytes(), fields: &fields, upgrade: false };
    api.judge(&request, Content::Whole(content))
}

fn mcp(fields: &[(&str, &str)], content: &str) -> Result<Call, Fault> {
    post(&Api::new(&Rules { speaks: Speaks::Mcp, ..Rules::default() }).unwrap(), "/mcp", fields, content.as_bytes())
}

#[test]
fn a_tool_call_is_named_by_its_content() {
    let call = mcp(
        &[("mcp-method", "tools/call"), ("mcp-name", "send_email"), ("mcp-param-to", "=?base64?YUBiLmM=?=")],
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_email","arguments":{"to":"a@b.c","n":3}}}"#,
    )
    .unwrap();
    assert_eq!(call.functions, BTreeMap::from([("tools/send_email".into(), Effect::Write)]));
    assert_eq!(call.arguments["to"], Argument::Text("a@b.c".into()));
    assert_eq!(call.arguments["n"], Argument::Long(3));
    let list = mcp(&[], r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).unwrap();
    assert_eq!(list.functions["tools/list"], Effect::Read);
    let escaped = mcp(&[], r#"{"jsonrpc":"2.0","method":"tools\/call","params":{"n\u0061me":"dr\u006fp"}}"#).unwrap();
    assert!(escaped.functions.contains_key("tools/drop"));
    assert!(mcp(&[], r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap().functions.contains_key("response"));
}

#[test]
fn messages_that_two_servers_could_read_differently_are_refused() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop","arguments":{"a":"x"}}}"#;
    for (fields, content) in [
        (vec![("mcp-name", "safe")], call.to_owned()),
        (vec![("mcp-method", "tools/list")], call.to_owned()),
        (vec![("mcp-name", "safe"), ("mcp-name", "drop")], call.to_owned()),
        (vec![("mcp-param-a", "y")], call.to_owned()),
        (vec![], format!("[{call}]")),
        (vec![], call.replace(r#""name":"drop""#, r#""name":"safe","name":"drop""#)),
        (vec![], call.replace(r#""name":"drop""#, r#""name":"safe","Name":"drop""#)),
        (vec![], call.replace(r#""method""#, r#""METHOD":"tools/list","method""#)),
        (vec![], call.replace(r#""name":"drop""#, r#""name":["drop"]"#)),
        (vec![], call.replace(r#""name":"drop""#, r#""name":" drop""#)),
        (vec![], call.replace(r#""name":"drop""#, r#""name":"dr\u200bop""#)),
        (vec![], call.replace(r#""name":"drop","#, "")),
        (vec![], call.replace(r#""tools/call""#, "7")),
        (vec![], call.replace(r#"{"a":"x"}"#, r#"[1]"#)),
        (vec![], call.replace("2.0", "1.0")),
        (vec![], format!("{call}{call}")),
        (vec![], String::new()),
        (vec![], "null".into()),
        (
            vec![("mcp-protocol-version", "2026-07-28")],
            call.replace(
                r#""name":"drop""#,
                r#""name":"drop","_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}"#,
            ),
        ),
    ] {
        assert!(mcp(&fields, &content).is_err(), "{fields:?} {content}");
    }
    assert!(mcp(&[], &(" ".repeat(3_000_000) + call)).unwrap().functions.contains_key("tools/drop"));
}

#[test]
fn the_other_requests_of_a_session_have_names_too() {
    let api = Api::new(&Rules { speaks: Speaks::Mcp, ..Rules::default() }).unwrap();
    let ask = |method: &str, fields: &[(&[u8], &[u8])]| {
        api.judge(&Request { method, target: b"/mcp", fields, upgrade: false }, Content::Whole(b"")).unwrap()
    };
    assert!(ask("GET", &[(b"accept", b"text/event-stream")]).functions.contains_key("stream"));
    assert!(ask("DELETE", &[(b"mcp-session-id", b"x")]).functions.contains_key("session/end"));
    assert!(ask("GET", &[]).unknown.is_some());
}

fn graphql(persisted: &[(&str, &str)], content: &str) -> Result<Call, Fault> {
    let persisted = persisted.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
    let api = Api::new(&Rules { speaks: Speaks::GraphQl, persisted, ..Rules::default() }).unwrap();
    post(&api, "/graphql", &[], content.as_bytes())
}

fn asked(query: &str, variables: &str) -> Result<Call, Fault> {
    graphql(&[], &format!(r#"{{"query":{},"variables":{variables}}}"#, serde_json::to_string(query).unwrap()))
}

#[test]
fn root_fields_are_functions_whatever_they_are_called_and_wherever_they_stand() {
    let call =
        asked("mutation M($a: Int = 5) { harmless: issueRefund(amount: $a, to: {id: 7}) { id } }", "{}").unwrap();
    assert_eq!(call.functions, BTreeMap::from([("mutation/issueRefund".into(), Effect::Write)]));
    assert_eq!(call.arguments["amount"], Argument::Long(5));
    assert_eq!(call.arguments["/to/id"], Argument::Long(7));
    assert_eq!(call.arguments["graphql.operation"], Argument::Text("M".into()));
    let call = asked(
        "query { ...F ... on Query { a } __typename } fragment F on Query { b ...G } fragment G on Query { c }",
        "null",
    );
    assert_eq!(call.unwrap().calls, ["a", "b", "c"].map(str::to_owned).into());
    let call = asked("{ a: user(id: 1) { n } b: user(id: 2) { n } }", "{}").unwrap();
    assert_eq!(call.arguments["id"], Argument::Texts(["1".to_owned(), "2".to_owned()].into()));
}

#[test]
fn graphql_that_cannot_be_judged_is_refused() {
    let deep = "{a".repeat(500);
    for query in [
        "mutation { a: pay(n: 1) b: pay(n: 100) }",
        "query A { a } mutation B { b }",
        "{ ...F } fragment F on Q { ...F }",
        "{ ...Missing }",
        "{ ",
        "",
        deep.as_str(),
    ] {
        assert!(asked(query, "{}").is_err(), "{query}");
    }
    assert!(graphql(&[], r#"[{"query":"{a}"}]"#).is_err());
    assert!(graphql(&[], r#"{"query":"{a}","Query":"mutation{b}"}"#).is_err());
    assert!(
        graphql(&[], r#"{"query":"query A{a} mutation B{b}","operationName":"B"}"#)
            .unwrap()
            .functions
            .contains_key("mutation/b")
    );
}

#[test]
fn a_persisted_query_is_unknown_unless_registered() {
    let ask = r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"abc"}}}"#;
    assert!(graphql(&[], ask).unwrap().unknown.is_some());
    assert!(graphql(&[("abc", "mutation { pay }")], ask).unwrap().functions.contains_key("mutation/pay"));
    let lie = r#"{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"abc"}}}"#;
    assert!(graphql(&[], lie).is_err());
    assert!(graphql(&[], r#"{"id":"7"}"#).unwrap().unknown.is_some());
}

#[test]
fn a_grpc_call_is_its_path() {
    let api = Api::new(&Rules { speaks: Speaks::Grpc, ..Rules::default() }).unwrap();
    let call = post(&api, "/shop.v1.Orders/Refund", &[], b"\0\0\0\0\0").unwrap();
    assert_eq!(call.functions, BTreeMap::from([("shop.v1.Orders/Refund".into(), Effect::Write)]));
    assert_eq!(call.inspected, Inspected::No);
    assert!(post(&api, "/shop.v1.Orders", &[], b"").unwrap().unknown.is_some());
    assert_eq!(
        post(&api, "/grpc.health.v1.Health/Check", &[], b"").unwrap().functions.into_values().next(),
        Some(Effect::Read)
    );
}
