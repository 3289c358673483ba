//! The Cedar schema: one text, in which only the type of `arguments` depends on the bundle.

use std::{collections::BTreeMap, fmt::Write as _};

use cedar_policy::Schema;

use crate::bundle::{Bundle, Kind};

/// The schema's text; `ARGUMENTS` stands for a record type.
pub const TEXT: &str = include_str!("schema.cedarschema");

/// Arguments and their types; a type that differs between functions is `None`.
pub(crate) type Arguments = BTreeMap<String, Option<Kind>>;

/// The arguments of every function.
pub(crate) fn all_arguments(bundle: &Bundle) -> Arguments {
    // Parameters of SQL statements.
    let mut arguments: Arguments = (1..=16).map(|number| (format!("${number}"), Some(Kind::Text))).collect();
    for described in bundle.connections.values().flat_map(|connection| &connection.functions) {
        for (name, kind) in &described.arguments {
            let known = arguments.entry(name.clone()).or_insert(Some(*kind));
            if *known != Some(*kind) {
                *known = None;
            }
        }
    }
    arguments
}

/// The arguments of one function (`connection/name`), if a connection describes it.
pub(crate) fn arguments_of(bundle: &Bundle, function: &str) -> Option<Arguments> {
    let (connection, name) = function.split_once('/')?;
    let described = bundle.connections.get(connection)?.functions.iter().find(|described| described.name == name)?;
    Some(described.arguments.iter().map(|(name, kind)| (name.clone(), Some(*kind))).collect())
}

/// The schema with these arguments. `None` only if the text of this crate is broken.
pub(crate) fn with(arguments: &Arguments) -> Option<Schema> {
    let mut record = String::from("{ ");
    for (name, kind) in arguments.iter().filter_map(|(name, kind)| Some((name, (*kind)?))) {
        let _infallible = write!(record, "{}?: {}, ", quoted(name), cedar(kind));
    }
    record.push('}');
    let record = record.replace(", }", " }");
    let text = TEXT.replace("ARGUMENTS", &record);
    Schema::from_cedarschema_str(&text).ok().map(|(schema, _)| schema)
}

fn cedar(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "Bool",
        Kind::Long => "Long",
        Kind::Decimal => "decimal",
        Kind::Text => "String",
        Kind::Texts => "Set<String>",
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_schema_is_cedar_with_and_without_arguments() {
        assert!(with(&Arguments::new()).is_some());
        let odd = Arguments::from([
            ("amount".into(), Some(Kind::Decimal)),
            ("customer-id".into(), Some(Kind::Long)),
            ("with \"quotes\"".into(), Some(Kind::Text)),
            ("differs".into(), None),
        ]);
        assert!(with(&odd).is_some());
    }
}
