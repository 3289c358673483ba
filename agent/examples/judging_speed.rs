//! What it costs to judge a call before it goes to its target, as sessions do it: a text, a request or a command becomes facts, and
//! policy decides. `cargo run --release -p agent --example judging_speed [FILE]` prints p50 and p99 in microseconds for every call of
//! the corpora in `tests/corpus`, once as it is seen for the first time and once as it is seen again; with a file, also writes them
//! as JSON for `bench/run.py --decisions`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    filter::{
        guard::{Guard, Judged},
        http::{Setup, facts},
        pg::Readings,
        ssh::{Program, program_facts},
    },
    rights::{Rights, SessionRights},
};
use functions::http::{Content, Request};
use masking::Masker;
use policy::{Bundle, Connection, DEFAULT, Document};

/// How often the corpora are gone through.
const ROUNDS: usize = 3;

fn main() {
    let mut told = BTreeMap::new();
    statements(&mut told);
    requests(&mut told);
    commands(&mut told);
    for (name, [p50, p99]) in &told {
        println!("{name:<44} p50 {p50:>7.1} us   p99 {p99:>7.1} us");
    }
    if let Some(file) = std::env::args().nth(1) {
        let figures: BTreeMap<_, _> =
            told.iter().map(|(name, [p50, p99])| (name, serde_json::json!({ "p50_us": p50, "p99_us": p99 }))).collect();
        std::fs::write(file, serde_json::to_string_pretty(&figures).unwrap()).unwrap();
    }
}

type Told = BTreeMap<&'static str, [f64; 2]>;

fn statements(told: &mut Told) {
    let (benign, dangerous) =
        (include_str!("../tests/corpus/pg_benign.sql"), include_str!("../tests/corpus/pg_dangerous.sql"));
    let texts: Vec<&str> = [benign, dangerous].iter().flat_map(|text| text.split("\n--\n")).map(str::trim).collect();
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (readings, guard) = (Readings::default(), guard("postgres"));
        let session = sql::Session::new("alice");
        for text in &texts {
            let mut judge = || guard.decide(&readings.judged(&session, text));
            first.push(timed(&mut judge));
            again.push(timed(&mut judge));
        }
    }
    told.insert("SQL statement, first time", figures(first));
    told.insert("SQL statement, again", figures(again));
}

const OPENAPI: &str = r#"
openapi: 3.1.0
info: { title: shop, version: "1" }
paths:
  /orders: { get: { operationId: list_orders, parameters: [{ name: page, in: query, schema: { type: integer } }] } }
  /orders/{id}: { get: { operationId: get_order, parameters: [{ name: id, in: path, required: true, schema: { type: string } }] } }
  /refunds:
    post:
      operationId: issue_refund
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [order, amount]
              properties: { order: { type: integer }, amount: { type: number }, note: { type: string } }
"#;

fn requests(told: &mut Told) {
    let json: (&[u8], &[u8]) = (b"content-type", b"application/json");
    let documented = [
        ("GET", "/orders?page=2".to_owned(), Vec::new(), String::new()),
        ("GET", "/orders/4711".to_owned(), Vec::new(), String::new()),
        ("POST", "/refunds".to_owned(), vec![json], r#"{"order":4711,"amount":12.5,"note":"late"}"#.to_owned()),
    ];
    let settings = serde_json::json!({ "openapi": OPENAPI, "validate": true });
    let setup = Setup::new(&serde_json::from_value(settings).unwrap()).unwrap();
    let calls = documented.map(|(method, target, fields, content)| {
        let setup = &setup;
        move || judged_request(setup, method, &target, &fields, content.as_bytes())
    });
    let [first, again] = measured("http", &calls, ROUNDS * 200);
    told.insert("HTTP request by an OpenAPI document, first time", figures(first));
    told.insert("HTTP request by an OpenAPI document, again", figures(again));

    let plain = Setup::new(&serde_json::from_value(serde_json::json!({})).unwrap()).unwrap();
    let corpus: Vec<Vec<String>> =
        serde_json::from_str(include_str!("../tests/corpus/http_plain_benign.json")).unwrap();
    let calls: Vec<_> = corpus
        .iter()
        .map(|lines| {
            let (content, head) = lines.split_last().unwrap();
            let (method, target) = head[0].split_once(' ').unwrap();
            let field = |line: &String| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_ascii_lowercase(), value.to_owned())
            };
            let fields: Vec<_> = head[1..].iter().map(field).collect();
            let plain = &plain;
            move || {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
                judged_request(plain, method, target, &fields, content.as_bytes())
            }
        })
        .collect();
    let [first, again] = measured("http", &calls, ROUNDS);
    told.insert("HTTP request without one, first time", figures(first));
    told.insert("HTTP request without one, again", figures(again));
}

fn judged_request(setup: &Setup, method: &str, target: &str, fields: &[(&[u8], &[u8])], content: &[u8]) -> Arc<Judged> {
    let request = Request { method, target: target.as_bytes(), fields, upgrade: false };
    black_box(setup.api.wants(&request).unwrap());
    Judged::new(facts(&setup.api.judge(&request, Content::Whole(content)).unwrap()))
}

fn commands(told: &mut Told) {
    let texts = [include_str!("../tests/corpus/ssh_benign.toml"), include_str!("../tests/corpus/ssh_dangerous.toml")];
    let lines: Vec<String> = texts
        .iter()
        .flat_map(|text| toml::from_str::<BTreeMap<String, Vec<String>>>(text).unwrap().into_values().flatten())
        .collect();
    let calls: Vec<_> = lines
        .iter()
        .map(|line| {
            let program = Program::Exec(line.clone().into_bytes());
            move || program_facts(&program, &[]).judged
        })
        .collect();
    let [first, again] = measured("ssh", &calls, ROUNDS);
    told.insert("SSH command, first time", figures(first));
    told.insert("SSH command, again", figures(again));
}

/// Each call twice: decided for the first time, and out of memory.
fn measured(protocol: &str, calls: &[impl Fn() -> Arc<Judged>], rounds: usize) -> [Vec<f64>; 2] {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let guard = guard(protocol);
        for call in calls {
            let mut judge = || guard.decide(&call());
            first.push(timed(&mut judge));
            again.push(timed(&mut judge));
        }
    }
    [first, again]
}

/// What decides in a session that has just begun, by the policies of a fresh install.
fn guard(protocol: &str) -> SessionRights {
    let connection = Connection { protocol: protocol.into(), access: ["dev".into()].into(), ..Connection::default() };
    let bundle = Bundle {
        version: 1,
        documents: vec![Document { name: "default".into(), text: DEFAULT.into() }],
        connections: [("shop".to_owned(), connection)].into(),
        help: String::new(),
    };
    let caller = proto::Caller { subject: "alice".into(), groups: vec!["dev".into()], ..proto::Caller::default() };
    let masker = Arc::new(Masker::new(&masking::Label::ALL));
    SessionRights::new(Rights::fixed(bundle).unwrap(), "shop".into(), caller, masker)
}

fn timed<T>(run: &mut impl FnMut() -> T) -> f64 {
    let began = Instant::now();
    black_box(run());
    let took: Duration = began.elapsed();
    took.as_secs_f64() * 1e6
}

fn figures(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}
