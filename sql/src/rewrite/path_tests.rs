#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use super::{Refused, Session, judge};
use crate::{
    catalog::{Catalog, Column, Relation},
    lineage::{Marking, Marks},
};

/// `customers` in four schemas: masked in two, one column more of it in the third, nothing in the fourth.
fn marks() -> Marks {
    let mut catalog = Catalog { version: 1, path: vec!["public".into()], ..Catalog::default() };
    let columns = vec![Column::of_text(1, "id"), Column::of_text(2, "email"), Column::of_text(3, "note")];
    for (oid, schema) in (10..).zip(["tenant_1", "tenant_2", "strict", "open"]) {
        let (schema, columns) = (schema.to_owned(), columns.clone());
        catalog.add(Relation { oid, schema, name: "customers".into(), columns, ..Relation::default() });
    }
    let orders = Relation { oid: 20, schema: "tenant_1".into(), name: "orders".into(), columns, ..Relation::default() };
    catalog.add(orders);
    let marking = |(schema, column): (&str, &str)| Marking {
        schema: schema.into(),
        table: "customers".into(),
        column: column.into(),
        label: "email".into(),
        ..Marking::default()
    };
    let marked = [("tenant_1", "email"), ("tenant_2", "email"), ("strict", "email"), ("strict", "note")];
    Marks::new(Arc::new(catalog), &marked.map(marking))
}

/// What is sent of a text where these paths may be in force.
fn sent(text: &str, paths: &[&[&str]]) -> Result<String, Refused> {
    let path = |path: &&[&str]| path.iter().map(|schema| (*schema).to_owned()).collect::<Vec<_>>();
    let schemas = vec![paths.iter().map(path).collect::<Vec<_>>().into()];
    let mut session = Session { path_changed: true, schemas, ..Session::default() };
    judge(text, &marks(), &mut session).map(|judged| judged.text.unwrap_or_else(|| text.to_owned()))
}

#[test]
fn a_bare_name_is_sent_with_the_schema_that_it_was_judged_in() {
    for (text, path, wanted) in [
        ("SELECT id FROM customers", "tenant_2", "SELECT id FROM \"tenant_2\".\"customers\""),
        ("SELECT email, note FROM customers", "open", "SELECT email, note FROM \"open\".\"customers\""),
        ("TABLE customers", "open", "TABLE \"open\".\"customers\""),
        (
            "DELETE FROM ONLY customers c WHERE c.id = '1'",
            "tenant_1",
            "DELETE FROM ONLY \"tenant_1\".\"customers\" c WHERE c.id = '1'",
        ),
        ("INSERT INTO customers (id) VALUES ('1')", "strict", "INSERT INTO \"strict\".\"customers\" (id) VALUES ('1')"),
        (
            "UPDATE customers SET note = 'x' WHERE customers.id = '1'",
            "tenant_1",
            "UPDATE \"tenant_1\".\"customers\" SET note = 'x' WHERE customers.id = '1'",
        ),
        ("COPY customers (id) FROM STDIN", "tenant_1", "COPY \"tenant_1\".\"customers\" (id) FROM STDIN"),
        ("SELECT id FROM orders", "tenant_1", "SELECT id FROM orders"),
        ("SELECT id FROM tenant_2.customers", "tenant_1", "SELECT id FROM tenant_2.customers"),
    ] {
        assert_eq!(sent(text, &[&["pg_temp", "pg_catalog", path]]).unwrap(), wanted);
    }
    let masked = sent("SELECT email FROM customers", &[&["tenant_2", "open"]]).unwrap();
    assert!(masked.contains("FROM \"tenant_2\".\"customers\") AS \"customers\""), "{masked}");
    let masked = sent("SELECT note, id FROM customers", &[&["strict"]]).unwrap();
    assert!(masked.contains("AS \"note\""), "{masked}");
    let copied = sent("COPY customers (id, email) TO STDOUT", &[&["tenant_2"]]).unwrap();
    assert!(copied.contains("FROM ONLY \"tenant_2\".\"customers\""), "{copied}");
}

#[test]
fn what_several_paths_find_in_different_schemas_is_refused() {
    for text in
        ["SELECT id FROM customers", "INSERT INTO customers (id) VALUES ('1')", "SELECT 1 FROM orders, customers"]
    {
        assert!(sent(text, &[&["tenant_1"], &["open"]]).is_err(), "{text}");
        assert!(sent(text, &[&["tenant_1"], &["tenant_1", "open"]]).is_ok(), "{text}");
        assert!(sent(text, &[]).is_err(), "{text}");
        assert!(matches!(sent(text, &[&["nowhere"]]), Err(Refused::Unknown { .. })), "{text}");
    }
    assert!(sent("SELECT id FROM orders", &[]).is_ok(), "there is one of that name only");
    // A definition must name the schema, and so must what is prepared for other paths.
    for text in
        ["ALTER TABLE customers ADD x int", "PREPARE p AS SELECT id FROM customers", "CREATE INDEX ON customers (id)"]
    {
        assert!(sent(text, &[&["open"]]).is_err(), "{text}");
    }
}

#[test]
fn what_does_not_depend_on_the_path_says_so() {
    for (text, depends) in [
        ("SELECT id FROM customers", true),
        ("SELECT id FROM tenant_1.customers", false),
        ("SELECT id FROM orders", false),
        ("SELECT 1", false),
    ] {
        let schemas = vec![vec![vec!["tenant_1".to_owned()]].into()];
        let mut session = Session { path_changed: true, schemas, ..Session::default() };
        assert_eq!(judge(text, &marks(), &mut session).unwrap().by_path, depends, "{text}");
    }
}
