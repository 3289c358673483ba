//! Prints how long reading a statement takes, in microseconds: median and 99th percentile on one core.
//!
//! `cargo run --release -p sql --example reading_speed`
#![allow(clippy::print_stdout, missing_docs)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use sql::{Session, Tree};

const ROUNDS: usize = 20_000;

fn main() {
    let session = Session::new("alice");
    let point = "SELECT * FROM orders WHERE id = $1";
    let join = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id \
                WHERE o.created_at > now() - interval '1 day' AND c.country IN ('DE', 'FR') ORDER BY o.id DESC LIMIT 50";
    let cte = "WITH recent AS (SELECT customer_id, sum(total) AS spent FROM orders WHERE created_at > $1 GROUP BY 1), \
               best AS (SELECT * FROM recent WHERE spent > 100) \
               UPDATE customers c SET tier = CASE WHEN b.spent > 1000 THEN 'gold' ELSE 'silver' END \
               FROM best b WHERE b.customer_id = c.id AND c.tier <> 'gold' RETURNING c.id, c.tier";
    for (name, text) in [("point", point), ("join", join), ("cte", cte)] {
        let parse = measure(|| drop(black_box(Tree::parse(black_box(text), session.dialect()))));
        let read = measure(|| drop(black_box(session.read(black_box(text), None))));
        println!("{name:6} {:4} bytes  parse {}  read {}", text.len(), show(&parse), show(&read));
    }
}

fn measure(mut run: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

fn show(times: &[Duration]) -> String {
    let at = |part: usize| times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1e6);
    format!("p50 {:.1} us p99 {:.1} us", at(50), at(99))
}
