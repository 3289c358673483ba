//! References inside a document (JSON Pointer, RFC 6901). A reference to anything outside is an error: a document is judged
//! as it was saved, and nothing is fetched.

use serde_json::Value;

use super::ImportError;

/// How many references may follow on each other.
const MAX_CHAIN: usize = 32;

/// What `value` stands for, and where it stands: follows `$ref`.
pub(super) fn resolve<'a>(
    root: &'a Value,
    mut value: &'a Value,
    mut place: String,
) -> Result<(&'a Value, String), ImportError> {
    for _ in 0..MAX_CHAIN {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok((value, place)) };
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        value = root
            .pointer(pointer)
            .filter(|_| pointer.starts_with('/'))
            .ok_or_else(|| ImportError::new(place, format!("`{reference}` leads nowhere")))?;
        place = pointer.to_owned();
    }
    Err(ImportError::new(place, "the references go round in a circle"))
}

/// Refuses references that leave the document, and chains of references that never arrive.
pub(super) fn check(root: &Value) -> Result<(), ImportError> {
    walk(root, root, "")
}

fn walk(root: &Value, value: &Value, place: &str) -> Result<(), ImportError> {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                if !reference.starts_with('#') {
                    return Err(ImportError::new(place, format!("`{reference}` is outside the document")));
                }
                resolve(root, value, place.to_owned())?;
            }
            for dynamic in ["$dynamicRef", "$recursiveRef", "$id", "$schema"] {
                let text = members.get(dynamic).and_then(Value::as_str);
                if text.is_some_and(|text| !text.starts_with('#') && !text.starts_with("https://json-schema.org/")) {
                    return Err(ImportError::new(place, format!("`{dynamic}` is not supported")));
                }
            }
            let inner = members.iter().filter(|(name, _)| !is_example(name));
            inner.into_iter().try_for_each(|(name, value)| {
                walk(root, value, &format!("{place}/{}", crate::http::call::escape(name)))
            })
        }
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| walk(root, item, &format!("{place}/{index}")))
        }
        _ => Ok(()),
    }
}

/// Members whose content is data, not schema.
pub(super) fn is_example(name: &str) -> bool {
    matches!(name, "example" | "examples" | "default" | "const" | "enum")
}
