//! Schemas: what OpenAPI 3.0 says in its own way is rewritten, the rest is JSON Schema 2020-12 and compiled as it stands.

use jsonschema::{Draft, PatternOptions, Registry, Validator};
use serde_json::{Map, Value, json};

use super::{ImportError, refs};
use crate::http::Fault;

/// The name under which schemas refer to the document.
const BASE: &str = "urn:sallyport:openapi";

/// A compiled schema.
pub(super) struct Schema(Validator);

/// Compiles schemas of one document.
pub(super) struct Compiler<'a>(Registry<'a>);

impl Compiler<'_> {
    pub(super) fn new(root: Value) -> Result<Self, ImportError> {
        let resource = Draft::Draft202012.create_resource(root);
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(BASE, resource)
            .and_then(|registry| registry.prepare())
            .map_err(|error| ImportError::new("document", error.to_string()))?;
        Ok(Self(registry))
    }

    /// Compiles the schema at a place.
    pub(super) fn compile(&self, place: &str) -> Result<Schema, ImportError> {
        let reference = json!({ "$ref": format!("{BASE}#{}", encode(place)) });
        let options = || jsonschema::options().with_draft(Draft::Draft202012).with_registry(&self.0).offline();
        // Patterns run in linear time; the few that cannot (look-around) within a bound.
        let linear = options().with_pattern_options(PatternOptions::regex()).build(&reference);
        let built = linear.or_else(|_| {
            options().with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(10_000)).build(&reference)
        });
        built.map(Schema).map_err(|error| ImportError::new(place, error.to_string()))
    }
}

/// A place as the fragment of a URI.
fn encode(place: &str) -> String {
    let mut out = String::with_capacity(place.len());
    for byte in place.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Schema {
    /// Checks a value; `field` is its name, put before the place inside it.
    pub(super) fn check(&self, field: &str, value: &Value) -> Result<(), Fault> {
        let Err(error) = self.0.validate(value) else { return Ok(()) };
        let inside = error.instance_path().to_string();
        let place = match (field, inside.as_str()) {
            ("", "") => "the content".to_owned(),
            (field, inside) => format!("{field}{inside}"),
        };
        // `masked` keeps the value itself out of the message.
        Err(Fault::invalid(place, error.masked_with("the value").to_string()))
    }
}

/// Whether the document says its version is 3.0.
pub(super) fn is_3_0(root: &Value) -> bool {
    root.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3.0."))
}

/// Rewrites `nullable` and boolean `exclusiveMinimum`/`exclusiveMaximum` of OpenAPI 3.0 into JSON Schema.
pub(super) fn modernise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            nullable(members);
            exclusive(members, "exclusiveMinimum", "minimum");
            exclusive(members, "exclusiveMaximum", "maximum");
            members.iter_mut().filter(|(name, _)| !refs::is_example(name)).for_each(|(_, inner)| modernise(inner));
        }
        Value::Array(items) => items.iter_mut().for_each(modernise),
        _ => {}
    }
}

fn nullable(members: &mut Map<String, Value>) {
    if members.get("nullable") != Some(&Value::Bool(true)) {
        return;
    }
    members.remove("nullable");
    if let Some(kind) = members.get_mut("type").filter(|kind| kind.is_string()) {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(Value::Array(choices)) = members.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
}

fn exclusive(members: &mut Map<String, Value>, word: &str, bound: &str) {
    match members.get(word) {
        Some(Value::Bool(true)) => {
            if let Some(limit) = members.remove(bound) {
                members.insert(word.into(), limit);
            } else {
                members.remove(word);
            }
        }
        Some(Value::Bool(false)) => {
            members.remove(word);
        }
        _ => {}
    }
}
