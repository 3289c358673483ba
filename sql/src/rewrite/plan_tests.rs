#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::{Refused, Session, judge};
use crate::{
    catalog::{Catalog, Column, Relation},
    lineage::{Marking, Marks},
};

fn marks() -> Marks {
    let mut catalog = Catalog { version: 1, path: vec!["public".into()], ..Catalog::default() };
    let columns = vec![Column::of_text(1, "id"), Column::of_text(2, "email")];
    for (oid, name) in [(10, "customers"), (11, "explain")] {
        let columns = columns.clone();
        catalog.add(Relation { oid, schema: "public".into(), name: name.into(), columns, ..Relation::default() });
    }
    let marking = |table: &str| Marking {
        schema: "public".into(),
        table: table.into(),
        column: "email".into(),
        label: "email".into(),
        ..Marking::default()
    };
    Marks::new(Arc::new(catalog), &["customers", "explain"].map(marking))
}

fn sent(text: &str) -> Result<Option<String>, Refused> {
    judge(text, &marks(), &mut Session::default()).map(|judged| judged.text)
}

#[test]
fn plans_over_masks_are_shown_without_what_tells_how_long_values_are() {
    for (text, begins) in [
        ("EXPLAIN SELECT email FROM customers", "EXPLAIN (COSTS OFF) SELECT"),
        ("explain verbose select email from customers", "explain (VERBOSE, COSTS OFF) select"),
        (
            "EXPLAIN/**/(FORMAT JSON, COSTS) SELECT email FROM customers",
            "EXPLAIN/**/(FORMAT JSON, COSTS, COSTS OFF) SELECT",
        ),
        ("EXPLAIN SELECT 1 FROM customers c JOIN customers d ON c.email = d.email", "EXPLAIN (COSTS OFF) SELECT"),
        ("EXPLAIN SELECT email FROM explain", "EXPLAIN (COSTS OFF) SELECT"),
        ("SELECT 1; EXPLAIN SELECT email FROM customers", "SELECT 1; EXPLAIN (COSTS OFF) SELECT"),
        ("EXPLAIN (COSTS OFF) SELECT email FROM customers", "EXPLAIN (COSTS OFF) SELECT"),
        (
            "EXPLAIN SELECT email FROM customers; EXPLAIN VERBOSE SELECT email FROM customers",
            "EXPLAIN (COSTS OFF) SELECT",
        ),
    ] {
        let made = sent(text).unwrap().unwrap();
        assert!(made.starts_with(begins), "{text}: {made}");
        assert_eq!(made.matches("EXPLAIN VERBOSE").count(), 0, "{made}");
    }
    assert_eq!(sent("EXPLAIN ANALYZE SELECT id FROM customers").unwrap(), None);
    for text in [
        "EXPLAIN ANALYZE SELECT email FROM customers",
        "EXPLAIN (ANALYZE, COSTS OFF) SELECT email FROM customers",
        "EXPLAIN EXECUTE p",
    ] {
        assert!(sent(text).is_err(), "{text}");
    }
}
