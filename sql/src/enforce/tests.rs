#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Arc;

use super::*;
use crate::{
    catalog::{Catalog, Column, Relation},
    lineage::{Marking, Transform},
};

fn catalog() -> Arc<Catalog> {
    let mut catalog = Catalog { database: "shop".into(), path: vec!["public".into()], ..Catalog::default() };
    let columns = vec![Column::of_text(1, "id"), Column::of_text(2, "card")];
    let relation = |oid, name: &str| Relation {
        oid,
        schema: "public".into(),
        name: name.into(),
        columns: columns.clone(),
        ..Relation::default()
    };
    catalog.add(relation(10, "customers"));
    catalog.add(Relation { parents: vec![10], ..relation(11, "customers_old") });
    catalog.add(relation(12, "orders"));
    let definition = Some("SELECT customers.id, customers.card FROM public.customers".to_owned());
    catalog.add(Relation { kind: Kind::View, definition, ..relation(13, "cards") });
    let definition = Some("SELECT orders.id, orders.card FROM public.orders".to_owned());
    catalog.add(Relation { kind: Kind::View, definition, ..relation(14, "plain") });
    Arc::new(catalog)
}

fn marks() -> Marks {
    let marking = Marking {
        schema: "public".into(),
        table: "customers".into(),
        column: "card".into(),
        label: "card".into(),
        transform: Transform::Full,
        ..Marking::default()
    };
    Marks::new(catalog(), &[marking])
}

const ROLE: &str = r#"{"role": {"name": "app", "superuser": false, "replication": false, "creates_roles": false}}"#;

fn access(oid: u32, readable: &[&str], rest: &str) -> String {
    format!(
        r#"{{"relation": {{"oid": {oid}, "owned": false, "readable": {readable:?}, "attachable": false, "writes": ["UPDATE"],
            "invoker": false, "sealed": {rest}}}}}"#
    )
}

fn rights(rows: &[String]) -> Rights {
    let login = [r#"{"login": {"name": "app", "path": "\"$user\", public"}}"#.to_owned(), ROLE.to_owned()];
    Rights::read(login.iter().chain(rows).map(String::as_str)).unwrap()
}

fn closed() -> Vec<String> {
    vec![access(10, &["id"], "false"), access(11, &[], "false"), access(13, &[], "false")]
}

#[test]
fn tables_their_children_and_views_over_marked_columns_matter_and_nothing_else() {
    assert_eq!(relations(&marks()), [10, 11, 13]);
    assert!(ask(&[10, 11]).contains("ANY ('{10,11}'::oid[])"));
}

#[test]
fn it_holds_when_no_way_to_a_marked_column_is_left() {
    assert_eq!(verify(&marks(), &rights(&closed())), Vec::<String>::new());
}

#[test]
fn every_way_to_a_marked_column_is_named() {
    let mut open = closed();
    open[0] = access(10, &["id", "card"], "false");
    assert_eq!(verify(&marks(), &rights(&open)), ["it may read public.customers.card"]);
    open = closed();
    open[2] = access(13, &["id", "card"], "false");
    assert_eq!(verify(&marks(), &rights(&open)), ["it may read public.cards.card"]);
    open[2] = access(13, &["id", "card"], "true");
    assert_eq!(verify(&marks(), &rights(&open)), Vec::<String>::new(), "our own view");
    open = closed();
    open.remove(1);
    assert_eq!(verify(&marks(), &rights(&open)), ["nothing is known of the rights to public.customers_old"]);
    let role = ROLE.replace("app", "boss").replacen("false", "true", 1);
    let mighty = ROLE.replace("app", "pg_read_all_data");
    open = closed();
    open.extend([role, mighty]);
    assert_eq!(
        verify(&marks(), &rights(&open)),
        ["the login is a member of pg_read_all_data", "the role boss is a superuser"]
    );
    open = closed();
    open.push(r#"{"function": {"oid": 7, "name": "public.peek(integer)", "untrusted": false}}"#.into());
    assert_eq!(
        verify(&marks(), &rights(&open)),
        ["it may call public.peek(integer), which can read what the login cannot"]
    );
}

#[test]
fn the_plan_puts_views_in_place_of_tables_and_takes_the_right_to_read() {
    let plan = plan(&marks(), &rights(&closed()));
    let all = plan.owner.join(";\n") + &plan.login.join("");
    for part in [
        r#"CREATE SCHEMA IF NOT EXISTS "sallyport_public""#,
        r#"CREATE VIEW "sallyport_public"."customers" AS SELECT "id", CASE WHEN "card" IS NULL THEN NULL::text ELSE '***'::text END AS "card" FROM "public"."customers""#,
        r#"CREATE VIEW "sallyport_public"."customers_old""#,
        r#"GRANT SELECT, UPDATE ON "sallyport_public"."customers" TO "app""#,
        r#"REVOKE SELECT, TRIGGER, REFERENCES ON TABLE "public"."customers" FROM PUBLIC, "app""#,
        r#"GRANT SELECT ("id") ON TABLE "public"."customers" TO "app""#,
        r#"ALTER ROLE "app" IN DATABASE "shop" SET search_path = "sallyport_public", "$user", public"#,
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert!(!all.contains("orders"), "{all}");
}

#[test]
fn an_answer_that_is_not_one_proves_nothing() {
    assert_eq!(Rights::read([]).unwrap_err(), Unproven::Unreadable);
    assert_eq!(Rights::read([ROLE]).unwrap_err(), Unproven::Unreadable);
    assert_eq!(Rights::read(["{}"]).unwrap_err(), Unproven::Unreadable);
}

#[test]
fn the_parts_of_a_function_name_are_taken_out_of_their_quotes() {
    assert_eq!(plain_name(r#"public."a.b(c"(integer, text)"#), ["public", "a.b(c"]);
    assert_eq!(plain_name("peek()"), ["peek"]);
}
