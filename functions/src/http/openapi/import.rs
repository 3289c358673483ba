//! Reads a document into operations.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{
    Document, ImportError,
    operation::{Operation, Setting},
    refs,
    schema::{Compiler, is_3_0, modernise},
};
use crate::http::{json, router::Router};

/// Longest document, in bytes.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// Most operations.
const MAX_OPERATIONS: usize = 5000;
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "query"];

pub(super) fn import(text: &str) -> Result<Document, ImportError> {
    if text.len() > MAX_TEXT {
        return Err(ImportError::new("document", "longer than 8 MiB"));
    }
    let mut root = read(text)?;
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.0.") && !version.starts_with("3.1.") {
        return Err(ImportError::new("/openapi", "this must be an OpenAPI 3.0 or 3.1 document"));
    }
    if is_3_0(&root) {
        modernise(&mut root);
    }
    refs::check(&root)?;
    let operations = operations(&root)?;
    let server_path = server_path(&root);
    Ok(Document { operations, server_path, sha256: Sha256::digest(text.as_bytes()).into() })
}

fn read(text: &str) -> Result<Value, ImportError> {
    let unreadable = |error: String| ImportError::new("document", error);
    if text.trim_start().starts_with('{') {
        return json::parse(text.as_bytes()).map_err(|fault| unreadable(fault.to_string()));
    }
    // By way of a YAML value, so that keys that are numbers (the statuses) become text.
    let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    plain(value, 0).map_err(|reason| unreadable(reason.into()))
}

fn plain(value: serde_yaml_ng::Value, depth: usize) -> Result<Value, &'static str> {
    use serde_yaml_ng::Value as Yaml;
    if depth > 100 {
        return Err("nested too deeply");
    }
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(decimal)) => decimal.into(),
            (None, None) => return Err("a number that is out of range"),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(|item| plain(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(members) => {
            let mut map = Map::new();
            for (name, value) in members {
                let name = match name {
                    Yaml::String(name) => name,
                    Yaml::Number(number) => number.to_string(),
                    Yaml::Bool(flag) => flag.to_string(),
                    _ => return Err("a key that is no text"),
                };
                map.insert(name, plain(value, depth + 1)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(_) => return Err("YAML tags are not read"),
    })
}

fn operations(root: &Value) -> Result<Vec<Operation>, ImportError> {
    let compiler = Compiler::new(root.clone())?;
    let paths = root.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or_else(|| ImportError::new("/paths", "the document has no paths"))?;
    let mut operations: Vec<Operation> = Vec::new();
    let mut router = Router::default();
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let place = format!("/paths/{}", crate::http::call::escape(path));
        let (item, place) = refs::resolve(root, item, place)?;
        for method in METHODS {
            let Some(value) = item.get(method) else { continue };
            let place = format!("{place}/{method}");
            let setting = Setting { root, compiler: &compiler, item, item_place: &place, path, method };
            let operation = Operation::import(&setting, value, &place)?;
            if operations.iter().any(|other| other.name == operation.name) {
                return Err(ImportError::new(place, format!("the operation id `{}` is used twice", operation.name)));
            }
            if router.has(&operation.method, path) {
                return Err(ImportError::new(place, "another path cannot be told apart from this one"));
            }
            router
                .add(&operation.method, path, operations.len())
                .map_err(|error| ImportError::new(&place, error.to_string()))?;
            operations.push(operation);
            if operations.len() > MAX_OPERATIONS {
                return Err(ImportError::new("/paths", format!("more than {MAX_OPERATIONS} operations")));
            }
        }
    }
    Ok(operations)
}

/// The path of the document's first server, if all of its servers agree on it.
fn server_path(root: &Value) -> String {
    let servers = root.get("servers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut paths = servers.iter().map(|server| {
        let url = server.get("url").and_then(Value::as_str).unwrap_or_default();
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => url.trim_start_matches('/'),
        };
        path.trim_end_matches('/').to_owned()
    });
    let first = paths.next().unwrap_or_default();
    if first.is_empty() || first.contains('{') || paths.any(|other| other != first) {
        return String::new();
    }
    format!("/{first}")
}
