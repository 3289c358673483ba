//! What stands in place of a masked column: an expression of the same type that is valid for it. It reads the column only
//! to keep NULL what is NULL, and never gives it to an operator or function that could fail on a value.

use crate::{
    catalog::{Column, Relation},
    lineage::{Cover, Mark, Transform},
};

/// A name as it stands in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The mask of a column that the text around it knows as `reference`.
pub(crate) fn expression(column: &Column, mark: &Mark, reference: &str) -> String {
    let of = &column.base_type;
    let null = format!("NULL::{of}");
    let value = match really(column, mark) {
        Transform::Null => return null,
        Transform::Constant => format!("'{}'::{of}", formed(&mark.label).unwrap_or_default()),
        Transform::Partial => partial(of, reference),
        Transform::Year => format!("pg_catalog.date_trunc('year', {reference})::{of}"),
        Transform::Full | Transform::Token => match constant(column) {
            Some(value) => format!("{value}::{of}"),
            None => return null,
        },
    };
    if column.not_null { value } else { format!("CASE WHEN {reference} IS NULL THEN {null} ELSE {value} END") }
}

/// What stands in place of any value of a column that is masked in full, as a text; `None`: NULL.
pub(super) fn constant_of(column: &Column) -> Option<&'static str> {
    constant(column).map(|value| value.trim_matches('\''))
}

/// What is really done to a column in the database: what its type cannot bear becomes a constant, and tokens are not made there.
pub(crate) fn really(column: &Column, mark: &Mark) -> Transform {
    let of = column.base_type.as_str();
    match (mark.transform, column.category) {
        (Transform::Null, _) => Transform::Null,
        (Transform::Partial, 'S') if !is_name(of) => Transform::Partial,
        (Transform::Constant, 'S') if !is_name(of) && formed(&mark.label).is_some() => Transform::Constant,
        (Transform::Year, 'D') if !of.starts_with("time ") => Transform::Year,
        _ if constant(column).is_none() => Transform::Null,
        _ => Transform::Full,
    }
}

pub(super) fn is_name(of: &str) -> bool {
    of == "name" || of == "\"char\""
}

fn partial(of: &str, reference: &str) -> String {
    let text = format!("{reference}::text");
    format!(
        "(CASE WHEN pg_catalog.length({text}) < 8 THEN '***' ELSE pg_catalog.concat('***', \
         pg_catalog.\"right\"({text}, 4)) END)::{of}"
    )
}

/// A constant in the form of a label: nobody's value, and no detector's.
pub(super) fn formed(label: &str) -> Option<&'static str> {
    Some(match label {
        "card" => "0000000000000000",
        "ssn" => "000-00-0000",
        "phone" => "+0000000000",
        "iban" => "XX00000000000000000000",
        _ => return None,
    })
}

/// A constant that every value of the type can be replaced by; NULL where none is known.
fn constant(column: &Column) -> Option<&'static str> {
    let of = column.base_type.as_str();
    let plain = of.split('(').next().unwrap_or(of).trim();
    Some(match column.category {
        'S' if of == "\"char\"" => "'*'",
        'S' => "'***'",
        'N' if matches!(
            plain,
            "smallint" | "integer" | "bigint" | "real" | "double precision" | "numeric" | "money"
        ) =>
        {
            "'0'"
        }
        'B' if of == "boolean" => "'f'",
        'D' if plain.starts_with("time ") || plain == "time" => "'00:00:00'",
        'D' if plain == "date" || plain.starts_with("timestamp") => "'1970-01-01'",
        'T' => "'0'",
        'A' => "'{}'",
        'R' if matches!(plain, "int4range" | "int8range" | "numrange" | "tsrange" | "tstzrange" | "daterange") => {
            "'empty'"
        }
        'I' if plain == "inet" || plain == "cidr" => "'0.0.0.0'",
        'V' => "'0'",
        'U' if plain == "uuid" => "'00000000-0000-0000-0000-000000000000'",
        'U' if plain == "json" || plain == "jsonb" => "'{}'",
        'U' if plain == "bytea" || plain == "tsvector" => "''",
        'U' if plain == "macaddr" => "'00:00:00:00:00:00'",
        _ => return None,
    })
}

/// The list of all columns of a relation, masked ones replaced, and of these system columns.
pub(crate) fn columns<'a>(
    relation: &'a Relation,
    cover: &Cover,
    only: Option<&[&str]>,
    system: impl Iterator<Item = &'a String>,
) -> String {
    let column = |column: &Column| {
        let name = quoted(&column.name);
        match cover.masked.get(&column.name) {
            Some(mark) => format!("{} AS {name}", expression(column, mark, &name)),
            None => name,
        }
    };
    let columns: Vec<String> = match only {
        Some(names) => names.iter().filter_map(|name| relation.column(name)).map(column).collect(),
        None => relation.columns.iter().map(column).collect(),
    };
    columns.into_iter().chain(system.cloned()).collect::<Vec<_>>().join(", ")
}

/// The relation's own name.
pub(crate) fn full_name(relation: &Relation) -> String {
    format!("{}.{}", quoted(&relation.schema), quoted(&relation.name))
}
