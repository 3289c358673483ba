//! With a catalog: views and functions contribute what they do, cycles end, and names mean what the database says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use sql::{
    Catalog, Effect, Facts, Session, Verb,
    catalog::{Column, Function, Kind, Relation},
};

fn relation(catalog: &mut Catalog, schema: &str, name: &str, columns: &[&str], definition: Option<&str>) {
    let relation = Relation {
        oid: 1,
        schema: schema.to_owned(),
        name: name.to_owned(),
        kind: if definition.is_some() { Kind::View } else { Kind::Table },
        columns: columns
            .iter()
            .map(|name| Column {
                number: 1,
                name: (*name).to_owned(),
                type_oid: 25,
                type_name: "text".to_owned(),
                base_type: String::new(),
                category: 'S',
                not_null: false,
                generated: None,
            })
            .collect(),
        parents: Vec::new(),
        definition: definition.map(str::to_owned),
        primary_key: Vec::new(),
        unique: Vec::new(),
        constraints: Vec::new(),
    };
    catalog.relations.insert((schema.to_owned(), name.to_owned()), Arc::new(relation));
}

fn function(catalog: &mut Catalog, name: &str, language: &str, volatility: char, body: Option<&str>) {
    let function = Function {
        oid: 1,
        schema: "public".to_owned(),
        name: name.to_owned(),
        language: language.to_owned(),
        volatility,
        security_definer: false,
        body: body.map(|body| {
            format!("CREATE OR REPLACE FUNCTION public.{name}() RETURNS int LANGUAGE {language} AS $function${body}$function$")
        }),
        ..Function::default()
    };
    catalog.functions.entry(("public".to_owned(), name.to_owned())).or_default().push(Arc::new(function));
}

fn whole(catalog: &mut Catalog, name: &str, definition: &str) {
    catalog.add_function(Function {
        schema: "public".into(),
        name: name.into(),
        language: "sql".into(),
        volatility: 'v',
        body: Some(definition.into()),
        ..Function::default()
    });
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    relation(&mut catalog, "public", "orders", &["id", "customer_id"], None);
    relation(&mut catalog, "public", "customers", &["id", "email"], None);
    relation(&mut catalog, "app", "customers", &["id"], None);
    relation(&mut catalog, "public", "buyers", &["email"], Some("SELECT c.email FROM public.customers c"));
    relation(
        &mut catalog,
        "public",
        "best",
        &["email"],
        Some("SELECT b.email FROM public.buyers b WHERE public.wipe() > 0"),
    );
    relation(&mut catalog, "public", "loop_a", &["x"], Some("SELECT x FROM public.loop_b"));
    relation(&mut catalog, "public", "loop_b", &["x"], Some("SELECT x FROM public.loop_a"));
    function(&mut catalog, "wipe", "plpgsql", 'v', Some("BEGIN DELETE FROM public.orders; RETURN 1; END"));
    function(&mut catalog, "again", "sql", 'v', Some("SELECT public.again()"));
    function(&mut catalog, "mixed", "sql", 'v', Some("SELECT 1"));
    function(&mut catalog, "mixed", "sql", 'v', Some("DELETE FROM public.orders"));
    function(&mut catalog, "native", "c", 'v', None);
    function(&mut catalog, "pure_native", "c", 'i', None);
    function(&mut catalog, "snake", "plpython3u", 'i', Some("import os"));
    function(&mut catalog, "lower", "sql", 'v', Some("UPDATE public.orders SET id = 1"));
    whole(
        &mut catalog,
        "everyone",
        "CREATE FUNCTION public.everyone() RETURNS SETOF public.customers LANGUAGE sql SET search_path TO 'app' AS 'SELECT * FROM customers'",
    );
    whole(
        &mut catalog,
        "few",
        "CREATE FUNCTION public.few() RETURNS TABLE(id int) LANGUAGE sql BEGIN ATOMIC SELECT id FROM public.orders LIMIT 5; END",
    );
    let parts = vec![("public".to_owned(), "wipe".to_owned())];
    let aggregate = Function {
        schema: "public".into(),
        name: "gather".into(),
        language: "internal".into(),
        parts,
        ..Function::default()
    };
    catalog.add_function(aggregate);
    catalog.operators.insert("@@@".into(), vec![("public".into(), "wipe".into())]);
    catalog.operators.insert("=".into(), vec![("public".into(), "pure_native".into())]);
    catalog
}

