//! What is checked of an HTTP connection's settings before they are saved: everything that the agent will compile.

use functions::http::{Api, json_place};
use masking::Label;
use proto::{HttpSettings, RequestMask, RequestMode};

/// Checks what the types do not say.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn check(settings: &HttpSettings) -> Result<(), String> {
    let value = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    Api::from_settings(&value).map_err(|error| format!("settings: {error}"))?;
    let mask = &settings.mask;
    for (place, name) in mask.json.iter().chain(&mask.headers).chain(&mask.grpc) {
        if Label::ALL.iter().all(|label| label.as_str() != name) {
            return Err(format!("settings.mask: {place}: `{name}` is no label"));
        }
    }
    check_requests(&mask.requests)?;
    if let Some(media) = mask.allow.iter().find(|media| !media.contains('/')) {
        return Err(format!("settings.mask.allow: write `{media}` as type/name or type/*"));
    }
    Ok(())
}

/// Fields that frame a message, say what its content is, or are not the caller's: nothing else can stand in their place.
const NOT_MASKED: [&str; 14] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "accept-encoding",
];

/// Checks the marked parameters of requests.
fn check_requests(requests: &RequestMask) -> Result<(), String> {
    for (kind, name, mask) in requests.each() {
        let wrong = |reason: &str| Err(format!("settings.mask.requests.{kind}: {name}: {reason}"));
        if Label::ALL.iter().all(|label| label.as_str() != mask.label()) {
            return wrong(&format!("`{}` is no label", mask.label()));
        }
        let token = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte));
        match kind {
            "json" if json_place(name).is_none() => return wrong("write a key, or a place such as $.a[*].b"),
            "json" => {}
            "headers" | "cookies" if !token => return wrong("this is no name"),
            "headers" if name.eq_ignore_ascii_case("cookie") => return wrong("mark cookies by their names"),
            "headers"
                if mask.mode() != RequestMode::Record && NOT_MASKED.contains(&name.to_ascii_lowercase().as_str()) =>
            {
                return wrong("this field cannot be masked on its way to the target");
            }
            _ if name.trim().is_empty() || name.len() > 200 => return wrong("a name has 1 to 200 bytes"),
            _ => {}
        }
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
        let marked = r#"{"mask":{"requests":{"query":{"email":"email"},"json":{"$.a[*].b":{"label":"ssn","mode":"token"}},
            "headers":{"X-Ssn":{"label":"ssn","mode":"in-flight"}},"cookies":{"who":"email"},"form":{"a[b]":"card"}}}}"#;
        assert_eq!(check(&settings(marked)), Ok(()));
        for (bad, part) in [
            (r#"{"mask":{"requests":{"query":{"a":"nonsense"}}}}"#, "requests.query: a: `nonsense` is no label"),
            (r#"{"mask":{"requests":{"query":{"":"ssn"}}}}"#, "1 to 200"),
            (r#"{"mask":{"requests":{"json":{"$.a[":"ssn"}}}}"#, "requests.json"),
            (r#"{"mask":{"requests":{"headers":{"a b":"ssn"}}}}"#, "no name"),
            (r#"{"mask":{"requests":{"headers":{"Cookie":"ssn"}}}}"#, "cookies"),
            (r#"{"mask":{"requests":{"headers":{"Host":{"label":"ssn","mode":"in-flight"}}}}}"#, "on its way"),
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
