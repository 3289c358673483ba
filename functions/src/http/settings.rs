//! Rules as a connection's settings spell them. Gateway and agent read the same, so that what was saved is what is enforced.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Api, Effect, ImportError, Rules, Speaks, json_place};

/// The part of an HTTP connection's settings that is about functions.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    kind: Speaks,
    openapi: Option<String>,
    openapi_sha256: Option<String>,
    routes: BTreeMap<String, String>,
    base_path: String,
    validate: bool,
    effects: BTreeMap<String, Effect>,
    persisted: BTreeMap<String, String>,
    descriptors: Option<String>,
    mask: Mask,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mask {
    json: BTreeMap<String, String>,
    grpc: BTreeMap<String, String>,
    requests: Requests,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requests {
    grpc: BTreeMap<String, Value>,
    path: BTreeMap<String, Value>,
}

const UNKNOWN_PARAMETER: &str = "no path of the connection's document or routes has a parameter of this name";
const UNKNOWN_FIELD: &str =
    "the connection's descriptors have no such field; write package.Message.field, or a field's name";

impl Api {
    /// Compiles the settings of a connection; fields about other matters are passed over.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn from_settings(settings: &Value) -> Result<Self, ImportError> {
        let settings =
            Settings::deserialize(settings).map_err(|error| ImportError::new("settings", error.to_string()))?;
        if let Some(pin) = &settings.openapi_sha256 {
            let found = settings.openapi.as_ref().map(|text| hex::encode(Sha256::digest(text.as_bytes())));
            if found.as_ref().is_none_or(|found| !found.eq_ignore_ascii_case(pin)) {
                return Err(ImportError::new("openapi_sha256", "this is not the hash of the document"));
            }
        }
        if let Some(place) = settings.mask.json.keys().find(|place| json_place(place).is_none()) {
            return Err(ImportError::new(format!("mask.json: {place}"), "write a key, or a place such as $.a[*].b"));
        }
        let descriptors = settings.descriptors.as_ref().map(|text| STANDARD.decode(text.trim())).transpose();
        let descriptors = descriptors.map_err(|_| ImportError::new("descriptors", "this is no base64"))?;
        let api = Self::new(&Rules {
            speaks: settings.kind,
            openapi: settings.openapi.as_deref(),
            routes: settings.routes.iter().map(|(route, name)| (route.as_str(), name.as_str())).collect(),
            base_path: &settings.base_path,
            validate: settings.validate,
            effects: settings.effects.iter().map(|(name, effect)| (name.as_str(), *effect)).collect(),
            persisted: settings.persisted,
            descriptors: descriptors.as_deref(),
        })?;
        let mask = &settings.mask;
        if let Some(name) = mask.grpc.keys().chain(mask.requests.grpc.keys()).find(|name| !api.has_grpc_field(name)) {
            return Err(ImportError::new(format!("mask grpc: {name}"), UNKNOWN_FIELD));
        }
        match mask.requests.path.keys().find(|name| !api.has_path_parameter(name)) {
            Some(name) => Err(ImportError::new(format!("mask.requests.path: {name}"), UNKNOWN_PARAMETER)),
            None => Ok(api),
        }
    }
}
