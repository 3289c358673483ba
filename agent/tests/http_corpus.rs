//! HTTP requests against the policies of a fresh install, as the agent judges them: on a connection with an OpenAPI document and on
//! one with routes, no dodge reaches a function unseen, and everyday requests pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use agent::filter::http::{Trial, facts_of};
use policy::{
    ActorKind, Bundle, Caller, Circumstances, Connection, Described, Document, Engine, Kind, Outcome, Principal,
};
use proto::HttpSettings;

const OPENAPI: &str = r#"
openapi: 3.1.0
info: { title: bank, version: "1" }
paths:
  /accounts: { get: { operationId: list_accounts, parameters: [{ name: page, in: query, schema: { type: integer } }] } }
  /accounts/{id}: { get: { operationId: get_account, parameters: [{ name: id, in: path, required: true, schema: { type: string } }] } }
  /accounts/{id}/notes:
    post:
      operationId: add_note
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { text: { type: string } } } } } }
  /transfers:
    post:
      operationId: transfer
      requestBody:
        content:
          application/json: { schema: &transfer { type: object, properties: { to: { type: string }, amount: { type: number } } } }
          application/x-www-form-urlencoded: { schema: *transfer }
  /search: { post: { operationId: search, x-sallyport-effect: read } }
  /admin/keys: { post: { operationId: make_key, x-sallyport-effect: admin } }
"#;

const ROUTES: [(&str, &str); 6] = [
    ("GET /accounts", "list_accounts"),
    ("GET /accounts/{id}", "get_account"),
    ("POST /accounts/{id}/notes", "add_note"),
    ("POST /transfers", "transfer"),
    ("POST /search", "search"),
    ("POST /admin/keys", "make_key"),
];

/// `issue_refund`-like things over 100 are held, whatever else a connection says.
const LIMIT: &str = r#"
@id("hold-transfers") forbid (principal, action == Action::"RunUnapproved", resource == Function::"bank/transfer")
when { context.arguments has amount && context.arguments.amount.greaterThan(decimal("100.0")) };
"#;

fn settings() -> [(&'static str, HttpSettings); 2] {
    let routes: serde_json::Map<String, serde_json::Value> =
        ROUTES.iter().map(|(route, name)| ((*route).to_owned(), (*name).into())).collect();
    let documented = serde_json::json!({ "openapi": OPENAPI, "validate": false });
    let routed = serde_json::json!({ "routes": routes, "effects": { "make_key": "admin", "search": "read" } });
    [documented, routed]
        .map(|value| serde_json::from_value(value).unwrap())
        .into_iter()
        .zip(["document", "routes"])
        .map(|(settings, name)| (name, settings))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn engine() -> Engine {
    let functions = ROUTES.iter().map(|(_, name)| Described {
        name: (*name).into(),
        arguments: if *name == "transfer" { [("amount".to_owned(), Kind::Decimal)].into() } else { [].into() },
        ..Described::default()
    });
    let connection = Connection {
        protocol: "http".into(),
        access: ["dev".into()].into(),
        functions: functions.collect(),
        ..Connection::default()
    };
    let documents = vec![
        Document { name: "default".into(), text: policy::DEFAULT.into() },
        Document { name: "limit".into(), text: LIMIT.into() },
    ];
    let connections = [("bank".to_owned(), connection)].into();
    Engine::compile(Bundle { version: 1, documents, connections, help: String::new() }).unwrap()
}

fn trial(request: &str, content: &[u8]) -> Trial {
    let mut lines = request.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let fields = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.into(), value.into()));
    Trial { method: method.into(), target: target.into(), fields: fields.collect(), content: content.to_vec() }
}