fn read(session: &Session, text: &str) -> Facts {
    session.read(text, Some(&catalog())).facts.clone()
}

fn reads(facts: &Facts) -> Vec<String> {
    facts.reads.iter().map(ToString::to_string).collect()
}

#[test]
fn a_view_reads_what_it_is_made_of_and_does_what_its_functions_do() {
    let facts = read(&Session::new("alice"), "SELECT * FROM best");
    assert_eq!(reads(&facts), ["public.best", "public.buyers", "public.customers"]);
    assert!(facts.verbs.contains(&Verb::Delete) && !facts.filtered);
    assert_eq!(facts.effect(), Effect::Write);
}

#[test]
fn views_and_functions_in_a_circle_end() {
    let session = Session::new("alice");
    assert!(read(&session, "SELECT * FROM loop_a").unknown.is_none());
    assert_eq!(read(&session, "SELECT again()").effect(), Effect::Read);
}

#[test]
fn every_overload_counts_and_so_does_one_that_shadows_a_builtin() {
    let session = Session::new("alice");
    assert!(read(&session, "SELECT mixed()").verbs.contains(&Verb::Delete));
    assert!(read(&session, "SELECT lower('x')").verbs.contains(&Verb::Update));
    assert_eq!(read(&session, "SELECT pg_catalog.lower('x')").effect(), Effect::Read);
}

#[test]
fn compiled_functions_are_opaque_unless_they_promise_to_change_nothing() {
    let session = Session::new("alice");
    assert_eq!(read(&session, "SELECT native()").effect(), Effect::Write);
    assert_eq!(read(&session, "SELECT pure_native()").effect(), Effect::Read);
    assert_eq!(read(&session, "SELECT snake()").effect(), Effect::Admin);
}

#[test]
fn names_follow_the_search_path_through_transactions() {
    let mut session = Session::new("alice");
    let run = |session: &mut Session, text: &str| {
        let reading = session.read(text, Some(&catalog()));
        session.ran(&reading);
    };
    let table = |session: &Session| reads(&read(session, "SELECT id FROM customers"));
    assert_eq!(table(&session), ["public.customers"]);
    run(&mut session, "BEGIN");
    run(&mut session, "SET search_path = app");
    assert_eq!(table(&session), ["app.customers"]);
    run(&mut session, "ROLLBACK");
    assert_eq!(table(&session), ["public.customers"]);
    run(&mut session, "BEGIN; SET LOCAL search_path = app");
    assert_eq!(table(&session), ["app.customers"]);
    run(&mut session, "COMMIT");
    assert_eq!(table(&session), ["public.customers"]);
    run(&mut session, "CREATE TEMP TABLE customers (id int)");
    assert_eq!(table(&session), ["pg_temp.customers"]);
    run(&mut session, "DISCARD ALL");
    assert_eq!(table(&session), ["public.customers"]);
    let reading = session.read("SET search_path = app", Some(&catalog()));
    session.may_have_run(&reading);
    assert_eq!(table(&session), ["app.customers", "public.customers"]);
}

#[test]
fn a_body_that_changes_the_path_is_judged_by_it() {
    let facts = read(&Session::new("alice"), "DO $$ BEGIN SET search_path = app; DELETE FROM customers; END $$");
    assert!(facts.writes.iter().any(|name| name.schema == "app"), "{:?}", facts.writes);
}

