//! What is checked of an HTTP connection's settings before they are saved: everything that the agent will compile.

use functions::http::Api;
use masking::Label;
use proto::HttpSettings;

/// Checks what the types do not say.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn check(settings: &HttpSettings) -> Result<(), String> {
    let value = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    Api::from_settings(&value).map_err(|error| format!("settings: {error}"))?;
    let mask = &settings.mask;
    for (place, name) in mask.json.iter().chain(&mask.headers) {
        if Label::ALL.iter().all(|label| label.as_str() != name) {
            return Err(format!("settings.mask: {place}: `{name}` is no label"));
        }
    }
    if let Some(media) = mask.allow.iter().find(|media| !media.contains('/')) {
        return Err(format!("settings.mask.allow: write `{media}` as type/name or type/*"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn settings(json: &str) -> HttpSettings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_an_agent_could_not_use_is_not_saved() {
        assert_eq!(check(&settings("{}")), Ok(()));
        let good = r#"{"kind":"rest","routes":{"GET /customers/{id}":"get_customer"},"effects":{"get_customer":"read"},
            "mask":{"json":{"$.ssn":"ssn","card":"card"},"headers":{"X-Ssn":"ssn"},"allow":["application/zip"]}}"#;
        assert_eq!(check(&settings(good)), Ok(()));
        for (bad, part) in [
            (r#"{"openapi":"{}"}"#, "OpenAPI"),
            (r#"{"openapi_sha256":"00"}"#, "openapi_sha256"),
            (r#"{"routes":{"customers":"x"}}"#, "routes"),
            (r#"{"descriptors":"!"}"#, "descriptors"),
            (r#"{"mask":{"json":{"$.a[":"ssn"}}}"#, "mask.json"),
            (r#"{"mask":{"json":{"a":"nonsense"}}}"#, "label"),
            (r#"{"mask":{"allow":["zip"]}}"#, "allow"),
        ] {
            let error = check(&settings(bad)).unwrap_err();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }
}
