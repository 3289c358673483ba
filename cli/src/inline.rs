//! Files that a document of connections names, put into it: `openapi: {file: shop.yaml}`. The gateway never reads files of the
//! administrator's machine; it gets the text and its hash.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_yaml_ng::{Mapping, Value};
use sha2::{Digest as _, Sha256};

/// The document with every `{file: ...}` replaced by that file's text, or unchanged if there is none. Paths are relative to
/// `folder`.
pub(crate) fn inline(text: String, folder: &Path) -> Result<String> {
    // What cannot be read here is the gateway's to complain about, with its place.
    let Ok(mut document) = serde_yaml_ng::from_str::<Value>(&text) else { return Ok(text) };
    let Some(connections) = document.get_mut("connections").and_then(Value::as_sequence_mut) else { return Ok(text) };
    let mut changed = false;
    for connection in connections {
        if let Some(settings) = connection.get_mut("settings").and_then(Value::as_mapping_mut) {
            changed |= put(settings, folder)?;
        }
    }
    if !changed {
        return Ok(text);
    }
    let plain = serde_json::to_value(&document).context("the document")?;
    Ok(plain.to_string())
}

/// Whether something was put in.
fn put(settings: &mut Mapping, folder: &Path) -> Result<bool> {
    let Some(file) = settings.get("openapi").and_then(|value| value.get("file")).and_then(Value::as_str) else {
        return Ok(false);
    };
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    settings.insert("openapi".into(), text.into());
    if !settings.contains_key("openapi_sha256") {
        settings.insert("openapi_sha256".into(), hash.into());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn files_are_put_in_with_their_hash() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shop.yaml"), "openapi: 3.1.0\n").unwrap();
        let text = "connections:\n  - name: a\n    settings: {protocol: http, openapi: {file: shop.yaml}}\n".to_owned();
        let put: Value = serde_yaml_ng::from_str(&inline(text.clone(), folder.path()).unwrap()).unwrap();
        let settings = &put["connections"][0]["settings"];
        assert_eq!(settings["openapi"], Value::from("openapi: 3.1.0\n"));
        assert_eq!(settings["openapi_sha256"].as_str().unwrap().len(), 64);
        assert!(inline(text.replace("shop", "gone"), folder.path()).is_err());
        let plain = "connections: [{name: a}]".to_owned();
        assert_eq!(inline(plain.clone(), folder.path()).unwrap(), plain);
    }
}
