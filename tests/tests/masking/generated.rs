//! Queries made at random from the parts of the grammar: what a fixed list would not think of.

use std::fmt::Write;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sql::lineage::Marks;

use crate::{
    Kind, attack,
    corpus::Case,
    server::{DATABASES, Server},
};

const QUERIES: usize = 400;
const COLUMNS: [&str; 12] =
    ["id", "name", "email", "phone", "card", "ssn", "ssn_number", "notes", "profile", "country", "domain", "balance"];

/// Runs generated queries on both databases.
pub async fn no_generated_query_tells_a_masked_value(server: &Server, marks: &Marks) {
    let mut connections = [server.connect(DATABASES[0]).await, server.connect(DATABASES[1]).await];
    let mut random = StdRng::seed_from_u64(20_261_126);
    let mut wrong = Vec::new();
    for _ in 0..QUERIES {
        let text = query(&mut random, 0);
        let case = Case { kind: Kind::Leak, group: "generated".into(), messages: vec![text] };
        wrong.extend(attack(&mut connections, marks, &case).await.map(|problem| format!("{case}\n    {problem}")));
    }
    assert!(wrong.is_empty(), "{} of {QUERIES}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A query made at random.
pub fn query(random: &mut StdRng, depth: usize) -> String {
    let (source, alias) = source(random, depth);
    let count = random.random_range(1..4);
    let list: Vec<String> = (0..count).map(|number| format!("{} AS c{number}", expression(random, alias, 0))).collect();
    let list = if random.random_ratio(1, 6) { format!("{alias}.*") } else { list.join(", ") };
    let mut text = format!("SELECT {list} FROM {source}");
    if random.random_ratio(1, 3) {
        let _ = write!(text, " WHERE {} > {}", expression(random, alias, 0), expression(random, alias, 0));
    }
    if random.random_ratio(1, 3) {
        let _ = write!(text, " ORDER BY {}::text, 1", expression(random, alias, 1));
    }
    if random.random_ratio(1, 5) {
        text += " LIMIT 3";
    }
    text
}

fn source(random: &mut StdRng, depth: usize) -> (String, &'static str) {
    match random.random_range(0..8) {
        0 if depth < 2 => (format!("({}) AS s", query(random, depth + 1)), "s"),
        1 => ("orders o JOIN customers c ON c.id = o.customer_id".into(), "c"),
        2 => ("public.customers".into(), "customers"),
        3 => ("ONLY customers AS c".into(), "c"),
        4 => ("(SELECT * FROM customers) c".into(), "c"),
        5 => ("orders o LEFT JOIN LATERAL (SELECT * FROM customers x WHERE x.id = o.id) c ON true".into(), "c"),
        6 => ("customers AS c NATURAL JOIN (SELECT id FROM customers) d".into(), "c"),
        _ => ("customers c".into(), "c"),
    }
}

fn expression(random: &mut StdRng, alias: &str, depth: usize) -> String {
    let column = COLUMNS.choose(random).unwrap();
    let column = if random.random_bool(0.5) { format!("{alias}.{column}") } else { (*column).to_owned() };
    if depth > 2 {
        return column;
    }
    let inner = expression(random, alias, depth + 1);
    match random.random_range(0..14) {
        0 => format!("upper({inner}::text)"),
        1 => format!("reverse({inner}::text)"),
        2 => format!("({inner}::text || 'x')"),
        3 => format!("CASE WHEN {inner} IS NULL THEN 'n' ELSE {column}::text END"),
        4 => format!("coalesce({inner}::text, '')"),
        5 => format!("(SELECT {inner})"),
        6 => format!("to_jsonb({alias})"),
        7 => format!("substr({inner}::text, 2, 3)"),
        8 => format!("ARRAY[{inner}::text]"),
        9 => format!("md5({inner}::text)"),
        10 => format!("length({inner}::text)"),
        11 => format!("row({inner}, {column})"),
        _ => column,
    }
}
