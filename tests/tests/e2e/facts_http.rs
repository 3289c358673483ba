//! Facts about requests, each through curl: parameters wherever a document puts them, the parts of a route, and what could not be
//! looked into.

use std::fmt::Write as _;

use e2e::{World, eventually};
use serde_json::json;

use crate::request_parameters::{Log, by_host};

fn document() -> String {
    let text = json!({ "type": "string" });
    let place = |name: &str, place: &str, schema: &serde_json::Value| json!({ "name": name, "in": place, "required": place == "path", "schema": schema });
    let body = json!({ "type": "object", "properties": {
        "amount": { "type": "number" },
        "urgent": { "type": "boolean" },
        "tags": { "type": "array", "items": text },
        "customer": { "type": "object", "properties": {
            "tier": text, "address": { "type": "object", "properties": { "zip": { "type": "integer" } } } } },
    } });
    let post = json!({
        "operationId": "pay",
        "parameters": [place("account", "path", &json!({ "type": "integer" })), place("dry", "query", &json!({ "type": "boolean" })),
            place("X-Tier", "header", &text), place("plan", "cookie", &text)],
        "requestBody": { "content": { "application/json": { "schema": body } } },
        "responses": { "204": { "description": "paid" } },
    });
    json!({ "openapi": "3.0.3", "info": { "title": "pay", "version": "1" }, "paths": { "/accounts/{account}/payments": { "post": post } } })
        .to_string()
}

