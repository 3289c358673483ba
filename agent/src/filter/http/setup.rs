//! A connection's rules, compiled once for all its sessions.

use std::sync::Arc;

use functions::http::Api;
use masking::Label;
use proto::{
    HttpSettings,
    functions::{BinaryContent, HttpKind},
};

use super::{
    parameters::Parameters,
    read::{Binary, Fields, Markings, Rules},
};

/// What is compiled from a connection's settings.
#[derive(Debug)]
pub struct Setup {
    /// Tells what requests do.
    pub api: Arc<Api>,
    /// Tells how content is read.
    pub rules: Arc<Rules>,
    /// Parameters of requests that are marked.
    pub parameters: Parameters,
    /// What the target speaks.
    pub kind: HttpKind,
    /// Whether content that cannot be read whole is refused.
    pub require_inspection: bool,
}

impl Setup {
    /// Compiles the settings.
    ///
    /// # Errors
    /// What is wrong with them. The gateway checks the same before it saves them.
    pub fn new(settings: &HttpSettings) -> Result<Self, String> {
        let value = serde_json::to_value(settings).map_err(|error| error.to_string())?;
        let api = Arc::new(Api::from_settings(&value).map_err(|error| error.to_string())?);
        let mask = &settings.mask;
        let label = |name: &str| Label::ALL.iter().copied().find(|label| label.as_str() == name);
        let places = mask.json.iter().map(|(place, name)| (place.as_str(), label(name)));
        let rules = Rules {
            markings: Markings::new(places)?,
            grpc: Fields::new(mask.grpc.iter().filter_map(|(name, of)| Some((name.as_str(), label(of)?)))),
            headers: mask.headers.iter().map(|(name, of)| (name.to_ascii_lowercase(), label(of))).collect(),
            binary: match mask.binary {
                Some(BinaryContent::Scan) => Binary::Scan,
                Some(BinaryContent::Refuse) => Binary::Refuse,
                None if mask.json.is_empty() && mask.headers.is_empty() && mask.grpc.is_empty() => Binary::Scan,
                None => Binary::Known,
            },
            allow: mask.allow.iter().map(|media| media.trim().to_ascii_lowercase()).collect(),
            ..Rules::default()
        };
        let (rules, parameters) = (Arc::new(rules), Parameters::new(mask, &api)?);
        Ok(Self { api, rules, parameters, kind: settings.kind, require_inspection: settings.require_inspection })
    }
}
