//! Functions of an HTTP connection: what is none, or breaks its schema, is refused in words a client understands.

use std::io::Write as _;

use e2e::World;

fn status(answer: &str) -> &str {
    answer.lines().next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default()
}

#[test]
fn a_path_that_no_function_has_is_refused_and_the_connection_goes_on() {
    let world = World::shared();
    for version in ["--http1.1", "--http2"] {
        let refused = world.curl("/shop-api/admin/users", &[version, "-i"]).ok().out;
        assert_eq!(status(&refused), "403", "{refused}");
        assert!(refused.contains("application/problem+json") && refused.contains("GET /admin/users"), "{refused}");
    }
    let deleted = world.curl("/shop-api/customers/7", &["-i", "-X", "DELETE"]).ok().out;
    assert_eq!(status(&deleted), "403", "{deleted}");
    let both = world.curl("/shop-api/{nothing,customers/1}", &["-w", "\n%{num_connects}\n"]).ok().out;
    assert!(both.contains("SP-") && both.contains("\"id\":1") && both.trim_end().ends_with('0'), "{both}");
}

#[test]
fn an_argument_of_the_wrong_type_is_named() {
    let world = World::shared();
    let body = ["-i", "--json", r#"{"order_id": 4, "amount_cents": "a lot"}"#];
    let refused = world.curl("/shop-api/refunds", &body).ok().out;
    assert_eq!(status(&refused), "400", "{refused}");
    assert!(refused.contains("\"field\":\"/amount_cents\""), "{refused}");
}

#[test]
fn what_two_servers_could_read_differently_is_refused() {
    let world = World::shared();
    let twice = r#"{"order_id": 4, "amount_cents": 1, "amount_cents": 99999}"#;
    for (path, options) in [
        ("/shop-api/refunds", vec!["--json", twice]),
        ("/shop-api/echo", vec!["-H", "X-HTTP-Method-Override: DELETE"]),
        ("/shop-api/echo?_method=DELETE", vec![]),
        ("/shop-api/customers/7;x=1", vec![]),
        ("/shop-api/customers/%2537", vec![]),
        ("/shop-api/x/../customers/7", vec!["--path-as-is"]),
    ] {
        let refused = world.curl(path, &[&["-i"], &options[..]].concat()).ok().out;
        assert_eq!(status(&refused), "400", "{path}: {refused}");
    }
}

#[test]
fn a_compressed_request_is_read_and_reaches_the_target_as_it_was() {
    let world = World::shared();
    let file = world.folder("gzip").join("refund.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(br#"{"order_id": "x", "amount_cents": 5}"#).unwrap();
    std::fs::write(&file, encoder.finish().unwrap()).unwrap();
    let body = format!("@{}", file.display());
    let options =
        ["-i", "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip", "--data-binary", &body];
    let refused = world.curl("/shop-api/refunds", &options).ok().out;
    assert_eq!(status(&refused), "400", "{refused}");
    assert!(refused.contains("/order_id"), "{refused}");
}

#[test]
fn the_functions_of_a_request_stand_in_its_record() {
    let world = World::shared();
    let _answer = world.curl("/shop-api/customers/3", &["--fail"]).ok();
    let found = world.session_ids("shop-api").iter().any(|id| {
        world
            .sallyport(world.carol(), &["sessions", "replay", id, "--format", "json"])
            .output()
            .out
            .contains("get_customer")
    });
    assert!(found, "no recording names get_customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_breaks_its_schema_never_reaches_the_target() {
    let world = World::shared();
    let log = crate::request_parameters::Log::start();
    let schema = serde_json::json!({ "type": "object", "required": ["amount"], "additionalProperties": false,
        "properties": { "amount": { "type": "integer", "minimum": 1, "maximum": 500 }, "note": { "type": "string", "maxLength": 5 } } });
    let content = serde_json::json!({ "application/json": { "schema": schema } });
    let document = serde_json::json!({ "openapi": "3.1.0", "info": { "title": "pay", "version": "1" },
        "paths": { "/payments": { "post": { "operationId": "pay", "requestBody": { "required": true, "content": content } } } } });
    let settings = serde_json::json!({ "protocol": "http", "openapi": document.to_string(), "validate": true });
    world.target("schema-api", log.port, &settings, &serde_json::json!({}));
    for (body, field) in [
        (r#"{"amount":"1"}"#, "amount"),
        (r#"{"amount":1.5}"#, "amount"),
        (r#"{"amount":0}"#, "amount"),
        (r#"{"amount":501}"#, "amount"),
        (r#"{"amount":1,"admin":true}"#, "admin"),
        (r#"{"amount":1,"note":"too long"}"#, "note"),
        (r#"{"note":"a"}"#, "amount"),
        (r#"[{"amount":1}]"#, ""),
    ] {
        for version in ["--http1.1", "--http2"] {
            let said = world.curl("/schema-api/payments", &["-i", version, "--json", body]).ok().out;
            assert!(status(&said) == "400" && said.contains(field), "{body}: {said}");
        }
    }
    assert_eq!(log.take(), "", "nothing of it arrives");
    let fine = world.curl("/schema-api/payments", &["-i", "--json", r#"{"amount":500,"note":"ok"}"#]).ok().out;
    assert!(status(&fine) == "204" && log.take().contains("{\"amount\":500,\"note\":\"ok\"}"), "{fine}");
}

/// Version 3.0 says some things in words of its own: `nullable`, ends that are left out, a type for each place.
#[test]
fn a_document_of_version_3_0_is_enforced_as_one_of_3_1_is() {
    let world = World::shared();
    let log = crate::request_parameters::Log::start();
    let schema = serde_json::json!({ "type": "object", "required": ["amount", "note"], "additionalProperties": false, "properties": {
        "amount": { "type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 500, "exclusiveMaximum": false },
        "note": { "type": "string", "nullable": true, "maxLength": 5 },
        "kind": { "type": "string", "enum": ["card", "cash"] } } });
    let content = serde_json::json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Payment" } } });
    let parameter = serde_json::json!([{ "name": "dry", "in": "query", "schema": { "type": "boolean" } }]);
    let document = serde_json::json!({ "openapi": "3.0.3", "info": { "title": "pay", "version": "1" }, "components": { "schemas": { "Payment": schema } },
        "paths": { "/payments": { "post": { "operationId": "pay", "parameters": parameter, "requestBody": { "required": true, "content": content } } } } });
    let settings = serde_json::json!({ "protocol": "http", "openapi": document.to_string(), "validate": true });
    world.target("schema-3-0-api", log.port, &settings, &serde_json::json!({}));
    let ask = |path: &str, body: &str| world.curl(&format!("/schema-3-0-api{path}"), &["-i", "--json", body]).ok().out;
    for (path, body, field) in [
        ("/payments", r#"{"amount":0,"note":null}"#, "amount"),
        ("/payments", r#"{"amount":501,"note":null}"#, "amount"),
        ("/payments", r#"{"amount":null,"note":null}"#, "amount"),
        ("/payments", r#"{"amount":1}"#, "note"),
        ("/payments", r#"{"amount":1,"note":"too long"}"#, "note"),
        ("/payments", r#"{"amount":1,"note":null,"kind":"gold"}"#, "kind"),
        ("/payments", r#"{"amount":1,"note":null,"admin":true}"#, "admin"),
        ("/payments?dry=perhaps", r#"{"amount":1,"note":null}"#, "dry"),
    ] {
        let said = ask(path, body);
        assert!(status(&said) == "400" && said.contains(field), "{path} {body}: {said}");
    }
    assert_eq!(log.take(), "", "nothing of it arrives");
    for (path, body) in [
        ("/payments", r#"{"amount":1,"note":null}"#),
        ("/payments?dry=true", r#"{"amount":500,"note":"ok","kind":"cash"}"#),
    ] {
        let said = ask(path, body);
        assert!(status(&said) == "204" && log.take().contains(body), "{path} {body}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_functions_what_loses_or_opens_much_waits_on_a_fresh_install() {
    let agent = "[[targets]]\naddress = \"127.0.0.1:*\"\n";
    let wishes = e2e::world::Wishes { policy: Some(policy::DEFAULT.into()), agent: agent.into(), ..Default::default() };
    let world = World::start_with(wishes).await;
    let log = crate::request_parameters::Log::start();
    world.target("plain-api", log.port, &serde_json::json!({ "protocol": "http" }), &serde_json::json!({}));
    let ask = |method: &str, path: &str, body: &str| {
        let content = if body.is_empty() { vec![] } else { vec!["-H", "Content-Type: application/json", "-d", body] };
        world.curl(&format!("/plain-api{path}"), &[&["-i", "-g", "-X", method], &content[..]].concat()).ok().out
    };
    for (method, path, body) in [
        ("POST", "/_reindex", r#"{"source":{"index":"a"},"dest":{"index":"b"}}"#),
        ("DELETE", "/orders-2026", ""),
        ("DELETE", "/orders%2D2026", ""),
        ("DELETE", "/buckets/x", ""),
        ("DELETE", "/api/v2/orders?confirm=true", ""),
        ("POST", "/_bulk_delete", r#"{"query":{"match_all":{}}}"#),
        ("POST", "/orders/_delete_by_query", r#"{"query":{"match_all":{}}}"#),
        ("PUT", "/api/users/eve", r#"{"name":"Eve","role":"admin"}"#),
        ("PATCH", "/api/users/eve", r#"{"is_\u0061dmin":true}"#),
    ] {
        let said = ask(method, path, body);
        assert!(status(&said) == "403" && said.contains("hold-structure"), "{method} {path}: {said}");
    }
    let labelled = |path: &str, label: &str, content: &str| {
        let label = format!("Content-Type: {label}");
        world.curl(&format!("/plain-api{path}"), &["-i", "-g", "-H", &label, "--data-binary", content]).ok().out
    };
    let part = "--b\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--b--\r\n";
    for (path, label, content) in [
        ("/orders/7", "multipart/form-data; boundary=b", part),
        ("/", "text/plain", "DROP TABLE customers"),
        ("/", "application/octet-stream", "TRUNCATE TABLE customers"),
        ("/api/clear_metadata", "application/json", "{}"),
        ("/v1/metadata", "application/json", r#"{"type":"clear_metadata","args":{}}"#),
        ("/batch", "application/json", r#"{"requests":[{"method":"DELETE","path":"/orders"}]}"#),
    ] {
        let said = labelled(path, label, content);
        assert!(matches!(status(&said), "403" | "400"), "{path} {content}: {said}");
    }
    assert_eq!(status(&ask("DELETE", "/api/v1/queue", "")), "403");
    assert_eq!(log.take(), "", "nothing of it arrives");
    let sent = labelled("/notes", "text/plain", "DROP TABLE customers is a joke");
    assert!(status(&sent) == "204" && log.take().contains("is a joke"), "{sent}");
    for (method, path, body) in [
        ("DELETE", "/orders/7", ""),
        ("PUT", "/api/users/eve", r#"{"name":"Eve","role":"viewer"}"#),
        ("POST", "/orders/_search", r#"{"query":{"match_all":{}}}"#),
        ("DELETE", "/session", ""),
        ("DELETE", "/api/v2/orders?id=7", ""),
        ("POST", "/_bulk_delete", r#"{"ids":[7,8]}"#),
    ] {
        assert_eq!(status(&ask(method, path, body)), "204", "{method} {path}");
        assert!(log.take().starts_with(&format!("{method} {path} ")));
    }
}