#[test]
fn a_function_is_judged_by_its_body_and_the_path_it_sets_itself() {
    let session = Session::new("alice");
    let facts = read(&session, "SELECT everyone()");
    assert_eq!(reads(&facts), ["app.customers"]);
    assert!(facts.ddl.is_empty() && facts.effect() == Effect::Read, "{facts:?}");
    assert_eq!(reads(&read(&session, "SELECT id FROM customers, everyone()")), ["app.customers", "public.customers"]);
}

#[test]
fn rows_of_a_function_are_as_many_as_its_body_gives() {
    let session = Session::new("alice");
    let bounded = |text: &str| read(&session, text).bounded;
    assert!(!bounded("SELECT * FROM everyone()") && !bounded("SELECT everyone()"));
    assert!(bounded("SELECT * FROM everyone() LIMIT 3") && bounded("SELECT everyone() LIMIT 3"));
    assert!(bounded("SELECT * FROM few()") && bounded("SELECT wipe()") && bounded("SELECT * FROM wipe()"));
}

#[test]
fn functions_behind_aggregates_and_operators_count() {
    let session = Session::new("alice");
    assert!(read(&session, "SELECT gather(id) FROM orders").verbs.contains(&Verb::Delete));
    assert!(read(&session, "SELECT 1 @@@ 2").verbs.contains(&Verb::Delete));
    let plain = read(&session, "SELECT id FROM orders WHERE id = 1");
    assert!(plain.functions.is_empty() && plain.opaque.is_empty(), "{plain:?}");
}

#[test]
fn what_the_catalog_does_not_have_is_told() {
    let session = Session::new("alice");
    let missing = |text: &str| -> Vec<String> {
        session.read(text, Some(&catalog())).missing.iter().map(ToString::to_string).collect()
    };
    assert_eq!(missing("SELECT * FROM nowhere JOIN orders USING (id)"), ["public.nowhere"]);
    assert_eq!(missing("DELETE FROM app.nowhere WHERE id = 1"), ["app.nowhere"]);
    assert_eq!(missing("SELECT unheard_of(1)"), ["unheard_of"]);
    for text in [
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SELECT lower('x'), now() FROM orders, pg_class",
        "CREATE TABLE new (a int)",
    ] {
        assert!(missing(text).is_empty(), "{text}");
    }
    let reading = |text: &str| session.read(text, None);
    assert!(reading("SELECT id FROM orders").needs_catalog() && reading("SELECT f(1)").needs_catalog());
    assert!(!reading("SELECT now(), count(*) FROM pg_class").needs_catalog() && !reading("BEGIN").needs_catalog());
}

#[test]
fn what_the_session_made_does_what_it_was_made_of() {
    let mut session = Session::new("alice");
    let run = |session: &mut Session, text: &str| {
        let reading = session.read(text, Some(&catalog()));
        session.ran(&reading);
    };
    run(&mut session, "BEGIN; CREATE VIEW fresh AS SELECT * FROM customers");
    run(&mut session, "CREATE FUNCTION gone() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'");
    let reading = session.read("SELECT * FROM fresh", Some(&catalog()));
    assert_eq!(reads(&reading.facts), ["public.customers", "public.fresh"]);
    assert!(reading.missing.is_empty());
    assert!(read(&session, "SELECT gone()").verbs.contains(&Verb::Delete));
    // Another name for the same thing.
    run(&mut session, "ALTER TABLE buyers RENAME TO plain");
    assert!(reads(&read(&session, "SELECT * FROM plain")).contains(&"public.customers".to_owned()));
    run(&mut session, "ALTER FUNCTION wipe() SET SCHEMA app");
    assert!(read(&session, "SELECT app.wipe()").verbs.contains(&Verb::Delete));
    run(&mut session, "ROLLBACK");
    assert_eq!(reads(&read(&session, "SELECT * FROM plain")), ["public.plain"]);
    assert!(!read(&session, "SELECT gone()").verbs.contains(&Verb::Delete));
    let reading =
        session.read("CREATE TEMP VIEW orders AS SELECT * FROM customers; SELECT * FROM orders", Some(&catalog()));
    assert!(reads(&reading.statements[1].facts).contains(&"public.customers".to_owned()));
}
