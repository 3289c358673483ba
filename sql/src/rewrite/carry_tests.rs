#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use super::{Carried, Given, Instead, Judged, Refused, Session, TokenType, judge};
use crate::{
    catalog::{Catalog, Column, Kind, Relation},
    lineage::{Marking, Marks, Mode, Transform},
};

fn catalog() -> Catalog {
    let mut catalog = Catalog { version: 1, path: vec!["public".into()], ..Catalog::default() };
    catalog
        .built_in
        .extend(["lower", "upper", "substr", "length", "count", "coalesce", "text", "strpos"].map(str::to_owned));
    let column = |number: i16, name: &str, of: &str, category: char| Column {
        number,
        name: name.into(),
        type_name: of.into(),
        base_type: of.into(),
        category,
        ..Column::default()
    };
    let columns = vec![
        column(1, "id", "integer", 'N'),
        column(2, "ssn", "character varying(11)", 'S'),
        column(3, "email", "text", 'S'),
        column(4, "number", "bigint", 'N'),
        column(5, "born", "date", 'D'),
        column(6, "note", "text", 'S'),
    ];
    let table = |oid, name: &str, columns: &[Column]| Relation {
        oid,
        schema: "public".into(),
        name: name.into(),
        columns: columns.to_vec(),
        ..Relation::default()
    };
    catalog.add(table(10, "customers", &columns));
    catalog.add(table(11, "news", &columns));
    let definition = Some("SELECT customers.id, customers.ssn FROM public.customers".to_owned());
    catalog.add(Relation { kind: Kind::View, definition, ..table(12, "people", &columns[..2]) });
    catalog
}

fn markings(modes: &[(&str, Mode, Transform)]) -> Vec<Marking> {
    let marking = |(column, mode, transform): &(&str, Mode, Transform)| Marking {
        schema: "public".into(),
        table: "customers".into(),
        column: (*column).into(),
        label: (*column).into(),
        transform: *transform,
        mode: *mode,
        ..Marking::default()
    };
    modes.iter().map(marking).collect()
}

/// The database gets tokens of `ssn` and `number` and nothing of `email` and `born`.
fn marks(shown: bool) -> Marks {
    let all = markings(&[
        ("ssn", Mode::Token, Transform::Full),
        ("number", Mode::Token, Transform::Full),
        ("email", Mode::InFlight, Transform::Partial),
        ("born", Mode::InFlight, Transform::Year),
    ]);
    Marks::new(Arc::new(catalog()), if shown { &[] } else { &all }).carrying(&all)
}

fn judged(text: &str, shown: bool) -> Result<Judged, Refused> {
    judge(text, &marks(shown), &mut Session::default())
}

fn carried(text: &str) -> Vec<Carried> {
    judged(text, true).unwrap_or_else(|why| panic!("{text}: {why}")).carried
}

const SSN: Instead = Instead::Token(TokenType::Text { most: Some(11), padded: false });