/// What comes of a request; refused before any policy counts as refused.
fn outcome(engine: &Engine, settings: &HttpSettings, trial: &Trial) -> (Outcome, String) {
    let subject = Principal { kind: ActorKind::Person, name: "alice".into(), groups: vec!["dev".into()] };
    let scope = engine.scope(Caller { subject, actor: None }, "bank", &[]).unwrap();
    match facts_of(settings, trial, &[]) {
        Err(why) => (Outcome::Refuse, why),
        Ok(facts) => {
            let verdict =
                engine.decide(&scope, &facts, &Circumstances { now: 1_795_651_200, ..Circumstances::default() });
            (verdict.outcome, format!("{} {:?} {:?}", verdict.message(), facts.functions, facts.arguments))
        }
    }
}

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";
const BIG: &str = r#"{"to":"x","amount":5000}"#;

#[test]
fn no_spelling_of_a_request_gets_past_the_limit_or_to_what_has_no_name() {
    let (engine, mut through) = (engine(), Vec::new());
    // Ways to the function that moves money; each is held or refused.
    let paths = [
        "/transfers",
        "/transfers/",
        "//transfers",
        "/./transfers",
        "/a/../transfers",
        "/%74ransfers",
        "/transfer%73",
        "/TRANSFERS",
        "/Transfers",
        "/transfers?x=1",
        "/transfers?amount=1",
        "/transfers;a=b",
        "/transfers%3Ba",
        "/transfers%20",
        "/transfers%00",
        "/transfers%0d%0a",
        "/transfers#a",
        "/%2ftransfers",
        "/accounts/..%2ftransfers",
        "/accounts/%2e%2e/transfers",
        "/accounts/../transfers",
        "/accounts/..;/transfers",
        "/accounts/..%5ctransfers",
        "/accounts\\..\\transfers",
        "/%252e/transfers",
        "/transfers%252f",
        "/transfers.json",
        "/transfers.",
        "/transfers/.",
        "/transfers/%2e",
        "http://other/transfers",
        "/\u{ff54}ransfers",
        "/transfers%c0%af",
        "/%e0%80%aftransfers",
        "/transfers?_method=POST",
        "/transfers?_method=GET",
        "*",
        "",
        "transfers",
        "/transfers%",
        "/transfers%zz",
        "/search/../transfers",
        "/search/%2e%2e%2ftransfers",
        "/admin/../transfers",
    ];
    let bodies: [(&str, &str); 16] = [
        (JSON, BIG),
        (JSON, r#"{"amount":1,"amount":5000}"#),
        (JSON, r#"{"amount":5000,"amount":1}"#),
        (JSON, r#"{"amount":1,"\u0061mount":5000}"#),
        (JSON, r#"{"amount":"5000"}"#),
        (JSON, r#"{"amount":5e3}"#),
        (JSON, r#"{"amount":5000.0}"#),
        (JSON, r#"{"amount":1e999}"#),
        (JSON, r#"[{"amount":5000}]"#),
        (JSON, "{\"amount\":5000}\n{\"amount\":1}"),
        (JSON, r#"{"amount":5000,}"#),
        (JSON, r#"{'amount':5000}"#),
        (JSON, "\u{feff}{\"amount\":5000}"),
        (FORM, "to=x&amount=5000"),
        (FORM, "amount=1&amount=5000"),
        (FORM, "%61mount=5000"),
    ];
    for (name, settings) in settings() {
        for path in paths {
            let told = outcome(&engine, &settings, &trial(&format!("POST {path}\n{JSON}"), BIG.as_bytes()));
            if told.0 == Outcome::Forward {
                through.push(format!("{name}: POST {path}: {}", told.1));
            }
        }
        for (label, body) in bodies {
            let told = outcome(&engine, &settings, &trial(&format!("POST /transfers\n{label}"), body.as_bytes()));
            // A list has no member `amount`, and no target that takes a transfer reads one from it.
            if told.0 == Outcome::Forward && !body.starts_with('[') {
                through.push(format!("{name}: {label} {body}: {}", told.1));
            }
        }
        for request in [
            "GET /transfers",
            "PUT /transfers",
            "DELETE /accounts/7",
            "PATCH /accounts/7",
            "POST /accounts",
            "GET /admin/keys",
            "GET /.env",
            "GET /accounts/7/../../admin/keys",
            "GET /accounts/%2e%2e%2fadmin",
            "TRACE /accounts",
            "CONNECT /accounts",
            "FOO /accounts",
            "get /accounts",
            "POST /admin/keys",
            "POST /%61dmin/keys",
            "GET /accounts/7%2f..%2f8",
            "GET /accounts\\7",
            "GET /accounts/7%00",
            "POST /search\nx-http-method-override: DELETE",
            "POST /search\nx-http-method: PUT",
            "POST /search\nX_HTTP_METHOD_OVERRIDE: PATCH",
            "POST /search\nx-method-override: delete",
            "POST /search?_method=DELETE",
        ] {
            let told = outcome(&engine, &settings, &trial(request, b""));
            if told.0 == Outcome::Forward {
                through.push(format!("{name}: {request}: {}", told.1));
            }
        }
        for (coding, charset) in
            [("gzip", "utf-8"), ("br", "utf-8"), ("x-unknown", "utf-8"), ("identity", "utf-7"), ("gzip, gzip", "utf-8")]
        {
            let request = format!(
                "POST /transfers\ncontent-type: application/json; charset={charset}\ncontent-encoding: {coding}"
            );
            let told = outcome(&engine, &settings, &trial(&request, BIG.as_bytes()));
            if told.0 == Outcome::Forward {
                through.push(format!("{name}: {coding} {charset}: {}", told.1));
            }
        }
    }
    assert!(through.is_empty(), "{} pass:\n{}", through.len(), through.join("\n"));
}

#[test]
fn everyday_requests_pass() {
    let (engine, mut stopped) = (engine(), Vec::new());
    let requests: [(&str, &str); 40] = [
        ("GET /accounts", ""),
        ("GET /accounts?page=2", ""),
        ("HEAD /accounts", ""),
        ("GET /accounts?page=2&sort=name", ""),
        ("GET /accounts/7", ""),
        ("GET /accounts/abc-def_1.2~x", ""),
        ("GET /accounts/a%20b", ""),
        ("GET /accounts/J%C3%BCrgen", ""),
        ("GET /accounts/a+b", ""),
        ("GET /accounts/a@example.org", ""),
        ("GET /accounts/urn:x:7", ""),
        ("GET /accounts/7?fields=a,b&expand=c", ""),
        ("GET /accounts/7?q=%2Fetc%2Fpasswd", ""),
        ("GET /accounts/7?q=a%26b%3Dc", ""),
        ("GET /accounts/7?q=..%2F..%2F", ""),
        ("GET /accounts/7?empty=", ""),
        ("GET /accounts/7?flag", ""),
        ("GET /accounts/7?a=1&a=2", ""),
        ("GET /accounts/7?date=2026-11-26T08:00:00%2B01:00", ""),
        ("GET /accounts/7\naccept: application/json", ""),
        ("GET /accounts/7\ncookie: a=b; c=d", ""),
        ("GET /accounts/7\nif-none-match: \"x\"", ""),
        ("GET /accounts/7\nrange: bytes=0-99", ""),
        ("GET /accounts/7\nx-http-method-override: GET", ""),
        ("GET /accounts/7\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""),
        ("POST /search\ncontent-type: application/json", r#"{"q":"DROP TABLE x","limit":5}"#),
        ("POST /search\ncontent-type: application/json; charset=utf-8", "{\"q\":\"Jürgen\"}"),
        ("POST /search\ncontent-type: application/json", r#"{"filter":{"and":[{"a":1},{"b":[1,2,3]}]}}"#),
        ("POST /search\ncontent-type: application/json", r#"{"q":"\u00fc\n\"x\""}"#),
        ("POST /search", ""),
        ("POST /accounts/7/notes\ncontent-type: application/json", r#"{"text":"rm -rf / said the customer"}"#),
        ("POST /accounts/7/notes\ncontent-type: application/json", r#"{"text":"../../etc/passwd"}"#),
        ("POST /accounts/7/notes\ncontent-type: application/json", "{}"),
        ("POST /accounts/7/notes\ncontent-type: application/merge-patch+json", r#"{"text":"x"}"#),
        ("POST /transfers\ncontent-type: application/json", r#"{"to":"x","amount":100}"#),
        ("POST /transfers\ncontent-type: application/json", r#"{ "to" : "x", "amount" : 99.99 }"#),
        ("POST /transfers\ncontent-type: application/json", r#"{"to":"x","amount":1e2}"#),
        ("POST /transfers\ncontent-type: application/x-www-form-urlencoded", "to=x&amount=50"),
        ("POST /transfers\ncontent-type: application/json\nidempotency-key: 1", r#"{"amount":0.01}"#),
        ("GET /accounts/7?q=%7B%22a%22%3A1%7D", ""),
    ];
    for (name, settings) in settings() {
        for (request, body) in requests {
            let told = outcome(&engine, &settings, &trial(request, body.as_bytes()));
            if told.0 != Outcome::Forward {
                stopped.push(format!("{name}: {request} {body}: {}", told.1));
            }
        }
    }
    assert!(stopped.is_empty(), "{} are stopped:\n{}", stopped.len(), stopped.join("\n"));
}

/// A corpus in JSON: each request is its first line, its fields and its content.
fn corpus(text: &str) -> Vec<(String, String)> {
    let requests: Vec<Vec<String>> = serde_json::from_str(text).unwrap();
    let request = |mut lines: Vec<String>| {
        let content = lines.pop().unwrap();
        (lines.join("\n"), content)
    };
    requests.into_iter().map(request).collect()
}

fn misjudged(text: &str, wrong: impl Fn(Outcome) -> bool) -> Vec<String> {
    misjudged_by(&settings(), text, wrong)
}

/// On a connection that names no functions.
fn misjudged_plain(text: &str, wrong: impl Fn(Outcome) -> bool) -> Vec<String> {
    misjudged_by(&[("plain", serde_json::from_value(serde_json::json!({})).unwrap())], text, wrong)
}

fn misjudged_by(all: &[(&str, HttpSettings)], text: &str, wrong: impl Fn(Outcome) -> bool) -> Vec<String> {
    let (engine, mut found) = (engine(), Vec::new());
    for (name, settings) in all {
        for (request, content) in corpus(text) {
            let told = outcome(&engine, settings, &trial(&request, content.as_bytes()));
            if wrong(told.0) {
                found.push(format!("{name}: {request:?} {content}: {}", told.1));
            }
        }
    }
    found
}

#[test]
fn no_request_of_the_dangerous_corpus_passes() {
    let through = misjudged(include_str!("corpus/http_dangerous.json"), |outcome| outcome == Outcome::Forward);
    assert!(through.is_empty(), "{} pass:\n{}", through.len(), through.join("\n"));
}

#[test]
fn every_request_of_the_everyday_corpus_passes() {
    let stopped = misjudged(include_str!("corpus/http_benign.json"), |outcome| outcome != Outcome::Forward);
    assert!(stopped.is_empty(), "{} are stopped:\n{}", stopped.len(), stopped.join("\n"));
}

#[test]
fn without_functions_what_a_request_does_to_a_service_or_to_rights_is_held() {
    let through =
        misjudged_plain(include_str!("corpus/http_plain_dangerous.json"), |outcome| outcome == Outcome::Forward);
    assert!(through.is_empty(), "{} pass:\n{}", through.len(), through.join("\n"));
}

#[test]
fn without_functions_everyday_requests_pass() {
    let stopped = misjudged_plain(include_str!("corpus/http_plain_benign.json"), |outcome| outcome != Outcome::Forward);
    assert!(stopped.is_empty(), "{} are stopped:\n{}", stopped.len(), stopped.join("\n"));
}
