//! What a decision costs: `cargo run --release -p policy --example decision_speed [FILE]`. Prints p50 and p99 in microseconds; with a
//! file, also writes them as JSON for `bench/run.py --decisions`. Facts are those of a statement. What reading it costs besides, and
//! what is left of both when an agent remembers them, tells `cargo run --release -p agent --example judging_speed`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

use std::{collections::BTreeMap, time::Instant};

use policy::{
    Bundle, Caller, Circumstances, Connection, DEFAULT, Document, Effect, Engine, Facts, Function, Principal,
};

const ROUNDS: usize = 20_000;

fn main() {
    let connection =
        Connection { protocol: "postgres".into(), access: ["support".into()].into(), ..Connection::default() };
    let bundle = |documents: Vec<Document>| Bundle {
        version: 1,
        documents,
        connections: [("shop-db".into(), connection.clone())].into(),
        help: String::new(),
    };
    let default = Document { name: "default".into(), text: DEFAULT.into() };
    let many = Document {
        name: "many".into(),
        text: (0..100)
            .map(|number| {
                format!("@id(\"r{number}\") forbid (principal in Group::\"g{number}\", action == Action::\"Invoke\", resource) when {{ context.reads.contains(\"public.t{number}\") }};\n")
            })
            .collect(),
    };
    let cases = [
        ("decide, default bundle", bundle(vec![default.clone()])),
        ("decide, default bundle and 100 more policies", bundle(vec![default, many])),
    ];
    let mut told = BTreeMap::new();
    for (name, bundle) in cases {
        let (p50, p99) = measure(&Engine::load(bundle).unwrap());
        println!("{name:<40} p50 {p50:>7.1} us   p99 {p99:>7.1} us");
        told.insert(name, serde_json::json!({ "p50_us": p50, "p99_us": p99 }));
    }
    if let Some(file) = std::env::args().nth(1) {
        std::fs::write(file, serde_json::to_string_pretty(&told).unwrap()).unwrap();
    }
}

fn measure(engine: &Engine) -> (f64, f64) {
    let subject = Principal { name: "alice".into(), groups: vec!["support".into()], ..Principal::default() };
    let scope = engine.scope(Caller { subject, actor: None }, "shop-db", &["card".into()]).unwrap();
    let facts = Facts {
        functions: [Function { name: "select".into(), effect: Effect::Read }].into(),
        verbs: ["select".into()].into(),
        reads: ["public.customers".into(), "public.orders".into()].into(),
        columns: ["public.customers.name".into(), "public.orders.total".into()].into(),
        filtered: true,
        bounded: true,
        statements: 1,
        ..Facts::default()
    };
    let around = Circumstances { now: 1_795_690_800, ..Circumstances::default() };
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            assert!(std::hint::black_box(engine.decide(&scope, &facts, &around)).forwards());
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}