#[test]
fn values_that_are_written_or_compared_by_themselves_are_found() {
    for (text, wanted) in [
        ("INSERT INTO customers (id, ssn, note) VALUES ($1, $2, $3)", vec![(2, SSN)]),
        ("INSERT INTO customers VALUES ($1, $2, $3)", vec![(2, SSN), (3, Instead::Partial(None))]),
        ("INSERT INTO public.customers (ssn) SELECT $1::text", vec![(1, SSN)]),
        ("INSERT INTO customers (id, ssn) VALUES ($1, $2), ($3, $4), (5, DEFAULT)", vec![(2, SSN), (4, SSN)]),
        ("INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET ssn = $1, note = $2", vec![(1, SSN)]),
        ("INSERT INTO customers (ssn) VALUES ($1) ON CONFLICT (id) DO UPDATE SET ssn = excluded.ssn", vec![(1, SSN)]),
        ("UPDATE customers SET ssn = $2, born = $3 WHERE id = $1", vec![(2, SSN), (3, Instead::Year)]),
        ("UPDATE customers AS c SET ssn = NULL WHERE c.email = $1", vec![(1, Instead::Nothing)]),
        ("SELECT id FROM customers WHERE ssn = $1 AND note = $2 LIMIT $3", vec![(1, SSN)]),
        ("SELECT id FROM customers c WHERE $1 = c.ssn::text OR c.ssn IN ($2, $3)", vec![(1, SSN), (2, SSN), (3, SSN)]),
        ("SELECT id FROM customers WHERE lower(email) = lower($1)", vec![(1, Instead::Nothing)]),
        ("SELECT id FROM customers WHERE ssn = ANY(ARRAY[$1, $2]) AND length(ssn) > 5", vec![(1, SSN), (2, SSN)]),
        ("SELECT id FROM customers WHERE ssn IS DISTINCT FROM $1", vec![(1, SSN)]),
        ("SELECT n.id FROM news n JOIN customers c ON c.id = n.id WHERE n.ssn = $1 AND c.ssn = $2", vec![(2, SSN)]),
        ("SELECT id FROM people WHERE ssn = $1", vec![(1, SSN)]),
        ("INSERT INTO people (id, ssn) VALUES (1, $1)", vec![(1, SSN)]),
        ("WITH new AS (INSERT INTO customers (ssn) VALUES ($1) RETURNING id) SELECT * FROM new", vec![(1, SSN)]),
        (
            "MERGE INTO customers c USING news n ON c.id = n.id WHEN MATCHED THEN UPDATE SET ssn = $1 \
          WHEN NOT MATCHED THEN INSERT (id, ssn) VALUES (n.id, $2)",
            vec![(1, SSN), (2, SSN)],
        ),
        (
            "EXPLAIN SELECT id FROM customers WHERE number = $1",
            vec![(1, Instead::Token(TokenType::Integer { bytes: 8 }))],
        ),
        ("DELETE FROM customers WHERE ssn = $1", vec![(1, SSN)]),
        ("SELECT ssn, substr(ssn, 1, 3), coalesce(ssn, ''), ssn || '-' FROM customers WHERE note = $1", vec![]),
        ("SELECT id FROM news WHERE ssn LIKE $1", vec![]),
    ] {
        let found: Vec<(usize, Instead)> = carried(text)
            .into_iter()
            .map(|one| match one.given {
                Given::Parameter(number) => (number, one.instead),
                Given::Literal { .. } => panic!("{text}"),
            })
            .collect();
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn literals_become_placeholders_and_nothing_else_changes() {
    let text = "INSERT INTO customers (id, ssn, number, note) VALUES (1, '078-05-1120', 4111, 'x'), (2, E'a', 7, $1)";
    let judged = judged(text, true).unwrap();
    assert_eq!(
        judged.text.unwrap(),
        "INSERT INTO customers (id, ssn, number, note) VALUES (1, 'sallyport:value:0', 'sallyport:value:1', 'x'), \
         (2, 'sallyport:value:2', 'sallyport:value:3', $1)"
    );
    let values: Vec<String> = judged
        .carried
        .into_iter()
        .filter_map(|one| match one.given {
            Given::Literal { value, .. } => Some(value),
            Given::Parameter(_) => None,
        })
        .collect();
    assert_eq!(values, ["078-05-1120", "4111", "a", "7"]);
}

#[test]
fn literals_are_found_where_the_column_is_masked_too() {
    let judged = judged("SELECT ssn FROM customers WHERE ssn = '078-05-1120'", false).unwrap();
    let text = judged.text.unwrap();
    assert!(!text.contains("078"), "{text}");
    let Given::Literal { span, .. } = &judged.carried[0].given else { panic!("{text}") };
    assert_eq!(&text[span.clone()], "'sallyport:value:0'");
}

#[test]
fn what_meets_a_carried_column_in_any_other_way_is_refused() {
    for text in [
        "INSERT INTO customers (ssn) VALUES (upper($1))",
        "INSERT INTO customers (ssn) VALUES ('078' || '-05-1120')",
        "INSERT INTO customers (ssn) SELECT x FROM (VALUES ('078-05-1120')) v (x)",
        "INSERT INTO customers SELECT * FROM news",
        "INSERT INTO customers (ssn) SELECT $1 UNION SELECT $2",
        "UPDATE customers SET (ssn, note) = (SELECT $1, $2)",
        "UPDATE customers SET (ssn, note) = ($1, $2)",
        "UPDATE customers SET ssn = note",
        "SELECT id FROM customers WHERE ssn LIKE $1",
        "SELECT id FROM customers WHERE ssn > '078-05-1120'",
        "SELECT id FROM customers WHERE ssn BETWEEN $1 AND $2",
        "SELECT id FROM customers WHERE number + 0 = 4111",
        "SELECT id FROM customers WHERE number < 4111",
        "SELECT id FROM customers WHERE upper(ssn) = 'X'",
        "SELECT id FROM customers WHERE ssn = $1 || $2",
        "SELECT id FROM customers WHERE ssn = ANY($1)",
        "SELECT id FROM customers WHERE (ssn, id) = ($1, $2)",
        "SELECT strpos(ssn, '078-05-1120') FROM customers",
        "SELECT coalesce(ssn, '078-05-1120') FROM customers",
        "SELECT CASE ssn WHEN '078-05-1120' THEN 1 END FROM customers",
        "SELECT id FROM customers AS c (id, x) WHERE x = '078-05-1120'",
        "PREPARE p AS INSERT INTO customers (ssn) VALUES ($1)",
        "COPY customers FROM STDIN",
        "COPY customers (id, ssn) FROM STDIN",
        "DO $$ BEGIN INSERT INTO customers (ssn) VALUES ('078-05-1120'); END $$",
        "INSERT INTO customers (ssn, email) VALUES ($1, $1)",
        "INSERT INTO customers (ssn, born) VALUES ('sallyport:value:0', '2000-01-01')",
        "INSERT INTO customers (born, ssn) VALUES ('1984-05-17', U&'\\0061' UESCAPE '!')",
    ] {
        assert!(judged(text, true).is_err(), "{text}");
    }
}

#[test]
fn what_touches_no_carried_column_passes_as_it_is() {
    for text in [
        "INSERT INTO customers (id, note) VALUES (1, $1)",
        "COPY customers (id, note) FROM STDIN",
        "UPDATE customers SET note = upper($1) WHERE id = 1",
        "SELECT * FROM customers WHERE id IN (1, 2) ORDER BY ssn",
        "CREATE TABLE other (ssn text)",
        "DO $$ BEGIN RAISE NOTICE 'x'; END $$",
        "PREPARE p AS SELECT id FROM customers WHERE id = $1",
    ] {
        let judged = judged(text, true).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert!(judged.text.is_none() && judged.carried.is_empty(), "{text}");
    }
}
