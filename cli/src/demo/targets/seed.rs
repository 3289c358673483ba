//! The shop as SQL.

use std::fmt::Write;

use crate::demo::shop;

const SCHEMA: &str = "
BEGIN;
CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    card varchar(19) NOT NULL,
    ssn char(11) NOT NULL,
    note text NOT NULL,
    profile jsonb NOT NULL
);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    item text NOT NULL,
    quantity integer NOT NULL,
    total numeric(10,2) NOT NULL,
    card text NOT NULL,
    placed_at timestamptz NOT NULL
);
CREATE INDEX ON orders (customer_id);
";

/// Everything that turns an empty database into the shop.
#[must_use]
pub fn sql() -> String {
    let mut sql = String::from(SCHEMA);
    append(&mut sql, "customers", shop::customers().iter().map(customer));
    append(&mut sql, "orders", shop::orders().iter().map(order));
    sql.push_str("COMMIT;\nANALYZE;\n");
    sql
}

fn append(sql: &mut String, table: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    let _infallible = writeln!(sql, "INSERT INTO {table} VALUES\n{};", rows.join(",\n"));
}

fn customer(one: &shop::Customer) -> String {
    let profile = serde_json::to_string(&one.profile).unwrap_or_default();
    let texts = [&one.name, &one.email, &one.phone, &one.card, &one.ssn, &one.note, &profile].map(|text| literal(text));
    format!("({}, {})", one.id, texts.join(", "))
}

fn order(one: &shop::Order) -> String {
    let (item, card) = (literal(one.item), literal(&one.card));
    let (euros, cents, day) = (one.total_cents / 100, one.total_cents % 100, one.day);
    format!(
        "({}, {}, {item}, {}, {euros}.{cents:02}, {card}, timestamptz '2026-01-01 09:00+00' + {day} * interval '1 day')",
        one.id, one.customer_id, one.quantity
    )
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