/// A condition on the operation's arguments; path, options of curl and content that it stops, and such that it lets pass.
type Case = (&'static str, [&'static str; 3], [&'static str; 3]);

const JSON: &str = "{}";

const CASES: [Case; 9] = [
    ("arguments.account == 66", ["/accounts/%36%36/payments", "", JSON], ["/accounts/67/payments", "", JSON]),
    ("arguments.dry", ["/accounts/1/payments?d%72y=true", "", JSON], ["/accounts/1/payments?dry=false", "", JSON]),
    (
        r#"arguments["x-tier"] == "gold""#,
        ["/accounts/1/payments", "x-TIER: gold", JSON],
        ["/accounts/1/payments", "x-tier: silver", JSON],
    ),
    (
        r#"arguments.plan == "pro""#,
        ["/accounts/1/payments", "Cookie: a=b; plan=pro", JSON],
        ["/accounts/1/payments", "Cookie: plans=pro; plan=free", JSON],
    ),
    (
        r#"arguments.amount.greaterThan(decimal("100.5"))"#,
        ["/accounts/1/payments", "", r#"{"\u0061mount":1.01e2}"#],
        ["/accounts/1/payments", "", r#"{"amount":100.5}"#],
    ),
    (
        "arguments.urgent",
        ["/accounts/1/payments", "", r#"{"urgent":true}"#],
        ["/accounts/1/payments", "", r#"{"urgent":false}"#],
    ),
    (
        r#"arguments.tags.contains("b")"#,
        ["/accounts/1/payments", "", r#"{"tags":["a","b"]}"#],
        ["/accounts/1/payments", "", r#"{"tags":["a"]}"#],
    ),
    (
        r#"arguments["/customer/tier"] == "gold""#,
        ["/accounts/1/payments", "", r#"{"customer":{"t\u0069er":"gold"}}"#],
        ["/accounts/1/payments", "", r#"{"customer":{"tier":"silver"}}"#],
    ),
    (
        r#"arguments["/customer/address/zip"] > 90000"#,
        ["/accounts/1/payments", "", r#"{"customer":{"address":{"zip":90001}}}"#],
        ["/accounts/1/payments", "", r#"{"customer":{"address":{"zip":90000}}}"#],
    ),
];

/// `arguments["x"] == 1` as a condition that also says that it is there.
fn there(condition: &str) -> String {
    let rest = condition.strip_prefix("arguments").unwrap();
    let name = match rest.strip_prefix('[') {
        Some(quoted) => quoted.split(']').next().unwrap().to_owned(),
        None => rest.trim_start_matches('.').split([' ', '.']).next().unwrap().to_owned(),
    };
    format!("context.arguments has {name} && context.{condition}")
}

#[test]
fn parameters_of_path_query_head_cookies_and_content_decide() {
    let world = World::shared();
    let log = Log::start();
    world.target("typed-api", log.port, &json!({ "protocol": "http", "openapi": document() }), &json!({}));
    let mut rules = String::new();
    for (number, (condition, ..)) in CASES.iter().enumerate() {
        let _ = writeln!(
            rules,
            "@id(\"typed-{number}\") @reason(\"stopped by {number}.\") forbid (principal, action == Action::\"Invoke\", resource == Function::\"typed-api/pay\") when {{ {} }};",
            there(condition)
        );
    }
    world.policy("typed-api", &rules);
    let ask = |[path, header, content]: [&str; 3]| {
        let mut options = vec!["-i", "--json", content];
        if !header.is_empty() {
            options.extend(["-H", header]);
        }
        by_host(world, "typed-api", path, &options).ok().out
    };
    eventually("the rules", || ask(CASES[0].1).contains("stopped by 0.").then_some(()));
    let _waited_for = log.take();
    for (number, (condition, stopped, passed)) in CASES.iter().enumerate() {
        let said = ask(*stopped);
        assert!(said.contains(" 403") && said.contains(&format!("stopped by {number}.")), "{condition}: {said}");
        assert_eq!(log.take(), "", "{condition}: nothing of it arrives");
        let said = ask(*passed);
        assert!(said.contains(" 204") && log.take().starts_with("POST /accounts/"), "{condition}: {said}");
    }
    // Another case of a name, another type, and the same twice are no way around.
    for content in [
        r#"{"AMOUNT":5000}"#,
        r#"{"amount":1,"Amount":5000}"#,
        r#"{"amount":"5000"}"#,
        r#"{"customer":{"Tier":"gold"}}"#,
        r#"{"customer":{"tier":"silver","TIER":"gold"}}"#,
    ] {
        let said = ask(["/accounts/1/payments", "", content]);
        assert!((said.contains(" 403") || said.contains(" 400")) && log.take().is_empty(), "{content}: {said}");
    }
    // A place that the document does not have is a mistake.
    let wrong = r#"@id("typed-wrong") forbid (principal, action == Action::"Invoke", resource == Function::"typed-api/pay")
        when { context.arguments has "/customer/teir" && context.arguments["/customer/teir"] == "gold" };"#;
    let file = world.folder("typed-api").join("wrong.json");
    std::fs::write(&file, json!({ "policies": [{ "name": "typed-api", "text": wrong }] }).to_string()).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("/customer/tier"), "{refused}");
}

#[test]
fn without_a_document_methods_and_templates_are_functions_and_their_parts_are_arguments() {
    let world = World::shared();
    let log = Log::start();
    let routes =
        json!({ "POST /refunds/{order}": "refund", "GET /orders/{order}": "order", "GET /files/{path+}": "file" });
    world.target("routed-api", log.port, &json!({ "protocol": "http", "routes": routes }), &json!({}));
    let rules = r#"
@id("routed-order") @reason("order 66 stays paid") forbid (principal, action == Action::"Invoke", resource == Function::"routed-api/refund")
when { context.arguments has order && context.arguments.order == "66" };
@id("routed-files") @reason("files are closed") forbid (principal, action == Action::"Invoke", resource == Function::"routed-api/file");"#;
    world.policy("routed-api", rules);
    let ask = |method: &str, path: &str| world.curl(&format!("/routed-api{path}"), &["-i", "-X", method]).ok().out;
    eventually("the rules", || ask("GET", "/files/a").contains("files are closed").then_some(()));
    let _waited_for = log.take();
    for (method, path, told) in [
        ("POST", "/refunds/66", "order 66 stays paid"),
        ("POST", "/refunds/%36%36", "order 66 stays paid"),
        ("POST", "/Refunds/66/", "order 66 stays paid"),
        ("GET", "/files/a/b/c", "files are closed"),
        ("DELETE", "/orders/7", "DELETE /orders/7"),
        ("GET", "/refunds/7", "GET /refunds/7"),
        ("POST", "/refunds", "POST /refunds"),
        ("GET", "/", "GET /"),
    ] {
        let said = ask(method, path);
        assert!(said.contains(" 403") && said.contains(told), "{method} {path}: {said}");
    }
    assert_eq!(log.take(), "", "nothing of it arrives");
    for (method, path) in [("POST", "/refunds/7"), ("GET", "/orders/66")] {
        assert!(ask(method, path).contains(" 204") && log.take().starts_with(&format!("{method} {path} ")));
    }
}

#[test]
fn what_could_not_be_looked_into_is_refused_where_policy_demands_it() {
    let world = World::shared();
    let log = Log::start();
    for name in ["looked-at", "not-looked-at"] {
        world.target(name, log.port, &json!({ "protocol": "http" }), &json!({}));
    }
    let rule = r#"@id("looked-at") @reason("only what can be looked into") forbid (principal, action == Action::"Invoke", resource in Connection::"looked-at")
        when { context.inspected != "yes" };"#;
    world.policy("looked-at", rule);
    let folder = world.folder("looked-at");
    let file = |name: &str, bytes: Vec<u8>| {
        std::fs::write(folder.join(name), bytes).unwrap();
        format!("@{}", folder.join(name).display())
    };
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 21));
    let (long, picture) = (file("long.json", long.into_bytes()), file("picture", b"\x89PNG\0".to_vec()));
    let ask = |name: &str, media: &str, content: &str| {
        let media = format!("Content-Type: {media}");
        world.curl(&format!("/{name}/things"), &["-i", "-H", &media, "--data-binary", content]).ok().out
    };
    let stopped = |media: &str, content: &str| {
        let said = ask("looked-at", media, content);
        said.contains(" 403") && said.contains("only what can be looked into")
    };
    eventually("the rule", || stopped("image/png", &picture).then_some(()));
    let _waited_for = log.take();
    assert!(stopped("image/png", &picture) && stopped("application/octet-stream", &picture));
    assert!(stopped("application/json", &long), "more than is read");
    assert_eq!(log.take(), "", "nothing of it arrives");
    for (name, media, content) in [
        ("looked-at", "application/json", "{\"a\":1}"),
        ("looked-at", "application/x-www-form-urlencoded", "a=1"),
        ("not-looked-at", "image/png", picture.as_str()),
    ] {
        let said = ask(name, media, content);
        assert!(said.contains(" 204") && log.take().starts_with("POST /things"), "{name} {media}: {said}");
    }
}
